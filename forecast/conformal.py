"""Conformal: bands from the residuals of the folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from forecast.backtest import RollingOrigin
from forecast.leaderboard import Leaderboard, compare
from forecast.settings import levels as checked
from forecast.truth import Truth
from learners.around import Around, reported
from learners.learner import Learner

TAIL = 10  # errors that should lie outside a band, for its width to be known


@dataclass(frozen=True)
class Conformal(Learner):
    """Bands `lo80`, `hi80` ... around the forecasts of `learner`, as wide as its errors on the folds of `on` were.

    Errors are divided by the scale of their series at the cutoff (its mean absolute seasonal difference lately),
    pooled over series and folds for each step ahead, and their quantile times the scale is the band, so that series
    never seen have one too. The mean coverage is at least the level if errors to come are like those of the folds.
    Not `symmetric`: each side has its own width, from half of what is left out. The learner is fitted once for each
    fold, and once more on the whole panel.

    >>> from forecast import SeasonalNaive
    >>> learner = Conformal(SeasonalNaive(12), on=RollingOrigin(horizon=12, folds=3), levels=(80, 95))

    Source: Vovk, Gammerman & Shafer, Algorithmic learning in a random world, 2005; Papadopoulos et al., Inductive
    confidence machines for regression, 2002 (normalised residuals).
    """

    learner: Learner
    on: RollingOrigin
    levels: tuple[float, ...] = (80, 95)
    symmetric: bool = True

    def train(self, panel: Panel) -> ConformalModel:
        board = compare(panel, {"learner": self.learner}, self.on, "mae")
        widths = conformal(board, "learner", self.levels, symmetric=self.symmetric)
        model = self.learner.train(panel)
        return ConformalModel(model, widths, reported(model))


@dataclass(frozen=True)
class Widths:
    """How far a band reaches below and above the forecast, in scales of the series, for each level and step."""

    levels: tuple[float, ...]  # percent, ascending
    below: tuple[tuple[float, ...], ...]  # (levels, steps)
    above: tuple[tuple[float, ...], ...]  # (levels, steps)
    season: int
    window: int  # rows that the scale is measured on

    def reach(self, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """`below` and `above` for `horizon` steps; past the last measured one they grow with the root of the step."""
        below, above = np.array(self.below), np.array(self.above)
        steps = below.shape[1]
        at = np.minimum(np.arange(horizon), steps - 1)
        growth = np.sqrt(np.maximum(np.arange(1, horizon + 1) / steps, 1.0))
        return below[:, at] * growth, above[:, at] * growth


@dataclass(frozen=True)
class Ready(Learner):
    """A learner with the widths of its bands, which were measured before: only the learner is trained."""

    learner: Learner
    widths: Widths

    def train(self, panel: Panel) -> ConformalModel:
        model = self.learner.train(panel)
        return ConformalModel(model, self.widths, reported(model))


@dataclass(frozen=True, eq=False)
class ConformalModel(Around):
    widths: Widths
    report: tuple[str, ...] = ()

    @property
    def needs(self) -> Needs:
        return self.inner.needs | Needs(lookback=self.widths.window)

    def predict(self, state: State, future: State) -> State:
        forecast = self.inner.predict(state, future)["forecast"]
        below, above = self.widths.reach(future["time"].shape[1])
        scale = recent_scale(state["target"], self.widths.season, self.widths.window)[:, None]
        result: State = {"forecast": forecast}
        for level, low, high in zip(self.widths.levels, below, above, strict=True):
            result[f"lo{level:g}"] = forecast - scale * low[None, :]
            result[f"hi{level:g}"] = forecast + scale * high[None, :]
        return result


def conformal(board: Leaderboard, name: str, levels: Sequence[float] = (80, 95), *, symmetric: bool = True) -> Widths:
    """The widths of a learner's bands from its residuals on a leaderboard, without fitting anything.

    The quantile of n residuals is the ceil((n + 1) level)-th smallest. Where a step has too few of them, fewer than
    `TAIL` beyond the quantile, those of the steps next to it are pooled with it, so that one large error does not
    widen one step alone; where all steps have too few together, the largest error is taken.
    ValueError if a level is not between 0 and 100, or no residual is known.
    """
    levels = tuple(sorted(checked(levels)))
    if not levels:
        raise ValueError("Bands need at least one level, such as 80 percent.")
    season = board.truths[0].season
    window = season + max(season, 20)
    tables = [_scaled(t, residuals, season, window) for t, residuals in board.residuals(name)]
    errors = np.concatenate(tables) if tables else np.empty((0, board.on.horizon))
    if not np.isfinite(errors).any():  # no series ever changes: each error is its own scale
        errors = np.concatenate([errors[:0], *(np.abs(np.sign(residuals)) for _, residuals in board.residuals(name))])
    if not np.isfinite(errors).any():
        reasons = [a.failure for a in board.attempts if a.name == name and a.failure]
        raise ValueError(
            f"No error of {name!r} on the folds is known, so its bands have no width. "
            f"{' '.join(reasons) or 'Ask for more folds, or for no bands with levels=[].'}"
        )
    steps = range(-board.on.gap, errors.shape[1])  # the rows of a gap are given the first width that is known
    above = np.array([[_width(errors, max(h, 0), level, symmetric) for h in steps] for level in levels])
    below = np.array([[_width(-errors, max(h, 0), level, symmetric) for h in steps] for level in levels])
    return Widths(levels, _nested(below), _nested(above), season, window)


def banded(board: Leaderboard, name: str, levels: Sequence[float] = (80, 95), *, symmetric: bool = True) -> Ready:
    """The recipe of a learner on the board with its bands."""
    return Ready(board.recipes[name], conformal(board, name, levels, symmetric=symmetric))


def _nested(widths: np.ndarray) -> tuple[tuple[float, ...], ...]:
    """Each level at least as wide as the one before, as plain numbers."""
    return tuple(tuple(row) for row in np.maximum.accumulate(widths, axis=0).tolist())


def _width(errors: np.ndarray, step: int, level: float, symmetric: bool) -> float:
    """The quantile of the errors (rows, steps) of a step, and of those next to it where they are too few."""
    share = level / 100 if symmetric else 0.5 + level / 200
    for more in range(errors.shape[1]):
        near = errors[:, max(step - more, 0) : step + more + 1]
        found = near[np.isfinite(near)]
        place = int(np.ceil((len(found) + 1) * share - 1e-9))
        if place <= len(found) and len(found) * (1 - share) >= TAIL:
            break
    ordered = np.sort(np.abs(found) if symmetric else found)
    return max(float(ordered[min(place, len(found)) - 1]), 0.0) if len(found) else 0.0


def _scaled(truth: Truth, residuals: np.ndarray, season: int, window: int) -> np.ndarray:
    """Residuals over the scale of their series; NaN where a series has none."""
    scale = np.full(len(residuals), np.nan)
    for rows, train in truth.trains:
        padding = np.full((len(rows), max(window - train.shape[1], 0)), np.nan)
        scale[rows] = recent_scale(np.concatenate([padding, train], axis=1), season, window)
    return residuals / np.where(scale > 0, scale, np.nan)[:, None]


def recent_scale(past: Array, season: int, window: int) -> Array:
    """Mean of |y[t] - y[t - season]| over the last `window` columns of `past` (series, window or more), (series,).

    Where no such difference is known, or all are zero, that of neighbouring values, else the distance between the
    largest and the smallest value; 0 where there is none either.
    """
    xp, past = namespace(past), past[:, -window:]
    absent = xp.isnan(past)
    spread = xp.max(xp.where(absent, -np.inf, past), axis=1) - xp.min(xp.where(absent, np.inf, past), axis=1)
    scale = xp.where(spread > 0, spread, 0.0)
    for lag in (1, season):
        apart = xp.abs(past[:, lag:] - past[:, :-lag])
        known = ~xp.isnan(apart)
        count = xp.sum(xp.where(known, 1.0, 0.0), axis=1)
        mean = xp.sum(xp.where(known, apart, 0.0), axis=1) / xp.maximum(count, 1.0)
        scale = xp.where(mean > 0, mean, scale)
    return scale
