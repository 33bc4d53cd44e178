"""The contract of a target transform."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

import numpy as np

from featurizers.arrays import Array, State
from featurizers.panel import Panel


class Transform(ABC):
    """Another scale for the target, and the way back. Missing values stay missing.

    `whole` sees a training panel; `forward` and `inverse` are written in the namespace of their arrays and become
    part of the graph. Both may read what `memory` keeps of each series (keys with a dot) from `state`.
    """

    @property
    def lost(self) -> int:
        """First rows of a series that have no transformed value."""
        return 0

    @property
    def floating(self) -> bool:
        """Whether a row's transformed value changes as later rows come, so that nothing of it can be kept."""
        return False

    @property
    def straight(self) -> bool:
        """Whether `inverse` is a straight line in its values: numbers times them, and numbers of the past added."""
        return False

    def reach(self, lookback: int) -> int:
        """Rows of history that it needs around a model that looks back `lookback` rows."""
        return lookback + self.lost

    def resolve(self, panel: Panel) -> Transform:
        """The same transform with every 'auto' and everything learned from `panel` written into it.

        ValueError, with the series and the row, where a target can't be transformed.
        """
        return self

    def inside(self, kept: bool) -> Transform:
        """The same transform around a model, of which `kept` says whether it keeps more of the transformed target of a
        series than a window."""
        return self

    @abstractmethod
    def whole(self, panel: Panel) -> np.ndarray:
        """The transformed target of every row, (rows,)."""

    @abstractmethod
    def forward(self, past: Array, state: State) -> Array:
        """(series, n) values of the target, newest last -> (series, n - lost) transformed ones."""

    @abstractmethod
    def inverse(self, values: Array, past: Array, state: State) -> Array:
        """Transformed values (series, horizon) that follow on `past` -> the target's scale."""

    def invert(self, outputs: State, past: Array, state: State) -> State:
        """All outputs of a model: the forecast and its bands."""
        return {name: self.inverse(values, past, state) for name, values in outputs.items()}

    def measures(self, panel: Panel) -> np.ndarray:
        """The series (a mask) that are put in units of the rows they come with, which later rows leave as they are."""
        return np.zeros(panel.count, bool)

    def memory(self, panel: Panel) -> State:
        return {}

    def remember(self, state: State, now: State) -> State:
        return {}

    def begun(self, state: State, target: Array) -> State:
        """What of the memory of series that are not known yet depends on all of their rows (series, n)."""
        return {}

    def panel(self, panel: Panel) -> Panel:
        """The panel with its target transformed. Rows without a transformed value stay, so that whoever counts rows, or
        places them in time, counts as an observation after another does."""
        return replace(panel, columns={**panel.columns, panel.target: self.whole(panel)})


def refuse(panel: Panel, wrong: np.ndarray, why: str) -> None:
    """ValueError that names the first series and row where `wrong` (rows,) holds."""
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        name = panel.name(int(panel.owner[row]))
        where = f"series {name!r}, row {row}" if name else f"row {row}"
        raise ValueError(f"Target {panel.target!r} is {panel.y[row]:g} in {where} ({panel.times[row]}), {why}")
