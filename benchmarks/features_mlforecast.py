"""One measurement of mlforecast's lags and rolling windows: data.npy dtype threads start sample.npy -> JSON."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
from measure import measure
from mlforecast import MLForecast
from mlforecast.lag_transforms import RollingMax, RollingMean, RollingMin, RollingStd

path, dtype, threads, _, sample = sys.argv[1:]
values = np.load(path)
series, rows = values.shape
frame = pd.DataFrame(
    {
        "unique_id": np.repeat(np.arange(series), rows),
        "ds": np.tile(np.arange(rows), series),
        "y": values.ravel().astype(dtype),
    }
)
statistics = [kind(window) for window in (7, 14, 28) for kind in (RollingMean, RollingStd, RollingMin, RollingMax)]


def preprocess(table: pd.DataFrame) -> pd.DataFrame:
    forecast = MLForecast(
        models=[],
        freq=1,
        lags=[1, 2, 3, 4, 5, 6, 7, 14, 28],
        lag_transforms={1: statistics},
        num_threads=int(threads),
    )
    return forecast.preprocess(table, static_features=[], dropna=False)


preprocess(frame.head(rows))  # the code is loaded
result, spent = measure(lambda: preprocess(frame))
columns = result.columns[3:]
every = max(series // 100, 1)
chosen = result[(result["unique_id"] % every == 0).to_numpy()]
np.save(sample, chosen[columns].to_numpy().reshape(-1, rows, len(columns)))
print(json.dumps(spent))
