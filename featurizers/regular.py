"""Regular: strays moved onto the grid of their series, doubles merged, gaps filled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from featurizers.findings import Finding
from featurizers.frequency import Frequency
from featurizers.grid import Grid
from featurizers.policy import Policy
from featurizers.rows import Rows, each_series, first_where, more, stamp, total_of_runs
from featurizers.values import absent

_MOST = 20  # missing rows for each that is there


def on_grid(rows: Rows, grid: Grid, number: np.ndarray) -> tuple[Rows, list[Finding]]:
    """Every stamp moved to that of its period, whose `number` on the grid is given, (rows,)."""
    times = grid.times(number, rows.series)
    off = np.flatnonzero(times != rows.times)
    if len(off) == 0:
        return rows, []

    def sentence(first: int, count: int) -> str:
        to = stamp(times[first], rows.zone)
        return f"the stamp is off the series' grid (every {grid.freq}); it is moved to {to}{more(count, 'like')}."

    found = each_series("off_grid", "fixed", rows, off, sentence)
    return replace(rows, times=times), found


def merged(rows: Rows, freq: Frequency, target: str, policy: Policy) -> tuple[Rows, list[Finding]]:
    """One row for each stamp of a series."""
    new = np.r_[True, (rows.series[1:] != rows.series[:-1]) | (rows.times[1:] != rows.times[:-1])]
    if len(rows) == 0 or new.all():
        return rows, []
    starts = np.flatnonzero(new)
    sizes = np.diff(np.r_[starts, len(rows)])
    several = sizes > 1
    if policy.duplicates == "error":
        place = int(starts[several][0])
        raise ValueError(f"There are {sizes[several][0]} rows for one stamp: {first_where(rows, place)}.")
    inside = np.repeat(several, sizes)
    heads = np.r_[0, sizes[several].cumsum()[:-1]]
    equal = np.ones(several.sum(), bool)
    columns = {}
    for name, values in rows.columns.items():
        group = values[inside]
        first = np.repeat(group[heads], sizes[several])
        same = (group == first) | ((group != group) & (first != first))
        equal &= np.logical_and.reduceat(same, heads)
        columns[name] = values[starts]
        columns[name][several] = _one(group, heads, sizes[several], policy.duplicates)
        exact = np.logical_and.reduceat(same, heads)
        columns[name][several] = np.where(exact, group[heads], columns[name][several])
    found = _doubles(rows, freq, starts[several], sizes[several], equal, target, policy)
    return replace(rows.take(starts), columns=columns), found


def _one(group: np.ndarray, heads: np.ndarray, sizes: np.ndarray, how: str) -> np.ndarray:
    """One value for each run of rows: NaN is left out, and codes take the last."""
    if how == "last" or group.dtype == np.int64:
        return np.asarray(group[heads + sizes - 1])
    return total_of_runs(group, heads, mean=how == "mean")


def _doubles(
    rows: Rows, freq: Frequency, places: np.ndarray, sizes: np.ndarray, equal: np.ndarray, target: str, policy: Policy
) -> list[Finding]:
    found: list[Finding] = []
    extra = dict(zip(places.tolist(), sizes.tolist(), strict=True))
    for same, mask in ((True, equal), (False, ~equal)):
        at = places[mask]
        lost = np.bincount(rows.series[at], weights=sizes[mask] - 1, minlength=len(rows.ids)).astype(np.int64)

        def sentence(first: int, count: int, same: bool = same) -> str:
            values = rows.columns[target][first : first + extra[first]]
            shown = " and ".join(f"{v:g}" for v in values[:4]) + (" ..." if len(values) > 4 else "")
            other = ", ".join(str(r) for r in rows.row[first + 1 : first + min(extra[first], 5)])
            others = f"; so do {count - 1} more stamps" if count > 1 else ""
            others += " (the hour that clocks repeat in autumn)" if _whole_hour(rows, freq, places, first) else ""
            if same:
                return f"the stamp comes again in row {other} with the same values, one is kept{others}."
            kept = {"mean": "their mean", "sum": "their sum", "last": "the last"}[policy.duplicates]
            return (
                f"the stamp comes again in row {other} with other values ({target!r} {shown}), {kept} is kept{others}."
            )

        found += _of_rows(each_series("duplicate", "fixed", rows, at, sentence), lost[np.unique(rows.series[at])])
    return found


def _whole_hour(rows: Rows, freq: Frequency, places: np.ndarray, first: int) -> bool:
    """Whether the stamps at `places`, from that at `first` on, are those of one hour in which clocks may change."""
    if freq.seconds is None or 3600 % freq.seconds or not clocks(rows, rows.times[first]):
        return False
    last = np.searchsorted(places, first) + 3600 // freq.seconds - 1
    if last >= len(places) or rows.series[places[last]] != rows.series[first]:
        return False
    return bool(rows.times[places[last]] - rows.times[first] < np.timedelta64(3600, "s"))


def _of_rows(found: list[Finding], counts: np.ndarray) -> list[Finding]:
    """The findings, one a series, about as many rows as `counts` says."""
    return [replace(f, count=count) for f, count in zip(found, counts.tolist(), strict=True)]


def filled(rows: Rows, grid: Grid, target: str, policy: Policy) -> tuple[Rows, list[Finding]]:
    """A row for every missing stamp between the first and the last of a series: target NaN, covariates carried on."""
    number = grid.number(rows.times, rows.series)
    jump = np.where(rows.series[1:] == rows.series[:-1], np.diff(number), 1)
    before = np.flatnonzero(jump > 1)
    if len(before) == 0:
        return rows, []
    if policy.gaps == "error":
        raise ValueError(f"Stamps are missing after {first_where(rows, int(before[0]))}, every {grid.freq}.")
    _bounded(rows, grid, jump)
    repeats = np.r_[jump, 1]
    source = np.repeat(np.arange(len(rows)), repeats)
    ahead = np.arange(len(source)) - np.repeat(np.r_[0, repeats.cumsum()[:-1]], repeats)
    new = ahead > 0
    series = rows.series[source]
    times = rows.times[source]
    times[new] = grid.times(number[source[new]] + ahead[new], series[new])
    columns = {name: _carried(values, rows, source, new) for name, values in rows.columns.items()}
    columns[target][new] = np.nan
    found = _gap_findings(rows, grid, before, jump, target)
    row = np.where(new, -1, rows.row[source])
    return replace(rows, series=series, times=times, row=row, columns=columns), found


def _bounded(rows: Rows, grid: Grid, jump: np.ndarray) -> None:
    """ValueError where the missing rows would be many times those that are there: one stamp is mistyped, mostly."""
    missing = int((jump - 1).sum())
    if missing <= _MOST * len(rows) + 1_000_000:
        return
    widest = int(jump.argmax())
    raise ValueError(
        f"{missing:,} rows are missing between the {len(rows):,} of the table, every {grid.freq}; the widest gap is "
        f"after {first_where(rows, widest)}, up to {rows.when(widest + 1)} in row {int(rows.row[widest + 1])}. "
        "Correct that stamp, or give a coarser freq, with aggregate."
    )


def _carried(values: np.ndarray, rows: Rows, source: np.ndarray, new: np.ndarray) -> np.ndarray:
    """`values` spread over the rows, those of new rows from the last that is there in the series."""
    result = np.asarray(values[source])
    if not absent(result[new]).any():
        return result
    last = np.maximum.accumulate(np.where(absent(values), -1, np.arange(len(values))))[source[new]]
    fine = (last >= 0) & (rows.series[last] == rows.series[source[new]])
    result[new] = np.where(fine, values[last], result[new])
    return result


def _gap_findings(rows: Rows, grid: Grid, before: np.ndarray, jump: np.ndarray, target: str) -> list[Finding]:
    missing = jump[before] - 1
    total = np.bincount(rows.series[before], weights=missing, minlength=len(rows.ids)).astype(np.int64)
    carried = " and the covariates of the row before" if len(rows.columns) > 1 else ""
    number = grid.number(rows.times[before], rows.series[before]) + 1
    starts = grid.times(number, rows.series[before])

    def sentence(first: int, count: int) -> str:
        n, size = int(total[rows.series[first]]), int(jump[first]) - 1
        time = starts[np.searchsorted(before, first)]
        hour, start = size * (grid.freq.seconds or 0) == 3600 and clocks(rows, time), stamp(time, rows.zone)
        spring = " (the hour that clocks skip in spring)" if hour else ""
        where = f"after it {size} {'stamp is' if size == 1 else 'stamps are'} missing, from {start}{spring}"
        all_of = f"; {n} in {count} gaps in the series" if count > 1 else ""
        done = "they become rows" if n > 1 else "it becomes a row"
        return f"{where}{all_of}; {done} with {target!r} unknown{carried}."

    return _of_rows(each_series("gap", "fixed", rows, before, sentence), total[np.unique(rows.series[before])])


def clocks(rows: Rows, time: np.datetime64) -> bool:
    """Whether clocks are changed at such a time of `rows` somewhere: a Sunday's small hours in spring or autumn. With
    a time zone no hour is skipped or comes twice."""
    if rows.zone is not None:
        return False
    day = time.astype("datetime64[D]")
    month = int(time.astype("datetime64[M]").astype(np.int64)) % 12 + 1
    hour = int((time - day).astype("timedelta64[h]").astype(np.int64))
    return int(day.astype(np.int64) + 3) % 7 == 6 and hour <= 3 and month in (3, 4, 9, 10, 11)


def padded(rows: Rows, freq: Frequency, length: int) -> Rows:
    """Every series at least `length` rows long: its first row repeated at the stamps before it."""
    starts = rows.starts
    sizes = np.diff(np.r_[starts, len(rows)])
    lacking = np.maximum(length - sizes, 0)
    if not lacking.any():
        return rows
    repeats = np.ones(len(rows), np.int64)
    repeats[starts] += lacking
    source = np.repeat(np.arange(len(rows)), repeats)
    back = np.repeat(repeats.cumsum(), repeats) - 1 - np.arange(len(source))
    times = freq.add(rows.times[source], -back)
    return replace(rows.take(source), times=times, row=np.where(back > 0, -1, rows.row[source]))
