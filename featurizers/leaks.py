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
from featurizers.policy import Policy, listed
from featurizers.rows import Rows, stamp
from featurizers.running_leaks import Neighbours, high_flag, running_sum
from featurizers.values import numbers

_SAMPLE, _BLOCK = 100_000, 1_000  # rows looked at, in blocks of neighbours
_FEWEST = 20  # rows below which chance agreements are too likely


def leaks(rows: Rows, table: nw.DataFrame[Any], names: Names, policy: Policy) -> tuple[dict[str, str], list[Finding]]:
    """The roles that may stay, and a finding for every column of the table, used or not, that the target can be
    read off: by an order that is the same, or as a part of a sum."""
    at = _sample(len(rows))
    y = rows.columns[names.target][at]
    fine = np.isfinite(y)
    roles = dict(names.roles)
    if fine.sum() < _FEWEST or len(np.unique(y[fine])) < 10:
        return roles, []
    found: list[Finding] = []
    with np.errstate(all="ignore"):
        columns = _columns(rows, table, names, at)
        guilty = _guilty(rows, columns, names, at, found)
        found += _suspects(rows, {n: v for n, v in columns.items() if n not in guilty}, names, at)
    for name, why in guilty.items():
        used = name in roles
        drop = used and policy.leaks == "drop"
        done = "it is not used" if drop else "it is used all the same" if used else "it has no role, so it is not used"
        found.append(_found(rows, at, name, "leak", "dropped" if drop else "alerted", f"{why}; {done}."))
        if used and policy.leaks == "error":
            raise ValueError(f"{why}: it can't be a {roles[name]} column.")
        if drop:
            del roles[name]
    return roles, found


def _guilty(
    rows: Rows, columns: Mapping[str, np.ndarray], names: Names, at: np.ndarray, found: list[Finding]
) -> dict[str, str]:
    """The columns that give the target away, and how; those that count rows go into `found`."""
    y, series, guilty = rows.columns[names.target][at], rows.series[at], dict[str, str]()
    near, some = Neighbours.some(y, series, at)
    for name, values in columns.items():
        if counts_rows(values, rows.row[at], series):
            found.append(
                _found(
                    rows,
                    at,
                    name,
                    "row_number",
                    "alerted",
                    f"{name!r} only counts rows; it says no more than the time.",
                )
            )
        elif _same_order(values, y, series, at):
            guilty[name] = f"{name!r} follows the target {names.target!r} exactly (rank correlation 1)"
        elif names.roles.get(name) == "known" and (sums := running_sum(near, values[some])):
            guilty[name] = f"{name!r} {sums} the target {names.target!r}"
        elif _same_order(*_ahead(values, y, series, at)):
            guilty[name] = f"{name!r} holds what the target {names.target!r} is in the next row (rank correlation 1)"
    rest = {n: v for n, v in columns.items() if n not in guilty and names.roles.get(n) != "static"}
    for group in _sum(rest, y):
        others = listed(group)
        guilty |= dict.fromkeys(group, f"{others} add up to the target {names.target!r}")
    return guilty


def _suspects(rows: Rows, columns: Mapping[str, np.ndarray], names: Names, at: np.ndarray) -> list[Finding]:
    """Columns in use that are the target with a little noise: told, as they may be honest after all, never left out."""
    y, series, found = rows.columns[names.target][at], rows.series[at], list[Finding]()
    now, later = Repetitions.of(y, series, at), None
    near, some = Neighbours.some(y, series, at)
    for name, values in columns.items():
        role, when = names.roles.get(name), ""
        if role == "known" and high_flag(near, values[some]):
            text = (
                f"{name!r} tells whether the target {names.target!r} is above a value that many rows lie close to. Is "
                "it known before the target is? It is used all the same."
            )
            found.append(_found(rows, at, name, "leak", "alerted", text))
            continue
        why = now.nearly(values) if role == "known" else None
        if why is None and role in ("known", "past"):
            ahead, *rest = _ahead(values, y, series, at)
            later = later or Repetitions.of(*rest)
            why, when = later.nearly(ahead), " of the next row"
        if why is not None:
            text = (
                f"{name!r} is nearly the target {names.target!r}{when}: {why}. Is it known before the target is? "
                "It is used all the same."
            )
            found.append(_found(rows, at, name, "leak", "alerted", text))
    return found


def _found(rows: Rows, at: np.ndarray, name: str, kind: str, status: Any, text: str) -> Finding:
    place = int(at[0])
    label, row = rows.label(int(rows.series[place])), int(rows.row[place])
    return Finding(kind, status, f"Column {text}", label, row, stamp(rows.times[place]), name, len(rows))


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
    """Every numeric column but keys, time and target."""
    found = {}
    for name in table.columns:
        if name in names.id or name in (names.time, names.target) or name in rows.levels:
            continue
        if name in rows.columns:
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


def _sum(columns: Mapping[str, np.ndarray], y: np.ndarray) -> list[list[str]]:
    """Two or more columns that, added and subtracted, are the target; by least squares with coefficients of 1."""
    names = [
        n
        for n, v in columns.items()
        if np.isfinite(v).mean() > 0.5 and np.nanstd(np.where(np.isfinite(v), v, np.nan)) > 0
    ]
    if len(names) < 2 or len(names) > 300:
        return []
    matrix = np.stack([columns[n] for n in names], axis=1)
    fine = np.isfinite(matrix).all(axis=1) & np.isfinite(y)
    if fine.sum() < max(_FEWEST, 3 * len(names)):
        return []
    pick = np.flatnonzero(fine)[:: max(int(fine.sum()) // 2_000, 1)]
    t, told = y[pick], np.abs(matrix[pick]).max(axis=0) > 0  # a rare flag may be zero in all of these rows
    matrix, names = matrix[:, told], [n for n, some in zip(names, told, strict=True) if some]
    x = matrix[pick]
    scale = np.abs(x).max(axis=0)
    size = float(np.abs(t).max())
    if not size or len(names) < 2:
        return []
    x, middle = x / scale, (x / scale).mean(axis=0)
    weights = np.linalg.lstsq(x - middle, t - t.mean(), rcond=1e-10)[0] / scale
    near = np.round(weights)
    part = [i for i in range(len(names)) if abs(near[i]) == 1 and abs(weights[i] - near[i]) < 1e-4]
    if len(part) < 2:
        return []
    total = matrix[fine][:, part] @ near[part]
    apart = y[fine] - total
    return [[names[i] for i in part]] if np.abs(apart - apart[0]).max() <= 1e-6 * size else []
