"""Blocks: many series a few thousand at a time, so that what is held meanwhile stays small."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from featurizers.arrays import State

BLOCK = 5_000  # series


def in_blocks(predict: Callable[[State, State], State], state: State, future: State) -> State:
    """What `predict` gives for `state` and `future`, (series, ...) each, which looks at each series by itself; all at
    once where there are symbols instead of numbers."""
    tables = [*state.values(), *future.values()]
    if not all(isinstance(table, np.ndarray) for table in tables) or len(tables[0]) <= BLOCK:
        return predict(state, future)
    parts = []
    for begin in range(0, len(tables[0]), BLOCK):
        rows = slice(begin, begin + BLOCK)
        parts.append(predict({n: v[rows] for n, v in state.items()}, {n: v[rows] for n, v in future.items()}))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
