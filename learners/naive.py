"""Naive and SeasonalNaive: the last value, the same season last time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from featurizers.whole import whole
from learners.attribution import HISTORY, Attribution, Feature
from learners.bands import check_levels
from learners.learner import Learner, Model
from learners.spread import earlier, spread, spread_of_window, strayed, supposed
from learners.student import student_bands


@dataclass(frozen=True)
class SeasonalNaive(Learner):
    """The value one season ago; where that is missing, the latest value that is not.

    `levels` asks for bands in percent: the spread of the changes from season to season (where a value is missing, over
    two of them by the root of two), times the root of the seasons ahead. Source: Hyndman & Athanasopoulos, Forecasting:
    Principles and Practice, 5.2 and 5.5.
    """

    season: int
    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> SeasonalNaiveModel:
        whole(self.season, "The season of SeasonalNaive")
        check_levels(self.levels)
        return SeasonalNaiveModel(self.season, tuple(self.levels))


@dataclass(frozen=True, eq=False)
class SeasonalNaiveModel(Model):
    """Memory, for bands only: the spread of the changes from one season to the next."""

    season: int
    levels: tuple[float, ...] = ()

    @property
    def needs(self) -> Needs:
        return Needs(lookback=2 * self.season)

    def memory(self, panel: Panel) -> State:
        if not self.levels:
            return {}
        last, older = (earlier(panel, k * self.season) for k in (1, 2))
        deviation, errors = spread(panel, _change(panel.y, last, older))
        return {"naive.deviation": deviation, "naive.errors": errors}

    def remember(self, state: State, now: State) -> State:
        if not self.levels:
            return {}
        last, older = (state["target"][:, -k][:, None] for k in (self.season, 2 * self.season))
        change = _change(now["target"][:, None], last, older)
        deviation, errors = strayed(state["naive.deviation"], state["naive.errors"], change)
        return {"naive.deviation": deviation, "naive.errors": errors}

    def predict(self, state: State, future: State) -> State:
        past, horizon = state["target"][:, -2 * self.season :], future["time"].shape[1]
        forecast = repeated(last_cycle(past, self.season), horizon)
        return {"forecast": forecast} | (self._bands(state, forecast, past) if self.levels else {})

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """One lag, against the mean of the series."""
        forecast, usual = self.predict(state, future)["forecast"], typical["target"][:, None]
        lag, note = Feature(f"lag{self.season}", f"lag{self.season}", HISTORY), "The value of the last season."
        return Attribution.of(forecast, usual, {lag: forecast - usual}, f"{note} The base is the mean of each series.")

    def _bands(self, state: State, forecast: Array, past: Array) -> State:
        xp, horizon = namespace(past), forecast.shape[1]
        last, deviation, errors = last_value(past)[:, None], state["naive.deviation"], state["naive.errors"]
        within, pairs = spread_of_window(past, last)
        changed = errors > 0.0  # else less than two seasons are there
        deviation, errors = xp.where(changed, deviation, within), xp.where(changed, errors, pairs)
        deviation, freedom = supposed(deviation, errors, last)
        older = xp.where(xp.isnan(past[:, -self.season :]), 1.0, 0.0)  # a value is from the season before
        seasons = np.floor(np.arange(horizon) / self.season)[None, :] + 1.0 + repeated(older, horizon)
        return student_bands(forecast, deviation * xp.sqrt(seasons), freedom, self.levels)


def _change(y: Array, last: Array, older: Array) -> Array:
    """From one season to the next; where the `last` one is missing, that over two of them, as far as one goes."""
    xp = namespace(y, last)
    return xp.where(xp.isnan(last), (y - older) / 2.0**0.5, y - last)


def Naive(levels: tuple[float, ...] = ()) -> SeasonalNaive:
    """The last value, for ever: a season of one."""
    return SeasonalNaive(1, levels)


def last_value(past: Array) -> Array:
    """The newest value of each row of `past` (series, k) that is not NaN, (series,)."""
    xp = namespace(past)
    place = xp.where(xp.isnan(past), 0, np.arange(past.shape[1])[None, :])
    newest = xp.max(place, axis=1, keepdims=True)  # 0 where all are NaN: that one is NaN as well
    return xp.take_along_axis(past, newest, axis=1)[:, 0]


def last_cycle(past: Array, season: int) -> Array:
    """The last season of `past` (series, two seasons or more), (series, season); a value that is missing is taken
    from the season before, or else is the newest one that is there."""
    xp = namespace(past)
    cycle, before = past[:, -season:], past[:, -2 * season : -season]
    cycle = xp.where(xp.isnan(cycle), before, cycle)
    return xp.where(xp.isnan(cycle), last_value(past)[:, None], cycle)


def repeated(cycle: Array, horizon: int) -> Array:
    """`cycle` (series, season), over and over: (series, horizon)."""
    return namespace(cycle).take(cycle, np.arange(horizon) % cycle.shape[1], axis=1)
