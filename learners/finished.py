"""Clipped and Rounded: what forecasts are allowed to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import State, namespace
from featurizers.panel import Panel
from featurizers.whole import number
from learners.around import Around, Wrapping, check_learners, inside, reported
from learners.bands import bounds, levels
from learners.learner import Learner, Model

ROUNDING = 1e-12  # relative error of sums that are taken in another order


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
        check_learners(self, self.learner)
        low, high = (None if bound is None else number(bound, "A bound of Clipped") for bound in (self.low, self.high))
        if not (float("-inf") if low is None else low) <= (float("inf") if high is None else high):
            raise ValueError(f"Clipped needs low <= high, not {self.low} and {self.high}.")
        model = self.learner.retrain(panel, inside(before))
        return ClippedModel(model, low, high, reported(model))


@dataclass(frozen=True, eq=False)
class ClippedModel(Around):
    low: float | None
    high: float | None
    report: tuple[str, ...] = ()

    def predict(self, state: State, future: State) -> State:
        outputs = self.inner.predict(state, future)
        xp = namespace(outputs["forecast"])
        if self.low is not None:
            outputs = {name: xp.where(values < self.low, self.low, values) for name, values in outputs.items()}
        if self.high is not None:
            outputs = {name: xp.where(values > self.high, self.high, values) for name, values in outputs.items()}
        return outputs


@dataclass(frozen=True)
class Rounded(Wrapping):
    """The forecasts of `learner` as the nearest whole numbers (halves upwards), its bands rounded outwards, so that
    they cover no less. What is a whole number but for the last digits counts as one."""

    learner: Learner

    def retrain(self, panel: Panel, before: Model | None) -> RoundedModel:
        check_learners(self, self.learner)
        model = self.learner.retrain(panel, inside(before))
        return RoundedModel(model, reported(model))


@dataclass(frozen=True, eq=False)
class RoundedModel(Around):
    report: tuple[str, ...] = ()

    def predict(self, state: State, future: State) -> State:
        return rounded(self.inner.predict(state, future))


def rounded(outputs: State, moved: float = 0.0) -> State:
    """The outputs as whole numbers; `moved` is added to each first. What is one but for rounding errors counts as one,
    and a half as a half, so that sums in another order give the same."""
    banded = {name for level in levels(outputs) for name in bounds(level)}
    whole = {}
    for name, values in outputs.items():
        xp = namespace(values)
        values = values + moved
        slack = xp.minimum(ROUNDING * (1000.0 + xp.abs(values)), 0.01)
        if name not in banded:
            whole[name] = xp.floor(values + (0.5 + slack))
        else:
            whole[name] = xp.floor(values + slack) if name.startswith("lo") else 0.0 - xp.floor(slack - values)
    return whole


def undecided(model: Model, state: State, future: State, tolerance: float) -> dict[str, np.ndarray]:
    """Where an error of `tolerance`, relative to the largest, in what `model` rounds gives another whole number:
    (series, horizon) for each output, none for a model that does not round."""
    if not isinstance(model, RoundedModel):
        return {}
    outputs = {name: np.asarray(v, np.float64) for name, v in model.inner.predict(state, future).items()}
    away = {name: tolerance * float(np.nanmax(np.abs(v), initial=0.0)) for name, v in outputs.items()}
    low, high = (rounded(outputs, side * max(away.values())) for side in (-1, 1))
    return {name: low[name] != high[name] for name in outputs}


def finished(learner: Learner, nonnegative: bool, integers: bool) -> Learner:
    """`learner`, its forecasts as these settings of a job ask for them."""
    learner = Clipped(learner) if nonnegative else learner
    return Rounded(learner) if integers else learner
