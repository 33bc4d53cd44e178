"""neuralforecast's side of tcn.py: its TCN or NHITS with their own default settings, one thread.

.peers/bin/python benchmarks/tcn_neuralforecast.py TCN electricity out.npz 1000
"""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
from measure import measure
from tcn_sets import Rolling, rolling


def table(ids: list[str], starts: list[pd.Timestamp], rows: list[np.ndarray]) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"unique_id": name, "ds": pd.date_range(start, periods=len(y), freq="h"), "y": y})
        for name, start, y in zip(ids, starts, rows, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def histories(task: Rolling) -> pd.DataFrame:
    """The window before each origin, each a series of its own."""
    ids, starts, rows = [], [], []
    for i in range(len(task.later)):
        for k, origin in enumerate(task.origins):
            ids.append(f"{i:02d}-{k:03d}")
            starts.append(pd.Timestamp(task.later_start) + pd.Timedelta(hours=int(origin) - task.window))
            rows.append(task.later[i, origin - task.window : origin])
    return table(ids, starts, rows)


def main(name: str, set_name: str, path: str, steps: int) -> None:
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    import torch
    from neuralforecast import NeuralForecast
    from neuralforecast.models import NHITS, TCN

    torch.set_num_threads(1)
    task = rolling(set_name, False)
    given = table(
        [str(i) for i in range(len(task.train))], [pd.Timestamp(task.start)] * len(task.train), list(task.train)
    )
    quiet: dict[str, Any] = {
        "enable_progress_bar": False, "logger": False, "enable_checkpointing": False, "accelerator": "cpu",
    }  # fmt: skip
    model = {"NHITS": NHITS, "TCN": TCN}[name](
        h=task.horizon, input_size=task.window, max_steps=steps, random_seed=0, **quiet
    )
    learner = NeuralForecast([model], freq="h")
    _, spent = measure(lambda: learner.fit(given))
    ahead, last = forecast(learner, name, task), forecast(learner, name, rolling(set_name, True))
    np.savez(path, forecast=ahead, test=last, wall=spent["wall"], cpu=spent["cpu"])


def forecast(learner: Any, name: str, task: Rolling) -> np.ndarray:
    """(series, origins, horizon)"""
    found = learner.predict(histories(task)).sort_values(["unique_id", "ds"])
    return found[name].to_numpy(np.float64).reshape(len(task.later), len(task.origins), task.horizon)


if __name__ == "__main__":
    main(*sys.argv[1:4], int(sys.argv[4]))
