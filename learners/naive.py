"""Naive and SeasonalNaive: the last value, the same season last time."""

from __future__ import annotations

from dataclasses import dataclass

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from learners.learner import Learner, Model


@dataclass(frozen=True)
class SeasonalNaive(Learner):
    """The value one season ago; where that is missing, the latest value that is not.

    Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 5.2.
    """

    season: int

    def train(self, panel: Panel) -> SeasonalNaiveModel:
        return SeasonalNaiveModel(self.season)


@dataclass(frozen=True, eq=False)
class SeasonalNaiveModel(Model):
    season: int

    @property
    def needs(self) -> Needs:
        return Needs(lookback=2 * self.season)

    def predict(self, state: State, future: State) -> State:
        past = state["target"]
        xp, horizon = namespace(past), future["time"].shape[1]
        cycle, before = past[:, -self.season :], past[:, -2 * self.season : -self.season]
        cycle = xp.where(xp.isnan(cycle), before, cycle)
        cycle = xp.where(xp.isnan(cycle), last_value(past)[:, None], cycle)
        repeats = -(-horizon // self.season)
        return {"forecast": xp.concat([cycle] * repeats, axis=1)[:, :horizon]}


def Naive() -> SeasonalNaive:
    """The last value, for ever: a season of one."""
    return SeasonalNaive(1)


def last_value(past: Array) -> Array:
    """The newest value of each row of `past` (series, k) that is not NaN, (series,)."""
    xp = namespace(past)
    value = past[:, 0]
    for i in range(1, past.shape[1]):
        value = xp.where(xp.isnan(past[:, i]), value, past[:, i])
    return value
