"""Ruler: where a stamp lies, counted in rows of a frequency."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from featurizers.arrays import Array, namespace
from featurizers.clock import Clock
from featurizers.frequency import Frequency


@dataclass(frozen=True)
class Ruler:
    """Wall-clock seconds as a position in rows, float64: one row on is one more. Where it begins does not matter.

    `unit` is "seconds", "months" or "business" (days from Monday to Friday), of which `width` make a row.
    """

    unit: str
    width: float

    @classmethod
    def of(cls, frequency: Frequency) -> Ruler:
        """Exact for fixed widths, business days, months, quarters and years, also business ones; else (semi-months,
        retail years ...) rows count by their mean width."""
        if frequency.seconds is not None:
            return cls("seconds", float(frequency.seconds))
        if frequency.unit == "B":
            return cls("business", float(frequency.step))
        if frequency.months is not None:
            return cls("months", float(frequency.months))
        stamps = pd.date_range("2000-01-01", "2012-01-01", freq=frequency.offset)
        return cls("seconds", (stamps[-1] - stamps[0]).total_seconds() / (len(stamps) - 1))

    def rows(self, seconds: Array) -> Array:
        """The position of wall-clock seconds (int64, any shape)."""
        clock = Clock(seconds)
        if self.unit == "months":
            at = clock.months
        elif self.unit == "business":
            xp = namespace(seconds)
            at = (clock.days + 3) // 7 * 5 + xp.minimum(clock.weekday, 4)
        else:
            at = seconds
        return at / self.width
