"""The contract of a featurizer, and what a part needs to see."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from featurizers.arrays import Array, State
from featurizers.panel import Panel
from featurizers.policy import listed, suggestion


@dataclass(frozen=True)
class Needs:
    """What a part reads: `lookback` rows of history of the target and of the columns in `past`;
    and, in a row to forecast, the columns in `ahead` (known and static ones; "time" is always there)."""

    lookback: int = 0
    past: tuple[str, ...] = ()
    ahead: tuple[str, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[Any]) -> Needs:
        """What all of `parts`, featurizers or models, need together."""
        return reduce(cls.__or__, (part.needs for part in parts), cls())

    def __or__(self, other: Needs) -> Needs:
        return Needs(
            max(self.lookback, other.lookback),
            tuple(dict.fromkeys(self.past + other.past)),
            tuple(dict.fromkeys(self.ahead + other.ahead)),
        )


def chosen(panel: Panel, columns: str | Iterable[str]) -> tuple[str, ...]:
    """Names of columns; one by itself will do. ValueError for none, and, with those that are close, for one that is
    not there."""
    names = (columns,) if isinstance(columns, str) else tuple(columns)
    if not names:
        raise ValueError("Known, Past, Static and the like need a column, such as Known(('price',)).")
    there = [name for name in panel.columns if name != panel.target]
    for name in names:
        if name not in panel.columns:
            near = suggestion(str(name), there)
            raise ValueError(f"The panel has no column {name!r}{near}; besides its target it has "
                             f"{listed(there) or 'none'}. Columns are named as known, past or static when the table is "
                             "read.")  # fmt: skip
    return names


class Featurizer(ABC):
    """Columns computed from a panel, two ways that must agree.

    `transform` sees whole series and is fast. `step` sees the state before a row: windows of the last values
    (`state["target"]`, `state[window_of(column)]`: (series, lookback or more), newest last) and what `memory` keeps;
    and `now`, the row's own `time` (wall-clock seconds) and the columns in `needs.ahead`, each (series,). `step` is
    written with the array namespace of its inputs, so that the same lines run on numpy and, traced, become the ONNX
    graph.
    A feature of a row never sees the target of that row or of a later one.
    """

    @property
    @abstractmethod
    def needs(self) -> Needs: ...

    @abstractmethod
    def names(self) -> list[str]:
        """One name for each column."""

    @abstractmethod
    def transform(self, panel: Panel) -> np.ndarray:
        """All rows: float64, (rows, columns)."""

    @abstractmethod
    def step(self, state: State, now: State) -> Array:
        """The next row of each series: float64, (series, columns)."""

    def resolve(self, panel: Panel) -> Featurizer:
        """The same featurizer with every 'auto' and everything learned from `panel` written into its settings."""
        return self

    def memory(self, panel: Panel) -> State:
        """What is kept of each series beyond the windows, after the last row: (series, k) each. Keys hold a dot."""
        return {}

    def remember(self, state: State, now: State) -> State:
        """The memory after one more row, whose target and columns are in `now`."""
        return {}

    def sources(self) -> list[tuple[str, str]]:
        """Of each column, the raw column behind it and of what kind that is: "history" (of the target, which is told
        apart by how far back it lies), "known", "past", "static", "category", "calendar", "holiday" or "series"."""
        return [(name, "history") for name in self.names()]

    @property
    def categorical(self) -> tuple[int, ...]:
        """The columns (by position) that are codes of categories, not amounts."""
        return ()
