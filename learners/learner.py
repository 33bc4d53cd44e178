"""The contracts: a Learner is a recipe, a Model is what fitting it gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from featurizers.arrays import Array, State, namespace, shifted
from featurizers.featurizer import Needs
from featurizers.findings import Finding
from featurizers.panel import Panel, expected
from featurizers.whole import whole
from learners.brief import Brief
from learners.space import check_closed

_LOST = (
    "{} has no forecast at some steps (NaN): either the model does not know this series and learns each one by itself, "
    "or too little of what it looks at is known. Otherwise(learner, SeasonalNaive(...)) falls back to another."
)


@dataclass(frozen=True, eq=False)
class Origin:
    """Where training ended: enough of the panel to forecast from there, to check an export and to name things."""

    tail: Panel  # the last rows of every series, as many as the model looks back (at least one)
    memory: State = field(repr=False)  # what the model kept of each series, (series, k) each
    season: int

    def __str__(self) -> str:
        return f"fitted on {self.tail.count} series up to {np.datetime_as_string(self.tail.last.max(), 'auto')}"


class Learner(ABC):
    """A frozen recipe. `fit` gives a Model and leaves the recipe as it was.

    Implementers write `train`; what takes a learner calls the `train` of its parts.
    """

    @abstractmethod
    def train(self, panel: Panel) -> Model: ...

    @property
    def resumes(self) -> bool:
        """Whether `retrain` is quicker than `train`."""
        return False

    def retrain(self, panel: Panel, before: Model) -> Model:
        """`train`, which may begin at `before`: the model of this recipe when the same series were shorter."""
        return self.train(panel)

    def fit(self, panel: Panel, before: Model | None = None) -> Model:
        """Learn from every series of `panel`; nothing of the recipe or of the panel is changed.

        `before` is a model of this recipe from when the series were shorter, at which some recipes begin.
        """
        check_closed(self)
        panel = _without_infinity(expected(panel, "fit"))
        model = self.train(panel) if before is None else self.retrain(panel, before)
        tail = panel.tail(max(model.needs.lookback, 1))
        return replace(model, origin=Origin(tail, model.trained(panel), panel.freq.season))


@dataclass(frozen=True, eq=False, kw_only=True)
class Model(Brief, ABC):
    """A fitted learner: numbers only, nothing left to learn.

    The state of a model is a dict of arrays with one row a series: windows of the last values (`target` and the
    columns that it looks back on, newest last) and memory (whatever else is kept of a series; keys with a dot).
    `predict` and `remember` are written in the namespace of their arrays, so that they become the ONNX graph.
    """

    origin: Origin | None = field(default=None, repr=False)

    @property
    @abstractmethod
    def needs(self) -> Needs: ...

    @abstractmethod
    def predict(self, state: State, future: State) -> State:
        """{"forecast": (series, horizon), and perhaps "lo80", "hi80" ...} for the rows whose `time` (wall-clock
        seconds) and columns are in `future`, each (series, horizon)."""

    def memory(self, panel: Panel) -> State:
        """What is kept of each series after the last row of `panel`, beyond the windows: (series, k) each."""
        return {}

    def trained(self, panel: Panel) -> State:
        """The memory after the last row of `panel`, which the model was just trained on."""
        return self.memory(panel)

    def remember(self, state: State, now: State) -> State:
        """The memory after one more row; `now` holds its target, time and columns, (series,) each."""
        return {}

    @property
    def single(self) -> bool:
        """Whether a part computes in float32 (networks), so that a graph can agree to 1e-4 only."""
        return False

    # ---- the same for every model -------------------------------------------------------------

    def state(self, panel: Panel) -> State:
        """What the model remembers of each series of `panel` after its last row."""
        panel = _without_infinity(panel)
        if self.origin is not None:
            panel = panel.encoded(self.origin.tail.levels)
        windows = {"target": panel.window(panel.target, self.needs.lookback)}
        windows |= {name: panel.window(name, self.needs.lookback) for name in self.needs.past}
        return windows | self.memory(panel)

    def advance(self, state: State, now: State) -> State:
        """The state after one new observation, without refitting."""
        windows = {name: shifted(values, now[name]) for name, values in state.items() if "." not in name}
        return windows | self.remember(state, now)

    def forecast(self, panel: Panel, horizon: int, known: Panel | pd.DataFrame | None = None) -> Panel:
        """The next `horizon` rows of each series, with a column for each output of `predict`; its findings name the
        series that have no forecast.

        `known` gives the known columns of these rows, where the model uses any and the panel does not hold them.
        """
        if expected(panel, "forecast").target not in panel.columns:
            raise ValueError(f"A panel without its target {panel.target!r}, such as a forecast, cannot be forecast: "
                             "give the history, and a longer horizon.")  # fmt: skip
        horizon = whole(horizon, "The horizon")
        state = self.state(panel)
        future = panel.future(horizon, known, self.needs.ahead)
        if self.origin is not None:
            future = future.encoded(self.origin.tail.levels)
        outputs = self.predict(state, future.matrix(self.needs.ahead))
        columns: Mapping[str, np.ndarray] = {n: np.asarray(v, np.float64).ravel() for n, v in outputs.items()}
        empty = np.flatnonzero(np.isnan(columns["forecast"]).reshape(panel.count, -1).any(axis=1)).tolist()
        lost = [Finding("no_forecast", "alerted", _LOST.format(panel.name(i) or "The series"), panel.name(i))
                for i in empty]  # fmt: skip
        return replace(future, columns=columns, roles={}, levels={}, findings=future.findings + lost)


def _without_infinity(panel: Panel) -> Panel:
    """`panel` with infinite targets as missing ones; those that were read have none, others may."""
    infinite = np.isinf(panel.y)
    return panel.with_columns(**{panel.target: np.where(infinite, np.nan, panel.y)}) if infinite.any() else panel


def where_state(condition: Array, chosen: State, other: State) -> State:
    """For each series, `chosen` where `condition` (series,) holds, else `other`."""
    xp = namespace(condition, *chosen.values())
    return {name: xp.where(condition[:, None], chosen[name], other[name]) for name in chosen}
