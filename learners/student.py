"""Student: quantiles of Student's t and of the normal distribution, and bands of a deviation that was estimated."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import cos, pi, sin, sqrt, tan
from statistics import NormalDist

import numpy as np

from featurizers.arrays import Array, State, namespace
from learners.bands import bounds

FEW = 40  # degrees of freedom up to which quantiles are exact, beyond to 7 digits


def student_bands(forecast: Array, deviation: Array, freedom: Array, levels: Iterable[float]) -> State:
    """The bands around `forecast` (series, horizon) at `levels` in percent, where `deviation`, of that shape, was
    estimated with `freedom` (series, 1) degrees of freedom, at least one."""
    outputs: State = {}
    for level in levels:
        width = student(0.5 + level / 200, freedom) * deviation
        lower, upper = bounds(level)
        outputs |= {lower: forecast - width, upper: forecast + width}
    return outputs


def student(chance: float, freedom: Array) -> Array:
    """The quantile of Student's t at `chance`, for each of `freedom` (series, 1): whole numbers from 1 on."""
    xp = namespace(freedom)
    place = xp.astype(xp.clip(xp.where(freedom > 1.0, freedom, 1.0), 1.0, float(FEW)), xp.int64) - 1  # NaN is none
    few = xp.take(np.array([_exact(chance, n + 1) for n in range(FEW)]), place, axis=0)
    return xp.where(freedom <= FEW, few, expanded(NormalDist().inv_cdf(chance), freedom))


def expanded(z: Array, freedom: Array) -> Array:
    """Student's t from a normal quantile `z`, by the first terms of its series in 1 / freedom.

    Source: Abramowitz & Stegun (1964), Handbook of Mathematical Functions, 26.7.5.
    """
    square, n = z * z, 4.0 * freedom
    first = (square + 1.0) * z
    second = ((5.0 * square + 16.0) * square + 3.0) * z / 6.0
    third = (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) * z / 6.0
    fourth = ((((79.0 * square + 776.0) * square + 1482.0) * square - 1920.0) * square - 945.0) * z / 360.0
    return z + (first + (second + (third + fourth / n) / n) / n) / n


def normal(chance: Array) -> Array:
    """The quantile of the normal distribution at each `chance` inside (0, 1), to 7 digits.

    Source: Wichura (1988), Algorithm AS 241, Applied Statistics 37(3), PPND7.
    """
    xp = namespace(chance)
    q = chance - 0.5
    r = 0.180625 - q * q
    middle = q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)
    middle = middle / (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0)
    far = xp.sqrt(-xp.log(xp.minimum(chance, 1.0 - chance)))
    r = far - 1.6
    tail = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) / (
        (0.12021132975 * r + 0.73700164250) * r + 1.0
    )
    r = far - 5.0
    end = (((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150) / (
        (0.012258202635 * r + 0.24197894225) * r + 1.0
    )
    tail = xp.where(far <= 5.0, tail, end)
    return xp.where(xp.abs(q) <= 0.425, middle, xp.where(q < 0.0, -tail, tail))


@cache
def _exact(chance: float, freedom: int) -> float:
    """The quantile at `chance` > 0.5, by halving: the chance of |t| < tan(angle) sqrt(freedom) is a finite sum.

    Source: Abramowitz & Stegun (1964), Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
    """
    low, high = 0.0, pi / 2
    for _ in range(80):
        angle = (low + high) / 2
        low, high = (angle, high) if _inside(angle, freedom) < 2 * chance - 1 else (low, angle)
    return sqrt(freedom) * tan(low)


def _inside(angle: float, freedom: int) -> float:
    odd = freedom % 2
    term, total = (cos(angle) if odd else 1.0), 0.0
    for i in range(1 + odd, freedom, 2):
        total += term
        term *= i / (i + 1) * cos(angle) ** 2
    return 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total
