"""Our side of classical.py: data.npz and a model in, CPU seconds, forecasts and fits out."""

from __future__ import annotations

import sys
import time
from itertools import pairwise

import numpy as np
import pandas as pd

import forecast as fc
from featurizers.frequency import Frequency
from featurizers.panel import Panel
from learners.learner import Learner, Model

TIMED = 5  # calls for a whole group, which may last a few ms only: their median counts


def panel_of(series: list[np.ndarray]) -> Panel:
    """Daily stamps do: the models see rows."""
    sizes = [len(y) for y in series]
    stamps = [np.datetime64("1950-01-01", "s") + np.arange(n) * np.timedelta64(86400, "s") for n in sizes]
    ids = pd.DataFrame({"id": [f"s{i}" for i in range(len(series))]})
    indptr = np.r_[0, np.cumsum(sizes)]
    return Panel(
        ids, indptr, np.concatenate(stamps), Frequency.parse("D"), "day", "y", {"y": np.concatenate(series)}, {}
    )


def seconds(learner: Learner, panel: Panel, horizon: int) -> tuple[float, Model, np.ndarray]:
    """CPU seconds of fit and forecast, and both."""
    begun = time.process_time()
    model = learner.fit(panel)
    found = model.forecast(panel, horizon).columns["forecast"]
    return time.process_time() - begun, model, found


def described(learner: Learner, model: Model, series: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Orders and coefficients of ARIMA models, AICc of exponential smoothings."""
    if isinstance(learner, fc.AutoArima):
        return arima_orders(learner, series)
    if isinstance(learner, fc.AutoEts):
        return ets_criteria(learner, panel_of(series))
    return {}


def arima_orders(learner: fc.AutoArima, series: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The kernel is asked again: a model keeps the numbers of its filter only."""
    from learners._kernels import arima_fit

    orders, weights = [], np.zeros((len(series), 40))
    for i, y in enumerate(series):
        season = 1 if len(y) < 2 * learner.season + 5 else learner.season
        limits = (season, learner.max_p, learner.max_q, learner.max_P, learner.max_Q, learner.max_order)
        scaled = (y - y.mean()) / y.std()
        indptr, none = np.array([0, len(y)]), np.zeros(0, np.int64)
        found, x, *_ = arima_fit(scaled, np.zeros((len(y), 0)), indptr, np.array(limits), none, 1)
        orders.append(found[0, :7])
        weights[i, : x.shape[1]] = x[0]
    return {"orders": np.array(orders), "coefficients": weights}


def ets_criteria(learner: fc.AutoEts, panel: Panel) -> dict[str, np.ndarray]:
    """The kernel is asked again here as well."""
    from learners._kernels import fit_ets
    from learners.ets_fit import NUMBERS, EtsFit, all_forms

    fit = EtsFit.of(panel, learner.season, "AutoEts")
    table = fit_ets(fit.spans.values, fit.spans.starts, all_forms(fit)[0], learner.season, 1)
    return {"criterion": np.where(table[:, NUMBERS.index("form")] >= 0, table[:, NUMBERS.index("criterion")], np.nan)}


def main() -> None:
    data, model, out = sys.argv[1:]
    given = np.load(data)
    y, indptr, season, horizon = given["y"], given["indptr"], int(given["season"]), int(given["horizon"])
    series = [y[a:b] for a, b in pairwise(indptr)]
    learner = getattr(fc, model)(season=season)
    panel = panel_of(series)
    seconds(learner, panel_of(series[:1]), horizon)  # the first call imports
    calls = [seconds(learner, panel, horizon) for _ in range(TIMED)]
    together, (_, fitted, found) = np.median([spent for spent, *_ in calls]), calls[0]
    alone = [seconds(learner, panel_of([one]), horizon)[0] for one in series]
    tables = {"forecast": found.reshape(len(series), horizon), "alone": np.array(alone), "together": together}
    np.savez(out, **tables, **described(learner, fitted, series))


if __name__ == "__main__":
    main()
