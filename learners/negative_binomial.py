"""NegativeBinomial: counts around a level that moves, with the quantiles of their distribution as bands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from featurizers.arrays import Array, State, namespace, scan
from featurizers.kernels import contiguous, threads
from featurizers.panel import Panel
from learners.attribution import Attribution
from learners.bands import bounds, check_levels
from learners.blocks import in_blocks
from learners.components import of_level
from learners.learner import Learner
from learners.local import LocalModel, assembled, state_without_windows
from learners.naive import repeated
from learners.spans import Spans
from learners.student import student_bands

SHORTEST = 4  # values of which more than a first level can be learned
WEIGHT = 0.1  # of what is new where nothing is learned
GRID = 128  # counts whose chances are summed
WIDE = 16.0  # variance over mean up to which whole numbers are counted one by one
LEAST = 1e-4  # by which the variance exceeds the mean, relative to it
TINY = 1e-12
LEARNED = 3  # numbers of each series


@dataclass(frozen=True)
class NegativeBinomial(Learner):
    """Counts: a negative binomial distribution around a level that exponential smoothing moves.

    The weight of what is new and the variance over the mean are those of each series that are likeliest by its one-step
    distributions. Missing rows do not count. `point` is what is forecast: the "mean", or the "median", which has the
    least absolute error and is often zero. `levels` asks for bands in percent: whole-number quantiles, exact one row
    ahead but for the doubt about the estimates, later of the distribution with the exact mean and variance; beyond 128
    counts those of a gamma distribution. Bands hold the forecast. Fewer than four values tell no distribution: their
    bands are Student's t, cut off at zero, with the changes between their rows or, of a single value, its size.
    A series with values below zero is counted from its lowest value up; fractions, and numbers with a variance over 16
    times their mean, in smaller or larger units.
    Source: Snyder, Ord & Beaumont (2012), Forecasting the intermittent demand for slow-moving inventories: a modelling
    approach, International Journal of Forecasting 28(2).
    """

    point: str = "mean"
    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> NegativeBinomialModel:
        check_levels(self.levels)
        if self.point not in ("mean", "median"):
            raise ValueError(f"NegativeBinomial forecasts the 'mean' or the 'median', not {self.point!r}.")
        return _trained(panel, self)


@dataclass(frozen=True, eq=False)
class NegativeBinomialModel(LocalModel):
    """Memory: the level, the weight of what is new, the excess of the variance over the mean, relative to it, and what
    the doubt about all these adds to variances; the lowest value and the unit of the counts. Where some series have too
    few values for bands of counts: how far each strays (0 for all others), and with how many degrees of freedom."""

    point: str = "mean"
    levels: tuple[float, ...] = ()

    def remember(self, state: State, now: State) -> State:
        y, level = now["target"][:, None], state["count.level"]
        xp = namespace(y, level)
        seen = xp.isfinite(y)
        value = xp.maximum((xp.where(seen, y, 0.0) - state["count.floor"]) / state["count.unit"], 0.0)
        moved = xp.where(seen, level + state["count.weight"] * (value - level), level)
        return state_without_windows(state) | {"count.level": moved}

    def _run(self, state: State, panel: Panel, row: np.ndarray) -> State:
        """`remember` over all rows, natively; the rows before those of the panel are missing and do not count."""
        from learners._kernels import count_filter

        table = np.concatenate([state[f"count.{name}"] for name in ("level", "weight", "floor", "unit")], axis=1)
        begins = panel.indptr[:-1] + np.maximum(row, 0)
        moved = count_filter(contiguous(panel.y), begins, panel.indptr[1:], table, threads(4 * len(panel)))
        return state | {"count.level": moved[:, None]}

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        return of_level(self.predict(state, future)["forecast"], typical, "smoothed demand")

    def predict(self, state: State, future: State) -> State:
        return in_blocks(self._predict, state, future)

    def _predict(self, state: State, future: State) -> State:
        level, excess, doubt = (state[f"count.{name}"] for name in ("level", "excess", "doubt"))
        xp = namespace(level)
        outputs = {"forecast": repeated(level, future["time"].shape[1])}
        if self.levels or self.point == "median":
            noise, few = (1.0 + excess) * level, state.get("count.strays")
            if few is not None:
                noise = xp.where(excess < 0.0, few[:, :1] * few[:, :1], noise)
            moved = state["count.weight"] * state["count.weight"] * noise  # what a row adds to the level's variance

            def step(carry: State, now: State) -> tuple[State, State]:
                variance = (noise + carry["spread"]) * (1.0 + doubt)
                found = quantiles(level, variance, self.point, self.levels)
                if few is not None:
                    wide = around(level, variance, few[:, 1:], self.levels)
                    found = {n: xp.where(excess[:, 0] < 0.0, wide.get(n, level[:, 0]), v) for n, v in found.items()}
                return {"spread": carry["spread"] + moved}, found

            outputs |= scan(step, {"spread": xp.zeros_like(level)}, {"time": future["time"]})[1]
        return {name: state["count.floor"] + state["count.unit"] * values for name, values in outputs.items()}


def quantiles(mean: Array, variance: Array, point: str, levels: Iterable[float]) -> State:
    """The bands, and the median if that is the `point`, (series,) each, of negative binomial counts with this `mean`
    and `variance`, (series, 1); the mean where there is no variance."""
    xp = namespace(mean)
    sure = xp.maximum(mean, TINY)
    excess = xp.maximum(variance / sure - 1.0, LEAST)
    count = np.arange(1.0, GRID)[None, :]
    # log P(k) = sum_{j < k} log((mean + j excess) / ((1 + excess)(j + 1))) - mean log(1 + excess) / excess
    ratio = xp.log((sure + (count - 1.0) * excess) / ((1.0 + excess) * count))
    none = -sure * xp.log(1.0 + excess) / excess
    chance = xp.exp(xp.concat([none, none + xp.cumulative_sum(ratio, axis=1)], axis=1))
    below = xp.cumulative_sum(chance, axis=1)
    wide = sure * (1.0 + excess)
    outputs: State = {}
    middle = _quantile(0.5, below, sure, wide) if point == "median" else mean
    if point == "median":
        outputs["forecast"] = middle
    for level in levels:
        tail, (lower, upper) = 0.5 - level / 200, bounds(level)
        outputs[lower] = xp.minimum(_quantile(tail, below, sure, wide), middle)
        outputs[upper] = xp.maximum(_quantile(1.0 - tail, below, sure, wide), middle)
    return {name: xp.where(variance > 0.0, values, mean)[:, 0] for name, values in outputs.items()}


def around(mean: Array, variance: Array, freedom: Array, levels: Iterable[float]) -> State:
    """The bands, (series,) each, of whole numbers from zero on with this `mean`, (series, 1), and a `variance` that was
    estimated with `freedom`: of a distribution that nobody knows."""
    xp, outputs = namespace(mean), dict[str, Array]()
    for name, values in student_bands(mean, xp.sqrt(variance), freedom, levels).items():
        whole = xp.maximum(xp.floor(values), 0.0) if name.startswith("lo") else -xp.floor(-values)
        outputs[name] = xp.where(variance > 0.0, whole, mean)[:, 0]
    return outputs


def _quantile(q: float, below: Array, mean: Array, variance: Array) -> Array:
    """The least count with a chance of at least `q` not to be exceeded, (series, 1), given those of the grid; beyond
    it that of a gamma distribution.

    Source: Wilson & Hilferty (1931), The distribution of chi-square, PNAS 17(12).
    """
    xp = namespace(below)
    count = xp.sum(xp.where(below < q, 1.0, 0.0), axis=1, keepdims=True)
    ninth = variance / mean / mean / 9.0
    root = xp.maximum(1.0 - ninth + NormalDist().inv_cdf(q) * xp.sqrt(ninth), 0.0)
    far = xp.floor(mean * root * root * root + 0.5)
    return xp.where(count < GRID, count, xp.maximum(far, float(GRID)))


def _trained(panel: Panel, recipe: NegativeBinomial) -> NegativeBinomialModel:
    from learners._kernels import fit_counts

    spans = Spans.of(panel)
    some = spans.learnable(SHORTEST)
    floor = np.where(spans.lowest < 0, spans.lowest, 0.0)
    unit = _unit(panel, spans, floor)
    values = (spans.values - floor[panel.owner]) / unit[panel.owner]
    found = fit_counts(values, spans.starts, some.astype(np.int64), spans.threads)
    first = (spans.first - floor) / unit  # where nothing can be learned, and nothing varies
    other = np.stack([first, np.full(panel.count, -1.0), np.full(panel.count, WEIGHT)], axis=1)
    level, excess, weight = np.where(some[:, None], found[:, :3], other).T
    doubt = np.where(some, LEARNED, 1.0) / np.maximum(spans.known, 1)
    numbers = {"level": level, "excess": excess, "weight": weight, "doubt": doubt, "floor": floor, "unit": unit}
    if recipe.levels and (few := (spans.known > 0) & (spans.known < SHORTEST)).any():
        deviation, freedom = spans.strays(panel)
        strays = np.where(few[:, None], deviation / unit[:, None], 0.0)
        numbers["strays"] = np.concatenate([strays, freedom], axis=1)
    start = {f"count.{name}": np.ascontiguousarray(values).reshape(panel.count, -1) for name, values in numbers.items()}
    short = np.flatnonzero(~some).tolist()
    notes = (spans.repeating(panel, i, SHORTEST, "NegativeBinomial").note for i in short)
    settings = {"point": recipe.point, "levels": tuple(recipe.levels)}
    return assembled(NegativeBinomialModel, panel, start, notes, **settings)


def _unit(panel: Panel, spans: Spans, floor: np.ndarray) -> np.ndarray:
    """What is counted as one, (series,): 1 where all values are whole and their variance is at most `WIDE` times their
    mean; else that with which it is, a whole number where all values are."""
    top = np.where(spans.highest > floor, spans.highest - floor, 1.0)
    known = np.isfinite(spans.values)
    owner, y = panel.owner[known], spans.values[known] - floor[panel.owner[known]]
    count = np.maximum(spans.known, 1)
    share = y / top[owner]  # so that no square is too large
    mean = np.bincount(owner, share, panel.count) / count
    variance = np.bincount(owner, np.square(share - mean[owner]), panel.count) / count
    whole = np.bincount(owner[y != np.floor(y)], minlength=panel.count) == 0
    wide = top * np.maximum(variance / np.where(mean > 0, mean, 1.0), 1e-12) / WIDE
    unit: np.ndarray = np.where(whole, np.maximum(np.ceil(wide), 1.0), np.maximum(wide, np.finfo(np.float64).tiny))
    return unit
