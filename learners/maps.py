"""Maps: a linear map of its own for each long series, to stand beside a network that all series share.

A forecast is a weighted sum of the last values of its series whose weights sum to one, so that neither level nor unit
matters: what ridge regressions on windows of two lengths, each in units of its own window, come to on average. The
penalties are chosen on blocks of time that are left out. (Zeng et al. 2023, arXiv:2205.13504, whose linear maps all
series share; Toner & Darlow 2024, arXiv:2403.14587, on their closed form.)
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from featurizers.arrays import Array, namespace
from featurizers.panel import Panel, positions
from learners.draws import evenly
from learners.network import Shape, scaled
from learners.windows import Windows

LARGEST = 1 << 20  # numbers that the maps of all series may have
ENOUGH = 5  # windows for each value that a map reads
MOST = 4096  # windows of a series to learn from
JUDGED = 16  # series on which the penalties are chosen
BLOCKS = 4  # of time, each left out in turn
FARTHEST = 8.0  # scaled targets are clipped there: their squares count
PENALTIES = (1e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0)  # in variances of what is read
LACKING = 0.25  # of what the maps read: from then on the network is alone
SHARES = (0.0, 0.25, 0.5)  # of the maps in the forecast


@dataclass(frozen=True, eq=False)
class Maps:
    """The maps of the series in `keys`, of which there is at least one."""

    keys: dict[str, tuple[Any, ...]]  # key column -> one value a series
    table: np.ndarray = field(repr=False)  # (length, series * horizon) float32, one series after the other
    penalties: tuple[float, ...]  # of each length
    share: float = 1.0

    def codes(self, panel: Panel) -> np.ndarray:
        """Which map is that of each series, (series, 1), NaN where it has none."""
        at = positions(self.keys, panel.ids)
        return np.where(at < 0, np.nan, at)[:, None]

    def moves(self, codes: Array, target: Array, seen: Array, median: Array, horizon: int) -> Array:
        """How far the maps move the network's `median`, (series, steps); `target` and `seen` (series, reach) are those
        of `scaled`. Where more of what they read is missing they move it less, and not at all from a quarter on."""
        xp, (length, columns) = namespace(median), self.table.shape
        steps, count = median.shape[1], columns // horizon
        missing = 1.0 - xp.mean(seen[:, -length:], axis=1, keepdims=True)
        share = self.share * xp.maximum(1.0 - missing / LACKING, 0.0)
        # One product a series, so that its digits don't hang on how many series there are.
        said = xp.matmul(target[:, None, -length:], self.table)[:, 0, :]
        said = xp.reshape(said, (-1, count, horizon))[:, :, :steps]
        mine = xp.astype(xp.where(codes == np.arange(count, dtype=np.float64)[None, :], share, 0.0), xp.float32)
        return xp.sum((said - median[:, None, :]) * mine[:, :, None], axis=1)


def lengths(shape: Shape) -> tuple[int, ...]:
    """How much the maps read: the window, but at least one and two of the longest seasons, ascending."""
    longest = max(shape.periods, default=1)
    return tuple(sorted({min(max(shape.window, k * longest), shape.reach) for k in (1, 2)}))


def fitted_maps(panel: Panel, shape: Shape, windows: Windows, seconds: float | None = None) -> Maps | None:
    """The maps of all series with many `windows`; None where there is none, or these would be too large, or take longer
    than a fifth of `seconds`."""
    least, starts = lengths(shape)[-1], np.sort(windows.start)
    found = np.flatnonzero(np.bincount(windows.series, minlength=panel.count) >= ENOUGH * least).tolist()
    long = np.array([i for i in found if len(_starts(panel, shape, starts, i)) >= ENOUGH * least], np.int64)
    costs = (BLOCKS * min(len(long), JUDGED) + len(long)) * 4e-9 * least**3
    too_slow = seconds is not None and costs > seconds / 5
    if len(long) == 0 or too_slow or len(long) * least * shape.horizon > LARGEST:
        return None
    judges = long[evenly(len(long), JUDGED)]
    penalties = tuple(
        _penalty([_examples(panel, shape, starts, i, length) for i in judges.tolist()]) for length in lengths(shape)
    )
    keys = panel.where(np.isin(np.arange(panel.count), long)).keys
    return Maps(keys, _table(panel, shape, starts, long, penalties), penalties)


def shared(
    maps: Maps | None, panel: Panel, shape: Shape, training: Windows, held: Windows, medians: np.ndarray
) -> Maps | None:
    """`maps` with the share that forecasts the windows `held` out best beside the network's `medians` of these
    (windows, horizon), fitted on all windows; None where the network forecasts them best alone."""
    if maps is None or len(held) == 0:
        return None
    codes = maps.codes(panel)[held.series]
    past, future = _values(panel, shape, held, shape.reach)
    target, seen, level, scale = scaled(np, past, shape.window)
    actual = np.clip((future - level) / scale, -FARTHEST, FARTHEST)
    moves = maps.moves(codes, target.astype(np.float32), seen, medians.astype(np.float32), shape.horizon)
    counts = ~np.isnan(actual) & ~np.isnan(codes)
    if not counts.any():
        return None
    losses = [np.abs(actual - medians - share * moves)[counts].mean() for share in SHARES]
    share = SHARES[int(np.argmin(losses))]
    if share == 0.0:
        return None
    mapped = np.flatnonzero(~np.isnan(maps.codes(panel)[:, 0]))
    starts = np.sort((training + held).start)
    return replace(maps, table=_table(panel, shape, starts, mapped, maps.penalties), share=share)


def _table(
    panel: Panel, shape: Shape, starts: np.ndarray, series: np.ndarray, penalties: tuple[float, ...]
) -> np.ndarray:
    from threadpoolctl import threadpool_limits

    longest = lengths(shape)[-1]
    found = np.zeros((longest, len(series), shape.horizon))
    with threadpool_limits(1):
        for length, penalty in zip(lengths(shape), penalties, strict=True):
            for k, i in enumerate(series):
                x, y = _examples(panel, shape, starts, int(i), length)
                gram = x.T @ x
                gram[np.diag_indices(length)] += penalty * len(x)
                weights = np.linalg.solve(gram, x.T @ y)
                found[longest - length :, k] += weights + (1.0 - weights.sum(axis=0)) / length
    return (found / len(penalties)).reshape(longest, -1).astype(np.float32)


def _penalty(examples: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """The penalty with the smallest absolute errors in blocks of time that are left out."""
    from threadpoolctl import threadpool_limits

    losses = np.zeros(len(PENALTIES))
    with threadpool_limits(1):
        for x, y in examples:
            gram, moment = x.T @ x, x.T @ y
            for block in np.array_split(np.arange(len(x)), BLOCKS):
                values, axes = np.linalg.eigh(gram - x[block].T @ x[block])
                along = axes.T @ (moment - x[block].T @ y[block])
                seen = x[block][::4] @ axes
                for k, penalty in enumerate(PENALTIES):
                    found = seen @ (along / (values + penalty * (len(x) - len(block)))[:, None])
                    losses[k] += np.abs(y[block][::4] - found).mean()
    return PENALTIES[int(losses.argmin())]


def _examples(panel: Panel, shape: Shape, starts: np.ndarray, i: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """What series `i` shows: windows of `length` (windows, length) and what follows (windows, horizon), in units of
    these windows. `starts` are the first rows after all windows, ascending."""
    starts = _starts(panel, shape, starts, i)
    starts = starts[evenly(len(starts), MOST)]
    x, _, level, scale = scaled(np, panel.y[starts[:, None] + np.arange(-length, 0)], length)
    y = (panel.y[starts[:, None] + np.arange(shape.horizon)] - level) / scale
    return np.clip(x, -FARTHEST, FARTHEST), np.clip(y, -FARTHEST, FARTHEST)


def _starts(panel: Panel, shape: Shape, starts: np.ndarray, i: int) -> np.ndarray:
    """Those of `starts` in series `i` that have their whole past and no missing future."""
    begin, end = int(panel.indptr[i]), int(panel.indptr[i + 1])
    mine = starts[np.searchsorted(starts, begin + lengths(shape)[-1]) : np.searchsorted(starts, end)]
    missing = np.r_[0, np.cumsum(np.isnan(panel.y[begin:end]))]
    found: np.ndarray = mine[missing[mine + shape.horizon - begin] == missing[mine - begin]]
    return found


def _values(panel: Panel, shape: Shape, windows: Windows, length: int) -> tuple[np.ndarray, np.ndarray]:
    """The values before and after the start of `windows`, NaN where a series has not begun."""
    at = windows.start[:, None] + np.arange(-length, 0)
    past = np.where(at >= windows.first[:, None], panel.y[np.maximum(at, 0)], np.nan)
    return past, panel.y[windows.start[:, None] + np.arange(shape.horizon)]
