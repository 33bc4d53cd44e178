"""Widths: how far a band reaches from the forecast, measured on the errors of folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.whole import numbers, whole
from forecast.means import ROUNDING, mean_of
from forecast.truth import Truth
from learners.bands import bounds, check_levels
from learners.draws import evenly
from learners.student import student

DRIFT = 0.25  # the power of the step with which widths grow, where little is known of it ...
DOUBT = 5.0  # ... as if so many series and folds had said so
STEEPEST = 1.0
TRIMMED = 0.99  # errors beyond this quantile do not count more in the growth than it does
PATH = 1  # errors of their own that the path of one series in one fold is worth
MOST = 300_000  # errors of which a quantile is taken, evenly spread over all


@dataclass(frozen=True)
class Widths:
    """How far a band reaches below and above the forecast, in scales of the series, for each level and step.

    The scale of a series is its mean absolute seasonal difference: the mean of that over the last `window` rows, which
    is steady, and of that over the last `recent` ones (0: not asked), which follows the series.

    A series that held still has none: its band reaches as far as the errors of such series (`still`), at least a share
    (`waking`) of how far the forecast is from where it rests. A shop that was closed all winter has a width when it
    opens; the window alone says so, so that new series have one too and graphs need no key.
    """

    levels: tuple[float, ...]  # percent, ascending
    below: tuple[tuple[float, ...], ...]  # (levels, steps)
    above: tuple[tuple[float, ...], ...]  # (levels, steps)
    season: int
    window: int  # rows that the scale is measured on
    recent: int = 0
    still: tuple[float, ...] = ()  # per level, in units of the target: the reach where a series has no scale ...
    waking: tuple[float, ...] = ()  # ... or so large a share of what its forecast moves, if that is more

    def check(self) -> None:
        """ValueError if a setting makes no sense."""
        check_levels(self.levels)
        for name in ("below", "above"):
            given, what = getattr(self, name), f"Each of {name!r} of Widths"
            rows = [numbers(row, what, alone=False) for row in given] if isinstance(given, tuple | list) else []
            if len(rows) != len(self.levels) or len({len(row) for row in rows}) != 1 or not rows[0]:
                raise ValueError(f"Widths need as many steps for each level in {name!r}, unlike {given!r}.")
        for name in ("still", "waking"):
            given = getattr(self, name)
            if len(numbers(given, f"Each of {name!r} of Widths", alone=False)) not in (0, len(self.levels)):
                raise ValueError(f"Widths need one number for each level in {name!r}, or none, not {given!r}.")
        for name, least in (("season", 1), ("window", 2), ("recent", 0)):
            whole(getattr(self, name), f"The {name} of Widths", least)

    def reach(self, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """`below` and `above` for `horizon` steps; past the last measured one they grow with the root of the step."""
        below, above = np.array(self.below), np.array(self.above)
        steps = below.shape[1]
        at = np.minimum(np.arange(horizon), steps - 1)
        growth = np.sqrt(np.maximum(np.arange(1, horizon + 1) / steps, 1.0))
        return below[:, at] * growth, above[:, at] * growth

    def scale(self, past: Array) -> Array:
        """The scale of each series, (series,), by its last `window` rows, (series, window or more)."""
        return joint_scale(past, self.season, self.window, self.recent)

    def bands(self, forecast: Array, scale: Array, skip: int = 0, rest: Array | None = None) -> State:
        """The outputs around `forecast` (series, horizon) of series with `scale` (series,), whose first step is the
        one after `skip`; those without a scale hold still at `rest` (series,)."""
        xp, outputs = namespace(forecast, scale), {}
        still, waking = (given or (0.0,) * len(self.levels) for given in (self.still, self.waking))
        moved = forecast * 0.0 if rest is None else xp.abs(forecast - rest[:, None])
        moved = xp.where(xp.isnan(moved), 0.0, moved)
        for i, (low, high) in enumerate(zip(*(r[:, skip:] for r in self.reach(forecast.shape[1] + skip)), strict=True)):
            lower, upper = bounds(self.levels[i])
            moving, asleep = scale[:, None] > 0, xp.maximum(moved * waking[i], still[i])
            outputs[lower] = forecast - xp.where(moving, scale[:, None] * low[None, :], asleep)
            outputs[upper] = forecast + xp.where(moving, scale[:, None] * high[None, :], asleep)
        return outputs


@dataclass(frozen=True, eq=False)
class Errors:
    """What a learner forecast in one fold, and what came; (series, horizon) each."""

    forecast: np.ndarray
    actual: np.ndarray
    scale: np.ndarray  # (series,)
    own: dict[str, np.ndarray] = field(default_factory=dict)  # the learner's own bands, by output
    rest: np.ndarray | None = None  # where series without a scale hold still, (series,); None: at 0

    @property
    def residual(self) -> np.ndarray:
        return np.asarray(self.actual - self.forecast)

    @property
    def share(self) -> np.ndarray:
        """The size of each error over the mean of what came, from where the series rested or else from 0; NaN at steps
        where nothing came, which tell nothing of one that moves."""
        begun = 0.0 if self.rest is None else np.where(self.scale > 0, 0.0, self.rest)[:, None]
        size = np.abs(self.actual - begun)
        size = np.where(size > 0, size, np.nan)
        return np.where(np.isnan(size), np.nan, np.abs(self.residual)) / mean_of(size, axis=1)[:, None]


def widths(
    errors: Sequence[Errors], levels: Sequence[float], season: int, *, gap: int = 0,
    symmetric: bool = True, decay: float = 1.0, adapt: float = 0.0,
) -> Widths:  # fmt: skip
    """The widths that would have held the errors of the folds, the earliest first.

    An error over the scale of its series is |z| = growth(step) x q: the growth is a power of the step, fitted to the
    mean |z| of each step, and q has one distribution for all series, steps and folds, whose corrected quantile is the
    width. So every error counts for every step, and one large error does not widen one step alone. `decay` is the
    weight of a fold over that of the one after it; `adapt` how fast the level moves with what each fold would have
    been covered (see `adapted`).
    Source: Papadopoulos et al., Inductive confidence machines for regression, 2002 (errors over a scale); Barber et
    al., Conformal prediction beyond exchangeability, 2023 (weights).
    """
    z = [_over(e.residual, e.scale[:, None]) for e in errors]
    grown = growth(np.abs(np.concatenate(z)))
    asked = adapted([v / grown for v in z], levels, adapt) if adapt else tuple(levels)
    reach = [np.maximum.accumulate(q.clip(0)) for q in _reach([v / grown for v in z], asked, symmetric, decay)]
    steps = np.r_[np.full(gap, grown[0]), grown]  # the rows of a gap are given the first width that is known
    below, above = (tuple(map(tuple, np.outer(q, steps).tolist())) for q in reach)
    return Widths(tuple(levels), below, above, season, *windows(season), _still(errors, levels),
                  _waking(errors, asked, decay))  # fmt: skip


def adapted(ratios: Sequence[np.ndarray], levels: Sequence[float], rate: float) -> tuple[float, ...]:
    """The levels to take quantiles at, so that later folds are covered: after each fold, in their order, a level
    rises by `rate` times what the fold lacked, had its band been measured on the folds before it.

    Source: Gibbs & Candes, Adaptive conformal inference under distribution shift, 2021, equation 2.
    """
    moved = [float(level) for level in levels]
    for k in range(1, len(ratios)):
        size = np.abs(ratios[k][np.isfinite(ratios[k])])
        reach = _reach(ratios[:k], moved, True, 1.0)[0]
        for i, level in enumerate(levels):
            covered = 100 * float((size <= reach[i]).mean()) if len(size) else level
            moved[i] = float(np.clip(moved[i] + rate * (level - covered), 1.0, 99.9))
    return tuple(moved)


def _reach(
    ratios: Sequence[np.ndarray], levels: Sequence[float], symmetric: bool, decay: float
) -> tuple[np.ndarray, np.ndarray]:
    """The quantiles below and above at each level, (levels,) each."""
    weights = np.concatenate([np.full(v.shape, decay ** (len(ratios) - 1 - k)) for k, v in enumerate(ratios)])
    joined = np.concatenate(list(ratios))
    paths = max(int(np.isfinite(joined).any(axis=1).sum()), 1)
    if symmetric:
        both = quantiles(np.abs(joined), weights, levels, paths)
        return both, both
    return (quantiles(-joined, weights, levels, paths, sided=True),
            quantiles(joined, weights, levels, paths, sided=True))  # fmt: skip


def growth(size: np.ndarray) -> np.ndarray:
    """The usual size of an error of each step, (steps,): a power of the step between 0 and 1, fitted to the mean of
    `size` (rows, steps) over the rows."""
    steps = np.arange(1, size.shape[1] + 1)
    seen = np.isfinite(size)
    if not (size[seen] > 0).any():
        return np.ones(len(steps))
    largest = np.quantile(size[seen], TRIMMED) or size[seen].max()  # where all but a few are 0, these tell
    trimmed = np.where(seen, np.minimum(size, largest), 0.0)
    count = seen.sum(axis=0)
    mean = trimmed.sum(axis=0) / np.maximum(count, 1)
    ok = mean > 0
    if ok.sum() < 2:
        return np.full(len(steps), mean[ok].mean())
    x, y, w = np.log(steps[ok]), np.log(mean[ok]), count[ok] / count[ok].sum()
    apart = x - (w * x).sum()
    power = (w * apart * y).sum() / (w * apart * apart).sum()
    power = float(np.clip((count.max() * power + DOUBT * DRIFT) / (count.max() + DOUBT), 0.0, STEEPEST))
    return np.asarray(np.exp((w * (y - power * x)).sum() + power * np.log(steps)))


def quantiles(
    values: np.ndarray, weights: np.ndarray, levels: Sequence[float], paths: int, sided: bool = False
) -> np.ndarray:
    """The corrected weighted quantiles of what is finite in `values`, (levels,), 0 if nothing is: of n sizes the
    ceil((n + 1) level)-th smallest; `sided`: of errors, of which half of what is left out lies beyond.

    The errors of one path hang together, so that a path counts as `PATH` of them, and quantiles are wider by as much
    as Student's t of so many degrees of freedom is wider than the normal distribution. A level that n errors cannot
    tell is that of a normal distribution which has their largest where it expects it.
    """
    seen = np.flatnonzero(np.isfinite(values))
    if not len(seen):
        return np.zeros(len(levels))
    seen = seen[evenly(len(seen), MOST)]
    found, total = values.ravel()[seen], weights.ravel()[seen]
    order = np.argsort(found, kind="stable")
    found, total = found[order], np.cumsum(total[order])
    one, normal, result = total[-1] / len(found), NormalDist(), []  # one: the weight of the error that is to come
    largest = len(found) / (len(found) + 1)  # what the largest covers
    for level in levels:
        chance = 0.5 + level / 200
        wider = float(student(chance, np.array([[PATH * paths]]))[0, 0]) / normal.inv_cdf(chance)
        wanted = (total[-1] + one) * (chance if sided else level / 100) * (1 - 1e-12)
        if wanted > total[-1] and largest > 0.5:
            wider *= normal.inv_cdf(chance) / normal.inv_cdf(largest if sided else 0.5 + largest / 2)
        result.append(found[min(int(np.searchsorted(total, wanted)), len(found) - 1)] * wider)
    return np.array(result)


def _still(errors: Sequence[Errors], levels: Sequence[float]) -> tuple[float, ...]:
    """The quantiles of the errors of series that had held still: of no width, if none of them moved afterwards."""
    sizes = np.concatenate([np.abs(e.residual[~(e.scale > 0)]).ravel() for e in errors])
    sizes = sizes[np.isfinite(sizes)]
    if not len(sizes):
        return (0.0,) * len(levels)
    return tuple(np.quantile(sizes, [level / 100 for level in levels], method="higher").tolist())


def _waking(errors: Sequence[Errors], levels: Sequence[float], decay: float) -> tuple[float, ...]:
    """The quantiles of errors as shares of what came; all of it, where nothing came that could tell."""
    shares = [e.share for e in errors]
    if not any(np.isfinite(v).any() for v in shares):
        return (1.0,) * len(levels)
    return tuple(np.maximum.accumulate(_reach(shares, levels, True, decay)[0]).tolist())


def _over(values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return values / np.where(scale > 0, scale, np.nan)


# ---- the scale of a series -----------------------------------------------------------------------


def windows(season: int) -> tuple[int, int]:
    """The rows of the steady and of the recent scale."""
    return season + max(2 * season, 100), season + max(season, 20)


def truth_scale(truth: Truth) -> np.ndarray:
    """The scale of each series of a fold at its cutoff, (series,)."""
    return _of_truth(truth, lambda past: joint_scale(past, truth.season, *windows(truth.season)))


def truth_rest(truth: Truth) -> np.ndarray:
    """Where each series of a fold that has no scale at its cutoff holds still, (series,)."""
    return _of_truth(truth, lambda past: resting(past, windows(truth.season)[0]))


def _of_truth(truth: Truth, measured: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    found, window = np.zeros(len(truth.actual)), windows(truth.season)[0]
    for rows, train in truth.trains:
        padding = np.full((len(rows), max(window - train.shape[1], 0)), np.nan)
        found[rows] = measured(np.concatenate([padding, train[:, -window:]], axis=1))
    return found


def resting(past: Array, window: int) -> Array:
    """The largest of the last `window` columns of `past`, the only one where a series held still; NaN where none is
    known."""
    xp, past = namespace(past), past[:, -window:]
    highest = xp.max(xp.where(xp.isnan(past), -np.inf, past), axis=1)
    return xp.where(highest > -np.inf, highest, np.nan)


def joint_scale(past: Array, season: int, window: int, recent: int) -> Array:
    """The mean of the scales over the last `window` and the last `recent` rows, the one where there is no other."""
    steady = recent_scale(past, season, window)
    if not recent:
        return steady
    lately = recent_scale(past, season, recent)
    return namespace(past).where(lately > 0, (steady + lately) / 2, steady)


def recent_scale(past: Array, season: int, window: int) -> Array:
    """Mean of |y[t] - y[t - season]| over the last `window` columns of `past` (series, window or more), (series,).

    Where no such difference is known, or all are zero (but for rounding), that of neighbouring values, else the
    distance between the largest and the smallest value; 0 where there is none either.
    """
    xp, past = namespace(past), past[:, -window:]
    absent = xp.isnan(past)
    high, low = xp.max(xp.where(absent, -np.inf, past), axis=1), xp.min(xp.where(absent, np.inf, past), axis=1)
    rounding = ROUNDING * xp.maximum(high, -low)
    scale = xp.where(high - low > rounding, high - low, 0.0)
    for lag in (1, season):
        distance = xp.abs(past[:, lag:] - past[:, :-lag])
        known = ~xp.isnan(distance)
        count = xp.sum(xp.where(known, 1.0, 0.0), axis=1)
        mean = xp.sum(xp.where(known, distance, 0.0), axis=1) / xp.maximum(count, 1.0)
        scale = xp.where(mean > rounding, mean, scale)
    return scale
