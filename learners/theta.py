"""Theta: half the slope of a straight line, added to simple exponential smoothing of the deseasonalised series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.panel import Panel
from featurizers.whole import whole
from learners.attribution import Attribution
from learners.bands import check_levels
from learners.components import of_theta
from learners.learner import Learner
from learners.local import LocalModel, assembled, filtered, state_without_windows
from learners.theta_bands import spread_of, theta_outputs

STILL = ("theta.alpha", "theta.multiplies")
MOVING = ("theta.level", "theta.count", "theta.season")
SHORTEST = 4  # values that a slope and a smoothing weight need


@dataclass(frozen=True)
class Theta(Learner):
    """The Theta method with lines 0 and 2; the series is deseasonalised where a test finds a `season`.

    Multiplicative where all values are positive, else additive. Too short for the season (two of them): without it;
    under four values or constant: the last value. `engine`: "native" or "statsmodels", the slow oracle.
    `levels`: bands, of the native engine. Sources:
    Assimakopoulos & Nikolopoulos (2000), The theta model; Hyndman & Billah (2003), Unmasking the Theta method.
    """

    season: int = 1
    engine: Literal["native", "statsmodels"] = "native"
    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> ThetaModel:
        whole(self.season, "The season of Theta")
        check_levels(self.levels)
        if self.engine == "statsmodels" and self.levels:
            raise ValueError("Theta has bands with engine='native' only: choose it, or levels=().")
        if self.engine == "statsmodels":
            from learners.theta_statsmodels import by_statsmodels

            return by_statsmodels(self.season, panel)
        if self.engine != "native":
            raise ValueError(f"Theta has no engine {self.engine!r}: it is 'native' or 'statsmodels'.")
        from learners._kernels import fit_classic_theta
        from learners.theta_fit import fitted

        columns, notes = fitted(panel, self.season, "Theta", fit_classic_theta, 1, bool(self.levels))
        taken = {"slope": "slope", "alpha": "weight", "level": "start"}
        memory = {f"theta.{name}": np.ascontiguousarray(columns[column][:, :1]) for name, column in taken.items()}
        memory |= {"theta.multiplies": columns["multiplies"], "theta.count": np.zeros((panel.count, 1))}
        memory |= {"theta.season": columns["season"]} | spread_of(columns, self.levels)
        return assembled(ThetaModel, panel, memory, notes, levels=tuple(self.levels))


@dataclass(frozen=True, eq=False)
class ThetaModel(LocalModel):
    """Memory: slope, weight (alpha), whether the season multiplies; level, rows so far, the season's next factors."""

    turning: ClassVar[dict[str, int]] = {"theta.season": 1}

    levels: tuple[float, ...] = ()

    def remember(self, state: State, now: State) -> State:
        y, level, season = now["target"][:, None], state["theta.level"], state["theta.season"]
        xp = namespace(y, level)
        factor = season[:, :1]
        multiplies = state["theta.multiplies"] > 0.5
        y = xp.where(multiplies, y / xp.where(multiplies, factor, 1.0), y - factor)
        moved = level + state["theta.alpha"] * (y - level)
        return state_without_windows(state) | {
            "theta.level": xp.where(xp.isnan(y), level, moved),
            "theta.count": state["theta.count"] + 1.0,
            "theta.season": xp.concat([season[:, 1:], season[:, :1]], axis=1),
        }

    def predict(self, state: State, future: State) -> State:
        mean = self._mean(state, future)
        left = state["theta.alpha"] + namespace(mean).zeros_like(mean)
        return theta_outputs(state, mean, left, self.levels, 0.5)

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        forecast = self.predict(state, future)["forecast"]
        return of_theta(forecast, self._mean(state, future), state["theta.level"], typical)

    def _mean(self, state: State, future: State) -> Array:
        """The forecast without the season, (series, horizon)."""
        alpha, level, count = state["theta.alpha"], state["theta.level"], state["theta.count"]
        xp, horizon = namespace(level), future["time"].shape[1]
        weight = xp.where(alpha > 0.0, alpha, 1.0)
        lead = xp.where(alpha > 0.0, (1.0 - xp.pow(1.0 - weight, count)) / weight, 0.0)
        line = state["theta.slope"] * (np.arange(horizon, dtype=np.float64)[None, :] + lead)
        return level + 0.5 * line

    def _run(self, state: State, panel: Panel, row: np.ndarray) -> State:
        """`remember` over all rows, natively."""
        from learners._kernels import theta_filter

        return filtered(theta_filter, STILL, MOVING, state, panel, row)
