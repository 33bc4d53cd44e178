"""Spacing: the frequency that stamps have, found in spite of gaps, strays and clocks that change."""

from __future__ import annotations

import numpy as np

from featurizers.clock import DAY
from featurizers.rows import mode_by

_MONTH = 30.4369  # days
_ENOUGH = 1_000_000  # rows that show a frequency
_NICE = np.array([1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 300, 360, 600, 720, 900, 1200, 1800, 3600, 7200, 10800, 14400,
                  21600, 28800, 43200, DAY, 7 * DAY])  # fmt: skip
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def spacings(times: np.ndarray, series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distances between neighbours in a series, and the series: seconds, or calendar months as negative numbers.

    `times` datetime64[s] and `series` int64, (rows,), sorted by series, then by time. Equal stamps count once.
    Distances near a day or above are whole days, so that clock times do not matter.
    """
    seconds = times.view(np.int64)
    apart = np.diff(seconds)
    inside = (series[1:] == series[:-1]) & (apart > 0)
    after = np.flatnonzero(inside) + 1
    apart, owner = apart[inside], series[after]
    if len(apart) == 0:
        return apart, owner
    slow = _slow(apart, owner)
    if not slow.any():
        return apart, owner
    days = seconds[after] // DAY - seconds[after - 1] // DAY
    kept = ~slow | (days > 0)
    after, owner, days, slow = after[kept], owner[kept], days[kept], slow[kept]
    result = np.where(slow, days * DAY, apart[kept])
    wide = np.flatnonzero(slow & (days >= 28))
    if len(wide):
        months = np.round(days[wide] / _MONTH).astype(np.int64)
        near = np.abs(days[wide] - months * _MONTH) <= np.where(months == 1, 3.5, 4.5)
        near &= (days[wide] % 7 != 0) | _same_day(times[after[wide] - 1], times[after[wide]])
        result[wide[near]] = -months[near]
    return result, owner


def _slow(apart: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Whether most distances of a row's series are near a day or above."""
    long = apart > 0.8 * DAY
    if not long.any() or long.all():
        return long
    size = np.bincount(owner)
    return np.asarray((np.bincount(owner, weights=long) > 0.5 * size)[owner])


def _same_day(early: np.ndarray, late: np.ndarray) -> np.ndarray:
    """Whether two stamps lie on the same day of the month, or both at a month's end."""
    days = early.astype("datetime64[D]"), late.astype("datetime64[D]")
    number = [(day - day.astype("datetime64[M]")).astype(np.int64) for day in days]
    last = [(day + 1).astype("datetime64[M]") != day.astype("datetime64[M]") for day in days]
    return np.asarray((number[0] == number[1]) | (last[0] & last[1]))


def _some(series: np.ndarray) -> np.ndarray:
    """Positions of enough rows to see the frequency: the first of every series, all if there are not too many."""
    starts = np.flatnonzero(np.r_[True, series[1:] != series[:-1]])
    if len(series) <= _ENOUGH or len(starts) * 50 > len(series):
        return np.asarray(np.arange(len(series)))
    sizes = np.diff(np.r_[starts, len(series)])
    most = max(_ENOUGH // len(starts), 50)
    taken = np.minimum(sizes, most)
    return np.asarray(np.arange(taken.sum()) + np.repeat(starts - np.r_[0, taken.cumsum()[:-1]], taken))


def infer_name(times: np.ndarray, series: np.ndarray) -> str | None:
    """The name of the frequency that most series have; None if no series has two different stamps."""
    some = _some(series)
    times, series = times[some], series[some]
    apart, owner = spacings(times, series)
    if len(apart) == 0:
        return None
    count = int(series[-1]) + 1
    modes = _commonest(apart, owner, count)
    present = np.unique(owner)
    values, votes = np.unique(modes[present], return_counts=True)
    rows = np.array([(modes[owner] == v).sum() for v in values[:50]] + [0] * max(len(values) - 50, 0))
    width = int(values[np.lexsort((rows, votes))[-1]])
    mine = modes[series] == width
    distances = apart[modes[owner] == width]
    width = _settled(width, distances)
    return _calendar(width, times[mine]) if width < 0 else _fixed(width, times[mine])


def _commonest(apart: np.ndarray, owner: np.ndarray, count: int) -> np.ndarray:
    """The commonest distance of each series, the shortest if several are, (count,)."""
    far = 2**40  # months are negative: moved down there, they ascend
    modes = mode_by(owner, np.where(apart < 0, -apart - far, apart), count)[0]
    return np.where(modes < 0, -(modes + far), modes)


def _settled(width: int, apart: np.ndarray) -> int:
    """`width`, or what divides most distances where it does not: data with gaps, or whose stamps are not exact."""
    same = apart[np.sign(apart) == np.sign(width)]
    if (same % width == 0).sum() >= 0.9 * len(apart):
        return width
    values, counts = np.unique(same, return_counts=True)
    common = int(np.gcd.reduce(values[counts >= max(0.02 * len(apart), 2)])) if (counts > 1).any() else 0
    middle = float(np.median(np.abs(same)))
    # Distances that differ by seconds from stamp to stamp have a common divisor too; it means nothing.
    if common and common > middle / 60 and (same % common == 0).mean() >= 0.9:
        return -common if width < 0 else common
    if width < 0:
        return width
    return int(_NICE[np.abs(np.log(_NICE / middle)).argmin()])


def _fixed(width: int, times: np.ndarray) -> str:
    if width % DAY:
        for letter, size in (("h", 3600), ("min", 60), ("s", 1)):
            if width % size == 0:
                return f"{width // size if width > size else ''}{letter}"
    days = width // DAY
    # 1970-01-01 was a Thursday
    weekday = (times.astype("datetime64[D]").astype(np.int64) + 3) % 7
    seen = np.bincount(weekday, minlength=7)
    if days == 1:
        weekend = seen[5:].sum() / len(times)
        business = len(times) >= 6 and (weekend == 0 or (weekend < 0.02 and len(times) >= 50))
        span = (times.max() - times.min()).astype("timedelta64[D]").astype(np.int64)
        return "B" if business and span >= 7 else "D"
    if days % 7 == 0:
        return f"{days // 7 if days > 7 else ''}W-{_WEEKDAYS[int(seen.argmax())]}"
    return f"{days}D"


def _calendar(width: int, times: np.ndarray) -> str:
    day = times.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    first = month.astype("datetime64[D]")
    last = (month + 1).astype("datetime64[D]") - 1
    fits = {
        "S": day == first,
        "E": day == last,
        "BS": day == np.busday_offset(first, 0, roll="forward"),
        "BE": day == np.busday_offset(last, 0, roll="backward"),
    }
    share = {letter: fit.mean() for letter, fit in fits.items()}
    plain = max(("S", "E"), key=lambda k: share[k])
    kind = plain if share[plain] > 0.9 else max(share, key=lambda k: share[k])
    if share[kind] < 0.5:
        kind = "S"
    months = -width
    number = month.astype(np.int64) % 12  # 0 is January
    anchor, agreed = mode_by(np.zeros(len(number), np.int64), number % months if months in (3, 12) else number * 0, 1)
    if months == 3 and agreed[0] > 0.9:
        # A quarter that ends in March, June ... is called by the end of its year, December.
        name = _MONTHS[int(anchor[0])] if kind.endswith("S") else _MONTHS[(int(anchor[0]) + 9) % 12]
        return f"{_letters(kind, 'Q')}-{name}"
    if months == 12 and agreed[0] > 0.9:
        return f"{_letters(kind, 'Y')}-{_MONTHS[int(anchor[0])]}"
    return f"{months if months > 1 else ''}{_letters(kind, 'M')}"


def _letters(kind: str, period: str) -> str:
    return f"B{period}{kind[1]}" if kind.startswith("B") else f"{period}{kind}"
