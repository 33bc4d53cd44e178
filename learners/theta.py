"""Theta: half the slope of a straight line, added to simple exponential smoothing of the deseasonalised series."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from featurizers.arrays import State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from learners.each import reason
from learners.learner import Learner
from learners.local import Fit, LocalModel, Series, fit_local, quiet, repeating, state_without_windows
from learners.naive import repeated

SHORTEST = 4  # values that a slope and a smoothing weight need


@dataclass(frozen=True)
class Theta(Learner):
    """The Theta method with lines 0 and 2; the series is deseasonalised where a test finds a `season`.

    Multiplicative where all values are positive, else additive. Too short for the season (two of them): without it;
    under four values or constant: the last value. Sources: Assimakopoulos & Nikolopoulos (2000), The theta model;
    Hyndman & Billah (2003), Unmasking the Theta method.
    """

    season: int = 1

    def train(self, panel: Panel) -> ThetaModel:
        return fit_local(ThetaModel, partial(_fit, self.season), panel)


@dataclass(frozen=True, eq=False)
class ThetaModel(LocalModel):
    """Memory: slope, weight (alpha), whether the season multiplies; level, rows so far, the season's next factors."""

    @property
    def needs(self) -> Needs:
        return Needs()

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
        alpha, level, count = state["theta.alpha"], state["theta.level"], state["theta.count"]
        xp, horizon = namespace(level), future["time"].shape[1]
        weight = xp.where(alpha > 0.0, alpha, 1.0)
        lead = xp.where(alpha > 0.0, (1.0 - xp.pow(1.0 - weight, count)) / weight, 0.0)
        line = state["theta.slope"] * (np.arange(horizon, dtype=np.float64)[None, :] + lead)
        forecast, factor = level + 0.5 * line, repeated(state["theta.season"], horizon)
        return {"forecast": xp.where(state["theta.multiplies"] > 0.5, forecast * factor, forecast + factor)}


def _fit(season: int, series: Series) -> Fit:
    simple = repeating(series, SHORTEST, "Theta")
    if simple is not None:
        return Fit(_numbers(season, simple.level), simple.note)
    known, y = series.known, series.filled
    scale = float(np.abs(known).mean())
    seasonal = season > 1 and len(y) >= 2 * season + 1
    note = f"{series.name} is shorter than two seasons: Theta without a season." if season > 1 and not seasonal else ""
    try:
        return Fit(_estimated(y / scale, season, seasonal, scale), note)
    except Exception as error:  # whatever a foreign fit raises must not end the job
        failure = f"{series.name}: Theta failed ({reason(error)}); it repeats the last value."
        return Fit(_numbers(season, known[0]), f"{note} {failure}".strip())


def _numbers(
    season: int, level: float, slope: float = 0.0, alpha: float = 1.0, multiplies: bool = False
) -> dict[str, np.ndarray]:
    return {
        "theta.slope": np.array([slope]),
        "theta.alpha": np.array([alpha]),
        "theta.multiplies": np.array([float(multiplies)]),
        "theta.level": np.array([level]),
        "theta.count": np.zeros(1),
        "theta.season": np.full(season, float(multiplies)),
    }


def _estimated(y: np.ndarray, season: int, seasonal: bool, scale: float) -> dict[str, np.ndarray]:
    from statsmodels.tsa.forecasting.theta import ThetaModel as Reference

    with quiet():
        model = Reference(y, period=season if seasonal else None, deseasonalize=seasonal)
        fitted = model.fit()
    factors = np.asarray(fitted._seasonal)
    multiplies = len(factors) > 0 and model.method.startswith("mul")
    slope, alpha = (float(v) for v in fitted.params)
    if not np.isfinite([slope, alpha, *factors]).all():
        raise ValueError("the estimates are not finite")
    if multiplies:
        return _numbers(season, y[0] / factors[0] * scale, slope * scale, alpha, True) | {"theta.season": factors}
    season_terms = factors * scale if len(factors) else np.zeros(season)
    level = y[0] * scale - season_terms[0]
    return _numbers(season, level, slope * scale, alpha) | {"theta.season": season_terms}
