"""Ets: exponential smoothing, level, trend and season as states."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.panel import Panel
from featurizers.whole import whole
from learners.attribution import Attribution
from learners.bands import check_levels
from learners.components import of_ets
from learners.ets_bands import TURNING, ets_bands
from learners.learner import Learner
from learners.local import LocalModel, filtered, state_without_windows
from learners.naive import repeated

STILL = ("ets.alpha", "ets.beta", "ets.gamma", "ets.phi", "ets.multiplies")
MOVING = ("ets.level", "ets.trend", "ets.season")
SHORTEST = 4  # values that a smoothing weight and a level need


@dataclass(frozen=True)
class Ets(Learner):
    """Exponential smoothing: additive or multiplicative errors and season, additive trend, perhaps damped.

    A multiplicative part needs positive values (else it is additive), a season two of them (else there is none), a
    trend ten values; under four values or constant: the last value. `levels`: coverages in percent of analytic bands.
    A season over 24 rows keeps the terms of its decomposition, which are too many to be estimated, until values move
    them. `engine`: "native" or "statsmodels", the slow oracle, without bands. Source: Hyndman, Koehler, Ord & Snyder
    (2008), Forecasting with Exponential Smoothing, tables 2.2 and 2.3.
    """

    error: Literal["add", "mul"] = "add"
    trend: Literal["add"] | None = "add"
    seasonal: Literal["add", "mul"] | None = "add"
    damped: bool = False
    season: int = 1
    engine: Literal["native", "statsmodels"] = "native"
    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> EtsModel:
        for name, value in (("error", self.error), ("trend", self.trend), ("seasonal", self.seasonal)):
            if value not in ("add", "mul", None) or (name, value) in (("error", None), ("trend", "mul")):
                raise ValueError(f"Ets cannot have {name}={value!r}: error is 'add' or 'mul', trend 'add' or None, "
                                 "seasonal 'add', 'mul' or None.")  # fmt: skip
        whole(self.season, "The season of Ets")
        if self.damped and self.trend is None:
            raise ValueError("Ets without a trend cannot be damped: set trend='add' or damped=False.")
        if self.engine not in ("native", "statsmodels"):
            raise ValueError(f"Ets has no engine {self.engine!r}: it is 'native' or 'statsmodels'.")
        check_levels(self.levels)
        if self.engine == "statsmodels":
            if self.levels:
                raise ValueError("Ets has bands with engine='native' only: choose it, or levels=().")
            from learners.ets_statsmodels import by_statsmodels

            return by_statsmodels(self, panel)
        from learners.ets_fit import EtsFit, one_form

        return EtsFit.of(panel, self.season, "Ets", self.levels).model(one_form(self))


@dataclass(frozen=True)
class AutoEts(Learner):
    """Exponential smoothing in the form that suits each series: of all admissible ones that with the lowest AICc.

    Errors add or multiply, the trend is none, additive or damped, the season none, additive or multiplicative: fifteen
    forms (a multiplicative season with additive errors is not admissible), those without multiplication where a value
    is zero or less, without a season where there are not two of them. Under four values or constant: the last value.
    Source: Hyndman, Koehler, Snyder & Grose (2002), A state space framework for automatic forecasting using
    exponential smoothing methods, International Journal of Forecasting 18(3).
    """

    season: int = 1
    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> EtsModel:
        check_levels(self.levels)
        whole(self.season, "The season of AutoEts")
        from learners.ets_fit import EtsFit, all_forms

        return EtsFit.of(panel, self.season, "AutoEts", self.levels, searched=True).model(all_forms)


@dataclass(frozen=True, eq=False)
class EtsModel(LocalModel):
    """Memory: weights of level, trend and season (alpha, beta, gamma), damping (phi), whether the season multiplies;
    level, trend and the season's next terms; for bands what `ets_bands` needs, as it was at the end of training.

    Additive and multiplicative errors move the states alike, given the weights: they differ in the likelihood only.
    `forms` tells the form of each series in the letters of the taxonomy: errors A or M, trend N, A or Ad, season N, A
    or M; "" for one that repeats its last value.
    """

    turning: ClassVar[dict[str, int]] = dict.fromkeys(("ets.season", *(f"ets.{name}" for name in TURNING)), 1)

    forms: tuple[str, ...] = field(default=(), repr=False)
    levels: tuple[float, ...] = ()

    def remember(self, state: State, now: State) -> State:
        y, level, season = now["target"][:, None], state["ets.level"], state["ets.season"]
        xp = namespace(y, level)
        multiplies, term = state["ets.multiplies"] > 0.5, season[:, :1]
        trend = state["ets.phi"] * state["ets.trend"]
        base = level + trend
        error = xp.where(xp.isnan(y), 0.0, y - xp.where(multiplies, base * term, base + term))
        moved = xp.where(multiplies, _over(error, term), error)
        turned = xp.where(multiplies, _over(error, base), error)
        turning = {f"ets.{n}": state[f"ets.{n}"] for n in (TURNING if self.levels else ())}
        turning = {n: xp.concat([v[:, 1:], v[:, :1]], axis=1) for n, v in turning.items()}
        return state_without_windows(state) | turning | {
            "ets.level": base + state["ets.alpha"] * moved,
            "ets.trend": trend + state["ets.beta"] * moved,
            "ets.season": xp.concat([season[:, 1:], term + state["ets.gamma"] * turned], axis=1),
        }  # fmt: skip

    def _run(self, state: State, panel: Panel, row: np.ndarray) -> State:
        """`remember` over all rows, natively."""
        from learners._kernels import ets_filter

        result = filtered(ets_filter, STILL, MOVING, state, panel, row)
        for name in (f"ets.{n}" for n in (TURNING if self.levels else ())):
            season = state[name].shape[1]
            turns = np.arange(season) + np.maximum(panel.lengths - row, 0)[:, None]
            result[name] = np.take_along_axis(state[name], turns % season, axis=1)
        return result

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        return of_ets(state, self.predict(state, future)["forecast"], typical)

    def predict(self, state: State, future: State) -> State:
        level, phi = state["ets.level"], state["ets.phi"]
        xp, horizon = namespace(level), future["time"].shape[1]
        damping = xp.cumulative_sum(xp.pow(phi, np.arange(1.0, horizon + 1)[None, :]), axis=1)
        base, term = level + damping * state["ets.trend"], repeated(state["ets.season"], horizon)
        multiplies = state["ets.multiplies"] > 0.5
        forecast = base * xp.where(multiplies, term, 1.0) + xp.where(multiplies, 0.0, term)
        return {"forecast": forecast} | (ets_bands(state, base, damping, forecast, self.levels) if self.levels else {})


def _over(error: Array, by: Array) -> Array:
    """`error / by`, and 0 where that cannot be."""
    xp = namespace(error, by)
    return xp.where(by == 0.0, 0.0, error / xp.where(by == 0.0, 1.0, by))
