"""Trend: how many rows a row lies after the start of training."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from featurizers.arrays import Array, State
from featurizers.featurizer import Featurizer, Needs
from featurizers.panel import Panel
from featurizers.ruler import Ruler
from featurizers.whole import number


@dataclass(frozen=True)
class Trend(Featurizer):
    """The row's time, counted in rows from the first stamp of the training panel: one line for all series.

    `start` is that stamp's place, set by `resolve`. Trees can't extrapolate it; linear regressors do.
    """

    start: float | None = None
    ruler: Ruler | None = None

    @property
    def needs(self) -> Needs:
        return Needs()

    def names(self) -> list[str]:
        return ["trend"]

    def sources(self) -> list[tuple[str, str]]:
        return [("trend", "calendar")]

    def resolve(self, panel: Panel) -> Trend:
        ruler = Ruler.of(panel.freq)
        first = float(ruler.rows(panel.clock()).min()) if len(panel) else 0.0
        start = first if self.start is None else number(self.start, "The start of Trend")
        return replace(self, ruler=ruler, start=start)

    def transform(self, panel: Panel) -> np.ndarray:
        values: np.ndarray = self._line(panel.clock())
        return values

    def step(self, state: State, now: State) -> Array:
        return self._line(now["time"])

    def _line(self, seconds: Array) -> Array:
        if self.start is None or self.ruler is None:
            raise ValueError("Trend does not know where training starts: call resolve(panel) first.")
        return (self.ruler.rows(seconds) - self.start)[:, None]
