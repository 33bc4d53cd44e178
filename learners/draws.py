"""drawn and evenly: some of very many."""

from __future__ import annotations

import numpy as np


def drawn(rows: np.ndarray, most: int | None, seed: int = 0) -> np.ndarray:
    """At most `most` of `rows`, in order: one drawn from each of as many stretches of the same length, so that every
    series has its share and no season falls into step with what is taken."""
    if most is None or len(rows) <= most:
        return rows
    places = np.arange(most) + np.random.default_rng(seed).random(most)
    return rows[np.minimum((places * (len(rows) / most)).astype(np.int64), len(rows) - 1)]


def evenly(count: int, most: int) -> np.ndarray:
    """The places of at most `most` of `count` things, spread evenly from the first to the last."""
    return np.arange(count) if count <= most else np.linspace(0, count - 1, most).astype(np.int64)
