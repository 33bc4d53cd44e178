"""Periods: months, quarters and ISO weeks as statistical offices write them, as the day that they begin on."""

from __future__ import annotations

import re
from datetime import date

_WEEK, _MONTH = re.compile(r"(\d{4})[- ]?[Ww](\d{1,2})"), re.compile(r"(\d{4})[- ]?[Mm](\d{1,2})")
_QUARTERS = (re.compile(r"(?P<year>\d{4})[- ]?[Qq](?P<quarter>[1-4])"),
             re.compile(r"[Qq](?P<quarter>[1-4])[- /]?(?P<year>\d{4})"),
             re.compile(r"(?P<quarter>[1-4])[Qq][- /]?(?P<year>\d{4})"))  # fmt: skip


def first_day(text: str) -> date | None:
    """The first day of a period, None where the text is none.

    >>> first_day("2020-M05"), first_day("Q3 2019"), first_day("2020-W05")
    (datetime.date(2020, 5, 1), datetime.date(2019, 7, 1), datetime.date(2020, 1, 27))
    """
    try:
        for shape in _QUARTERS:
            if found := shape.fullmatch(text):
                return date(int(found["year"]), 3 * int(found["quarter"]) - 2, 1)
        if found := _MONTH.fullmatch(text):
            return date(int(found[1]), int(found[2]), 1)
        if found := _WEEK.fullmatch(text):
            return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:  # a 13th month, a year 0
        pass
    return None
