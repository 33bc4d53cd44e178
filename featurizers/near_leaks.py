"""Near leaks: columns that are the target but for a little noise, in the target's own units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_LAGS = (1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 24, 48, 52, 96, 168, 336, 364, 365)  # rows; the common seasons
_FEWEST = 50  # rows below which a close fit may be chance
_MEAN, _MEDIAN = 0.3, 0.4  # of the error of the best repetition, at most
_SMOOTH = 0.45  # of that error: more can only be noise if the column knows what is new; else it lacks its square of it
_LITTLE = 0.3  # of the spread of the target inside its series: more is not a little noise
_TOLD = 0.02  # of the variance of noise that the target and its past may seem to explain
_KNOWN = 0.8  # of what is new in a row of the target, which the column holds at least


@dataclass(frozen=True, eq=False)
class Repetitions:
    """The target, and by how much it differs from what it was some rows before.

    What is honestly known ahead (weather, prices, plans, forecasts of others), taken for the target as it is, leaves
    most of the error that is left by repeating the target at its best lag: of real tables the closest pair,
    temperature and felt temperature, leaves 0.6 of it. A copy of the target with noise leaves a small part, unless the
    target moves less from row to row than the noise does. Such a copy is told by its noise, which nothing explains:
    neither the noise of the row before, nor the past of the target, nor what is new in the target. An honest column
    does not hold what is new, and so differs from the target by that too.
    """

    y: np.ndarray  # (rows,)
    errors: tuple[np.ndarray, ...]  # of each lag, (rows,), NaN where there is no such row of the series
    spread: float  # of the target inside its series

    @classmethod
    def of(cls, y: np.ndarray, series: np.ndarray, at: np.ndarray) -> Repetitions:
        """`series` and `at`, the position in the table, (rows,) each, sorted by both."""
        errors = []
        for lag in (lag for lag in _LAGS if lag < len(y)):
            error = np.full(len(y), np.nan)
            same = (series[lag:] == series[:-lag]) & (at[lag:] - at[:-lag] == lag)
            error[lag:] = np.where(same, y[lag:] - y[:-lag], np.nan)
            errors.append(error)
        if errors:  # and a trend that goes on
            errors.append(np.where(series == np.roll(series, 1), errors[0] - np.roll(errors[0], 1), np.nan))
        fine = np.isfinite(y)
        owner, known = np.unique(series[fine], return_inverse=True)[1], y[fine]
        means = np.bincount(owner, known) / np.bincount(owner)
        return cls(y, tuple(errors), _mean(known - means[owner]) if len(known) else 0.0)

    def nearly(self, values: np.ndarray) -> str | None:
        """Why `values` (rows,), taken for the target, are nearly that; None if they are not."""
        fine = np.isfinite(values) & np.isfinite(self.y)
        if fine.sum() < _FEWEST:
            return None
        apart = values - self.y
        part = self._left(fine, apart[fine])
        if part is not None:
            return f"it leaves {part:.0%} of the error that repeating the target leaves"
        size = _mean(apart[fine])
        if size < _LITTLE * self.spread and self._noise(fine, apart, size):
            return f"it differs from it by noise, {size / self.spread:.1%} of the target's spread"
        return None

    def _left(self, fine: np.ndarray, apart: np.ndarray) -> float | None:
        """The part of the error of the best lag that is left, if it is small."""
        mean, middle, found = _mean(apart), np.inf, []
        for error in self._usable(fine):
            found.append(_mean(error))
            if mean >= _MEAN * found[-1]:  # as with nearly every column, at the first lag
                return None
            middle = _median(apart) if middle == np.inf else middle
            if middle >= _MEDIAN * _median(error):
                return None
        return mean / min(found) if found else None

    def _usable(self, fine: np.ndarray) -> Iterator[np.ndarray]:
        """The errors of the lags that enough of these rows have, around their mean."""
        for error in self.errors:
            known = error[fine]
            known = known[np.isfinite(known)]
            if len(known) >= max(_FEWEST // 2, 0.2 * len(fine[fine])):
                yield known - known.mean()

    def _noise(self, fine: np.ndarray, apart: np.ndarray, size: float) -> bool:
        """Whether nothing explains how far `apart` (rows,) a column is from a target that moves as little."""
        best = min((_mean(error) for error in self._usable(fine)), default=np.inf)
        if size < _SMOOTH * best:
            return False
        enough = max(_FEWEST, 0.2 * fine.sum())
        lags = [error for error in self.errors[:-1] if np.isfinite(error[fine]).sum() >= enough]
        if not lags:
            return False
        nearest = min(lags, key=lambda error: float(np.nanstd(error[fine])))
        past = [self.y - error for error in {id(e): e for e in (*lags[:3], nearest)}.values()]
        before = np.where(np.isfinite(lags[0]), np.roll(apart, 1), np.nan)
        table = np.column_stack([self.y, apart, *past, before])
        table = table[np.isfinite(table).all(axis=1)]
        if len(table) < enough:
            return False
        table -= table.mean(axis=0)
        y, noise, known = table[:, 0], table[:, 1], table[:, 2:]
        weights = np.linalg.lstsq(known, table[:, :2], rcond=1e-10)[0]
        new, rest = (table[:, :2] - known @ weights).T
        if new @ new <= 1e-12 * (y @ y):  # a target that its past tells has nothing new
            return False
        held = new @ rest / (new @ new)  # 0 where the column holds it all, -1 where it does not
        doubt = 2 * np.sqrt((noise @ noise) / (new @ new) / len(table))
        left = rest - held * new
        unexplained = (left @ left) / (noise @ noise) * len(table) / (len(table) - table.shape[1])
        return bool(abs(held) + doubt < 1 - _KNOWN and unexplained > 1 - _TOLD)


def _mean(errors: np.ndarray) -> float:
    return float(np.sqrt((errors * errors).mean()))


def _median(errors: np.ndarray) -> float:
    return float(np.median(np.abs(errors)))
