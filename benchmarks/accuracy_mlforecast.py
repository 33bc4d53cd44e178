"""mlforecast's side of accuracy.py: LightGBM over lags and rolling means, conformal bands."""

from __future__ import annotations

from typing import Any

import pandas as pd
from accuracy_side import LEVELS, Answer, Task, banded, main


def answer(task: Task) -> Answer:
    """With differences where that is what its documentation would have one do: of one season, in each series' scale."""
    import lightgbm
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean
    from mlforecast.target_transforms import Differences, LocalStandardScaler
    from mlforecast.utils import PredictionIntervals

    table, season = task.filled, task.season
    shortest = int(table.groupby("unique_id").size().min())
    room = shortest - 2 * task.horizon - season - 1
    lags = [k for k in (1, 2, 3, season, 2 * season) if k < max(room, 2)]
    rolled: dict[int, Any] = {1: [RollingMean(max(season, 3))]} if max(season, 3) < room else {}
    date = {"h": ["hour", "dayofweek"], "D": ["dayofweek", "month"], "M": ["month"], "Q": ["quarter"]}
    trees = lightgbm.LGBMRegressor(n_estimators=250, learning_rate=0.05, verbose=-1, n_jobs=1, random_state=0)
    learner = MLForecast(
        {"LightGBM": trees},
        freq=task.freq, lags=sorted(set(lags)), lag_transforms=rolled, date_features=date.get(task.freq[0], []),
        target_transforms=[Differences([season if season < room else 1]), LocalStandardScaler()], num_threads=1,
    )  # fmt: skip
    ahead = task.future if task.known else None
    for windows in (2, 0):
        try:
            intervals = PredictionIntervals(n_windows=windows, h=task.horizon) if windows else None
            learner.fit(table, static_features=[], prediction_intervals=intervals)
            found = learner.predict(task.horizon, X_df=ahead, level=list(LEVELS) if windows else None)
            return {"LightGBM": banded(found.assign(ds=pd.to_datetime(found["ds"])), "LightGBM")}
        except Exception:
            if not windows:
                raise
    return {}


def prepare() -> None:
    import warnings

    import lightgbm  # noqa: F401
    import mlforecast  # noqa: F401

    warnings.simplefilter("ignore")


if __name__ == "__main__":
    main(answer, prepare)
