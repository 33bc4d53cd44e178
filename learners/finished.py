"""Clipped and Rounded: what forecasts are allowed to be."""

from __future__ import annotations

from dataclasses import dataclass

from featurizers.arrays import State, namespace
from featurizers.panel import Panel
from learners.around import Around, Wrapping, inside, reported
from learners.bands import bounds, levels
from learners.learner import Learner, Model


@dataclass(frozen=True)
class Clipped(Wrapping):
    """The forecasts and bands of `learner`, none below `low` or above `high` (None: as they are).

    >>> from learners import AutoEts
    >>> learner = Clipped(AutoEts(12))  # nothing negative
    """

    learner: Learner
    low: float | None = 0.0
    high: float | None = None

    def retrain(self, panel: Panel, before: Model | None) -> ClippedModel:
        if self.low is not None and self.high is not None and not self.low <= self.high:
            raise ValueError(f"Clipped needs low <= high, not {self.low} and {self.high}.")
        model = self.learner.retrain(panel, inside(before))
        low, high = (None if bound is None else float(bound) for bound in (self.low, self.high))
        return ClippedModel(model, low, high, reported(model))


@dataclass(frozen=True, eq=False)
class ClippedModel(Around):
    low: float | None
    high: float | None
    report: tuple[str, ...] = ()

    def predict(self, state: State, future: State) -> State:
        outputs = self.inner.predict(state, future)
        xp = namespace(outputs["forecast"])
        for low in () if self.low is None else (self.low,):
            outputs = {name: xp.where(values < low, low, values) for name, values in outputs.items()}
        for high in () if self.high is None else (self.high,):
            outputs = {name: xp.where(values > high, high, values) for name, values in outputs.items()}
        return outputs


@dataclass(frozen=True)
class Rounded(Wrapping):
    """The forecasts of `learner` as the nearest whole numbers (halves upwards), its bands rounded outwards, so that
    they cover no less."""

    learner: Learner

    def retrain(self, panel: Panel, before: Model | None) -> RoundedModel:
        model = self.learner.retrain(panel, inside(before))
        return RoundedModel(model, reported(model))


@dataclass(frozen=True, eq=False)
class RoundedModel(Around):
    report: tuple[str, ...] = ()

    def predict(self, state: State, future: State) -> State:
        outputs = self.inner.predict(state, future)
        xp = namespace(outputs["forecast"])
        whole = {name: xp.floor(values + 0.5) for name, values in outputs.items()}
        for level in levels(outputs):
            lower, upper = bounds(level)
            whole[lower], whole[upper] = xp.floor(outputs[lower]), -xp.floor(-outputs[upper])
        return whole


def finished(learner: Learner, nonnegative: bool, integers: bool) -> Learner:
    """`learner`, its forecasts as these settings of a job ask for them."""
    learner = Clipped(learner) if nonnegative else learner
    return Rounded(learner) if integers else learner
