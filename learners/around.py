"""Around: a model around another, which does as that one does."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from featurizers.arrays import Array, State
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from learners.attribution import Attribution, Feature
from learners.learner import Learner, Model, Resuming


class Holding(Learner):
    """A recipe around `learner`, whose model holds that of `learner` as `inner` or `model`."""

    learner: Learner

    def decided(self, model: Model) -> Learner:
        """This recipe around what `learner` decided on."""
        inner = getattr(model, "inner", None) or getattr(model, "model", None)
        learner = self.learner.decided(inner) if isinstance(inner, Model) else self.learner
        return model.recipe or (self if learner is self.learner else replace(self, learner=learner))  # type: ignore[type-var]


class Wrapping(Holding, Resuming):
    """One whose fits begin at earlier ones where those of `learner` do."""

    @property
    def resumes(self) -> bool:
        return self.learner.resumes


def check_learners(taker: Learner, *learners: object) -> None:
    """TypeError unless all are recipes."""
    for learner in learners:
        if not isinstance(learner, Learner):
            raise TypeError(f"{type(taker).__name__} takes a recipe such as Ets(season=7), not {learner!r}.")


@dataclass(frozen=True, eq=False)
class Around(Model):
    """Asks `inner` whatever it is asked; subclasses say what differs."""

    inner: Model

    @property
    def needs(self) -> Needs:
        return self.inner.needs

    @property
    def single(self) -> bool:
        return self.inner.single

    def memory(self, panel: Panel) -> State:
        return self.inner.memory(panel)

    def trained(self, panel: Panel) -> State:
        return self.inner.trained(panel)

    def remember(self, state: State, now: State) -> State:
        return self.inner.remember(state, now)

    def begun(self, state: State, target: Array) -> State:
        return self.inner.begun(state, target)

    def predict(self, state: State, future: State) -> State:
        return self.inner.predict(state, future)

    def within(self, state: State) -> State:
        """The state of `inner`."""
        return state

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """That of `inner`, and what this model does to its forecasts, if anything, as one more component."""
        made = self.inner.attribute(self.within(state), future, typical)
        changed = np.asarray(self.predict(state, future)["forecast"]) - made.forecast
        name = type(self).__name__.removesuffix("Model")
        return made.with_part(Feature(name, name, "learner"), changed) if (np.abs(changed) > 0.0).any() else made


def inside(before: Model | None) -> Model | None:
    """The model that `before`, of an earlier fit of a recipe around another, is around."""
    return before.inner if isinstance(before, Around) else None


def reported(model: Model) -> tuple[str, ...]:
    """What a model says about its own training and that of its parts: sentences, each once, none if all went as asked.

    A model with a `report` has those of its parts in it.
    """
    if hasattr(model, "report"):
        return tuple(dict.fromkeys(model.report))
    held = [part for value in vars(model).values() for part in (value if isinstance(value, tuple) else (value,))]
    return tuple(dict.fromkeys(text for part in held if isinstance(part, Model) for text in reported(part)))
