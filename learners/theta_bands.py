"""Bands of Theta: the errors to come, what was estimated, and the season.

The variance h steps ahead, without the season, is deviation^2 (1 + c_1^2 + ... + c_{h-1}^2 + doubt (1 + c_1 + ... +
c_{h-1})^2), where c_i is what one unit of an error leaves in the forecast i steps later: the weight of the smoothing,
and what it turns a moving line by. The first terms are those of simple exponential smoothing with drift (Hyndman &
Billah, 2003, section 3). The last one is the drift, or the share of the line, estimated by least squares: an error that
leaves c_i is the same thing as a drift of it, so that one n-th of the variance stands for n such errors.

Least squares make the weights of short series too small, so that too little seems to be left of an error: beside a
line that is estimated too, by about (1 - c) 2.5 / n, found on simulated levels of 8 to 150 values whose weights are
anywhere from 0 to 1. What is left is taken to be that much more. Source of the effect: Davis & Dunsmuir (1996), Maximum
likelihood estimation for MA(1) processes with a root on or near the unit circle, Econometric Theory 12.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from featurizers.arrays import Array, State, namespace
from learners.naive import repeated
from learners.student import student_bands

TINY = 1e-300
TOO_SMALL = 2.5  # by how much of 1 / n weights are estimated
SPENT = 5.0  # values that a series has beside its degrees of freedom
SPREAD = ("deviation", "freedom", "term", "doubt")  # what the bands need in memory


def theta_outputs(state: State, mean: Array, left: Array, levels: Iterable[float], part: float = 1.0,
                  too_small: float = 0.0) -> State:  # fmt: skip
    """The forecast and its bands. `mean`: without the season; `left`: c_1, c_2 ...; (series, horizon) both;
    `part`: of the drift, estimated by least squares, that the forecast follows; `too_small`: what weights lack, n
    times."""
    xp, horizon = namespace(mean), mean.shape[1]
    multiplies, term = state["theta.multiplies"] > 0.5, repeated(state["theta.season"], horizon)
    forecast = xp.where(multiplies, mean * term, mean + term)
    if not tuple(levels):
        return {"forecast": forecast}
    doubt = state["theta.doubt"]
    left = left + xp.maximum(1.0 - left, 0.0) * too_small * doubt / (1.0 + SPENT * doubt)
    each = left * left + doubt * xp.maximum(left * (2.0 - left), 0.0)
    squares = 1.0 + xp.cumulative_sum(each, axis=1) - each
    sums = 1.0 + part * (xp.cumulative_sum(left, axis=1) - left)
    errors = state["theta.deviation"] * xp.sqrt(squares + doubt * (1.0 + sums * sums))
    errors = xp.abs(xp.where(multiplies, errors * term, errors))
    season = xp.abs(state["theta.term"] * xp.where(multiplies, mean, 1.0))
    unit = xp.maximum(xp.maximum(errors, season), TINY)
    deviation = unit * xp.sqrt((errors / unit) * (errors / unit) + (season / unit) * (season / unit))
    return {"forecast": forecast} | student_bands(forecast, deviation, state["theta.freedom"], levels)


def spread_of(columns: dict[str, np.ndarray], levels: Iterable[float]) -> State:
    """The memory that the bands need."""
    return {f"theta.{name}": columns[name] for name in SPREAD} if tuple(levels) else {}
