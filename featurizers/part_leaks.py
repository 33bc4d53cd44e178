"""Part leaks: columns that add up to the target."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

_FEWEST, _ROWS, _MOST = 20, 2_000, 300  # rows that are needed and looked at; columns
_CLOSE = 0.03  # of the target's spread inside its series, that rounded parts may leave; and of their common weight
_REDUNDANT = (1e-6, _CLOSE)  # of a column's spread, that the columns before it leave: a subtotal, and a rounded one


def sums(columns: Mapping[str, np.ndarray], y: np.ndarray, series: np.ndarray) -> list[tuple[str, ...]]:
    """Groups of two or more columns that, added and subtracted, are the target, or that in another unit."""
    left, found = dict(columns), list[tuple[str, ...]]()
    while group := next((group for least in _REDUNDANT if (group := _sum(left, y, series, least))), ()):
        found.append(group)
        left = {name: values for name, values in left.items() if name not in group}
    return found


def _sum(columns: Mapping[str, np.ndarray], y: np.ndarray, series: np.ndarray, least: float) -> tuple[str, ...]:
    """By least squares with one weight, after columns that others make up are left aside."""
    names = [n for n, v in columns.items() if np.isfinite(v).mean() > 0.5 and len(np.unique(v[np.isfinite(v)])) > 2]
    if len(names) < 2 or len(names) > _MOST:
        return ()
    matrix = np.stack([columns[n] for n in names], axis=1)
    fine = np.flatnonzero(np.isfinite(matrix).all(axis=1) & np.isfinite(y))
    if len(fine) < max(_FEWEST, 3 * len(names)):
        return ()
    pick = fine[:: max(len(fine) // _ROWS, 1)]
    x, t = matrix[pick] - matrix[pick].mean(axis=0), y[pick] - y[pick].mean()
    told = _independent(x, least)  # a rare flag may be constant in all of these rows
    if len(told) < 2:
        return ()
    size = x[:, told].std(axis=0)
    weights = np.linalg.lstsq(x[:, told] / size, t, rcond=1e-10)[0] / size
    spread = _spread(y[fine], series[fine])
    matters = np.abs(weights) * size > _CLOSE * spread
    alike = np.abs(np.abs(weights)[:, None] / np.abs(weights)[None, :] - 1) < _CLOSE
    alike &= matters[:, None] & matters[None, :]
    part = np.flatnonzero(alike[alike.sum(axis=1).argmax()])
    if len(part) < 2:
        return ()
    weight = float(np.median(np.abs(weights[part])))
    power = float(10 ** np.round(np.log10(weight)))
    weight = power if abs(power / weight - 1) < _CLOSE else weight
    apart = y[fine] - matrix[fine][:, told[part]] @ (np.sign(weights[part]) * weight)
    return tuple(names[i] for i in told[part]) if apart.std() <= _CLOSE * spread else ()


def _independent(x: np.ndarray, least: float) -> np.ndarray:
    """The columns of x (rows, columns) of which those before leave more than a part."""
    kept, basis = [], np.zeros((len(x), 0))
    for i in range(x.shape[1]):
        size = np.linalg.norm(x[:, i])
        rest = x[:, i] - basis @ (basis.T @ x[:, i])
        rest -= basis @ (basis.T @ rest)
        if size > 0 and np.linalg.norm(rest) > least * size:
            kept.append(i)
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
    return np.array(kept, np.int64)


def _spread(y: np.ndarray, series: np.ndarray) -> float:
    """The standard deviation of the target inside its series."""
    owner = np.unique(series, return_inverse=True)[1]
    return float((y - (np.bincount(owner, y) / np.bincount(owner))[owner]).std())
