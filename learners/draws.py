"""drawn: some of very many rows."""

from __future__ import annotations

import numpy as np


def drawn(rows: np.ndarray, most: int | None, seed: int = 0) -> np.ndarray:
    """At most `most` of `rows`, in order: one drawn from each of as many stretches of the same length, so that every
    series has its share and no season falls into step with what is taken."""
    if most is None or len(rows) <= most:
        return rows
    places = np.arange(most) + np.random.default_rng(seed).random(most)
    return rows[np.minimum((places * (len(rows) / most)).astype(np.int64), len(rows) - 1)]
