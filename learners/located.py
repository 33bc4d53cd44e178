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


def first_rows(panel: Panel) -> np.ndarray:
    """The row of the first finite value in each series, (series,); 0 where it has none."""
    known = np.flatnonzero(np.isfinite(panel.y))
    place = np.searchsorted(known, panel.indptr[:-1])
    row = np.append(known, len(panel))[place]
    begin: np.ndarray = np.where(row < panel.indptr[1:], row - panel.indptr[:-1], 0)
    return begin


def stamps_of(panel: Panel, row: np.ndarray) -> np.ndarray:
    """The stamp, in UTC seconds, of that `row` of each series; the earliest of all where it has no rows."""
    if len(panel) == 0:
        return np.zeros(panel.count, np.int64)
    full = panel.lengths > 0
    stamps = panel.times[np.where(full, panel.indptr[:-1] + row, 0)].astype("datetime64[s]").astype(np.int64)
    return stamps if full.all() else np.where(full, stamps, panel.times.min().astype("datetime64[s]").astype(np.int64))


def begin_of(panel: Panel, default: np.ndarray) -> np.ndarray:
    """The stamp of the first row of each series, UTC seconds."""
    full, result = panel.lengths > 0, default.copy()
    result[full] = panel.times[panel.indptr[:-1][full]].astype("datetime64[s]").astype(np.int64)
    return result


def end_of(panel: Panel, default: np.ndarray) -> np.ndarray:
    return np.where(panel.lengths > 0, panel.last.astype(np.int64), default - 1)


def rows_between(panel: Panel, begin: np.ndarray, stamp: np.ndarray) -> np.ndarray:
    """How many rows after `begin` each stamp lies."""
    if (begin == stamp).all():
        return np.zeros(len(begin), np.int64)
    steps, _ = panel.freq.steps(begin.astype("datetime64[s]"), stamp.astype("datetime64[s]"))
    return steps
