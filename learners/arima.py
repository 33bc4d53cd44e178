"""Arima and AutoArima: autoregression, differences and moving averages, with seasonal ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np

from featurizers.arrays import Array, State, namespace, scan
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from learners.bands import bounds, check_levels
from learners.each import reason
from learners.kalman import companion, next_covariance, next_state, observed
from learners.learner import Learner
from learners.local import (
    Fit,
    LocalModel,
    Series,
    fit_local,
    interpolated,
    quiet,
    repeating,
    state_without_windows,
)

Order = tuple[int, int, int]
Seasonal = tuple[int, int, int, int]
SHORTEST = 4  # values that a difference, a weight and a variance need
LONGEST_SEASON = 24  # a search over longer ones takes minutes a series


@dataclass(frozen=True)
class Arima(Learner):
    """ARIMA of a fixed `order` (p, d, q) and `seasonal` order (P, D, Q, season), by exact maximum likelihood.

    `constant` (None: where nothing is differenced) is a mean, or a drift after one difference. `levels` are
    coverages in percent of analytic bands. A series too short for the order gets (0, 1, 1), under four values or
    constant the last value. Source: Box & Jenkins (1970), Time Series Analysis; Harvey (1989).
    """

    order: Order = (0, 1, 1)
    seasonal: Seasonal = (0, 0, 0, 1)
    constant: bool | None = None
    levels: tuple[int, ...] = ()

    def train(self, panel: Panel) -> ArimaModel:
        fit = partial(fixed, *whole(self.order, self.seasonal), self.constant)
        return fit_arima(fit, panel, (), self.levels)


@dataclass(frozen=True)
class AutoArima(Learner):
    """ARIMA whose orders are searched stepwise by AICc for each series, with regressors `columns` if any are named.

    Differences come from unit-root tests; at most `max_order` weights in all; a `season` over 24 is left out, and
    the report says so. Source: Hyndman & Khandakar (2008), Automatic time series forecasting.
    """

    season: int = 1
    max_p: int = 3
    max_q: int = 3
    max_P: int = 1
    max_Q: int = 1
    max_order: int = 5
    maxiter: int = 15
    columns: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()

    def train(self, panel: Panel) -> ArimaModel:
        long = self.season > LONGEST_SEASON
        model = fit_arima(
            partial(_searched, replace(self, season=1) if long else self), panel, self.columns, self.levels
        )
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
        for level in self.levels:
            width = NormalDist().inv_cdf(0.5 + level / 200) * deviation
            lower, upper = bounds(level)
            outputs |= {lower: outputs["forecast"] - width, upper: outputs["forecast"] + width}
        return outputs


def fit_arima(
    fit: Callable[[Series], Fit], panel: Panel, columns: tuple[str, ...], levels: tuple[int, ...]
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
    return fit_local(ArimaModel, fit, panel, columns, columns=columns, levels=levels)


def whole(order: Sequence[int], seasonal: Sequence[int]) -> tuple[Order, Seasonal]:
    """Both orders as tuples (lists are accepted). ValueError if they are none."""
    if len(order) != 3 or len(seasonal) != 4 or min(*order, *seasonal[:3]) < 0 or seasonal[3] < 1:
        raise ValueError(f"An order is (p, d, q) and a seasonal one (P, D, Q, season), not {order} and {seasonal}.")
    if any(seasonal[:3]) and seasonal[3] < 2:
        raise ValueError(f"The seasonal order {seasonal} needs a season of at least 2 rows.")
    return (order[0], order[1], order[2]), (seasonal[0], seasonal[1], seasonal[2], seasonal[3])


# ---- one series -----------------------------------------------------------------------------------


def fixed(order: Order, seasonal: Seasonal, constant: bool | None, series: Series) -> Fit:
    """ARIMA of a fixed order; something simpler, with a note, where that cannot be."""
    trend = "c" if constant or (constant is None and order[1] + seasonal[1] == 0) else "n"
    needed = sum(order) + seasonal[0] * seasonal[3] + (seasonal[1] + seasonal[2]) * seasonal[3] + 3
    if len(series.known) < needed and order != (0, 1, 1) and len(series.known) >= SHORTEST:
        note = f"{series.name} is too short for the order: ARIMA (0, 1, 1) in its place."
        return _attempted(partial(_likeliest, (0, 1, 1), (0, 0, 0, 0), "n"), series, note)
    periods = seasonal if any(seasonal[:3]) else (0, 0, 0, 0)
    return _attempted(partial(_likeliest, order, periods, trend), series, "")


def _searched(recipe: AutoArima, series: Series) -> Fit:
    note = ""
    if recipe.season > 1 and len(series.values) < 2 * recipe.season + 5:
        recipe, note = replace(recipe, season=1), f"{series.name} is shorter than two seasons: AutoArima without one."
    return _attempted(partial(_stepwise, recipe), series, note)


def _attempted(estimate: Callable[[np.ndarray, np.ndarray | None], Any], series: Series, note: str) -> Fit:
    """Scale the series and its columns, fit, and bring the numbers back; fall back where that fails."""
    known, name = series.known, series.name
    count = series.columns.shape[1]
    simple = repeating(series, SHORTEST, "ARIMA")
    if simple is not None:
        return Fit(_walk(simple.level, count), simple.note)
    center, scale = float(known.mean()), float(known.std())
    exog, middle, width, lost = _regressors(series)
    notes = [note, *lost]
    try:
        with quiet():
            results = estimate((series.values - center) / scale, exog if exog.shape[1] else None)
            numbers = companion(results)
    except Exception as error:  # whatever a foreign fit raises must not end the job
        notes.append(f"{name}: ARIMA failed ({reason(error)}); it repeats the last value.")
        return Fit(_walk(known[0], count), " ".join(filter(None, notes)))
    if not all(np.isfinite(v).all() for v in numbers.values()):
        return Fit(_walk(known[0], count), f"{name}: ARIMA found no finite numbers; it repeats the last value.")
    slopes = np.zeros(count)
    slopes[width > 0] = np.asarray(results.params)[_at_columns(results)] * scale / width[width > 0]
    numbers |= {"arima.center": np.array([center - slopes @ middle]), "arima.scale": np.array([scale])}
    return Fit(numbers | ({"arima.slopes": slopes} if count else {}), " ".join(filter(None, notes)))


def _regressors(series: Series) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """The columns with mean 0 and deviation 1, their middles and widths (0: left out), and what was left out."""
    table = np.stack([interpolated(c) for c in series.columns.T], 1) if series.columns.size else series.columns
    middle, width = np.zeros(table.shape[1]), np.zeros(table.shape[1])
    if table.size and len(series.known) > 2 * table.shape[1] + SHORTEST:
        with np.errstate(all="ignore"):
            middle, width = np.nan_to_num(table.mean(axis=0)), np.nan_to_num(table.std(axis=0))
        width = np.where(width > 1e-12 * np.abs(middle), width, 0.0)
    used = width > 0
    out = int((~used).sum())
    lost = [f"{series.name}: {out} of {len(used)} columns do not vary (or the series is too short) and are left out."]
    return (table[:, used] - middle[used]) / width[used], middle, width, lost if out else []


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


def _walk(level: float, columns: int) -> dict[str, np.ndarray]:
    """A random walk from `level`: its forecast is the last value."""
    one, zero = np.ones(1), np.zeros(1)
    numbers = {
        "arima.ar": one,
        "arima.ma": one,
        "arima.state": np.array([level]),
        "arima.covariance": np.full((1, 1), 1e12),
        "arima.intercept": zero,
        "arima.variance": one,
        "arima.center": zero,
        "arima.scale": one,
    }
    return numbers | ({"arima.slopes": np.zeros(columns)} if columns else {})
