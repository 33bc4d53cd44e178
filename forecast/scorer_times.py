"""Times for the scorer: stamps in any notation, time zones and calendars, with numpy and the standard library alone.

It lies beside `scorer.py` wherever that is copied to, and reads what `Panel.read` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

ISO = re.compile(
    r"(\d{4})([-/.])(\d\d?)(?:\2(\d\d?)(?:[T ](\d\d?)(?::(\d\d?)(?::(\d\d?)(?:\.\d+)?)?)?)?)? ?(Z|[+-]\d\d(?::?\d\d)?)?"
)
BASIC = re.compile(r"\d{8}(T\d{2}(\d\d){0,2})?")
NUMBER = re.compile(r"[+-]?\d+(\.\d*)?(e\+?\d+)?")
# Notations that are not ISO 8601, in the order of `featurizers.stamps`.
DATES = ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%m-%d-%Y", "%d-%m-%Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y",
         "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%b %Y", "%B %Y", "%b-%y",
         "%Y.%m.%d", "%m/%Y", "%m-%Y")  # fmt: skip
QUARTERS = (r"(?P<year>\d{4})[- ]?[Qq](?P<quarter>[1-4])", r"[Qq](?P<quarter>[1-4])[- /]?(?P<year>\d{4})",
            r"(?P<quarter>[1-4])[Qq][- /]?(?P<year>\d{4})")  # fmt: skip
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
EPOCH, EARLY, LATE = datetime(1970, 1, 1), 315_532_800, 4_102_444_800  # 1980 and 2100, as seconds since 1970
DAY = 86_400

# In so many days, 28 years, months and weekdays come again, from 1901 to 2099: the days since 1970 of that.
CYCLE, ALIKE = 10_227, (-25_202, 47_481)
BEYOND = "The table lies outside the years that the model's calendar was written for."


class Calendar:
    """Steps of the model's frequency: a width in seconds, or a list of the days that have a stamp."""

    def __init__(self, frequency: Mapping[str, Any]) -> None:
        self.width, self.step, self.ends = frequency["seconds"], frequency["step"], frequency["ends"]
        self.days, self.counted = np.cumsum(frequency.get("days", [0])), frequency.get("counted")
        self.day_first = bool(frequency.get("day_first"))  # as the table was written that the model was trained on

    def place(self, times: np.ndarray) -> np.ndarray:
        """Which of `days` each of `times` is; before and after them, what they are like 28 years or so apart."""
        day, first, last = np.asarray(times) // 86400, self.days[0], self.days[-1]
        if day.min(initial=first) < min(first, ALIKE[0]) or day.max(initial=last) > max(last, ALIKE[1]):
            raise ValueError(BEYOND)
        moved = np.maximum(-((day - first) // CYCLE), 0) - np.maximum(-((last - day) // CYCLE), 0)
        at = np.searchsorted(self.days, day + moved * CYCLE, "left" if self.ends else "right") - (not self.ends)
        return at - moved * np.searchsorted(self.days, first + CYCLE)

    def add(self, origin: np.ndarray, steps: np.ndarray) -> np.ndarray:
        if self.width:
            return origin + steps * self.width
        at = self.place(origin) + steps * self.step
        if at.max(initial=0) >= len(self.days) or at.min(initial=0) < 0:
            raise ValueError(BEYOND)
        return self.days[at] * 86400 + origin % 86400

    def steps(self, origin: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How many steps each of `times` lies after its origin, rounded down, and whether it lies on the grid."""
        apart = times - origin if self.width else self.place(times) - self.place(origin)
        return apart // (self.width or self.step), apart % (self.width or self.step) == 0

    def aligned(self, times: np.ndarray, owner: np.ndarray, count: int) -> np.ndarray:
        """Each of `times` at the stamp of its period on the grid of its series, `owner` of `count`, as `Panel.read`
        moves it: a series has a phase and a time of day of its own, the commonest."""
        daily = not self.width or self.width % DAY == 0
        clock, share = _commonest(times % (DAY if daily else self.width), owner, count)
        clock = np.where(share < 0.5, 0, clock)[owner]
        if not daily:  # a stamp a little early is late, not a period early
            return clock + (times - clock + self.width // 10) // self.width * self.width
        cycle, at = (self.width // DAY, times // DAY) if self.width else (self.step, self.place(times))
        phase = _commonest(at % cycle, owner, count)[0][owner]
        at = phase + (at - phase + ((cycle - 1) // 2 if self.width else 0)) // cycle * cycle
        if not self.width:  # far from training there are steps, but no list of days
            there = (at >= 0) & (at < len(self.days))
            at = np.where(there, self.days[np.where(there, at, 0)], times // DAY)
        return at * DAY + clock

    def misfit(self, moments: list[datetime]) -> tuple[int, int]:
        """How many distinct moments have no step of their own, and the steps that all of them span."""
        times = np.unique(np.array([second(m, None, 0) for m in moments], np.int64))
        steps, on_grid = self.steps(times[:1], times)
        return len(times) - len(np.unique(steps[on_grid])), int(steps[-1])


def _commonest(values: np.ndarray, owner: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The commonest of whole numbers in each series, the smallest of several, and its share of them; all have rows."""
    if (values == values[0]).all():
        return np.full(count, values[0]), np.ones(count)
    order = np.lexsort((values, owner))
    values, owner = values[order], owner[order]
    runs = np.flatnonzero(np.r_[True, (np.diff(owner) != 0) | (np.diff(values) != 0)])
    length = np.diff(np.r_[runs, len(values)])
    best = np.lexsort((-length, owner[runs]))
    first = best[np.r_[True, np.diff(owner[runs][best]) != 0]]
    return values[runs][first], length[first] / np.bincount(owner, minlength=count)


def moments(values: list[Any], rows: list[int], name: str, calendar: Calendar) -> list[datetime]:
    """Distinct `values` of the column `name` as moments, all in one notation; `rows` is where each stands first."""
    texts: list[Any] = [v if isinstance(v, date) else str(v).strip() for v in values]
    numbers = all(isinstance(text, str) and NUMBER.fullmatch(text) for text in texts)
    found = _of_numbers([float(text) for text in texts]) if numbers else list(map(_moment, texts))
    if None not in found:
        return found  # type: ignore[return-value]
    for notation in [day + clock for clock in CLOCKS for day in DATES]:
        if (read := _read(texts, notation)) is None:
            continue
        if notation.startswith(("%m/%d", "%m-%d")):
            other = _read(texts, f"%d{notation[2]}%m{notation[5:]}")
            if other is not None and (calendar.misfit(other), not calendar.day_first) < (calendar.misfit(read), True):
                return other
        return read
    bad = found.index(None)
    raise ValueError(f"Column {name!r} holds {values[bad]!r} in row {rows[bad]}, which is no time in the notation "
                     "of the others; write times as 2024-12-31 or 2024-12-31 23:00:00.")  # fmt: skip


def _read(texts: list[Any], notation: str) -> list[datetime] | None:
    try:
        return [datetime.strptime(text, notation) for text in texts]
    except (TypeError, ValueError):
        return None


def _of_numbers(numbers: list[float]) -> list[datetime | None]:
    """Numbers that are dates for sure: 2024, 202412, 20241231, or the time since 1970; None for all others."""
    low, high = min(numbers, default=0), max(numbers, default=0)
    whole = all(number.is_integer() for number in numbers)
    for least, most, rest in ((1700, 2250, "0101"), (170001, 225012, "01"), (17000101, 22501231, "")):
        if whole and least <= low and high <= most:
            return [_moment(f"{number:.0f}{rest}") for number in numbers]
    size = next((s for s in (1, 10**3, 10**6, 10**9) if EARLY * s <= low and high <= LATE * s), None)
    return [None if size is None else EPOCH + timedelta(seconds=number // size) for number in numbers]


def _moment(value: str | date) -> datetime | None:
    if isinstance(value, date):
        return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    for shape in QUARTERS:
        if quarter := re.fullmatch(shape, value):
            return datetime(int(quarter["year"]), 3 * int(quarter["quarter"]) - 2, 1)
    try:
        if period := re.fullmatch(r"(\d{4})[- ]?([MmWw])(\d{1,2})", value):
            year, number = int(period[1]), int(period[3])
            return datetime(year, number, 1) if period[2] in "Mm" else datetime.fromisocalendar(year, number, 1)
        if BASIC.fullmatch(value):
            return datetime.fromisoformat(value)
        if iso := ISO.fullmatch(value):
            years, _, *parts, offset = iso.groups()
            month, day, hour, minute, at = (int(p or least) for p, least in zip(parts, (1, 1, 0, 0, 0), strict=True))
            return datetime(int(years), month, day, hour, minute, at, tzinfo=zone_of(offset) if offset else None)
    except ValueError:  # the 31st of June
        pass
    return None


def second(moment: datetime, zone: tzinfo | None, row: int) -> int:
    """Seconds since 1970: in UTC if there is a `zone`, else of the wall clock."""
    wall = (moment.replace(tzinfo=None) - EPOCH) // timedelta(seconds=1)
    if zone is None:
        return wall
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
        if moment.utcoffset() != moment.replace(fold=1).utcoffset():
            raise ValueError(f"The time {moment:%Y-%m-%d %H:%M} in row {row} does not exist or exists twice in {zone}: "
                             "the clocks change. Write it with its offset, such as +02:00.")  # fmt: skip
    return wall - round((moment.utcoffset() or timedelta()).total_seconds())


def zone_of(name: str) -> tzinfo:
    """A time zone by its name, "Europe/Berlin", or by its distance, "UTC+02:00"."""
    if fixed := re.fullmatch(r"(?:UTC)?([+-])(\d\d):?(\d\d)?", name):
        apart = timedelta(hours=int(fixed[2]), minutes=int(fixed[3] or 0))
        return timezone(-apart if fixed[1] == "-" else apart)
    return UTC if name.upper() in ("UTC", "Z") else ZoneInfo(name)


def wall_clock(seconds: np.ndarray, zone: tzinfo) -> np.ndarray:
    """The wall clock of moments in UTC, both in seconds, any shape."""
    distinct, at = np.unique(seconds, return_inverse=True)
    offsets = [datetime.fromtimestamp(s, zone).utcoffset() or timedelta() for s in distinct.tolist()]
    return seconds + np.array([round(o.total_seconds()) for o in offsets], np.int64)[at].reshape(seconds.shape)


def shown(second: Any) -> str:
    """A stamp for people: the date alone at midnight."""
    return str(np.int64(second).astype("datetime64[s]")).replace("T", " ").removesuffix(" 00:00:00")


def written(values: np.ndarray) -> list[str]:
    """A column as text, in the notation of a run's `forecasts.csv`: dates alone if all stamps are at midnight, and
    nothing where a number is missing."""
    if values.dtype.kind == "M":
        days = values.astype("datetime64[D]")
        return [text.replace("T", " ") for text in (days if (days == values).all() else values).astype(str).tolist()]
    return ["" if value != value else str(value) for value in values.tolist()]
