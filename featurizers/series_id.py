"""SeriesId: which series a row belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.categories import indicators
from featurizers.featurizer import Featurizer, Needs
from featurizers.panel import Panel, positions


@dataclass(frozen=True)
class SeriesId(Featurizer):
    """The series' number in the training panel, a category; -1 (UNKNOWN) for a series that was not in it.

    With `onehot`, one column of 0 and 1 for each series: a level of its own in a linear regressor.
    """

    onehot: bool = False
    count: int | None = None  # series in training; found by resolve, as are `keys`
    keys: dict[str, tuple[Any, ...]] = field(default_factory=dict, repr=False)  # key column -> a value a series

    @property
    def needs(self) -> Needs:
        return Needs()

    def names(self) -> list[str]:
        return [f"series={i}" for i in range(self._trained())] if self.onehot else ["series"]

    def sources(self) -> list[tuple[str, str]]:
        return [("series", "series")] * len(self.names())

    @property
    def categorical(self) -> tuple[int, ...]:
        return () if self.onehot else (0,)

    def resolve(self, panel: Panel) -> SeriesId:
        return replace(self, count=panel.count, keys=panel.keys)

    def transform(self, panel: Panel) -> np.ndarray:
        values: np.ndarray = self._columns(np.repeat(self._codes(panel), panel.lengths))
        return values

    def step(self, state: State, now: State) -> Array:
        return self._columns(state["series.code"][:, 0])

    def memory(self, panel: Panel) -> State:
        return {"series.code": self._codes(panel)[:, None]}

    def remember(self, state: State, now: State) -> State:
        return {"series.code": state["series.code"]}

    def _columns(self, codes: Array) -> Array:
        xp = namespace(codes)
        return indicators(codes, self._trained()) if self.onehot else xp.astype(codes, xp.float64)[:, None]

    def _codes(self, panel: Panel) -> np.ndarray:
        """The number of each series of `panel` among those in training, (series,) int64."""
        self._trained()
        return positions(self.keys, panel.ids)

    def _trained(self) -> int:
        if self.count is None:
            raise ValueError("SeriesId has not seen a panel yet: call resolve(panel) first.")
        return self.count
