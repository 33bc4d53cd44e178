"""Ets: exponential smoothing, level, trend and season as states."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from learners.each import reason
from learners.learner import Learner
from learners.local import Fit, LocalModel, Series, fit_local, quiet, repeating, state_without_windows
from learners.naive import repeated

SHORTEST = 4  # values that a smoothing weight and a level need
LONG = 24  # a longer season starts from a decomposition: too many numbers to estimate


@dataclass(frozen=True)
class Ets(Learner):
    """Exponential smoothing: additive or multiplicative errors and season, additive trend, perhaps damped.

    A multiplicative part needs positive values (else it is additive), a season two of them (else there is none), a
    trend ten values; under four values or constant: the last value. Source: Hyndman, Koehler, Ord & Snyder (2008),
    Forecasting with Exponential Smoothing, tables 2.2 and 2.3.
    """

    error: Literal["add", "mul"] = "add"
    trend: Literal["add"] | None = "add"
    seasonal: Literal["add", "mul"] | None = "add"
    damped: bool = False
    season: int = 1

    def train(self, panel: Panel) -> EtsModel:
        for name, value in (("error", self.error), ("trend", self.trend), ("seasonal", self.seasonal)):
            if value not in ("add", "mul", None) or (name, value) in (("error", None), ("trend", "mul")):
                raise ValueError(f"Ets cannot have {name}={value!r}: error is 'add' or 'mul', trend 'add' or None, "
                                 "seasonal 'add', 'mul' or None.")  # fmt: skip
        if self.damped and self.trend is None:
            raise ValueError("Ets without a trend cannot be damped: set trend='add' or damped=False.")
        return fit_local(EtsModel, partial(_fit, self), panel)


@dataclass(frozen=True, eq=False)
class EtsModel(LocalModel):
    """Memory: weights of level, trend and season (alpha, beta, gamma), damping (phi), whether the season multiplies;
    level, trend and the season's next terms.

    Additive and multiplicative errors move the states alike, given the weights: they differ in the likelihood only.
    The weight of the season is that of the component form, gamma / (1 - alpha), on the series without its new level.
    """

    @property
    def needs(self) -> Needs:
        return Needs()

    def remember(self, state: State, now: State) -> State:
        y, level, season = now["target"][:, None], state["ets.level"], state["ets.season"]
        xp = namespace(y, level)
        multiplies, term = state["ets.multiplies"] > 0.5, season[:, :1]
        trend = state["ets.phi"] * state["ets.trend"]
        base = level + trend
        seen = ~xp.isnan(y)
        error = xp.where(seen, xp.where(multiplies, _over(y, term, base), y - term) - base, 0.0)
        newer = base + state["ets.alpha"] * error
        fresh = xp.where(multiplies, _over(y, newer, term), y - newer)
        moved = xp.where(seen, term + state["ets.gamma"] * (fresh - term), term)
        return state_without_windows(state) | {
            "ets.level": newer,
            "ets.trend": trend + state["ets.beta"] * error,
            "ets.season": xp.concat([season[:, 1:], moved], axis=1),
        }

    def predict(self, state: State, future: State) -> State:
        level, phi = state["ets.level"], state["ets.phi"]
        xp, horizon = namespace(level), future["time"].shape[1]
        damping = xp.cumulative_sum(xp.pow(phi, np.arange(1.0, horizon + 1)[None, :]), axis=1)
        base, term = level + damping * state["ets.trend"], repeated(state["ets.season"], horizon)
        return {"forecast": xp.where(state["ets.multiplies"] > 0.5, base * term, base + term)}


def _over(y: Array, by: Array, otherwise: Array) -> Array:
    """`y / by`, and `otherwise` where that cannot be."""
    xp = namespace(y, by)
    return xp.where(by == 0.0, otherwise, y / xp.where(by == 0.0, 1.0, by))


def _fit(recipe: Ets, series: Series) -> Fit:
    known, name = series.known, series.name
    fallback = repeating(series, SHORTEST, "Ets")
    if fallback is not None:
        return Fit(_numbers(recipe.season, fallback.level), fallback.note)
    form, notes = _possible(recipe, series)
    simple = Ets(error="add", trend=None, seasonal=None, season=recipe.season)
    for attempt in dict.fromkeys((form, simple)):
        try:
            return Fit(_estimated(attempt, recipe.season, series.filled), " ".join(notes))
        except Exception as error:  # whatever a foreign fit raises must not end the job
            then = "its last value is repeated" if attempt == simple else "simple exponential smoothing is tried"
            notes.append(f"{name}: Ets failed ({reason(error)}); {then}.")
    return Fit(_numbers(recipe.season, known[0]), " ".join(notes))


def _possible(recipe: Ets, series: Series) -> tuple[Ets, list[str]]:
    """The recipe without what the series does not allow, and what was left out."""
    notes, rows = [], len(series.values)
    error, trend, seasonal = recipe.error, recipe.trend, recipe.seasonal
    if recipe.season < 2:
        seasonal = None
    elif seasonal is not None and rows < max(2 * recipe.season, 10):
        seasonal = None
        notes.append(f"{series.name} is shorter than two seasons: Ets without a season.")
    if series.known.min() <= 0 and "mul" in (error, seasonal):
        error, seasonal = "add", "add" if seasonal else None
        notes.append(f"{series.name} has values of zero or less: Ets is additive.")
    if trend is not None and rows < 10:
        trend = None
        notes.append(f"{series.name} is shorter than 10 rows: Ets without a trend.")
    return Ets(error, trend, seasonal, recipe.damped and trend is not None, recipe.season), notes


def _numbers(season: int, level: float) -> dict[str, np.ndarray]:
    """A random walk from `level`."""
    zero, one = np.zeros(1), np.ones(1)
    return {
        "ets.alpha": one,
        "ets.beta": zero,
        "ets.gamma": zero,
        "ets.phi": one,
        "ets.multiplies": zero,
        "ets.level": np.array([level]),
        "ets.trend": zero,
        "ets.season": np.zeros(season),
    }


def _estimated(form: Ets, season: int, y: np.ndarray) -> dict[str, np.ndarray]:
    """The numbers by maximum likelihood, of the series divided by its size so that no level is too big."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel as Reference

    scale = float(np.abs(y).mean())
    long = form.seasonal is not None and season > LONG
    with quiet():
        model = Reference(
            pd.Series(y / scale), error=form.error, trend=form.trend, damped_trend=form.damped,
            seasonal=form.seasonal, seasonal_periods=season if form.seasonal else None,
            initialization_method="heuristic" if long else "estimated",
        )  # fmt: skip
        numbers = _from_reference(model.fit(disp=False, maxiter=200), form, season, scale)
    if not np.isfinite(np.concatenate(list(numbers.values()))).all():
        raise ValueError("the estimates are not finite")
    return numbers


def _from_reference(fitted: object, form: Ets, season: int, scale: float) -> dict[str, np.ndarray]:
    """The numbers of a fitted statsmodels ETSResults, in units of the series."""

    def given(name: str) -> np.ndarray:
        return np.atleast_1d(np.asarray(getattr(fitted, name), np.float64))

    numbers = _numbers(season, 0.0)
    numbers |= {"ets.alpha": given("smoothing_level"), "ets.level": given("initial_level") * scale}
    if form.trend:
        numbers |= {"ets.beta": given("smoothing_trend"), "ets.trend": given("initial_trend") * scale}
    if form.damped:
        numbers |= {"ets.phi": given("damping_trend")}
    if form.seasonal:
        terms = given("initial_seasonal")
        multiplies = form.seasonal == "mul"
        numbers |= {
            "ets.gamma": given("smoothing_seasonal") / np.maximum(1.0 - numbers["ets.alpha"], 1e-12),
            "ets.season": terms if multiplies else terms * scale,
            "ets.multiplies": np.array([float(multiplies)]),
        }
    return numbers
