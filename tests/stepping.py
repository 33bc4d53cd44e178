"""Stepping: a featurizer's `step` on numpy and as a graph, against its `transform`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from featurizers.arrays import State
from featurizers.featurizer import Featurizer
from featurizers.frequency import Frequency
from featurizers.graph import Graph
from featurizers.panel import Panel
from tests.graphs import outputs


def stamped(freq: str, stamps: list[str] | pd.DatetimeIndex | np.ndarray) -> Panel:
    """One unnamed series at these stamps."""
    times = np.asarray(stamps, "datetime64[s]")
    y = np.arange(len(times)) + 1.0
    ids = pd.DataFrame(index=range(1))
    return Panel(ids, np.array([0, len(times)]), times, Frequency.parse(freq), "time", "y", {"y": y})


def every(freq: str, start: str, count: int) -> Panel:
    """One unnamed series of `count` rows."""
    return stamped(freq, pd.date_range(start, periods=count, freq=freq))


def before(part: Featurizer, panel: Panel) -> State:
    """The state after the rows of `panel`."""
    windows = {name: panel.window(name, part.needs.lookback) for name in part.needs.past}
    return {"target": panel.window(panel.target, part.needs.lookback)} | windows | part.memory(panel)


def row(panel: Panel, at: int) -> State:
    """Row `at` of each series."""
    index = panel.indptr[:-1] + at
    return {"target": panel.y[index]} | {n: panel.column(n)[index] for n in ("time", *panel.columns)}


def graphed(part: Featurizer, state: State, now: State) -> np.ndarray:
    """What the graph of `step` gives."""
    graph, fed = Graph(), {}
    symbols: list[State] = []
    for kind, arrays in (("state", state), ("now", now)):
        made = {}
        for name, values in arrays.items():
            shape = ("series", *values.shape[1:])
            made[name] = graph.input(f"{kind}_{name}", values.dtype, shape)
            fed[f"{kind}_{name}"] = values
        symbols.append(made)
    graph.output("out", part.step(*symbols), ("series", len(part.names())))
    return outputs(graph, fed)[0]


def check(part: Featurizer, panel: Panel, rows: tuple[int, ...] = (0, 1, 9, 33, 56)) -> np.ndarray:
    """`step` after the rows before equals `transform`, on numpy and in a graph; memory carried equals memory anew.

    Returns what `transform` gave.
    """
    part = part.resolve(panel)
    matrix = part.transform(panel)
    assert matrix.shape == (len(panel), len(part.names()))
    assert matrix.dtype == np.float64
    for at in rows:
        state, now = before(part, panel.rows(panel.position < at)), row(panel, at)
        want = matrix[panel.indptr[:-1] + at]
        np.testing.assert_allclose(part.step(state, now), want, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(graphed(part, state, now), want, rtol=1e-9, atol=1e-9)
        for name, values in part.memory(panel.rows(panel.position <= at)).items():
            np.testing.assert_array_equal(part.remember(state, now)[name], values)
    return matrix


def frame(part: Featurizer, panel: Panel) -> pd.DataFrame:
    """The columns of a featurizer by name."""
    part = part.resolve(panel)
    return pd.DataFrame(part.transform(panel), columns=part.names())
