"""Arima and AutoArima: autoregression, differences and moving averages, with seasonal ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from featurizers.arrays import Array, State, namespace, scan
from featurizers.featurizer import Needs
from featurizers.kernels import threads
from featurizers.panel import Panel
from learners.bands import check_levels, normal_bands
from learners.kalman import next_covariance, next_state, observed
from learners.learner import Learner
from learners.local import Fit, LocalModel, Series, all_series, assembled, stacked, state_without_windows

if TYPE_CHECKING:
    from learners.arimax import Arimax

Order = tuple[int, int, int]
Seasonal = tuple[int, int, int, int]
LONGEST_SEASON = 24  # the state of a longer one would hold thousands of numbers a series


@dataclass(frozen=True)
class Arima(Learner):
    """ARIMA of a fixed `order` (p, d, q) and `seasonal` order (P, D, Q, season), by exact maximum likelihood.

    `constant` (None: where nothing is differenced) is a mean, or a drift after one difference. `levels` are
    coverages in percent of analytic bands. A series too short for the order gets (0, 1, 1), under four values or
    constant the last value. `engine` is "native" or, much slower, "statsmodels". Source: Box & Jenkins (1970), Time
    Series Analysis; Harvey (1989).
    """

    order: Order = (0, 1, 1)
    seasonal: Seasonal = (0, 0, 0, 1)
    constant: bool | None = None
    levels: tuple[int, ...] = ()
    engine: str = "native"

    def train(self, panel: Panel) -> ArimaModel:
        return fixed_arima(self, panel)


@dataclass(frozen=True)
class AutoArima(Learner):
    """ARIMA whose orders are searched stepwise by AICc for each series, with regressors `columns` if any are named.

    Differences come from tests (KPSS; the strength of the season), orders from exact likelihoods, a constant where at
    most one difference is taken; at most `max_order` coefficients in all. Missing values are estimated as well, more
    than twelve of them interpolated. A `season` over 24 is left out, and the report says so. `engine` is "native" or,
    much slower, "pmdarima", for which `maxiter` limits the steps of a fit. Source: Hyndman & Khandakar (2008),
    Automatic time series forecasting.
    """

    season: int = 1
    max_p: int = 5
    max_q: int = 5
    max_P: int = 2
    max_Q: int = 2
    max_order: int = 14
    maxiter: int = 15
    columns: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    engine: str = "native"

    def train(self, panel: Panel) -> ArimaModel:
        fit = _engine(self.engine, "searched", ("native", "pmdarima"))
        long = self.season > LONGEST_SEASON
        recipe = replace(self, season=1) if long else self
        model = fit_arima(partial(fit, recipe), panel, self.columns, self.levels)
        note = f"A season of {self.season} rows is too long to be searched: AutoArima works without one."
        return replace(model, report=(note, *model.report)) if long else model


@dataclass(frozen=True, eq=False, kw_only=True)
class ArimaModel(LocalModel):
    """Memory: the numbers of the companion form (see `kalman`), of (y - center - slopes * columns) / scale."""

    columns: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()

    @property
    def needs(self) -> Needs:
        return Needs(past=self.columns, ahead=self.columns)

    def _regression(self, state: State, now: State) -> Array:
        """What center and columns explain of a row, (series, 1)."""
        explained = state["arima.center"]
        for i, name in enumerate(self.columns):
            slope = state["arima.slopes"][:, i : i + 1]
            xp = namespace(slope, now[name])
            # A column without weight may be missing.
            explained = explained + xp.where(slope == 0.0, 0.0, slope * now[name][:, None])
        return explained

    def remember(self, state: State, now: State) -> State:
        xp, k = namespace(state["arima.state"], now["target"]), state["arima.state"].shape[1]
        y = (now["target"][:, None] - self._regression(state, now)) / state["arima.scale"]
        covariance = xp.reshape(state["arima.covariance"], (-1, k, k))
        mean, covariance = observed(y, state["arima.state"], covariance)
        ar, ma, variance = state["arima.ar"], state["arima.ma"], state["arima.variance"]
        return state_without_windows(state) | {
            "arima.state": next_state(ar, mean, state["arima.intercept"]),
            "arima.covariance": xp.reshape(next_covariance(ar, ma, variance, covariance), (-1, k * k)),
        }

    def _run(self, state: State, panel: Panel, row: np.ndarray) -> State:
        """`remember` over all rows, natively."""
        from learners._kernels import arima_filter

        of = panel.owner
        regression: State = {n: v[of] for n, v in state.items() if n in ("arima.center", "arima.slopes")}
        explained = self._regression(regression, {n: panel.column(n).astype(np.float64) for n in self.columns})[:, 0]
        y = (panel.y.astype(np.float64) - explained) / state["arima.scale"][of, 0]
        before, steps = np.maximum(-row, 0), panel.lengths - row
        names = ("ar", "ma", "intercept", "variance", "state", "covariance")
        ar, ma, intercept, variance, mean, covariance = (np.ascontiguousarray(state[f"arima.{n}"]) for n in names)
        workers = threads(int(steps.clip(0).sum()) * covariance.shape[1])
        starts = panel.indptr[:-1] + np.maximum(row, 0)
        moved = arima_filter(ar, ma, intercept, variance, mean, covariance, y, starts, before, steps, workers)
        return state | dict(zip(("arima.state", "arima.covariance"), moved, strict=True))

    def predict(self, state: State, future: State) -> State:
        xp, k = namespace(state["arima.state"], future["time"]), state["arima.state"].shape[1]
        ar, ma, scale = state["arima.ar"], state["arima.ma"], state["arima.scale"]
        carry = {"mean": state["arima.state"]}
        if self.levels:
            carry["covariance"] = state["arima.covariance"]

        def step(carry: State, now: State) -> tuple[State, State]:
            mean = carry["mean"]
            ahead = {"mean": next_state(ar, mean, state["arima.intercept"])}
            out = {"forecast": (self._regression(state, now) + scale * mean[:, :1])[:, 0]}
            if self.levels:
                spread = xp.reshape(carry["covariance"], (-1, k, k))
                out["deviation"] = scale[:, 0] * xp.sqrt(xp.maximum(spread[:, 0, 0], 0.0))
                later = next_covariance(ar, ma, state["arima.variance"], spread)
                ahead["covariance"] = xp.reshape(later, (-1, k * k))
            return ahead, out

        columns = {name: future[name] for name in ("time", *self.columns)}
        outputs = scan(step, carry, columns)[1]
        deviation = outputs.pop("deviation", None)
        if deviation is not None:
            outputs |= normal_bands(outputs["forecast"], deviation, self.levels)
        return outputs


def fit_arima(
    fit: Callable[[list[Series]], list[Fit]], panel: Panel, columns: tuple[str, ...], levels: tuple[int, ...]
) -> ArimaModel:
    """Fit every series of `panel`. ValueError if a column is not a known number, or a level not a percentage."""
    columns, levels = tuple(columns), tuple(levels)
    for name in columns:
        if panel.roles.get(name) != "known":
            raise ValueError(f"Column {name!r} is not among the known columns {panel.by_role('known')}: a regression "
                             "needs its future values.")  # fmt: skip
        if name in panel.levels:
            raise ValueError(f"Column {name!r} holds categories: an ARIMA regression takes numbers only.")
    check_levels(levels)
    fits = fit(all_series(panel, columns))
    numbers = stacked([f.numbers for f in fits])
    return assembled(ArimaModel, panel, numbers, (f.note for f in fits), columns=columns, levels=levels)


def whole(order: Sequence[int], seasonal: Sequence[int]) -> tuple[Order, Seasonal]:
    """Both orders as tuples (lists are accepted). ValueError if they are none."""
    if len(order) != 3 or len(seasonal) != 4 or min(*order, *seasonal[:3]) < 0 or seasonal[3] < 1:
        raise ValueError(f"An order is (p, d, q) and a seasonal one (P, D, Q, season), not {order} and {seasonal}.")
    if any(seasonal[:3]) and seasonal[3] < 2:
        raise ValueError(f"The seasonal order {seasonal} needs a season of at least 2 rows.")
    return (order[0], order[1], order[2]), (seasonal[0], seasonal[1], seasonal[2], seasonal[3])


def fixed_arima(recipe: Arima | Arimax, panel: Panel, columns: tuple[str, ...] = ()) -> ArimaModel:
    """Every series by the orders of `recipe`."""
    order, seasonal = whole(recipe.order, recipe.seasonal)
    fit = _engine(recipe.engine, "fixed", ("native", "statsmodels"))
    return fit_arima(partial(fit, order, seasonal, recipe.constant), panel, columns, recipe.levels)


def _engine(name: str, verb: str, known: tuple[str, str]) -> Callable[..., list[Fit]]:
    """How an engine fits the series of a panel. ValueError if there is no such engine."""
    if name not in known:
        raise ValueError(f"There is no engine {name!r} here: it is {known[0]!r} or {known[1]!r}.")
    module = import_module("learners.arima_fit" if name == "native" else "learners.arima_statsmodels")
    fit: Callable[..., list[Fit]] = getattr(module, verb)
    return fit
