"""Near leaks: columns that are the target but for a little noise, in the target's own units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_LAGS = (1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 24, 48, 52, 96, 168, 336, 364, 365)  # rows; the common seasons
_FEWEST = 50  # rows below which a close fit may be chance
_MEAN, _MEDIAN = 0.3, 0.4  # of the error of the best repetition, at most


@dataclass(frozen=True, eq=False)
class Repetitions:
    """The target, and by how much it differs from what it was some rows before.

    What is honestly known ahead (weather, prices, plans, forecasts of others), taken for the target as it is, leaves
    most of the error that is left by repeating the target at its best lag: of real tables the closest pair,
    temperature and felt temperature, leaves 0.6 of it. A copy of the target with noise leaves a small part, unless the
    target moves less from row to row than the noise does; such copies are not told from honest columns, and go free.
    """

    y: np.ndarray  # (rows,)
    errors: tuple[np.ndarray, ...]  # of each lag, (rows,), NaN where there is no such row of the series

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
        return cls(y, tuple(errors))

    def nearly(self, values: np.ndarray) -> float | None:
        """The part of the error of the best lag that `values` (rows,), taken for the target, leave, if it is small."""
        fine = np.isfinite(values) & np.isfinite(self.y)
        count = int(fine.sum())
        if count < _FEWEST:
            return None
        apart = values[fine] - self.y[fine]
        mean, middle, found = _mean(apart), np.inf, []
        for error in self.errors:
            known = error[fine]
            known = known[np.isfinite(known)]
            if len(known) < max(_FEWEST // 2, 0.2 * count):
                continue
            known = known - known.mean()
            found.append(_mean(known))
            if mean >= _MEAN * found[-1]:  # as with nearly every column, at the first lag
                return None
            middle = _median(apart) if middle == np.inf else middle
            if middle >= _MEDIAN * _median(known):
                return None
        return mean / min(found) if found else None


def _mean(errors: np.ndarray) -> float:
    return float(np.sqrt((errors * errors).mean()))


def _median(errors: np.ndarray) -> float:
    return float(np.median(np.abs(errors)))
