"""Tables of a job: what is trained on, what is kept aside for the test, and what is known ahead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from featurizers.findings import Finding
from featurizers.panel import Panel
from forecast.job import Job

DATASET = "dataset:"  # a source of this form names a table that comes with the package


@dataclass(frozen=True, eq=False)
class Tables:
    train: Panel
    whole: Panel | None  # train and the test rows after it; None where nothing is kept aside

    @property
    def held(self) -> np.ndarray:
        """How many rows of each series are kept aside, (series,)."""
        return np.zeros_like(self.train.lengths) if self.whole is None else self.whole.lengths - self.train.lengths


def read(job: Job) -> Tables:
    """The job's panel, split where its test rows begin."""
    given = dict(job.data)
    source = given.pop("source")
    if isinstance(source, str) and source.startswith(DATASET):
        from forecast.datasets import load

        source = load(source.removeprefix(DATASET))
    if job.test is None:
        return Tables(Panel.read(source, **given), None)
    if isinstance(job.test, str) and Path(job.test).suffix:
        first = _frame(source)
        second = _frame(job.test)
        whole = Panel.read(pd.concat([first, second], ignore_index=True), **given)
        start = np.datetime64(pd.to_datetime(second[given["time"]]).min().tz_localize(None), "s")
        return _cut(whole, whole.clock() < start.astype(np.int64), job)
    whole = Panel.read(source, **given)
    if isinstance(job.test, int):
        return _cut(whole, whole.position < np.repeat(whole.lengths - job.test, whole.lengths), job)
    try:
        last = np.datetime64(pd.Timestamp(job.test), "s")
    except ValueError:
        raise ValueError(f"The test {job.test!r} is no number of rows, no stamp, and no file that is there.") from None
    return _cut(whole, whole.clock() <= last.astype(np.int64), job)


def _frame(source: Any) -> pd.DataFrame:
    from featurizers.sources import open_table

    return open_table(source).to_pandas()


def _cut(whole: Panel, before: np.ndarray, job: Job) -> Tables:
    train = whole.rows(before)
    kept = train.lengths > 0
    if not kept.any() or not before.sum() < len(before):
        raise ValueError(f"The test {job.test!r} leaves {before.sum()} of {len(before)} rows to train on.")
    if not kept.all():
        i = int(np.flatnonzero(~kept)[0])
        message = f"Series {whole.name(i)!r} lies in the test rows alone; it was left out."
        lost = Finding("too_short", "dropped", message, whole.name(i), count=int((~kept).sum()))
        train, whole = train.where(kept).with_findings([lost]), whole.where(kept)
    return Tables(train, whole)


def known_ahead(panel: Panel, horizon: int, whole: Panel | None, given: str | None) -> tuple[Any, list[Finding]]:
    """What is known of the rows after `panel`: the test rows, the table `given`, or the rows that came with the panel.

    Where nothing says it, the last value of each series is carried on, and a finding says so.
    """
    names = panel.by_role("known")
    if not names or (given is None and whole is None and panel.ahead is not None):
        return None, []
    if given is not None:
        return _frame(given), []
    at = panel.lengths[:, None] + np.arange(horizon)
    columns, carried = {}, np.zeros(panel.count, bool)
    for name in names:
        last = np.repeat(panel.window(name, 1), horizon, axis=1)
        if whole is not None:
            there = at < whole.lengths[:, None]
            values = whole.columns[name][np.where(there, whole.indptr[:-1, None] + at, 0)]
            last = np.where(there & ~_missing(values), values, last)
            carried |= ~there.all(axis=1)
        else:
            carried[:] = True
        columns[name] = last.ravel()
    times = panel.freq.add(panel.last[:, None], np.arange(1, horizon + 1))
    ahead = replace(panel, indptr=np.arange(panel.count + 1) * horizon, times=times.ravel(), columns=columns,
                    roles=dict.fromkeys(names, "known"), ahead=None)  # fmt: skip
    return ahead, [_carried(panel, names, carried)] if carried.any() else []


def _missing(values: np.ndarray) -> np.ndarray:
    return values < 0 if values.dtype == np.int64 else np.isnan(values)


def _carried(panel: Panel, names: list[str], carried: np.ndarray) -> Finding:
    i = int(np.flatnonzero(carried)[0])
    message = (f"The future of {', '.join(map(repr, names))} is not given after the last row of series "
               f"{panel.name(i)!r}: the last value is carried on. Add rows without a target to the table, or give "
               "known_future.")  # fmt: skip
    return Finding("known_future", "alerted", message, panel.name(i), column=names[0], count=int(carried.sum()))
