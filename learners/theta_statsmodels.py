"""Theta by statsmodels, one series after the other: the oracle of the native fit."""

from __future__ import annotations

from functools import partial

import numpy as np

from featurizers.panel import Panel
from learners.each import reason
from learners.local import Fit, Series, fit_local, quiet
from learners.repeating import repeating
from learners.theta import SHORTEST, ThetaModel


def by_statsmodels(season: int, panel: Panel) -> ThetaModel:
    """Theta of each series of `panel`, as far as the series allows it."""
    return fit_local(ThetaModel, partial(_fit, season), panel)


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
