"""statsforecast's side of classical.py: data.npz and a model in, CPU seconds and forecasts out."""

from __future__ import annotations

import sys
import time
import warnings
from itertools import pairwise

import numpy as np
from statsforecast.models import AutoARIMA, AutoETS, AutoTheta

MODELS = {"AutoArima": AutoARIMA, "AutoEts": AutoETS, "AutoTheta": AutoTheta}


def main() -> None:
    data, model, out = sys.argv[1:]
    given = np.load(data)
    y, indptr, season, horizon = given["y"], given["indptr"], int(given["season"]), int(given["horizon"])
    warnings.simplefilter("ignore")
    learner = MODELS[model](season_length=season)
    learner.forecast(y=y[: indptr[1]], h=horizon)  # the first call imports and compiles
    forecasts, spent = [], []
    for a, b in pairwise(indptr):
        begun = time.process_time()
        forecasts.append(learner.forecast(y=y[a:b], h=horizon)["mean"])
        spent.append(time.process_time() - begun)
    np.savez(out, forecast=np.array(forecasts), alone=np.array(spent))


if __name__ == "__main__":
    main()
