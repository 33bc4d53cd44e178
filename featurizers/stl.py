"""Stl: trend, season and the strength of the season, of what came before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Featurizer, Needs
from featurizers.panel import Panel
from featurizers.whole import whole

ROUNDS, PASSES = 11, 5  # cycles that a season is smoothed over; passes of season and trend
FILLING = 3  # times that means of cycles and of places are taken in turn
BLOCK = 1 << 17  # numbers in the windows that are worked on at a time
FLAT = 1e-12  # a deviation below this part of the level is rounding


@dataclass(frozen=True)
class Stl(Featurizer):
    """The last `cycles` seasons before a row, decomposed: the trend where they end, the season where it comes to the
    row, and how strong the season is (0 to 1).

    STL of a window of fixed length is linear, so that each number is a sum of the window's values with fixed weights.
    A missing value is taken to be what its cycle and its place in the season add up to; NaN where one place has no
    value, or fewer values are there than two seasons have.
    Sources: Cleveland, Cleveland, McRae & Terpenning (1990), STL: A seasonal-trend decomposition procedure based on
    loess; Wang, Smith & Hyndman (2006), Characteristic-based clustering for time series data, for the strength.

    >>> Stl(12).names()
    ['stl_trend_12', 'stl_season_12', 'stl_strength_12']
    """

    season: int
    cycles: int = 3

    @property
    def needs(self) -> Needs:
        return Needs(lookback=whole(self.season, "The season of Stl", 2) * whole(self.cycles, "The cycles of Stl", 2))

    def names(self) -> list[str]:
        return [f"stl_{part}_{self.season}" for part in ("trend", "season", "strength")]

    def transform(self, panel: Panel) -> np.ndarray:
        size, out = self.needs.lookback, np.empty((len(panel), len(self.names())))
        values = np.r_[np.full(size, np.nan), panel.y]
        missing = np.r_[0, np.isnan(values).cumsum()]
        complete = (missing[size:-1] == missing[: -size - 1]) & (panel.position >= size)
        rows = max(BLOCK // size, 1)
        for start in range(0, len(panel), rows):
            end = min(start + rows, len(panel))
            past = np.lib.stride_tricks.sliding_window_view(values[start : end + size - 1], size)
            bad = np.flatnonzero(~complete[start:end])
            enough = np.ones(end - start, bool)
            if len(bad):
                past = past.copy()
                outside = np.arange(size) < size - panel.position[start:end][bad, None]
                past[bad], enough[bad] = self._filled(np.where(outside, np.nan, past[bad]))
            out[start:end] = self._columns(past, enough)
        return out

    def step(self, state: State, now: State) -> Array:
        return self._columns(*self._filled(state["target"][:, -self.needs.lookback :]))

    def _filled(self, past: Array) -> tuple[Array, Array]:
        """`past` (rows, cycles * season) without missing values, and whether enough were there, (rows,)."""
        xp, size = namespace(past), self.needs.lookback
        folded = xp.reshape(past, (-1, self.cycles, self.season))
        seen = ~xp.isnan(folded)
        count = xp.sum(xp.where(seen, 1.0, 0.0), axis=1)
        enough = (xp.min(count, axis=1) > 0.0) & (xp.sum(count, axis=1) >= 2.0 * self.season)
        cycles = 0.0
        for _ in range(FILLING):
            places = _mean(folded - cycles, seen, 1)
            cycles = _mean(folded - places, seen, 2)
        return xp.reshape(xp.where(seen, folded, places + cycles), (-1, size)), enough

    def _columns(self, past: Array, enough: Array) -> Array:
        """The features of the row after `past` (rows, cycles * season), NaN where there is not `enough`: (rows, 3)."""
        xp, size = namespace(past), self.needs.lookback
        # A constant is all trend: without it, less is lost to rounding.
        level = xp.mean(past, axis=1, keepdims=True)
        parts = (past - level) @ weights(self.season, self.cycles)
        remainder, detrended = (xp.sum(xp.square(parts[:, i : i + size]), axis=1) for i in (0, size))
        flat = detrended <= size * (FLAT * level[:, 0]) ** 2
        strength = xp.clip(1.0 - remainder / xp.where(flat, 1.0, detrended), 0.0, 1.0)
        columns = [parts[:, 2 * size] + level[:, 0], parts[:, 2 * size + 1], xp.where(flat, 0.0, strength)]
        return xp.stack([xp.where(enough, column, xp.nan) for column in columns], axis=1)


def _mean(values: Array, seen: Array, axis: int) -> Array:
    """Of the `values` (rows, cycles, season) that are `seen` along `axis`, which stays; 0 where none is."""
    xp = namespace(values)
    count = xp.sum(xp.where(seen, 1.0, 0.0), axis=axis, keepdims=True)
    return xp.sum(xp.where(seen, values, 0.0), axis=axis, keepdims=True) / xp.maximum(count, 1.0)


@lru_cache(maxsize=8)
def weights(season: int, cycles: int) -> np.ndarray:
    """What a window (rows, size) is multiplied with: (size, 2 size + 2), size = cycles * season.

    The products are the remainder of each row, remainder and season of each row (both less their means), the trend in
    the last row and the season in the row that follows.
    """
    size = season * cycles
    trend, seasonal = operators(season, cycles)
    rest = np.eye(size) - trend
    both = [part - part.mean(axis=0) for part in (rest - seasonal, rest)]
    table = np.ascontiguousarray(np.concatenate([*both, trend[-1:], seasonal[-season][None]]).T)
    table.flags.writeable = False  # everybody has the same one
    return table


def operators(season: int, cycles: int, rounds: int = ROUNDS) -> tuple[np.ndarray, np.ndarray]:
    """Trend and season of a column of `cycles` seasons, (size, size) each; the season is smoothed over `rounds`."""
    size = season * cycles
    trend, seasonal = np.zeros((size, size)), np.zeros((size, size))
    over_cycles = np.kron(loess(cycles, rounds, 0, beyond=1), np.eye(season))
    wide = _odd(int(np.ceil(1.5 * season / (1 - 1.5 / rounds))))
    low = loess(size, _odd(season + 1), 1) @ _average(size + 2, 3) @ _average(size + season + 1, season)
    low = low @ _average(size + 2 * season, season)
    slow = loess(size, wide, 1)
    for _ in range(PASSES):
        cycle = over_cycles @ (np.eye(size) - trend)
        seasonal = cycle[season:-season] - low @ cycle
        trend = slow @ (np.eye(size) - seasonal)
    return trend, seasonal


def loess(n: int, window: int, degree: int, beyond: int = 0) -> np.ndarray:
    """Smoothing `n` points in a row as a matrix, (n + 2 beyond, n): `window` (odd) points around each, by a constant
    (`degree` 0) or a line; `beyond` points before the first and after the last as well."""
    span = min(window, n)
    places = np.arange(1 - beyond, n + beyond + 1)[:, None]
    left = np.clip(places - (window + 1) // 2, 0, n - span) + 1
    reach = np.maximum(places - left, left + span - 1 - places) + max(window - n, 0) // 2
    away = np.arange(1, n + 1) - places
    distance = np.abs(away)
    kernel: np.ndarray = (1 - (distance / reach) ** 3) ** 3
    kernel = np.where(distance <= 0.001 * reach, 1.0, np.where(distance <= 0.999 * reach, kernel, 0.0))
    kernel = kernel / kernel.sum(axis=1, keepdims=True)
    if degree:
        apart = away - (kernel * away).sum(axis=1, keepdims=True)
        spread = (kernel * apart**2).sum(axis=1, keepdims=True)
        sloped = np.sqrt(spread) > 0.001 * (n - 1)
        tilt = (away - apart) / np.where(sloped, spread, 1.0) * apart
        kernel = kernel * np.where(sloped, 1 - tilt, 1.0)
    return kernel


def _average(n: int, window: int) -> np.ndarray:
    """Moving averages of `n` values as a matrix, (n - window + 1, n)."""
    behind = np.arange(n) - np.arange(n - window + 1)[:, None]
    return np.where((behind >= 0) & (behind < window), 1.0 / window, 0.0)


def _odd(least: int) -> int:
    return least + 1 - least % 2
