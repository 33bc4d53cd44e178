"""Located: where the series of a panel lie among those of training, and in time."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurizers.panel import Panel, positions


def locate(
    panel: Panel, keys: dict[str, tuple[Any, ...]], first: np.ndarray, lengths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which series of training each one of `panel` is, -1 where it is none, and the row where it begins, counted from
    the first one in training, (series,) each; of an empty series the row that comes next.

    `keys` are the ids of training, `first` (series of training,) the UTC seconds of its first rows, `lengths` its rows.
    """
    at = positions(keys, panel.ids)
    begin = np.where(at < 0, 0, lengths[at]) if len(lengths) else np.zeros(panel.count, np.int64)
    there = (panel.lengths > 0) & (at >= 0)
    if there.any():
        stamps = panel.times[panel.indptr[:-1][there]].astype("datetime64[s]")
        begin[there] = panel.freq.steps(first[at[there]].astype("datetime64[s]"), stamps)[0]
    return at, begin
