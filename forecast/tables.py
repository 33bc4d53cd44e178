"""Tables of a job: what is trained on, what is kept aside for the test, and what is known ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from featurizers.counted import counting
from featurizers.findings import Finding
from featurizers.moments import moment_of
from featurizers.panel import UNKNOWN, Panel
from featurizers.policy import names_of
from featurizers.rows import stamp
from featurizers.sources import leads_to_table
from featurizers.stamps import read_stamps
from featurizers.values import absent
from forecast.defaults import origins
from forecast.job import Job

DATASET = "dataset:"  # a source of this form names a table that comes with the package


@dataclass(frozen=True, eq=False)
class Tables:
    """The panels of a job."""

    train: Panel
    whole: Panel | None  # train and the test rows after it; None where nothing is kept aside

    @property
    def held(self) -> np.ndarray:
        """How many rows of each series are kept aside, (series,)."""
        return np.zeros_like(self.train.lengths) if self.whole is None else self.whole.lengths - self.train.lengths


def read(job: Job) -> Tables:
    """The job's panel, split where its test rows begin; findings of what is trained on say if its series end apart, and
    if they are too short for the folds that are asked for."""
    tables = _split(job)
    return replace(tables, train=tables.train.with_findings([*_apart(tables.train), *_fewer(job, tables.train)]))


def _split(job: Job) -> Tables:
    given = dict(job.data)
    source = given.pop("source", None)
    if source is None:
        raise ValueError("The job's 'data' does not say 'source': a frame, a path or a query.")
    if isinstance(source, str) and source.startswith(DATASET):
        from forecast.datasets import load

        source = load(source.removeprefix(DATASET))
    if job.test is None:
        return Tables(Panel.read(source, **given), None)
    if not isinstance(job.test, int | str) or (isinstance(job.test, str) and leads_to_table(job.test)):
        first, second = _frame(source, given), _frame(job.test, given)
        if given["time"] not in second:
            raise ValueError(f"The test table has no column {given['time']!r}; it has {', '.join(map(repr, second))}.")
        whole = Panel.read(pd.concat([first, second], ignore_index=True), **given)
        stamps = read_stamps(second[given["time"]], given["time"], counting(whole)).among(whole.times).local
        stamps = stamps[~np.isnat(stamps)]
        if not len(stamps):
            raise ValueError(f"The test table has no row with a time in {given['time']!r}: give the rows that come "
                             "after those of training.")  # fmt: skip
        return _cut(whole, whole.clock() < stamps.min().astype(np.int64), job)
    whole = Panel.read(source, **given)
    if isinstance(job.test, int):
        return _cut(whole, whole.position < np.repeat(whole.lengths - job.test, whole.lengths), job)
    refusal = f"The test {job.test!r} is no number of rows, no stamp, and no file that is there."
    return _cut(whole, whole.clock() <= moment_of(job.test, whole, refusal), job)


def _frame(source: Any, data: Mapping[str, Any]) -> pd.DataFrame:
    from featurizers.sources import open_table

    return open_table(source, names_of(data.get("id")), data.get("decimal"), data.get("encoding", "utf-8")).to_pandas()


def _cut(whole: Panel, before: np.ndarray, job: Job) -> Tables:
    train = whole.rows(before)
    kept = train.lengths > 0
    if not kept.any() or not before.sum() < len(before):
        what = repr(job.test) if isinstance(job.test, int | str) else "table"
        raise ValueError(f"The test {what} leaves {before.sum()} of {len(before)} rows to train on.")
    if not kept.all():
        lost = [Finding("too_short", "dropped", f"Series {name!r} lies in the test rows alone; it was left out.", name)
                for name in map(whole.name, np.flatnonzero(~kept).tolist())]  # fmt: skip
        train, whole = train.where(kept).with_findings(lost), whole.where(kept)
    return Tables(train, whole)


def _apart(panel: Panel) -> list[Finding]:
    """Whether some series end a row or more before others, so that forecasts cover different dates."""
    last, latest = panel.last, panel.last.max()
    early = np.flatnonzero(panel.freq.steps(last, np.full_like(last, latest))[0] > 0)
    if not len(early):
        return []
    name, (when, end) = panel.name(int(early[0])), (stamp(t, panel.zone) for t in (last[early[0]], latest))
    text = (f"{len(early)} of {panel.count} series end before {end}, as {name} does at {when}: a forecast begins after "
            "the last known value of its series, so that theirs cover earlier dates.")  # fmt: skip
    return [Finding("early_end", "alerted", text, name, time=when, count=len(early))]


def _fewer(job: Job, panel: Panel) -> list[Finding]:
    """Whether fewer folds are made than the job asks for."""
    made = origins(panel, job.horizon, job.folds, job.step, job.gap).folds
    if job.folds is None or made >= job.folds:
        return []
    text = (f"Learners are compared on {made} of the {job.folds} folds that were asked for: more would leave the "
            f"longest series, of {panel.lengths.max(initial=0)} rows, less than a horizon to train on.")  # fmt: skip
    return [Finding("fewer_folds", "alerted", text, count=job.folds - made)]


def next_rows(job: Job, tables: Tables) -> tuple[Any, list[Finding]]:
    """What is known of the rows that a job forecasts, see `known_ahead`. ValueError, before any work is done, where
    this cannot be used, or the test rows are too few."""
    if tables.whole is not None and tables.held.max() <= job.gap:
        raise ValueError(f"The test has {tables.held.max()} rows, not more than the gap of {job.gap}: nothing in it is "
                         "forecast. Keep more rows aside.")  # fmt: skip
    return known_ahead(tables.train, job.gap + job.horizon, tables.whole, job.known_future, job.data)


def known_ahead(
    panel: Panel, horizon: int, whole: Panel | None, given: Any, data: Mapping[str, Any]
) -> tuple[Any, list[Finding]]:
    """What is known of the rows after `panel`: the test rows, the table `given`, or the rows that came with the panel.

    Where nothing says it, the last value of each series is carried on, and findings say so. `data` is that of the job.
    ValueError where `given` lacks a row, where no column is known, and where it gives a row twice that must not be.
    """
    names = panel.by_role("known")
    if given is not None:
        _expected(data)
        if not names:
            return None, []  # they were found to give the target away, and are not used
        table = _frame(given, data)
        twice = panel.future(horizon, table).findings.of("duplicate")
        if data.get("duplicates") == "error" and twice:
            raise ValueError(f"The table 'known_future' gives a row twice: {twice.items[0].message}")
        return table, []
    if not names:
        return None, []
    times = panel.upcoming(horizon)
    at, rows = _later(panel, times, whole)
    columns = {name: _values(panel, rows, name, at).ravel() for name in names}
    ahead = replace(panel, indptr=np.arange(panel.count + 1) * horizon, times=times.ravel(), columns=columns,
                    roles=dict.fromkeys(names, "known"), ahead=None)  # fmt: skip
    return ahead, _carried(panel, names, times, at >= 0)


def _expected(data: Mapping[str, Any]) -> None:
    """ValueError for known columns of the next rows where no column is known."""
    if not names_of(data.get("known")):
        raise ValueError("The job gives 'known_future', a table of the next rows, but no column is known ahead: name "
                         "the columns as known=[...] ('known' below [data]).")  # fmt: skip


def _later(panel: Panel, times: np.ndarray, whole: Panel | None) -> tuple[np.ndarray, Panel]:
    """Where each of `times` (series, horizon) has its row, -1 where it has none, and the panel that it stands in."""
    if whole is not None:
        at = whole.indptr[:-1, None] + panel.lengths[:, None] + np.arange(times.shape[1])
        return np.where(at < whole.indptr[1:, None], at, -1), whole
    at, rows = np.full(times.shape, -1), panel.ahead
    if rows is None:
        return at, panel
    for i in np.flatnonzero(rows.lengths).tolist():
        mine = rows.times[rows.indptr[i] : rows.indptr[i + 1]]
        place = np.minimum(np.searchsorted(mine, times[i]), len(mine) - 1)
        at[i] = np.where(mine[place] == times[i], rows.indptr[i] + place, -1)
    return at, rows


def _values(panel: Panel, rows: Panel, name: str, at: np.ndarray) -> np.ndarray:
    """A known column at the positions `at` in `rows`, the last known value where there is no row, (series, horizon)."""
    past, ahead = panel.columns[name], rows.columns[name][at]
    place = np.maximum.accumulate(np.where(absent(past), -1, np.arange(len(past))))[panel.indptr[1:] - 1]
    nothing = UNKNOWN if past.dtype == np.int64 else np.nan
    start = np.where(place >= panel.indptr[:-1], past[place], nothing)
    wide = np.concatenate([start[:, None], ahead], axis=1)
    known = np.concatenate([np.ones((len(at), 1), bool), (at >= 0) & ~absent(ahead)], axis=1)
    last = np.maximum.accumulate(np.where(known, np.arange(wide.shape[1]), 0), axis=1)[:, 1:]
    return np.where(at >= 0, ahead, np.take_along_axis(wide, last, axis=1))


def _carried(panel: Panel, names: list[str], times: np.ndarray, there: np.ndarray) -> list[Finding]:
    """A finding for each series whose known columns were carried on."""
    found, listed = [], ", ".join(map(repr, names))
    for i in np.flatnonzero(~there.all(axis=1)).tolist():
        k = int(np.argmin(there[i]))
        label, when = panel.name(i), stamp(times[i, k], panel.zone)
        count = int((~there[i]).sum())
        message = (f"{label + ': ' if label else ''}{listed} is not given for {count} of the next rows, the first at "
                   f"{when}; the last value is carried on. Add rows without a target to the table, or give "
                   "known_future.")  # fmt: skip
        found.append(Finding("known_future", "alerted", message, label, time=when, column=names[0], count=count))
    return found
