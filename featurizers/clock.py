"""Clock: the date and time of day of wall-clock seconds, by integer arithmetic.

The same lines run on numpy and in a graph, where there is no calendar. Any date of the
proleptic Gregorian calendar works, before 1970 too, since // and % floor on both sides.

Source: Howard Hinnant, chrono-Compatible Low-Level Date Algorithms, `civil_from_days` and `days_from_civil`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from featurizers.arrays import Array, namespace

DAY = 86_400
_SHIFT = 719_468  # days from 0000-03-01 to 1970-01-01
_ERA = 146_097  # days in 400 years


@dataclass(frozen=True, eq=False)
class Clock:
    """What calendars and clocks on the wall show at `seconds` since 1970 (int64, any shape).

    >>> import numpy as np
    >>> clock = Clock(np.array([951_782_400 + 13 * 3600]))
    >>> [int(part[0]) for part in (clock.year, clock.month, clock.day, clock.weekday, clock.week, clock.hour)]
    [2000, 2, 29, 1, 9, 13]
    """

    seconds: Array

    @cached_property
    def days(self) -> Array:
        """Whole days since 1970-01-01."""
        return self.seconds // DAY

    # ---- time of day --------------------------------------------------------------------------

    @cached_property
    def hour(self) -> Array:
        return self.seconds % DAY // 3600

    @cached_property
    def minute(self) -> Array:
        return self.seconds % 3600 // 60

    @cached_property
    def ampm(self) -> Array:
        """0 before noon, 1 from noon on."""
        return self.hour // 12

    # ---- date ---------------------------------------------------------------------------------

    @cached_property
    def _civil(self) -> tuple[Array, Array, Array]:
        """Year, month (1 to 12) and day (1 to 31). Inside, years begin in March: the leap day comes last."""
        shifted = self.days + _SHIFT
        era = shifted // _ERA
        of_era = shifted - era * _ERA
        year_of_era = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
        of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
        month = (5 * of_year + 2) // 153  # 0 is March
        day = of_year - (153 * month + 2) // 5 + 1
        return year_of_era + era * 400 + month // 10, (month + 2) % 12 + 1, day

    @property
    def year(self) -> Array:
        return self._civil[0]

    @property
    def month(self) -> Array:
        return self._civil[1]

    @property
    def day(self) -> Array:
        return self._civil[2]

    @cached_property
    def months(self) -> Array:
        """Whole months since January 1970."""
        return (self.year - 1970) * 12 + self.month - 1

    @cached_property
    def quarter(self) -> Array:
        return (self.month + 2) // 3

    @cached_property
    def half(self) -> Array:
        return (self.month + 5) // 6

    @cached_property
    def dayofyear(self) -> Array:
        return self.days - first_day(self.year, 1) + 1

    @cached_property
    def dayofquarter(self) -> Array:
        return self.days - first_day(self.year, 3 * self.quarter - 2) + 1

    # ---- week ---------------------------------------------------------------------------------

    @cached_property
    def weekday(self) -> Array:
        """0 is Monday, 6 is Sunday."""
        return (self.days + 3) % 7

    @cached_property
    def iso_year(self) -> Array:
        """The year that the week's Thursday lies in (ISO 8601)."""
        return Clock((self.days - self.weekday + 3) * DAY).year

    @cached_property
    def week(self) -> Array:
        """The week of the ISO year, 1 to 53."""
        return (self.days - self.weekday + 3 - first_day(self.iso_year, 1)) // 7 + 1

    # ---- first and last days, 1 or 0 ----------------------------------------------------------

    @property
    def month_start(self) -> Array:
        return self._flag(self.day == 1)

    @property
    def month_end(self) -> Array:
        return self._flag(self._tomorrow.day == 1)

    @property
    def quarter_start(self) -> Array:
        return self._flag(self.dayofquarter == 1)

    @property
    def quarter_end(self) -> Array:
        return self._flag(self._tomorrow.dayofquarter == 1)

    @property
    def year_start(self) -> Array:
        return self._flag(self.dayofyear == 1)

    @property
    def year_end(self) -> Array:
        return self._flag(self._tomorrow.dayofyear == 1)

    @cached_property
    def _tomorrow(self) -> Clock:
        return Clock(self.seconds + DAY)

    def _flag(self, condition: Array) -> Array:
        xp = namespace(condition)
        return xp.astype(condition, xp.int64)


def first_day(year: Array, month: Array) -> Array:
    """Days since 1970-01-01 of the first day of a month (1 to 12)."""
    year = year - (12 - month) // 10  # January and February belong to the March year before
    era = year // 400
    year_of_era = year - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5
    return era * _ERA + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + of_year - _SHIFT


def distinct(seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The stamps that occur, ascending, and the place of each of `seconds` (rows,) among them.

    Series share their stamps, so that what is computed of stamps need be computed only once.
    """
    if len(seconds) == 0:
        return seconds, np.zeros(0, np.int64)
    away = seconds - seconds.min()
    place = away // max(int(np.gcd.reduce(away)), 1)
    if place.max() > 4 * len(seconds):  # few rows far apart
        return np.unique(seconds, return_inverse=True)
    present = np.zeros(place.max() + 1, bool)
    present[place] = True
    stamps = np.zeros(len(present), np.int64)
    stamps[place] = seconds
    return stamps[present], (np.cumsum(present) - 1)[place]
