"""Adida and Imapa: intermittent demand, summed up over several rows before it is smoothed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.kernels import threads
from featurizers.panel import Panel
from learners.attribution import Attribution
from learners.bands import check_levels
from learners.components import of_level
from learners.demand import began, demand_bands, followed, moved
from learners.learner import Learner
from learners.local import LocalModel, assembled, state_without_windows
from learners.naive import repeated
from learners.place import name_of
from learners.spans import Spans

WEIGHTS = (0.1, 0.3)  # where the weight of a new sum is looked for
BAND_WEIGHT = 0.1  # of what the bands know of sizes and gaps
MOST = 64  # buckets of one series; more would cost memory without a gain
BUCKET = ("rows", "weight", "level", "sum", "filled")  # in the order of the kernel


@dataclass(frozen=True)
class Adida(Learner):
    """Sums over buckets of as many rows as lie between two demands on average, smoothed; a row has its share of one.

    The last row of training ends a bucket; later rows fill the next one, which counts once it is full. The weight of a
    new sum is that with the least squared one-step error between 0.1 and 0.3. Missing rows do not count. `levels` asks
    for bands in percent, see `demand_bands`. Source: Nikolopoulos, Syntetos, Boylan, Petropoulos & Assimakopoulos
    (2011), An aggregate-disaggregate intermittent demand approach (ADIDA) to forecasting, Journal of the Operational
    Research Society 62(3).
    """

    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> AggregatedModel:
        return _trained("Adida", panel, self.levels)


@dataclass(frozen=True)
class Imapa(Learner):
    """The mean of what buckets of one row, two rows and so on forecast, up to those of `Adida`.

    Where more than 64 lie between two demands, 64 sizes of buckets are taken at equal distances. Source: Petropoulos &
    Kourentzes (2015), Forecast combinations for intermittent demand, Journal of the Operational Research Society 66(6).
    """

    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> AggregatedModel:
        return _trained("Imapa", panel, self.levels)


@dataclass(frozen=True, eq=False)
class AggregatedModel(LocalModel):
    """Memory: of each bucket its rows, the weight of a new sum, the smoothed sum (NaN before the first), the sum of the
    rows since and their number (below zero before the first bucket begins); for bands see `demand`."""

    levels: tuple[float, ...] = ()

    def remember(self, state: State, now: State) -> State:
        y, rows, level = now["target"][:, None], state["bucket.rows"], state["bucket.level"]
        xp = namespace(y, rows)
        seen = xp.isfinite(y) & (rows > 0.0)
        filled = state["bucket.filled"] + xp.where(seen, 1.0, 0.0)
        total = state["bucket.sum"] + xp.where(seen & (filled > 0.0), y, 0.0)
        full = seen & (filled >= rows)
        newer = xp.where(xp.isnan(level), total, level + state["bucket.weight"] * (total - level))
        kept = state_without_windows(state) | {
            "bucket.level": xp.where(full, newer, level),
            "bucket.sum": xp.where(full, 0.0, total),
            "bucket.filled": xp.where(full, 0.0, filled),
        }
        return kept | (moved(state, now["target"]) if self.levels else {})

    def _run(self, state: State, panel: Panel, row: np.ndarray) -> State:
        """`remember` over all rows, natively; the rows before those of the panel are missing and do not count."""
        from learners._kernels import bucket_filter

        begins, y = panel.indptr[:-1] + np.maximum(row, 0), panel.y.astype(np.float64)
        table = np.stack([state[f"bucket.{name}"] for name in BUCKET], axis=2)
        workers = threads(8 * len(panel) * table.shape[1])
        filtered = bucket_filter(y, begins, panel.indptr[1:], table, workers)
        kept = state | {f"bucket.{name}": filtered[:, :, i] for i, name in enumerate(BUCKET)}
        return kept | (followed(state, panel, row) if self.levels else {})

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        return of_level(self.predict(state, future)["forecast"], typical, "smoothed demand")

    def predict(self, state: State, future: State) -> State:
        rows, level = state["bucket.rows"], state["bucket.level"]
        xp = namespace(rows)
        used = (rows > 0.0) & ~xp.isnan(level)
        shares = xp.where(used, level / xp.maximum(rows, 1.0), 0.0)
        count = xp.sum(xp.where(used, 1.0, 0.0), axis=1, keepdims=True)
        total = xp.sum(shares, axis=1, keepdims=True)
        rate: Array = xp.where(count > 0.0, total / xp.maximum(count, 1.0), xp.nan)
        outputs = {"forecast": rate}
        if self.levels:
            outputs |= demand_bands(state, rate, *_compound(state, rate), self.levels)
        return {name: repeated(values, future["time"].shape[1]) for name, values in outputs.items()}


def _compound(state: State, rate: Array) -> tuple[Array, Array]:
    """The chance and the mean size of a demand that make `rate`: sizes as they are seen, and the chance that follows;
    where there is none, larger sizes or the chance of the gaps."""
    size, gap = state["demand.size"], state["demand.gap"]
    xp = namespace(size, rate)
    begun, positive = ~xp.isnan(size), (size > 0.0) & (rate > 0.0)
    larger = xp.where(positive, xp.maximum(size, rate), size)
    chance = xp.where(positive, rate / xp.where(positive, larger, 1.0), 1.0 / xp.where(begun, gap, 1.0))
    return xp.where(begun, chance, 0.0), larger


def _trained(learner: str, panel: Panel, levels: tuple[float, ...]) -> AggregatedModel:
    from learners._kernels import bucket_weights

    check_levels(levels)
    spans = Spans.of(panel)
    longest = _between(panel)
    nothing = np.flatnonzero(spans.known == 0).tolist()
    notes = {i: spans.repeating(panel, i, 1, learner).note for i in nothing}
    rows = longest[:, None] if learner == "Adida" else _every(longest)
    if learner == "Imapa":
        for i in np.flatnonzero(longest > MOST).tolist():
            name = name_of(panel, i)
            notes[i] = f"{name} has {longest[i]:.0f} rows between two demands: Imapa takes {MOST} sizes of buckets."
    weights = bucket_weights(spans.values, spans.starts, rows, *WEIGHTS, threads(100 * len(panel) * rows.shape[1]))
    start: State = {
        "bucket.rows": rows,
        "bucket.weight": weights,
        "bucket.level": np.full_like(rows, np.nan),
        "bucket.sum": np.zeros_like(rows),
        "bucket.filled": -np.where(rows > 0, spans.known[:, None] % np.maximum(rows, 1.0), 0.0),
    }
    if levels:
        every = np.full(panel.count, BAND_WEIGHT)
        start |= began(every, every)
    return assembled(AggregatedModel, panel, start, (notes[i] for i in sorted(notes)), levels=tuple(levels))


def _between(panel: Panel) -> np.ndarray:
    """The mean number of rows from one demand to the next, from the first row on, rounded: (series,); at least 1."""
    at = np.flatnonzero(np.isfinite(panel.y))
    seen = np.bincount(panel.owner[at], minlength=panel.count)
    place = np.arange(len(at)) - (np.cumsum(seen) - seen)[panel.owner[at]] + 1.0  # among the known rows of its series
    demand = panel.y[at] != 0.0
    owner = panel.owner[at][demand]
    last, demands = np.zeros(panel.count), np.bincount(owner, minlength=panel.count)
    np.maximum.at(last, owner, place[demand])
    between: np.ndarray = np.maximum(np.rint(last / np.maximum(demands, 1)), 1.0)
    return between


def _every(longest: np.ndarray) -> np.ndarray:
    """The rows of the buckets of each series, 1 to `longest`, (series, most); 0 where it has no more of them."""
    width = int(np.minimum(longest, MOST).max(initial=1))
    count = np.minimum(longest, MOST)[:, None]
    index = np.arange(width)[None, :]
    rows = np.rint(1.0 + index * (longest[:, None] - 1.0) / np.maximum(count - 1.0, 1.0))
    every: np.ndarray = np.where(index < count, rows, 0.0)
    return every
