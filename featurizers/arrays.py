"""Arrays: what numpy and a graph under construction have in common.

Code that is deployed takes its functions from its inputs (`xp = namespace(x)`),
so the same lines compute on numpy and, called with symbols, write the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any  # a numpy array, or a Symbol of a graph under construction
State: TypeAlias = dict[str, Array]  # name -> (series, k)
DOT = "\x1f"  # what stands for a dot of a column's name; no column is called so


def namespace(*arrays: Array) -> Any:
    """The functions that belong to `arrays`: numpy's, or a graph's if one of them is a symbol."""
    for array in arrays:
        if not isinstance(array, np.ndarray | np.generic | int | float):
            return array.__array_namespace__()
    return np


def scan(
    step: Callable[[State, State], tuple[State, State]], carry: State, columns: Mapping[str, Array]
) -> tuple[State, State]:
    """Walk `columns`, each (series, steps), from left to right: `carry, outputs = step(carry, now)`.

    `now` holds one (series,) array for each column, `outputs` likewise; the outputs
    come back side by side as (series, steps), after the last carry. The only loop
    that a graph may hold.
    """
    xp = namespace(*carry.values(), *columns.values())
    if xp is not np:
        return xp.loop(step, carry, dict(columns))
    collected: dict[str, list[np.ndarray]] = {}
    for i in range(next(iter(columns.values())).shape[1]):
        carry, outputs = step(carry, {name: values[:, i] for name, values in columns.items()})
        for name, values in outputs.items():
            collected.setdefault(name, []).append(values)
    return carry, {name: np.stack(parts, axis=1) for name, parts in collected.items()}


def window_of(column: str) -> str:
    """The key of a column's window in a state: its name, without dots, by which memory is told from windows."""
    return column.replace(".", DOT)


def column_of(window: str) -> str:
    """The column whose window has this key."""
    return window.replace(DOT, ".")


def shifted(window: Array, newest: Array) -> Array:
    """`window` (series, k) one row later: the oldest column leaves, `newest` (series,) joins."""
    xp = namespace(window, newest)
    if window.shape[1] == 0:
        return window
    return xp.concat([window[:, 1:], newest[:, None]], axis=1)
