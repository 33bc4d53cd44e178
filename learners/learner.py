"""The contracts: a Learner is a recipe, a Model is what fitting it gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from featurizers.arrays import Array, State, column_of, namespace, shifted, window_of
from featurizers.featurizer import Needs
from featurizers.findings import Finding
from featurizers.panel import Panel, expected
from featurizers.whole import whole
from featurizers.zone import on_clock_of
from learners.alerts import lost, strange
from learners.brief import Brief
from learners.slips import ModelSlips, RecipeSlips
from learners.space import check_closed
from learners.steps import next_row, reading

if TYPE_CHECKING:
    from learners.attribution import Attribution
    from learners.explanation import Explanation


@dataclass(frozen=True, eq=False)
class Origin:
    """Where training ended: enough of the panel to forecast from there, to check an export and to name things."""

    tail: Panel  # the last rows of every series, as many as the model looks back (at least one)
    memory: State = field(repr=False)  # what the model kept of each series, (series, k) each
    season: int
    recipe: Learner | None = field(default=None, repr=False)  # which `refit` trains again

    def __str__(self) -> str:
        return f"fitted on {self.tail.count} series up to {np.datetime_as_string(self.tail.last.max(), 'auto')}"


class Learner(RecipeSlips, ABC):
    """A frozen recipe. `fit` gives a Model and leaves the recipe as it was.

    Implementers write `train`; what takes a learner calls the `train` of its parts.
    """

    @abstractmethod
    def train(self, panel: Panel) -> Model: ...

    @property
    def resumes(self) -> bool:
        """Whether `retrain` is quicker than `train`."""
        return False

    def retrain(self, panel: Panel, before: Model | None) -> Model:
        """`train`, which may begin at `before`: the model of this recipe when the same series were shorter, if any."""
        return self.train(panel)

    def fit(self, panel: Panel, before: Model | None = None) -> Model:
        """Learn from every series of `panel`; nothing of the recipe or of the panel is changed.

        `before` is a model of this recipe from when the series were shorter, at which some recipes begin.
        """
        check_closed(self)
        panel = _without_infinity(expected(panel, "fit"))
        if panel.count == 0:
            raise ValueError("The panel has no series to learn from: every one was left out, see its findings.")
        model = self.retrain(panel, before)
        tail = panel.tail(max(model.needs.lookback, 1))
        return replace(model, origin=Origin(tail, model.trained(panel), panel.freq.season,
                                            self.decided(model)))  # fmt: skip

    def decided(self, model: Model) -> Learner:
        """This recipe with what training `model` compared or searched written into it."""
        return model.recipe or self


class Resuming(Learner):
    """A recipe whose fits may begin at earlier ones: subclasses write `retrain`."""

    @property
    def resumes(self) -> bool:
        return True

    def train(self, panel: Panel) -> Model:
        return self.retrain(panel, None)

    @abstractmethod
    def retrain(self, panel: Panel, before: Model | None) -> Model: ...


@dataclass(frozen=True, eq=False, kw_only=True)
class Model(ModelSlips, Brief, ABC):
    """A fitted learner: numbers only, nothing left to learn.

    The state of a model is a dict of arrays with one row a series: windows of the last values (`target` and the
    columns that it looks back on, newest last) and memory (whatever else is kept of a series; keys with a dot).
    `predict` and `remember` are written in the namespace of their arrays, so that they become the ONNX graph.
    """

    origin: Origin | None = field(default=None, repr=False)
    recipe: Learner | None = field(default=None, repr=False)  # that `refit` trains, where training decided on one

    @property
    @abstractmethod
    def needs(self) -> Needs: ...

    @abstractmethod
    def predict(self, state: State, future: State) -> State:
        """{"forecast": (series, horizon), and perhaps "lo80", "hi80" ...}, in units of the target, for the rows after
        that of `state`. `future` holds their "time" (seconds of the wall clock since 1970) and the columns in
        `needs.ahead` (categories as codes), (series, horizon) each: `panel.future(horizon).matrix(model.needs.ahead)`.

        `forecast` does this for a panel; `advance` shows it step by step.
        """

    def memory(self, panel: Panel) -> State:
        """What is kept of each series after the last row of `panel`, beyond the windows: (series, k) each."""
        return {}

    def trained(self, panel: Panel) -> State:
        """The memory after the last row of `panel`, which the model was just trained on."""
        return self.memory(panel)

    def remember(self, state: State, now: State) -> State:
        """The memory after one more row; `now` holds its target, time and columns, (series,) each."""
        return {}

    def begun(self, state: State, target: Array) -> State:
        """What of the memory of series that are not known yet depends on all of their rows, of which `target`
        (series, n) are about to be remembered one by one: a graph has no other way to see a series as a whole."""
        return {}

    @property
    def follows(self) -> bool:
        """Whether a panel that begins after the end of training goes on from there, the rows between missing."""
        return any(part.follows for part in self.parts)

    @property
    def single(self) -> bool:
        """Whether a part computes in float32 (networks), so that a graph can agree to 1e-4 only."""
        return False

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """What the forecasts of `predict` are made of; numpy only. `typical` holds, for each row of the state, the mean
        of the target and the mean, or the commonest category, of each column: (rows,) each."""
        from learners.components import from_outside

        return from_outside(self, state, future, typical)

    # ---- the same for every model -------------------------------------------------------------

    def state(self, panel: Panel) -> State:
        """What the model remembers of each series of `panel` after its last row, in the order of its series: the last
        `needs.lookback` values of "target" and of the columns in `needs.past`, and its memory, (series, k) each."""
        panel = prepared(self, expected(panel, "state"))
        windows = {"target": panel.window(panel.target, self.needs.lookback)}
        windows |= {window_of(name): panel.window(name, self.needs.lookback) for name in self.needs.past}
        return windows | self.memory(panel)

    def advance(self, state: State, now: State) -> State:
        """The state after one more row of every series, without fitting again.

        `now` holds that row, in the order of the state's series: "target" (in its own units, NaN where missing) and
        the columns in `needs.past` ("time" in seconds of the wall clock since 1970, categories as codes), arrays or
        lists, (series,) each. `state` of a panel that holds the row too gives the same.

        >>> from learners.naive import SeasonalNaive
        >>> table = pd.DataFrame({"month": pd.date_range("2024-01-01", periods=24, freq="MS"), "sales": range(24)})
        >>> panel = Panel.read(table, time="month", target="sales")
        >>> model = SeasonalNaive(12).fit(panel)
        >>> state = model.advance(model.state(panel), {"target": [50.0]})  # of January 2026
        >>> ahead = panel.future(13).matrix(model.needs.ahead)  # all of 2026, and January 2027
        >>> model.predict(state, {name: values[:, 1:] for name, values in ahead.items()})["forecast"]
        array([[13., 14., 15., 16., 17., 18., 19., 20., 21., 22., 23., 50.]])
        """
        now = next_row(self, state, now)
        windows = {name: shifted(values, now[column_of(name)]) for name, values in state.items() if "." not in name}
        with reading(self, state):
            return windows | self.remember(state, now)

    def forecast(
        self, panel: Panel, horizon: int, known: Panel | pd.DataFrame | None = None, *, gap: int = 0,
        unknown: str = "refuse",
    ) -> Panel:  # fmt: skip
        """The next `horizon` rows of each series, with a column for each output of `predict`; its findings name the
        series that have no forecast.

        `known` gives the known columns of these rows, where the model uses any and the panel does not hold them; with
        `unknown` "last" those that are not given go on as they were last seen, and a finding says so. `gap` rows after
        the end of the panel are passed over first; their known columns are needed too. The wall clock is that of the
        panel of training, whatever the time zone of this one.
        """
        from learners.unknown import future_of

        _check_history(panel, "forecast")
        horizon, gap = whole(horizon, "The horizon"), whole(gap, "The gap", 0)
        state = self.state(panel)
        future = future_of(panel, gap + horizon, known, self.needs.ahead, unknown)
        if self.origin is not None:
            future = future.encoded(self.origin.tail.levels)
        ahead = clocked(self, future).matrix(self.needs.ahead)
        outputs = {name: np.asarray(values, np.float64) for name, values in self.predict(state, ahead).items()}
        told = outputs
        if gap:
            told = {name: np.where(np.arange(gap + horizon) < gap, np.nan, v) for name, v in outputs.items()}
            outputs = {name: values[:, gap:] for name, values in outputs.items()}
            future = future.rows(future.position >= gap)
        found = lost(panel, outputs) + strange(self, panel) + self.remarks(panel, told)
        columns: Mapping[str, np.ndarray] = {name: values.ravel() for name, values in outputs.items()}
        return replace(future, columns=columns, roles={}, levels={}, findings=future.findings + found)

    def explain(
        self, panel: Panel, horizon: int, known: Panel | pd.DataFrame | None = None, *, by: str = "column",
        origins: int = 24, most: int = 10_000, seed: int = 0, unknown: str = "refuse",
    ) -> Explanation:  # fmt: skip
        """What the forecasts of `forecast(panel, horizon, known, unknown=unknown)` are made of, in units of the target,
        and what matters overall: in these and in those from up to `origins` earlier places in the second half of
        the panel, at most `most` rows of them.

        `by` is the level of detail that is shown first: "feature" (as engineered), "column" (raw columns, the target's
        own history by lag; a lag that is an earlier forecast is told by what made that one, but stays a lag in `Direct`
        past its horizon) or "kind" (history, known columns, holidays, calendar ...). `seed` is that of the shuffles by
        which models without a formula are explained.
        """
        from learners.explanation import explained

        _check_history(panel, "explain")
        return explained(self, panel, whole(horizon, "The horizon"), known, by=by, origins=origins, most=most,
                         seed=seed, unknown=unknown)  # fmt: skip

    def fitted(self, panel: Panel) -> Panel:
        """`panel` with a column for each output of `predict` beside its target: what was forecast for each row from
        all rows before it, as advancing gives it; NaN in the first row of a series."""
        from learners.rolling import fitted

        return fitted(self, panel)

    def remarks(self, panel: Panel, outputs: Mapping[str, np.ndarray]) -> list[Finding]:
        """What is to be said of a forecast, (series, horizon) each, that followed on `panel`, each once."""
        return list(dict.fromkeys(remark for part in self.parts for remark in part.remarks(panel, outputs)))

    @property
    def parts(self) -> tuple[Model, ...]:
        """The models that this one is made of."""
        held = [part for value in vars(self).values() for part in (value if isinstance(value, tuple) else (value,))]
        return tuple(part for part in held if isinstance(part, Model))


def _check_history(panel: Panel, what: str) -> None:
    """ValueError for a panel that nothing can be forecast from."""
    if expected(panel, what).target not in panel.columns:
        raise ValueError(f"A panel without its target {panel.target!r}, such as a forecast, cannot be forecast: "
                         "give the history, and a longer horizon.")  # fmt: skip
    if panel.count == 0:
        raise ValueError("The panel has no series to forecast: every one was left out, see its findings.")


def prepared(model: Model, panel: Panel) -> Panel:
    """`panel` without infinite targets, its clock and the codes of its categories as in the training of `model`."""
    panel = clocked(model, _without_infinity(panel))
    if model.origin is None:
        return panel
    trained = model.origin.tail
    for name in (*model.needs.past, *model.needs.ahead):
        if name not in (*panel.columns, "time"):
            use = "the model looks back on" if name in model.needs.past else "the forecast is made with"
            raise ValueError(f"The panel has no column {name!r}, which {use}: name it as "
                             f"{trained.roles.get(name, 'known')} when the table is read.")  # fmt: skip
        if name in model.needs.ahead and panel.roles.get(name) == "past":
            raise ValueError(f"The column {name!r} is past here, but the forecast is made with its next values: name "
                             f"it as {trained.roles.get(name, 'known')} when the table is read.")  # fmt: skip
        if name in panel.levels and name in trained.columns and name not in trained.levels:
            raise ValueError(f"The column {name!r} holds text, such as {', '.join(panel.levels[name][:1])!r}, but the "
                             "model learned from numbers there.")  # fmt: skip
    return panel.encoded(trained.levels)


def clocked(model: Model, panel: Panel) -> Panel:
    """`panel` on the wall clock that `model` learned by."""
    return panel if model.origin is None else on_clock_of(model.origin.tail, panel)


def _without_infinity(panel: Panel) -> Panel:
    """`panel` with infinite targets as missing ones; those that were read have none, others may."""
    infinite = np.isinf(panel.y)
    return panel.with_columns(**{panel.target: np.where(infinite, np.nan, panel.y)}) if infinite.any() else panel


def where_state(condition: Array, chosen: State, other: State) -> State:
    """For each series, `chosen` where `condition` (series,) holds, else `other`."""
    xp = namespace(condition, *chosen.values())
    return {name: xp.where(condition[:, None], chosen[name], other[name]) for name in chosen}
