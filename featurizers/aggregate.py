"""Aggregate: rows of a finer table added up to the periods of a coarser frequency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from featurizers.findings import Finding
from featurizers.frequency import Frequency
from featurizers.grid import Grid
from featurizers.policy import Policy, listed, suggestion
from featurizers.rows import Rows, each_series, mode_by, total_of_runs

WAYS = ("sum", "mean", "min", "max")


def ways(given: str | Mapping[str, str], target: str, columns: list[str]) -> dict[str, str]:
    """How each numeric column is aggregated: "sum" says it for the target, the others take their mean;
    a mapping says it by column."""
    asked = dict(given) if isinstance(given, Mapping) else {target: given}
    for name, way in asked.items():
        if way not in WAYS:
            raise ValueError(f"'aggregate' is one of {listed(WAYS)}, not {way!r}.")
        if name not in columns:
            raise ValueError(f"There is no column of numbers {name!r}{suggestion(name, columns)} to aggregate.")
    if target not in asked:
        raise ValueError(f"'aggregate' says nothing about the target {target!r}: add it, with one of {listed(WAYS)}.")
    return {name: asked.get(name, "mean") for name in columns}


def aggregated(
    rows: Rows, target: str, freq: Frequency, how: Mapping[str, str], fine: Frequency | None, policy: Policy
) -> tuple[Rows, list[Finding]]:
    """One row for each period of each series. `fine` is the frequency of the rows, None where they have none."""
    grid = Grid.of(freq, rows.times, rows.series, len(rows.ids), anchored=True)
    number = grid.number(rows.times, rows.series)
    found: list[Finding] = []
    if fine is not None:
        part = _partial(rows, grid, number, fine)
        if part.any():
            rows, number, found = _without(rows, number, part, freq, policy)
    if len(rows) == 0:
        raise ValueError(f"No period of {freq} is complete in any series; pass incomplete='keep' to keep parts.")
    rows, more = _half_known(rows, number, target, freq, policy)
    found += more
    starts = np.flatnonzero(np.diff(_periods(rows, number), prepend=-1))
    columns = {name: _reduced(v, starts, how.get(name, "mode")) for name, v in rows.columns.items()}
    lost = len(rows) - len(starts)
    text = f"{len(rows):,} rows became {len(starts):,} periods of {freq}: {_described(how)}."
    found.append(Finding("aggregated", "fixed", text, count=lost))
    result = rows.take(starts)
    return replace(result, times=grid.times(number[starts], result.series), columns=columns), found


def _described(how: Mapping[str, str]) -> str:
    return ", ".join(f"{way} of {listed([n for n in how if how[n] == way], 4)}" for way in WAYS if way in how.values())


def _partial(rows: Rows, grid: Grid, number: np.ndarray, fine: Frequency) -> np.ndarray:
    """The rows of a first or last period of a series that its rows do not cover."""
    starts = rows.starts
    ends = np.r_[starts[1:], len(rows)] - 1
    series = rows.series[starts]
    before = grid.number(fine.add(rows.times[starts], np.full(len(starts), -1)), series) == number[starts]
    after = grid.number(fine.add(rows.times[ends], np.full(len(ends), 1)), series) == number[ends]
    return _sharing(_periods(rows, number), np.r_[starts[before], ends[after]])


def _periods(rows: Rows, number: np.ndarray) -> np.ndarray:
    """The periods of all series counted from 0, (rows,)."""
    return np.cumsum(np.r_[False, (np.diff(number) != 0) | (np.diff(rows.series) != 0)])


def _sharing(period: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The rows, as a mask, that lie in the period of one of the rows `at`."""
    hit = np.zeros(len(period), bool)
    hit[period[at]] = True
    return hit[period]


def _half_known(
    rows: Rows, number: np.ndarray, target: str, freq: Frequency, policy: Policy
) -> tuple[Rows, list[Finding]]:
    """The target counts as unknown in a period of which a series has just the first or the last values: a week that
    has begun, in a table that holds the known columns of its other days too, is still to be forecast."""
    known, period = np.flatnonzero(~np.isnan(rows.columns[target])), _periods(rows, number)
    bounds = np.flatnonzero(np.diff(rows.series[known], prepend=-1))
    first, last = known[bounds], known[np.r_[bounds[1:], len(known)] - 1] if len(known) else known
    begun = first[(first > 0) & (period[first - 1] == period[first])]
    ended = last[(last + 1 < len(rows)) & (period[(last + 1) % len(rows)] == period[last])]
    part = _sharing(period, np.r_[begun, ended])
    drop = policy.incomplete == "drop"

    def sentence(first: int, count: int) -> str:
        done = "counts as unknown in it" if drop else "is that of this part"
        return f"{target!r} is known in only a part of a period of {freq} ({count} rows); it {done}."

    found = each_series("incomplete_period", "fixed" if drop else "alerted", rows, part, sentence, column=target)
    if not drop:
        return rows, found
    return replace(rows, columns={**rows.columns, target: np.where(part, np.nan, rows.columns[target])}), found


def _without(
    rows: Rows, number: np.ndarray, part: np.ndarray, freq: Frequency, policy: Policy
) -> tuple[Rows, np.ndarray, list[Finding]]:
    drop = policy.incomplete == "drop"

    def sentence(first: int, count: int) -> str:
        done = "are left out" if drop else "make a period all the same"
        return f"the rows here cover only a part of a period of {freq}; {count} such rows {done}."

    found = each_series("incomplete_period", "dropped" if drop else "alerted", rows, part, sentence)
    return (rows.take(~part), number[~part], found) if drop else (rows, number, found)


def _reduced(values: np.ndarray, starts: np.ndarray, way: str) -> np.ndarray:
    """One value for each run of rows; NaN is left out, and a run of nothing else gives NaN. Codes take their mode."""
    if values.dtype == np.int64:
        runs = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(values)]))
        there = values >= 0
        mode, share = mode_by(runs[there], values[there], len(starts))
        return np.where(share > 0, mode, -1)
    if way in ("min", "max"):
        return np.asarray((np.fmin if way == "min" else np.fmax).reduceat(values, starts))
    return total_of_runs(values, starts, mean=way == "mean")
