"""The exact Kalman filter of an ARIMA model in O(k) numbers, in the companion form of its full autoregression.

y[t] = c + sum_i ar[i] y[t-i] + sum_j ma[j] e[t-j], where `ar` holds the differences as well. The state has
k = max(p, q + 1) numbers; the transition matrix T is `ar` in its first column and ones above the diagonal, so that
products with it are a shift and an outer product, whatever the orders. No k x k covariance P of the state is kept:
the system does not vary in time, so that P moves by D = P' - P = L M L' of low rank, and with `state` a, `gain` K and
`spread` F (the variance of the next innovation, where that of all innovations is 1) the filter is, for v = L[0],

    a' = T a + K (y - a[0]),  F' = F + v M v',  K' F' = K F + T L M v',  L' = (T - K' e1') L,  M' = M + M v' v M / F

(Chandrasekhar's form: Morf, Sidhu & Kailath, 1974, Some new algorithms for recursive estimation in constant linear
discrete-time systems). L starts as one column, `change`. A missing row leaves K F K' in P, and the first value after
a gap takes it out again: two more columns, `gaps`, with their own T in between. When a gap begins, all columns for
gaps are taken and the oldest still matters, its missing values are taken to be what was forecast. Measured on 110 rows
of four simulated models with room for five gaps: exact to 0.1 deviations of a forecast where one value in 20 was
missing, the deviation 0 to 1 % too small; where it was one in 5, off by 0.1 to 0.6, and 2 to 7 % too small.

The first rows, as many as the differences look back (`counts`), are taken as they are, which is the limit of a diffuse
start: the gain is then ar - phi, phi being the autoregression without differences, and `change` is what it lacks. If
one of them is missing, it is expected to be what all values of training say of it, and treated as known. Sources:
Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, 3.3; Durbin & Koopman (2012), Time
Series Analysis by State Space Methods, chapter 5.
"""

from __future__ import annotations

import numpy as np

from featurizers.arrays import Array, State, namespace

FORGOTTEN = 1e-9  # part of the spread that a gap may still change when its columns are taken
MOVING = ("state", "gain", "spread", "change", "gaps", "weights", "counts", "lever")  # what a row changes
DIFFUSE = 1e6  # the variance of a forecast while the first rows are not complete, in units of the innovations'


def slots(change: np.ndarray, spread: np.ndarray, gaps: int) -> dict[str, np.ndarray]:
    """Columns for so many gaps beside `change` (series, k), and the weights M before the first row."""
    count, k = change.shape
    weights = np.zeros((count, (2 * gaps + 1) ** 2))
    weights[:, 0] = -spread[:, 0]
    return {"arima.gaps": np.zeros((count, 2 * gaps * k)), "arima.weights": weights}


def next_state(ar: Array, state: Array, intercept: Array) -> Array:
    """The state one row later; `ar` and `state` are (series, k), `intercept` (series, 1)."""
    xp = namespace(ar, state)
    shift = xp.concat([state[:, 1:], xp.zeros_like(state[:, :1])], axis=1)
    pushed = xp.concat([intercept, xp.zeros_like(state[:, 1:])], axis=1)
    return ar * state[:, :1] + shift + pushed


def later(by: Array, columns: Array) -> Array:
    """The columns (series, r, k) one row later, where `by` (series, k) multiplies their first number."""
    return by[:, None, :] * columns[:, :, :1] + _shifted(columns)


def columns_of(state: State) -> tuple[Array, Array]:
    """L (series, r, k) and M (series, r, r)."""
    xp, k = namespace(state["arima.change"]), state["arima.change"].shape[1]
    columns = xp.concat([state["arima.change"], state["arima.gaps"]], axis=1)
    r = columns.shape[1] // k
    return xp.reshape(columns, (-1, r, k)), xp.reshape(state["arima.weights"], (-1, r, r))


def weighed(values: Array, weights: Array) -> Array:
    """v M v' (series, 1) for v (series, r)."""
    xp = namespace(values, weights)
    return xp.sum(values * xp.sum(weights * values[:, None, :], axis=2), axis=1, keepdims=True)


def stepped(state: State, y: Array, seen: Array | None) -> State:
    """What the row `y` (series, 1) moves, where it is finite; `seen` (series, levers) are its columns, the first 0."""
    xp, ar, gain = namespace(state["arima.state"], y), state["arima.ar"], state["arima.gain"]
    missing, counts, spread = ~xp.isfinite(y), state["arima.counts"], state["arima.spread"]
    warm = counts[:, :1] > 0.0
    error = xp.where(missing, 0.0, y - state["arima.state"][:, :1])
    moved = {"arima.state": next_state(ar, state["arima.state"], state["arima.intercept"]) + gain * error}
    if seen is not None:
        moved["arima.lever"] = _levered(state, missing, seen)
    columns, weights = columns_of(state)
    gap = missing & ~warm & ((counts[:, 1:] > 0.0) | _forgotten(columns, weights, spread))
    opened, weighted = _opened(state, columns, weights)
    L, M = xp.where(gap[:, :, None], opened, columns), xp.where(gap[:, :, None], weighted, weights)
    ahead, gained, grown, M = _spread(ar, gain, spread, L, M, gap)
    first = xp.where(counts[:, :1] <= 1.0, gain + state["arima.change"], gain)
    k, rest = ar.shape[1], columns.shape[1] - 1
    ahead = xp.where(warm[:, :, None], columns, ahead)
    return moved | {
        "arima.gain": xp.where(warm, first, gained),
        "arima.spread": xp.where(warm, spread, grown),
        "arima.change": ahead[:, 0, :],
        "arima.gaps": xp.reshape(ahead[:, 1:, :], (-1, rest * k)),
        "arima.weights": xp.reshape(xp.where(warm[:, :, None], weights, M), (-1, (rest + 1) ** 2)),
        "arima.counts": xp.concat([xp.maximum(counts[:, :1] - 1.0, 0.0), xp.where(gap, 1.0, 0.0)], axis=1),
    }


def _levered(state: State, missing: Array, seen: Array) -> Array:
    """The derivatives of the state by the constant and the slopes: they move as the state does, `seen` being y."""
    xp, ar, width = namespace(state["arima.lever"], seen), state["arima.ar"], seen.shape[1]
    lever = xp.reshape(state["arima.lever"], (-1, width, ar.shape[1]))
    told = xp.where(missing, 0.0, lever[:, :, 0] + seen)
    first = np.zeros((1, width, ar.shape[1]))
    first[0, 0, 0] = 1.0
    moved = later(ar, lever) + state["arima.push"][:, :, None] * first
    return xp.reshape(moved - told[:, :, None] * state["arima.gain"][:, None, :], (-1, width * ar.shape[1]))


def _spread(
    ar: Array, gain: Array, spread: Array, columns: Array, weights: Array, gap: Array
) -> tuple[Array, Array, Array, Array]:
    """L, K, F and M one row later."""
    xp, r = namespace(gain, columns), columns.shape[1]
    values = columns[:, :, 0]
    share = xp.sum(weights * values[:, None, :], axis=2)
    grown = spread + xp.sum(share * values, axis=1, keepdims=True)
    total = xp.sum(share[:, :, None] * columns, axis=1)
    shift = xp.concat([total[:, 1:], xp.zeros_like(total[:, :1])], axis=1)
    gained = (gain * spread + (ar * total[:, :1] + shift)) / grown
    moved = later(xp.where(gap, ar, ar - gained), columns)
    product = share[:, :, None] * share[:, None, :] / spread[:, :, None]
    weights = weights + xp.where(gap[:, :, None], 0.0, product)
    third = np.eye(r)[2] if r > 1 else np.zeros(r)
    taken = xp.where(gap, gained, 0.0)[:, None, :] * third[None, :, None]
    return moved + taken, gained, grown, weights - xp.where(gap, grown, 0.0)[:, :, None] * np.outer(third, third)[None]


def _opened(state: State, columns: Array, weights: Array) -> tuple[Array, Array]:
    """L and M with room for the gap that begins or goes on: that takes back what the next value was to take out."""
    xp, r = namespace(columns, weights), columns.shape[1]
    if r == 1:
        return columns, weights
    gain, goes_on = state["arima.gain"][:, None, :], (state["arima.counts"][:, 1:] > 0.0)[:, :, None]
    fresh = xp.concat([columns[:, :1, :], gain, xp.zeros_like(gain), columns[:, 1:-2, :]], axis=1)
    kept = np.ones(r)
    kept[2] = 0.0
    first = np.outer(np.eye(r)[1], np.eye(r)[1])[None]
    # Slices and no product with a matrix that has one row a series, which runtimes refuse where there is no series.
    rows = xp.concat([weights[:, :1, :], xp.zeros_like(weights[:, :2, :]), weights[:, 1:-2, :]], axis=1)
    moved = xp.concat([rows[:, :, :1], xp.zeros_like(rows[:, :, :2]), rows[:, :, 1:-2]], axis=2)
    begun = moved + state["arima.spread"][:, :, None] * first
    going = weights * np.outer(kept, kept)[None]
    return xp.where(goes_on, columns * kept[None, :, None], fresh), xp.where(goes_on, going, begun)


def _forgotten(columns: Array, weights: Array, spread: Array) -> Array:
    """Whether the oldest gap changes the spread no more, (series, 1)."""
    xp, r = namespace(columns, weights), columns.shape[1]
    if r == 1:
        return spread < 0.0
    sizes = xp.sqrt(xp.sum(columns * columns, axis=2))
    between = xp.abs(weights) * sizes[:, :, None] * sizes[:, None, :]
    oldest = xp.sum(xp.sum(between, axis=2)[:, r - 2 :], axis=1, keepdims=True)
    return oldest <= FORGOTTEN * spread


def _shifted(columns: Array) -> Array:
    xp = namespace(columns)
    return xp.concat([columns[:, :, 1:], xp.zeros_like(columns[:, :, :1])], axis=2)
