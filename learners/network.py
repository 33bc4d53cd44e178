"""Network: a temporal convolutional network as formulas over its weights, the same for numpy, a graph and torch.

Bai, Kolter & Koltun (2018), arXiv:1803.01271: residual blocks of two causal convolutions whose dilation doubles from
block to block. Only the last step of the window is read, and a dilated convolution that is read at its last step is a
strided one: each block halves its steps, with the same result. In front of each convolution stands no padding but
zeros, as in the paper; behind it a layer normalisation takes the place of the paper's weight normalisation.
The convolutions see each value beside its distance from the season before. The forecast of a step is a mix of the
window's own values in the same season, plus a linear map of the window and of the means of the seasons before it (Zeng
et al. 2023, arXiv:2205.13504; pooled as in Challu et al. 2023, arXiv:2201.12886), plus what a small network makes of
the context, the step and what is known of it; the other quantiles lie around the median by positive distances, so
that they never cross. Without layers nothing is convolved: the context comes of the window's values through one hidden
layer, and of the last row of the other columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from featurizers.arrays import Array, namespace

Weights = dict[str, Any]  # name -> array (or a torch tensor while training)
NARROW = 16  # width of what the context says about one step
SEASONS = 4  # seasons that the seasonal mean looks back on


@dataclass(frozen=True)
class Shape:
    """The sizes of the network, all static."""

    horizon: int
    window: int  # steps that the convolutions see, and that set the scale
    reach: int  # steps of the target that the seasonal values come from, at least the window
    channels: int
    layers: int
    kernel: int
    periods: tuple[int, ...]  # seasons that fit into the reach
    quantiles: tuple[float, ...]  # ascending, with 0.5 among them
    behind: int  # numeric columns of a past row, calendar included
    ahead: int  # numeric columns of a future row, calendar included
    static: int  # numeric columns of a series
    behind_levels: tuple[int, ...] = ()  # categories of each past column of codes
    ahead_levels: tuple[int, ...] = ()
    static_levels: tuple[int, ...] = ()

    @property
    def median(self) -> int:
        return self.quantiles.index(0.5)

    @property
    def cycles(self) -> tuple[int, ...]:
        """Seasons that lie within the reach of every step of the window."""
        return tuple(p for p in self.periods if self.window + p <= self.reach)

    @property
    def pools(self) -> int:
        """How many of the shortest seasons the reach holds; none where it is no longer than the window."""
        return self.reach // self.periods[0] if self.periods and self.reach > self.window else 0


@dataclass(frozen=True)
class Inputs:
    """What the network sees, float32 but for the codes (int64, -1 where unknown)."""

    target: Array  # (series, reach), scaled, 0 where missing
    seen: Array  # (series, reach), 1 where the target is known
    behind: Array  # (series, window, columns)
    ahead: Array  # (series, steps, columns)
    static: Array  # (series, columns)
    behind_codes: tuple[Array, ...] = ()  # (series, window) each
    ahead_codes: tuple[Array, ...] = ()  # (series, steps) each
    static_codes: tuple[Array, ...] = ()  # (series,) each


def field_of_view(layers: int, kernel: int) -> int:
    """How many steps the last output sees: 1 + 2 (kernel - 1) (2^layers - 1)."""
    return 1 + 2 * (kernel - 1) * ((1 << layers) - 1)


def width(levels: int) -> int:
    """The size of the embedding of a column with so many categories."""
    return int(min(16, 2 + np.ceil(np.sqrt(levels))))


def initial(shape: Shape, seed: int) -> dict[str, np.ndarray]:
    """Weights to start from: He et al. (2015) in front of a ReLU; the forecast starts as the seasonal values."""
    random = np.random.default_rng(seed)
    weights: dict[str, np.ndarray] = {}

    def dense(name: str, rows: int, columns: int, gain: float = 2.0, taps: int = 0) -> None:
        size = (taps, rows, columns) if taps else (rows, columns)
        deviation = np.sqrt(gain / max(rows * max(taps, 1), 1))
        weights[name] = random.normal(0.0, deviation, size).astype(np.float32)
        weights[f"{name}_bias"] = np.zeros(columns, np.float32)

    def ones(name: str, size: int) -> None:
        weights[name], weights[f"{name}_bias"] = np.ones(size, np.float32), np.zeros(size, np.float32)

    for place in ("behind", "ahead", "static"):
        for i, levels in enumerate(getattr(shape, f"{place}_levels")):
            table = random.normal(0.0, 0.3, (levels + 1, width(levels))).astype(np.float32)
            weights[f"{place}_table{i}"] = table  # row 0 is the unknown category
    c = shape.channels
    dense("enter", 2 + len(shape.cycles) + shape.behind + sum(map(width, shape.behind_levels)), c, gain=1.0)
    for i in range(shape.layers):
        for half in ("a", "b"):
            dense(f"block{i}{half}", c, c, taps=shape.kernel)
            ones(f"norm{i}{half}", c)
    static = shape.static + sum(map(width, shape.static_levels))
    view = shape.window + shape.pools
    dense("context", (shape.layers + 1) * c + view + static, 2 * c)
    weights["straight"] = np.zeros((view, shape.horizon), np.float32)
    dense("steps", 2 * c, shape.horizon * NARROW, gain=1.0)
    known = shape.ahead + sum(map(width, shape.ahead_levels)) + lag_count(shape)
    dense("decode", NARROW + known, 2 * c)
    dense("deepen", 2 * c, 2 * c)
    dense("leave", 2 * c, len(shape.quantiles), gain=0.01)
    weights["mix"] = np.full((lag_count(shape), 1), 1.0 / max(2 * len(shape.periods), 1), np.float32)
    weights["mix"][-1] = 0.0 if shape.periods else 1.0
    return weights


def lag_count(shape: Shape) -> int:
    """Two columns for each season and the last value."""
    return 2 * len(shape.periods) + 1


class Operations:
    """The steps of the network on numpy arrays and on symbols; training has its own, on tensors."""

    def __init__(self, xp: Any) -> None:
        self.xp = xp

    def linear(self, x: Array, weight: Array, bias: Array | None = None) -> Array:
        flat = len(x.shape) == 2  # one product a series, so that its digits don't hang on how many series there are
        y = self.xp.matmul(x[:, None, :], weight)[:, 0, :] if flat else self.xp.matmul(x, weight)
        return y if bias is None else y + bias

    def convolve(self, x: Array, weight: Array, bias: Array, stride: int) -> Array:
        """A causal convolution of x (series, steps, channels), read at every `stride`th step back from the last."""
        taps, steps = weight.shape[0], x.shape[1]
        before = [x[:, :1, :] * 0.0] * (taps - 1)
        x = self.xp.concat([*before, x], axis=1)
        first = (steps - 1) % stride
        y = bias
        for j in range(taps):
            y = y + self.xp.matmul(x[:, first + j : first + j + steps - first : stride, :], weight[j])
        return y

    def normalise(self, x: Array, gain: Array, bias: Array) -> Array:
        """Ba, Kiros & Hinton (2016), arXiv:1607.06450, over the channels."""
        xp = self.xp
        centred = x - xp.mean(x, axis=-1, keepdims=True)
        variance = xp.mean(centred * centred, axis=-1, keepdims=True)
        return centred / xp.sqrt(variance + 1e-5) * gain + bias

    def relu(self, x: Array) -> Array:
        return self.xp.maximum(x, 0.0)

    def softplus(self, x: Array) -> Array:
        xp = self.xp
        return xp.maximum(x, 0.0) + xp.log(1.0 + xp.exp(-xp.abs(x)))

    def drop(self, x: Array) -> Array:
        return x

    def embed(self, table: Array, codes: Array) -> Array:
        return self.xp.take(self.xp.asarray(table), codes + 1, axis=0)

    def take(self, x: Array, at: np.ndarray) -> Array:
        return self.xp.take(x, at, axis=1)

    def maximum(self, x: Array, least: float) -> Array:
        return self.xp.maximum(x, least)

    def total(self, x: Array, axis: int) -> Array:
        return self.xp.sum(x, axis=axis)

    def concat(self, parts: list[Array], axis: int) -> Array:
        return self.xp.concat(parts, axis=axis)

    def stack(self, parts: list[Array], axis: int) -> Array:
        return self.xp.stack(parts, axis=axis)

    def reshape(self, x: Array, shape: tuple[int, ...]) -> Array:
        return self.xp.reshape(x, shape)


def scaled(xp: Any, values: Array, window: int) -> tuple[Array, Array, Array, Array]:
    """`values` (series, k) in units of their last `window`: (value - level) / scale with 0 where it is missing; 1
    where it is known, else 0; the level and the scale (series, 1 each). Torch, as `xp`, runs it as well."""
    seen = ~xp.isnan(values)
    known = xp.where(seen, 1.0, 0.0)
    filled, recent = xp.where(seen, values, 0.0)[:, -window:], known[:, -window:]
    count = xp.sum(recent, axis=1, keepdims=True)
    count = xp.where(count > 0, count, 1.0)
    level = xp.sum(filled, axis=1, keepdims=True) / count
    away = (filled - level) * recent
    scale = xp.sqrt(xp.sum(away * away, axis=1, keepdims=True) / count)
    scale = xp.maximum(scale, 1e-4 * xp.abs(level))
    scale = xp.where(scale > 0, scale, 1.0)
    return xp.where(seen, (values - level) / scale, 0.0), known, level, scale


def forward(weights: Weights, shape: Shape, inputs: Inputs, operations: Any = None) -> list[Array]:
    """The scaled quantiles, in the order of `shape.quantiles`, (series, steps) each."""
    do = operations or Operations(namespace(inputs.target))
    steps = inputs.ahead.shape[1]
    view = overview(shape, inputs, do)
    context = encode(weights, shape, inputs, view, do)
    lags = seasonal(shape, inputs, steps, do)
    # The context's word on each step (a step's own embedding is the bias).
    size = steps * NARROW
    said = do.linear(context, weights["steps"][:, :size], weights["steps_bias"][:size])
    parts = [do.reshape(said, (-1, steps, NARROW)), inputs.ahead, lags]
    parts += [do.embed(weights[f"ahead_table{i}"], codes) for i, codes in enumerate(inputs.ahead_codes)]
    hidden = do.drop(do.relu(_linear(do, weights, "decode", do.concat(parts, 2))))
    hidden = hidden + do.drop(do.relu(_linear(do, weights, "deepen", hidden)))
    out = _linear(do, weights, "leave", hidden)
    middle = out[:, :, shape.median] + do.linear(lags, weights["mix"])[:, :, 0]
    middle = middle + do.linear(view, weights["straight"][:, :steps])
    return spread(shape, out, middle, do)


def overview(shape: Shape, inputs: Inputs, do: Any) -> Array:
    """The window and the means of the shortest seasons of the reach, (series, window + pools)."""
    recent = inputs.target[:, -shape.window :]
    if shape.pools == 0:
        return recent
    size = shape.pools * shape.periods[0]
    blocks = (-1, shape.pools, shape.periods[0])
    total = do.total(do.reshape(inputs.target[:, -size:], blocks), 2)
    count = do.total(do.reshape(inputs.seen[:, -size:], blocks), 2)
    return do.concat([recent, total / do.maximum(count, 1.0)], 1)


def encode(weights: Weights, shape: Shape, inputs: Inputs, view: Array, do: Any) -> Array:
    """The window and the static columns as one vector a series, (series, 2 channels)."""
    size, target, seen = shape.window if shape.layers else 1, inputs.target, inputs.seen
    parts = [target[:, -size:, None], seen[:, -size:, None]]
    for period in shape.cycles:
        before = slice(-size - period, -period)
        change = (target[:, -size:] - target[:, before]) * seen[:, -size:] * seen[:, before]
        parts.append(change[:, :, None])
    parts.append(inputs.behind[:, -size:, :])
    parts += [do.embed(weights[f"behind_table{i}"], c[:, -size:]) for i, c in enumerate(inputs.behind_codes)]
    x = _linear(do, weights, "enter", do.concat(parts, 2))
    read = [x[:, -1, :]]
    for i in range(shape.layers):
        halved = x[:, (x.shape[1] - 1) % 2 :: 2, :]
        for half, stride in (("a", 1), ("b", 2)):
            name = f"{i}{half}"
            x = do.convolve(x, weights[f"block{name}"], weights[f"block{name}_bias"], stride)
            x = do.drop(do.relu(do.normalise(x, weights[f"norm{name}"], weights[f"norm{name}_bias"])))
        x = halved + x
        read.append(x[:, -1, :])
    read += [view, inputs.static]
    read += [do.embed(weights[f"static_table{i}"], codes) for i, codes in enumerate(inputs.static_codes)]
    return do.drop(do.relu(_linear(do, weights, "context", do.concat(read, 1))))


def seasonal(shape: Shape, inputs: Inputs, steps: int, do: Any) -> Array:
    """For each step the value one season before and the mean of up to four of them, for each season; and the last
    value: (series, steps, columns), 0 (the level of the window) where the window holds none."""
    values, seen, columns = inputs.target, inputs.seen, []
    for period in shape.periods:
        at = shape.reach - period + np.arange(steps) % period
        latest, known = do.take(values, at), do.take(seen, at)
        total, count = latest, known
        for cycle in range(1, min(SEASONS, shape.reach // period)):
            total = total + do.take(values, at - cycle * period)
            count = count + do.take(seen, at - cycle * period)
        mean = total / do.maximum(count, 1.0)
        columns += [latest + mean * (1.0 - known), mean]
    last = do.take(values, np.full(steps, shape.reach - 1))
    return do.stack([*columns, last], 2)


def spread(shape: Shape, out: Array, middle: Array, do: Any) -> list[Array]:
    """Quantiles around the median, each a positive distance further out."""
    found = {shape.median: middle}
    for i in range(shape.median + 1, len(shape.quantiles)):
        found[i] = found[i - 1] + do.softplus(out[:, :, i])
    for i in range(shape.median - 1, -1, -1):
        found[i] = found[i + 1] - do.softplus(out[:, :, i])
    return [found[i] for i in range(len(shape.quantiles))]


def _linear(do: Any, weights: Weights, name: str, x: Array) -> Array:
    return do.linear(x, weights[name], weights[f"{name}_bias"])
