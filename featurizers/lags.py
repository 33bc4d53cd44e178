"""Lags: the target some rows ago."""

from __future__ import annotations

from dataclasses import dataclass, replace

from featurizers.panel import Panel
from featurizers.whole import whole, wholes
from featurizers.windows import Window, Windowed


@dataclass(frozen=True)
class Lags(Windowed):
    """The target `lags` steps ago, each from 1 on; a step is `season` rows.

    >>> Lags((1, 2), season=52).names()
    ['lag52', 'lag104']
    """

    lags: tuple[int, ...] | int
    season: int = 1

    def names(self) -> list[str]:
        return [f"lag{k * self.season}" for k in self._steps]

    def resolve(self, panel: Panel) -> Lags:
        return replace(self, lags=self._steps)

    @property
    def windows(self) -> list[Window]:
        return [Window("lag", lag=k, season=whole(self.season, "The season of Lags")) for k in self._steps]

    @property
    def _steps(self) -> tuple[int, ...]:
        return wholes(self.lags, "Each of the lags")
