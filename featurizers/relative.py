"""Relative: columns whose future is given, as multiples of what is usual in their series."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Featurizer, Needs
from featurizers.kernels import contiguous, native, threads
from featurizers.known import Known
from featurizers.panel import Panel


@dataclass(frozen=True)
class Relative(Featurizer):
    """Numeric columns of the row itself over their mean in the series so far, this row included; missing ones left out.

    A price of 2.90 is dear in one series and cheap in another: over its mean it says the same in all of them. 1 where
    that mean is 0.

    >>> table = {"day": ["2024-01-01", "2024-01-02", "2024-01-03"],
    ...          "sales": [1.0, 3.0, 5.0], "price": [2.0, 2.0, 5.0]}
    >>> panel = Panel.read(table, time="day", target="sales", known="price")
    >>> Relative(("price",)).transform(panel)[:, 0].round(2)
    array([1.  , 1.  , 1.67])
    """

    columns: tuple[str, ...]

    @property
    def needs(self) -> Needs:
        return Needs(past=tuple(self.columns), ahead=tuple(self.columns))  # new rows bring theirs to be remembered

    def names(self) -> list[str]:
        return [f"{name}_relative" for name in self.columns]

    def sources(self) -> list[tuple[str, str]]:
        return [(name, "known") for name in self.columns]

    def resolve(self, panel: Panel) -> Relative:
        return replace(self, columns=Known(self.columns).resolve(panel).columns)

    def transform(self, panel: Panel) -> np.ndarray:
        columns = []
        for name in self.columns:
            value = panel.column(name).astype(np.float64)
            before, _ = _running(value, panel.indptr)
            columns.append(_over(value, before[:, 0], before[:, 1]))
        return np.stack(columns, axis=1)

    def step(self, state: State, now: State) -> Array:
        means, counts = state["relative.mean"], state["relative.count"]
        xp = namespace(means)
        values = [xp.astype(now[name], xp.float64) for name in self.columns]
        return xp.stack([_over(value, means[:, i], counts[:, i]) for i, value in enumerate(values)], axis=1)

    def memory(self, panel: Panel) -> State:
        after = [_running(panel.column(name).astype(np.float64), panel.indptr)[1] for name in self.columns]
        return {"relative.mean": np.stack([kept[:, 1] for kept in after], axis=1),
                "relative.count": np.stack([kept[:, 0] for kept in after], axis=1)}  # fmt: skip

    def remember(self, state: State, now: State) -> State:
        xp = namespace(state["relative.mean"])
        value = xp.stack([xp.astype(now[name], xp.float64) for name in self.columns], axis=1)
        count = state["relative.count"] + xp.where(xp.isnan(value), 0.0, 1.0)
        return {"relative.mean": _mean(value, state["relative.mean"], state["relative.count"]), "relative.count": count}


def _running(values: np.ndarray, indptr: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and count of the values before each row, (rows, 2); count and mean come first at the end, (series, 6)."""
    out, kept = np.empty((len(values), 2)), np.empty((len(indptr) - 1, 6))
    indptr = np.ascontiguousarray(indptr, np.int64)
    native.expanding(contiguous(values), indptr, ["mean", "count"], out, kept, threads(out.size))
    return out, kept


def _mean(value: Array, mean: Array, count: Array) -> Array:
    """The mean after one more value, which may be missing: Welford's update, as in native/expanding.h."""
    xp = namespace(value, mean)
    mean = xp.where(count > 0, mean, 0.0)
    return xp.where(xp.isnan(value), mean, mean + (value - mean) / (count + 1.0))


def _over(value: Array, mean: Array, count: Array) -> Array:
    """The value over the mean that it makes; missing where it is missing."""
    xp = namespace(value, mean)
    joined = _mean(value, mean, count)
    usual = xp.abs(joined) > 0.0
    return xp.where(usual, value / xp.where(usual, joined, 1.0), value * 0.0 + 1.0)
