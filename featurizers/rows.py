"""Rows: a table on its way into a panel, and findings about it, one a series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from featurizers.findings import Finding, Status


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows sorted by series, then by time; `row` says where each stood in the source (-1: added here)."""

    ids: pd.DataFrame
    series: np.ndarray  # int64, (rows,), positions in ids
    times: np.ndarray  # datetime64[s], (rows,)
    row: np.ndarray  # int64, (rows,)
    columns: dict[str, np.ndarray]  # float64, or int64 codes
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    zone: str | None = None  # of the table's stamps; `times` are UTC then

    def __len__(self) -> int:
        return len(self.series)

    def take(self, at: np.ndarray) -> Rows:
        """The rows at these positions, or under this mask."""
        if at.dtype == bool and at.all():
            return self
        columns = {name: values[at] for name, values in self.columns.items()}
        return replace(self, series=self.series[at], times=self.times[at], row=self.row[at], columns=columns)

    @property
    def starts(self) -> np.ndarray:
        """Where each series that has rows begins."""
        if len(self) == 0:
            return np.zeros(0, np.int64)
        return np.asarray(np.flatnonzero(np.r_[True, self.series[1:] != self.series[:-1]]))

    @property
    def indptr(self) -> np.ndarray:
        """(series + 1,)"""
        return np.asarray(np.r_[0, np.bincount(self.series, minlength=len(self.ids)).cumsum()], np.int64)

    @cached_property
    def _keys(self) -> list[tuple[str, list[object]]]:
        return [(name, self.ids[name].tolist()) for name in self.ids.columns]

    def label(self, i: int) -> str:
        """Series `i` as a person would call it."""
        return ", ".join(f"{name}={values[i]}" for name, values in self._keys)

    def when(self, place: int) -> str:
        """The stamp of a row as a person would write it."""
        return stamp(self.times[place], self.zone)

    def sorted(self) -> Rows:
        """Ordered by series, then by time; equal stamps stay in the order of the source."""
        if len(self) == 0:
            return self
        seconds = self.times.view(np.int64)
        low, span = int(seconds.min()), int(seconds.max() - seconds.min()) + 1
        if span * (int(self.series.max()) + 1) < 2**62:
            key = self.series * span + (seconds - low)
            if (key[1:] >= key[:-1]).all():
                return self
            return self.take(np.argsort(key, kind="stable"))
        return self.take(np.lexsort((seconds, self.series)))

    def without_empty(self) -> Rows:
        """The same rows, with `ids` reduced to the series that have any."""
        sizes = np.bincount(self.series, minlength=len(self.ids))
        if (sizes > 0).all():
            return self
        code = np.cumsum(sizes > 0) - 1
        return replace(self, ids=self.ids[sizes > 0].reset_index(drop=True), series=code[self.series])


def stamp(time: np.datetime64, zone: str | None = None) -> str:
    """A stamp for people: the date alone at midnight; of UTC, the wall clock of its `zone` with its distance from UTC,
    as `Panel.frame` shows it, since an hour may come twice."""
    if zone is not None:
        return str(pd.Timestamp(time, tz="UTC").tz_convert(zone))
    text = str(time.astype("datetime64[s]")).replace("T", " ")
    return text.removesuffix(" 00:00:00")


def each_series(
    kind: str, status: Status, rows: Rows, at: np.ndarray, sentence: Callable[[int, int], str], column: str = ""
) -> list[Finding]:
    """One finding for each series with culprits; `at` are their positions, `sentence(first, count)` says what it is."""
    at = np.flatnonzero(at) if at.dtype == bool else at
    series, first, count = np.unique(rows.series[at], return_index=True, return_counts=True)
    found = []
    for i, f, n in zip(series.tolist(), first.tolist(), count.tolist(), strict=True):
        place, label = int(at[f]), rows.label(i)
        row, when = int(rows.row[place]), rows.when(place)
        where = f"{label}, row {row} ({when})" if label else f"Row {row} ({when})"
        text = f"{where}: {sentence(place, n)}"
        found.append(Finding(kind, status, text, series=label, row=row, time=when, column=column, count=n))
    return found


def more(count: int, word: str = "as in") -> str:
    """ ", as in 3 more rows" for a first of four."""
    return "" if count == 1 else f", {word} {count - 1} more row{'s' if count > 2 else ''}"


def first_where(rows: Rows, place: int) -> str:
    """Where a row stands, for the sentence of an error."""
    label = rows.label(int(rows.series[place]))
    return f"{label + ', ' if label else ''}row {int(rows.row[place])} ({rows.when(place)})"


def total_of_runs(values: np.ndarray, starts: np.ndarray, mean: bool) -> np.ndarray:
    """The sum or the mean of each run of rows, (runs,): NaN is left out, and a run of nothing else gives NaN."""
    there = ~np.isnan(values)
    total = np.add.reduceat(np.where(there, values, 0.0), starts)
    count = np.add.reduceat(there.astype(np.int64), starts)
    return np.where(count > 0, total / (np.maximum(count, 1) if mean else 1), np.nan)


def mode_by(series: np.ndarray, values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The commonest of the integers `values` in each series, and its share of them; the smallest if several are.

    `series` (rows,) ascends; both results are (count,), 0 for a series without rows.
    """
    mode, share = np.zeros(count, np.int64), np.zeros(count)
    if len(series) == 0:
        return mode, share
    starts = np.flatnonzero(np.r_[True, series[1:] != series[:-1]])
    sizes = np.diff(np.r_[starts, len(series)])
    mode[series[starts]], share[series[starts]] = values[starts], 1.0
    differs = np.logical_or.reduceat(values != np.repeat(values[starts], sizes), starts)
    if not differs.any():
        return mode, share
    some = np.repeat(differs, sizes)
    s, v = series[some], values[some]
    order = np.lexsort((v, s))
    s, v = s[order], v[order]
    runs = np.flatnonzero(np.r_[True, (s[1:] != s[:-1]) | (v[1:] != v[:-1])])
    length = np.diff(np.r_[runs, len(s)])
    best = np.lexsort((-length, s[runs]))
    first = best[np.r_[True, s[runs][best][1:] != s[runs][best][:-1]]]
    owner = s[runs][first]
    mode[owner], share[owner] = v[runs][first], length[first] / np.bincount(s, minlength=count)[owner]
    return mode, share
