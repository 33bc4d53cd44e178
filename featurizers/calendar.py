"""Calendar: year, month, week, weekday, hour ... of a row, as far as its frequency lets them vary."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.clock import DAY, Clock, distinct
from featurizers.featurizer import Featurizer, Needs
from featurizers.frequency import Frequency
from featurizers.panel import Panel
from featurizers.waves import cosine, sine

_FLAGS = ("month_start", "month_end", "quarter_start", "quarter_end", "year_start", "year_end")
_DATES = ("day", "dayofyear", "dayofquarter")
PARTS = ("year", "iso_year", "half", "quarter", "month", "week", *_DATES, "weekday", "hour", "minute", "ampm", *_FLAGS)
# Where each cyclic part begins and how many units make a round; the others stay plain numbers.
CYCLES = {
    "quarter": (1, 4.0), "month": (1, 12.0), "week": (1, 365.25 / 7), "day": (1, 31.0), "dayofyear": (1, 365.25),
    "dayofquarter": (1, 365.25 / 4), "weekday": (0, 7.0), "hour": (0, 24.0), "minute": (0, 60.0),
}  # fmt: skip


@dataclass(frozen=True)
class Calendar(Featurizer):
    """Parts of a row's date and time on the wall clock, one column each.

    `parts` are names of `PARTS`: year, iso_year, half, quarter, month (1 to 12), week (ISO 8601), day, dayofyear,
    dayofquarter (all from 1), weekday (0 is Monday), hour, minute, ampm (0 or 1), and flags (0 or 1) for the first
    and last day of a month, quarter and year. "auto" takes those that the frequency lets vary (no hour for days, no
    weekday for weeks, no day for months) and that do vary in the panel. With `cyclic`, parts that come round
    become a sine and a cosine (to nine digits), so that December is next to January.
    """

    parts: tuple[str, ...] | str = "auto"
    cyclic: bool = False

    @property
    def needs(self) -> Needs:
        return Needs()

    def names(self) -> list[str]:
        return [name for part in self._chosen() for name in self._names(part)]

    def sources(self) -> list[tuple[str, str]]:
        return [(part, "calendar") for part in self._chosen() for _ in self._names(part)]

    def resolve(self, panel: Panel) -> Calendar:
        if self.parts != "auto":
            return replace(self, parts=self._chosen())
        clock = Clock(distinct(panel.clock())[0])
        allowed = parts_of(panel.freq)
        return replace(self, parts=tuple(p for p in allowed if np.ptp(getattr(clock, p)) > 0) if len(panel) else ())

    def transform(self, panel: Panel) -> np.ndarray:
        stamps, at = distinct(panel.clock())
        columns = self._columns(stamps)
        return np.stack(columns, axis=1)[at] if columns else np.empty((len(panel), 0))

    def step(self, state: State, now: State) -> Array:
        xp, columns = namespace(now["time"]), self._columns(now["time"])
        return xp.stack(columns, axis=1) if columns else xp.astype(now["time"][:, None], xp.float64)[:, :0]

    def _chosen(self) -> tuple[str, ...]:
        if self.parts == "auto":
            raise ValueError("Calendar(parts='auto') has not seen a panel yet: call resolve(panel) first.")
        parts = (self.parts,) if isinstance(self.parts, str) else tuple(self.parts)
        for part in parts:
            if part not in PARTS:
                raise ValueError(f"A calendar has no part {part!r}; it has {', '.join(PARTS)}.")
        return parts

    def _names(self, part: str) -> list[str]:
        return [f"{part}_sin", f"{part}_cos"] if self.cyclic and part in CYCLES else [part]

    def _columns(self, seconds: Array) -> list[Array]:
        xp, clock, columns = namespace(seconds), Clock(seconds), []
        for part in self._chosen():
            value = xp.astype(getattr(clock, part), xp.float64)
            if self.cyclic and part in CYCLES:
                first, round_ = CYCLES[part]
                angle = 2 * np.pi / round_ * (value - first)
                columns += [sine(angle), cosine(angle)]
            else:
                columns.append(value)
        return columns


def parts_of(frequency: Frequency) -> tuple[str, ...]:
    """The parts that can differ between rows of a frequency, without those that say nothing more."""
    months = frequency.months
    if months is not None:
        finer = (("half", 12), ("quarter", 6), ("month", 3))  # a part, and the step in months that fixes it
        return ("year", *(part for part, width in finer if months < width))
    seconds = frequency.seconds
    unsaid: tuple[str, ...] = ()
    if frequency.daily:
        unsaid += ("hour", "minute", "ampm")
    elif seconds is not None and seconds % 3600 == 0:
        unsaid += ("minute",)
    if seconds is not None and seconds % (7 * DAY) == 0:
        unsaid += ("weekday", *_FLAGS)
    return tuple(part for part in PARTS if part not in unsaid)
