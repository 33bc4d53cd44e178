"""Spans: what the native fits ask of every series before they begin, for a whole panel at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.kernels import threads
from featurizers.panel import Panel
from learners.local import Repeating, repeating_first

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

    @classmethod
    def of(cls, panel: Panel) -> Spans:
        values = np.where(np.isfinite(panel.y), panel.y, np.nan)
        at = np.flatnonzero(~np.isnan(values))
        known = np.bincount(panel.owner[at], minlength=panel.count)
        full = known > 0
        ends = np.cumsum(known)
        begins = (ends - known)[full]
        rows = np.zeros(panel.count, np.int64)
        rows[full] = at[ends[full] - 1] - at[begins] + 1
        lowest, highest, first = (np.full(panel.count, np.nan) for _ in range(3))
        if len(at):
            lowest[full] = np.minimum.reduceat(values[at], begins)
            highest[full] = np.maximum.reduceat(values[at], begins)
            first[full] = values[at[begins]]
        return cls(values, panel.indptr.astype(np.int64), rows, known, lowest, highest, first)

    @property
    def threads(self) -> int:
        return threads(HEAVY * len(self.values))

    def learnable(self, shortest: int) -> np.ndarray:
        """Whether there is anything to learn: enough values, and not all the same."""
        learnable: np.ndarray = (self.known >= shortest) & (self.lowest < self.highest)
        return learnable

    def repeating(self, panel: Panel, i: int, shortest: int, learner: str) -> Repeating:
        """What series i, which is not learnable, is forecast by."""
        return repeating_first(
            panel.name(i) or "The series", int(self.known[i]), float(self.first[i]), shortest, learner
        )
