"""Known: columns whose future is given, such as prices and promotions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Featurizer, Needs, chosen
from featurizers.panel import Panel


@dataclass(frozen=True)
class Known(Featurizer):
    """Numeric columns of the row itself."""

    columns: tuple[str, ...]

    @property
    def needs(self) -> Needs:
        return Needs(ahead=tuple(self.columns))

    def names(self) -> list[str]:
        return list(self.columns)

    def sources(self) -> list[tuple[str, str]]:
        return [(name, "known") for name in self.columns]

    def resolve(self, panel: Panel) -> Known:
        columns = chosen(panel, self.columns)
        for name in columns:
            if name == panel.target:
                raise ValueError(f"Column {name!r} is the target, which is not known ahead: use Lags.")
            if name in panel.levels:
                raise ValueError(f"Column {name!r} holds categories, not numbers: use Categories.")
            if panel.roles.get(name) == "past":
                raise ValueError(f"Column {name!r} is not known ahead: use Past.")
        return replace(self, columns=columns)

    def transform(self, panel: Panel) -> np.ndarray:
        return np.stack([panel.column(name) for name in self.columns], axis=1).astype(np.float64)

    def step(self, state: State, now: State) -> Array:
        columns = [now[name] for name in self.columns]
        xp = namespace(*columns)
        return xp.stack([xp.astype(column, xp.float64) for column in columns], axis=1)
