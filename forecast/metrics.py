"""Metrics: plain functions whose parameter names are their needs.

`actual` and `forecast` are (series, horizon) and the result is (series,); with plain (horizon,) arrays it is one
number. `train` is (series, rows), newest last and NaN before a series begins; `season` counts rows; `quantiles` is
{0.1: (series, horizon), ...}; `lower` and `upper` are the band of `level` percent. Missing actuals are skipped; a
missing forecast makes its series NaN. A series for which a metric is not defined (a denominator of zero) is NaN and
is left out of means. Learners are compared by the mean over series; the metrics marked `pooled` take all series as one.

A metric of your own is a function with some of these parameters. Plain, it is called with one series at a time, where
its actual is known, and returns a number; under `@metric()` it takes all series at once, as the ones here do.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from itertools import permutations
from typing import Any

import numpy as np

from forecast.means import extent, mean_seen, ratio, seasonal_scale

Function = Callable[..., Any]
NEEDS = ("actual", "forecast", "train", "season", "quantiles", "lower", "upper", "level")


@dataclass(frozen=True)
class Metric:
    """A metric by its name, and what a leaderboard must know about it."""

    name: str
    function: Function
    higher: bool | None = False  # whether more is better; None: neither, as of a coverage
    pooled: bool = False  # whether all series count as one
    whole: bool = True  # whether it takes all series at once; a user's plain function takes one after the other

    @cached_property
    def needs(self) -> tuple[str, ...]:
        return tuple(inspect.signature(self.function).parameters)

    @property
    def banded(self) -> bool:
        """Whether it is a metric of bands."""
        return self.levelled or "quantiles" in self.needs

    @property
    def levelled(self) -> bool:
        """Whether it is measured once for each level."""
        return bool({"lower", "upper", "level"} & set(self.needs))

    @property
    def of_points(self) -> Metric:
        """What weights of forecasts are chosen by: wape or mae (pooled or not) in the place of a metric of bands."""
        return self if not self.banded else METRICS["wape" if self.pooled else "mae"]

    def owns(self, column: str) -> bool:
        """Whether this column of a leaderboard is its own: its name, with a level behind it where it has levels."""
        if not self.levelled:
            return column == self.name
        return re.fullmatch(re.escape(self.name) + r"(\d\d?(\.\d+)?)?", column) is not None

    def total(self, totals: Mapping[str, float]) -> float:
        """Its number among those of all metrics, or the mean of those of its levels; NaN if there is none."""
        mine = [v for name, v in totals.items() if self.owns(name)]
        return sum(mine) / len(mine) if mine else float("nan")

    def table(self, scores: Mapping[str, np.ndarray]) -> np.ndarray | None:
        """The same of tables of scores, (truths, series); None if there is none."""
        mine = [v for name, v in scores.items() if self.owns(name)]
        return np.mean(mine, axis=0) if mine else None


METRICS: dict[str, Metric] = {}


def metric(*, higher: bool | None = False, pooled: bool = False) -> Callable[[Function], Function]:
    """Make a function known by its name; `higher` where more is better, `pooled` where all series count as one.
    ValueError if another module's metric is called so."""

    def known(function: Function) -> Function:
        before = METRICS.get(function.__name__)
        if before is not None and before.function.__module__ != function.__module__:
            raise ValueError(_taken(function.__name__))

        @wraps(function)
        def measured(actual: Any, *arguments: Any, **named: Any) -> Any:
            alone = np.ndim(actual) == 1
            if alone:
                arguments, named = tuple(_one(a) for a in arguments), {name: _one(a) for name, a in named.items()}
            result = function(np.atleast_2d(np.asarray(actual, np.float64)), *arguments, **named)
            return float(result[0]) if alone else result

        METRICS[function.__name__] = Metric(function.__name__, measured, higher, pooled)
        return measured

    return known


def _one(value: Any) -> Any:
    """An argument of one series as that of a panel with one series."""
    if isinstance(value, Mapping):
        return {key: _one(v) for key, v in value.items()}
    return np.atleast_2d(np.asarray(value, np.float64)) if np.ndim(value) == 1 else value


def find(given: str | Function | Metric) -> Metric:
    """A metric by its name, or a user's function. ValueError if there is none of this name, the function is called like
    a known one, or it needs the unknown."""
    if isinstance(given, Metric):
        return given
    if isinstance(given, str):
        if given not in METRICS:
            raise ValueError(f"There is no metric {given!r}; there are {', '.join(METRICS)}.")
        return METRICS[given]
    if not callable(given):
        raise ValueError(f"A metric is one name, {', '.join(METRICS)}, or a function of your own, not {given!r}.")
    name = getattr(given, "__name__", type(given).__name__)
    if name in METRICS:
        if METRICS[name].function is not given:
            raise ValueError(_taken(name))
        return METRICS[name]
    found = Metric(name, given, bool(getattr(given, "higher_is_better", False)), whole=False)
    try:
        unknown = [n for n in found.needs if n not in NEEDS]
    except ValueError:  # of a function that is built in
        raise ValueError(f"Metric {name!r} does not say what it needs: write a function of actual and forecast that "
                         "calls it.") from None  # fmt: skip
    if unknown:
        raise ValueError(f"Metric {name!r} asks for {unknown[0]!r}; a metric can have {', '.join(NEEDS)}.")
    return found


def _taken(name: str) -> str:
    return f"There is a metric {name!r} already: give your function another name."


def together(*given: str | Function | Metric) -> tuple[Metric, ...]:
    """The metrics asked for, and all known ones. ValueError for two that would have a column in common."""
    found = {metric.name: metric for metric in (*map(find, given), *METRICS.values())}
    for one, other in permutations((*METRICS.values(), *map(find, given)), 2):
        if one.owns(other.name) and one.function != other.function:
            raise ValueError(f"Two metrics would be called {other.name!r}: give one of the functions another name.")
    return tuple(found.values())


# ---- sizes of errors ---------------------------------------------------------------------------


@metric()
def mae(actual: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Mean absolute error."""
    return mean_seen(np.abs(actual - forecast), actual)


@metric()
def rmse(actual: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Root of the mean squared error."""
    return np.asarray(np.sqrt(mean_seen((actual - forecast) ** 2, actual)))


@metric()
def nmae(actual: np.ndarray, forecast: np.ndarray, train: np.ndarray) -> np.ndarray:
    """MAE over the range of the series' training target; NaN where that is constant."""
    return ratio(mae(actual, forecast), extent(train))


@metric()
def nrmse(actual: np.ndarray, forecast: np.ndarray, train: np.ndarray) -> np.ndarray:
    """RMSE over the range of the series' training target; NaN where that is constant."""
    return ratio(rmse(actual, forecast), extent(train))


@metric()
def mape(actual: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Mean absolute error in parts of the actual (0.1 is 10 %); rows whose actual is zero are skipped."""
    actual = np.where(actual == 0, np.nan, actual)
    return mean_seen(np.abs((actual - forecast) / actual), actual)


@metric()
def smape(actual: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Mean of 2 |a - f| / (|a| + |f|), from 0 to 2; 0 where both are zero.

    Source: Makridakis et al., The M4 Competition, 2018.
    """
    size = np.abs(actual) + np.abs(forecast)
    return mean_seen(2 * np.abs(actual - forecast) / np.where(size == 0, 1, size), actual)


@metric(pooled=True)
def wape(actual: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Sum of the absolute errors over the sum of the absolute actuals."""
    return ratio(mae(actual, forecast), mean_seen(np.abs(actual), actual))


@metric(higher=None, pooled=True)
def bias(actual: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Sum of the forecasts less that of the actuals, over the sum of the absolute actuals: 0.1 is 10 % too high in all;
    near 0 is good."""
    return ratio(mean_seen(forecast - actual, actual), mean_seen(np.abs(actual), actual))


@metric()
def mase(actual: np.ndarray, forecast: np.ndarray, train: np.ndarray, season: int) -> np.ndarray:
    """MAE over the mean absolute seasonal difference of the training target; NaN where that is zero, or rounding alone.

    A series that has no two observed values a season apart is scaled by its differences one row apart.
    Source: Hyndman & Koehler, Another look at measures of forecast accuracy, 2006.
    """
    return ratio(mae(actual, forecast), seasonal_scale(train, season))


@metric()
def rmsse(actual: np.ndarray, forecast: np.ndarray, train: np.ndarray, season: int) -> np.ndarray:
    """RMSE over the root of the mean squared seasonal difference of the training target (compare `mase`).

    Source: Makridakis et al., The M5 Accuracy competition, 2022, there with a season of one.
    """
    return ratio(rmse(actual, forecast), np.sqrt(seasonal_scale(train, season, power=2)))


# ---- agreement ---------------------------------------------------------------------------------


@metric(higher=True, pooled=True)
def r2(actual: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """1 - squared error / variance of the actual; NaN where the actual is constant."""
    middle = mean_seen(actual, actual)[:, None]
    return 1 - ratio(mean_seen((actual - forecast) ** 2, actual), mean_seen((actual - middle) ** 2, actual))


@metric(higher=True, pooled=True)
def spearman(actual: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Correlation of the ranks of actual and forecast; NaN where either is constant or a forecast is missing."""
    seen = ~np.isnan(actual)
    lost = (np.isnan(forecast) & seen).any(axis=1)
    # What is missing ranks last in both, so that it does not move the ranks of the others.
    a, f = (_ranks(np.where(seen & ~np.isnan(x), x, np.inf)) for x in (actual, forecast))
    a, f = (np.where(seen, x - mean_seen(x, actual)[:, None], 0) for x in (a, f))
    result = ratio((a * f).sum(axis=1), np.sqrt((a**2).sum(axis=1) * (f**2).sum(axis=1)))
    return np.where(lost, np.nan, result)


# ---- bands -------------------------------------------------------------------------------------


@metric()
def pinball(actual: np.ndarray, quantiles: Mapping[float, np.ndarray]) -> np.ndarray:
    """Mean over the quantiles of max(q (a - f), (q - 1) (a - f)).

    Source: Koenker & Bassett, Regression quantiles, 1978.
    """
    losses = [np.maximum(q * (actual - f), (q - 1) * (actual - f)) for q, f in quantiles.items()]
    return mean_seen(np.mean(losses, axis=0), actual)


@metric(pooled=True)
def wql(actual: np.ndarray, quantiles: Mapping[float, np.ndarray]) -> np.ndarray:
    """Weighted quantile loss: twice the pinball loss over the sum of the absolute actuals, mean over the quantiles."""
    return ratio(2 * pinball(actual, quantiles), mean_seen(np.abs(actual), actual))


@metric(higher=None)
def coverage(actual: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The part of the actuals that lies in the band: near level / 100 is good."""
    inside = ((lower <= actual) & (actual <= upper)).astype(np.float64)
    return mean_seen(np.where(np.isnan(lower) | np.isnan(upper), np.nan, inside), actual)


@metric()
def interval_score(actual: np.ndarray, lower: np.ndarray, upper: np.ndarray, level: float) -> np.ndarray:
    """Width of the band plus 2 / alpha times the distance of the actuals outside, alpha = 1 - level / 100.

    Source: Gneiting & Raftery, Strictly proper scoring rules, 2007, section 6.2.
    """
    outside = np.maximum(lower - actual, 0) + np.maximum(actual - upper, 0)
    return mean_seen(upper - lower + 2 / (1 - level / 100) * outside, actual)


# ---- parts -------------------------------------------------------------------------------------


def _ranks(values: np.ndarray) -> np.ndarray:
    """The rank of each value in its row, from 0; ties share the mean of theirs."""
    order = np.argsort(values, axis=1, kind="stable")
    ordered, place = np.take_along_axis(values, order, axis=1), np.arange(values.shape[1])
    new = np.concatenate([np.ones((len(values), 1), bool), ordered[:, 1:] != ordered[:, :-1]], axis=1)
    last = np.concatenate([new[:, 1:], np.ones((len(values), 1), bool)], axis=1)
    first_of_tie = np.maximum.accumulate(np.where(new, place, 0), axis=1)
    last_of_tie = np.minimum.accumulate(np.where(last, place, len(place))[:, ::-1], axis=1)[:, ::-1]
    result = np.empty(values.shape)
    np.put_along_axis(result, order, (first_of_tie + last_of_tie) / 2, axis=1)
    return result
