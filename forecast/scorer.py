"""score: run an exported forecaster on a table with numpy and onnxruntime alone.

It needs nothing else of the project but `scorer_table.py` and `scorer_times.py`; copied out side by side, these three
files do `python scorer.py model.onnx table.csv [forecast.csv]` wherever these two packages are. All that they know of a
model stands in the file's metadata, as JSON under "forecast".
"""

from __future__ import annotations

import csv
import io
import json
import sys
import warnings
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

if __package__:
    from forecast.scorer_table import NEVER, Table, one_each
    from forecast.scorer_times import Calendar, second, shown, wall_clock, written, zone_of
else:
    from scorer_table import NEVER, Table, one_each  # type: ignore[import-not-found,no-redef]
    from scorer_times import (  # type: ignore[import-not-found,no-redef]
        Calendar,
        second,
        shown,
        wall_clock,
        written,
        zone_of,
    )

CHUNK = 2048  # series that are scored at a time
MANY = 0.2  # of the rows: where more share their stamp, a key was forgotten, or they are those of a finer grid
Columns = dict[str, np.ndarray]


def score(path: Any, table: Any, strict: bool = True, decimal: str | None = None) -> Columns:
    """Forecast the next rows of each series of `table` with the ONNX file `path`.

    `table` is the path of a CSV file, a dict of columns, or a frame of pandas, polars or pyarrow, in long form, in any
    order: keys, time, target and what the model looks at. After a series' last known target come the rows whose known
    columns are given. Returns columns: keys, time (text with its offset where the model has a time zone), "forecast",
    "lo80" ... ValueError names the series and row (from 0) at fault; so does a NaN forecast, unless `strict` is off.
    `decimal` is the sign before decimals in text, "." or ","; without it points that may be of thousands are refused.

    Rows without key or time, stray stamps, several rows of one stamp and stamps without a row are repaired as
    `Panel.read` does by default; a warning names the first series and stamp of each kind.
    """
    found, notes = _scored(path, table, strict, decimal)
    for note in notes:
        warnings.warn(note, stacklevel=2)
    return found


def _scored(path: Any, table: Any, strict: bool, decimal: str | None) -> tuple[Columns, list[str]]:
    """The forecasts, and what was repaired in the table."""
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(str(path))
    except Exception as error:
        raise ValueError(f"{str(path)!r} can't be opened as an ONNX file: {error}") from None
    if (metadata := session.get_modelmeta().custom_metadata_map.get("forecast")) is None:
        raise ValueError(f"{str(path)!r} was not written by forecast.to_onnx: it has no 'forecast' metadata.")
    rows = Rows(Table(table, decimal), json.loads(metadata))
    series = np.split(np.arange(len(rows.keys)), range(CHUNK, len(rows.keys), CHUNK))
    parts = zip(*(session.run(None, rows.inputs(some)) for some in series), strict=True)
    outputs = {o.name: np.concatenate(part) for o, part in zip(session.get_outputs(), parts, strict=True)}
    outputs = {name: values[:, rows.gap :] for name, values in outputs.items()}
    if strict:
        rows.check(outputs["forecast"])
    return rows.columns() | {name: values.ravel() for name, values in outputs.items()}, rows.notes


class Rows:
    """The rows of a table in their places: a series, and steps after its origin, the last known target.

    What `Panel.read` and `Model.forecast` repair is repaired alike, and said in `notes`."""

    def __init__(self, table: Table, about: Mapping[str, Any]) -> None:
        self.about, self.horizon, self.calendar = about, int(about["horizon"]), Calendar(about["frequency"])
        self.gap = int(about.get("gap", 0))  # rows of the horizon that are not part of the forecast
        self.zone, self.notes = zone_of(about["zone"]) if about["zone"] else None, list[str]()
        cutoffs = {tuple(k): second(datetime.fromisoformat(t), None, 0) for *k, t in about.get("series", ())}
        there = self._owners(table, cutoffs)
        self.cutoff = np.array([cutoffs.get(key, NEVER) for key in self.keys], np.int64)
        self.target = table.numbers(about["target"])[there]
        self.feeds = [f for f in about["inputs"] if f["part"] not in ("key", "new") and f["column"] != "time"]
        self.values = {f["name"]: self._column(table, f, there) for f in self.feeds}
        self._regular()
        self._place(~np.isnan(self.target))
        self.new = self._new() if "series" in about else np.zeros(len(self.keys), np.int64)
        self._fill()
        self._complete([f["column"] for f in self.feeds if f["part"] == "future"])

    def _owners(self, table: Table, among: Iterable[tuple[Any, ...]]) -> np.ndarray:
        """The rows that have a key and a time. Finds the series and the stamp of each."""
        ids, time = self.about["ids"], self.about["time"]
        times = table.seconds(time, self.zone, self.calendar)
        if not len(times):
            raise ValueError("The table has no rows.")
        keys = [np.nan_to_num(table.numbers(n), nan=NEVER).astype(np.int64) if kind == "int" else
                table.texts(n, {k[i] for k in among}) for i, (n, kind) in enumerate(ids.items())]  # fmt: skip
        nothing = [NEVER if kind == "int" else "" for kind in ids.values()]
        lost = np.logical_or.reduce([times == NEVER, *(k == n for k, n in zip(keys, nothing, strict=True))])
        there = np.flatnonzero(~lost)
        listed = ", ".join(map(repr, (*ids, time)))
        if not len(there):
            raise ValueError(f"No row says whose it is and when it was: {listed} are missing.")
        for row in np.flatnonzero(lost)[:1]:
            self.notes.append(f"Row {row} lacks one of {listed}: it is left out {_in_all(lost)}.")
        index: dict[tuple[Any, ...], int] = {}
        each = list(zip(*(k[there].tolist() for k in keys), strict=True)) if keys else [()] * len(there)
        self.owner, self.keys = np.array([index.setdefault(key, len(index)) for key in each], np.int64), list(index)
        self.key = dict(zip(ids, zip(*self.keys, strict=True), strict=True))  # of each series, by column
        self.times, self.row = times[there], there
        return there

    def name(self, i: int) -> str:
        key = ", ".join(f"{column}={value}" for column, value in zip(self.about["ids"], self.keys[i], strict=True))
        return f"Series {key}" if key else "The series"

    def _column(self, table: Table, feed: Mapping[str, Any], there: np.ndarray) -> np.ndarray:
        if feed["kind"] == "text":
            return table.texts(feed["column"], feed["levels"])[there]
        return self.target if feed["column"] == self.about["target"] else table.numbers(feed["column"])[there]

    def _regular(self) -> None:
        """One row for each stamp of a series, on its grid; sorted."""
        times, freq = self.calendar.aligned(self.times, self.owner, len(self.keys)), self.about["frequency"]["name"]
        for i in np.flatnonzero(off := times != self.times)[:1]:
            self.notes.append(f"{self.name(self.owner[i])}, row {self.row[i]}: {shown(self.times[i])} is off the "
                              f"grid (every {freq}); moved to {shown(times[i])} {_in_all(off)}.")  # fmt: skip
        order = np.lexsort((self.times, times, self.owner))
        owner, stamps, row = self.owner[order], times[order], self.row[order]
        again = np.r_[False, (np.diff(owner) == 0) & (np.diff(stamps) == 0)]
        starts, group = np.flatnonzero(~again), np.cumsum(~again) - 1
        self.target, equal = one_each(self.target[order], starts)
        for name, values in self.values.items():
            self.values[name], alike = one_each(values[order], starts)
            equal &= alike
        differ = again & (~equal[group] | np.r_[False, np.diff(self.times[order]) != 0])
        for some, done in ((again & ~differ, "with the same values: one is kept"),
                           (differ, "with other values: the mean of numbers is kept, and the last text")):  # fmt: skip
            for i in np.flatnonzero(some)[:1]:
                told = f"{self.name(owner[i])} has the time {shown(stamps[i])} twice, in row {row[i - 1]} and {row[i]}"
                if differ.sum() > MANY * len(order):
                    raise ValueError(f"{told}, as {differ.sum()} of {len(order)} rows come again: the model knows one "
                                     f"row every {freq} in each series.")  # fmt: skip
                self.notes.append(f"{told}, {done} {_in_all(some)}.")
        self.owner, self.times = owner[starts], stamps[starts]

    def _place(self, known: np.ndarray) -> None:
        self.origin = np.full(len(self.keys), NEVER)
        np.maximum.at(self.origin, self.owner[known], self.times[known])
        for i in np.flatnonzero(self.origin == NEVER)[:1]:
            raise ValueError(f"{self.name(i)} has no known value of {self.about['target']!r} to forecast from.")
        self.steps, _ = self.calendar.steps(self.origin[self.owner], self.times)

    def _fill(self) -> None:
        """A row for each step that is missing, from the first that the model looks at to the last that is given."""
        low = 1 - self.about["lookback"] - self.new[self.owner[:-1]]
        begin = np.r_[np.maximum(self.steps[:-1] + 1, low), 0]
        inside = (np.diff(self.owner) == 0) & (self.steps[1:] <= self.horizon)
        size = 1 + np.r_[np.where(inside, self.steps[1:] - begin[:-1], 0).clip(0), 0]
        source = np.repeat(np.arange(len(size)), size)
        ahead = np.arange(len(source)) - np.repeat(np.cumsum(size) - size, size)
        fresh = ahead > 0
        for f in self.feeds:
            values, text, coming = self.values[f["name"]], f["kind"] == "text", f["part"] == "future"
            nothing = "" if text else np.nan
            there = (values == values) & (values != nothing)
            last = np.maximum.accumulate(np.where(there, np.arange(len(values)), 0))
            before = np.where(self.owner[last] == self.owner, values[last], nothing)[source]
            if (text and coming) or f["column"] == self.about["target"]:
                before = np.full_like(before, nothing)
            self.values[f["name"]] = np.where(fresh | (coming and not text), before, values[source])
        self.steps = np.where(fresh, begin[source] + ahead - 1, self.steps[source])
        self.owner, self.target = self.owner[source], np.where(fresh, np.nan, self.target[source])
        for i in np.flatnonzero(fresh)[:1]:
            when = shown(self.calendar.add(self.origin[self.owner[i]], self.steps[i]))
            self.notes.append(f"{self.name(self.owner[i])} has no row for {when} {_in_all(fresh)}: "
                              f"{self.about['target']!r} is unknown, and numbers are those before.")  # fmt: skip

    def _new(self) -> np.ndarray:
        first, seen = np.zeros(len(self.keys), np.int64), self.cutoff != NEVER
        np.minimum.at(first, self.owner, np.where(np.isnan(self.target), 0, self.steps))
        new, on_grid = self.calendar.steps(np.where(seen, self.cutoff, self.origin), self.origin)
        for i in np.flatnonzero((new < 0) | ~on_grid | (seen & (1 - first < new)))[:1]:
            raise ValueError(f"{self.name(i)} goes to {shown(self.origin[i])}, but the model goes on from where "
                             f"training ended, {shown(self.cutoff[i])}: give all rows from then on.")  # fmt: skip
        return np.where(seen, new, 1 - first)  # of a series that training had not seen, every value is new

    def _complete(self, needed: list[str]) -> None:
        given, at = np.zeros((len(self.keys), self.horizon), bool), (self.steps > 0) & (self.steps <= self.horizon)
        given[self.owner[at], self.steps[at] - 1] = True
        for i, k in np.argwhere(~given)[: 1 if needed else 0]:
            target = self.about["target"]
            raise ValueError(f"{self.name(i)} has no row for {shown(self.calendar.add(self.origin[i], k + 1))}: the "
                             f"model needs {', '.join(map(repr, needed))} in {self.horizon} rows after the last known "
                             f"{target!r}. Append these rows to the table, with {target!r} left empty.")  # fmt: skip

    def inputs(self, series: np.ndarray) -> dict[str, np.ndarray]:
        """What the graph is fed with, for these series (consecutive ones)."""
        width = max(self.about["lookback"] + int(self.new[series].max()), 1)
        mine = (self.owner >= series[0]) & (self.owner <= series[-1])
        row, step, fed = self.owner[mine] - series[0], self.steps[mine], {}
        for f in self.about["inputs"]:
            first, size = {"history": (1 - width, width), "future": (1, self.horizon)}.get(f["part"], (0, 1))
            if f["part"] == "key":
                values = np.array([self.key[f["column"]][i] for i in series], object)[:, None]
            elif f["part"] == "new":
                values = self.new[series][:, None]
            elif f["column"] == "time":
                values = self.calendar.add(self.origin[series][:, None], np.arange(first, first + size))
                values = wall_clock(values, self.zone) if self.zone else values
            else:
                column, always = self.values[f["name"]][mine], f["part"] == "static"
                there = (always | (step >= first) & (step < first + size)) & (column == column) & (column != "")
                values = np.full((len(series), size), "" if f["kind"] == "text" else np.nan, column.dtype)
                values[row[there], 0 if always else step[there] - first] = column[there]
            fed[f["name"]] = values.astype({"float": np.float64, "int": np.int64, "text": object}[f["kind"]])
        return fed

    def check(self, forecast: np.ndarray) -> None:
        """ValueError for a series that has no forecast, with the likely reason."""
        for i in np.flatnonzero(np.isnan(forecast).any(axis=1))[:1]:
            count, unseen = int(np.isfinite(self.target[self.owner == i]).sum()), self.cutoff[i] == NEVER
            why = ": it was not in training" if unseen and "series" in self.about else ""
            raise ValueError(f"{self.name(i)} has no forecast{why}: the model looks back {self.about['lookback']} "
                             f"rows, of which the table has {count}. With strict=False it stays NaN.")  # fmt: skip

    def columns(self) -> dict[str, np.ndarray]:
        steps = np.arange(self.gap + 1, self.horizon + 1)
        keys = {name: np.repeat(np.array(values), len(steps)) for name, values in self.key.items()}
        times = self.calendar.add(self.origin[:, None], steps).ravel()
        local = [datetime.fromtimestamp(t, self.zone).isoformat(" ") for t in times.tolist() if self.zone]
        return keys | {self.about["time"]: np.array(local) if self.zone else times.astype("datetime64[s]")}


def _in_all(rows: np.ndarray) -> str:
    return "(1 row in all)" if rows.sum() == 1 else f"({rows.sum()} rows in all)"


def main(arguments: list[str], decimal: str | None = None) -> None:
    (forecasts, notes), text = _scored(arguments[0], arguments[1], True, decimal), io.StringIO(newline="")
    for note in notes:
        print(f"scorer: {note}", file=sys.stderr)
    lines = zip(*([name, *written(values)] for name, values in forecasts.items()), strict=True)
    csv.writer(text, lineterminator="\n").writerows(lines)
    Path(arguments[2]).write_text(text.getvalue(), "utf-8") if len(arguments) > 2 else print(text.getvalue(), end="")


if __name__ == "__main__":
    if not 2 <= len(sys.argv) - 1 <= 3 or sys.argv[1].startswith("-"):
        sys.exit("usage: python scorer.py model.onnx table.csv [forecast.csv]")
    try:
        main(sys.argv[1:])
    except (OSError, ValueError) as error:
        sys.exit(f"scorer: {error}")
