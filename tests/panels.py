"""Panels: small ones from lists, and the hostile ones that Hypothesis draws."""

from __future__ import annotations

from collections.abc import Sequence

import hypothesis.strategies as st
import numpy as np
import pandas as pd

from featurizers.arrays import State
from featurizers.featurizer import Featurizer
from featurizers.frequency import Frequency
from featurizers.panel import Panel


def daily(*series: Sequence[float] | np.ndarray) -> Panel:
    """One panel of daily series, the target named "y", all beginning on one day."""
    lengths = [len(values) for values in series]
    target = np.concatenate([np.zeros(0), *(np.asarray(values, np.float64) for values in series)])
    times = np.concatenate([np.arange(n) for n in lengths]).astype("datetime64[D]").astype("datetime64[s]")
    ids = pd.DataFrame({"id": np.arange(len(series))})
    return Panel(ids, np.r_[0, np.cumsum(lengths)], times, Frequency.parse("D"), "day", "y", {"y": target})


@st.composite
def hostile(draw: st.DrawFn, longest: int = 40) -> Panel:
    """Series with holes, of no or few rows, constant, on levels of 1e9 and on scales of 1e-9."""
    made = []
    for _ in range(draw(st.integers(1, 4))):
        rows = draw(st.integers(0, longest))
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        level, scale = draw(st.sampled_from([(0.0, 1.0), (1e9, 1.0), (0.0, 1e-9), (5.1, 0.0), (-1e6, 1e3), (0.0, 0.0)]))
        values = level + scale * rng.normal(size=rows)
        if draw(st.booleans()):
            values = np.round(values)  # ties
        values[rng.random(rows) < draw(st.sampled_from([0.0, 0.0, 0.1, 0.5, 1.0]))] = np.nan
        made.append(values)
    return daily(*made)


def stepped(part: Featurizer, panel: Panel, *, carried: bool = True) -> np.ndarray:
    """What `step` gives for every row of the panel, in the order of its rows.

    The memory is carried from row to row by `remember` from that of the empty panel (or taken afresh each time).
    """
    out = np.full((len(panel), len(part.names())), -1.0)
    memory: State = part.memory(panel.rows(panel.position < 0))
    for t in range(int(panel.lengths.max(initial=0))):
        before = panel.rows(panel.position < t)
        state = {"target": before.window("y", part.needs.lookback)}
        state |= memory if carried else part.memory(before)
        here = panel.lengths > t
        out[panel.indptr[:-1][here] + t] = part.step(state, {})[here]
        memory = part.remember(state, {"target": panel.rows(panel.position <= t).window("y", 1)[:, 0]})
    return out
