"""Windows: where in a panel a network may learn, and its rows as the network sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from featurizers.arrays import State
from featurizers.panel import UNKNOWN, Panel
from learners.draws import evenly
from learners.network import Shape

HELD = 512  # windows that are held out at most
PIECE = 256  # windows that are forecast at once
SHORT = 0.2  # of the windows to learn from are given a part of their history alone
ENOUGH = 24  # rows of the past that will do where a longer past leaves a short series few windows


@dataclass(frozen=True)
class NetworkRows:
    """All rows of the panel, and one empty row behind them that stands for what lies before a series."""

    target: np.ndarray  # (rows + 1,) float64, NaN where missing
    ahead: np.ndarray  # (rows + 1, columns) float32: what is known of a row before it comes
    past: np.ndarray  # (rows + 1, columns) float32: what is only known afterwards
    static: np.ndarray  # (series, columns) float32
    ahead_codes: np.ndarray  # (rows + 1, columns) int64
    past_codes: np.ndarray  # (rows + 1, columns) int64
    static_codes: np.ndarray  # (series, columns) int64


@dataclass(frozen=True)
class Windows:
    """Places to learn from: the row of the first step to forecast, the first row of its series, and the series."""

    start: np.ndarray  # (windows,) int64
    first: np.ndarray  # (windows,) int64
    series: np.ndarray  # (windows,) int64

    def __len__(self) -> int:
        return len(self.start)

    def __add__(self, more: Windows) -> Windows:
        joined = zip(self.__dict__.values(), more.__dict__.values(), strict=True)
        return Windows(*(np.concatenate(both) for both in joined))

    def pick(self, at: np.ndarray) -> Windows:
        return Windows(self.start[at], self.first[at], self.series[at])

    def pieces(self) -> list[Windows]:
        """The same in order, as many at once as memory is well used by."""
        return [self.pick(np.arange(at, min(at + PIECE, len(self)))) for at in range(0, len(self), PIECE)]


def learnable(panel: Panel, shape: Shape) -> tuple[Windows, Windows]:
    """The windows to train on and those held out: the last rows of each series that is long enough to spare them.

    A window has its whole horizon inside its series, and a known target on either side of its start.
    """
    horizon, lengths = shape.horizon, panel.lengths
    least = np.minimum(np.maximum(lengths - horizon, 1), min(shape.window, 2 * max((*shape.periods, 2))))
    least = np.minimum(least, np.maximum(lengths // 3, ENOUGH))  # short series have several windows too
    spare = np.clip(lengths // 5, horizon, max(4 * horizon, 2 * max((*shape.periods, 1))))
    spare = np.where(lengths - spare - horizon >= least + horizon, spare, 0)
    owner, position = panel.owner, panel.position
    left = lengths[owner] - position  # rows from here to the end of the series
    seen = np.r_[0, np.cumsum(~np.isnan(panel.y))]
    here, first = np.arange(len(panel)), panel.indptr[owner]
    before = seen[here] - seen[np.maximum(here - shape.window, first)]
    after = seen[np.minimum(here + horizon, len(panel))] - seen[here]
    usable = (position >= least[owner]) & (left >= horizon) & (before > 0) & (after > 0)
    training, held = usable & (left - horizon >= spare[owner]), usable & (left <= spare[owner])
    if not training.any():
        training, held = usable, held & False
    if not training.any():
        raise ValueError("The panel has no window with a known target before and after its start: nothing to learn.")
    chosen = np.flatnonzero(held)
    chosen = chosen[evenly(len(chosen), HELD)]
    return tuple(Windows(at, first[at], owner[at]) for at in (np.flatnonzero(training), chosen))  # type: ignore[return-value]


def shuffled(shape: Shape, windows: Windows, size: int, seed: int) -> Iterator[Windows]:
    """Windows in random order, `size` at a time, all of them before any comes again. A part of them sees less of what
    lies before it, so that the network learns to do with a short history."""
    random = np.random.default_rng(seed)
    order = np.empty(0, np.int64)
    while True:
        while len(order) < size:
            order = np.concatenate([order, random.permutation(len(windows))])
        batch, order = windows.pick(order[:size]), order[size:]
        if shape.reach > shape.window:
            seen = random.integers(shape.window, shape.reach, size)
            short = random.random(size) < SHORT
            batch = replace(batch, first=np.where(short, np.maximum(batch.first, batch.start - seen), batch.first))
        yield batch


def standards(panel: Panel, names: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """The mean and the deviation of numeric columns, (0, 1) where there is no value, a deviation of 1 where it is 0."""
    found = {}
    for name in names:
        values = panel.columns[name]
        values = values[np.isfinite(values)]
        mean, deviation = (float(values.mean()), float(values.std())) if len(values) else (0.0, 1.0)
        found[name] = (mean, deviation if deviation > 1e-12 * max(abs(mean), 1e-300) else 1.0)
    return found


def gathered_rows(panel: Panel, model: Any) -> NetworkRows:
    """The panel as a `TcnModel` without weights sees it."""
    columns = model.columns
    rows: State = {name: panel.column(name)[None] for name in ("time", *columns.behind)}
    series: State = {name: panel.columns[name][None] for name in (*columns.static, *columns.static_codes)}
    series["time"] = np.zeros((1, panel.count), np.int64)
    return NetworkRows(
        np.r_[panel.y, np.nan],
        _with_empty(model.known(rows)[0]),
        _with_empty(model.numbers(columns.past, rows)[0]),
        model.numbers(columns.static, series)[0],
        _codes(columns.known_codes, rows, len(panel)),
        _codes(columns.past_codes, rows, len(panel)),
        _codes(columns.static_codes, series, panel.count)[:-1],
    )


def _with_empty(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values, np.zeros((1, values.shape[1]), values.dtype)])


def _codes(names: tuple[str, ...], rows: State, count: int) -> np.ndarray:
    codes = [np.r_[rows[name][0], UNKNOWN] for name in names]
    return np.stack(codes, axis=1) if codes else np.zeros((count + 1, 0), np.int64)
