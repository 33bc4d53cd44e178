"""Frequency: the spacing of a series' stamps, and arithmetic on it for whole arrays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import gcd

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from featurizers.arrays import Array
from featurizers.clock import DAY

# Letters of older pandas and of other tools, with what pandas >= 2.2 calls them.
_RENAMED = {
    "H": "h", "T": "min", "S": "s", "BH": "bh", "M": "ME", "Q": "QE", "A": "YE", "Y": "YE", "BM": "BME",
    "BQ": "BQE", "BA": "BYE", "BY": "BYE", "AS": "YS", "BAS": "BYS", "SM": "SME", "CBM": "CBME",
    "d": "D", "b": "B", "w": "W", "q": "QE", "y": "YE",
}  # fmt: skip
# Offsets of pandas that no grid of days or whole seconds has, with what to write instead.
_REFUSED = dict.fromkeys(("ms", "us", "ns"), "a step takes a second or more; months are 'MS' or 'ME'")
_REFUSED |= dict.fromkeys(("bh", "cbh"), "hours are 'h', those that nothing is known of among them")
_FIXED = {"s": 1, "min": 60, "h": 3600, "D": DAY, "W": 7 * DAY}
_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_SEASONS = {"s": DAY, "min": DAY // 60, "h": 24, "D": 7, "W": 52, "B": 5, "M": 12, "Q": 4, "Y": 1}  # in base units
_ROUNDS = 7  # cycles that a season takes at most to meet the steps again, where one is not in whole steps


@dataclass(frozen=True)
class Frequency:
    """A pandas offset by its name: "h", "30min", "D", "B", "W-THU", "MS", "QS-OCT", "YE" ...

    >>> Frequency.parse("M").name
    'ME'
    >>> Frequency.parse("30T").seconds
    1800
    """

    name: str

    @classmethod
    def parse(cls, text: str | Frequency) -> Frequency:
        """Read a frequency; the letters of older pandas ("M", "H", "30T", "A-DEC") are accepted."""
        if isinstance(text, Frequency):
            return text
        strange = f"Frequency {text!r} is not understood; examples are 'D', 'h', '30min', 'W-THU', 'MS'."
        found = re.fullmatch(r"\s*(\d*)\s*([A-Za-z]+)(-[A-Za-z0-9]+)?\s*", str(text))
        if found is None:
            raise ValueError(strange)
        count, letters, anchor = found.groups()
        letters = _RENAMED.get(letters, letters)
        try:
            offset = to_offset(f"{count}{letters}{(anchor or '').upper()}")
        except ValueError:
            raise ValueError(strange) from None
        if offset.n <= 0:
            raise ValueError(f"Frequency {text!r} does not move forward.")
        read = cls(offset.freqstr)
        if read.unit in _REFUSED:
            raise ValueError(f"Frequency {text!r} can't be used: {_REFUSED[read.unit]}.")
        return read

    @classmethod
    def infer(cls, times: np.ndarray, series: np.ndarray | None = None) -> Frequency | None:
        """The frequency that most series have, in spite of gaps; None where no series has two stamps.

        `times` datetime64[s] and `series` int64, both (rows,), sorted by series, then by time.

        >>> Frequency.infer(np.array(["2024-01-31", "2024-02-29", "2024-04-30"], "datetime64[s]")).name
        'ME'
        """
        from featurizers.spacing import infer_name

        name = infer_name(times, np.zeros(len(times), np.int64) if series is None else series)
        return None if name is None else cls.parse(name)

    def __str__(self) -> str:
        return self.name

    @cached_property
    def offset(self) -> pd.offsets.BaseOffset:
        return to_offset(self.name)

    @property
    def step(self) -> int:
        """How many base units one step is: 30 in "30min"."""
        return int(self.offset.n)

    @cached_property
    def unit(self) -> str:
        """The base unit without count and anchor: "min", "W", "QS", "B" ..."""
        return re.sub(r"^\d+|-.*$", "", self.name)

    @cached_property
    def seconds(self) -> int | None:
        """The width of a step in seconds, None where it varies (months, business days ...)."""
        width = _FIXED.get(self.unit)
        return None if width is None else width * self.step

    @cached_property
    def months(self) -> int | None:
        """The width of a step in calendar months (business months, quarters and years included), None where it is
        not a whole number of them."""
        letter = self.unit.removeprefix("C").removeprefix("B").removesuffix("E").removesuffix("S")
        return _MONTHS[letter] * self.step if letter in _MONTHS else None

    @property
    def year(self) -> float:
        """The rows of a year, 365.25 days; 0 where a step is longer than a week."""
        if self.unit == "B":
            return 365.25 * 5 / 7 if self.step == 1 else 0.0
        return 365.25 * DAY / self.seconds if self.seconds is not None and self.seconds <= 7 * DAY else 0.0

    @property
    def daily(self) -> bool:
        """Whether a stamp stands for a day or more, so that the clock time does not matter."""
        return self.seconds is None or self.seconds % DAY == 0

    @property
    def ends(self) -> bool:
        """Whether a stamp is the last day of its period (weeks, "ME", "QE" ...), not the first."""
        return self.unit == "W" or self.unit.endswith("E")

    @property
    def anchor(self) -> int:
        """The phase of a week's stamps in days since 1970, 0 for every other frequency."""
        # 1970-01-01 was a Thursday, and pandas counts Monday as 0.
        return (int(self.offset.weekday) - 3) % 7 if self.unit == "W" else 0  # type: ignore[attr-defined]

    @cached_property
    def season(self) -> int:
        """The season that such data usually has, in steps: 12 for months, 7 for days, 24 for hours, 48 for 30min.

        Where that is not in whole steps, as many cycles as are: 7 for "2D", two weeks; 1 if that takes too many.
        """
        letter = self.unit if self.unit in _SEASONS else self.unit.removesuffix("E").removesuffix("S").lstrip("BC")
        return self._rows(_SEASONS.get(letter, 1))

    def _rows(self, cycle: int) -> int:
        """The steps after which a cycle of so many base units comes back to the same of them; 1 if that is too late."""
        shared = gcd(cycle, self.step)
        return cycle // shared if self.step // shared <= _ROUNDS else 1

    @property
    def seasons(self) -> tuple[int, ...]:
        """All seasons that such data may have, shortest first, in whole steps; (1,) if none."""
        if self.unit not in ("h", "min", "s") or self.seconds is None or self.seconds >= DAY:
            return (self.season,)
        week = self._rows(7 * DAY // _FIXED[self.unit])
        return tuple(sorted({self.season, week} - {1})) or (1,)

    def steps(self, origin: Array, times: Array) -> tuple[np.ndarray, np.ndarray]:
        """How many steps each stamp lies after its origin (rounded down), and whether it lies on the grid.

        `origin` and `times` are datetime64[s] of the same shape.
        """
        if self.seconds is not None:
            apart = (times - origin).astype("timedelta64[s]").astype(np.int64)
            return apart // self.seconds, apart % self.seconds == 0
        origin_day, times_day = origin.astype("datetime64[D]"), times.astype("datetime64[D]")
        grid = self._around(np.concatenate([np.ravel(origin_day), np.ravel(times_day)]), 0)
        start = np.searchsorted(grid, origin_day, side="right") - 1
        at = np.searchsorted(grid, times_day, side="right") - 1
        exact = (grid[at] == times_day) & ((at - start) % self.step == 0)
        clock = times - times_day.astype("datetime64[s]") == origin - origin_day.astype("datetime64[s]")
        return (at - start) // self.step, exact & clock

    def add(self, origin: np.ndarray, count: np.ndarray) -> np.ndarray:
        """The stamps `count` steps after `origin` (negative: before), NaT after NaT; shapes broadcast."""
        origin = np.asarray(origin, "datetime64[s]")
        if self.seconds is not None:
            return origin + np.asarray(count) * np.timedelta64(self.seconds, "s")
        day = origin.astype("datetime64[D]")
        grid = self._around(day, (int(np.abs(count).max(initial=0)) + 2) * self.step)
        at = np.searchsorted(grid, day, side="right") - 1 + np.asarray(count) * self.step
        found = np.take(grid, at, mode="clip").astype("datetime64[s]")  # NaT is found behind the grid
        return np.asarray(found + (origin - day.astype("datetime64[s]")))

    @property
    def _days(self) -> int:
        """An upper bound for the days in one base unit."""
        return 4 if self.unit == "B" else 32 if "M" in self.unit else 93 if "Q" in self.unit else 367

    def _around(self, days: np.ndarray, reach: int) -> np.ndarray:
        """Every stamp of the base unit from `reach` units before the first of `days` to as many after the last."""
        known = days[~np.isnat(days)]
        first, last = (known.min(), known.max()) if len(known) else (np.datetime64(0, "D"),) * 2
        room = np.timedelta64(reach * self._days, "D")
        return self.grid(first - room, last + room)

    def grid(self, first: np.datetime64, last: np.datetime64) -> np.ndarray:
        """Every stamp of the base unit from before `first` to after `last`, as datetime64[D]."""
        margin = np.timedelta64(2 * self._days, "D")
        return _grid(self.name, first - margin, last + margin)


@lru_cache(maxsize=32)  # it walks from stamp to stamp, and is asked for the same ones again and again
def _grid(name: str, first: np.datetime64, last: np.datetime64) -> np.ndarray:
    stamps = pd.date_range(pd.Timestamp(first), pd.Timestamp(last), freq=to_offset(name).base)
    days: np.ndarray = stamps.to_numpy().astype("datetime64[D]")
    days.flags.writeable = False
    return days
