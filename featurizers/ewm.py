"""Ewm: the exponentially weighted mean of everything before a row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Featurizer, Needs
from featurizers.kernels import contiguous, native, threads
from featurizers.panel import Panel
from featurizers.whole import numbers


@dataclass(frozen=True)
class Ewm(Featurizer):
    """mean += alpha * (value - mean), for each of `alpha` in (0, 1], from the first value on; missing ones left out.

    >>> table = {"day": ["2024-01-01", "2024-01-02", "2024-01-03"], "sales": [1.0, 3.0, 5.0]}
    >>> panel = Panel.read(table, time="day", target="sales")
    >>> Ewm(0.5).transform(panel)[:, 0]
    array([nan,  1.,  2.])
    """

    alpha: float | tuple[float, ...]

    @property
    def alphas(self) -> list[float]:
        alphas = list(numbers(self.alpha, "Each alpha of Ewm"))
        if not all(0 < alpha <= 1 for alpha in alphas):
            raise ValueError(f"`alpha` must lie between 0 and 1, but {self} was asked for.")
        return alphas

    @property
    def needs(self) -> Needs:
        return Needs()

    def names(self) -> list[str]:
        return [f"ewm{alpha:g}" for alpha in self.alphas]

    def transform(self, panel: Panel) -> np.ndarray:
        return self._run(panel)[0]

    def step(self, state: State, now: State) -> Array:
        means: Array = state["ewm.mean"]
        return means

    def memory(self, panel: Panel) -> State:
        return {"ewm.mean": self._run(panel)[1]}

    def remember(self, state: State, now: State) -> State:
        mean, value = state["ewm.mean"], now["target"][:, None]
        xp = namespace(mean, value)
        moved = xp.where(xp.isnan(mean), value, mean + np.array([self.alphas]) * (value - mean))
        return {"ewm.mean": xp.where(xp.isnan(value), mean, moved)}

    def _run(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        alphas = self.alphas
        out, last = np.empty((len(panel), len(alphas))), np.empty((panel.count, len(alphas)))
        indptr = np.ascontiguousarray(panel.indptr, np.int64)
        native.ewm(contiguous(panel.y), indptr, alphas, out, last, threads(out.size))
        return out, last
