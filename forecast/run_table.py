"""The table of a run's trials, the best first, while the run is under way or when it is done."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.folders import BOARD, JOB, SEARCH, STATE, aside
from forecast.metrics import METRICS, Metric, find
from forecast.names import of_trial
from forecast.store import COMPLETE, Store, Trial, table


def trials(folder: str | Path, metric: str | None = None) -> pd.DataFrame:
    """The run table of a run, under way or done: every trial, the best by `metric` (None: the run's own) first,
    of each group where the run has groups.

    By a metric of bands only a run that is done is sorted, unless it is the run's own: bands of all learners alike are
    measured at the end. ValueError if there is no such run or metric.
    """
    kept = aside(folder) if (aside(folder) / STATE).exists() else Path(folder) / SEARCH
    if not kept.exists():
        raise ValueError(f"There is no run {str(folder)!r} with trials. 'forecast runs' lists those in 'runs'.")
    job = kept / JOB if (kept / JOB).exists() else Path(folder) / JOB
    told = tomllib.loads(job.read_text("utf-8"))
    own = str(told.get("metric", "mase"))
    wanted = metric or own
    measured = _theirs(kept, own) if wanted == own and own not in METRICS else find(wanted)
    if measured.higher is None:
        raise ValueError(f"Metric {measured.name!r} does not rank trials: neither more nor less of it is better.")
    store = Store(kept)
    found = store.every()
    store.close()
    if measured.banded and measured.name != own:
        found = _with_bands(found, measured, Path(folder) / BOARD, tuple(told["learners"]))
    return table(found, measured)


def _theirs(kept: Path, name: str) -> Metric:
    """A metric that is a function of the user's own, of which the folder holds the scores."""
    state = json.loads((kept / STATE).read_text("utf-8")) if (kept / STATE).exists() else {}
    return Metric(name, _gone, bool(state.get("higher", False)))


def _gone(actual: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:  # as it may be one of bands
    raise ValueError("The function that this run was measured by is not in its folder.")


def _with_bands(found: list[Trial], metric: Metric, board: Path, recipes: tuple[str, ...]) -> list[Trial]:
    """The trials with a metric of bands as the leaderboard of the run has it, which tells of whole trials."""
    if not board.exists() or any(trial.group for trial in found):
        raise ValueError(f"Trials cannot be sorted by {metric.name!r}: bands of all learners alike are measured when a "
                         "run without groups is done. Choose a metric of forecasts, such as 'mase'.")  # fmt: skip
    rows = pd.read_parquet(board).set_index("learner").select_dtypes("number")
    totals = {name: metric.total({str(m): v for m, v in row.items()}) for name, row in rows.to_dict("index").items()}
    scores = [totals.get(of_trial(t.learner, t.number, recipes), np.nan) for t in found]
    return [replace(t, scores={metric.name: score if t.state == COMPLETE else np.nan})
            for t, score in zip(found, scores, strict=True)]  # fmt: skip
