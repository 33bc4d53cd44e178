"""Collect: the columns of a table that were asked for, as rows sorted by series and time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from featurizers.dayfirst import settled
from featurizers.findings import Finding
from featurizers.policy import Policy, listed, names_of, suggestion
from featurizers.rows import Rows, each_series
from featurizers.stamps import Stamps, read_stamps
from featurizers.values import check_names, codes, is_category, keys, numbers

_OUTPUT = re.compile(r"forecast|(lo|hi)\d+(\.\d+)?")  # columns of a table of forecasts


@dataclass(frozen=True)
class Names:
    """What each column of the table is."""

    id: tuple[str, ...]
    time: str
    target: str
    roles: Mapping[str, str]  # column -> known, past or static

    @classmethod
    def of(cls, id: Any, time: str, target: str, known: Any, past: Any, static: Any) -> Names:
        """ValueError where a column is given two parts to play."""
        roles: dict[str, str] = {}
        parts = {"id": names_of(id), "time": (time,), "target": (target,)}
        given = {"known": names_of(known), "past": names_of(past), "static": names_of(static)}
        taken: dict[str, str] = {}
        for part, names in {**parts, **given}.items():
            for name in names:
                if not isinstance(name, str):
                    raise ValueError(f"A column is named by text, not by {name!r} ({part}): rename it in the table.")
                if name in taken and not (part == "static" and taken[name] == "id"):
                    raise ValueError(f"The column {name!r} can't be both {taken[name]} and {part}.")
                taken[name] = part
                if part in given:
                    roles[name] = part
        found = cls(parts["id"], time, target, roles)
        found._refuse()
        return found

    def _refuse(self) -> None:
        """ValueError for a name by which models call something else."""
        taken = {name: "key or time" for name in (*self.id, self.time) if _OUTPUT.fullmatch(name)}
        taken |= {name: role for name, role in self.roles.items() if name in ("time", "target")}
        if self.target == "time":
            taken["time"] = "target"
        for name, part in taken.items():
            new = name.replace(".", "_") if "." in name else f"my_{name}"
            raise ValueError(
                f"The {part} column {name!r} has a name that models keep for something of their own. Rename it in the "
                f"table, for example to {new!r}."
            )

    def check(self, columns: list[str], categorical: tuple[str, ...] = ()) -> None:
        """ValueError for a name that the table does not have."""
        for part, names in (("id", self.id), ("time", (self.time,)), ("target", (self.target,)),
                            *((role, (name,)) for name, role in self.roles.items()),
                            ("categorical", categorical)):  # fmt: skip
            for name in names:
                if name not in columns:
                    near = suggestion(name, columns)
                    there = listed(columns) or "no columns"
                    raise ValueError(f"There is no column {name!r}{near} ({part}); the table has {there}.")


def series_of(table: nw.DataFrame[Any], name: str) -> pd.Series:
    """A column as a pandas series, counted from 0."""
    column = table[name].to_pandas().reset_index(drop=True)
    if column.dtype == object:
        strange = column.map(lambda v: isinstance(v, list | dict | set | np.ndarray)).to_numpy(bool)
        if strange.any():
            row = int(strange.argmax())
            raise ValueError(
                f"The column {name!r} holds a {type(column.iloc[row]).__name__} in row {row}, not one value."
            )
    return column


def collect(
    table: nw.DataFrame[Any], names: Names, policy: Policy, asked: Any = None
) -> tuple[Rows, Stamps, list[Finding]]:
    """Rows with the target and every column that has a role, and what had to be left out; `asked` is the frequency
    of the rows, if it was said."""
    names.check(list(table.columns), policy.categorical)
    if len(table) == 0:
        raise ValueError("The table has no rows.")
    stamps = read_stamps(series_of(table, names.time), names.time, asked)
    code, ids, keyless = _series(table, names.id)
    found = []
    timeless = np.isnat(stamps.times)
    for lost, kind, culprits in ((timeless, "missing_time", names.time), (keyless & ~timeless, "missing_id", names.id)):
        if lost.any():
            found.append(_lost(kind, lost, culprits))
    there = ~(timeless | keyless)
    if not there.any():
        raise ValueError(f"No row has both a time in {names.time!r} and a key in {listed(names.id)}.")
    columns = {names.target: numbers(series_of(table, names.target), names.target)}
    levels: dict[str, tuple[str, ...]] = {}
    for name in names.roles:
        column = series_of(table, name)
        if name in policy.categorical or is_category(column):
            if name not in policy.categorical:
                check_names(column, name)
            columns[name], levels[name] = codes(column)
        else:
            columns[name] = numbers(column, name)
    rows = Rows(ids, code, stamps.times, np.arange(len(table)), columns, levels, stamps.zone)
    rows, stamps = settled(rows.take(there).without_empty(), stamps, asked, names.time)
    ordered = rows.sorted()
    return ordered, stamps, [*stamps.findings, *found, *_unsorted(rows, ordered)]


def _series(table: nw.DataFrame[Any], names: tuple[str, ...]) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    """The series of each row, the sorted table of keys, and which rows lack a key."""
    if not names:
        return np.zeros(len(table), np.int64), pd.DataFrame(index=pd.RangeIndex(1)), np.zeros(len(table), bool)
    parts = [keys(series_of(table, name)) for name in names]
    missing = np.logical_or.reduce([code < 0 for code, _ in parts])
    if missing.all():
        raise ValueError(f"No row has a key in {listed(names)}.")
    size = 1
    mixed = np.zeros(len(table), np.int64)
    for code, distinct in parts:
        if size * max(len(distinct), 1) >= 2**62:  # close up, so that the product fits
            used, mixed = np.unique(mixed, return_inverse=True)
            size = len(used)
        mixed, size = mixed * len(distinct) + np.maximum(code, 0), size * max(len(distinct), 1)
    if size > 4 * len(table) + 1000:
        used, at, mixed = np.unique(mixed, return_index=True, return_inverse=True)
    else:
        some = np.full(size, -1)  # a row of each series, whichever: all have its keys
        some[mixed] = np.arange(len(table))
        at, mixed = some[some >= 0], (np.cumsum(some >= 0) - 1)[mixed]
    ids = {name: distinct.iloc[np.maximum(code[at], 0)].reset_index(drop=True)
           for name, (code, distinct) in zip(names, parts, strict=True)}  # fmt: skip
    return mixed.reshape(-1), pd.DataFrame(ids), missing


def _lost(kind: str, lost: np.ndarray, column: Any) -> Finding:
    row, count = int(np.flatnonzero(lost)[0]), int(lost.sum())
    what = "time" if kind == "missing_time" else "key"
    text = f"Row {row} has no {what} ({listed(names_of(column))}); {count} such rows are left out."
    return Finding(kind, "dropped", text, row=row, column=", ".join(names_of(column)), count=count)


def _unsorted(rows: Rows, ordered: Rows) -> list[Finding]:
    """Rows that come before an earlier one of their series in the source."""
    late = np.flatnonzero((ordered.series[1:] == ordered.series[:-1]) & (ordered.row[1:] < ordered.row[:-1])) + 1
    if len(late) == 0:
        return []

    def sentence(first: int, count: int) -> str:
        more = f" ({count} such breaks in the series)" if count > 1 else ""
        return f"the row stands before row {int(ordered.row[first - 1])}, which is earlier{more}; the rows are sorted."

    return each_series("unsorted", "fixed", ordered, late, sentence)
