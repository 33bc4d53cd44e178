"""Aggregate: rows of a finer table added up to the periods of a coarser frequency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from featurizers.findings import Finding
from featurizers.frequency import Frequency
from featurizers.policy import Policy, listed, suggestion
from featurizers.regular import Grid
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
            raise ValueError(f"There is no column {name!r}{suggestion(name, columns)} to aggregate.")
    if target not in asked:
        raise ValueError(f"'aggregate' says nothing about the target {target!r}: add it, with one of {listed(WAYS)}.")
    return {name: asked.get(name, "mean") for name in columns}


def aggregated(
    rows: Rows, freq: Frequency, how: Mapping[str, str], fine: Frequency | None, policy: Policy
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
    starts = np.flatnonzero(np.r_[True, (np.diff(number) != 0) | (np.diff(rows.series) != 0)])
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
    first, last = np.full(len(rows.ids), -1), np.full(len(rows.ids), -1)
    first[series[before]], last[series[after]] = number[starts][before], number[ends][after]
    none = np.iinfo(np.int64).min
    first[np.setdiff1d(series, series[before])] = none
    last[np.setdiff1d(series, series[after])] = none
    return np.asarray((number == first[rows.series]) | (number == last[rows.series]))


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
