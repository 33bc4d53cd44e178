"""Bands: what the outputs of a band are called, and the levels that these names tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from statistics import NormalDist

from featurizers.arrays import Array, State


def bounds(level: float) -> tuple[str, str]:
    """The outputs that hold the band of `level` percent.

    >>> bounds(80), bounds(97.5)
    (('lo80', 'hi80'), ('lo97.5', 'hi97.5'))
    """
    return f"lo{level:g}", f"hi{level:g}"


def levels(outputs: Iterable[str]) -> tuple[float, ...]:
    """The levels, in percent, of the bands among the outputs' names, ascending.

    >>> levels(["forecast", "lo95", "hi95", "lo80", "hi80"])
    (80.0, 95.0)
    """
    names = set(outputs)
    found = (re.fullmatch(r"lo([\d.]+)", name) for name in names)
    return tuple(sorted(float(f[1]) for f in found if f and f"hi{f[1]}" in names))


def check_levels(levels: Iterable[float]) -> None:
    """ValueError unless all are coverages in percent."""
    if not all(0 < level < 100 for level in levels):
        raise ValueError(f"Levels are coverages in percent between 0 and 100, not {list(levels)}.")


def normal_bands(forecast: Array, deviation: Array, levels: Iterable[float]) -> State:
    """The outputs of a normal distribution around `forecast`, both (series, horizon), at `levels` in percent."""
    outputs: State = {}
    for level in levels:
        width = NormalDist().inv_cdf(0.5 + level / 200) * deviation
        lower, upper = bounds(level)
        outputs |= {lower: forecast - width, upper: forecast + width}
    return outputs
