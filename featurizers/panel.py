"""Panel: many series laid end to end, sorted by series, then by time, regular inside a series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from featurizers.findings import Finding, Findings
from featurizers.frequency import Frequency
from featurizers.rows import stamp
from featurizers.values import by_value, codes, dated, recoded
from featurizers.whole import FARTHEST, whole

UNKNOWN = -1  # the code of a category that is missing or was never seen


@dataclass(frozen=True, eq=False)
class Panel:
    """The one shape of data that everything works on. `Panel.read` makes it; nothing downstream checks again.

    Series i is rows `indptr[i]:indptr[i + 1]`. A column is float64, or int64 codes into `levels[name]` if it is
    categorical; a column whose role is "static" has one value a series, every other one value a row.
    """

    ids: pd.DataFrame  # key columns, one row a series (no columns where there is one unnamed series)
    indptr: np.ndarray  # int64, (series + 1,)
    times: np.ndarray  # datetime64[s], (rows,); UTC where `zone` is set, else as in the table
    freq: Frequency
    time: str  # the name of the time column
    target: str  # the name of the target column
    columns: Mapping[str, np.ndarray]
    roles: Mapping[str, str] = field(default_factory=dict)  # column -> known, past or static; the target has none
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # categorical column -> its categories
    zone: str | None = None  # the time zone of the table's stamps
    day_first: bool | None = None  # whether the table's dates were written so; None where that cannot be mistaken
    ahead: Panel | None = None  # rows after the last known target, with their known columns
    findings: Findings = field(default_factory=Findings)

    @classmethod
    def read(
        cls, source: Any, id: str | Sequence[str] | None = None, *, time: str, target: str,
        known: str | Iterable[str] = (), past: str | Iterable[str] = (), static: str | Iterable[str] = (),
        freq: str | Frequency | None = None, aggregate: str | Mapping[str, str] | None = None, **policy: Any,
    ) -> Panel:  # fmt: skip
        """Check, repair and sort a table, and say in `findings` what was seen and done.

        `source` is a frame (pandas, polars, pyarrow), the path of a CSV or Parquet file or of a folder of Parquet
        files, an SQL query for DuckDB, or a pair (connection, query). `id` names the key columns, if there are several
        series. Columns are `known` (their future is given), `past` (it is not) or `static` (one value a series); others
        are not read, though they are searched for leaks. `freq` is a pandas offset ("D", "W-THU", "MS", "30min");
        without it the stamps tell. Times that are whole numbers but no dates count its steps. `aggregate` adds a finer
        table up to `freq`: "sum", "mean", "min" or "max" of the target (the mean of other numbers, the commonest
        category), or a mapping from columns to these.

        `policy` holds settings, defaults first: duplicates="mean" ("last", "sum", "error"), of several rows of one
        stamp; mixed="drop" ("keep", "error"), series of another frequency; short="keep" ("drop", "pad", "error"), those
        of less than min_length=5 rows; leaks="drop" ("keep", "error"), columns that give the target away; gaps="fill"
        ("error"); incomplete="drop" ("keep"), periods at the ends of an aggregate that are only partly there;
        categorical=(), the columns whose numbers are names; fill=False, True to carry on what known and past columns
        lack; of CSV files encoding="utf-8" and decimal=None (".", ","), which refuses points that may be of thousands.

        Stamps below a day with a time zone are kept in UTC (`zone` remembers it); coarser ones become dates of the
        wall clock. ValueError, in a sentence that names the culprit, where the table can't be what was meant.

        >>> table = pd.DataFrame({"day": ["2024-01-01", "2024-01-02", "2024-01-04"], "sales": [3.0, 4.0, 5.0]})
        >>> panel = Panel.read(table, time="day", target="sales")
        >>> panel.y
        array([ 3.,  4., nan,  5.])
        >>> print(panel.findings.of("gap").items[0].message)
        Row 1 (2024-01-02): after it 1 stamp is missing, from 2024-01-03; it becomes a row with 'sales' unknown.
        """
        from featurizers.reading import read

        return read(source, id, time=time, target=target, known=known, past=past, static=static, freq=freq,
                    aggregate=aggregate, **policy)  # fmt: skip

    # ---- what is there ------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        rows = f"{self.count} series, {len(self):,} rows"
        span = " to ".join(stamp(end(self.times), self.zone) for end in (np.min, np.max)) if len(self) else "no rows"
        names = {role: self.by_role(role) for role in ("known", "past", "static")}
        given = "".join(f", {role} {columns}" for role, columns in names.items() if columns)
        said = f", {self.findings.brief}" if len(self.findings) else ""
        return f"Panel({rows}, every {self.freq} from {span}, target {self.target!r}{given}{said})"

    @property
    def count(self) -> int:
        """The number of series."""
        return len(self.indptr) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Rows in each series, (series,)."""
        return self.indptr[1:] - self.indptr[:-1]

    @property
    def y(self) -> np.ndarray:
        """The target, (rows,), NaN where it is missing."""
        return self.columns[self.target]

    @property
    def owner(self) -> np.ndarray:
        """The series of each row, (rows,)."""
        return np.repeat(np.arange(self.count), self.lengths)

    @property
    def position(self) -> np.ndarray:
        """The place of each row in its series, (rows,)."""
        return np.arange(len(self)) - np.repeat(self.indptr[:-1], self.lengths)

    def by_role(self, role: str) -> list[str]:
        return [name for name, r in self.roles.items() if r == role]

    @cached_property
    def keys(self) -> dict[str, tuple[Any, ...]]:
        """Key column -> one value a series: how models keep the series that they know, for `positions`."""
        if len(self.ids.columns) == 1 and (values := self.ids.to_numpy()[:, 0]).dtype.kind in "Oiufb":
            return {self.ids.columns[0]: tuple(values.tolist())}  # ten times as fast; stamps would become numbers
        return {name: tuple(self.ids[name].tolist()) for name in self.ids.columns}

    def name(self, i: int) -> str:
        """Series `i` as a person would call it: "Store=2, Brand=tropicana"."""
        return ", ".join(f"{column}={values[i]}" for column, values in self.keys.items())

    def clock(self, times: np.ndarray | None = None) -> np.ndarray:
        """Wall-clock seconds since 1970 of the stamps, int64: what people and calendars go by."""
        times = self.times if times is None else times
        if self.zone is not None:
            flat = pd.DatetimeIndex(times.ravel()).tz_localize("UTC").tz_convert(self.zone).tz_localize(None)
            times = flat.to_numpy().reshape(times.shape)
        return times.astype("datetime64[s]").astype(np.int64)

    def column(self, name: str) -> np.ndarray:
        """A column with one value a row; static ones are repeated, "time" is the wall clock."""
        if name == "time":
            return self.clock()
        values = self.columns[name]
        return np.repeat(values, self.lengths) if self.roles.get(name) == "static" else values

    # ---- parts of it --------------------------------------------------------------------------

    def rows(self, keep: np.ndarray) -> Panel:
        """The rows where `keep` is true; a series left empty stays, with no rows."""
        sizes = np.bincount(self.owner[keep], minlength=self.count)
        columns = {n: v if self.roles.get(n) == "static" else v[keep] for n, v in self.columns.items()}
        return replace(self, indptr=np.r_[0, sizes.cumsum()], times=self.times[keep], columns=columns, ahead=None)

    def where(self, series: np.ndarray) -> Panel:
        """The series that `series` selects: a mask, or positions in their order."""
        at = np.flatnonzero(series) if series.dtype == bool else series
        sizes = self.lengths[at]
        starts = np.repeat(self.indptr[at] - np.r_[0, sizes.cumsum()[:-1]], sizes) if len(at) else np.zeros(0, int)
        index = starts + np.arange(sizes.sum())
        columns = {n: v[at] if self.roles.get(n) == "static" else v[index] for n, v in self.columns.items()}
        ids = self.ids.iloc[at].reset_index(drop=True)
        ahead = None if self.ahead is None else self.ahead.where(at)
        return replace(self, ids=ids, indptr=np.r_[0, sizes.cumsum()], times=self.times[index], columns=columns,
                       ahead=ahead)  # fmt: skip

    def tail(self, size: int) -> Panel:
        """The last `size` rows of each series."""
        sizes = np.minimum(self.lengths, size)
        indptr = np.concatenate([[0], sizes.cumsum()])
        at = np.arange(indptr[-1]) + np.repeat(self.indptr[1:] - indptr[1:], sizes)
        columns = {n: v if self.roles.get(n) == "static" else v[at] for n, v in self.columns.items()}
        return replace(self, indptr=indptr, times=self.times[at], columns=columns, ahead=None)

    def window(self, name: str, size: int) -> np.ndarray:
        """The last `size` values of a column, (series, size): float64 padded with NaN, codes with UNKNOWN.

        "time" gives the wall clock, carried back before the first row.
        """
        if name == "time":
            return self.clock(self.freq.add(self.last[:, None], np.arange(1 - size, 1)))
        at = self.indptr[1:, None] + np.arange(-whole(size, "The rows that are looked back on", 0, FARTHEST), 0)
        inside = at >= self.indptr[:-1, None]
        values = self.column(name)
        if len(values) == 0:
            values = np.zeros(1, values.dtype)
        missing = UNKNOWN if values.dtype == np.int64 else np.nan
        return np.where(inside, values[np.where(inside, at, 0)], missing)

    @property
    def last(self) -> np.ndarray:
        """The last stamp of each series, (series,), NaT where a series has no rows."""
        result, full = np.full(self.count, np.datetime64("NaT"), "datetime64[s]"), self.lengths > 0
        result[full] = self.times[self.indptr[1:][full] - 1]
        return result

    # ---- what comes next ----------------------------------------------------------------------

    def upcoming(self, horizon: int) -> np.ndarray:
        """The next stamps of each series, (series, horizon) datetime64[s]; NaT where a series has no rows."""
        return self.freq.add(self.last[:, None], np.arange(1, horizon + 1))

    def future(
        self, horizon: int, known: Panel | pd.DataFrame | None = None, columns: Iterable[str] | None = None
    ) -> Panel:
        """The next `horizon` rows of each series, their target unknown, with known `columns` (None: all).

        `known` gives these columns: a table, or a panel that has the same series; without it the rows that the
        table itself held after the last target (`ahead`) are taken. ValueError, with the series and the stamp,
        where it lacks a row.
        """
        from featurizers.ahead import known_columns

        horizon = whole(horizon, "The horizon")
        times = self.upcoming(horizon)
        wanted = [n for n in self.by_role("known") if columns is None or n in columns]
        found, findings = known_columns(self, times, self.ahead if known is None else known, wanted)
        found |= {name: self.columns[name] for name in self.by_role("static")}
        indptr = np.arange(self.count + 1) * horizon
        return replace(self, indptr=indptr, times=times.ravel(), columns=found, ahead=None,
                       findings=Findings(tuple(findings)))  # fmt: skip

    def matrix(self, names: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
        """Columns as (series, rows), for panels of equal length; "time" (the wall clock) is always there."""
        return {n: self.column(n).reshape(self.count, -1) for n in dict.fromkeys(("time", *names))}

    def with_columns(self, **columns: np.ndarray) -> Panel:
        return replace(self, columns={**self.columns, **columns})

    def with_findings(self, findings: list[Finding]) -> Panel:
        return replace(self, findings=self.findings + findings)

    # ---- other views --------------------------------------------------------------------------

    def find(self, ids: pd.DataFrame) -> np.ndarray:
        """The position here of each series of another table of keys, -1 where it is not here."""
        return positions(self.ids, ids)

    def encoded(self, levels: Mapping[str, tuple[str, ...]]) -> Panel:
        """The same panel with its categories coded by `levels`; those not among them become UNKNOWN, and are named."""
        if levels == self.levels:
            return self
        columns, findings = dict(self.columns), []
        for name, wanted in levels.items():
            if name not in columns or self.levels.get(name) == wanted:
                continue
            values, mine = columns[name], self.levels.get(name)
            values, mine = codes(pd.Series(values)) if mine is None else (values, mine)  # names that are all numbers
            columns[name] = recoded(values, mine, wanted)
            lost = (columns[name] == UNKNOWN) & (values != UNKNOWN)
            findings += [self._unseen(name, mine[values[at[0]]], at) for at in by_value(values, np.flatnonzero(lost))]
        return replace(self, columns=columns, levels={**self.levels, **levels}, findings=self.findings + findings)

    def _unseen(self, name: str, level: str, at: np.ndarray) -> Finding:
        series = int(at[0]) if self.roles.get(name) == "static" else int(self.owner[at[0]])
        return Finding(
            "unseen_category", "alerted", series=self.name(series), row=int(at[0]), column=name, count=len(at),
            message=f"Category {level!r} of {name!r} was not seen in training; it counts as unknown.",
        )  # fmt: skip

    def frame(self) -> pd.DataFrame:
        """The panel as a long table: keys, time, then every column."""
        stamps = pd.DatetimeIndex(self.times)
        if self.zone is not None:
            stamps = stamps.tz_localize("UTC").tz_convert(self.zone)
        keys = {name: self.ids[name].to_numpy()[self.owner] for name in self.ids.columns}
        columns: dict[str, Any] = {name: self.column(name) for name in self.columns}
        for name in self.levels.keys() & columns.keys():
            columns[name] = pd.Categorical.from_codes(columns[name], pd.Index(self.levels[name]))
        return pd.DataFrame({**keys, self.time: stamps, **columns})


def expected(panel: Any, what: str) -> Panel:
    """`panel`, if it is one. TypeError for a table, which is read first."""
    if not isinstance(panel, Panel):
        raise TypeError(f"{what!r} takes a Panel, not a {type(panel).__name__}: read the table first, with "
                        "Panel.read(table, id=..., time=..., target=...).")  # fmt: skip
    return panel


def positions(among: pd.DataFrame | Mapping[str, tuple[Any, ...]], ids: pd.DataFrame) -> np.ndarray:
    """The row of `among` (a table of keys, or `Panel.keys`) that equals each row of `ids`, -1 where there is none.

    Both have the same columns, else ValueError; without any there is one unnamed series. "1", which is text in a table
    that has "A7" too, equals the number 1 of a table that has numbers only.
    """
    if not isinstance(among, pd.DataFrame):
        among = pd.DataFrame({name: dated(values) for name, values in among.items()})
    if list(among.columns) != list(ids.columns):
        raise ValueError(f"The series are keyed by {list(ids.columns)}, not by {list(among.columns)}.")
    if len(among.columns) == 0:
        return np.zeros(len(ids), np.int64)
    for name in among.columns:
        if pd.api.types.is_numeric_dtype(among[name]) != pd.api.types.is_numeric_dtype(ids[name]):
            among, ids = among.astype({name: str}), ids.astype({name: str})
    single = len(among.columns) == 1
    mine, other = (pd.Index(t.iloc[:, 0]) if single else pd.MultiIndex.from_frame(t) for t in (among, ids))
    return mine.get_indexer(other).astype(np.int64)
