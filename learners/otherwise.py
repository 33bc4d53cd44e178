"""Otherwise: a learner with another behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from featurizers.arrays import State, namespace
from featurizers.panel import Panel
from learners.around import Wrapping, check_learners, reported
from learners.attribution import Attribution, joined
from learners.each import reason
from learners.learner import Learner, Model
from learners.together import Together


@dataclass(frozen=True)
class Otherwise(Wrapping):
    """The forecasts of `learner`, and those of `backup` wherever they are not finite.

    If the training of `learner` fails, `backup` forecasts everything, and the model's `report` says why.
    """

    learner: Learner
    backup: Learner

    def decided(self, model: Model) -> Learner:
        if not isinstance(model, OtherwiseModel) or len(model.models) < 2:
            return self
        learner, backup = self.learner.decided(model.models[0]), self.backup.decided(model.models[1])
        same = learner is self.learner and backup is self.backup
        return self if same else replace(self, learner=learner, backup=backup)

    def retrain(self, panel: Panel, before: Model | None) -> OtherwiseModel:
        check_learners(self, self.learner, self.backup)
        backup = self.backup.train(panel)
        inner = before.models[0] if isinstance(before, OtherwiseModel) and len(before.models) > 1 else None
        try:
            model = self.learner.retrain(panel, inner)
        except Exception as error:
            failure = f"{type(self.backup).__name__} stands in for {type(self.learner).__name__}: {reason(error)}"
            return OtherwiseModel((backup,), (failure, *reported(backup)))
        return OtherwiseModel((model, backup), (*reported(model), *reported(backup)))


@dataclass(frozen=True, eq=False)
class OtherwiseModel(Together):
    """The models in the order in which they are asked."""

    report: tuple[str, ...] = ()

    def predict(self, state: State, future: State) -> State:
        first, *rest = self.answers(state, future)
        for answer in rest:
            xp = namespace(first["forecast"], answer["forecast"])
            good = xp.isfinite(first["forecast"])
            first = {name: xp.where(good, values, answer.get(name, xp.nan)) for name, values in first.items()}
        return first

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """That of the model whose forecast it is; the weights are those of the first that has any forecast."""
        parts = self.attributions(state, future, typical)
        good = np.array([np.isfinite(part.forecast) for part in parts])
        first = good & (np.cumsum(good, axis=0) == 1)
        weights = next((part.weights for part, used in zip(parts, first, strict=True) if used.any()), ())
        return joined(parts, list(first.astype(np.float64)), weights)
