"""Leaks: columns that give the target away, and columns that only count rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from featurizers.collect import Names
from featurizers.findings import Finding
from featurizers.near_leaks import Repetitions
from featurizers.part_leaks import sums
from featurizers.past_leaks import Past, picked
from featurizers.policy import Policy, listed
from featurizers.range_leaks import ranges
from featurizers.rows import Rows
from featurizers.running_leaks import Neighbours, running_sum
from featurizers.values import numbers

_SAMPLE, _BLOCK = 100_000, 1_000  # rows looked at, in blocks of neighbours
_FEWEST = 20  # rows below which chance agreements are too likely
_VALUES = 10  # of the target: where it has fewer, it must change in as many rows as that
_SEASON, _AGAIN = 400, 0.95  # rows by which a season lies behind; of these changes, that come again with it
_BINS = 8  # that tell the target well enough to be left out


def leaks(rows: Rows, table: nw.DataFrame[Any], names: Names, policy: Policy) -> tuple[dict[str, str], list[Finding]]:
    """The roles that may stay, and a finding for every column of the table, used or not, that the target can be
    read off: by an order that is the same, together with its own past, or as a part of a sum."""
    at = _sample(len(rows))
    y = rows.columns[names.target][at]
    roles = dict(names.roles)
    why = _unchecked(y, rows.series[at], at)
    if why is not None:
        known = [name for name, role in roles.items() if role == "known"]
        return roles, [_not_checked(known, names.target, why)] if known and why else []
    found: list[Finding] = []
    with np.errstate(all="ignore"):
        columns = _columns(rows, table, names, at)
        guilty = _guilty(rows, columns, names, at, found)
        rest = {n: v for n, v in columns.items() if n not in guilty}
        suspected = _suspects(rows, rest, names, at) | _completed(rest, rows, names, at)
    for name, why in guilty.items():
        used = name in roles
        drop = used and policy.leaks == "drop"
        done = "it is not used" if drop else "it is used all the same" if used else "it has no role, so it is not used"
        found.append(_found(rows, at, name, "leak", "dropped" if drop else "alerted", f"{why}; {done}."))
        if used and policy.leaks == "error":
            raise ValueError(f"{why}: it can't be a {roles[name]} column.")
        if drop:
            del roles[name]
    return roles, found + [_found(rows, at, name, "leak", "alerted", why) for name, why in suspected.items()]


def _unchecked(y: np.ndarray, series: np.ndarray, at: np.ndarray) -> str | None:
    """Why nothing can be said of columns; "" where nothing is to be found, as the target has nothing new; else None."""
    count = int(np.isfinite(y).sum())
    if count < _FEWEST:
        return f"it has a value in {count} rows, fewer than {_FEWEST}"
    kinds = len(np.unique(y[np.isfinite(y)]))
    if kinds >= _VALUES:
        return None
    near, _ = Neighbours.some(y, series, at)
    changes = np.flatnonzero(np.isfinite(near.y - near.before(near.y, 1)) & (near.y != near.before(near.y, 1)))
    if kinds > 1 and len(changes) < _FEWEST:
        return f"it has {kinds} values and changes in {len(changes)} rows, fewer than {_FEWEST}"
    again = (near.before(near.y, lag)[changes] for lag in range(2, _SEASON))
    seen = ((past, np.isfinite(past)) for past in again)
    repeated = any(there.sum() >= _FEWEST and (past == near.y[changes])[there].mean() >= _AGAIN for past, there in seen)
    return "" if kinds < 2 or repeated else None


def _not_checked(known: list[str], target: str, why: str) -> Finding:
    one = len(known) == 1
    text = (
        f"Not checked: whether the known column{'' if one else 's'} {listed(known)} give{'s' if one else ''} the "
        f"target {target!r} away can't be told, as {why}."
    )
    return Finding("leak", "alerted", text, count=0)


def _guilty(
    rows: Rows, columns: Mapping[str, np.ndarray], names: Names, at: np.ndarray, found: list[Finding]
) -> dict[str, str]:
    """The columns that give the target away, and how; those that count rows go into `found`."""
    y, series, guilty = rows.columns[names.target][at], rows.series[at], dict[str, str]()
    near, some = Neighbours.some(y, series, at)
    past = Past.of(near)
    for name, values in columns.items():
        role, target = names.roles.get(name), f"the target {names.target!r}"
        if name in rows.levels:  # whose codes are no amounts
            if (bins := ranges(near, values[some])) >= _BINS:
                guilty[name] = f"{name!r} tells in which of {bins} ranges {target} lies"
        elif counts_rows(values, rows.row[at], series):
            text = f"{name!r} only counts rows; it says no more than the time."
            found.append(_found(rows, at, name, "row_number", "alerted", text))
        elif _same_order(values, y, series, at):
            guilty[name] = f"{name!r} follows {target} exactly (rank correlation 1)"
        elif role == "known" and (running := running_sum(near, values[some])):
            guilty[name] = f"{name!r} {running} {target}"
        elif _same_order(*_ahead(values, y, series, at)):
            guilty[name] = f"{name!r} holds what {target} is in the next row (rank correlation 1)"
        elif role == "known" and picked(near, values[some]):
            guilty[name] = f"{name!r} is the row's own value of {target} wherever it is none of the rows before"
        elif role == "known" and (bins := ranges(near, values[some])) >= _BINS:
            guilty[name] = f"{name!r} tells in which of {bins} ranges {target} lies"
        elif role == "known" and past.made_of(values[some]):
            guilty[name] = f"{name!r} is made of {target}, its own row or a later one included"
        elif role == "past" and past.told(values[some], since=1):
            guilty[name] = f"{name!r} gives away {target} some rows ahead, together with what that was before"
    known = {n: v for n, v in columns.items() if n not in guilty and _adds(n, rows, names, "known")}
    for group in sums(known, y, series):
        guilty |= dict.fromkeys(group, f"{listed(group)} add up to the target {names.target!r}")
    return guilty


def _adds(name: str, rows: Rows, names: Names, *roles: str | None) -> bool:
    return name not in rows.levels and names.roles.get(name) in roles


def _completed(columns: Mapping[str, np.ndarray], rows: Rows, names: Names, at: np.ndarray) -> dict[str, str]:
    """Columns that only others, of which learners see none or only earlier values, complete to the target: parts of it,
    or a plan beside how far it was missed. Those without a role are told of too, as somebody may give them one."""
    found = {}
    ordered = sorted(columns, key=lambda name: names.roles.get(name) != "known")
    rest = {n: columns[n] for n in ordered if _adds(n, rows, names, "known", "past", None)}
    for group in sums(rest, rows.columns[names.target][at], rows.series[at]):
        roles = {name: names.roles.get(name) for name in group}
        for name in [name for name, role in roles.items() if role != "past"]:
            asked = "Is it known before the target is? It is used all the same."
            found[name] = (
                f"{name!r} is one of {listed(group)}, which add up to the target {names.target!r}. "
                f"{'It has no role, so it is not used.' if roles[name] is None else asked}"
            )
    return found


def _suspects(rows: Rows, columns: Mapping[str, np.ndarray], names: Names, at: np.ndarray) -> dict[str, str]:
    """Columns in use that are the target with a little noise: told, as they may be honest after all, never left out."""
    y, series, found = rows.columns[names.target][at], rows.series[at], dict[str, str]()
    now, later = Repetitions.of(y, series, at), None
    near, some = Neighbours.some(y, series, at)
    past = Past.of(near)
    asked = "Is it known before the target is? It is used all the same."
    for name, values in columns.items():
        role, when = names.roles.get(name), ""
        if role == "known" and (bins := ranges(near, values[some])):
            what = "is above a value that many rows lie close to" if bins == 2 else f"lies in which of {bins} ranges"
            found[name] = f"{name!r} tells whether the target {names.target!r} {what}. {asked}"
        if name in found or name in rows.levels:
            continue
        if role == "known" and past.told(values[some], since=0):
            found[name] = f"{name!r} gives away the target {names.target!r} with what that was before. {asked}"
            continue
        why = now.nearly(values) if role == "known" else None
        if why is None and role in ("known", "past"):
            ahead, *rest = _ahead(values, y, series, at)
            later = later or Repetitions.of(*rest)
            why, when = later.nearly(ahead), " of the next row"
        if why is not None:
            found[name] = f"{name!r} is nearly the target {names.target!r}{when}: {why}. {asked}"
    return found


def _found(rows: Rows, at: np.ndarray, name: str, kind: str, status: Any, text: str) -> Finding:
    place = int(at[0])
    label, row = rows.label(int(rows.series[place])), int(rows.row[place])
    return Finding(kind, status, f"Column {text}", label, row, rows.when(place), name, len(rows))


def _ahead(
    values: np.ndarray, y: np.ndarray, series: np.ndarray, at: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The values beside the target of the next row, where that is of the same series."""
    beside = (np.diff(series) == 0) & (np.diff(at) == 1)
    return values[:-1][beside], y[1:][beside], series[1:][beside], at[1:][beside]


def _sample(size: int) -> np.ndarray:
    """Positions of rows, in whole blocks spread evenly."""
    if size <= _SAMPLE:
        return np.arange(size)
    starts = np.linspace(0, size - _BLOCK, _SAMPLE // _BLOCK).astype(np.int64)
    return np.unique((starts[:, None] + np.arange(_BLOCK)).ravel())


def _columns(rows: Rows, table: nw.DataFrame[Any], names: Names, at: np.ndarray) -> dict[str, np.ndarray]:
    """Every numeric column but keys, time and target, and the codes of the known categories, NaN where missing."""
    found = {}
    for name in table.columns:
        if name in names.id or name in (names.time, names.target):
            continue
        if name in rows.levels:
            if names.roles[name] == "known":
                code = rows.columns[name][at]
                found[name] = np.where(code < 0, np.nan, code)
        elif name in rows.columns:
            found[name] = rows.columns[name][at]
        elif table.schema[name].is_numeric():
            column = pd.Series(table[name][rows.row[at].tolist()].to_pandas()).reset_index(drop=True)
            found[name] = numbers(column, name)
    return {name: values for name, values in found.items() if np.isfinite(values).sum() >= _FEWEST}


def counts_rows(values: np.ndarray, row: np.ndarray, series: np.ndarray) -> bool:
    """Whether a column grows by one from row to row, of the table or of a series."""
    with np.errstate(invalid="ignore"):
        by_table = values - row
        steps = np.diff(values)[np.diff(series) == 0]
    return bool((by_table == by_table[0]).all()) or (len(steps) >= _FEWEST and bool((steps == 1).mean() > 0.999))


def _same_order(values: np.ndarray, y: np.ndarray, series: np.ndarray, at: np.ndarray) -> bool:
    """Whether a column rises and falls with the target everywhere, as the target itself, its log or its rank would.

    The levels must agree in rank (overall, or inside each series), and so must the changes from row to row: by that,
    a lagged column, or one that merely trends as the target does, goes free.
    """
    fine = np.isfinite(values) & np.isfinite(y)
    if fine.sum() < _FEWEST:
        return False
    v, t, s, a = values[fine], y[fine], series[fine], at[fine]
    beside = (np.diff(s) == 0) & (np.diff(a) == 1)
    if beside.sum() >= _FEWEST // 2 and not _same_changes(v, t, beside):
        return False
    rank = max(abs(_correlation(_ranks(v), _ranks(t))), abs(_correlation(_ranks(v, s), _ranks(t, s))))
    return rank > 0.999


def _same_changes(v: np.ndarray, t: np.ndarray, beside: np.ndarray) -> bool:
    """Whether the changes from row to row agree: in sign, or, where the target only grows, in size."""
    dv, dt = np.diff(v)[beside], np.diff(t)[beside]
    if min((dt > 0).mean(), (dt < 0).mean()) > 0.02:
        return abs(_correlation(np.sign(dv), np.sign(dt))) > 0.9
    logs = np.diff(np.log(np.where(t > 0, t, np.nan)))[beside]
    known = np.isfinite(logs)
    return abs(_correlation(dv, dt)) > 0.999 or abs(_correlation(dv[known], logs[known])) > 0.999


def _ranks(values: np.ndarray, series: np.ndarray | None = None) -> np.ndarray:
    """Ranks, ties sharing their mean; around the middle of each series if `series` is given."""
    group = np.zeros(len(values), np.int64) if series is None else series
    order = np.lexsort((values, group))
    v, g = values[order], group[order]
    new = np.r_[True, (v[1:] != v[:-1]) | (g[1:] != g[:-1])]
    starts = np.flatnonzero(new)
    sizes = np.diff(np.r_[starts, len(v)])
    ranks = np.empty(len(v))
    ranks[order] = np.repeat(starts + (sizes - 1) / 2, sizes)
    if series is None:
        return ranks
    _, code = np.unique(series, return_inverse=True)
    return np.asarray(ranks - (np.bincount(code, weights=ranks) / np.bincount(code))[code])


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    if len(a) < 3:
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 and np.isfinite(size) else 0.0
