"""Expanding: statistics of everything before a row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Featurizer, Needs
from featurizers.kernels import contiguous, native, threads
from featurizers.panel import Panel

STATS = ("mean", "std", "min", "max", "sum", "count")
# What is carried from row to row, in the kernel's order, and which of it each statistic needs.
_KEPT = ("count", "mean", "squares", "sum", "min", "max")
_NEEDED = {
    "mean": ("count", "mean"), "std": ("count", "mean", "squares"), "min": ("count", "min"), "max": ("count", "max"),
    "sum": ("count", "sum"), "count": ("count",),
}  # fmt: skip


@dataclass(frozen=True)
class Expanding(Featurizer):
    """Each of `stat` (mean, std, min, max, sum, count) over all earlier values of the series; missing ones left out.

    NaN before the first value (std: before the second); the count begins with 0.

    >>> table = {"day": ["2024-01-01", "2024-01-02", "2024-01-03"], "sales": [1.0, 3.0, 5.0]}
    >>> panel = Panel.read(table, time="day", target="sales")
    >>> Expanding(("mean", "count")).transform(panel)
    array([[nan,  0.],
           [ 1.,  1.],
           [ 2.,  2.]])
    """

    stat: str | tuple[str, ...]

    @property
    def stats(self) -> list[str]:
        stats = [self.stat] if isinstance(self.stat, str) else list(self.stat)
        for stat in stats:
            if stat not in STATS:
                raise ValueError(f"Expanding knows no statistic {stat!r}; there are {', '.join(STATS)}.")
        return stats

    @property
    def kept(self) -> list[str]:
        """What must be remembered of a series."""
        return [name for name in _KEPT if any(name in _NEEDED[stat] for stat in self.stats)]

    @property
    def needs(self) -> Needs:
        return Needs()

    def names(self) -> list[str]:
        return [f"expanding_{stat}" for stat in self.stats]

    def transform(self, panel: Panel) -> np.ndarray:
        return self._run(panel)[0]

    def step(self, state: State, now: State) -> Array:
        xp = namespace(*state.values())
        count = state["expanding.count"]
        columns = []
        for stat in self.stats:
            if stat == "std":
                deviation = xp.sqrt(state["expanding.squares"] / xp.maximum(count - 1.0, 1.0))
                columns.append(xp.where(count > 1, deviation, xp.nan))
            else:
                columns.append(state[f"expanding.{stat}"] if stat == "count" else xp.where(
                    count > 0, state[f"expanding.{stat}"], xp.nan))  # fmt: skip
        return xp.concat(columns, axis=1)

    def memory(self, panel: Panel) -> State:
        kept = self._run(panel)[1]
        return {f"expanding.{name}": kept[:, [_KEPT.index(name)]] for name in self.kept}

    def remember(self, state: State, now: State) -> State:
        """Welford's update (1962), as in native/expanding.h."""
        value = now["target"][:, None]
        xp = namespace(value, *state.values())
        seen = ~xp.isnan(value)
        old = {name: state[f"expanding.{name}"] for name in self.kept}
        new = {"count": old["count"] + 1.0}
        if "mean" in old:
            new["mean"] = old["mean"] + (value - old["mean"]) / new["count"]
        if "squares" in old:
            new["squares"] = old["squares"] + (value - old["mean"]) * (value - new["mean"])
        if "sum" in old:
            new["sum"] = old["sum"] + value
        if "min" in old:
            new["min"] = xp.minimum(old["min"], value)
        if "max" in old:
            new["max"] = xp.maximum(old["max"], value)
        return {f"expanding.{name}": xp.where(seen, new[name], old[name]) for name in old}

    def _run(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        out, kept = np.empty((len(panel), len(self.stats))), np.empty((panel.count, len(_KEPT)))
        indptr = np.ascontiguousarray(panel.indptr, np.int64)
        native.expanding(contiguous(panel.y), indptr, self.stats, out, kept, threads(out.size))
        return out, kept
