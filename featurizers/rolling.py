"""Rolling: statistics of the last values."""

from __future__ import annotations

from dataclasses import dataclass

from featurizers.whole import whole, wholes
from featurizers.windows import STATS, Window, Windowed


@dataclass(frozen=True)
class Rolling(Windowed):
    """Each of `stat` over each of `window` values, the newest of them `lag` steps ago; a step is `season` rows.

    `stat` is mean, std (of a sample), min, max, sum, median or quantile (then give `q`). A missing value is left out;
    the result is NaN where fewer than `min_samples` values are present (None: where any is missing).

    >>> Rolling(("mean", "std"), (4, 13)).names()
    ['mean4', 'std4', 'mean13', 'std13']
    >>> Rolling("quantile", 3, season=52, q=0.9).names()
    ['quantile0.9_3_season52']
    """

    stat: str | tuple[str, ...]
    window: int | tuple[int, ...]
    lag: int = 1
    season: int = 1
    min_samples: int | None = None
    q: float | None = None

    def names(self) -> list[str]:
        windows = self.windows  # which checks the settings
        after = (f"_lag{self.lag}" if self.lag > 1 else "") + (f"_season{self.season}" if self.season > 1 else "")
        return [f"{_called(w)}{after}" for w in windows]

    @property
    def windows(self) -> list[Window]:
        stats = (self.stat,) if isinstance(self.stat, str) else tuple(self.stat)
        sizes = wholes(self.window, "Each window of Rolling")
        lag, season = whole(self.lag, "The lag of Rolling"), whole(self.season, "The season of Rolling")
        self._check(stats, sizes)
        q = 0.5 if self.q is None else self.q
        return [Window(stat, n, lag, season, self.min_samples or n, q) for n in sizes for stat in stats]

    def _check(self, stats: tuple[str, ...], sizes: tuple[int, ...]) -> None:
        for stat in stats:
            if stat not in STATS:
                raise ValueError(f"Rolling knows no statistic {stat!r}; there are {', '.join(STATS)}.")
        if ("quantile" in stats) != (self.q is not None) or not 0 <= (self.q or 0) <= 1:
            raise ValueError(f"A quantile needs `q` between 0 and 1, and nothing else does, but {self} was asked for.")
        if self.min_samples is not None and whole(self.min_samples, "`min_samples`") > min(sizes, default=1):
            raise ValueError(f"`min_samples` must lie between 1 and the window, but {self} was asked for.")


def _called(window: Window) -> str:
    return f"quantile{window.q:g}_{window.size}" if window.stat == "quantile" else f"{window.stat}{window.size}"
