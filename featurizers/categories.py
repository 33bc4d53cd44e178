"""Categories: text columns of the row itself, as codes or as one column for each category."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Featurizer, Needs, chosen
from featurizers.panel import Panel


@dataclass(frozen=True)
class Categories(Featurizer):
    """Known or static categorical `columns`: the code of each row's category, -1 (UNKNOWN) where it is missing or
    was not in training. With `onehot`, one column of 0 and 1 for each category, all 0 where it is unknown: for
    regressors that take codes for amounts.
    """

    columns: tuple[str, ...]
    onehot: bool = False
    levels: tuple[tuple[str, ...], ...] = ()  # the categories of each column, found by resolve

    @property
    def needs(self) -> Needs:
        return Needs(ahead=tuple(self.columns))

    def names(self) -> list[str]:
        if not self.onehot:
            return list(self.columns)
        return [f"{c}={level}" for c, levels in zip(self.columns, self._known(), strict=True) for level in levels]

    def sources(self) -> list[tuple[str, str]]:
        if not self.onehot:
            return [(name, "category") for name in self.columns]
        return [(c, "category") for c, levels in zip(self.columns, self._known(), strict=True) for _ in levels]

    @property
    def categorical(self) -> tuple[int, ...]:
        return () if self.onehot else tuple(range(len(self.columns)))

    def resolve(self, panel: Panel) -> Categories:
        columns = chosen(panel, self.columns)
        for name in columns:
            if name not in panel.levels:
                raise ValueError(f"Column {name!r} holds no categories in this panel: use Known or Static for numbers.")
            if panel.roles.get(name) not in ("known", "static"):
                raise ValueError(f"Categories of {name!r} are not known ahead: use Past.")
        return replace(self, columns=columns, levels=tuple(panel.levels[name] for name in columns))

    def transform(self, panel: Panel) -> np.ndarray:
        values: np.ndarray = self._columns([panel.column(name) for name in self.columns])
        return values

    def step(self, state: State, now: State) -> Array:
        return self._columns([now[name] for name in self.columns])

    def _columns(self, codes: list[Array]) -> Array:
        xp = namespace(*codes)
        if not self.onehot:
            return xp.stack([xp.astype(code, xp.float64) for code in codes], axis=1)
        parts = [indicators(code, len(levels)) for code, levels in zip(codes, self._known(), strict=True)]
        return xp.concat(parts, axis=1)

    def _known(self) -> tuple[tuple[str, ...], ...]:
        if len(self.levels) != len(self.columns):
            raise ValueError("Categories has not seen a panel yet: call resolve(panel) first.")
        return self.levels


def indicators(codes: Array, count: int) -> Array:
    """0 and 1, (rows, count) float64: whether a code (rows,) is 0, 1 ... `count` - 1."""
    xp = namespace(codes)
    return xp.astype(codes[:, None] == np.arange(count)[None, :], xp.float64)
