"""Lags: the target some rows ago."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Featurizer, Needs
from featurizers.panel import Panel


@dataclass(frozen=True)
class Lags(Featurizer):
    """The target `lags` rows ago, each from 1 on."""

    lags: tuple[int, ...]

    @property
    def needs(self) -> Needs:
        return Needs(lookback=max(self.lags))

    def names(self) -> list[str]:
        return [f"lag{k}" for k in self.lags]

    def transform(self, panel: Panel) -> np.ndarray:
        return np.stack([lagged(panel, k) for k in self.lags], axis=1)

    def step(self, state: State, now: State) -> Array:
        past = state["target"]
        return namespace(past).stack([past[:, -k] for k in self.lags], axis=1)


def lagged(panel: Panel, k: int) -> np.ndarray:
    """The target k rows earlier in the same series, NaN where there is none."""
    at = np.arange(len(panel)) - k
    return np.where(panel.position >= k, panel.y[np.maximum(at, 0)], np.nan)
