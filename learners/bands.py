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


def check_levels(levels: object) -> None:
    """ValueError unless all are coverages in percent; shares are told how they are written."""
    if isinstance(levels, str) or not isinstance(levels, Iterable):
        raise ValueError(f"The levels of bands are several percents, such as (80, 95), not {levels!r}.")
    for level in levels:
        number = getattr(level, "item", lambda level=level: level)()
        if isinstance(number, bool) or not isinstance(number, int | float) or not 1 <= number < 100:
            hint = " (0.8 is written 80)" if isinstance(number, float) and 0 < number < 1 else ""
            raise ValueError(f"The levels of bands are percents between 1 and 100{hint}, unlike {level!r}.")


def normal_bands(forecast: Array, deviation: Array, levels: Iterable[float]) -> State:
    """The outputs of a normal distribution around `forecast`, both (series, horizon), at `levels` in percent."""
    outputs: State = {}
    for level in levels:
        width = NormalDist().inv_cdf(0.5 + level / 200) * deviation
        lower, upper = bounds(level)
        outputs |= {lower: forecast - width, upper: forecast + width}
    return outputs
