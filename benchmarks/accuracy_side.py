"""What every side of accuracy.py shares: it reads its task from a folder and leaves quantile forecasts there.

Standard library, numpy and pandas alone: it runs in the environments of the peers too.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

QUANTILES = tuple(round(k / 10, 1) for k in range(1, 10))
LEVELS = (20, 40, 60, 80)  # the bands whose ends are these quantiles, the median aside


@dataclass(frozen=True)
class Task:
    """What a side is given."""

    train: pd.DataFrame  # unique_id, ds, y, known columns
    future: pd.DataFrame  # unique_id, ds, known columns of the rows to forecast
    season: int
    horizon: int
    freq: str
    known: tuple[str, ...]
    limit: float | None  # seconds
    clock: str  # "wall" or "cpu", by which the limit is measured

    @property
    def filled(self) -> pd.DataFrame:
        """The training rows without gaps, for those that cannot have any."""
        table = self.train.copy()
        within = table.groupby("unique_id")["y"]
        table["y"] = within.transform(lambda y: y.interpolate().ffill().bfill().fillna(0.0))
        return table


Answer = dict[str, pd.DataFrame]  # by name of the model: unique_id, ds, "0.1" ... "0.9"


def banded(found: pd.DataFrame, name: str) -> pd.DataFrame:
    """Quantiles from the columns of a library of the Nixtla family: name, name-lo-80, name-hi-80 ..."""
    median = f"{name}-median" if f"{name}-median" in found else name
    table = found[["unique_id", "ds"]].assign(**{"0.5": found[median]})
    for level in LEVELS:
        for side, quantile in (("lo", 0.5 - level / 200), ("hi", 0.5 + level / 200)):
            column = next((c for c in (f"{name}-{side}-{level}", f"{name}-{side}-{level}.0") if c in found), median)
            table[f"{quantile:.1f}"] = found[column]
    return table


def spent() -> float:
    """CPU seconds of this process and of those that it started and that have ended."""
    multiprocessing.active_children()  # counts those that have ended
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def cpu_clock() -> None:
    """Let `time.time` go on by CPU seconds, so that a library's time limit does not depend on who else computes."""
    start, before = time.time(), spent()
    time.time = lambda: start + spent() - before  # type: ignore[assignment]


def main(answer: Callable[[Task], Answer], prepare: Callable[[], Any] = lambda: None) -> None:
    """Run a side: `side.py FOLDER NAME`. Its imports (`prepare`) are not counted."""
    folder, name = Path(sys.argv[1]), sys.argv[2]
    about = json.loads((folder / "task.json").read_text())
    tables = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "future"))
    task = Task(*tables, **about | {"known": tuple(about["known"])})
    prepare()
    wall, cpu = time.perf_counter(), spent()
    try:
        answers, failure = answer(task), ""
    except Exception:
        answers, failure = {}, traceback.format_exc()
    seconds = {"wall": time.perf_counter() - wall, "cpu": spent() - cpu, "failure": failure}
    parts = [table.assign(model=model) for model, table in answers.items()]
    if parts:
        table = pd.concat(parts, ignore_index=True)
        quantiles = [f"{q:.1f}" for q in QUANTILES]
        table[quantiles] = table[quantiles].astype(np.float64)
        table[["model", "unique_id", "ds", *quantiles]].to_parquet(folder / f"{name}.parquet")
    (folder / f"{name}.json").write_text(json.dumps(seconds, indent=1))
