"""Difference and SeasonalDifference: the change from the row, or the season, before."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.panel import Panel
from featurizers.whole import whole
from learners.naive import last_cycle, last_value
from learners.spread import earlier
from learners.transforms.transform import Transform

REACH = 14  # rows beyond those it needs in which a value is sought where the newest one is missing


class _Undone(Transform):
    """What both differences share: bands."""

    @property
    def straight(self) -> bool:
        return True

    def invert(self, outputs: State, past: Array, state: State) -> State:
        """The forecast is summed up. The errors of the steps count as independent, so that the distances of a
        band from it add up in squares: sums of the bounds themselves would be far too wide."""
        if "forecast" not in outputs:
            return super().invert(outputs, past, state)
        middle = outputs["forecast"]
        xp, forecast = namespace(middle), self.inverse(middle, past, state)
        result = {"forecast": forecast}
        for name, values in outputs.items():
            if name != "forecast":
                away = xp.sqrt(self._summed(xp.square(values - middle)))
                result[name] = forecast - away if name.startswith("lo") else forecast + away
        return result

    @abstractmethod
    def _summed(self, values: Array) -> Array:
        """Steps (series, horizon) added up to distances from the last known value."""


@dataclass(frozen=True)
class Difference(_Undone):
    """y[t] - y[t - 1], `order` times over. Forecasts are summed up from the last value that is not missing.

    Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 9.1.
    """

    order: int = 1

    @property
    def lost(self) -> int:
        return self.order

    def reach(self, lookback: int) -> int:
        return lookback + self.order + REACH

    def resolve(self, panel: Panel) -> Difference:
        whole(self.order, "The order of Difference", 1, 100)
        return self

    def whole(self, panel: Panel) -> np.ndarray:
        values = panel.y
        for _ in range(self.order):
            values = values - earlier(panel, 1, values)
        return values

    def forward(self, past: Array, state: State) -> Array:
        for _ in range(self.order):
            past = past[:, 1:] - past[:, :-1]
        return past

    def inverse(self, values: Array, past: Array, state: State) -> Array:
        xp, levels = namespace(values, past), [past]
        for _ in range(self.order - 1):
            levels.append(levels[-1][:, 1:] - levels[-1][:, :-1])
        for level in reversed(levels):
            values = last_value(level)[:, None] + xp.cumulative_sum(values, axis=1)
        return values

    def _summed(self, values: Array) -> Array:
        xp = namespace(values)
        for _ in range(self.order):
            values = xp.cumulative_sum(values, axis=1)
        return values


@dataclass(frozen=True)
class SeasonalDifference(_Undone):
    """y[t] - y[t - season]. Forecasts are added to the last season, in which a missing value is taken from the
    season before, or else is the newest one that is there.

    Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 9.1.
    """

    season: int

    @property
    def lost(self) -> int:
        return self.season

    def reach(self, lookback: int) -> int:
        return lookback + 2 * self.season

    def resolve(self, panel: Panel) -> SeasonalDifference:
        whole(self.season, "The season of SeasonalDifference")
        return self

    def whole(self, panel: Panel) -> np.ndarray:
        values: np.ndarray = panel.y - earlier(panel, self.season)
        return values

    def forward(self, past: Array, state: State) -> Array:
        return past[:, self.season :] - past[:, : -self.season]

    def inverse(self, values: Array, past: Array, state: State) -> Array:
        return self._onto(last_cycle(past, self.season), values)

    def _onto(self, cycle: Array, values: Array) -> Array:
        """`values` (series, horizon) summed up season by season from `cycle` (series, season)."""
        seasons = []
        for start in range(0, values.shape[1], self.season):
            block = values[:, start : start + self.season]
            cycle = cycle[:, : block.shape[1]] + block
            seasons.append(cycle)
        return namespace(values).concat(seasons, axis=1)

    def _summed(self, values: Array) -> Array:
        return self._onto(namespace(values).zeros_like(values[:, : self.season]), values)
