"""Counted: times that are numbers of steps, as in tables that were made without dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from featurizers.clock import DAY
from featurizers.findings import Finding
from featurizers.frequency import Frequency

if TYPE_CHECKING:
    from featurizers.panel import Panel

COUNTED = "step_number"  # the kind of the finding by which a panel is known to have such times
FIRST, LAST = np.datetime64("1700-01-01"), np.datetime64("2250-12-31")  # beyond these no stamp is believed


def of_steps(numbers: np.ndarray, freq: Frequency) -> np.ndarray:
    """The stamps of whole numbers of steps: 0 is the first stamp of `freq` from 1970-01-01 on, whatever else is in the
    table. datetime64[s], NaT where a number is none or the stamp lies outside the years 1700 to 2250.

    >>> of_steps(np.array([0.0, 1.0, 120.0]), Frequency.parse("MS")).astype("datetime64[D]")
    array(['1970-01-01', '1970-02-01', '1980-01-01'], dtype='datetime64[D]')
    """
    times = np.full(numbers.shape, "NaT", "datetime64[s]")
    near = np.abs(numbers) < (LAST - FIRST).astype(np.int64) * DAY / (freq.seconds or DAY)  # false for NaN
    steps = numbers[near].astype(np.int64)
    if freq.seconds is not None:
        times[near] = (freq.anchor * DAY + steps * freq.seconds).astype("datetime64[s]")
    else:
        days = freq.grid(FIRST, LAST)
        at = np.searchsorted(days, np.datetime64("1970-01-01")) + steps * freq.step
        inside = (at >= 0) & (at < len(days))
        times[np.flatnonzero(near)[inside]] = days[at[inside]].astype("datetime64[s]")
    times[(times < FIRST) | (times > LAST)] = np.datetime64("NaT")
    return times


def step_of(time: np.datetime64, freq: Frequency) -> int:
    """The number of steps that a stamp is at or after."""
    zero = of_steps(np.zeros(1), freq)
    return int(freq.steps(zero, np.array([time], "datetime64[s]"))[0][0])


def told(name: str, number: float, time: np.datetime64, freq: Frequency, count: int) -> Finding:
    """What is said of a column of step numbers, with an example."""
    message = (
        f"{name!r} holds step numbers: {number:.0f} is read as {str(time).replace('T00:00:00', '')}, as 0 is the first "
        f"stamp of freq={str(freq)!r} from 1970-01-01 on. Forecasts have such stamps; later tables may have either."
    )
    return Finding(COUNTED, "fixed", message, column=name, count=count)


def counting(panel: Panel) -> Frequency | None:
    """What one step stands for in a panel whose table had step numbers, None where it had dates."""
    return panel.freq if len(panel.findings.of(COUNTED)) else None
