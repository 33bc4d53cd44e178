"""Evidence: what the series of a panel say about seasons, lags, trends and logarithms, pooled over a sample of them."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from scipy.special import chdtrc

from featurizers.panel import Panel
from learners.draws import evenly

MOST = 200  # series that are looked at, spread evenly
ROWS = 2000  # of each, the last ones
CYCLES = 11  # over which a season is smoothed
EXCESS = 0.2  # by which a season is stronger than others
SHARE = 0.15  # of the series in which it is, at least: in noise it is in a tenth of short ones; or else
MIDDLE = 0.1  # the excess of the median series
TELLING = 200  # changes of all series that tell a random walk
CHANCE = 0.02  # how often a random walk is taken for something else
LEVELS = 0.1  # of the variance of a column that lies between series which have levels of their own

_AUTO: WeakKeyDictionary[Panel, dict[tuple[int, int], tuple[np.ndarray, float]]] = WeakKeyDictionary()


def some(panel: Panel, most: int) -> Panel:
    """At most `most` series, spread evenly over all."""
    if panel.count <= most:
        return panel
    return panel.where(evenly(panel.count, most))


def sampled(panel: Panel) -> Panel:
    """The last `ROWS` rows of at most `MOST` series."""
    panel = some(panel, MOST)
    return panel.tail(ROWS) if panel.lengths.max(initial=0) > ROWS else panel


def seasonal(panel: Panel, season: int, shorter: int = 1) -> bool:
    """Whether enough series have this season: STL takes more out of them with it than with somewhat shorter and longer
    ones, which in noise and in random walks are as strong. `shorter` is the season below it, which these keep."""
    panel = sampled(panel)
    apart = shorter if shorter > 1 else max(season // 8, 1)
    others = [s for s in (season - apart, season + apart) if s > 1]
    best = np.fmax.reduce([strength(panel, s) for s in others])
    excess = strength(panel, season) - best
    if shorter > 1:  # of what the shorter season, which is in both, leaves
        excess = excess / np.maximum(1.0 - best, 1e-9)
    excess = excess[np.isfinite(excess)]
    if not len(excess):
        return True  # too short to tell
    return bool(np.median(excess) > MIDDLE or (excess > EXCESS).mean() >= SHARE)


def uneven(panel: Panel, column: str) -> bool:
    """Whether the numbers of a column, prices say, have another level in each series, about which they move: none is
    negative, they are more than a flag, and some of their variance lies between the means of the series, not all."""
    values, owner = panel.column(column).astype(np.float64), panel.owner
    seen = np.isfinite(values)
    values, owner = values[seen], owner[seen]
    if panel.count < 2 or len(np.unique(values[:: len(values) // ROWS + 1])) < 3 or values.min() < 0:
        return False
    means = np.bincount(owner, values, panel.count) / np.maximum(np.bincount(owner, minlength=panel.count), 1)
    whole, within = values.var(), (values - means[owner]).var()
    return bool(within > 1e-9 * whole and whole - within >= LEVELS * whole)


def strength(panel: Panel, season: int) -> np.ndarray:
    """1 - var(remainder) / var(season + remainder) of each series, (series,); NaN where it is shorter than two seasons.

    Source: Wang, Smith & Hyndman (2006), Characteristic-based clustering for time series data, Data Mining and
    Knowledge Discovery 13.
    """
    cycle, trend = _decomposed(panel, season)
    rest = panel.y - trend - cycle
    whole, left = _variance(panel, rest + cycle), _variance(panel, rest)
    found = 1.0 - left / np.where(whole > 0, whole, np.inf)
    return np.where(panel.lengths > 2 * season, np.maximum(found, 0.0), np.nan)


def partial_autocorrelations(panel: Panel, season: int, most: int) -> tuple[np.ndarray, float]:
    """Those of lags 1 to `most` of the deseasonalised series, each of unit variance, pooled; and the size that chance
    gives one at 5 %. By the recursion of Durbin and Levinson on the pooled autocorrelations."""
    auto, chance = autocorrelations(panel, season, most)
    return _levinson(auto) if np.isfinite(chance) else np.zeros(most), chance


def autocorrelations(panel: Panel, season: int, most: int) -> tuple[np.ndarray, float]:
    """The same of lags 0 to `most` without what lies between them. Kept, as the rules of lags and windows both ask."""
    known = _AUTO.setdefault(panel, {})
    if (season, most) not in known:
        known[season, most] = _autocorrelations(sampled(panel), season, most)
    return known[season, most]


def _autocorrelations(panel: Panel, season: int, most: int) -> tuple[np.ndarray, float]:
    y = panel.y - (_decomposed(panel, season)[0] if season > 1 else 0.0)
    y = _standardised(panel, y)
    places = np.flatnonzero(np.isfinite(y))
    if not len(places):
        return np.r_[1.0, np.zeros(most)], np.inf
    known = np.where(np.isfinite(y), y, 0.0)
    auto = _products(panel, known, most) / max(float(known @ known), 1e-300)
    return np.r_[1.0, auto], 1.96 / np.sqrt(len(places))


def _products(panel: Panel, values: np.ndarray, most: int) -> np.ndarray:
    """The sums of y[t] y[t - k] inside the series, (most,): k = 1 ... `most`."""
    position = panel.position
    return np.array([(values[k:] * values[:-k])[position[k:] >= k].sum() for k in range(1, most + 1)])


def telling(panel: Panel, season: int, most: int) -> int:
    """The rows, 1 to `most`, whose mean says most of the row after them: its correlation with the mean of the last k
    rows is (r_1 + ... + r_k) / sqrt(k + 2 ((k - 1) r_1 + ... + r_(k - 1))), by the autocorrelations r of the
    deseasonalised series. 1 where series wander, many where they return to a level."""
    auto = autocorrelations(panel, season, most)[0]
    count = np.arange(1, most + 1)
    inner = np.array([2 * (np.arange(k - 1, 0, -1) @ auto[1:k]) for k in count])
    return int(np.argmax(np.cumsum(auto[1:]) / np.sqrt(np.maximum(count + inner, 1e-9)))) + 1


def _levinson(auto: np.ndarray) -> np.ndarray:
    """Partial autocorrelations from autocorrelations, the first of which is that of lag 0."""
    most = len(auto) - 1
    found, weights, error = np.zeros(most), np.zeros(0), 1.0
    for k in range(most):
        if error <= 1e-12:
            break
        found[k] = (auto[k + 1] - weights @ auto[k:0:-1]) / error
        weights = np.r_[weights - found[k] * weights[::-1], found[k]]
        error *= 1 - found[k] ** 2
    return found


def logarithmic(panel: Panel, season: int) -> bool:
    """Whether changes over a season (a row, if it is 1) are likelier as changes of log(1 + y) than of y in most
    series: the profile likelihood of Box and Cox. No, if a target is negative or nothing is known.

    Source: Box & Cox (1964), An analysis of transformations, Journal of the Royal Statistical Society B 26.
    """
    panel = sampled(panel)
    y = panel.y
    if not (y >= 0).any() or np.nanmin(y) < 0:
        return False
    gain = -_variance(panel, _change(panel, np.log1p(y), season), logarithm=True) / 2
    gain += _variance(panel, _change(panel, y, season), logarithm=True) / 2
    gain -= _mean(panel, np.log1p(y))  # the Jacobian
    gain = gain[np.isfinite(gain)]
    return bool(len(gain)) and float(np.median(gain)) > 0


def walks(panel: Panel) -> bool:
    """Whether nothing tells that the series are anything but random walks, though there is enough of them: their
    changes drift no more, and follow each other no more over up to two seasons (12 to 24 rows), than by chance.

    Source: Ljung & Box (1978), On a measure of lack of fit in time series models, Biometrika 65.
    """
    panel = sampled(panel)
    change = _change(panel, panel.y, 1)
    count = np.bincount(panel.owner[np.isfinite(change)], minlength=panel.count)
    spread, total = np.sqrt(_variance(panel, change)), int(count.sum())
    if total < TELLING or not (spread > 0).all():
        return False
    drift = float(np.sum(count * (_mean(panel, change) / spread) ** 2))
    change = _standardised(panel, change)
    most = int(np.clip(2 * panel.freq.season, 12, 24))
    auto = _products(panel, np.where(np.isfinite(change), change, 0.0), most) / total
    portmanteau = total * (total + 2) * float(np.sum(auto**2 / (total - np.arange(1, most + 1))))
    return bool(chdtrc(most, portmanteau) > CHANCE and chdtrc(panel.count, drift) > CHANCE)


# ---- one number a series --------------------------------------------------------------------------


def _decomposed(panel: Panel, season: int) -> tuple[np.ndarray, np.ndarray]:
    """The season and the trend of each row; a season of 0 where a series is too short."""
    from learners._kernels import decompose
    from learners.spans import Spans

    spans = Spans.of(panel)
    values = np.where(spans.learnable(4)[panel.owner], spans.values, np.nan)
    settings = np.array([0, 5, 0, 2])  # a constant, passes, no weights, rounds
    parts = decompose(values, spans.starts, np.array([season]), np.array([CYCLES]), settings, spans.threads)
    return np.where(np.isfinite(parts[0]), parts[0], 0.0), parts[1]


def _mean(panel: Panel, values: np.ndarray) -> np.ndarray:
    """Over the known values of each series, NaN where there are none."""
    known = np.isfinite(values)
    count = np.bincount(panel.owner[known], minlength=panel.count)
    with np.errstate(invalid="ignore"):
        mean: np.ndarray = np.bincount(panel.owner[known], values[known], panel.count) / count
    return mean


def _variance(panel: Panel, values: np.ndarray, logarithm: bool = False) -> np.ndarray:
    found = _mean(panel, (values - _mean(panel, values)[panel.owner]) ** 2)
    if not logarithm:
        return found
    return np.log(np.where(found > 0, found, np.nan))


def _standardised(panel: Panel, values: np.ndarray) -> np.ndarray:
    spread = np.sqrt(_variance(panel, values))
    mean = _mean(panel, values)
    return np.asarray((values - mean[panel.owner]) / np.where(spread > 0, spread, np.nan)[panel.owner])


def _change(panel: Panel, values: np.ndarray, season: int) -> np.ndarray:
    before = values[np.maximum(np.arange(len(values)) - season, 0)]
    return np.where(panel.position >= season, values - before, np.nan)
