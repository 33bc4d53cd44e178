"""Timing: which frequency a table is read in, series that have another one, and keys that were forgotten."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from featurizers.clock import DAY
from featurizers.collect import Names, series_of
from featurizers.findings import Finding
from featurizers.frequency import Frequency
from featurizers.grid import Grid
from featurizers.policy import Policy, listed
from featurizers.rows import Rows, each_series, first_where, mode_by
from featurizers.spacing import spacings

_MANY = 0.25  # of the rows


def check_keys(rows: Rows, table: nw.DataFrame[Any], names: Names) -> None:
    """ValueError where many rows share their stamp, and columns that nobody named would tell them apart."""
    again = np.flatnonzero((np.diff(rows.series) == 0) & (np.diff(rows.times.view(np.int64)) == 0))
    if len(again) < _MANY * len(rows):
        return
    used = {names.time, names.target, *names.id}
    free = [c for c in table.columns if c not in used and names.roles.get(c) in (None, "static")]
    stamps = np.cumsum(np.r_[False, (np.diff(rows.series) != 0) | (np.diff(rows.times.view(np.int64)) != 0)])
    choices: dict[str, np.ndarray] = {}
    for name in free:
        code = _codes(series_of(table, name))
        if code is not None and 1 < code.max() + 1 <= len(rows) / 2:
            choices[name] = code[rows.row]
    for size in (1, 2, 3):
        for some in combinations(choices, size) if len(choices) <= 12 or size < 3 else ():
            if _doubles(stamps, [choices[c] for c in some]) <= 0.05 * len(rows):
                place = int(again[0])
                raise ValueError(
                    f"{len(again) + 1:,} of {len(rows):,} rows share their time with another row of their series (the "
                    f"first: {first_where(rows, place)} and row {int(rows.row[place + 1])}). {listed(some)} would tell "
                    f"them apart: pass id={[*names.id, *some]}, or aggregate='sum' with a freq to add them up."
                )


def _codes(column: pd.Series) -> np.ndarray | None:
    kind: Any = column.dtype
    if pd.api.types.is_float_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind):
        return None
    try:
        return pd.factorize(column, use_na_sentinel=False)[0].astype(np.int64)
    except TypeError:  # lists and the like
        return None


def _doubles(stamps: np.ndarray, parts: list[np.ndarray]) -> int:
    """How many rows have the stamp and the `parts`, codes of columns, of another one; all (rows,)."""
    key = stamps
    for part in parts:
        key = np.unique(key * (int(part.max()) + 1) + part, return_inverse=True)[1]
    return len(key) - int(key.max()) - 1


def choose(rows: Rows, asked: Any, aggregate: bool) -> tuple[Frequency, Frequency | None, list[Finding]]:
    """The frequency to use, the one that the stamps have by themselves, and a finding where they disagree."""
    fine = Frequency.infer(rows.times, rows.series)
    if asked is None:
        if fine is None:
            raise ValueError(
                f"The frequency can't be seen from the stamps: no series has two different ones "
                f"({len(rows.ids)} series, {len(rows)} rows). Say it with freq, for example freq='D'."
            )
        if aggregate:
            raise ValueError(f"'aggregate' needs freq, the frequency to aggregate to; the table's own is {fine}.")
        return fine, fine, []
    freq = Frequency.parse(asked)
    if aggregate or fine is None or freq == fine:
        return freq, fine, []
    wrong = _disagrees(rows, freq, fine)
    if wrong is None:
        return freq, fine, []
    place = int(wrong[1])
    label, row, when = rows.label(int(rows.series[place])), int(rows.row[place]), rows.when(place)
    hint = f"; to change to {freq}, pass aggregate='sum' or 'mean'" if "closer" in wrong[0] else ""
    text = (
        f"{label + ', ' if label else ''}row {row} ({when}): freq={str(asked)!r} was given, but {wrong[0]}; {fine} is "
        f"used, as seen from the stamps{hint}."
    )
    return fine, fine, [Finding("wrong_frequency", "alerted", text, label, row, when, count=int(wrong[2]))]


def _disagrees(rows: Rows, freq: Frequency, fine: Frequency) -> tuple[str, int, int] | None:
    """Why `freq` can't be meant, the first row that shows it and the number of such rows; None if it can."""
    grid = Grid.of(freq, rows.times, rows.series, len(rows.ids))
    number = grid.number(rows.times, rows.series)
    inside = rows.series[1:] == rows.series[:-1]
    moved = np.diff(rows.times.view(np.int64)) > 0
    close = np.flatnonzero(inside & moved & (np.diff(number) == 0)) + 1
    if len(close) > 0.2 * len(rows):
        return f"{len(close):,} of {len(rows):,} rows are closer to the row before than that", close[0], len(close)
    off = grid.times(number, rows.series) != rows.times
    if freq.unit == "W":
        off = (rows.times.astype("datetime64[D]").astype(np.int64) - freq.anchor) % 7 != 0
    off = np.flatnonzero(off)
    if len(off) > 0.5 * len(rows):
        own = Grid.of(fine, rows.times, rows.series, len(rows.ids))
        astray = (own.times(own.number(rows.times, rows.series), rows.series) != rows.times).sum()
        if astray < 0.2 * len(off):
            return f"{len(off):,} of {len(rows):,} stamps do not lie on its grid", off[0], len(off)
    wide = np.flatnonzero(inside & (np.diff(number) > 1)) + 1
    if len(wide) > 0.5 * inside.sum():
        room, usual = (_room(rows, Grid.of(f, rows.times, rows.series, len(rows.ids))) for f in (freq, fine))
        if room > 1.7 and usual < 0.7 * room:
            why = f"{len(wide):,} of {len(rows):,} rows lie more than one step after the row before"
            return why, wide[0], len(wide)
    return None


def _room(rows: Rows, grid: Grid) -> float:
    """The stamps between the first and last of each series, in proportion to its rows."""
    number, starts = grid.number(rows.times, rows.series), rows.starts
    ends = np.r_[starts[1:], len(rows)] - 1
    return float((number[ends] - number[starts] + 1).sum() / len(rows))


def same_frequency(rows: Rows, freq: Frequency, number: np.ndarray, policy: Policy) -> tuple[Rows, list[Finding]]:
    """The rows without the series that keep a regular frequency of their own, by policy; `number` is each row's period
    on the grid of `freq`, (rows,)."""
    count = len(rows.ids)
    if count < 2:
        return rows, []
    inside = rows.series[1:] == rows.series[:-1]
    if (np.diff(number)[inside] == 1).all():  # all series keep the grid
        return rows, []
    moved = np.flatnonzero(inside & (np.diff(rows.times.view(np.int64)) > 0))
    steps, _ = mode_by(rows.series[moved], np.diff(number)[moved], count)
    other = (np.bincount(rows.series[moved], minlength=count) >= 4) & (steps != 1)
    if not other.any() or other.all():
        return rows, []
    suspects = rows.take(other[rows.series])
    apart, owner = spacings(suspects.times, suspects.series)
    usual, share = mode_by(owner, apart, count)
    other &= share >= 0.8
    if not other.any():
        return rows, []
    culprits = np.flatnonzero(other[rows.series])
    drop = policy.mixed == "drop"

    def sentence(first: int, count: int) -> str:
        own = _spelt(int(usual[rows.series[first]]))
        done = (
            f"the series ({count} rows) is left out; read it by itself, or pass aggregate"
            if drop else "it is kept, on the panel's grid"
        )  # fmt: skip
        return f"its stamps are {own} apart, where most series have one every {freq}; {done}."

    found = each_series("mixed_frequency", "dropped" if drop else "alerted", rows, culprits, sentence)
    if policy.mixed == "error":
        raise ValueError(found[0].message)
    return (rows.take(~other[rows.series]).without_empty() if drop else rows), found


def _spelt(width: int) -> str:
    """Seconds, or months if negative, in words."""
    if width < 0:
        return f"{-width} month{'s' if width < -1 else ''}"
    for unit, size in (("day", DAY), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if width % size == 0:
            return f"{width // size} {unit}{'s' if width > size else ''}"
    return ""
