"""Components: the parts that the forecasts of models with states add up from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from featurizers.arrays import State, window_of
from learners.attribution import HISTORY, Attribution, Feature
from learners.naive import repeated
from learners.regressors.sampled import shapley

if TYPE_CHECKING:
    from learners.arima import ArimaModel
    from learners.ces import CesModel
    from learners.learner import Model
    from learners.prophet import ProphetModel

NOTE = "Components of the model; the base is the mean of each series, and the level what it lies beside that."
OUTSIDE = ("Columns by their Shapley values against a typical value of the series, by asking the model again; the rest "
           "is the target's history, against the mean of each series.")  # fmt: skip


def own(name: str) -> Feature:
    """A component that comes from the target's own history."""
    return Feature(name, name, HISTORY)


def from_outside(model: Model, state: State, future: State, typical: State) -> Attribution:
    """Of any model: what its columns add, by trying typical values in their place, and its history."""
    forecast, mean = np.asarray(model.predict(state, future)["forecast"]), typical["target"][:, None]
    names = tuple(n for n in dict.fromkeys(model.needs.ahead + model.needs.past) if n in typical)

    def value(chosen: np.ndarray) -> np.ndarray:
        gone = [name for name, keep in zip(names, chosen, strict=True) if not keep]

        def usual(values: State, keys: list[str]) -> State:
            return values | {k: np.where(np.isfinite(values[k]), typical[n][:, None], values[k]).astype(values[k].dtype)
                             for n, k in zip(gone, keys, strict=True) if k in values}  # fmt: skip

        return np.asarray(model.predict(usual(state, [*map(window_of, gone)]), usual(future, gone))["forecast"])

    if not names:
        return Attribution.of(forecast, mean, {own(HISTORY): forecast - mean}, NOTE)
    base, found = shapley(value, len(names))
    ahead = model.needs.ahead
    parts = {Feature(n, n, "known" if n in ahead else "past"): found[:, :, i] for i, n in enumerate(names)}
    made = Attribution.of(forecast, mean, {own(HISTORY): base - mean} | parts, OUTSIDE)
    return Attribution(made.forecast, made.base, made.features, made.values, made.notes, (), False)


def of_ets(state: State, forecast: np.ndarray, typical: State) -> Attribution:
    """Level, trend and season; a season that multiplies is what it adds to the others. What the terms of one that adds
    have in common is level, as the filter does not tell them apart."""
    common = state["ets.season"].mean(axis=1, keepdims=True) * (state["ets.multiplies"] <= 0.5)
    level, phi, horizon = state["ets.level"], state["ets.phi"], forecast.shape[1]
    trend = np.cumsum(np.power(phi, np.arange(1.0, horizon + 1)[None, :]), axis=1) * state["ets.trend"]
    mean = typical["target"][:, None]
    parts = {own("level"): level + common - mean, own("trend"): trend}
    parts[own("season")] = forecast - (level + common + trend)
    return Attribution.of(forecast, mean, parts, NOTE)


def of_level(forecast: np.ndarray, typical: State, name: str = "level") -> Attribution:
    """One number of the target's history, of which `name` tells what it is."""
    usual = typical["target"][:, None]
    return Attribution.of(forecast, usual, {own(name): forecast - usual}, NOTE)


def of_mean(forecast: np.ndarray, mean: np.ndarray, seasons: int, typical: State) -> Attribution:
    """Of the mean of each place in the last `seasons`: `mean` (rows, 1), that of all of them, and the season."""
    usual, name = typical["target"][:, None], f"mean of the last {seasons} seasons"
    return Attribution.of(forecast, usual, {own(name): mean - usual, own("season"): forecast - mean}, NOTE)


def of_ces(model: CesModel, state: State, future: State, typical: State) -> Attribution:
    """Where the level stands, where it goes, and the season; what the terms of the season have in common is level."""
    forecast, usual = np.asarray(model.predict(state, future)["forecast"]), typical["target"][:, None]
    without = state | {"ces.season": np.zeros_like(state["ces.season"])}
    path = np.asarray(model.predict(without, future)["forecast"])  # each moves by itself, see `_moved`
    common = state["ces.season"][:, 0::2].mean(axis=1, keepdims=True)
    level = state["ces.level"][:, :1] + common
    parts = {own("level"): level - usual, own("trend"): path + common - level, own("season"): forecast - path - common}
    return Attribution.of(forecast, usual, parts, NOTE)


def of_theta(forecast: np.ndarray, mean: np.ndarray, level: np.ndarray, typical: State) -> Attribution:
    """Level, drift and season. `mean` (rows, horizon): the forecast without the season; `level` (rows, 1)."""
    usual = typical["target"][:, None]
    parts = {own("level"): level - usual, own("trend"): mean - level, own("season"): forecast - mean}
    return Attribution.of(forecast, usual, parts, NOTE)


def of_arima(model: ArimaModel, state: State, future: State, typical: State) -> Attribution:
    """The regression by its columns, the waves of a long season, and the rest, which is the series' own history."""
    forecast, usual = np.asarray(model.predict(state, future)["forecast"]), typical["target"][:, None]
    parts: dict[Feature, np.ndarray] = {}
    for i, name in enumerate(model.columns):
        slope = state["arima.slopes"][:, i : i + 1]
        away = future[name] - typical[name][:, None]
        parts[Feature(name, name, "known")] = np.where(slope == 0.0, 0.0, slope * away)
    if "arima.season" in state:
        parts[own("season")] = repeated(state["arima.season"], forecast.shape[1])
    rest = forecast - usual - sum(parts.values(), np.zeros(forecast.shape))
    return Attribution.of(forecast, usual, {own(HISTORY): rest} | parts, NOTE)


def of_prophet(model: ProphetModel, state: State, future: State, typical: State) -> Attribution:
    """Trend, each season, each holiday and each regressor; those that multiply are what they add to the trend."""
    forecast, usual = np.asarray(model.predict(state, future)["forecast"]), typical["target"][:, None]
    trend = model._trend(state, future, model._times(state, future))[0]
    parts: dict[Feature, Any] = {own("trend"): trend - usual}
    if model.terms.count:
        weights = state["prophet.weights"][:, None, :]
        effects = np.where(weights == 0.0, 0.0, weights * model.features(state, future))
        multiplies = model.terms.multiplies[None, None, :] > 0.5
        effects = effects * np.where(multiplies, trend[:, :, None], state["prophet.size"][:, :, None])
        for i, feature in enumerate(_of_terms(model)):
            parts[feature] = parts.get(feature, 0.0) + effects[:, :, i]
    return Attribution.of(forecast, usual, parts, NOTE)


def _of_terms(model: ProphetModel) -> list[Feature]:
    """The feature of each column of the regression."""
    terms = model.terms
    seasons = [f"season of {s.period:g} days" for s in terms.seasonalities for _ in range(2 * s.order)]
    found = [Feature(name, name, "calendar") for name in seasons]
    found += [Feature(f"holiday {name}", "holiday", "holiday") for name, _ in terms.holidays.columns]
    return found + [Feature(name, name, "known") for name in terms.regressors]
