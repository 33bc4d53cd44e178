"""Ahead: the known columns of the rows to forecast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from featurizers.collect import series_of
from featurizers.counted import counting
from featurizers.findings import Finding, Status
from featurizers.panel import UNKNOWN, Panel, positions
from featurizers.policy import listed, suggestion
from featurizers.rows import stamp
from featurizers.sources import open_table
from featurizers.stamps import read_stamps
from featurizers.values import LARGEST, absent, by_value, codes, numbers, recoded, text

_HOW = "The next rows of known columns are given as a table with the keys, the time and these columns"


@dataclass(frozen=True, eq=False)
class Given:
    """Rows with known columns: the series (-1: not in the panel), stamps as the panel's, values or codes."""

    series: np.ndarray
    times: np.ndarray
    columns: dict[str, np.ndarray]
    levels: dict[str, tuple[str, ...]]
    own: int = 0  # so many, the first ones, came with the panel itself
    others: tuple[str, ...] = ()  # series that the panel does not have, "store=s00", in the order of the table


def known_columns(
    panel: Panel, times: np.ndarray, given: Any, names: list[str], *, lasting: bool = False
) -> tuple[dict[str, np.ndarray], list[Finding]]:
    """The known columns `names` at `times` (series, horizon), each (series * horizon,), and what was amiss.

    `given` is a panel, or any table, with rows for at least these stamps, beside those that came with the panel itself
    after the last target of a series. ValueError, with series and stamp, where they end too early; if `lasting`, they
    go on as they were last seen, with a finding. Before the last row, a missing number takes the last value before it,
    a missing category or one that the panel does not know is UNKNOWN; each with a finding, unless a panel's own
    findings tell of it.
    """
    if not names:
        return {}, []
    if given is None:
        raise ValueError(f"The forecast needs {names} of the next rows. {_HOW}: pass it as known=, or unknown='last' "
                         "to have the last values go on.")  # fmt: skip
    rows = _of_panel(panel, given, names) if isinstance(given, Panel) else _of_table(panel, times, given, names)
    if panel.ahead is not None and given is not panel.ahead:
        rows = _beside(_of_panel(panel, panel.ahead, names), rows)
    at, late, found = _find(panel, rows, times, names, lasting)
    if rows.others and not lasting:
        text = (f"The table of the next rows has {len(rows.others)} series that are not among those to forecast, the "
                f"first {rows.others[0]!r}; their rows are left out.")  # fmt: skip
        found.append(Finding("other_series", "dropped", text, count=int((rows.series < 0).sum())))
    columns = {}
    for name in names:
        values, missing = rows.columns[name], UNKNOWN if name in panel.levels else np.nan
        values = np.where(at >= 0, values[at], missing) if len(values) else np.full(len(at), missing)
        fresh = ((at < 0) | (not isinstance(given, Panel))) & ~late
        if name in panel.levels:
            coded = _coded(panel, name, values.astype(np.int64), rows.levels[name], times, fresh, found)
            columns[name] = _onwards(panel, name, coded, late & (at < 0), times)
        else:
            columns[name] = _carried(panel, name, values, times, fresh, found)
    return columns, found


def _of_panel(panel: Panel, given: Panel, names: list[str]) -> Given:
    """A panel's rows, and those after its last target."""
    parts = [given] + ([given.ahead] if given.ahead is not None else [])
    for name in names:
        if any(name not in part.columns for part in parts):
            raise ValueError(f"The column {name!r} is not in the panel that gives the next rows. {_HOW}.")
    series = np.concatenate([panel.find(part.ids)[part.owner] for part in parts])
    times = np.concatenate([part.times for part in parts])
    columns = {name: np.concatenate([part.column(name) for part in parts]) for name in names}
    levels = {name: given.levels[name] for name in names if name in given.levels}
    for name in names:
        if name in levels and name not in panel.levels:
            raise ValueError(f"The column {name!r} holds names, such as {', '.join(levels[name][:1])!r}, in the panel "
                             "that gives the next rows, and numbers in this one: read both alike.")  # fmt: skip
        if name in panel.levels and name not in levels:  # names that are all numbers
            columns[name], levels[name] = codes(pd.Series(columns[name]))
    return Given(series, times, columns, levels)


def _beside(own: Given, given: Given) -> Given:
    """The rows of both, those that are `given` last."""
    columns, levels = {}, {}
    for name, values in given.columns.items():
        mine = own.columns[name]
        if name in given.levels:
            more = tuple(level for level in own.levels[name] if level not in given.levels[name])
            levels[name] = given.levels[name] + more
            mine = recoded(mine, own.levels[name], levels[name])
        columns[name] = np.concatenate([mine, values])
    series, times = np.concatenate([own.series, given.series]), np.concatenate([own.times, given.times])
    return Given(series, times, columns, levels, len(own.series), given.others)


def _of_table(panel: Panel, times: np.ndarray, given: Any, names: list[str]) -> Given:
    keys = list(panel.ids.columns)
    table = open_table(given, keys)
    for name in (*keys, panel.time, *names):
        if name not in table.columns:
            near = suggestion(name, table.columns)
            raise ValueError(f"There is no column {name!r}{near} in the table that gives the next rows; it has "
                             f"{listed(table.columns)}.")  # fmt: skip
    ids, keyless = {}, np.zeros(len(table), bool)
    for key in keys:
        column = series_of(table, key)
        keyless |= column.isna().to_numpy(bool)
        whole = panel.ids[key].dtype == np.int64
        exact = numbers(column, key) if whole else text(column)
        ids[key] = np.where(np.isfinite(exact), exact, -1).astype(np.int64) if whole else exact
    mine = positions(panel.ids, pd.DataFrame(ids, index=range(len(table))))
    strange = {key: ids[key][(mine < 0) & ~keyless] for key in keys}
    others = [", ".join(f"{key}={value}" for key, value in zip(keys, one, strict=True))
              for one in dict.fromkeys(zip(*strange.values(), strict=True))]  # fmt: skip
    columns, levels = {}, {}
    for name in names:
        if name in panel.levels:
            columns[name], levels[name] = codes(series_of(table, name))
        else:
            columns[name] = numbers(series_of(table, name), name)
    return Given(mine, _times(panel, times, series_of(table, panel.time)), columns, levels, others=tuple(others))


def _times(panel: Panel, times: np.ndarray, column: pd.Series) -> np.ndarray:
    """Stamps as the panel has them: UTC where it has a zone (a table's naive stamps are its wall clock).

    Text that could be month or day first is read by the order that has more of `times`; whole numbers count steps where
    those of the panel did.
    """
    stamps = read_stamps(column, panel.time, counting(panel))
    if panel.zone is None:
        return stamps.among(times).local
    if stamps.zone is not None:
        return stamps.times
    local = pd.DatetimeIndex(stamps.times).tz_localize(panel.zone, ambiguous="NaT", nonexistent="NaT")
    return local.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[s]")


def _find(
    panel: Panel, rows: Given, times: np.ndarray, names: list[str], lasting: bool
) -> tuple[np.ndarray, np.ndarray, list[Finding]]:
    """The row that is meant by each series and stamp, the last of several, which stamps come after those that are
    given, and what is said of all this; -1 for a row that is missing, which is repaired as a missing value is."""
    wanted = times.astype("datetime64[s]").astype(np.int64)
    full = ~np.isnat(times)  # a series without rows has no next ones
    low, high = (int(wanted[full].min()), int(wanted[full].max())) if full.any() else (0, 0)
    seconds = rows.times.astype("datetime64[s]").astype(np.int64)
    usable = np.flatnonzero((rows.series >= 0) & ~np.isnat(rows.times) & (seconds >= low) & (seconds <= high))
    span = high - low + 1
    key = rows.series[usable] * span + seconds[usable] - low
    order = np.argsort(key, kind="stable")
    key, usable = np.r_[-1, key[order]], np.r_[-1, usable[order]]
    asked = np.where(full, np.arange(panel.count)[:, None] * span + wanted - low, -2)
    place = np.searchsorted(key, asked, side="right") - 1
    there = (place > 0) & (key[place] == asked)
    later = np.flip(np.logical_or.accumulate(np.flip(there, axis=1), axis=1), axis=1)
    late = (full & ~later).ravel()
    text = _lacking(panel, rows, times, np.flatnonzero(late), names)
    if text and not lasting:
        raise ValueError(text)
    again = there & (place > 1) & (key[place - 1] == asked)
    found = _several(panel, rows, times, usable[place], usable[place - 1], again) if again.any() else []
    if text:
        told = f"{', '.join(map(repr, names))} goes on as it was last seen. {text}"
        found = [*found, Finding("known_future", "alerted", told, column=names[0], count=int(late.sum()))]
    return np.where(there, usable[place], -1).ravel(), late, found


def _lacking(panel: Panel, rows: Given, times: np.ndarray, lost: np.ndarray, names: list[str]) -> str:
    """What is said of the rows `lost`, for which nothing is given; "" if there are none."""
    if not len(lost):
        return ""
    return (f"The known columns {names} are not given for {_where(panel, times, int(lost[0]))} ({len(lost):,} of "
            f"{times.size:,} rows are missing); {_there(panel, rows, int(lost[0]) // times.shape[1])}. {_HOW}, one row "
            f"for each series and each stamp every {panel.freq}.")  # fmt: skip


def _there(panel: Panel, rows: Given, i: int) -> str:
    """What is given of series `i`: from when to when, or whose rows are given instead."""
    given = rows.times[rows.own :][rows.series[rows.own :] == i]
    given = given[~np.isnat(given)]
    if len(given):
        return f"of it there are rows from {stamp(given.min(), panel.zone)} to {stamp(given.max(), panel.zone)}"
    other = f", but of {rows.others[0]!r}, which is not among those to forecast" if rows.others else ""
    return f"there are no rows of it{other}"


def _several(
    panel: Panel, rows: Given, times: np.ndarray, last: np.ndarray, before: np.ndarray, again: np.ndarray
) -> list[Finding]:
    """What is said of stamps given `again`: the `last` row is taken, not the one `before`, all (series, horizon)."""
    found = []
    differ = {name: again & ~((values[last] == values[before]) | (absent(values[last]) & absent(values[before])))
              for name, values in rows.columns.items()}  # fmt: skip
    own = before < rows.own
    for name, bad in differ.items():
        for kind, some in (("duplicate", bad & ~own), ("known_future", bad & own)):
            if some.any():
                i = int(np.flatnonzero(some.ravel())[0])
                shown = [rows.levels[name][v] if name in rows.levels and v >= 0 else f"{v:g}"
                         for v in (rows.columns[name][at.ravel()[i]] for at in (before, last))]  # fmt: skip
                first = "the table itself says" if kind == "known_future" else "the row comes again:"
                text = (f"{first} {name!r} is {shown[0]}, and then {shown[1]} is given, as in {int(some.sum())} such "
                        "rows; the last is taken.")  # fmt: skip
                found.append(_finding(panel, kind, name, times, np.flatnonzero(some), text))
    same = again & ~own & ~np.logical_or.reduce(list(differ.values()))
    if same.any():
        text = f"the row comes again with the same values, one of {int(same.sum())} such rows; one is kept."
        found.append(_finding(panel, "duplicate", "", times, np.flatnonzero(same), text))
    return found


def _where(panel: Panel, times: np.ndarray, at: int) -> str:
    label, time = panel.name(at // times.shape[1]), times.ravel()[at]
    return f"{'series ' + label + ' at ' if label else ''}{stamp(time, panel.zone)}"


def _finding(panel: Panel, kind: str, name: str, times: np.ndarray, at: np.ndarray, text: str) -> Finding:
    """A finding about the positions `at` among all of `times` (series, horizon)."""
    first = int(at[0])
    label = panel.name(first // times.shape[1])
    mended = (kind == "missing_covariate" and name not in panel.levels) or (kind == "duplicate" and not name)
    status: Status = "fixed" if mended else "alerted"
    message = f"{_where(panel, times, first)}: {text}"
    return Finding(kind, status, message, label, -1, str(times.ravel()[first]), name, len(at))


def _carried(
    panel: Panel, name: str, values: np.ndarray, times: np.ndarray, fresh: np.ndarray, found: list[Finding]
) -> np.ndarray:
    bad = ~(np.abs(values) <= LARGEST)
    if not bad.any():
        return values
    result = _onwards(panel, name, np.where(bad, np.nan, values), bad, times)
    told = np.flatnonzero(bad & fresh)
    if len(told):
        text = f"{name!r} is missing, one of {len(told)} such rows; the last value before is taken."
        found.append(_finding(panel, "missing_covariate", name, times, told, text))
    return result


def _onwards(panel: Panel, name: str, values: np.ndarray, bad: np.ndarray, times: np.ndarray) -> np.ndarray:
    """`values` (series * horizon,), those that are `bad` as they were last seen: before, or in the panel."""
    last = last_seen(panel, name, values.dtype)
    wide = np.concatenate([last[:, None], values.reshape(times.shape)], axis=1)
    gone = np.concatenate([np.zeros((len(last), 1), bool), bad.reshape(times.shape)], axis=1)
    back = np.maximum.accumulate(np.where(gone, 0, np.arange(wide.shape[1])), axis=1)
    found: np.ndarray = np.take_along_axis(wide, back, axis=1)[:, 1:].ravel()
    return found


def last_seen(panel: Panel, name: str, dtype: Any) -> np.ndarray:
    """The last value of a column that is not missing, (series,)."""
    nothing = UNKNOWN if dtype == np.int64 else np.nan
    result, full = np.full(panel.count, nothing, dtype), panel.lengths > 0
    if name not in panel.columns or not full.any():
        return result
    values = panel.column(name)
    place = np.maximum.accumulate(np.where(absent(values), -1, np.arange(len(values))))
    at = place[panel.indptr[1:][full] - 1]
    result[full] = np.where(at >= panel.indptr[:-1][full], values[at], nothing)
    return result


def _coded(
    panel: Panel, name: str, values: np.ndarray, levels: tuple[str, ...], times: np.ndarray, fresh: np.ndarray,
    found: list[Finding],
) -> np.ndarray:  # fmt: skip
    result = recoded(values, levels, panel.levels[name])
    missing = np.flatnonzero(fresh & (values < 0))
    if len(missing):
        text = f"the category {name!r} is missing; it counts as unknown."
        found.append(_finding(panel, "missing_covariate", name, times, missing, text))
    for at in by_value(values, np.flatnonzero((result == UNKNOWN) & (values >= 0))):
        text = f"the category {levels[values[at[0]]]!r} of {name!r} was not seen before; it counts as unknown."
        found.append(_finding(panel, "unseen_category", name, times, at, text))
    return result
