"""statsforecast's side of classical.py: data.npz and a model in, CPU seconds, forecasts and fits out."""

from __future__ import annotations

import sys
import time
import warnings
from itertools import pairwise
from typing import Any

import numpy as np
from statsforecast.models import AutoARIMA, AutoCES, AutoETS, AutoTheta

MODELS = {"AutoArima": AutoARIMA, "AutoEts": AutoETS, "AutoTheta": AutoTheta, "Ces": AutoCES}
MOST = 40  # coefficients of an ARIMA model


def described(model: str, found: dict[str, Any], rows: int) -> dict[str, np.ndarray]:
    """Orders and coefficients of an ARIMA model, AICc of an exponential smoothing."""
    if model == "AutoArima":
        p, q, P, Q, _, d, D = found["arma"]
        names = [f"{kind}{i + 1}" for kind, size in (("ar", p), ("ma", q), ("sar", P), ("sma", Q)) for i in range(size)]
        coefficients = np.zeros(MOST)
        coefficients[: len(names)] = [found["coef"][name] for name in names]
        constant = any(name in found["coef"] for name in ("intercept", "drift"))
        return {"orders": np.array([p, d, q, P, D, Q, constant]), "coefficients": coefficients}
    if model == "AutoEts":
        # It leaves the constants of the normal density out: n / 2 (log(2 pi / n) + 1).
        return {"criterion": np.array(found["aicc"] + rows * (np.log(2 * np.pi / rows) + 1))}
    return {}


def main() -> None:
    data, model, out = sys.argv[1:]
    given = np.load(data)
    y, indptr, season, horizon = given["y"], given["indptr"], int(given["season"]), int(given["horizon"])
    warnings.simplefilter("ignore")
    learner = MODELS[model](season_length=season)
    learner.fit(y[: indptr[1]]).predict(horizon)  # the first call imports and compiles
    forecasts, spent, fits = [], [], []
    for a, b in pairwise(indptr):
        begun = time.process_time()
        try:
            fitted = learner.fit(y[a:b])
            forecasts.append(fitted.predict(horizon)["mean"])
            fits.append(described(model, fitted.model_, b - a))
        except NotImplementedError:  # "tiny datasets"
            forecasts.append(np.full(horizon, np.nan))
            fits.append({})
        spent.append(time.process_time() - begun)
    names = {name: np.full(value.shape, np.nan) for fit in fits for name, value in fit.items()}
    tables = {name: np.array([fit.get(name, empty) for fit in fits]) for name, empty in names.items()}
    np.savez(out, forecast=np.array(forecasts), alone=np.array(spent), **tables)


if __name__ == "__main__":
    main()
