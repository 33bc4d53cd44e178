"""Tables for the scorer: columns of numbers, text and stamps, from CSV files, dicts and frames.

It lies beside `scorer.py` wherever that is copied to, and reads what `Panel.read` does.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import numpy as np

if __package__:
    from forecast.scorer_times import Calendar, moments, second, zone_of
else:
    from scorer_times import Calendar, moments, second, zone_of  # type: ignore[import-not-found,no-redef]

MISSING = ("", "nan", "-nan", "na", "#na", "n/a", "#n/a", "null", "none", "<na>", "-")
WORDS = {"true": 1.0, "false": 0.0} | dict.fromkeys(MISSING, np.nan)
# Numbers as people write them: 995 and then 1.000, and 1.234,5 where the comma is that of decimals.
SHORT, GROUPED = re.compile(r"[-+]?\d{1,3}"), re.compile(r"[-+]?[1-9]\d{0,2}(\.\d{3})+")
COMMAS = re.compile(r"[-+]?(\d+|\d{1,3}([. \u00a0\u202f]\d{3})+)?(,\d*)?")
NEVER, LARGEST = -(2**62), 1e150


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
        """Stamps, or step numbers, as int64 seconds since 1970: in UTC if the model has a `zone`, else wall clock;
        NEVER where missing."""
        values, own = self.column(name)
        values = values.astype("datetime64[s]") if values.dtype.kind == "M" else values
        listed = values.tolist()
        first = {value: row for row, value in reversed(list(enumerate(listed)))}
        first = {value: row for value, row in first.items() if not _is_missing(value)}
        if calendar.counted and all(re.fullmatch(r"-?\d+(\.0*)?", str(value).strip()) for value in first):
            numbers, (zero, stamp) = self.numbers(name), calendar.counted
            stamps = calendar.add(stamp, np.nan_to_num(numbers, nan=zero).astype(np.int64) - zero)
            return np.where(np.isnan(numbers), NEVER, stamps)
        read = moments(list(first), list(first.values()), name, calendar)
        read = [m.replace(tzinfo=UTC).astimezone(zone_of(str(own))) for m in read] if own else read
        found = {value: second(m, zone, first[value]) for value, m in zip(first, read, strict=True)}
        return np.array([found.get(value, NEVER) for value in listed], np.int64)


def _is_missing(value: Any) -> bool:
    return str(value).strip().lower() in (*MISSING, "nat")


def one_each(values: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One value for each run of rows that begins at `starts`: the mean of the numbers that are there, the last text;
    and whether all of the run are the same, when it is that, to the bit."""
    sizes = np.diff(np.r_[starts, len(values)])
    first = np.repeat(values[starts], sizes)
    same = np.logical_and.reduceat((values == first) | ((values != values) & (first != first)), starts)
    if values.dtype == object:
        return values[starts + sizes - 1], same
    there = ~np.isnan(values)
    count = np.add.reduceat(there.astype(np.int64), starts)
    mean = np.add.reduceat(np.where(there, values, 0.0), starts) / np.maximum(count, 1)
    return np.where(same, values[starts], np.where(count > 0, mean, np.nan)), same


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
