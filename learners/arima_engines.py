"""ARIMA of fixed orders, the engines that fit, and where a fit begins."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from featurizers.panel import Panel
from featurizers.whole import wholes
from learners.arima import ArimaModel, Order, Seasonal, arima_of, fitted_arima
from learners.arima_average import ArimaAverage
from learners.arima_fit import HIGHEST, Earlier, Found
from learners.learner import Model

if TYPE_CHECKING:
    from learners.arima import Arima
    from learners.arimax import Arimax


def orders_of(recipe: Arima | Arimax) -> tuple[Order, Seasonal]:
    """Both orders of `recipe` as tuples of whole numbers (lists are accepted). ValueError if they are none."""
    what = "Every order of ARIMA"
    order, seasonal = (wholes(given, what, 0, HIGHEST) for given in (recipe.order, recipe.seasonal))
    if len(order) != 3 or len(seasonal) != 4 or seasonal[3] < 1:
        raise ValueError(f"An order is (p, d, q) and a seasonal one (P, D, Q, season), not {order} and {seasonal}.")
    if any(seasonal[:3]) and seasonal[3] < 2:
        raise ValueError(f"The seasonal order {seasonal} needs a season of at least 2 rows.")
    return (order[0], order[1], order[2]), (seasonal[0], seasonal[1], seasonal[2], seasonal[3])


def fixed_arima(
    recipe: Arima | Arimax, panel: Panel, columns: tuple[str, ...] = (), before: Model | None = None
) -> ArimaModel:
    """Every series by the orders of `recipe`, coefficients from those of `before` if that is given."""
    order, seasonal = orders_of(recipe)
    fit = partial(engine(recipe.engine, "fixed", ("native", "statsmodels")), order, seasonal, recipe.constant)
    if recipe.engine == "native":
        fit = partial(fit, earlier=earlier(before, panel))
    found = fitted_arima(fit, panel, columns, recipe.levels)
    return arima_of(found[0], panel, columns, recipe.levels)


def earlier(before: Model | None, panel: Panel) -> Earlier | None:
    """What an earlier model, the best of several, holds of each series of `panel`; None where it is no ARIMA."""
    if isinstance(before, ArimaAverage):
        before = before.models[0]
    if not isinstance(before, ArimaModel) or before.count == 0:
        return None
    at = before.find(panel.ids)
    return Earlier(np.where(at[:, None] < 0, 0, before.choices[at]), before.coefficients[at])


def engine(name: str, verb: str, known: tuple[str, str]) -> Callable[..., tuple[Found, ...]]:
    """How an engine fits the series of a panel. ValueError if there is no such engine."""
    if name not in known:
        raise ValueError(f"There is no engine {name!r} here: it is {known[0]!r} or {known[1]!r}.")
    module = import_module("learners.arima_fit" if name == "native" else "learners.arima_statsmodels")
    fit: Callable[..., tuple[Found, ...]] = getattr(module, verb)
    return fit
