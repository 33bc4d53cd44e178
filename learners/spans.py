"""Spans: what the native fits ask of every series before they begin, for a whole panel at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.kernels import threads
from featurizers.panel import Panel
from learners.place import name_of
from learners.repeating import Repeating, repeating_first
from learners.spread import earlier, spread, supposed

HEAVY = 50  # a fit passes over each value about that many times more than a prediction does


@dataclass(frozen=True, eq=False)
class Spans:
    """One value a series; only finite values count."""

    values: np.ndarray  # (rows of the panel,), NaN where missing
    starts: np.ndarray  # int64, (series + 1,): series i is values[starts[i]:starts[i + 1]]
    rows: np.ndarray  # from the first known value to the last
    known: np.ndarray  # values that are not missing
    lowest: np.ndarray  # of these; NaN where there are none
    highest: np.ndarray
    first: np.ndarray  # the first known value
    begin: np.ndarray  # int64, its row in the panel; the series' first row where there is none

    @classmethod
    def of(cls, panel: Panel) -> Spans:
        values = np.where(np.isfinite(panel.y), panel.y, np.nan)
        at = np.flatnonzero(np.isfinite(panel.y))
        places = np.searchsorted(at, panel.indptr)  # of the first known value of each series among all known ones
        known = np.diff(places)
        full = known > 0
        begins, ends = places[:-1][full], places[1:][full]
        rows = np.zeros(panel.count, np.int64)
        rows[full] = at[ends - 1] - at[begins] + 1
        lowest, highest, first = (np.full(panel.count, np.nan) for _ in range(3))
        if len(at):
            seen = values[at]
            lowest[full] = np.minimum.reduceat(seen, begins)
            highest[full] = np.maximum.reduceat(seen, begins)
            first[full] = seen[begins]
        starts = panel.indptr.astype(np.int64)
        begin = starts[:-1].copy()
        begin[full] = at[begins]
        return cls(values, starts, rows, known, lowest, highest, first, begin)

    @property
    def threads(self) -> int:
        return threads(HEAVY * len(self.values))

    def learnable(self, shortest: int) -> np.ndarray:
        """Whether there is anything to learn: enough values, and not all the same."""
        learnable: np.ndarray = (self.known >= shortest) & (self.lowest < self.highest)
        return learnable

    def strays(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        """How far each series strays from its last value in a row, and the degrees of freedom, (series, 1) each."""
        deviation, errors = spread(panel, self.values - earlier(panel, 1))
        return supposed(deviation, errors, self.first[:, None])

    def repeating(self, panel: Panel, i: int, shortest: int, learner: str) -> Repeating:
        """What series i, which is not learnable, is forecast by."""
        known, first = int(self.known[i]), float(self.first[i])
        return repeating_first(name_of(panel, i), known, first, shortest, learner)
