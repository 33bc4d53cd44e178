"""Guessing: what the columns of a table seem to be, by their values first and their names last, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from featurizers.policy import listed, names_of, suggestion
from featurizers.stamps import read_stamps
from featurizers.values import check_names, is_category, numbers

ROLES = ("known", "past", "static")
TIMES = {"date", "time", "timestamp", "datetime", "ds", "stamp", "day", "week", "month", "quarter", "year", "hour",
         "period"}  # fmt: skip
PARTS = {"year", "yr", "month", "mnth", "quarter", "week", "weekday", "day", "dow", "hour", "hr", "minute"}
TARGETS = {"target", "y", "value", "sales", "sold", "demand", "quantity", "qty", "units", "count", "cnt", "amount",
           "volume", "orders", "revenue", "turnover", "load", "consumption", "production", "visitors"}  # fmt: skip
KEYS = {"id", "key", "code", "name", "sku", "item", "product", "article", "store", "shop", "branch", "site", "plant",
        "region", "customer", "sensor", "meter", "series", "no", "nr", "number"}  # fmt: skip
SAMPLE, BUSY = 200, 50  # values that are tried as times, and stamps of which the rows are told apart
FEW = 0.05  # of the rows: so many may share their time with another one of their series
MOST = 50  # categories of a column of text, beyond which it is no use


@dataclass(frozen=True)
class Guess:
    """What was said of the columns of a table, and what was guessed."""

    data: Mapping[str, Any]  # settings of `Panel.read`
    why: Mapping[str, str]  # of each setting that was guessed
    unused: Mapping[str, str]  # columns that have no role, and why


def guess(frame: pd.DataFrame, said: Mapping[str, Any]) -> Guess:
    """The time, target, id and roles of `frame`, as far as they are not `said`. ValueError, with the candidates, where
    one of them cannot be told."""
    columns, why = [str(name) for name in frame.columns], dict[str, str]()
    taken = {name for setting in ("time", "target", "id", *ROLES) for name in names_of(said.get(setting))}
    for name in taken:
        if name not in columns:
            near = suggestion(name, columns)
            raise ValueError(f"There is no column {name!r}{near}; the table has {listed(columns)}.")
    if not len(frame):
        raise ValueError("The table has no rows.")
    data, free = dict(said), [name for name in columns if name not in taken and _plain(frame[name])]
    for setting, tell in (("time", _time), ("id", _ids), ("target", _target)):
        if not names_of(said.get(setting)):
            data[setting], why[setting] = tell(frame, free, data)
            free = [name for name in free if name not in names_of(data[setting])]
    roles, unused = _roles(frame, free, data)
    for role in ROLES:
        names = [name for name, (own, _) in roles.items() if own == role]
        if names:
            data[role] = [*names_of(said.get(role)), *names]
            why[role] = roles[names[0]][1]
    return Guess({name: value for name, value in data.items() if value not in (None, ())}, why, unused)


def _time(frame: pd.DataFrame, free: list[str], data: Mapping[str, Any]) -> tuple[str, str]:
    there = listed(frame.columns)
    found = [name for name in free if not _numeric(frame[name]) and _holds_times(frame[name])]
    if not found:  # 2024 and 202412 may be dates; whether they are, only their name tells
        found = [name for name in free if _numeric(frame[name]) and words(name) & TIMES and _holds_times(frame[name])]
    if not found:
        raise ValueError(f"No column holds dates for sure: name the one that says when with --time; if it counts "
                         f"steps, say what one step is too, as --freq D. The table has {there}.")  # fmt: skip
    if len(found) == 1:
        return found[0], "the only column of dates"
    exact, near = [n for n in found if n.lower() in TIMES], [n for n in found if words(n) & TIMES]
    some = exact or near or found
    finest = [n for n in some if all(frame.groupby(n)[other].nunique().max() <= 1 for other in some if other != n)]
    if not finest:
        raise ValueError(f"Which column says when? {listed(some)} hold dates: name one with --time.")
    return finest[0], f"among {listed(found, 6)}, which hold dates"


def _ids(frame: pd.DataFrame, free: list[str], data: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """The fewest columns that tell rows of one time apart, those with the fewest values among them."""
    time = data["time"]
    if frame.duplicated([time]).mean() <= FEW:
        return (), "no two rows share their time: it is one series"
    rows = frame[frame[time].isin(frame[time].value_counts().index[:BUSY])]
    texts = [name for name in free if _may_be_key(frame[name]) and not words(name) & PARTS]
    texts, whole = ([n for n in texts if _numeric(frame[n]) == kind] for kind in (False, True))
    texts = [n for n in texts if n not in _spoilt(frame, texts)]
    named = [name for name in whole if words(name) & KEYS]
    others = [name for name in whole if not words(name) & (KEYS | TARGETS)]
    for some in (texts, texts + named, texts + named + others):
        for least, size in ((least, size) for least in (0.0, FEW) for size in (1, 2, 3)):
            sets = combinations(some[:12], size)
            fit = {names: len(frame[list(names)].drop_duplicates()) for names in sets
                   if rows.duplicated([time, *names]).mean() <= least}  # fmt: skip
            fit = {names: count for names, count in fit.items() if 2 * count <= len(frame)}
            if fit:
                best = min(fit, key=lambda names: fit[names])
                return tuple(sorted(best, key=free.index)), "so that no two rows of a series share their time"
    first = rows[rows.duplicated([time], keep=False)][time].iloc[0]
    raise ValueError(f"Which columns say whose a row is? Several rows have the same time, as {str(first)!r} in "
                     f"{time!r}, and no columns tell them apart, of {listed(free)}: name those that do with --id, once "
                     "each, or add the rows up first.")  # fmt: skip


def _target(frame: pd.DataFrame, free: list[str], data: Mapping[str, Any]) -> tuple[str, str]:
    groups = _groups(frame, data)
    found = [n for n in free if _numeric(frame[n]) and frame[n].groupby(groups).nunique().max() > 1]
    spoilt = _spoilt(frame, [n for n in free if n not in found])
    found += spoilt
    if not found:
        raise ValueError(f"No column that is left ({listed(free) or 'none'}) holds numbers to forecast: name one with "
                         "--target, and it is said why not; numbers such as '1,5' need --decimal ','.")  # fmt: skip
    times = _stamps(frame, data)
    last = frame[times == times.max()]
    empty = [name for name in found if last[name].isna().all()]
    some = empty if empty and len(empty) < len(found) else found
    among = f"by its name, among {listed(found, 6)}, which hold numbers"
    exact, near = [n for n in some if n.lower() in TARGETS], [n for n in some if words(n) & TARGETS]
    alone = "it is empty in the last rows, where others are given"
    why = alone if len(found) > 1 else "the only column of numbers that change"
    for names, reason in ((some, why), (exact, among), (near, among)):
        if len(names) == 1:
            if names[0] in spoilt:
                raise ValueError(f"{names[0]!r} may be what is to be forecast, but not as it is. {spoilt[names[0]]}")
            return names[0], reason
    nearly = "".join(f" {name!r} nearly holds numbers: {spoilt[name]}" for name in some if name in spoilt)
    there = listed(name for name in some if name not in spoilt)
    whole = f" {there} hold numbers: name one with --target." if there else ""
    raise ValueError(f"Which column is to be forecast?{whole}{nearly}")


def _spoilt(frame: pd.DataFrame, names: list[str]) -> dict[str, str]:
    """The columns that are numbers but for some cells, and what is said of the first of these."""
    found = {}
    for name in names:
        if is_category(frame[name]) and not words(name) & (KEYS | PARTS):
            try:
                check_names(frame[name], name)
            except ValueError as error:
                found[name] = str(error)
    return found


def _roles(
    frame: pd.DataFrame, free: list[str], data: Mapping[str, Any]
) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """The role of each column and the reason for it, and the columns without one."""
    found, unused = dict[str, tuple[str, str]](), dict[str, str]()
    groups, later = _groups(frame, data), _later(frame, data)
    count = groups.nunique()
    for name in free:
        column = frame[name]
        changes = column.groupby(groups).nunique().max() > 1
        reason = _unfit(column, name)
        if reason is None and column.nunique() < 2:
            reason = "It is the same everywhere."
        elif reason is None and not changes and is_category(column) and column.nunique() == count:
            reason = "It names the series once more."
        elif reason is None and changes and _numeric(column) and words(name) & PARTS:
            reason = "The calendar makes it."
        if reason is not None:
            unused[name] = reason
        elif not changes and count > 1:
            found[name] = "static", "one value in each series"
        elif later.any() and column[later].notna().mean() > 0.5:
            found[name] = "known", f"given in the rows after the last {data['target']!r}"
        else:
            found[name] = "past", ("the table does not go on. For what is known of the next rows, as prices and plans, "
                                   f"append rows without {data['target']!r}, and move it to 'known'")  # fmt: skip
    return found, unused


def _unfit(column: pd.Series, name: str) -> str | None:
    """Why a column cannot have a role."""
    if name in ("time", "target"):
        return "Models keep this name for something of their own: rename it to use it."
    if not _numeric(column) and _holds_times(column):
        return "It holds times."
    try:
        if not is_category(column):
            numbers(column, name)
            return None
        check_names(column, name)
    except ValueError as error:
        return str(error)
    return f"It is text with {column.nunique():,} values." if column.nunique() > MOST else None


def _groups(frame: pd.DataFrame, data: Mapping[str, Any]) -> pd.Series:
    """The number of the series of each row."""
    keys = list(names_of(data.get("id")))
    if not keys:
        return pd.Series(0, index=frame.index)
    return frame.groupby(keys, dropna=False).ngroup()


def _stamps(frame: pd.DataFrame, data: Mapping[str, Any]) -> pd.Series:
    return pd.Series(read_stamps(frame[data["time"]], data["time"], data.get("freq")).times, index=frame.index)


def _later(frame: pd.DataFrame, data: Mapping[str, Any]) -> pd.Series:
    """Whether each row comes after the last known target of its series."""
    there = frame[data["target"]].notna()
    if there.all():
        return ~there
    times = _stamps(frame, data)
    return ~there & (times > times.where(there).groupby(_groups(frame, data)).transform("max"))


def _numeric(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))


def _plain(column: pd.Series) -> bool:
    """Whether a column holds single values, and not lists."""
    return column.dtype != object or not any(isinstance(v, (list, dict, set, np.ndarray)) for v in column)


def _may_be_key(column: pd.Series) -> bool:
    """Names or whole numbers that are mostly there and come again."""
    names = is_category(column) and not pd.api.types.is_datetime64_any_dtype(column)
    likely = names or pd.api.types.is_integer_dtype(column)
    return likely and column.notna().mean() > 0.9 and 2 <= column.nunique() <= len(column) / 2


def _holds_times(column: pd.Series) -> bool:
    there = column.dropna().drop_duplicates()
    if len(there) < 2 or pd.api.types.is_bool_dtype(column) or not any(sign.isdigit() for sign in str(there.iloc[0])):
        return False
    try:
        stamps = read_stamps(there.iloc[:: len(there) // SAMPLE + 1], str(column.name))
    except (ValueError, TypeError, OverflowError):
        return False
    return not np.isnat(stamps.times).any()


def words(name: str) -> set[str]:
    """The words of a name: "WeekStarting", "week_starting" and "week starting" have the same."""
    return {word.lower() for word in re.findall(r"[^\W\d_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name))}
