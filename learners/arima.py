"""Arima and AutoArima: autoregression, differences and moving averages, with seasonal ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

import numpy as np
import pandas as pd

from featurizers.arrays import Array, State, namespace, scan
from featurizers.featurizer import Needs
from featurizers.kernels import threads
from featurizers.panel import Panel
from featurizers.whole import whole
from learners.arima_fit import HIGHEST, Found
from learners.attribution import Attribution
from learners.bands import check_levels
from learners.blocks import in_blocks
from learners.components import of_arima
from learners.kalman import DIFFUSE, MOVING, columns_of, later, next_state, slots, stepped, weighed
from learners.learner import Model, Resuming
from learners.local import LocalModel, assembled, finite, state_without_windows
from learners.naive import repeated
from learners.student import student_bands

Order = tuple[int, int, int]
Seasonal = tuple[int, int, int, int]
MOST_GAPS = 5  # that a filter remembers, if a series of training has as many
LONGEST_SEASON = 24  # the state of a longer one would hold thousands of numbers a series


@dataclass(frozen=True)
class Arima(Resuming):
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

    def retrain(self, panel: Panel, before: Model | None) -> ArimaModel:
        from learners.arima_engines import fixed_arima

        return fixed_arima(self, panel, before=before)


@dataclass(frozen=True)
class AutoArima(Resuming):
    """ARIMA whose orders are searched stepwise by AICc for each series, with regressors `columns` if any are named.

    Differences come from tests (KPSS; the strength of the season), orders from exact likelihoods, a constant where at
    most one difference is taken; at most `max_order` coefficients in all. Missing values are estimated as well, more
    than twelve of them interpolated. A `season` over 24 rows is described by waves (sines and cosines), as many as AICc
    chooses, where there are two of it. The forecasts of the `average` best models of the search (None: three) are
    weighted by exp(-AICc / 2), which is more accurate than the best one alone: average=1. The model keeps a table of
    `ranked` candidates of each series. `engine` is "native" or, much slower, "pmdarima", which has one model, does
    without a season over 24 rows, and for which `maxiter` limits the steps of a fit.
    Source: Hyndman & Khandakar (2008), Automatic time series forecasting.
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
    average: int | None = None
    ranked: int = 0

    def retrain(self, panel: Panel, before: Model | None) -> Model:
        """The search begins at the orders of each series in `before`, and its coefficients at those."""
        from learners.arima_average import averaged, checked
        from learners.arima_engines import earlier, engine

        whole(self.season, "The season of AutoArima")
        for name in ("max_p", "max_q", "max_P", "max_Q", "max_order"):
            whole(getattr(self, name), f"The {name} of AutoArima", 0, HIGHEST)
        average, ranked = checked(self)
        fit = engine(self.engine, "searched", ("native", "pmdarima"))
        if self.engine == "native":
            told = {"earlier": earlier(before, panel), "several": average, "best": ranked, "longest": LONGEST_SEASON}
            fit = partial(fit, **told)
        elif self.season > LONGEST_SEASON:
            return replace(self, season=1).train(panel)
        found = fitted_arima(partial(fit, self), panel, self.columns, self.levels)
        models = tuple(arima_of(one, panel, self.columns, self.levels) for one in found)
        return averaged(models, found) if average > 1 else models[0]


@dataclass(frozen=True, eq=False, kw_only=True)
class ArimaModel(LocalModel):
    """Memory: the numbers of the filter (see `kalman`), of (y - center - slopes * columns) / scale, and for bands those
    of what is not known about it (see `_doubt`)."""

    turning: ClassVar[dict[str, int]] = {"arima.season": 1}

    columns: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    choices: np.ndarray = field(repr=False)  # (series, 11): p, d, q, P, D, Q, constant, ... (see `arima_fit.Found`)
    coefficients: np.ndarray = field(repr=False)  # (series, most): ar, ma, seasonal ar, seasonal ma
    ranking: np.ndarray = field(repr=False)  # (series, candidates, 9)

    def candidates(self) -> pd.DataFrame:
        """The best candidates of each series, as many as the recipe asked for with `ranked`: keys, orders and AICc."""
        from learners.arima_average import table_of

        return table_of(self)

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

    def _seen(self, state: State, now: State) -> Array:
        """A zero for the constant and the columns of a row, in the units of their fit, (series, 1 + columns)."""
        xp = namespace(state["arima.center"], *(now[name] for name in self.columns))
        values = [xp.zeros_like(state["arima.center"])]
        for i, name in enumerate(self.columns):
            middle, width = (state[f"arima.{part}"][:, i : i + 1] for part in ("middle", "width"))
            unused = width == 0.0
            away = (now[name][:, None] - middle) / xp.where(unused, 1.0, width)
            values.append(xp.where(unused, 0.0, away))
        return xp.concat(values, axis=1)

    def remember(self, state: State, now: State) -> State:
        explained = self._regression(state, now)
        turned: State = {}
        if (season := state.get("arima.season")) is not None:
            explained = explained + season[:, :1]
            turned = {"arima.season": namespace(season).concat([season[:, 1:], season[:, :1]], axis=1)}
        y = (now["target"][:, None] - explained) / state["arima.scale"]
        seen = self._seen(state, now) if self.levels else None
        return state_without_windows(state) | stepped(state, y, seen) | turned

    def _run(self, state: State, panel: Panel, row: np.ndarray) -> State:
        """`remember` over all rows, natively."""
        from learners._kernels import arima_filter

        of, columns = panel.owner, {n: panel.column(n).astype(np.float64) for n in self.columns}
        told: State = {n: v[of] for n, v in state.items() if n in _REGRESSION}
        y = finite(panel) - self._regression(told, columns)[:, 0]
        if (season := state.get("arima.season")) is not None:
            length = season.shape[1]
            y = y - season[of, (panel.position - row[of]) % length]
            turned = (np.arange(length) + (panel.lengths - row).clip(0)[:, None]) % length
            state = state | {"arima.season": np.take_along_axis(season, turned, axis=1)}
        y = y / state["arima.scale"][of, 0]
        seen = self._seen(told, columns)[:, 1:] if self.levels else np.zeros((len(y), 0))
        before, steps = np.maximum(-row, 0), panel.lengths - row
        none = {"arima.lever": np.zeros((panel.count, 0)), "arima.push": np.zeros((panel.count, 1))}
        moved = {n: np.array(value[n], order="C") for m in MOVING if (n := f"arima.{m}") in (value := none | state)}
        ar, intercept, push = (np.ascontiguousarray((none | state)[f"arima.{n}"]) for n in ("ar", "intercept", "push"))
        starts = panel.indptr[:-1] + np.maximum(row, 0)
        workers = threads(int(steps.clip(0).sum()) * state["arima.ar"].shape[1])
        tables = {n.removeprefix("arima."): v for n, v in moved.items()}
        arima_filter(ar, intercept, push, **tables, y=y, x=np.ascontiguousarray(seen), starts=starts, before=before,
                     steps=steps, threads=workers)  # fmt: skip
        return state | {n: v for n, v in moved.items() if n in state}

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        return of_arima(self, state, future, typical)

    def predict(self, state: State, future: State) -> State:
        return in_blocks(self._predict, state, future)

    def _predict(self, state: State, future: State) -> State:
        xp, scale = namespace(state["arima.state"], future["time"]), state["arima.scale"]
        carry = {"mean": state["arima.state"]} | (_unknown(state) if self.levels else {})
        weights = columns_of(state)[1] if self.levels else None

        def step(carry: State, now: State) -> tuple[State, State]:
            mean = carry["mean"]
            ahead = {"mean": next_state(state["arima.ar"], mean, state["arima.intercept"])}
            out = {"forecast": (self._regression(state, now) + scale * mean[:, :1])[:, 0]}
            if self.levels:
                moved, variance = _doubted(state, carry, weights, self._seen(state, now))
                ahead, out = ahead | moved, out | {"variance": variance[:, 0]}
            return ahead, out

        columns = {name: future[name] for name in ("time", *self.columns)}
        outputs = scan(step, carry, columns)[1]
        if "arima.season" in state:
            season = repeated(state["arima.season"], outputs["forecast"].shape[1])
            outputs = outputs | {"forecast": outputs["forecast"] + season}
        variance = outputs.pop("variance", None)
        if variance is not None:
            variance = variance + _of_coefficients(state["arima.unsure"], variance.shape[1])
            deviation = scale * xp.sqrt(state["arima.variance"] * variance)
            outputs |= student_bands(outputs["forecast"], deviation, state["arima.freedom"], self.levels)
        return outputs


_REGRESSION = ("arima.center", "arima.slopes", "arima.middle", "arima.width")
_ONLY_BANDS = ("lever", "push", "doubt", "unsure", "freedom", "middle", "width")


def _unknown(state: State) -> State:
    """What the variance of the forecasts starts with: S of the next row, and L, K and the levers as columns.

    With S[h] the variance of the h-th forecast at known coefficients, S[h + 1] - S[h] = e1' T^h (L M L' + K F K') T'^h
    e1, since one row of waiting adds T P T' + R R' - P to the covariance P of the state, and one of filtering L M L'.
    """
    xp = namespace(state["arima.gain"])
    joined = [state["arima.change"], state["arima.gaps"], state["arima.gain"], state["arima.lever"]]
    waiting = xp.where(state["arima.counts"][:, :1] > 0.0, DIFFUSE, 0.0)
    return {"spread": state["arima.spread"] + waiting, "unknown": xp.concat(joined, axis=1)}


def _doubted(state: State, carry: State, weights: Array, seen: Array) -> tuple[State, Array]:
    """The carry one row later, and the variance of its forecast in units of that of the innovations, (series, 1).

    The part of the regression is g V g', with g the derivative of the forecast by the constant and the slopes and V
    their covariance. Source: de Jong (1991), The diffuse Kalman filter, Annals of Statistics 19.
    """
    xp, k = namespace(carry["unknown"], seen), state["arima.ar"].shape[1]
    r, width = weights.shape[1], seen.shape[1]
    columns = xp.reshape(carry["unknown"], (-1, r + 1 + width, k))
    values = columns[:, :, 0]
    covariance = xp.reshape(state["arima.doubt"], (-1, width, width))
    variance = carry["spread"] + weighed(values[:, r + 1 :] + seen, covariance)
    gained = state["arima.spread"] * values[:, r : r + 1] * values[:, r : r + 1]
    first = np.zeros((1, r + 1 + width, k))
    first[0, r + 1, 0] = 1.0
    moved = later(state["arima.ar"], columns) + state["arima.push"][:, :, None] * first
    spread = carry["spread"] + weighed(values[:, :r], weights) + gained
    return {"spread": spread, "unknown": xp.reshape(moved, (-1, (r + 1 + width) * k))}, variance


def _of_coefficients(table: Array, horizon: int) -> Array:
    """What the coefficients add to the variance of each row ahead, (series, horizon): `table` (series, rows), after
    whose end its root grows on as in its last half."""
    xp, rows = namespace(table), table.shape[1]
    if horizon <= rows:
        return table[:, :horizon]
    half = rows // 2
    last, middle = xp.sqrt(table[:, rows - 1 :]), xp.sqrt(table[:, half - 1 : half])
    pace = xp.maximum(last - middle, 0.0) / (rows - half)
    beyond = last + pace * np.arange(1.0, horizon - rows + 1.0)[None]
    return xp.concat([table, beyond * beyond], axis=1)


def fitted_arima(
    fit: Callable[[Panel, tuple[str, ...]], tuple[Found, ...]], panel: Panel, columns: tuple[str, ...],
    levels: tuple[int, ...],
) -> tuple[Found, ...]:  # fmt: skip
    """What `fit` finds in `panel`. ValueError if a column is not a known number, or a level not a percentage."""
    for name in columns:
        if panel.roles.get(name) != "known":
            raise ValueError(f"Column {name!r} is not among the known columns {panel.by_role('known')}: a regression "
                             "needs its future values.")  # fmt: skip
        if name in panel.levels:
            raise ValueError(f"Column {name!r} holds categories: an ARIMA regression takes numbers only.")
    check_levels(levels)
    return fit(panel, tuple(columns))


def arima_of(found: Found, panel: Panel, columns: tuple[str, ...], levels: tuple[int, ...]) -> ArimaModel:
    """The model of what was found in every series of `panel`."""
    numbers = filters(found.numbers, found.gaps, bool(levels))
    return assembled(
        ArimaModel, panel, numbers, found.notes, columns=tuple(columns), levels=tuple(levels), choices=found.choices,
        coefficients=found.coefficients, ranking=found.ranking,
    )  # fmt: skip


def filters(tables: State, gaps: int, bands: bool) -> State:
    """The numbers of all series, with columns for `gaps`, and without what only `bands` need unless there are any."""
    tables = tables | slots(tables["arima.change"], tables["arima.spread"], min(max(gaps, 1), MOST_GAPS))
    return {n: v for n, v in tables.items() if bands or n.removeprefix("arima.") not in _ONLY_BANDS}
