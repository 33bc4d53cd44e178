"""One measurement of our lags and rolling windows: data.npy dtype threads start sample.npy -> JSON."""

from __future__ import annotations

import json
import os
import sys

path, dtype, threads, start, sample = sys.argv[1:]
os.environ["OMP_NUM_THREADS"] = threads

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from measure import measure  # noqa: E402

from featurizers.features import Features  # noqa: E402
from featurizers.frequency import Frequency  # noqa: E402
from featurizers.lags import Lags  # noqa: E402
from featurizers.panel import Panel  # noqa: E402
from featurizers.rolling import Rolling  # noqa: E402

values = np.load(path)
series, rows = values.shape
ids, day = np.arange(series), np.arange(rows).astype("datetime64[D]").astype("datetime64[s]")
features = Features((Lags((1, 2, 3, 4, 5, 6, 7, 14, 28)), Rolling(("mean", "std", "min", "max"), (7, 14, 28))))

if start == "panel":
    y = np.ascontiguousarray(values.ravel(), np.float64)
    indptr = np.arange(series + 1) * rows
    panel = Panel(pd.DataFrame({"id": ids}), indptr, np.tile(day, series), Frequency.parse("D"), "day", "y", {"y": y})
    features.transform(panel.rows(panel.position < 50).where(np.arange(1)))  # the code is loaded
    matrix, spent = measure(lambda: features.transform(panel, dtype=np.dtype(dtype)))
else:
    frame = pd.DataFrame({"id": np.repeat(ids, rows), "day": np.tile(day, series), "y": values.ravel().astype(dtype)})
    matrix, spent = measure(
        lambda: features.transform(Panel.read(frame, id="id", time="day", target="y"), dtype=np.dtype(dtype))
    )
np.save(sample, matrix.reshape(series, rows, -1)[:: max(series // 100, 1)])
print(json.dumps(spent))
