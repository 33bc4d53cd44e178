"""Intermittent: series with many zeros are recognised, and forecast by what is made for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from featurizers.arrays import State, namespace
from featurizers.panel import Panel, positions
from forecast.backtest import RollingOrigin
from forecast.best import Best, BestModel
from forecast.metrics import Function
from learners.aggregated import Adida
from learners.around import reported
from learners.attribution import Attribution, joined
from learners.croston import Croston, Sba, Tsb
from learners.learner import Learner, Model
from learners.negative_binomial import NegativeBinomial
from learners.together import Together, shared

CLASSES = ("smooth", "erratic", "intermittent", "lumpy")
INTERVAL, VARIATION = 1.32, 0.49  # of Syntetos, Boylan & Croston
FEWEST = 2  # demands of which an interval can be told
MADE = (Sba(None), Tsb(None, None), Croston(None), Adida(), NegativeBinomial("median"))
ROUTE = "intermittent.route"


@dataclass(frozen=True)
class Intermittent(Learner):
    """`otherwise` for series with demand in most rows; for intermittent and for lumpy ones the best of `of` by `metric`
    on the folds of `on`, one for each of these two classes.

    A series belongs there if it is never negative and its mean interval between demands (values that are not 0) is at
    least 1.32 rows; it is lumpy if the squared coefficient of variation of its demands is 0.49 or more. `otherwise` is
    trained on the other series alone, on all where there are none, and has the series that were not in training. The
    model's `report` says who forecasts which class. Where learners have bands, they are those of `demand_bands`, whole
    numbers where all values are.
    Source: Syntetos, Boylan & Croston (2005), On the categorization of demand patterns, Journal of the Operational
    Research Society 56.

    >>> from forecast import AutoEts
    >>> learner = Intermittent(AutoEts(7), on=RollingOrigin(horizon=14))
    """

    otherwise: Learner
    on: RollingOrigin
    of: tuple[Learner, ...] | Mapping[str, Learner] = MADE  # a mapping gives each class the learner that it has
    metric: str | Function = "mase"

    def train(self, panel: Panel) -> IntermittentModel:
        number = classified(panel)
        others = np.flatnonzero(~sparse(number))
        models = [self.otherwise.train(panel.where(others) if len(others) else panel)]
        found: dict[str, Learner] = {}
        report, route = list(reported(models[0])), np.zeros(panel.count)
        for at in (2, 3):
            members = np.flatnonzero(number == at)
            if len(members):
                model, said = self._best(panel.where(members), len(members), CLASSES[at])
                found[CLASSES[at]] = model.recipe or self._of(CLASSES[at])
                route[members] = len(models)
                models.append(model)
                report += said
        every = {name: found.get(name, self._of(name)) for name in CLASSES[2:]}
        recipe = replace(self, otherwise=self.otherwise.decided(models[0]), of=every)
        return IntermittentModel(tuple(models), panel.keys, route, tuple(report), recipe=recipe)

    def _of(self, kind: str) -> Learner:
        """What series of a class are forecast by, or what finds that."""
        return self.of[kind] if isinstance(self.of, Mapping) else Best(self.of, self.on, self.metric)

    def _best(self, panel: Panel, count: int, kind: str) -> tuple[Model, list[str]]:
        """The best of `of` on `count` series, the first of them where they cannot be compared; and sentences."""
        what, learner = f"{count} {kind} series", self._of(kind)
        try:
            model = learner.train(panel)
        except ValueError as error:
            if isinstance(self.of, Mapping):
                raise
            model = replace(self.of[0].train(panel), recipe=self.of[0])
            return model, [f"{what} are forecast by {type(self.of[0]).__name__}: {error}", *reported(model)]
        if isinstance(model, BestModel):
            return replace(model.inner, recipe=model.recipe), [f"{what} are forecast by {model.winner}.", *model.report]
        return model, [f"{what} are forecast by {type(learner).__name__}.", *reported(model)]


@dataclass(frozen=True, eq=False)
class IntermittentModel(Together):
    """The model of all other series, then those of the classes. Memory: which of them forecasts a series."""

    keys: dict[str, tuple[Any, ...]] = field(repr=False)  # key column -> one value a series
    route: np.ndarray = field(repr=False)  # (series,)
    report: tuple[str, ...] = ()

    def memory(self, panel: Panel) -> State:
        return self._routes(panel) | super().memory(panel)

    def trained(self, panel: Panel) -> State:
        return self.memory(panel)  # no member has seen every series

    def remember(self, state: State, now: State) -> State:
        return {ROUTE: state[ROUTE]} | super().remember(state, now)

    def predict(self, state: State, future: State) -> State:
        answers = self.answers(state, future)
        result = {name: answers[0][name] for name in shared(answers)}
        xp = namespace(result["forecast"])
        for k, answer in enumerate(answers[1:], 1):
            mine = state[ROUTE] == float(k)
            result = {name: xp.where(mine, answer[name], values) for name, values in result.items()}
        return result

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """That of the model that forecasts the series."""
        parts = self.attributions(state, future, typical)
        return joined(parts, [(state[ROUTE] == float(k)).astype(np.float64) for k in range(len(parts))])

    def _routes(self, panel: Panel) -> State:
        at = positions(self.keys, panel.ids)
        route = self.route[np.maximum(at, 0)] if len(self.route) else np.zeros(len(at))
        return {ROUTE: np.where(at < 0, 0.0, route)[:, None]}


def classified(panel: Panel) -> np.ndarray:
    """The place in CLASSES of each series, (series,): by the mean interval between its demands, and how they vary.

    Negative values, or fewer than two demands, make a series smooth: nothing can be told of it.
    """
    y, owner = panel.y, panel.owner
    seen = np.isfinite(y)
    demand = seen & (y != 0)
    rows = np.bincount(owner[seen], minlength=panel.count)
    count = np.bincount(owner[demand], minlength=panel.count)
    some = np.maximum(count, 1)
    mean = np.bincount(owner[demand], y[demand], panel.count) / some
    variance = np.bincount(owner[demand], (y[demand] - mean[owner[demand]]) ** 2, panel.count) / some
    negative = np.bincount(owner[seen & (y < 0)], minlength=panel.count) > 0
    varied = variance / np.where(mean > 0, mean, 1.0) ** 2 >= VARIATION
    told = (count >= FEWEST) & ~negative
    number: np.ndarray = np.where(told, 2 * (rows / some >= INTERVAL) + varied, 0)
    return number


def sparse(number: np.ndarray) -> np.ndarray:
    """Whether places in CLASSES are those of intermittent demand."""
    return number >= CLASSES.index("intermittent")
