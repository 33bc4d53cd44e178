"""ARIMA by statsmodels and pmdarima, one series after the other: the oracles of the native fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from learners.arima_fit import Scaled, fewest, filter_numbers, too_short
from learners.each import each, reason
from learners.local import Fit, Series, interpolated, quiet

if TYPE_CHECKING:
    from learners.arima import AutoArima, Order, Seasonal


def fixed(order: Order, seasonal: Seasonal, constant: bool | None, series: Sequence[Series]) -> list[Fit]:
    """ARIMA of a fixed order; something simpler, with a note, where that cannot be."""
    return each(partial(_fixed, order, seasonal, constant), series)


def searched(recipe: AutoArima, series: Sequence[Series]) -> list[Fit]:
    """The orders that pmdarima chooses for each series."""
    return each(partial(_searched, recipe), series)


def _fixed(order: Order, seasonal: Seasonal, constant: bool | None, series: Series) -> Fit:
    trend = "c" if constant or (constant is None and order[1] + seasonal[1] == 0) else "n"
    if len(series.known) < fewest(order, seasonal) and order != (0, 1, 1):
        return _attempted(partial(_likeliest, (0, 1, 1), (0, 0, 0, 0), "n"), series, too_short(series))
    periods = seasonal if any(seasonal[:3]) else (0, 0, 0, 0)
    return _attempted(partial(_likeliest, order, periods, trend), series, "")


def _searched(recipe: AutoArima, series: Series) -> Fit:
    note = ""
    if recipe.season > 1 and len(series.values) < 2 * recipe.season + 5:
        recipe, note = replace(recipe, season=1), f"{series.name} is shorter than two seasons: AutoArima without one."
    return _attempted(partial(_stepwise, recipe), series, note)


def _attempted(estimate: Callable[[np.ndarray, np.ndarray | None], Any], series: Series, note: str) -> Fit:
    part = Scaled.of(series, note)
    if isinstance(part, Fit):
        return part
    used = part.width > 0
    try:
        with quiet():
            results = estimate(part.y, part.columns[:, used] if used.any() else None)
            numbers, mean = _numbers(part, results)
    except Exception as error:  # whatever a foreign fit raises must not end the job
        return part.failed(reason(error))
    slopes = np.zeros(len(used))
    slopes[used] = np.asarray(results.params)[_at_columns(results)]
    return part.fit(numbers, slopes, mean)


def _numbers(part: Scaled, results: Any) -> tuple[dict[str, np.ndarray], float]:
    """The filter at the coefficients of statsmodels, where the intercept is that of the ARMA, and the series' mean."""
    named = dict(zip(results.model.param_names, np.asarray(results.params), strict=True))
    p, d, q = results.model.order
    P, D, Q, season = results.model.seasonal_order
    names = [f"{kind}.L{i + 1}" for kind, count in (("ar", p), ("ma", q)) for i in range(count)]
    names += [f"{kind}.S.L{(i + 1) * season}" for kind, count in (("ar", P), ("ma", Q)) for i in range(count)]
    weights = np.array([[named[name] for name in names]]).reshape(1, len(names))
    left = (1 - weights[0, :p].sum()) * (1 - weights[0, p + q : p + q + P].sum())
    level = np.array([named.get("intercept", 0.0) / left])
    choices = np.array([[p, d, q, P, D, Q, "intercept" in named, 1, 0]], np.int64)
    slopes = np.zeros((1, len(part.width)))
    slopes[0, part.width > 0] = np.asarray(results.params)[_at_columns(results)]
    variance, rows = np.array([named["sigma2"]]), np.array([0, len(part.y)])
    x = np.ascontiguousarray(part.columns)
    numbers = filter_numbers(part.y, x, rows, choices, weights, slopes, level, variance, max(season, 1))[0]
    return numbers, 0.0 if d + D else float(level[0])


def _at_columns(results: Any) -> list[int]:
    """Where the parameters of the regressors stand."""
    names = set(results.model.exog_names or []) if results.model.k_exog else set()
    return [i for i, name in enumerate(results.model.param_names) if name in names]


def _likeliest(order: Order, seasonal: Seasonal, trend: str, y: np.ndarray, exog: np.ndarray | None) -> Any:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    return SARIMAX(y, exog=exog, order=order, seasonal_order=seasonal, trend=trend).fit(disp=False, maxiter=50)


def _stepwise(recipe: AutoArima, y: np.ndarray, exog: np.ndarray | None) -> Any:
    from pmdarima import auto_arima

    found = auto_arima(
        interpolated(y), X=exog, m=recipe.season, seasonal=recipe.season > 1, start_p=min(1, recipe.max_p),
        start_q=min(1, recipe.max_q), start_P=0, start_Q=min(1, recipe.max_Q), max_p=recipe.max_p, max_q=recipe.max_q,
        max_P=recipe.max_P, max_Q=recipe.max_Q, max_order=recipe.max_order, maxiter=recipe.maxiter,
        suppress_warnings=True, error_action="ignore", information_criterion="aicc",
    )  # fmt: skip
    return found.arima_res_
