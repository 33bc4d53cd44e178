"""Defaults: the rules behind every setting that a job leaves out. Each looks at the panel and gives a plain value."""

from __future__ import annotations

from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np

from featurizers.panel import Panel
from forecast import annual, evidence, stillness
from forecast.backtest import RollingOrigin
from forecast.featurization import useless
from forecast.means import mean_of

# The first five serve a search that has no time for more: each is the best of its family on some of the sets.
DEFAULT_LEARNERS = (
    "SeasonalNaive", "AutoEts", "LightGBM", "AutoTheta", "AutoArima", "Ridge", "Mlp", "DirectLightGBM", "Ces",
    "Prophet", "SeasonalAverage", "Tcn",
)  # fmt: skip
INTERMITTENT = ("NegativeBinomialMedian", "Croston", "Sba", "Tsb", "Adida")
SHORT = 3  # rows of a window: lags tell as much as fewer do
PARTIAL = 0.05  # the least partial autocorrelation that makes a lag of its own
SEASONAL = 1.25  # the error of the last season over that of the last value up to which a season is differenced
CYCLES = 3  # seasons of the median series from which on one is differenced
FAR = 1.5  # times the error of the last season, from which on a simple forecast is not worth a try
SAMPLE = 500  # series on which that is measured
ENOUGH = 8.0  # seconds, with fewer of which a network with convolutions is no better than one without
FOLDS, SCORES = 3, 12  # and the series times folds that there should be
ABSOLUTE = ("mase", "mae", "nmae", "wape", "smape", "wql", "pinball")  # metrics of absolute errors
SPARSE = 0.25  # of the series intermittent: then all are treated as such
RECENT, REPEATED, LONG = 1500, 15, 30_000  # rows, longest seasons, and rows at most, that learners of each series read
PACE, LEAST_ROWS = 750, 20_000  # rows a second of the time limit, and at least so many, that a regression learns from
REPLAYED = 1500  # rows a second of the time limit that the folds may have
FEWEST, POINTS = 20, 2000  # series, and their steps to forecast, that tell which learner is good

# Several rules ask for the same:
_SEASONS: WeakKeyDictionary[Panel, tuple[int, ...]] = WeakKeyDictionary()
_SIMPLE: WeakKeyDictionary[Panel, dict[tuple[RollingOrigin, int], tuple[float, float, float]]] = WeakKeyDictionary()


def seasons(panel: Panel, season: int | None = None) -> tuple[int, ...]:
    """The season asked for, else those of the frequency that fit into the median series twice and are found in the
    series, see `forecast.evidence.seasonal`; (1,) if there is none."""
    length = float(np.median(panel.lengths)) if panel.count else 0
    if season is not None:
        return (season,) if 2 * season <= length else (1,)
    if panel not in _SEASONS:
        found: tuple[int, ...] = ()
        for s in panel.freq.seasons:
            if s > 1 and 2 * s <= length and evidence.seasonal(panel, s, max(found, default=1)):
                found = (*found, s)
        _SEASONS[panel] = found or (1,)
    return _SEASONS[panel]


def year(panel: Panel) -> float:
    """The rows of a year, where a step is a week or less and the median series holds two years; else 0."""
    rows = panel.freq.year
    return rows if panel.count and 2 * rows <= float(np.median(panel.lengths)) else 0.0


def yearly(panel: Panel) -> bool:
    """Whether rows are days or weeks and the series have waves of a year, see `forecast.annual`."""
    rows, season = year(panel), panel.freq.season
    return bool(rows) and panel.freq.daily and annual.yearly(panel, rows, season if season < rows / 4 else 1)


def lags(panel: Panel, on: RollingOrigin, season: int | None = None) -> tuple[int, ...]:
    """The last rows (up to the frequency's season, at most 12), the first three multiples of the shortest season and
    one of each longer season, and every lag up to two seasons (12 to 48 rows) at which the partial autocorrelation of
    the deseasonalised series, pooled over the series, is over 0.05 and over chance; kept where the shortest fold's
    training rows of the median series are at least twice as many."""
    all_seasons = seasons(panel, season)
    first = all_seasons[0]
    usual = max(first, panel.freq.season if season is None else 1, 3)
    wanted = {*range(1, min(usual, 12) + 1), *(first * k for k in (1, 2, 3)), *all_seasons[1:]}
    room = (float(np.median(panel.lengths)) - on.rows()) / 2 if panel.count else 1.0
    most = int(min(max(2 * first, 12), 48, room))
    if most > 1:
        partial, chance = evidence.partial_autocorrelations(panel, first, most)
        wanted |= set((np.flatnonzero(np.abs(partial) > max(chance, PARTIAL)) + 1).tolist())
    return tuple(sorted(k for k in wanted if k <= max(room, 1)))


def windows(panel: Panel, on: RollingOrigin, season: int | None = None) -> tuple[int, ...]:
    """The rows whose mean says most of the next row of the deseasonalised series, up to two seasons (12 to 48 rows), if
    at least 3 (see `forecast.evidence.telling`); the season (the frequency's, where none is found), and the next longer
    season, where they fit as lags do; as many rows as fit, where none of them does."""
    all_seasons = seasons(panel, season)
    first = all_seasons[0] if all_seasons[0] > 1 or season is not None else panel.freq.season
    room = max((float(np.median(panel.lengths)) - on.rows()) / 2, 3) if panel.count else 3.0
    told = evidence.telling(panel, all_seasons[0], max(int(min(max(2 * all_seasons[0], 12), 48, room)), 1))
    wanted = {max(4, first), *all_seasons[1:2]} | ({told} if told >= SHORT else set())
    return tuple(sorted(k for k in wanted if k <= room)) or (int(min(room, min(wanted))),)


def logarithm(panel: Panel, season: int | None = None) -> bool:
    """Whether regressors see log(1 + y): no target is negative, and changes over the season are likelier as
    changes of logarithms in most series, see `forecast.evidence.logarithmic`. (Trees see logarithms only where known
    columns are given: they forecast multiples of the mean of each series better on every other set.)"""
    return evidence.logarithmic(panel, seasons(panel, season)[0])


def absolute(panel: Panel, metric: object) -> bool:
    """Whether boosted trees minimise absolute errors: where the metric is made of these and few series are
    intermittent, whose median is 0. On folds inside the training parts of eight sets MASE falls by 1 to 3 %."""
    return metric in ABSOLUTE and intermittent(panel) < SPARSE


def difference(panel: Panel, on: RollingOrigin, season: int | None = None) -> int:
    """The rows over which regressors see the target differenced: 0 for none, 1, or the season.

    It is what the best of three simple forecasts knows, one horizon ahead on the folds: the average of the season
    knows a level, to which series return; the last value that they wander, so that changes are what can be learned;
    the last season that changes from season to season are. The season's is taken unless the last value does better by
    more than `SEASONAL`. With known numbers it is none: they explain levels, not changes.
    """
    if any(name not in panel.levels for name in panel.by_role("known")):
        return 0
    rows = seasons(panel, season)[0]
    level, last, seasonal = _simple(panel, on, rows)
    if np.isnan(last):  # every series is too short for a fold
        return 0
    if np.median(panel.lengths) < CYCLES * rows:
        seasonal = np.inf
    if not level > min(last, seasonal):
        return 0
    return rows if rows > 1 and seasonal <= SEASONAL * last else 1


def _simple(panel: Panel, on: RollingOrigin, rows: int) -> tuple[float, float, float]:
    """The errors of the average of the season, the last value and the last season on the folds, as shares of the three
    in each series, on average; NaN where no series is long enough for a fold."""
    known = _SIMPLE.setdefault(panel, {})
    if (on, rows) not in known:
        known[on, rows] = _measured(panel, on, rows)
    return known[on, rows]


def _measured(panel: Panel, on: RollingOrigin, rows: int) -> tuple[float, float, float]:
    from forecast.leaderboard import compare
    from learners import Naive, SeasonalAverage, SeasonalNaive

    simple = {"level": SeasonalAverage(rows), "last": Naive(), "season": SeasonalNaive(rows)}
    try:
        board = compare(evidence.some(panel, SAMPLE), simple, on, "mae", season=rows)
    except ValueError:
        return np.nan, np.nan, np.nan
    errors = np.stack([mean_of(board.scores[name]["mae"], axis=0) for name in simple])
    shares = errors / np.where((total := errors.sum(axis=0)) > 0, total, np.nan)
    level, last, seasonal = mean_of(shares, axis=1)
    return float(level), float(last), float(seasonal)


def learners(panel: Panel, on: RollingOrigin, seconds: float | None = None) -> tuple[tuple[str, ...], dict[str, str]]:
    """Every family, in the order in which they serve; and those left out, with the reason.

    Mstl takes part where there are several seasons, Harmonic where weeks, days or parts of them span two years, Naive
    where there is a season, those of intermittent demand where a quarter of the series is intermittent, and Arimax
    where known numbers are given. What learns from pieces of a horizon takes no part where the median series has fewer
    than two of them, nor the last value or the average of the season where its error on the folds is `FAR` times
    that of the last season; and Tcn does not where one training may take fewer `seconds` than `ENOUGH`. No other one is
    left out for its time: the local ones take 1 to 10 ms for a series of 150 months.
    """
    names = list(DEFAULT_LEARNERS)
    found, dropped = seasons(panel), useless(panel)
    if len(found) > 1:
        names.insert(5, "Mstl")
    if year(panel):
        names.insert(4, "Harmonic")
    if found != (1,):
        names.append("Naive")
    if intermittent(panel) >= SPARSE:
        names[2:2] = INTERMITTENT
    if any(name not in panel.levels and name not in dropped for name in panel.by_role("known")):
        names.append("Arimax")
    left: dict[str, str] = {}
    if int(np.median(panel.lengths)) < 2 * on.horizon:
        left["DirectLightGBM"] = left["Mlp"] = left["Tcn"] = f"the median series has fewer than 2 x {on.horizon} rows"
    elif seconds is not None and seconds < ENOUGH:
        left["Tcn"] = f"a training of it has {seconds:g} s, and Mlp learns as much in so few"
    level, last, repeated = _simple(panel, on, found[0])
    for name, error in (("SeasonalAverage", level), ("Naive", last)):
        if name in names and error > FAR * repeated:
            left[name] = f"its error on the folds is {error / repeated:.2g} times that of the last season"
    return tuple(name for name in names if name not in left), left


def network_seconds(limit: float, folds: int, workers: int) -> float:
    """What one training of a network may take of a time limit: half of what there is for all folds and the last
    training, and no more than a twelfth of the limit, so that the winner can be trained in what is left at the end."""
    return round(min(limit * workers / (2 * (folds + 1)), limit / 12), 2)


def history(panel: Panel, season: int | None = None) -> int | None:
    """The last rows of each series that learners of single series are trained on: 15 of its longest season, at least
    1,500 and at most 30,000; None where no series is longer.

    On folds inside training parts (benchmarks/README.md) what lies before makes days worse (1,500 of 7,275 births: MASE
    of AutoTheta 1.61 for 1.88, Prophet 0.93 for 1.75) and hours no better, at up to thirty times the time.
    """
    rows = min(max(RECENT, REPEATED * seasons(panel, season)[-1]), LONG)
    return rows if int(panel.lengths.max(initial=0)) > rows else None


def regression_rows(panel: Panel, limit: float | None, workers: int) -> int | None:
    """The most rows that a regression learns from, where time is limited: 750 for each second of it, at least 20,000;
    None where there are no more."""
    rows = np.inf if limit is None else max(int(PACE * limit * workers), LEAST_ROWS)
    return int(rows) if rows < len(panel) else None


def fold_series(panel: Panel, horizon: int, limit: float | None, workers: int, season: int | None = None) -> int | None:
    """The most series of which folds are made, where time is limited: so many as have 1,500 rows that learners read for
    each second of it, at least 20 and 2,000 steps to forecast, which tell as well which learner is good; None where
    there are no more."""
    if limit is None or not panel.count:
        return None
    rows = float(np.minimum(panel.lengths, history(panel, season) or np.inf).mean())
    most = int(max(REPLAYED * limit * workers / rows, POINTS / horizon, FEWEST))
    return most if most < panel.count else None


def intermittent(panel: Panel) -> float:
    """The share of the series that are intermittent or lumpy, see `forecast.Intermittent`."""
    from forecast.intermittent import classified, sparse

    return float(sparse(classified(panel)).mean()) if panel.count else 0.0


def origins(
    panel: Panel, horizon: int, folds: int | None = None, step: int | None = None, gap: int = 0
) -> RollingOrigin:
    """As many folds as are wanted, fewer where less than a horizon of the longest series would be left to train on.

    None: 3, and of fewer than 4 series as many more, up to 6, as leave half of the longest to train on: what is chosen
    on few scores owes much to chance. Without a `step` they are a horizon apart, or further, where hardly a series
    would change in any of them, see `forecast.stillness`.
    """
    longest = int(panel.lengths.max(initial=0))
    most = int(np.clip(SCORES // max(panel.count, 1), FOLDS, 2 * FOLDS)) if folds is None else folds
    on = RollingOrigin(horizon, most, step or horizon, gap)
    if folds is None:
        on = replace(on, folds=max(on.within(longest // 2).folds, FOLDS))
    on = on.within(longest - max(horizon, 2))
    return stillness.spread(panel, on, folds is None) if step is None else on


def nonnegative(panel: Panel) -> bool:
    """Whether no target is below zero, so that forecasts shall not be either."""
    known = panel.y[~np.isnan(panel.y)]
    return bool(len(known)) and bool(known.min() >= 0)
