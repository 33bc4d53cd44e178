"""Means of what is known, and the scale of a series that metrics divide errors by."""

from __future__ import annotations

import weakref

import numpy as np

ROUNDING = 1e-12  # of its largest value: what a series differs by less from itself is no difference, but rounding

_scales: dict[tuple[int, int, int], tuple[weakref.ref[np.ndarray], np.ndarray]] = {}


def mean_of(values: np.ndarray, axis: int) -> np.ndarray:
    """Mean of what is not NaN along `axis`; NaN where nothing is."""
    seen = ~np.isnan(values)
    return ratio(np.where(seen, values, 0.0).sum(axis=axis), seen.sum(axis=axis))


def mean_seen(values: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Mean over each row where the actual is known, (series,); NaN where none is."""
    seen = ~np.isnan(actual)
    return ratio(np.where(seen, values, 0.0).sum(axis=1), seen.sum(axis=1))


def ratio(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """`over / under`, NaN where `under` is zero."""
    result: np.ndarray = np.divide(over, under, out=np.full(np.shape(over), np.nan), where=np.asarray(under) != 0)
    return result


def unrounded(difference: np.ndarray, values: np.ndarray, power: int = 1) -> np.ndarray:
    """`difference`, (series,), a power of one between `values`, (series, rows); 0 where it is one of rounding."""
    largest = np.fmax.reduce(np.abs(values), axis=1, initial=0.0)
    return np.where(difference <= (ROUNDING * largest) ** power, 0.0, difference)


def extent(values: np.ndarray) -> np.ndarray:
    """Largest less smallest known value of each row, (series,): 0 where only rounding, NaN where nothing is known."""
    high, low = (extreme.reduce(values, axis=1, initial=np.nan) for extreme in (np.fmax, np.fmin))
    return unrounded(high - low, values)


def seasonal_scale(train: np.ndarray, season: int, power: int = 1) -> np.ndarray:
    """Mean of |y[t] - y[t - season]| ** power over each row of `train`, (series,): 0 where that is only rounding.

    Computed once for arrays that are not writeable: a search for weights asks for it again and again.
    """
    key = (id(train), season, power)
    kept = _scales.get(key)
    if kept is not None and kept[0]() is train:
        return kept[1]
    scale = _differences(train, season, power)
    short = np.isnan(scale)
    if season > 1 and short.any():
        scale = scale.copy()
        scale[short] = _differences(train[short], 1, power)
    if not train.flags.writeable:
        _scales[key] = weakref.ref(train, lambda _: _scales.pop(key, None)), scale
    return scale


def _differences(train: np.ndarray, season: int, power: int) -> np.ndarray:
    apart = np.abs(train[:, season:] - train[:, :-season]) ** power
    return unrounded(mean_seen(apart, apart), train, power)
