"""Croston, Sba and Tsb: intermittent demand, the size of a demand and how often there is one."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from featurizers.arrays import State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from learners.learner import Learner, Model
from learners.naive import repeated


@dataclass(frozen=True)
class Croston(Learner):
    """The smoothed size of a demand over the smoothed number of rows between two demands.

    `alpha` is the weight of what is new. Before the first demand the forecast is 0; missing rows do not count. Source:
    Croston (1972), Forecasting and stock control for intermittent demands, Operational Research Quarterly 23(3).
    """

    alpha: float = 0.1

    def train(self, panel: Panel) -> CrostonModel:
        _check("Croston", alpha=self.alpha)
        return CrostonModel(self.alpha, 1.0)


@dataclass(frozen=True)
class Sba(Learner):
    """Croston's forecast times 1 - alpha / 2, which takes most of its bias away.

    Source: Syntetos & Boylan (2005), The accuracy of intermittent demand estimates, International Journal of
    Forecasting 21(2).
    """

    alpha: float = 0.1

    def train(self, panel: Panel) -> CrostonModel:
        _check("Sba", alpha=self.alpha)
        return CrostonModel(self.alpha, 1.0 - self.alpha / 2.0)


@dataclass(frozen=True)
class Tsb(Learner):
    """The smoothed size of a demand times the smoothed chance of one, which also falls where demand ends.

    `alpha` is the weight of a new size, `beta` that of a new row for the chance. Missing rows do not count. Source:
    Teunter, Syntetos & Babai (2011), Intermittent demand: linking forecasting to inventory obsolescence, European
    Journal of Operational Research 214(3).
    """

    alpha: float = 0.1
    beta: float = 0.1

    def train(self, panel: Panel) -> TsbModel:
        _check("Tsb", alpha=self.alpha, beta=self.beta)
        return TsbModel(self.alpha, self.beta)


def _check(learner: str, **weights: float) -> None:
    for name, value in weights.items():
        if not 0 < value <= 1:
            raise ValueError(f"{learner} needs {name} above 0 and at most 1, not {value}.")


@dataclass(frozen=True, eq=False)
class IntermittentModel(Model):
    """Memory: the rows seen and what is smoothed, NaN before the first demand."""

    @property
    def needs(self) -> Needs:
        return Needs()

    @abstractmethod
    def begin(self, count: int) -> State:
        """The memory before the first row of `count` series."""

    def memory(self, panel: Panel) -> State:
        state = self.begin(panel.count)
        for row in range(int(panel.lengths.max(initial=0))):
            inside = row < panel.lengths
            at = np.minimum(panel.indptr[:-1] + row, len(panel) - 1)
            state = self.remember(state, {"target": np.where(inside, panel.y[at], np.nan)})
        return state


@dataclass(frozen=True, eq=False)
class CrostonModel(IntermittentModel):
    alpha: float
    share: float  # of Croston's forecast

    def begin(self, count: int) -> State:
        return {
            "croston.size": np.full((count, 1), np.nan),
            "croston.gap": np.full((count, 1), np.nan),
            "croston.since": np.zeros((count, 1)),
        }

    def remember(self, state: State, now: State) -> State:
        y, size, gap = now["target"][:, None], state["croston.size"], state["croston.gap"]
        xp = namespace(y, size)
        missing, first = xp.isnan(y), xp.isnan(size)
        demand, since = ~missing & (y != 0.0), state["croston.since"] + xp.where(missing, 0.0, 1.0)
        return {
            "croston.size": xp.where(demand, xp.where(first, y, size + self.alpha * (y - size)), size),
            "croston.gap": xp.where(demand, xp.where(first, since, gap + self.alpha * (since - gap)), gap),
            "croston.since": xp.where(demand, 0.0, since),
        }

    def predict(self, state: State, future: State) -> State:
        size, gap = state["croston.size"], state["croston.gap"]
        xp = namespace(size)
        begun = ~xp.isnan(size)
        rate = self.share * xp.where(begun, size, 0.0) / xp.where(begun, gap, 1.0)
        seen = begun | (state["croston.since"] > 0.0)
        return {"forecast": repeated(xp.where(seen, rate, xp.nan), future["time"].shape[1])}


@dataclass(frozen=True, eq=False)
class TsbModel(IntermittentModel):
    alpha: float
    beta: float

    def begin(self, count: int) -> State:
        return {"tsb.size": np.full((count, 1), np.nan), "tsb.chance": np.full((count, 1), np.nan)}

    def remember(self, state: State, now: State) -> State:
        y, size, chance = now["target"][:, None], state["tsb.size"], state["tsb.chance"]
        xp = namespace(y, size)
        missing = xp.isnan(y)
        demand = ~missing & (y != 0.0)
        there = xp.where(demand, 1.0, 0.0)
        moved = xp.where(xp.isnan(chance), there, chance + self.beta * (there - chance))
        return {
            "tsb.size": xp.where(demand, xp.where(xp.isnan(size), y, size + self.alpha * (y - size)), size),
            "tsb.chance": xp.where(missing, chance, moved),
        }

    def predict(self, state: State, future: State) -> State:
        size, chance = state["tsb.size"], state["tsb.chance"]
        xp = namespace(size)
        rate = xp.where(xp.isnan(size), 0.0, size) * chance  # NaN where no row has been seen
        return {"forecast": repeated(rate, future["time"].shape[1])}
