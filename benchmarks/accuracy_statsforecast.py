"""statsforecast's side of accuracy.py: four automatic models, and the median of them."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import numpy as np
from accuracy_side import LEVELS, QUANTILES, Answer, Task, main

MODELS = ("AutoETS", "DynamicOptimizedTheta", "AutoCES", "AutoARIMA")  # the fastest first


def answer(task: Task) -> Answer:
    """Every model on every series within the limit; where its time was over, a series has no forecast of it."""
    clock = time.process_time if task.clock == "cpu" else time.perf_counter
    end = None if task.limit is None else clock() + task.limit
    filled, result = task.filled, {}
    for i, name in enumerate(MODELS):
        share = None if end is None else clock() + (end - clock()) / (len(MODELS) - i)
        result[name] = _every(name, filled, task, lambda share=share: share is not None and clock() > share)
    quantiles = [f"{q:.1f}" for q in QUANTILES]
    values = np.stack([result[name][quantiles].to_numpy() for name in MODELS])
    middle = result[MODELS[0]].copy()
    middle[quantiles] = np.nanmedian(values, axis=0)
    return {"median": middle} | result


def _every(name: str, filled: Any, task: Task, over: Any) -> Any:
    import statsforecast.models as models
    from statsforecast.models import SeasonalNaive

    table = task.future[["unique_id", "ds"]].sort_values(["unique_id", "ds"]).reset_index(drop=True)
    values = np.full((len(table), len(QUANTILES)), np.nan)
    learner = getattr(models, name)(season_length=task.season)
    series = {k: v["y"].to_numpy() for k, v in filled.groupby("unique_id")}
    starts = np.flatnonzero(np.append(True, table["unique_id"].to_numpy()[1:] != table["unique_id"].to_numpy()[:-1]))
    for a, b in pairwise([*starts.tolist(), len(table)]):
        y = series[table["unique_id"][a]]
        try:
            if over():
                raise TimeoutError
            found = learner.forecast(y=y, h=task.horizon, level=list(LEVELS))
        except Exception:
            found = SeasonalNaive(season_length=task.season).forecast(y=y, h=task.horizon, level=list(LEVELS))
        columns = [found["mean"] if q == 0.5 else found[_column(found, q)] for q in QUANTILES]
        values[a:b] = np.stack(columns, axis=1)[: b - a]
    table[[f"{q:.1f}" for q in QUANTILES]] = values
    return table


def _column(found: Any, quantile: float) -> str:
    side, level = ("lo", round(100 - 200 * quantile)) if quantile < 0.5 else ("hi", round(200 * quantile - 100))
    return next(c for c in (f"{side}-{level}", f"{side}-{level}.0") if c in found)


def prepare() -> None:
    import warnings

    from statsforecast.models import AutoARIMA, AutoCES, AutoETS, DynamicOptimizedTheta

    warnings.simplefilter("ignore")
    y = 10 + np.sin(np.arange(40.0)) + 0.1 * np.arange(40)
    for kind in (AutoARIMA, AutoCES, AutoETS, DynamicOptimizedTheta):
        kind(season_length=4).forecast(y=y, h=4, level=[80])  # what is compiled at the first call is compiled


if __name__ == "__main__":
    main(answer, prepare)
