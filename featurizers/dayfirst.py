"""Day first: whether 01/02/2024 is a day of January or of February, told by the grid that the stamps lie on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from featurizers.findings import Finding
from featurizers.frequency import Frequency
from featurizers.grid import Grid
from featurizers.rows import Rows
from featurizers.stamps import Stamps

_STRAY, _ROOM = 0.05, 2.0  # of the stamps, and stamps of the grid for each that is there, at most


def settled(rows: Rows, stamps: Stamps, asked: Any, name: str) -> tuple[Rows, Stamps]:
    """The rows by the order of day and month that alone makes their stamps regular, with a finding that says so.

    Left as they are (month first, alerted) where both orders do, or neither. `asked` is the frequency that was given.
    """
    if stamps.swapped is None:
        return rows, stamps
    orders = [replace(rows, times=times[rows.row], columns={}) for times in (stamps.times, stamps.swapped)]
    ordered = [_distinct(order.sorted()) for order in orders]
    first, second = next(filter(any, _frequencies(ordered, asked)), (None, None))
    if (first is None) == (second is None):
        return rows, stamps
    day, freq = first is None, first or second
    order = orders[day]
    kept = tuple(f for f in stamps.findings if f.kind != "ambiguous_date")
    place = int(np.flatnonzero(stamps.times[rows.row] != stamps.swapped[rows.row])[0])
    label, row, when = rows.label(int(rows.series[place])), int(rows.row[place]), order.when(place)
    other = orders[not day].when(place)
    message = (
        f"{f'{label}, row' if label else 'Row'} {row}: the time could be {when} or {other}; "
        f"{'day' if day else 'month'} first is taken in {name!r}, as that alone makes the stamps regular "
        f"(every {freq})."
    )
    found = Finding("ambiguous_date", "fixed", message, label, row, when, name, len(rows))
    times = stamps.swapped if day else stamps.times
    told = replace(stamps, times=times, swapped=None, day_first=day, findings=(*kept, found))
    return replace(rows, times=order.times), told


def _distinct(rows: Rows) -> Rows:
    """Sorted rows without those whose stamp was there already."""
    return rows.take(np.r_[True, (np.diff(rows.series) != 0) | (np.diff(rows.times.view(np.int64)) != 0)])


def _frequencies(orders: list[Rows], asked: Any) -> Iterator[list[Frequency | None]]:
    """The frequency by which each order is regular, by rules that ask for less and less."""
    for exact in (True, False):
        for given in (asked, None) if asked is not None else (None,):
            yield [_regular(order, given, exact) for order in orders]


def _regular(rows: Rows, asked: Any, exact: bool) -> Frequency | None:
    """The frequency, `asked` or the stamps' own, by which they are regular, strays and gaps apart: with stamps that
    are those of its grid, or (the 5th of every month) with no two in one of its periods."""
    freq = Frequency.parse(asked) if asked is not None else Frequency.infer(rows.times, rows.series)
    if freq is None:
        return None
    grid = Grid.of(freq, rows.times, rows.series, len(rows.ids))
    number = grid.number(rows.times, rows.series)
    again = (np.diff(rows.series) == 0) & (np.diff(number) == 0)
    if (again if not exact else grid.times(number, rows.series) != rows.times).sum() > _STRAY * len(rows):
        return None
    ends = np.r_[rows.starts[1:], len(rows)] - 1
    room = (number[ends] - number[rows.starts] + 1).sum() / len(rows)
    return freq if room < _ROOM else None
