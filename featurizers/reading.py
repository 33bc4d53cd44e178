"""Reading: the one door. Any table in, a panel that nothing downstream has to check again out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import numpy as np

from featurizers import guards
from featurizers.aggregate import aggregated, ways
from featurizers.collect import Names, collect
from featurizers.counted import COUNTED
from featurizers.findings import Finding, Findings
from featurizers.frequency import Frequency
from featurizers.grid import Grid
from featurizers.leaks import leaks
from featurizers.memory import memory
from featurizers.panel import Panel
from featurizers.policy import Policy
from featurizers.regular import filled, merged, on_grid, padded
from featurizers.rows import Rows
from featurizers.sources import open_table
from featurizers.stamps import Stamps
from featurizers.timing import check_keys, choose, same_frequency

CHECKS = (
    "missing_time", "missing_id", "unsorted", "wrong_frequency", "mixed_frequency", "off_grid", "duplicate", "gap",
    "infinite", "nan_target", "all_missing", "leading_nan", "trailing_nan", "missing_covariate", "static_varies",
    "constant", "too_short", "unseen_category", "leak", "row_number", "memory",
)  # fmt: skip


def read(
    source: Any,
    id: str | Sequence[str] | None = None,
    *,
    time: str,
    target: str,
    known: str | Iterable[str] = (),
    past: str | Iterable[str] = (),
    static: str | Iterable[str] = (),
    freq: str | Frequency | None = None,
    aggregate: str | Mapping[str, str] | None = None,
    **policy: Any,
) -> Panel:
    """What `Panel.read` does; its settings are described there.

    Whole numbers such as 2024, 202412, 20241231 and seconds since 1970 are dates; others count steps of `freq`, of
    which 0 is its first stamp from 1970-01-01 on.
    """
    settings = Policy.of(policy)
    names = Names.of(id, time, target, known, past, static)
    table = open_table(source, names.id, settings.decimal, settings.encoding)
    return _read(table, names, freq, aggregate, settings)


def _read(
    table: nw.DataFrame[Any], names: Names, asked: Any, aggregate: str | Mapping[str, str] | None, settings: Policy
) -> Panel:
    target = names.target
    rows, stamps, found = collect(table, names, settings, asked if aggregate is None else None)
    if aggregate is None:
        check_keys(rows, table, names)
    rows, freq, fine, more = _clocked(rows, stamps, asked, aggregate is not None)
    found += [_of_numbers(finding, stamps, names.time, asked) for finding in more]
    rows, more = guards.finite(rows)
    found += more
    roles, late = leaks(rows, table, names, settings)
    rows = replace(rows, columns={n: v for n, v in rows.columns.items() if n == target or n in roles})
    if aggregate is None:
        rows, more = _even(rows, freq, target, settings)
    else:
        how = ways(aggregate, target, [n for n in rows.columns if n not in rows.levels])
        rows, more = aggregated(rows, target, freq, how, fine, settings)
    found += more
    panel = _panel(rows, replace(names, roles=roles), freq, found + late, settings)
    return replace(panel, day_first=stamps.day_first)


def _of_numbers(wrong: Finding, stamps: Stamps, name: str, asked: Any) -> Finding:
    """What is said of a frequency that can't be meant, where the times are numbers or may be."""
    if any(finding.kind == COUNTED for finding in stamps.findings):
        raise ValueError(
            f"{name!r} holds step numbers, but most rows lie more than one step of freq={str(asked)!r} after the row "
            "before: count the steps one by one."
        )
    if stamps.counted is None:
        return wrong
    hint = f" If {name!r} holds no dates but step numbers, count them from below 1700."
    return replace(wrong, message=wrong.message + hint)


def _even(rows: Rows, freq: Frequency, target: str, settings: Policy) -> tuple[Rows, list[Finding]]:
    """Every row at a stamp of its series' grid, one row a stamp."""
    grid = Grid.of(freq, rows.times, rows.series, len(rows.ids))
    number = grid.number(rows.times, rows.series)
    kept, found = same_frequency(rows, freq, number, settings)
    if kept is not rows:
        grid = Grid.of(freq, kept.times, kept.series, len(kept.ids))
        number = grid.number(kept.times, kept.series)
    rows, more = on_grid(kept, grid, number)
    found += more
    rows, more = merged(rows.sorted() if more else rows, freq, target, settings)
    return rows, found + more


def _panel(rows: Rows, names: Names, freq: Frequency, found: list[Finding], settings: Policy) -> Panel:
    target, has_known = names.target, "known" in names.roles.values()
    rows, later, more = guards.ends(rows, target, has_known)
    found += more
    rows, more = guards.short(rows, later, settings)
    rows, later = _same_series(rows, later)
    found += more + guards.constant(rows, target) + guards.unknown_targets(rows, target)
    rows, more = guards.covariates(rows, names.roles, settings)
    found += guards.future_covariates(later, names.roles)
    rows, later, unseen = guards.unseen(rows, later, names.roles)
    values, roles, late = guards.statics(rows, names.roles)
    found += more + unseen + late
    rows = replace(rows, columns={n: v for n, v in rows.columns.items() if n not in values})
    grid = Grid.of(freq, rows.times, rows.series, len(rows.ids))
    rows, more = filled(rows, grid, target, settings)
    rows = padded(rows, freq, settings.min_length) if settings.short == "pad" else rows
    panel = Panel(
        ids=rows.ids, indptr=rows.indptr, times=rows.times, freq=freq, time=names.time, target=target,
        columns={n: rows.columns[n] if n in rows.columns else values[n] for n in (target, *roles)}, roles=roles,
        levels={n: rows.levels[n] for n in roles if n in rows.levels}, zone=rows.zone,
    )  # fmt: skip
    found += more + memory(panel)
    seen = {f.kind for f in found}
    passed = [Finding(kind, "passed", "Nothing found.", count=0) for kind in CHECKS if kind not in seen]
    return replace(panel, ahead=_ahead(panel, later), findings=Findings((*found, *passed)))


def _same_series(rows: Rows, later: Rows) -> tuple[Rows, Rows]:
    """Both without the series that have no rows in the first."""
    sizes = np.bincount(rows.series, minlength=len(rows.ids))
    later = later.take((sizes > 0)[later.series])
    code = np.cumsum(sizes > 0) - 1
    reduced = rows.without_empty()
    return reduced, replace(later, ids=reduced.ids, series=code[later.series])


def _ahead(panel: Panel, later: Rows) -> Panel | None:
    """The rows after the last target, with their known columns."""
    names = panel.by_role("known")
    if len(later) == 0 or not names:
        return None
    columns = {n: later.columns[n] for n in names} | {n: panel.columns[n] for n in panel.by_role("static")}
    roles = {n: panel.roles[n] for n in columns}
    return replace(panel, indptr=later.indptr, times=later.times, columns=columns, roles=roles,
                   levels={n: panel.levels[n] for n in columns if n in panel.levels})  # fmt: skip


def _clocked(
    rows: Rows, stamps: Stamps, asked: Any, aggregate: bool
) -> tuple[Rows, Frequency, Frequency | None, list[Finding]]:
    """Rows by the wall clock where a step is a day or more, else in UTC with their zone; and what `choose` says of
    them. The wall clock comes first: days are regular by no other one."""
    if rows.zone is not None:
        local = replace(rows, times=stamps.local[rows.row], zone=None).sorted()
        chosen = choose(local, asked, aggregate)
        if chosen[0].daily:
            return local, *chosen
    return rows, *choose(rows, asked, aggregate)
