"""Defaults: the rules behind every setting that a job leaves out. Each looks at the panel and gives a plain value."""

from __future__ import annotations

import numpy as np

from featurizers.panel import Panel
from forecast.featurization import useless

DEFAULT_LEARNERS = (
    "SeasonalNaive", "SeasonalAverage", "AutoEts", "AutoTheta", "AutoArima", "Prophet", "Ridge", "LightGBM",
    "DirectLightGBM", "Tcn",
)  # fmt: skip
# Learners that take a second or so for each series: they are left out by default above this many fits of one series
# (series times folds plus one).
SLOW = {"Prophet": 300}


def seasons(panel: Panel, season: int | None = None) -> tuple[int, ...]:
    """The season asked for, else those of the frequency that fit into the median series twice; (1,) if none does."""
    found = panel.freq.seasons if season is None else (season,)
    length = float(np.median(panel.lengths)) if panel.count else 0
    return tuple(s for s in found if 2 * s <= length) or (1,)


def lags(panel: Panel, horizon: int, folds: int, season: int | None = None) -> tuple[int, ...]:
    """The last rows (up to a season, at most 12), then the first three multiples of the shortest season and one of
    each longer season; kept where the shortest fold's training rows of the median series are at least twice as many."""
    all_seasons = seasons(panel, season)
    first = all_seasons[0]
    wanted = {*range(1, min(max(first, 3), 12) + 1), *(first * k for k in (1, 2, 3)), *all_seasons[1:]}
    room = (float(np.median(panel.lengths)) - horizon * folds) / 2
    return tuple(sorted(k for k in wanted if k <= max(room, 1)))


def windows(panel: Panel, horizon: int, folds: int, season: int | None = None) -> tuple[int, ...]:
    """A quarter of the season (at least 3 rows), the season, and the next longer season, where they fit as lags do."""
    all_seasons = seasons(panel, season)
    wanted = {max(3, all_seasons[0] // 4), max(4, all_seasons[0]), *all_seasons[1:2]}
    room = (float(np.median(panel.lengths)) - horizon * folds) / 2
    return tuple(sorted(k for k in wanted if k <= max(room, 3)))


def logarithm(panel: Panel) -> bool:
    """Whether regressors and networks see log(1 + y): the target is never negative, and, each series divided by its
    mean, its skewness is over 1, as where promotions multiply sales."""
    seen = ~np.isnan(panel.y)
    if not seen.any() or panel.y[seen].min() < 0:
        return False
    owner = panel.owner[seen]
    mean = np.bincount(owner, panel.y[seen], panel.count) / np.maximum(np.bincount(owner, minlength=panel.count), 1)
    relative = panel.y[seen] / np.where(mean > 0, mean, 1.0)[owner]
    apart = relative - relative.mean()
    return bool((apart**3).mean() > (apart**2).mean() ** 1.5)


def learners(panel: Panel, horizon: int, folds: int) -> tuple[tuple[str, ...], dict[str, str]]:
    """Every family, with Arimax where known numbers are given, less what is slow on many series; what was left out."""
    fits = panel.count * (folds + 1)
    dropped = useless(panel)
    given = any(name not in panel.levels and name not in dropped for name in panel.by_role("known"))
    names = (*DEFAULT_LEARNERS, "Arimax") if given else DEFAULT_LEARNERS
    left = {
        name: f"{fits} fits of single series are needed, over the default's limit of {SLOW[name]}; name it to have it"
        for name in names
        if fits > SLOW.get(name, fits)
    }
    if int(np.median(panel.lengths)) < 3 * horizon:
        left["DirectLightGBM"] = left["Tcn"] = f"the median series has fewer than 3 x {horizon} rows"
    return tuple(name for name in names if name not in left), left


def fold_count(panel: Panel, horizon: int, wanted: int) -> int:
    """As many folds as asked for, fewer where less than a horizon of the longest series would be left to train on."""
    longest = int(panel.lengths.max(initial=0))
    return max(1, min(wanted, (longest - max(horizon, 2)) // horizon))
