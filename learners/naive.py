"""Naive and SeasonalNaive: the last value, the same season last time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from featurizers.whole import whole
from learners.learner import Learner, Model


@dataclass(frozen=True)
class SeasonalNaive(Learner):
    """The value one season ago; where that is missing, the latest value that is not.

    Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 5.2.
    """

    season: int

    def train(self, panel: Panel) -> SeasonalNaiveModel:
        whole(self.season, "The season of SeasonalNaive")
        return SeasonalNaiveModel(self.season)


@dataclass(frozen=True, eq=False)
class SeasonalNaiveModel(Model):
    season: int

    @property
    def needs(self) -> Needs:
        return Needs(lookback=2 * self.season)

    def predict(self, state: State, future: State) -> State:
        return {"forecast": repeated(last_cycle(state["target"], self.season), future["time"].shape[1])}


def Naive() -> SeasonalNaive:
    """The last value, for ever: a season of one."""
    return SeasonalNaive(1)


def last_value(past: Array) -> Array:
    """The newest value of each row of `past` (series, k) that is not NaN, (series,)."""
    xp = namespace(past)
    place = xp.where(xp.isnan(past), 0, np.arange(past.shape[1])[None, :])
    newest = xp.max(place, axis=1, keepdims=True)  # 0 where all are NaN: that one is NaN as well
    return xp.take_along_axis(past, newest, axis=1)[:, 0]


def last_cycle(past: Array, season: int) -> Array:
    """The last season of `past` (series, two seasons or more), (series, season); a value that is missing is taken
    from the season before, or else is the newest one that is there."""
    xp = namespace(past)
    cycle, before = past[:, -season:], past[:, -2 * season : -season]
    cycle = xp.where(xp.isnan(cycle), before, cycle)
    return xp.where(xp.isnan(cycle), last_value(past)[:, None], cycle)


def repeated(cycle: Array, horizon: int) -> Array:
    """`cycle` (series, season), over and over: (series, horizon)."""
    return namespace(cycle).take(cycle, np.arange(horizon) % cycle.shape[1], axis=1)
