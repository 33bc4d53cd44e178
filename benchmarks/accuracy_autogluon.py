"""AutoGluon's side of accuracy.py: its best preset without the models that were trained on other data."""

from __future__ import annotations

import sys
import tempfile

import pandas as pd
from accuracy_side import QUANTILES, Answer, Task, cpu_clock, main

PRETRAINED = ("Chronos", "Toto")


def answer(task: Task) -> Answer:
    from autogluon.timeseries import TimeSeriesDataFrame, TimeSeriesPredictor
    from autogluon.timeseries.configs.hyperparameter_presets import get_hyperparameter_presets

    if task.clock == "cpu":
        cpu_clock()
    usual = get_hyperparameter_presets()["default"]
    models = {name: settings for name, settings in usual.items() if not name.startswith(PRETRAINED)}
    for name in ("AutoETS", "DynamicOptimizedTheta", "SeasonalNaive"):
        models[name] = {"n_jobs": 1}
    models |= {"NPTS": {"n_jobs": 1}, "PatchTST": {}, "TiDE": {}}
    data = TimeSeriesDataFrame.from_data_frame(task.train, id_column="unique_id", timestamp_column="ds")
    metric = {"autogluon": "WQL", "autogluon_mase": "MASE"}[sys.argv[2]]
    with tempfile.TemporaryDirectory() as folder:
        predictor = TimeSeriesPredictor(
            prediction_length=task.horizon, target="y", freq=task.freq, path=folder, quantile_levels=list(QUANTILES),
            known_covariates_names=list(task.known) or None, eval_metric=metric,
            eval_metric_seasonal_period=task.season, verbosity=1,
        )  # fmt: skip
        predictor.fit(data, presets="best_quality", hyperparameters=models, time_limit=task.limit, random_seed=0)
        print(predictor.leaderboard().to_string())
        ahead = None
        if task.known:
            ahead = TimeSeriesDataFrame.from_data_frame(task.future, id_column="unique_id", timestamp_column="ds")
        found = predictor.predict(data, known_covariates=ahead).to_data_frame().reset_index()
    found = found.rename(columns={"item_id": "unique_id", "timestamp": "ds"} | {str(q): f"{q:.1f}" for q in QUANTILES})
    name = {"WQL": "AutoGluon", "MASE": "AutoGluon (MASE)"}[metric]
    return {name: found.assign(ds=pd.to_datetime(found["ds"]))}


def prepare() -> None:
    import warnings

    import torch
    from autogluon.timeseries import TimeSeriesPredictor  # noqa: F401

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")


if __name__ == "__main__":
    main(answer, prepare)
