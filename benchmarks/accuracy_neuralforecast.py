"""neuralforecast's side of accuracy.py: NHITS or TCN with quantile heads, its own default settings."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

import pandas as pd
from accuracy_side import LEVELS, Answer, Task, banded, main

LOOKBACK = 5  # horizons


def answer(task: Task) -> Answer:
    from neuralforecast import NeuralForecast
    from neuralforecast.losses.pytorch import MQLoss
    from neuralforecast.models import NHITS, TCN

    name = {"nhits": "NHITS", "tcn": "TCN"}[sys.argv[2]]
    known = {"futr_exog_list": list(task.known)} if task.known else {}
    lookback = min(LOOKBACK * task.horizon, int(task.train.groupby("unique_id").size().median()))
    quiet = {"enable_progress_bar": False, "logger": False, "enable_checkpointing": False, "accelerator": "cpu"}
    model = {"NHITS": NHITS, "TCN": TCN}[name](
        h=task.horizon, input_size=max(lookback, 2 * task.season), loss=MQLoss(level=list(LEVELS)), max_steps=1000,
        scaler_type="robust", start_padding_enabled=True, random_seed=0, callbacks=_limit(task), **known, **quiet,
    )  # fmt: skip
    learner = NeuralForecast([model], freq=task.freq)
    learner.fit(task.filled)
    found = learner.predict(futr_df=task.future if task.known else None)
    found = found.reset_index() if "unique_id" not in found else found
    return {name: banded(found.assign(ds=pd.to_datetime(found["ds"])), name)}


def _limit(task: Task) -> list[Any]:
    """Training ends where the time is over."""
    from pytorch_lightning.callbacks import Callback

    clock = time.process_time if task.clock == "cpu" else time.perf_counter
    end = float("inf") if task.limit is None else clock() + 0.95 * task.limit

    class Until(Callback):
        def on_train_batch_end(self, trainer: Any, *_: Any, **__: Any) -> None:
            trainer.should_stop = clock() > end

    return [Until()]


def prepare() -> None:
    import warnings

    import neuralforecast.models  # noqa: F401
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)


if __name__ == "__main__":
    main(answer, prepare)
