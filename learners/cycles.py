"""Cycles: the waves of the calendar that a network reads."""

from __future__ import annotations

import numpy as np

from featurizers.arrays import Array, namespace
from featurizers.clock import DAY
from featurizers.panel import Panel

YEAR = 365.2425 * DAY
HARMONICS = 3  # of each cycle of the calendar
CYCLES = ("hour", "weekday", "dayofyear")


def waves(name: str, time: Array) -> list[Array]:
    """Sines and cosines of where `time` (seconds since 1970 of the wall clock) stands in a cycle of the calendar."""
    xp = namespace(time)
    if name == "hour":
        turn = (time % DAY) / DAY
    elif name == "weekday":
        turn = ((time // DAY) % 7) / 7
    else:
        turn = (xp.astype(time, xp.float64) / YEAR) % 1.0
    angles = [2 * np.pi * k * turn for k in range(1, HARMONICS + 1)]
    return [wave for angle in angles for wave in (xp.sin(angle), xp.sin(angle + np.pi / 2))]


def cycles_of(panel: Panel) -> tuple[str, ...]:
    """The cycles finer than which the panel is, and of which it has seen two."""
    freq, last = panel.freq, panel.indptr[1:] - 1
    full = panel.lengths > 0
    spans = (panel.times[last[full]] - panel.times[panel.indptr[:-1][full]]).astype("timedelta64[s]").astype(np.int64)
    span = int(spans.max(initial=0))
    width = freq.seconds or (DAY if freq.unit in ("B", "C") else 28 * DAY * (freq.months or 1))
    found = ["hour"] if width < DAY and span >= 2 * DAY else []
    found += ["weekday"] if width <= DAY and span >= 14 * DAY else []
    found += ["dayofyear"] if width < 300 * DAY and span >= 2 * YEAR - 1 else []
    return tuple(found)
