"""Lags: the target some rows ago."""

from __future__ import annotations

from dataclasses import dataclass

from featurizers.windows import Window, Windowed


@dataclass(frozen=True)
class Lags(Windowed):
    """The target `lags` steps ago, each from 1 on; a step is `season` rows.

    >>> Lags((1, 2), season=52).names()
    ['lag52', 'lag104']
    """

    lags: tuple[int, ...]
    season: int = 1

    def names(self) -> list[str]:
        return [f"lag{k * self.season}" for k in self.lags]

    @property
    def windows(self) -> list[Window]:
        if self.season < 1 or min(self.lags, default=1) < 1:
            raise ValueError(f"Lags count from 1 and a season has at least 1 row, but {self} was asked for.")
        return [Window("lag", lag=int(k), season=self.season) for k in self.lags]
