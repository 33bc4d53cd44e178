"""Demand: what is kept of a series with many zeros, row by row, and the bands that follow from it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.kernels import contiguous, threads
from featurizers.panel import Panel
from learners.bands import bounds
from learners.spread import strayed, supposed
from learners.student import expanded, normal, student

# In the order of the kernel: the weights of a new size and of a new gap (or chance); the smoothed size and gap, NaN
# before the first demand, the rows since the last one; the smoothed chance of a demand, NaN before the first row; the
# spread of sizes around the smoothed one before; whether any value was below zero, and whether all were whole.
NAMES = ("alpha", "beta", "size", "gap", "since", "chance", "deviation", "errors", "negative", "whole")
EDGE = 1e-9  # the farthest quantile of a size
FEWEST = 3.0  # degrees of freedom that are supposed of the sizes
WILDEST = 30.0  # coefficient of variation of sizes that is believed


def began(alpha: np.ndarray, beta: np.ndarray) -> State:
    """The memory of series before their first row, given the weights of each, (series,)."""
    nothing, zero = np.full(len(alpha), np.nan), np.zeros(len(alpha))
    values = (alpha, beta, nothing, nothing, zero, nothing, zero, zero, zero, zero + 1.0)
    return {f"demand.{name}": v[:, None] for name, v in zip(NAMES, values, strict=True)}


def followed(state: State, panel: Panel, row: np.ndarray | None = None) -> State:
    """The memory after the rows of `panel`, of each series from its `row` on; `moved` over all of them."""
    from learners._kernels import demand_filter

    begins = panel.indptr[:-1] + (0 if row is None else np.maximum(row, 0))
    table = np.concatenate([state[f"demand.{name}"] for name in NAMES], axis=1)
    moved = demand_filter(contiguous(panel.y), begins, panel.indptr[1:], table, threads(8 * len(panel)))
    return {f"demand.{name}": moved[:, i : i + 1] for i, name in enumerate(NAMES)}


def moved(state: State, y: Array) -> State:
    """The memory after one more row (series,); a missing one does not count."""
    d, y = {name: state[f"demand.{name}"] for name in NAMES}, y[:, None]
    xp = namespace(y, d["size"])
    seen, first = xp.isfinite(y) & ~xp.isnan(d["alpha"]), xp.isnan(d["size"])
    demand, since = seen & (y != 0.0), d["since"] + xp.where(seen, 1.0, 0.0)
    there = xp.where(demand, 1.0, 0.0)
    chance = xp.where(xp.isnan(d["chance"]), there, d["chance"] + d["beta"] * (there - d["chance"]))
    error, longer = y - d["size"], since - d["gap"]
    deviation, errors = strayed(d["deviation"], d["errors"], xp.where(demand, error, xp.nan))
    later = {
        "size": xp.where(demand, xp.where(first, y, d["size"] + d["alpha"] * error), d["size"]),
        "gap": xp.where(demand, xp.where(first, since, d["gap"] + d["beta"] * longer), d["gap"]),
        "since": xp.where(demand, 0.0, since),
        "chance": xp.where(seen, chance, d["chance"]),
        "deviation": deviation,
        "errors": errors,
        "negative": xp.where(seen & (y < 0.0), 1.0, d["negative"]),
        "whole": xp.where(seen & (xp.floor(y) != y), 0.0, d["whole"]),
    }
    return {f"demand.{name}": later.get(name, d[name]) for name in NAMES}


def demand_bands(state: State, rate: Array, chance: Array, size: Array, levels: Iterable[float]) -> State:
    """The bands of one row around the forecast `rate`, (series, 1) each, where a demand of mean `size` comes with
    `chance`.

    A row is zero, or else a size with this mean and the coefficient of variation of the sizes so far: the wider of a
    gamma and a lognormal distribution with these moments, the gamma at quantiles of Student's t for the sizes seen;
    whole numbers where all values were whole. Bands begin at zero or above, hold the forecast, and cover more than
    their level where much of the chance lies on zero. A series with values below zero has bands of Student's t with
    the variance of a row. The future is taken to go on as it is, so that all rows ahead have the same band.
    """
    xp = namespace(rate)
    begun = ~xp.isnan(state["demand.size"]) & (chance > 0.0)
    chance, size = xp.where(begun, xp.minimum(chance, 1.0), 1.0), xp.where(begun, size, 0.0)
    level = xp.where(begun, state["demand.size"], 0.0)
    deviation, freedom = supposed(state["demand.deviation"], state["demand.errors"], level)
    variation = xp.minimum(deviation / xp.maximum(xp.abs(level), 1e-300), WILDEST)
    signed = state["demand.negative"] > 0.5
    # of a row: E[y^2] - E[y]^2
    around = xp.abs(size) * xp.sqrt(xp.maximum(chance * (1.0 + variation * variation) - chance * chance, 0.0))
    outputs: State = {}
    for covered in levels:
        tail, (lower, upper) = 0.5 - covered / 200, bounds(covered)
        low, high = (_quantile(q, chance, size, variation, freedom) for q in (tail, 1.0 - tail))
        low, high = (xp.where(state["demand.whole"] > 0.5, _whole(q), q) for q in (low, high))
        width = student(1.0 - tail, freedom) * around
        outputs[lower] = xp.where(signed, rate - width, xp.minimum(low, rate))
        outputs[upper] = xp.where(signed, rate + width, xp.maximum(high, rate))
    return outputs


def _quantile(q: float, chance: Array, size: Array, variation: Array, freedom: Array) -> Array:
    """The quantile of a row at `q`: zero, or that of a size.

    Source: Wilson & Hilferty (1931), The distribution of chi-square, PNAS 17(12), for the gamma distribution.
    """
    xp = namespace(chance, size)
    inside = (q - (1.0 - chance)) / chance
    z = normal(xp.clip(inside, EDGE, 1.0 - EDGE))
    t = expanded(z, xp.maximum(freedom, FEWEST))
    root = xp.maximum(1.0 - variation * variation / 9.0 + t * variation / 3.0, 0.0)
    spread = xp.log(1.0 + variation * variation)
    gamma, lognormal = root * root * root, xp.exp(xp.sqrt(spread) * z - spread / 2.0)
    wider = xp.maximum(gamma, lognormal) if q > 0.5 else xp.minimum(gamma, lognormal)
    return xp.where(inside > 0.0, size * wider, 0.0)


def _whole(q: Array) -> Array:
    """The quantile of a whole number, from that of a number that is rounded to it; no demand is less than one."""
    xp = namespace(q)
    return xp.where(q > 0.0, xp.maximum(-xp.floor(0.5 - q), 1.0), 0.0)
