"""Grid: the stamps that each series may have, and their numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np

from featurizers.clock import DAY
from featurizers.frequency import Frequency
from featurizers.rows import mode_by

_EPOCH = np.datetime64("1970-01-01", "D")


@dataclass(frozen=True, eq=False)
class Grid(ABC):
    """A series has its own phase (its weekday, its minute), found as its commonest, unless the grid is `anchored` at
    the frequency's own (periods that finer rows are added up to)."""

    freq: Frequency
    phase: np.ndarray  # int64, (series,)
    anchored: bool

    @staticmethod
    def of(freq: Frequency, times: np.ndarray, series: np.ndarray, count: int, anchored: bool = False) -> Grid:
        """`times` datetime64[s] and `series` (rows,), sorted by series."""
        if freq.seconds is None or freq.daily:
            return DayGrid.found(freq, times, series, count, anchored)
        return SecondGrid.found(freq, freq.seconds, times, series, count, anchored)

    @abstractmethod
    def number(self, times: np.ndarray, series: np.ndarray) -> np.ndarray:
        """The period of each stamp, counted, int64."""

    @abstractmethod
    def times(self, number: np.ndarray, series: np.ndarray) -> np.ndarray:
        """The stamp of each period, datetime64[s]."""


@dataclass(frozen=True, eq=False)
class SecondGrid(Grid):
    """Every so many seconds, less than a day; the phase is in seconds."""

    width: int  # of a step

    @classmethod
    def found(
        cls, freq: Frequency, width: int, times: np.ndarray, series: np.ndarray, count: int, anchored: bool
    ) -> SecondGrid:
        phase = np.zeros(count, np.int64) if anchored else _commonest(series, times.view(np.int64) % width, count)
        return cls(freq, phase, anchored, width)

    def number(self, times: np.ndarray, series: np.ndarray) -> np.ndarray:
        slack = 0 if self.anchored else self.width // 10  # a stamp a little early is late, not a period early
        return np.asarray((times.view(np.int64) - self.phase[series] + slack) // self.width)

    def times(self, number: np.ndarray, series: np.ndarray) -> np.ndarray:
        return np.asarray((self.phase[series] + number * self.width).astype("datetime64[s]"))


@dataclass(frozen=True, eq=False)
class DayGrid(Grid):
    """Every so many days, or steps of a calendar, at a time of day; the phase is in days or steps."""

    clock: np.ndarray  # int64, (series,), the time of day in seconds
    steps: np.ndarray | None  # datetime64[D], every step of a calendar frequency; None where the width is fixed

    @classmethod
    def found(cls, freq: Frequency, times: np.ndarray, series: np.ndarray, count: int, anchored: bool) -> DayGrid:
        nothing = np.zeros(count, np.int64)
        clock = nothing if anchored else _commonest(series, times.view(np.int64) % DAY, count)
        grid = cls(freq, nothing, anchored, clock, None if freq.seconds is not None else _steps(freq, times, anchored))
        cycle = grid._cycle
        if cycle == 1:
            return grid
        if not anchored:
            phase = mode_by(series, grid._at(times) % cycle, count)[0]
        elif grid.steps is None:
            phase = nothing + freq.anchor
        else:  # a period begins with 1970 (two months are January and February), whatever the table begins with
            phase = nothing + np.searchsorted(grid.steps, _EPOCH) - freq.ends
        return replace(grid, phase=phase)

    @property
    def _cycle(self) -> int:
        """How many days, or calendar steps, lie between two stamps."""
        return self.freq.step if self.freq.seconds is None else self.freq.seconds // DAY

    def _at(self, times: np.ndarray) -> np.ndarray:
        """The day, or the calendar step, that each stamp belongs to."""
        if self.steps is None:
            return np.asarray(times.view(np.int64) // DAY)
        days = times.astype("datetime64[D]")
        if self.freq.ends:
            return np.searchsorted(self.steps, days, side="left")
        return np.searchsorted(self.steps, days, side="right") - 1

    def number(self, times: np.ndarray, series: np.ndarray) -> np.ndarray:
        cycle = self._cycle
        nearest = (cycle - 1) // 2 if self.steps is None else 0
        if self.anchored:
            nearest = cycle - 1 if self.freq.ends else 0
        shifted = self._at(times) - self.phase[series] + nearest
        return np.asarray(shifted if cycle == 1 else shifted // cycle)  # dividing whole numbers is slow

    def times(self, number: np.ndarray, series: np.ndarray) -> np.ndarray:
        at, clock = self.phase[series] + number * self._cycle, self.clock[series].astype("timedelta64[s]")
        days = at.astype("datetime64[D]") if self.steps is None else self.steps[at]
        return np.asarray(days.astype("datetime64[s]") + clock)


def _commonest(series: np.ndarray, phases: np.ndarray, count: int) -> np.ndarray:
    """The phase that at least half of a series' rows have, else 0; (series,)."""
    phase, share = mode_by(series, phases, count)
    return np.where(share < 0.5, 0, phase)


def _steps(freq: Frequency, times: np.ndarray, anchored: bool) -> np.ndarray:
    """The days of all calendar steps from before the first stamp to after the last."""
    if not len(times):
        return np.zeros(0, "datetime64[D]")
    days = times.astype("datetime64[D]")
    first, last = days.min(), days.max()
    if anchored and freq.step > 1:
        first, last = min(first, _EPOCH), max(last, _EPOCH)
    room = np.timedelta64(366 * freq.step, "D")  # a step, at least
    return freq.grid(first - room, last + room)
