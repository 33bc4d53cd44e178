"""Spread: how far a series strays from what was expected of it, one row after the other.

`deviation` is the root of the mean square of as many `errors`, both (series, 1). Nothing is squared that could be too
large or too small for it.
"""

from __future__ import annotations

import numpy as np

from featurizers.arrays import Array, namespace
from featurizers.panel import Panel

TINY = 1e-300


def spread(panel: Panel, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(deviation, errors) of each series of `panel`, from the errors of its rows, NaN where there is none."""
    at = np.flatnonzero(np.isfinite(errors))
    owner, sizes = panel.owner[at], np.abs(errors[at])
    largest = np.full(panel.count, TINY)
    np.maximum.at(largest, owner, sizes)
    count = np.bincount(owner, minlength=panel.count).astype(np.float64)
    squares = np.bincount(owner, np.square(sizes / largest[owner]), minlength=panel.count)
    deviation = largest * np.sqrt(squares / np.maximum(count, 1.0))
    return deviation[:, None], count[:, None]


def strayed(deviation: Array, errors: Array, error: Array) -> tuple[Array, Array]:
    """(deviation, errors) after one more `error` (series, 1), NaN if there is none."""
    xp = namespace(deviation, error)
    seen = xp.isfinite(error)
    error = xp.abs(xp.where(seen, error, 0.0))
    unit = xp.maximum(xp.maximum(deviation, error), TINY)
    before, now = deviation / unit, error / unit
    moved = unit * xp.sqrt((errors * (before * before) + now * now) / (errors + 1.0))
    return xp.where(seen, moved, deviation), xp.where(seen, errors + 1.0, errors)


def supposed(deviation: Array, errors: Array, value: Array) -> tuple[Array, Array]:
    """(deviation, freedom), where there was no error the size of `value` (series, 1) and one.

    Of a single observation nothing but its size can be told; a band of its multiples is honest, if wide. Source:
    Abbott & Rosenblatt (1963), Two stage estimation with one observation on the first stage, Annals of the Institute
    of Statistical Mathematics 14.
    """
    xp = namespace(deviation, value)
    return xp.where(errors > 0.0, deviation, xp.abs(value)), xp.maximum(errors, 1.0)


def spread_of_window(past: Array, value: Array) -> tuple[Array, Array]:
    """(deviation, errors) of the known values of `past` (series, rows) around `value` (series, 1), which is one of
    them or is made of them."""
    xp = namespace(past, value)
    known = xp.isfinite(past)
    away = xp.abs(xp.where(known, past - value, 0.0))
    unit = xp.maximum(xp.max(away, axis=1, keepdims=True), TINY)
    shares = away / unit
    count = xp.maximum(xp.sum(xp.where(known, 1.0, 0.0), axis=1, keepdims=True) - 1.0, 0.0)
    return unit * xp.sqrt(xp.sum(shares * shares, axis=1, keepdims=True) / xp.maximum(count, 1.0)), count


def earlier(panel: Panel, rows: int, values: np.ndarray | None = None) -> np.ndarray:
    """The target, or one of `values` (rows of the panel,), so many rows before each row, NaN before its series."""
    at = np.maximum(np.arange(len(panel)) - rows, 0)
    return np.where(panel.position >= rows, (panel.y if values is None else values)[at], np.nan)
