"""Guards: what can be wrong with the values of a table, what is done about it, and in whose rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from featurizers.findings import Finding, Status
from featurizers.policy import Policy
from featurizers.rows import Rows, each_series, first_where, more, stamp
from featurizers.values import LARGEST, absent


def finite(rows: Rows) -> tuple[Rows, list[Finding]]:
    """Infinite numbers, and those too large to be squared, become NaN."""
    found, columns = [], dict(rows.columns)
    for name, values in rows.columns.items():
        if values.dtype != np.float64 or not (bad := np.abs(values) > LARGEST).any():
            continue

        def sentence(first: int, count: int, name: str = name, values: np.ndarray = values) -> str:
            size = "infinite" if np.isinf(values[first]) else f"{values[first]:g}, beyond {LARGEST:g}"
            return f"{name!r} is {size}{more(count)}; it counts as unknown."

        found += each_series("infinite", "fixed", rows, bad, sentence, column=name)
        columns[name] = np.where(bad, np.nan, values)
    return replace(rows, columns=columns), found


def ends(rows: Rows, target: str, has_known: bool) -> tuple[Rows, Rows, list[Finding]]:
    """The rows from the first to the last known target of each series; the later rows, which hold the future of the
    known columns; and findings about what was cut."""
    there = ~np.isnan(rows.columns[target])
    if there.all():
        return rows, rows.take(np.zeros(0, np.int64)), []
    if not there.any():
        raise ValueError(f"The target {target!r} is unknown in every row: there is nothing to learn from.")
    count, place = len(rows.ids), np.arange(len(rows))
    first, last = np.full(count, len(rows)), np.full(count, -1)
    np.minimum.at(first, rows.series[there], place[there])
    np.maximum.at(last, rows.series[there], place[there])
    empty = (last < 0)[rows.series]
    leading, trailing = ~empty & (place < first[rows.series]), ~empty & (place > last[rows.series])
    newest = rows.times[there].max()

    def sentence(first: int, count: int) -> str:
        done, end = "; they are kept as the future of the known columns", rows.times[first - 1]
        if not has_known:
            done = f", which are left out: its forecast begins after {stamp(end, rows.zone)}"
            done += ", and ends before those of other series" if end < newest else ""
        return f"{target!r} is unknown in the last rows of the series ({count}){done}."

    found = each_series("all_missing", "dropped", rows, empty, lambda f, n: (
        f"{target!r} is unknown in every row of the series ({n}); it is left out."))  # fmt: skip
    found += each_series("leading_nan", "dropped", rows, leading, lambda f, n: (
        f"{target!r} is unknown in the first rows of the series ({n}), which are left out."))  # fmt: skip
    found += each_series("future_rows" if has_known else "trailing_nan", "fixed" if has_known else "dropped", rows,
        trailing, sentence)  # fmt: skip
    inner = rows.take(~(empty | leading | trailing))
    return inner, rows.take(trailing & has_known), found


def unknown_targets(rows: Rows, target: str) -> list[Finding]:
    """Rows inside a series whose target is unknown."""
    bad = np.isnan(rows.columns[target])

    def sentence(first: int, count: int) -> str:
        return f"{target!r} is unknown{more(count)}; the row stays, unknown."

    return each_series("nan_target", "alerted", rows, bad, sentence)


def covariates(rows: Rows, roles: Mapping[str, str], policy: Policy) -> tuple[Rows, list[Finding]]:
    """Missing values of known and past columns; `policy.fill` carries the last one forward, then back."""
    found, columns = [], dict(rows.columns)
    for name, role in roles.items():
        values = rows.columns.get(name)
        if role == "static" or values is None:
            continue
        bad = absent(values)
        if not bad.any():
            continue
        done = "the last value before is taken" if policy.fill else "left unknown (fill=True carries the last one on)"

        def sentence(first: int, count: int, name: str = name, done: str = done) -> str:
            return f"{name!r} is missing{more(count)}; {done}."

        found += each_series("missing_covariate", "fixed" if policy.fill else "alerted", rows, bad, sentence, name)
        columns[name] = _filled(values, ~bad, rows.series) if policy.fill else values
    return replace(rows, columns=columns), found


def future_covariates(later: Rows, roles: Mapping[str, str]) -> list[Finding]:
    """Missing values of known columns in the rows after the last target; a forecast takes the last number before."""
    found: list[Finding] = []
    for name in [n for n, role in roles.items() if role == "known"]:
        values = later.columns[name]
        numeric = values.dtype == np.float64
        bad, done = absent(values), "the last value before is taken" if numeric else "it counts as unknown"

        def sentence(first: int, count: int, name: str = name, done: str = done) -> str:
            return f"{name!r} is missing{more(count)}; {done}."

        found += each_series("missing_covariate", "fixed" if numeric else "alerted", later, bad, sentence, name)
    return found


def _filled(values: np.ndarray, there: np.ndarray, series: np.ndarray) -> np.ndarray:
    """The last value that is there in the series, else the next."""
    place = np.arange(len(values))
    last = np.maximum.accumulate(np.where(there, place, -1))
    after = np.minimum.accumulate(np.where(there, place, len(values))[::-1])[::-1]
    after = np.minimum(after, len(values) - 1)
    back = (last >= 0) & (series[last] == series)
    ahead = there[after] & (series[after] == series)
    return np.where(back, values[last], np.where(ahead, values[after], values))


def unseen(rows: Rows, later: Rows, roles: Mapping[str, str]) -> tuple[Rows, Rows, list[Finding]]:
    """Categories of known columns that only `later` rows have become unknown there; `rows` code what is left."""
    found: list[Finding] = []
    levels = dict(rows.levels)
    for name, every in rows.levels.items():
        if roles.get(name) != "known":
            continue
        kept = np.bincount(rows.columns[name][rows.columns[name] >= 0], minlength=len(every)) > 0
        codes = later.columns[name]
        strange = (codes >= 0) & ~kept[codes]
        if not strange.any():
            continue

        def sentence(first: int, count: int, name: str = name, every: Any = every, codes: Any = codes) -> str:
            level = every[codes[first]]
            return f"the category {level!r} of {name!r} was not seen before{more(count)}; it counts as unknown."

        found += each_series("unseen_category", "alerted", later, strange, sentence, name)
        table = np.r_[np.where(kept, np.cumsum(kept) - 1, -1), -1]
        levels[name] = tuple(level for level, keep in zip(every, kept, strict=True) if keep)
        rows = replace(rows, columns={**rows.columns, name: table[rows.columns[name]]})
        later = replace(later, columns={**later.columns, name: table[codes]})
    return replace(rows, levels=levels), replace(later, levels=levels), found


def statics(rows: Rows, roles: Mapping[str, str]) -> tuple[dict[str, np.ndarray], dict[str, str], list[Finding]]:
    """One value a series of every static column; a column that varies inside a series becomes a past one."""
    found: list[Finding] = []
    values, now = {}, dict(roles)
    starts = rows.starts
    for name in [n for n, role in roles.items() if role == "static"]:
        column = rows.columns[name]
        missing = absent(column)
        filled = _filled(column, ~missing, rows.series) if missing.any() else column
        varies = np.flatnonzero((filled[1:] != filled[:-1]) & (np.diff(rows.series) == 0) & ~missing[1:]) + 1
        varies = varies[~absent(filled[varies - 1])]
        if len(varies):
            text = f"the static column {name!r} changes inside the series; it counts as a past column."
            found += each_series("static_varies", "alerted", rows, varies, _same(text), name)
            now[name] = "past"
            continue
        values[name] = np.empty(len(rows.ids), column.dtype)
        values[name][rows.series[starts]] = filled[starts]
        lost = starts[absent(filled[starts])]
        text = f"the static column {name!r} has no value in the series; left unknown."
        found += each_series("missing_covariate", "alerted", rows, lost, _same(text), name)
    return values, now, found


def _same(text: str) -> Callable[[int, int], str]:
    return lambda first, count: text


def constant(rows: Rows, target: str) -> list[Finding]:
    """Series (of two rows or more) whose target never changes."""
    y, starts = rows.columns[target], rows.starts
    still = np.fmax.reduceat(y, starts) == np.fmin.reduceat(y, starts)
    still &= np.diff(np.r_[starts, len(rows)]) > 1
    return each_series("constant", "alerted", rows, starts[still], lambda f, n: (
        f"{target!r} is {y[f]:g} in every row of the series; there is nothing to learn from."))  # fmt: skip


def short(rows: Rows, later: Rows, policy: Policy) -> tuple[Rows, list[Finding]]:
    """Series with fewer than `policy.min_length` rows: kept, left out with what comes `later`,
    or refused. (`padded` lengthens them.)"""
    starts = rows.starts
    sizes = np.diff(np.r_[starts, len(rows)])
    few = sizes < policy.min_length
    if not few.any():
        return rows, []
    done = {"keep": "it is kept as it is", "drop": "it is left out", "pad": "its first row is repeated before it"}
    size = np.zeros(len(rows.ids), np.int64)
    size[rows.series[starts]] = sizes
    if policy.short == "error":
        place = int(starts[few][0])
        raise ValueError(
            f"A series has {sizes[few][0]} rows, fewer than {policy.min_length}: {first_where(rows, place)}."
        )
    states: dict[str, Status] = {"keep": "alerted", "drop": "dropped", "pad": "fixed"}

    def sentence(first: int, count: int) -> str:
        rows_there = int(size[rows.series[first]])
        there = f"{rows_there} row{'s' if rows_there > 1 else ''}"
        return f"the series has {there}, fewer than {policy.min_length}; {done[policy.short]}."

    found = each_series("too_short", states[policy.short], rows, starts[few], sentence)
    lost = size + (np.bincount(later.series, minlength=len(size)) if policy.short == "drop" else 0)
    found = [replace(f, count=int(n)) for f, n in zip(found, lost[rows.series[starts[few]]], strict=True)]
    if policy.short == "drop":
        if few.all():
            raise ValueError(f"Every series has fewer than {policy.min_length} rows; none is left.")
        return rows.take(~np.repeat(few, sizes)), found
    return rows, found
