"""sampled: what each column adds to any prediction, by taking columns in one after the other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

EXACT = 5  # columns up to which every set of them is asked about
ORDERS = 4  # orders in which more columns are taken in, each with its reverse


def sampled(
    predict: Callable[[np.ndarray], np.ndarray], X: np.ndarray, typical: np.ndarray, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The base `predict(typical)` (rows,) and the Shapley values of the columns of X (rows, columns), against
    `typical` (columns,). Together they are `predict(X)`, exactly; each is exact where columns are few, else the mean
    over some orders. Source: Castro, Gomez & Tejada, Polynomial calculation of the Shapley value based on sampling,
    2009.
    """

    def value(chosen: np.ndarray) -> np.ndarray:
        return np.asarray(predict(np.where(chosen[None, :], X, typical[None, :])), np.float64)

    return shapley(value, X.shape[1], seed)


def shapley(value: Callable[[np.ndarray], np.ndarray], count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """`value` of nothing, and what each of `count` players adds, as a last axis; `value` takes a mask of players."""
    base = value(np.zeros(count, bool))
    found = np.zeros((*base.shape, count))
    known: dict[bytes, np.ndarray] = {np.zeros(count, bool).tobytes(): base}

    def worth(chosen: np.ndarray) -> np.ndarray:
        key = chosen.tobytes()
        if key not in known:
            if count > EXACT and len(known) > 2:
                known.pop(next(k for k in known if any(k)))  # the sets of many players hardly come again
            known[key] = value(chosen)
        return known[key]

    orders = every_order(count) if count <= EXACT else some_orders(count, seed)
    for order in orders:
        chosen, before = np.zeros(count, bool), base
        for player in order:
            chosen = chosen.copy()
            chosen[player] = True
            after = worth(chosen)
            found[..., player] += (after - before) / len(orders)
            before = after
    return base, found


def every_order(count: int) -> list[tuple[int, ...]]:
    from itertools import permutations

    return list(permutations(range(count)))


def some_orders(count: int, seed: int) -> list[tuple[int, ...]]:
    """Random orders, the same for one seed, each followed by its reverse."""
    rng = np.random.default_rng(seed)
    orders = [tuple(rng.permutation(count).tolist()) for _ in range(ORDERS)]
    return [each for order in orders for each in (order, order[::-1])]
