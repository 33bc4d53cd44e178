"""Together: several models side by side, each with its own part of the memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from featurizers.arrays import Array, State
from featurizers.features import memories, remembered, tagged, untagged
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from learners.attribution import Attribution
from learners.learner import Model

WITHIN = ("Bounded", "Clipped", "Conformal", "Rounded", "Transformed")  # models that are called what is in them


@dataclass(frozen=True, eq=False)
class Together(Model):
    """What is the same for every model that asks all of `models` about every series."""

    models: tuple[Model, ...]

    @property
    def needs(self) -> Needs:
        return Needs.of(self.models)

    @property
    def single(self) -> bool:
        return any(m.single for m in self.models)

    def memory(self, panel: Panel) -> State:
        return memories("m", self.models, panel)

    def trained(self, panel: Panel) -> State:
        return {n: v for i, m in enumerate(self.models) for n, v in tagged(f"m{i}", m.trained(panel)).items()}

    def remember(self, state: State, now: State) -> State:
        return remembered("m", self.models, state, now)

    def begun(self, state: State, target: Array) -> State:
        each = [tagged(f"m{i}", m.begun(untagged(f"m{i}", state), target)) for i, m in enumerate(self.models)]
        return {name: values for part in each for name, values in part.items()}

    def answers(self, state: State, future: State) -> list[State]:
        """What each model predicts."""
        return [m.predict(untagged(f"m{i}", state), future) for i, m in enumerate(self.models)]

    def attributions(self, state: State, future: State, typical: State) -> list[Attribution]:
        """What the forecasts of each model are made of."""
        return [m.attribute(untagged(f"m{i}", state), future, typical) for i, m in enumerate(self.models)]


def called(model: Model) -> str:
    """What a member is called: its kind, and that of its regressor."""
    name = type(model).__name__.removesuffix("Model")
    regressor: Any = getattr(model, "regressor", None)
    if name in WITHIN and len(model.parts) == 1:
        return called(model.parts[0])
    while hasattr(regressor, "inner"):
        regressor = regressor.inner
    return name if regressor is None else f"{name} {type(regressor).__name__}"


def shared(answers: list[State]) -> list[str]:
    """The outputs that all have, in the order of the first."""
    return [name for name in answers[0] if all(name in a for a in answers)]
