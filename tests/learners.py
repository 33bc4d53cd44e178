"""Learners that misbehave, for tests of what holds others, and what workers are asked (light to import)."""

from __future__ import annotations

import os
from dataclasses import dataclass

from featurizers.arrays import State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from learners.each import engine
from learners.learner import Learner, Model
from learners.naive import SeasonalNaiveModel


@dataclass(frozen=True)
class Failing(Learner):
    """Fails where the panel is shorter than `rows`, otherwise forecasts the last value."""

    rows: int = 10**9

    def train(self, panel: Panel) -> Model:
        if len(panel) < self.rows:
            raise ValueError(f"{len(panel)} rows are\ntoo few.")
        return SeasonalNaiveModel(1)


@dataclass(frozen=True)
class Gappy(Learner):
    """The value `lag` rows ago, for ever, and nothing where there is none."""

    lag: int

    def train(self, panel: Panel) -> Model:
        return GappyModel(self.lag)


@dataclass(frozen=True, eq=False)
class GappyModel(Model):
    lag: int

    @property
    def needs(self) -> Needs:
        return Needs(lookback=self.lag)

    def predict(self, state: State, future: State) -> State:
        value = state["target"][:, -self.lag][:, None]
        xp = namespace(value)
        return {"forecast": value + 0.0 * xp.astype(future["time"], xp.float64)}


def alone(_item: object) -> bool:
    """Whether this is a worker with one thread, in which `each` is serial."""
    one = all(os.environ.get(f"{name}_NUM_THREADS") == "1" for name in ("OMP", "OPENBLAS", "MKL"))
    return one and engine.get() is map
