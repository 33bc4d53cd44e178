"""Past: columns that are not known ahead, some rows ago."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from featurizers.arrays import Array, State, namespace, window_of
from featurizers.featurizer import Featurizer, Needs, chosen
from featurizers.panel import UNKNOWN, Panel
from featurizers.policy import listed
from featurizers.whole import wholes


@dataclass(frozen=True)
class Past(Featurizer):
    """`columns` as they were `lags` rows ago, each from 1 on. Categories are codes, -1 where unknown.

    In training lag 1 is the value of the row before. Where several steps are forecast one by one, nobody knows
    the column's values after the origin: every step sees the values that were last seen, as they stood there.
    """

    columns: tuple[str, ...]
    lags: tuple[int, ...] = (1,)
    coded: tuple[str, ...] = ()  # those of `columns` that are categorical, found by resolve

    @property
    def needs(self) -> Needs:
        return Needs(lookback=max(self.lags), past=tuple(self.columns))

    def names(self) -> list[str]:
        return [f"{column}_lag{k}" for column in self.columns for k in self.lags]

    def sources(self) -> list[tuple[str, str]]:
        return [(column, "past") for column in self.columns for _ in self.lags]

    @property
    def categorical(self) -> tuple[int, ...]:
        owners = [column for column in self.columns for _ in self.lags]
        return tuple(i for i, column in enumerate(owners) if column in self.coded)

    def resolve(self, panel: Panel) -> Past:
        columns = chosen(panel, self.columns)
        lags = wholes(self.lags, f"Each of the lags of {listed(columns)}")
        if not lags:
            raise ValueError(f"Past needs lags of {listed(columns)}, such as (1, 7).")
        return replace(self, columns=columns, lags=lags, coded=tuple(c for c in columns if c in panel.levels))

    def transform(self, panel: Panel) -> np.ndarray:
        rows, position = np.arange(len(panel)), panel.position
        columns = []
        for name in self.columns:
            values = panel.column(name)
            missing = UNKNOWN if values.dtype == np.int64 else np.nan
            columns += [np.where(position >= k, values[np.maximum(rows - k, 0)], missing) for k in self.lags]
        return np.stack(columns, axis=1).astype(np.float64)

    def step(self, state: State, now: State) -> Array:
        windows = [state[window_of(name)] for name in self.columns]
        xp = namespace(*windows)
        return xp.stack([xp.astype(w[:, -k], xp.float64) for w in windows for k in self.lags], axis=1)
