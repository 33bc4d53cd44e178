"""Ets: exponential smoothing, level, trend and season as states."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from learners.learner import Learner
from learners.local import LocalModel, state_without_windows
from learners.naive import repeated

SHORTEST = 4  # values that a smoothing weight and a level need


@dataclass(frozen=True)
class Ets(Learner):
    """Exponential smoothing: additive or multiplicative errors and season, additive trend, perhaps damped.

    A multiplicative part needs positive values (else it is additive), a season two of them (else there is none), a
    trend ten values; under four values or constant: the last value. `engine`: "native" or "statsmodels", the slow
    oracle. Source: Hyndman, Koehler, Ord & Snyder (2008), Forecasting with Exponential Smoothing, tables 2.2 and 2.3.
    """

    error: Literal["add", "mul"] = "add"
    trend: Literal["add"] | None = "add"
    seasonal: Literal["add", "mul"] | None = "add"
    damped: bool = False
    season: int = 1
    engine: Literal["native", "statsmodels"] = "native"

    def train(self, panel: Panel) -> EtsModel:
        for name, value in (("error", self.error), ("trend", self.trend), ("seasonal", self.seasonal)):
            if value not in ("add", "mul", None) or (name, value) in (("error", None), ("trend", "mul")):
                raise ValueError(f"Ets cannot have {name}={value!r}: error is 'add' or 'mul', trend 'add' or None, "
                                 "seasonal 'add', 'mul' or None.")  # fmt: skip
        if self.damped and self.trend is None:
            raise ValueError("Ets without a trend cannot be damped: set trend='add' or damped=False.")
        if self.engine not in ("native", "statsmodels"):
            raise ValueError(f"Ets has no engine {self.engine!r}: it is 'native' or 'statsmodels'.")
        if self.engine == "statsmodels":
            from learners.ets_statsmodels import by_statsmodels

            return by_statsmodels(self, panel)
        from learners.ets_fit import EtsFit, one_form

        return EtsFit.of(panel, self.season, "Ets").model(one_form(self))


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

    def train(self, panel: Panel) -> EtsModel:
        if self.season < 1:
            raise ValueError(f"AutoEts needs a season of at least 1 row, not {self.season}.")
        from learners.ets_fit import EtsFit, all_forms

        return EtsFit.of(panel, self.season, "AutoEts").model(all_forms)


@dataclass(frozen=True, eq=False)
class EtsModel(LocalModel):
    """Memory: weights of level, trend and season (alpha, beta, gamma), damping (phi), whether the season multiplies;
    level, trend and the season's next terms.

    Additive and multiplicative errors move the states alike, given the weights: they differ in the likelihood only.
    The weight of the season is that of the component form, gamma / (1 - alpha), on the series without its new level.
    `forms` tells the form of each series in the letters of the taxonomy: errors A or M, trend N, A or Ad, season N, A
    or M; "" for one that repeats its last value.
    """

    forms: tuple[str, ...] = field(default=(), repr=False)

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
        multiplies = state["ets.multiplies"] > 0.5
        return {"forecast": base * xp.where(multiplies, term, 1.0) + xp.where(multiplies, 0.0, term)}


def _over(y: Array, by: Array, otherwise: Array) -> Array:
    """`y / by`, and `otherwise` where that cannot be."""
    xp = namespace(y, by)
    return xp.where(by == 0.0, otherwise, y / xp.where(by == 0.0, 1.0, by))
