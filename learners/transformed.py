"""Transformed: a learner that works on another scale of the target."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.features import tagged, untagged
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from learners.around import Wrapping
from learners.attribution import Attribution
from learners.learner import Learner, Model
from learners.transforms.transform import Transform


@dataclass(frozen=True)
class Transformed(Wrapping):
    """`learner` trained on the transformed target; its forecasts and bands are transformed back.

    >>> from learners import Difference, Ets, Log1p
    >>> learner = Transformed(Transformed(Ets(), Difference()), Log1p())  # differences of logarithms
    """

    learner: Learner
    transform: Transform

    def retrain(self, panel: Panel, before: Model | None) -> TransformedModel:
        if not isinstance(self.transform, Transform) or not isinstance(self.learner, Learner):
            raise TypeError(f"Transformed(learner, transform) takes a recipe such as Ets(season=7), then a transform "
                            f"such as Log1p(), not {self.learner!r} and {self.transform!r}.")  # fmt: skip
        transform = self.transform.resolve(panel)
        changed = transform.panel(panel)
        inner = before.model if isinstance(before, TransformedModel) else None
        model = self.learner.retrain(changed, inner)
        if transform.floating and model.memory(changed):
            raise ValueError(f"Scale(over='window') can't hold {type(self.learner).__name__}, which keeps more of a "
                             f"series than a window: use Scale(over='series').")  # fmt: skip
        return TransformedModel(model, transform.inside(keeps(model, changed)))


@dataclass(frozen=True, eq=False)
class TransformedModel(Model):
    model: Model
    transform: Transform

    @property
    def needs(self) -> Needs:
        inner = self.model.needs
        return Needs(self.transform.reach(inner.lookback), inner.past, inner.ahead)

    @property
    def single(self) -> bool:
        return self.model.single

    def predict(self, state: State, future: State) -> State:
        past, mine = self._past(state), untagged("transform", state)
        inner = untagged("inner", state) | {"target": self.transform.forward(past, mine)}
        return self.transform.invert(self.model.predict(inner, future), past, mine)

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """That of the inner model, transformed back. Where the way back is a straight line (scales, differences, of
        which a contribution lasts) each contribution goes it alone; else base and forecast do, and the contributions
        share the difference in proportion."""
        past, mine = self._past(state), untagged("transform", state)
        inner = untagged("inner", state) | {"target": self.transform.forward(past, mine)}
        usual = np.broadcast_to(typical["target"][:, None], (len(past), max(self.transform.lost + 1, past.shape[1])))
        middle = self.transform.forward(usual, mine)[:, -1]
        made = self.model.attribute(inner, future, typical | {"target": middle})

        def back(values: np.ndarray) -> np.ndarray:
            return np.asarray(self.transform.inverse(values, past, mine))

        base = back(made.base)
        if not self.transform.straight:
            return made.onto(np.asarray(self.predict(state, future)["forecast"]), base)
        zero = back(np.zeros_like(made.base))
        values = [back(made.values[:, :, i]) - zero for i in range(len(made.features))]
        stacked = np.stack(values, axis=2) if values else made.values
        return replace(made, forecast=back(made.forecast), base=base, values=stacked)

    def memory(self, panel: Panel) -> State:
        inner = self.model.memory(self.transform.panel(panel))
        return tagged("transform", self.transform.memory(panel)) | tagged("inner", inner)

    def remember(self, state: State, now: State) -> State:
        past, mine = self._past(state), untagged("transform", state)
        y = now["target"][:, None]
        seen = namespace(past, y).concat([past, y], axis=1)
        values = self.transform.forward(seen, mine)
        inner = untagged("inner", state) | {"target": values[:, :-1]}
        kept = self.model.remember(inner, now | {"target": values[:, -1]})
        return tagged("transform", self.transform.remember(mine, now)) | tagged("inner", kept)

    def begun(self, state: State, target: Array) -> State:
        mine = untagged("transform", state)
        changed = self.transform.begun(mine, target)
        inner = {name: values for name, values in untagged("inner", state).items() if "." in name}
        if inner:
            inner = self.model.begun(inner, self.transform.forward(target, mine | changed))
        return tagged("transform", changed) | tagged("inner", inner)

    def _past(self, state: State) -> Array:
        size = self.needs.lookback
        return state["target"][:, -size:] if size else state["target"][:, :0]


def keeps(model: Model, panel: Panel) -> bool:
    """Whether what `model` keeps of a series, beyond windows, depends on its target."""
    one = panel.where(np.argsort(-panel.lengths, kind="stable")[:1])
    wave = 2.0 + np.sin(np.arange(len(one)))  # not its own values, which may all be missing
    first, second = (model.memory(one.with_columns(**{one.target: values})) for values in (wave, 2.0 * wave + 1.0))
    return any(not np.array_equal(first[name], second[name], equal_nan=True) for name in first)
