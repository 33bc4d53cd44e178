"""Average and SeasonalAverage: the mean of the last values, of the last values in the same season."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from learners.learner import Learner, Model
from learners.naive import repeated


@dataclass(frozen=True)
class Average(Learner):
    """The mean of the last `window` values, of all values if None; missing ones do not count.

    Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 5.2.
    """

    window: int | None = None

    def train(self, panel: Panel) -> Model:
        if self.window is not None and self.window < 1:
            raise ValueError(f"Average needs a window of at least 1 row, or None, not {self.window}.")
        return AverageModel() if self.window is None else SeasonalAverageModel(1, self.window)


@dataclass(frozen=True, eq=False)
class AverageModel(Model):
    """The mean of all history: its sum and its count are the memory."""

    @property
    def needs(self) -> Needs:
        return Needs()

    def memory(self, panel: Panel) -> State:
        known = ~np.isnan(panel.y)
        count = np.bincount(panel.owner[known], minlength=panel.count)
        total = np.bincount(panel.owner[known], panel.y[known], minlength=panel.count)
        return {"average.sum": total[:, None], "average.count": count[:, None].astype(np.float64)}

    def remember(self, state: State, now: State) -> State:
        y, total, count = now["target"][:, None], state["average.sum"], state["average.count"]
        xp = namespace(y, total)
        missing = xp.isnan(y)
        return {
            "average.sum": xp.where(missing, total, total + y),
            "average.count": xp.where(missing, count, count + 1.0),
        }

    def predict(self, state: State, future: State) -> State:
        mean = quotient(state["average.sum"], state["average.count"])
        return {"forecast": repeated(mean, future["time"].shape[1])}


@dataclass(frozen=True)
class SeasonalAverage(Learner):
    """The mean of the values 1, 2 .. `seasons` seasons ago; where all are missing, of the whole window."""

    season: int
    seasons: int = 3

    def train(self, panel: Panel) -> SeasonalAverageModel:
        if self.season < 1 or self.seasons < 1:
            raise ValueError(f"SeasonalAverage needs at least 1, not season={self.season}, seasons={self.seasons}.")
        return SeasonalAverageModel(self.season, self.seasons)


@dataclass(frozen=True, eq=False)
class SeasonalAverageModel(Model):
    season: int
    seasons: int

    @property
    def needs(self) -> Needs:
        return Needs(lookback=self.season * self.seasons)

    def predict(self, state: State, future: State) -> State:
        past = state["target"][:, -self.season * self.seasons :]
        xp = namespace(past)
        cycles = xp.reshape(past, (-1, self.seasons, self.season))
        missing = xp.isnan(cycles)
        values, known = xp.where(missing, 0.0, cycles), xp.where(missing, 0.0, 1.0)
        total, count = xp.sum(values, axis=1), xp.sum(known, axis=1)
        overall = quotient(xp.sum(total, axis=1, keepdims=True), xp.sum(count, axis=1, keepdims=True))
        mean = xp.where(count > 0.0, quotient(total, count), overall)
        return {"forecast": repeated(mean, future["time"].shape[1])}


def quotient(total: Array, count: Array) -> Array:
    """`total / count`, NaN where nothing was counted."""
    xp = namespace(total, count)
    return xp.where(count > 0.0, total / xp.maximum(count, 1.0), xp.nan)
