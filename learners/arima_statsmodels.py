"""ARIMA by statsmodels and pmdarima, one series after the other: the oracles of the native fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from featurizers.arrays import State
from featurizers.panel import Panel
from learners.arima_fit import SEARCHED, Found, fewest, filter_numbers, too_short
from learners.arima_scaled import Scaled
from learners.each import each, reason
from learners.local import interpolated, quiet, stacked

if TYPE_CHECKING:
    from learners.arima import AutoArima, Order, Seasonal


@dataclass(frozen=True, eq=False)
class Part:
    """One series with mean 0 and deviation 1, and its columns."""

    y: np.ndarray  # (rows,), NaN where missing
    columns: np.ndarray  # (rows, columns)
    width: np.ndarray  # (columns,), 0 for one that is left out

    @property
    def known(self) -> int:
        return int((~np.isnan(self.y)).sum())


@dataclass(frozen=True, eq=False)
class Answer:
    """The numbers of one filter, (k,) each, with the slopes and the mean, in the units of its fit; or why not."""

    numbers: State
    slopes: np.ndarray
    mean: float = 0.0
    why: str = ""


def fixed(
    order: Order, seasonal: Seasonal, constant: bool | None, panel: Panel, columns: tuple[str, ...]
) -> tuple[Found]:  # fmt: skip
    """ARIMA of a fixed order; something simpler, with a note, where that cannot be."""
    scaled = Scaled.of(panel, columns)
    for i in scaled.at[scaled.spans.known[scaled.at] < fewest(order, seasonal)].tolist() if order != (0, 1, 1) else ():
        scaled.note(i, too_short(scaled.name(i)))
    return (_together(scaled, partial(_fixed, order, seasonal, constant)),)


def searched(recipe: AutoArima, panel: Panel, columns: tuple[str, ...]) -> tuple[Found]:
    """The orders that pmdarima chooses for each series."""
    scaled = Scaled.of(panel, columns)
    for i in scaled.at[_short(recipe, scaled.spans.rows[scaled.at])].tolist():
        scaled.note(i, f"{scaled.name(i)} is shorter than two seasons: AutoArima without one.")
    return (_together(scaled, partial(_searched, recipe)),)


def _together(scaled: Scaled, fit: Callable[[Part], Answer]) -> Found:
    """One series after the other."""
    bounds = zip(scaled.indptr[:-1], scaled.indptr[1:], scaled.width, strict=True)
    answers = each(fit, [Part(scaled.y[a:b], scaled.x[a:b], width) for a, b, width in bounds])
    fits = np.array([not one.why for one in answers], bool)
    empty = _empty(scaled.x.shape[1])
    tables = stacked([one.numbers or empty for one in answers] + [empty])
    slopes = np.array([one.slopes for one in answers]).reshape(scaled.width.shape)
    numbers = scaled.numbers(
        {n: v[:-1] for n, v in tables.items()}, slopes, np.array([one.mean for one in answers]), fits,
        {j: one.why for j, one in enumerate(answers) if one.why},
    )  # fmt: skip
    count = scaled.panel.count
    nothing = np.zeros((count, 11), np.int64), np.zeros((count, 0)), np.zeros((count, 0, 9)), np.full(count, np.nan)
    return Found(numbers, scaled.report(), scaled.gaps, *nothing)


def _empty(columns: int) -> State:
    """The numbers of a filter that knows nothing, of a series with so many columns."""
    none, rows = np.zeros((1, columns)), np.array([0, 4])
    x, choices = np.zeros((4, columns)), np.array([[0, 1, 0, 0, 0, 0, 0, 1, 0]], np.int64)
    one, still = np.ones(1), np.zeros(1)
    return _one(filter_numbers(np.arange(4.0), x, rows, choices, np.zeros((1, 0)), none, still, one, 1), columns)


def _one(tables: State, columns: int) -> State:
    """The numbers of the only series; those of the levers apart, so that they can be padded."""
    numbers = {name: values[0] for name, values in tables.items()}
    return numbers | {"arima.lever": numbers["arima.lever"].reshape(columns + 1, -1)}


def _short(recipe: AutoArima, rows: Any) -> Any:
    return (rows < 2 * recipe.season + 5) & (recipe.season > 1)


def _fixed(order: Order, seasonal: Seasonal, constant: bool | None, part: Part) -> Answer:
    trend = "c" if constant or (constant is None and order[1] + seasonal[1] == 0) else "n"
    if part.known < fewest(order, seasonal) and order != (0, 1, 1):
        return _attempted(partial(_likeliest, (0, 1, 1), (0, 0, 0, 0), "n"), part)
    periods = seasonal if any(seasonal[:3]) else (0, 0, 0, 0)
    return _attempted(partial(_likeliest, order, periods, trend), part)


def _searched(recipe: AutoArima, part: Part) -> Answer:
    found = _attempted(partial(_stepwise, replace(recipe, season=1) if _short(recipe, len(part.y)) else recipe), part)
    if "arima.variance" in found.numbers:
        found.numbers["arima.variance"] = found.numbers["arima.variance"] * (1.0 + SEARCHED / part.known)
    return found


def _attempted(estimate: Callable[[np.ndarray, np.ndarray | None], Any], part: Part) -> Answer:
    used = part.width > 0
    slopes = np.zeros(len(used))
    try:
        with quiet():
            results = estimate(part.y, part.columns[:, used] if used.any() else None)
            numbers, mean = _numbers(part, results)
    except Exception as error:  # whatever a foreign fit raises must not end the job
        return Answer({}, slopes, why=reason(error))
    slopes[used] = np.asarray(results.params)[_at_columns(results)]
    return Answer(numbers, slopes, mean)


def _numbers(part: Part, results: Any) -> tuple[State, float]:
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
    numbers = filter_numbers(part.y, x, rows, choices, weights, slopes, level, variance, max(season, 1))
    return _one(numbers, x.shape[1]), 0.0 if d + D else float(level[0])


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
