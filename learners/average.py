"""HistoricAverage, WindowAverage and SeasonalWindowAverage: the mean of all values, of the last ones, of the last ones
in the same season."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from featurizers.whole import whole
from learners.attribution import Attribution
from learners.bands import check_levels
from learners.components import of_level, of_mean
from learners.learner import Learner, Model
from learners.naive import repeated
from learners.spread import earlier, spread, spread_of_window, strayed, supposed
from learners.student import student_bands


@dataclass(frozen=True)
class HistoricAverage(Learner):
    """The mean of all values; missing ones do not count.

    `levels` asks for bands in percent. Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 5.2 and
    5.5.
    """

    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> AverageModel:
        check_levels(self.levels)
        return AverageModel(tuple(self.levels))


@dataclass(frozen=True)
class WindowAverage(Learner):
    """The mean of the last `window` values, of fewer where there are no more; missing ones do not count.

    `levels` asks for bands in percent: the spread of the errors of the next value.
    """

    window: int
    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> SeasonalAverageModel:
        whole(self.window, "The window of WindowAverage")
        check_levels(self.levels)
        return SeasonalAverageModel(1, self.window, tuple(self.levels))


@dataclass(frozen=True)
class SeasonalWindowAverage(Learner):
    """The mean of the values 1, 2 .. `window` seasons ago; where all are missing, of all that are in these seasons.

    `levels` asks for bands in percent: the spread of the errors of the next season.
    """

    season: int
    window: int = 3
    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> SeasonalAverageModel:
        whole(self.season, "The season of SeasonalWindowAverage")
        whole(self.window, "The window of SeasonalWindowAverage, in seasons,")
        check_levels(self.levels)
        return SeasonalAverageModel(self.season, self.window, tuple(self.levels))


def Average(window: int | None = None, levels: tuple[float, ...] = ()) -> HistoricAverage | WindowAverage:
    """The mean of the last `window` values, of all values if None."""
    return HistoricAverage(levels) if window is None else WindowAverage(window, levels)


def SeasonalAverage(season: int, seasons: int = 3, levels: tuple[float, ...] = ()) -> SeasonalWindowAverage:
    """The mean of the same season in the last `seasons`."""
    return SeasonalWindowAverage(season, seasons, levels)


@dataclass(frozen=True, eq=False)
class AverageModel(Model):
    """The mean of all history. Memory: its sum and its count; for bands the spread of each value around the mean of
    those before it, in units that make it the spread around their common mean."""

    levels: tuple[float, ...] = ()

    @property
    def needs(self) -> Needs:
        return Needs()

    def memory(self, panel: Panel) -> State:
        known = np.isfinite(panel.y)
        count = np.bincount(panel.owner[known], minlength=panel.count).astype(np.float64)[:, None]
        total = np.bincount(panel.owner[known], panel.y[known], minlength=panel.count)[:, None]
        kept = {"average.sum": total, "average.count": count}
        if not self.levels:
            return kept
        mean = quotient(total, count)[:, 0]
        deviation = spread(panel, panel.y - mean[panel.owner])[0]
        errors = np.maximum(count - 1.0, 0.0)
        return kept | {
            "average.deviation": deviation * np.sqrt(np.where(errors > 0.0, count / np.maximum(errors, 1.0), 0.0)),
            "average.errors": errors,
        }

    def remember(self, state: State, now: State) -> State:
        y, total, count = now["target"][:, None], state["average.sum"], state["average.count"]
        xp = namespace(y, total)
        seen = xp.isfinite(y)
        kept = {
            "average.sum": xp.where(seen, total + y, total),
            "average.count": xp.where(seen, count + 1.0, count),
        }
        if not self.levels:
            return kept
        error = (y - quotient(total, count)) * xp.sqrt(count / (count + 1.0))
        deviation, errors = strayed(state["average.deviation"], state["average.errors"], error)
        return kept | {"average.deviation": deviation, "average.errors": errors}

    def predict(self, state: State, future: State) -> State:
        horizon, count = future["time"].shape[1], state["average.count"]
        mean = quotient(state["average.sum"], count)
        forecast = repeated(mean, horizon)
        if not self.levels:
            return {"forecast": forecast}
        xp = namespace(mean)
        deviation, freedom = supposed(state["average.deviation"], state["average.errors"], mean)
        deviation = deviation * xp.sqrt(1.0 + 1.0 / xp.maximum(count, 1.0))
        return {"forecast": forecast} | student_bands(forecast, repeated(deviation, horizon), freedom, self.levels)

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        return of_level(self.predict(state, future)["forecast"], typical, "mean of all rows")


@dataclass(frozen=True, eq=False)
class SeasonalAverageModel(Model):
    """Memory, for bands only: the spread of a value around the mean of those before it in the same season, in units of
    one value."""

    season: int
    seasons: int
    levels: tuple[float, ...] = ()

    @property
    def needs(self) -> Needs:
        return Needs(lookback=self.season * self.seasons)

    def memory(self, panel: Panel) -> State:
        if not self.levels:
            return {}
        total, count = np.zeros(len(panel)), np.zeros(len(panel))
        for i in range(self.seasons):
            value = earlier(panel, self.season * (i + 1))
            known = np.isfinite(value)
            total, count = total + np.where(known, value, 0.0), count + known
        deviation, errors = spread(panel, _error(panel.y, total, count))
        return {"average.deviation": deviation, "average.errors": errors}

    def remember(self, state: State, now: State) -> State:
        if not self.levels:
            return {}
        total, count = self._cycle(state["target"])
        error = _error(now["target"], total[:, 0], count[:, 0])[:, None]
        deviation, errors = strayed(state["average.deviation"], state["average.errors"], error)
        return {"average.deviation": deviation, "average.errors": errors}

    def predict(self, state: State, future: State) -> State:
        horizon = future["time"].shape[1]
        total, count = self._cycle(state["target"])
        xp, overall = namespace(total), _overall(total, count)
        forecast = repeated(xp.where(count > 0.0, quotient(total, count), overall), horizon)
        if not self.levels:
            return {"forecast": forecast}
        deviation, errors = state["average.deviation"], state["average.errors"]
        within, pairs = spread_of_window(state["target"][:, -self.season * self.seasons :], overall)
        erred = errors > 0.0  # else no value has another before it in its season
        deviation, errors = xp.where(erred, deviation, within), xp.where(erred, errors, pairs)
        deviation, freedom = supposed(deviation, errors, overall)
        deviation = deviation * repeated(xp.sqrt(1.0 + 1.0 / xp.maximum(count, 1.0)), horizon)
        return {"forecast": forecast} | student_bands(forecast, deviation, freedom, self.levels)

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        forecast = self.predict(state, future)["forecast"]
        if self.season == 1:
            return of_level(forecast, typical, f"mean of the last {self.seasons} rows")
        return of_mean(forecast, _overall(*self._cycle(state["target"])), self.seasons, typical)

    def _cycle(self, past: Array) -> tuple[Array, Array]:
        """The sum of the known values of each place in the season, and their count, (series, season)."""
        past = past[:, -self.season * self.seasons :]
        xp = namespace(past)
        cycles = xp.reshape(past, (-1, self.seasons, self.season))
        known = xp.isfinite(cycles)
        return xp.sum(xp.where(known, cycles, 0.0), axis=1), xp.sum(xp.where(known, 1.0, 0.0), axis=1)


def _overall(total: Array, count: Array) -> Array:
    """The mean of all known values of the cycles, (series, 1)."""
    xp = namespace(total, count)
    return quotient(xp.sum(total, axis=1, keepdims=True), xp.sum(count, axis=1, keepdims=True))


def _error(y: Array, total: Array, count: Array) -> Array:
    """How far `y` is from the mean of the `count` values before it, which strays itself; NaN where there is none."""
    xp = namespace(y, total)
    return (y - quotient(total, count)) / xp.sqrt(1.0 + 1.0 / xp.maximum(count, 1.0))


def quotient(total: Array, count: Array) -> Array:
    """`total / count`, NaN where nothing was counted."""
    xp = namespace(total, count)
    return xp.where(count > 0.0, total / xp.maximum(count, 1.0), xp.nan)
