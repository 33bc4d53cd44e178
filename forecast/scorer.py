"""score: run an exported forecaster on a table with numpy and onnxruntime alone.

It needs nothing else of the project but `scorer_times.py`; copied out side by side, these two files do
`python scorer.py model.onnx table.csv [forecast.csv]` wherever these two packages are. All that they know of a model
stands in the file's metadata, as JSON under "forecast".
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import numpy as np

if __package__:
    from forecast.scorer_times import Calendar, moments, second, wall_clock, written, zone_of
else:
    from scorer_times import (  # type: ignore[import-not-found,no-redef]
        Calendar,
        moments,
        second,
        wall_clock,
        written,
        zone_of,
    )

MISSING = ("", "nan", "-nan", "na", "#na", "n/a", "#n/a", "null", "none", "<na>", "-")
WORDS = {"true": 1.0, "false": 0.0} | dict.fromkeys(MISSING, np.nan)
# Numbers as people write them: 995 and then 1.000, and 1.234,5 where the comma is that of decimals.
SHORT, GROUPED = re.compile(r"[-+]?\d{1,3}"), re.compile(r"[-+]?[1-9]\d{0,2}(\.\d{3})+")
COMMAS = re.compile(r"[-+]?(\d+|\d{1,3}([. \u00a0\u202f]\d{3})+)?(,\d*)?")
NEVER, LARGEST, CHUNK = -(2**62), 1e150, 2048  # series that are scored at a time


def score(path: Any, table: Any, strict: bool = True, decimal: str | None = None) -> dict[str, np.ndarray]:
    """Forecast the next rows of each series of `table` with the ONNX file `path`.

    `table` is the path of a CSV file, a dict of columns, or a frame of pandas, polars or pyarrow, in long form, in any
    order: keys, time, target and what the model looks at. After a series' last known target come the rows whose known
    columns are given. Returns columns: keys, time (text with its offset where the model has a time zone), "forecast",
    "lo80" ... ValueError names the series and row (from 0) at fault; so does a NaN forecast, unless `strict` is off.
    `decimal` is the sign before decimals in text, "." or ","; without it points that may be of thousands are refused.
    """
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
    return rows.columns() | {name: values.ravel() for name, values in outputs.items()}


class Table:
    """Columns by name, from whatever holds them."""

    def __init__(self, source: Any, decimal: str | None = None) -> None:
        if isinstance(source, str | Path):
            source = _csv(Path(source))
        names = source if isinstance(source, Mapping) else getattr(source, "column_names", None) or source.columns
        self.source, self.names, self.decimal = source, list(names), decimal

    def column(self, name: str) -> tuple[np.ndarray, Any]:
        """The values, and the time zone that they are in where the column has one but its values have not."""
        if name not in self.names:
            raise ValueError(f"The table has no column {name!r}; it has {', '.join(map(repr, self.names))}.")
        column = self.source[name]
        kind = getattr(column, "type", getattr(column, "dtype", None))  # as pyarrow and as polars call it
        zone = getattr(kind, "time_zone", None) or (getattr(kind, "tz", None) if hasattr(column, "type") else None)
        return np.array([*column, None], object)[:-1] if isinstance(column, list) else np.asarray(column), zone

    def numbers(self, name: str) -> np.ndarray:
        values, _ = self.column(name)
        result = values.astype(np.float64) if values.dtype.kind in "fiub" else np.empty(len(values))
        texts = values.tolist() if values.dtype.kind not in "fiub" else []
        if self.decimal is None:
            _sure([text.strip() for text in texts if isinstance(text, str)], name)
        for row, value in enumerate(texts):
            try:
                if self.decimal == "," and isinstance(value, str) and COMMAS.fullmatch(value.strip()):
                    value = re.sub(r"[. \u00a0\u202f]", "", value).replace(",", ".")
                result[row] = found if (found := WORDS.get(str(value).strip().lower())) is not None else float(value)
            except (TypeError, ValueError, OverflowError):
                raise ValueError(f"Column {name!r} holds {value!r} in row {row}, which is no number.") from None
        return np.where(np.abs(result) <= LARGEST, result, np.nan)  # as the panel reads them

    def texts(self, name: str, among: Iterable[str]) -> np.ndarray:
        """Text, "" where missing; numbers and dates as the model's own categories `among` are spelt."""
        column, among, spelt = self.column(name)[0], set(among), dict[Any, str]()
        values = (column.astype("datetime64[us]") if column.dtype.kind == "M" else column).tolist()
        for value in set(values):
            text = "" if value is None or value != value else str(value)
            day = re.sub(r"[ T]00:00:00(\.0+)?$", "", text)
            likely = (text, text.strip(), text.removesuffix(".0"), f"{text}.0", day, f"{day} 00:00:00")
            spelt[value] = next((word for word in likely if word in among), text)
        return np.array([spelt.get(v, "") for v in values], object)

    def seconds(self, name: str, zone: tzinfo | None, calendar: Calendar) -> np.ndarray:
        """Stamps, or step numbers, as int64 seconds since 1970: in UTC if the model has a `zone`, else wall clock."""
        values, own = self.column(name)
        values = values.astype("datetime64[s]") if values.dtype.kind == "M" else values
        first = {value: row for row, value in reversed(list(enumerate(values.tolist())))}
        if calendar.counted and all(re.fullmatch(r"-?\d+(\.0*)?", str(value).strip()) for value in first):
            return calendar.add(calendar.counted[1], self.numbers(name).astype(np.int64) - calendar.counted[0])
        read = moments(list(first), list(first.values()), name, calendar)
        read = [m.replace(tzinfo=UTC).astimezone(zone_of(str(own))) for m in read] if own else read
        found = {value: second(m, zone, first[value]) for value, m in zip(first, read, strict=True)}
        return np.array([found[value] for value in values.tolist()], np.int64)


def _sure(texts: list[str], name: str) -> None:
    """ValueError for text such as 995 and then 1.000, of which no one can tell if the points are those of thousands."""
    there = [text for text in texts if text.lower() not in WORDS]
    points = [text for text in there if GROUPED.fullmatch(text)]
    whole = [text for text in there if SHORT.fullmatch(text)]
    if points and len(points) + len(whole) == len(there) and any(abs(int(text)) >= 100 for text in whole):
        largest = max(whole, key=lambda text: abs(int(text)))
        raise ValueError(f"Column {name!r} holds {points[0]!r} beside {largest!r}: the point may be that of thousands "
                         "(then say decimal=',') or of decimals (decimal='.').")  # fmt: skip


def _csv(path: Path) -> dict[str, list[str]]:
    """The columns of a CSV file, parted by what its header has most of. ValueError for a file of another kind."""
    if path.is_dir():
        raise ValueError(f"{str(path)!r} is a folder: the scorer reads CSV files; write one, or give the table itself.")
    content = path.read_bytes()
    try:
        text = "" if content.startswith((b"PAR1", b"ARROW1", b"FEA1")) else content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    if content and not text:
        raise ValueError(f"{str(path)!r} is no CSV file in UTF-8, which is what the scorer reads: write one, or give "
                         "the table itself, as a frame of pandas, polars or pyarrow.")  # fmt: skip
    separator = max(",;\t|", key=text.partition("\n")[0].count)
    head, *lines = [line for line in csv.reader(io.StringIO(text), delimiter=separator) if line] or [[""]]
    return {name: [line[i] if i < len(line) else "" for line in lines] for i, name in enumerate(head)}


class Rows:
    """The rows of a table in their places: a series, and steps after its origin, the last known target."""

    def __init__(self, table: Table, about: Mapping[str, Any]) -> None:
        self.about, self.horizon, self.calendar = about, int(about["horizon"]), Calendar(about["frequency"])
        self.gap = int(about.get("gap", 0))  # rows of the horizon that are not part of the forecast
        self.zone = zone_of(about["zone"]) if about["zone"] else None
        self.times = table.seconds(about["time"], self.zone, self.calendar)
        if not len(self.times):
            raise ValueError("The table has no rows.")
        cutoffs = {tuple(k): second(datetime.fromisoformat(t), None, 0) for *k, t in about.get("series", ())}
        keys = [np.nan_to_num(table.numbers(n), nan=NEVER).astype(np.int64) if t == "int" else
                table.texts(n, {k[i] for k in cutoffs}) for i, (n, t) in enumerate(about["ids"].items())]  # fmt: skip
        index: dict[tuple[Any, ...], int] = {}
        each = list(zip(*(k.tolist() for k in keys), strict=True)) if keys else [()] * len(self.times)
        for row in [row for row, key in enumerate(each) if "" in key or NEVER in key][:1]:
            raise ValueError(f"Row {row} does not say whose it is: one of {', '.join(about['ids'])} is missing.")
        self.owner, self.keys = np.array([index.setdefault(key, len(index)) for key in each], np.int64), list(index)
        self.key = dict(zip(about["ids"], zip(*self.keys, strict=True), strict=True))  # of each series, by column
        self.cutoff = np.array([cutoffs.get(key, NEVER) for key in self.keys], np.int64)
        self.target = table.numbers(about["target"])
        feeds = [f for f in about["inputs"] if f["part"] not in ("key", "new") and f["column"] != "time"]
        self.values = {f["name"]: self._column(table, f) for f in feeds}
        self._place(~np.isnan(self.target))
        self.new = self._new() if "series" in about else np.zeros(len(self.keys), np.int64)
        self._complete([f["column"] for f in feeds if f["part"] == "future"])

    def name(self, i: int) -> str:
        key = ", ".join(f"{column}={value}" for column, value in zip(self.about["ids"], self.keys[i], strict=True))
        return f"Series {key}" if key else "The series"

    def _column(self, table: Table, feed: Mapping[str, Any]) -> np.ndarray:
        if feed["kind"] == "text":
            return table.texts(feed["column"], feed["levels"])
        values = self.target if feed["column"] == self.about["target"] else table.numbers(feed["column"])
        if feed["part"] == "future":  # a missing number takes the last one before it
            order = np.lexsort((self.times, self.owner))
            last = np.maximum.accumulate(np.where(np.isfinite(values[order]), np.arange(len(order)), 0))
            values[order] = np.where(self.owner[order[last]] == self.owner[order], values[order[last]], np.nan)
        return values

    def _place(self, known: np.ndarray) -> None:
        self.origin = np.full(len(self.keys), NEVER)
        np.maximum.at(self.origin, self.owner[known], self.times[known])
        for i in np.flatnonzero(self.origin == NEVER)[:1]:
            raise ValueError(f"{self.name(i)} has no known value of {self.about['target']!r} to forecast from.")
        self.steps, on_grid = self.calendar.steps(self.origin[self.owner], self.times)
        for row in np.flatnonzero(~on_grid)[:1]:
            raise ValueError(f"{self.name(self.owner[row])}, row {row}: {_text(self.times[row])} does not lie on the "
                             f"grid of the others (every {self.about['frequency']['name']}).")  # fmt: skip
        order = np.lexsort((self.steps, self.owner))
        same = (np.diff(self.owner[order]) == 0) & (np.diff(self.steps[order]) == 0)
        for early, late in zip(order[:-1][same][:1], order[1:][same][:1], strict=True):
            raise ValueError(f"{self.name(self.owner[late])} has the time {_text(self.times[late])} twice: in row "
                             f"{early} and in row {late}.")  # fmt: skip

    def _new(self) -> np.ndarray:
        first, seen = np.zeros(len(self.keys), np.int64), self.cutoff != NEVER
        np.minimum.at(first, self.owner, np.where(np.isnan(self.target), 0, self.steps))
        new, on_grid = self.calendar.steps(np.where(seen, self.cutoff, self.origin), self.origin)
        for i in np.flatnonzero((new < 0) | ~on_grid | (seen & (1 - first < new)))[:1]:
            raise ValueError(f"{self.name(i)} goes to {_text(self.origin[i])}, but the model goes on from where "
                             f"training ended, {_text(self.cutoff[i])}: give all rows from then on.")  # fmt: skip
        return np.where(seen, new, 1 - first)  # of a series that training had not seen, every value is new

    def _complete(self, needed: list[str]) -> None:
        given, at = np.zeros((len(self.keys), self.horizon), bool), (self.steps > 0) & (self.steps <= self.horizon)
        given[self.owner[at], self.steps[at] - 1] = True
        for i, k in np.argwhere(~given)[: 1 if needed else 0]:
            target = self.about["target"]
            raise ValueError(f"{self.name(i)} has no row for {_text(self.calendar.add(self.origin[i], k + 1))}: the "
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


def _text(second: Any) -> str:
    return str(np.int64(second).astype("datetime64[s]")).replace("T", " ").removesuffix(" 00:00:00")


def main(arguments: list[str], decimal: str | None = None) -> None:
    forecasts, text = score(arguments[0], arguments[1], decimal=decimal), io.StringIO(newline="")
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
