"""Days that come round, by rule: "12-25", "11-Thu-4" (the fourth Thursday of November), "05-Mon-last", "easter-2", and
of every month "*-15", "*-last"."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from featurizers.clock import DAY, Clock

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LAST = 9  # in the place of how manieth a weekday is
END = 32  # in the place of a day of the month
EASTER = (-48, 60)  # days around Easter Sunday: from Carnival Monday to Corpus Christi
NONE = -1
_DATE = re.compile(r"(\d\d)-(\d\d)")
_MONTHLY = re.compile(r"\*-(\d\d|last)")
_WEEKDAY = re.compile(rf"(\d\d)-({'|'.join(WEEKDAYS)})-([1-5]|last)")
_EASTER = re.compile(r"easter([+-]\d+)?")


def families(days: np.ndarray) -> dict[str, np.ndarray]:
    """What each of `days` (since 1970, int64) is by date, by its weekday counted from the beginning of the month, from
    its end, from Easter, and in its month: a code each, NONE where it is nothing."""
    clock = Clock(days * DAY)
    month, weekday, nth = clock.month, clock.weekday, (clock.day - 1) // 7 + 1
    last = Clock((days + 7) * DAY).month != month
    code = (month * 7 + weekday) * 10
    away = days - easter(clock.year)
    return {
        "date": month * 100 + clock.day,
        "nth": code + nth,
        "last": np.where(last, code + LAST, NONE),
        "easter": np.where((away >= EASTER[0]) & (away <= EASTER[1]), away - EASTER[0], NONE),
        "monthly": clock.day,
        "month's end": np.where(Clock((days + 1) * DAY).day == 1, END, NONE),
    }


def named(family: str, code: int) -> str:
    """The rule of a code of `families`.

    >>> named("date", 1225), named("nth", (11 * 7 + 3) * 10 + 4), named("easter", 48)
    ('12-25', '11-Thu-4', 'easter')
    """
    if family == "date":
        return f"{code // 100:02d}-{code % 100:02d}"
    if family in ("monthly", "month's end"):
        return "*-last" if code == END else f"*-{code:02d}"
    if family == "easter":
        away = code + EASTER[0]
        return f"easter{away:+d}" if away else "easter"
    month, weekday, nth = code // 70, code // 10 % 7, code % 10
    return f"{month:02d}-{WEEKDAYS[weekday]}-{'last' if nth == LAST else nth}"


def holding(rules: Sequence[str], days: np.ndarray) -> np.ndarray:
    """On which of `days` (since 1970, int64) which of `rules` hold, bool (days, rules). ValueError for what is none."""
    codes = families(days)
    columns = [codes[family] == code for family, code in map(_parsed, rules)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(days), 0), bool)


def _parsed(rule: str) -> tuple[str, int]:
    """The family and the code of a rule."""
    text = str(rule)
    if found := _EASTER.fullmatch(text):
        away = int(found[1] or 0)
        if EASTER[0] <= away <= EASTER[1]:
            return "easter", away - EASTER[0]
    elif found := _MONTHLY.fullmatch(text):
        if found[1] == "last":
            return "month's end", END
        if 1 <= int(found[1]) <= 31:
            return "monthly", int(found[1])
    elif found := _DATE.fullmatch(text):
        month, day = int(found[1]), int(found[2])
        if 1 <= month <= 12 and 1 <= day <= 31:
            return "date", month * 100 + day
    elif (found := _WEEKDAY.fullmatch(text)) and 1 <= int(found[1]) <= 12:
        code = (int(found[1]) * 7 + WEEKDAYS.index(found[2])) * 10
        return ("last", code + LAST) if found[3] == "last" else ("nth", code + int(found[3]))
    raise ValueError(f"{text!r} is no day of the year: write '12-25', '11-Thu-4' (the fourth Thursday of November), "
                     "'05-Mon-last', 'easter-2', or '*-15' and '*-last' for days of every month.")  # fmt: skip


def easter(year: np.ndarray) -> np.ndarray:
    """Easter Sunday of each year of the Gregorian calendar, days since 1970.

    Source: Meeus, Astronomical Algorithms, 1991, chapter 8.

    >>> str(easter(np.array([2024])).astype("datetime64[D]")[0])
    '2024-03-31'
    """
    golden, century, rest = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * week) // 451
    at = moon + week - 7 * late + 114
    months = (year - 1970) * 12 + at // 31 - 1
    return np.asarray(months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + at % 31)
