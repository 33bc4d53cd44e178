"""The seasons of Mstl: found in training, and known for every row before, in and after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from featurizers.arrays import State
from featurizers.panel import Panel
from featurizers.stl import operators
from learners.located import locate
from learners.place import name_of
from learners.spans import Spans

SHORTEST = 4  # values of which a season could be learned at all
DEGREE, PASSES, ROBUST = 0, 5, (2, 15)  # constants over the cycles; passes; the same with weights, and times of these
ROUNDS = 2
LEFT = 0.25  # of the variance of the remainder, at least


@dataclass(frozen=True, eq=False)
class Seasonal:
    """`total` is the sum of the seasons in the rows of training; before and after them each season repeats its cycle.

    Rows of a series count from its first row in training. A series that was not in training has NaN throughout.
    """

    keys: dict[str, tuple[Any, ...]]  # key column -> one value a series
    first: np.ndarray = field(repr=False)  # (series,) UTC seconds of row 0
    starts: np.ndarray = field(repr=False)  # (series + 1,): series i is total[starts[i]:starts[i + 1]]
    total: np.ndarray = field(repr=False)  # (rows,)
    cycles: tuple[np.ndarray, ...] = field(repr=False)  # (series, season) each: its terms after the last row
    width: np.ndarray = field(repr=False)  # (series,) how much wider than the remainder's a band must be
    report: tuple[str, ...] = ()

    @classmethod
    def of(cls, panel: Panel, windows: dict[int, int], robust: bool) -> Seasonal:
        """`windows`: season -> the cycles that it is smoothed over."""
        spans = Spans.of(panel)
        learnable = spans.learnable(SHORTEST)
        parts = decomposed(panel, spans, learnable, windows, robust)[:-1]
        usable = np.ones(panel.count, bool)
        usable[panel.owner[~np.isfinite(parts).all(axis=0)]] = False
        parts = np.where(usable[panel.owner], parts, 0.0)
        stamps = panel.times.astype("datetime64[s]").astype(np.int64)
        full = panel.lengths > 0
        first = np.full(panel.count, stamps.min(initial=np.iinfo(np.int64).max) if full.any() else 0)
        first[full] = stamps[panel.indptr[:-1][full]]
        cycles = [_cycle(panel, part, season) for part, season in zip(parts, windows, strict=True)]
        return cls(panel.keys, first, panel.indptr.astype(np.int64), parts.sum(axis=0),
                   tuple(cycles) or (np.zeros((panel.count, 1)),), _widths(spans.rows, learnable & usable, windows),
                   _notes(panel, spans, learnable, tuple(windows), usable))  # fmt: skip

    @property
    def names(self) -> list[str]:
        """What the cycles are called in the memory."""
        return [f"mstl.season{cycle.shape[1]}" for cycle in self.cycles]

    def rows(self, panel: Panel) -> np.ndarray:
        """The total in each row of `panel`, (rows,)."""
        at, begin = locate(panel, self.keys, self.first, np.diff(self.starts))
        owner = panel.owner
        return self._total(at[owner], begin[owner] + panel.position)

    def memory(self, panel: Panel, lookback: int) -> State:
        """The cycles, next term first, the width, the total in the last `lookback` rows, if any: (series, k) each."""
        at, begin = locate(panel, self.keys, self.first, np.diff(self.starts))
        following = (begin + panel.lengths)[:, None]
        width = self.width[at] if len(self.width) else np.zeros(panel.count)
        memory = {"mstl.width": np.where(at < 0, np.nan, width)[:, None]}
        for name, cycle in zip(self.names, self.cycles, strict=True):
            memory[name] = self._term(cycle, at[:, None], following + np.arange(cycle.shape[1]))
        if lookback:
            memory["mstl.past"] = self._total(at[:, None], following + np.arange(-lookback, 0))
        return memory

    def _total(self, at: np.ndarray, row: np.ndarray) -> np.ndarray:
        """The sum of the seasons of series `at` in `row`; they broadcast."""
        total = np.zeros(np.broadcast_shapes(at.shape, row.shape))
        for cycle in self.cycles:
            total = total + self._term(cycle, at, row)
        if len(self.total):
            inside = (at >= 0) & (row >= 0) & (row < np.diff(self.starts)[at])
            total = np.where(inside, self.total[np.where(inside, self.starts[at] + row, 0)], total)
        return total

    def _term(self, cycle: np.ndarray, at: np.ndarray, row: np.ndarray) -> np.ndarray:
        if not len(cycle):
            return np.full(np.broadcast_shapes(at.shape, row.shape), np.nan)
        term: np.ndarray = np.where(at < 0, np.nan, cycle[at, (row - np.diff(self.starts)[at]) % cycle.shape[1]])
        return term


def decomposed(panel: Panel, spans: Spans, learnable: np.ndarray, windows: dict[int, int], robust: bool) -> np.ndarray:
    """The seasons and the trend of each series, (seasons + 1, rows); seasons of 0 where there is nothing to learn."""
    from learners._kernels import decompose

    inner, outer = ROBUST if robust else (PASSES, 0)
    values = np.where(learnable[panel.owner], spans.values, np.nan)
    settings = np.array([DEGREE, inner, outer, ROUNDS])
    seasons, over = (np.array(list(numbers), np.int64) for numbers in (windows, windows.values()))
    return decompose(values, spans.starts, seasons, over, settings, spans.threads)


def _widths(rows: np.ndarray, seasonal: np.ndarray, windows: dict[int, int]) -> np.ndarray:
    """How much wider the bands of each series are than those of its remainder, of `rows` (series,).

    A season that is smoothed over a few cycles takes a part of the remainder with it, which makes what is left too
    small, and goes on with what is not season. Both parts are those of white noise.
    """
    taken, added = np.zeros(len(rows)), np.zeros(len(rows))
    for season, window in windows.items():
        has = seasonal & (rows > 2 * season)
        for cycles in np.unique(np.minimum(rows[has] // season, 2 * window)).tolist():
            at = has & (np.minimum(rows // season, 2 * window) == cycles)
            taken[at] += noise(cycles, window)[0]
            added[at] += noise(cycles, window)[1]
    return np.sqrt((1 + added) / np.maximum(1 - taken, LEFT))


@lru_cache(maxsize=256)
def noise(cycles: int, window: int) -> tuple[float, float]:
    """The parts of the variance of white noise that a season takes out of it, and that its last cycle has."""
    length = 12  # the parts hardly depend on it
    _, season = operators(length, cycles, window)
    rest = np.eye(len(season)) - season
    return float(1 - (rest**2).sum() / len(rest)), float((season[-length:] ** 2).sum() / length)


def _cycle(panel: Panel, part: np.ndarray, season: int) -> np.ndarray:
    """The last cycle of each series, (series, season), 0 where it has less than one: it has no season then."""
    at = panel.indptr[1:, None] + np.arange(-season, 0)
    inside = (panel.lengths >= season)[:, None]
    if not len(part):
        return np.zeros(at.shape)
    return np.where(inside, part[np.where(inside, at, 0)], 0.0)


def _notes(
    panel: Panel, spans: Spans, learnable: np.ndarray, seasons: tuple[int, ...], usable: np.ndarray
) -> tuple[str, ...]:
    notes = []
    for i in np.flatnonzero(learnable & (~usable | (spans.rows <= 2 * max(seasons, default=0)))).tolist():
        name, rows = name_of(panel, i), int(spans.rows[i])
        left = ", ".join(str(s) for s in seasons if rows <= 2 * s)
        notes.append(f"{name} has {rows} rows, not more than two seasons: Mstl leaves out the season of {left} rows."
                     if usable[i] else f"{name}: Mstl failed; it has no seasons.")  # fmt: skip
    return tuple(notes)
