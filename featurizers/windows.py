"""Windows: statistics of a stretch of the past, many of them in one pass over a panel."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Featurizer, Needs
from featurizers.kernels import contiguous, native, threads
from featurizers.panel import Panel

STATS = ("mean", "std", "min", "max", "sum", "median", "quantile")


@dataclass(frozen=True)
class Window:
    """The statistic of `size` values of the past, the newest of them `lag` steps ago; a step is `season` rows.

    A missing value is left out; NaN where fewer than `least` values are present (std needs two). "lag" is the value
    itself. "std" is that of a sample (n - 1). "quantile" interpolates between the order statistics `q` lies between.
    """

    stat: str
    size: int = 1
    lag: int = 1
    season: int = 1
    least: int = 1
    q: float = 0.5

    @property
    def lookback(self) -> int:
        return self.season * (self.lag + self.size - 1)

    @property
    def share(self) -> float:
        """The quantile that is meant, as a share of the values."""
        return 0.5 if self.stat == "median" else self.q

    def step(self, past: Array) -> Array:
        """The statistic for the row after `past` (series, lookback or more): (series,)."""
        newest, oldest = -self.season * self.lag, -self.lookback
        if self.stat == "lag":
            return past[:, newest]
        values = past[:, oldest : newest + 1 or None : self.season]
        xp = namespace(values)
        seen = ~xp.isnan(values)
        count = xp.sum(xp.astype(seen, xp.float64), axis=1)
        least = max(self.least, 2 if self.stat == "std" else 1)
        if self.stat in ("median", "quantile"):
            ascending = xp.sort(xp.where(seen, values, xp.inf), axis=1)
            found = quantile(ascending, count, self.share)
        else:
            found = _moment(self.stat, values, seen, count)
        return xp.where(count >= least, found, xp.nan)


def _moment(stat: str, values: Array, seen: Array, count: Array) -> Array:
    """A statistic of the values that are `seen` (series, size), of which there are `count` (series,)."""
    xp = namespace(values)
    least = xp.min(xp.where(seen, values, xp.inf), axis=1)
    if stat == "min":
        return least
    if stat == "max":
        return xp.max(xp.where(seen, values, -xp.inf), axis=1)
    if stat == "sum":
        return xp.sum(xp.where(seen, values, 0.0), axis=1)
    # Differences from one of the values: a constant has exactly its own mean and no deviation, in the kernel as here.
    center = xp.where(count > 0, least, 0.0)
    apart = xp.where(seen, values - center[:, None], 0.0)
    mean = xp.sum(apart, axis=1) / xp.maximum(count, 1.0)
    if stat == "mean":
        return center + mean
    apart = xp.where(seen, apart - mean[:, None], 0.0)
    return xp.sqrt(xp.sum(apart * apart, axis=1) / xp.maximum(count - 1.0, 1.0))


def quantile(ascending: Array, count: Array, q: float) -> Array:
    """Of the first `count` (series,) columns of `ascending` (series, size), (series,); 0 where there are none.

    Source: Hyndman & Fan (1996), Sample quantiles in statistical packages, definition 7.
    """
    xp = namespace(ascending)
    last = xp.maximum(count - 1.0, 0.0)
    place = q * last
    below = xp.floor(place)
    above = xp.minimum(below + 1.0, last)
    low = xp.take_along_axis(ascending, xp.astype(below, xp.int64)[:, None], axis=1)[:, 0]
    high = xp.take_along_axis(ascending, xp.astype(above, xp.int64)[:, None], axis=1)[:, 0]
    low, high = xp.where(count > 0, low, 0.0), xp.where(count > 0, high, 0.0)
    return low + (high - low) * (place - below)


class Windowed(Featurizer):
    """A featurizer whose columns are all windows of the target: `Features` fills them in one pass with others."""

    @property
    @abstractmethod
    def windows(self) -> list[Window]:
        """One for each column."""

    @property
    def needs(self) -> Needs:
        return Needs(lookback=max((w.lookback for w in self.windows), default=0))

    def transform(self, panel: Panel) -> np.ndarray:
        return window_columns(panel.y, panel.indptr, self.windows)

    def step(self, state: State, now: State) -> Array:
        past = state["target"]
        return namespace(past).stack([w.step(past) for w in self.windows], axis=1)


def window_columns(
    values: np.ndarray, indptr: np.ndarray, windows: Sequence[Window], *, dtype: Any = np.float64
) -> np.ndarray:
    """Each window over each series: (rows, windows). Series i is `values[indptr[i]:indptr[i + 1]]`."""
    out = np.empty((len(values), len(windows)), dtype)
    fill_windows(values, indptr, dict(enumerate(windows)), out)
    return out


def fill_windows(values: np.ndarray, indptr: np.ndarray, windows: dict[int, Window], out: np.ndarray) -> None:
    """Write each window into its column of `out` (rows, columns), float64 or float32, in one pass over `values`."""
    kinds = {"median": "quantile"}
    specs = [(kinds.get(w.stat, w.stat), w.size, w.lag, w.season, w.least, w.share, at) for at, w in windows.items()]
    count = threads(len(values) * len(specs))
    native.windows(contiguous(values), np.ascontiguousarray(indptr, np.int64), specs, out, count)
