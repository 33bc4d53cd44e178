"""Past leaks: columns that give the target away together with what it was before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.running_leaks import Neighbours

_LAGS = (1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 24, 28, 30, 48, 52, 96, 168, 364, 365)  # rows; the common seasons
_HELD = 2 / 3  # of the rows have a lag that is looked at
_OWN = range(8)  # rows before, whose values of the column may hold the target
_ROWS, _FREE = 800, 30  # rows looked at, and how many there are beyond one for each coefficient
_KEPT = 0.95  # of the rows are judged: changes in per cent of nothing are no numbers
_LEFT = 1e-3  # of the variance of what is new in the target, at most
_ROUNDED = 1e-4  # of the variance of a column that rounding makes, at most
_MEANS = (3, 4, 5, 6, 7, 8, 10, 12, 13, 14, 21, 24, 28, 30, 52)  # rows of running means
_NEW = 1e-8  # of the variance of the target: less is not new
_DISTINCT = 10  # values that a column has, or half as many as the target: a flag determines no noise
_FEWEST, _WINDOW, _EARLIER = 50, 31, 400  # rows that tell, that a running median spans, and by which one may lie behind
_SAME, _ELSEWHERE = 0.98, 0.9  # of the rows have the row's own target, or an earlier one in its place


@dataclass(frozen=True, eq=False)
class Past:
    """The target of some rows, as it is and its logarithm, each with what it was before."""

    rows: Neighbours
    scales: tuple[tuple[np.ndarray, np.ndarray], ...]  # (rows,) and (rows, lags)

    @classmethod
    def of(cls, rows: Neighbours) -> Past:
        scales, least = [rows.y], rows.y[np.isfinite(rows.y)].min(initial=np.inf)
        if 0 <= least < np.inf:
            scales.append(np.log(rows.y + (least == 0)))
        lags = [k for k in _LAGS if np.isfinite(rows.before(rows.y, k)).sum() >= _HELD * np.isfinite(rows.y).sum()]
        return cls(rows, tuple((y, np.stack([rows.before(y, k) for k in lags], 1)) for y in scales if lags))

    def made_of(self, values: np.ndarray) -> bool:
        """Whether `values` (rows,) are, but for rounding, what is made of a target and its past: a change, in per cent
        too, a difference from a running mean, an exponentially weighted mean, or what it is some rows later."""
        rows, y = self.rows, self.rows.y
        if any(_alike(rows.before(values, k), y) for k in _OWN[1:]):
            return True
        lags = ((k, rows.before(y, k)) for k in _LAGS)
        if any(_alike(values, made) for _, lag in lags for made in (y - lag, y / lag, np.log1p(y) - np.log1p(lag))):
            return True
        total, widths = np.zeros(len(y)), {*_MEANS}
        for width in range(1, max(_MEANS) + 1):
            total = total + rows.before(y, width - 1)
            if width in widths and _alike(values, y - total / width):
                return True
        before = rows.before(values, 1)
        fine = np.isfinite(values) & np.isfinite(before) & np.isfinite(y)
        if fine.sum() < _FEWEST:
            return False
        own = _rest(values[fine], np.column_stack([y, before])[fine])
        keep = np.abs(own) <= np.quantile(np.abs(own), _KEPT)
        alone = _rest(values[fine], before[fine, None])[keep]
        return bool(own[keep] @ own[keep] < _ROUNDED * (alone @ alone))

    def told(self, values: np.ndarray, since: int) -> bool:
        """Whether `values` (rows,), from so many rows before on, leave next to nothing of what is new in the target.

        As all that is made of it does; and as an honest column does that the target is made of, with little noise.
        """
        distinct = min(_DISTINCT, len(np.unique(self.rows.y)) / 2)
        if not self.scales or len(np.unique(values[np.isfinite(values)])) < distinct:
            return False
        own = np.stack([self.rows.before(values, k) for k in _OWN if k >= since], 1)
        for i, (y, lags) in enumerate(self.scales):
            times = own[:, :1] * lags if i == 0 else own[:, :0]  # a change in per cent
            if _nothing_left(y, lags, np.column_stack([own, times])):
                return True
        return False


def _alike(values: np.ndarray, made: np.ndarray) -> bool:
    """Whether one is the other in another unit."""
    fine = np.flatnonzero(np.isfinite(values) & np.isfinite(made))
    if len(fine) < _FEWEST:
        return False
    left = np.abs(_rest(values[fine], made[fine, None]))
    keep = left <= np.quantile(left, _KEPT)
    size = min(values[fine].var(), np.diff(values[fine]).var() / 2)  # a trend says nothing of what is new
    return bool(left[keep] @ left[keep] < _ROUNDED * keep.sum() * size)


def _nothing_left(y: np.ndarray, past: np.ndarray, more: np.ndarray) -> bool:
    fine = np.flatnonzero(np.isfinite(y) & np.isfinite(past).all(axis=1) & np.isfinite(more).all(axis=1))
    fine = fine[:: max(len(fine) // _ROWS, 1)]
    free, fewer = len(fine) - past.shape[1] - more.shape[1] - 1, past.shape[1] + 1
    if free < _FREE:
        return False
    y, past, both = y[fine], past[fine], np.column_stack([past, more])[fine]
    apart = np.abs(_rest(y, both))
    keep = apart <= np.quantile(apart, _KEPT)
    before, after = _rest(y[keep], past[keep]), _rest(y[keep], both[keep])
    new = (before @ before) / (keep.sum() - fewer)
    left = (after @ after) / max(free - (~keep).sum(), 1)
    return bool(new > _NEW * y.var() and left < _LEFT * new)


def _rest(y: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """What the best weights leave."""
    columns, y = columns - columns.mean(axis=0), y - y.mean()
    size = np.sqrt((columns * columns).mean(axis=0))
    columns = columns[:, size > 0] / size[size > 0]
    return np.asarray(y - columns @ np.linalg.lstsq(columns, y, rcond=1e-10)[0])


def picked(rows: Neighbours, values: np.ndarray) -> bool:
    """Whether `values` (rows,) are the row's own target wherever they are none of the last ones, as a running median,
    maximum or minimum is that holds its own row."""
    other, same = np.isfinite(values) & np.isfinite(rows.y), values == rows.y
    for k in range(1, _WINDOW):
        earlier = rows.before(rows.y, k)
        other &= np.isfinite(earlier) & (values != earlier)
        if other.sum() < _FEWEST:
            return False
        if same[other].mean() >= _SAME:
            _, counts = np.unique(values[other], return_counts=True)
            if len(counts) < 5 or counts.max() > other.sum() / 2:  # a flag, and what is often 0
                return False
            behind = (values == rows.before(rows.y, j) for j in range(k + 1, _EARLIER))
            return not any(lag[other].mean() >= _ELSEWHERE for lag in behind)
    return False
