"""Fourier: smooth seasons as sines and cosines of the row's time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.clock import distinct
from featurizers.featurizer import Featurizer, Needs
from featurizers.panel import Panel
from featurizers.ruler import Ruler
from featurizers.waves import cosine, sine
from featurizers.whole import number, whole


@dataclass(frozen=True)
class Fourier(Featurizer):
    """sin(2 pi k t / period) and the cosine, to nine digits, for k = 1 ... `order` of each of `periods`.

    Periods are in rows and need not be whole: 365.25 for the year in daily data. t is the row's place in time
    counted in rows, so that gaps don't shift it. Waves shorter than two rows, and a wave that another period
    already has, are left out. Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 7.4.
    """

    periods: tuple[float, ...]
    order: int = 3
    ruler: Ruler | None = None  # found by resolve

    @property
    def needs(self) -> Needs:
        return Needs()

    def names(self) -> list[str]:
        return [f"{name}{k}_{period:g}" for name, period, k in self._columns()]

    def sources(self) -> list[tuple[str, str]]:
        return [(f"season {period:g}", "calendar") for _, period, _ in self._columns()]

    def resolve(self, panel: Panel) -> Fourier:
        given: Any = self.periods
        periods = tuple(given) if hasattr(given, "__iter__") else (given,)  # one by itself will do
        for period in periods:
            number(period, "A period of Fourier, in rows,", above=1)
        whole(self.order, "The order of Fourier", 0)
        return replace(self, periods=periods, ruler=Ruler.of(panel.freq))

    def transform(self, panel: Panel) -> np.ndarray:
        stamps, at = distinct(panel.clock())
        values: np.ndarray = self._waves(stamps)[at]
        return values

    def step(self, state: State, now: State) -> Array:
        return self._waves(now["time"])

    def _columns(self) -> list[tuple[str, float, int]]:
        """(sin or cos, period, k) of each column."""
        found: dict[float, tuple[float, int]] = {}
        for period in self.periods:
            for k in range(1, min(self.order, int(period // 2)) + 1):
                found.setdefault(round(k / period, 12), (period, k))
        names = [(name, period, k) for period, k in found.values() for name in ("sin", "cos")]
        return [c for c in names if not (c[0] == "sin" and 2 * c[2] == c[1])]  # the sine of every half round is 0

    def _waves(self, seconds: Array) -> Array:
        if self.ruler is None:
            raise ValueError("Fourier does not know the frequency yet: call resolve(panel) first.")
        xp, rows, waves = namespace(seconds), self.ruler.rows(seconds), []
        for name, period, k in self._columns():
            rounds = rows * (k / period)
            angle = 2 * np.pi * (rounds - xp.floor(rounds))  # small arguments: every runtime's sine is exact there
            waves.append(cosine(angle) if name == "cos" else sine(angle))
        return xp.stack(waves, axis=1) if waves else rows[:, None][:, :0]
