"""Ets by statsmodels, one series after the other: the oracle of the native fit."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from featurizers.panel import Panel
from learners.each import reason
from learners.ets import SHORTEST, Ets, EtsModel
from learners.local import Fit, Series, fit_local, quiet
from learners.repeating import repeating

LONG = 24  # a longer season starts from a decomposition: too many numbers to estimate


def by_statsmodels(recipe: Ets, panel: Panel) -> EtsModel:
    """Each series of `panel` in the form of `recipe`, as far as the series allows it."""
    return fit_local(EtsModel, partial(_fit, recipe), panel)


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
        as_tabled(model)
        numbers = _from_reference(model.fit(disp=False, maxiter=200), form, season, scale)
    if not np.isfinite(np.concatenate(list(numbers.values()))).all():
        raise ValueError("the estimates are not finite")
    return numbers


def as_tabled(model: Any) -> None:
    """Let a statsmodels ETSModel walk by the equations that it documents, where its season multiplies.

    Its own walk divides by the new level, as the component form of Holt and Winters does; its simulations do not.
    """
    if model.seasonal == "mul" and model.trend in (None, "add"):
        model._smoothing_func = _walk


def _walk(
    params: np.ndarray, y: np.ndarray, means: np.ndarray, states: np.ndarray, fixed: np.ndarray, values: np.ndarray,
    *given: bool, **settings: bool,
) -> None:  # fmt: skip
    """Writes the `means` and the `states` (level, trend, terms with the newest first) of each row."""
    every = values.copy()
    every[fixed == 0] = params
    alpha, beta, gamma, phi, level, trend = every[:6]
    terms = list(every[6:])
    beta_shares, gamma_shares = (*given, *settings.values(), False, False)[:2]
    beta, gamma = beta * alpha if beta_shares else beta, gamma * (1 - alpha) if gamma_shares else gamma
    for i in range(len(y)):
        term, base = terms.pop(), level + phi * trend
        means[i] = base * term
        error = y[i] - means[i]
        level, trend = base + alpha * error / term, phi * trend + beta * error / term
        terms.insert(0, term + gamma * error / base)
        states[i, 0], states[i, 1], states[i, 2:] = level, trend, terms


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
            "ets.gamma": given("smoothing_seasonal"),
            "ets.season": terms if multiplies else terms * scale,
            "ets.multiplies": np.array([float(multiplies)]),
        }
    return numbers
