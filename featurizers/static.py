"""Static: numbers that a series has once and for all, such as the size of a store."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Featurizer, Needs
from featurizers.panel import Panel


@dataclass(frozen=True)
class Static(Featurizer):
    """Numeric static `columns`, the same in every row of a series."""

    columns: tuple[str, ...]

    @property
    def needs(self) -> Needs:
        return Needs(ahead=tuple(self.columns))

    def names(self) -> list[str]:
        return list(self.columns)

    def resolve(self, panel: Panel) -> Static:
        for name in self.columns:
            if panel.roles.get(name) != "static":
                role = panel.roles.get(name)
                is_now = f"its role is {role!r}" if role else "it has no role"
                raise ValueError(f"Column {name!r} is not static in this panel ({is_now}): "
                                 f"give it in static=, or use Known or Past.")  # fmt: skip
            if name in panel.levels:
                raise ValueError(f"Static column {name!r} holds categories, not numbers: use Categories.")
        return self

    def transform(self, panel: Panel) -> np.ndarray:
        return np.stack([panel.column(name) for name in self.columns], axis=1).astype(np.float64)

    def step(self, state: State, now: State) -> Array:
        columns = [now[name] for name in self.columns]
        xp = namespace(*columns)
        return xp.stack([xp.astype(column, xp.float64) for column in columns], axis=1)
