"""Stretch: a learner's own bands, wider or narrower by what the folds say of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.whole import number, numbers
from forecast.widths import Errors, quantiles
from learners.bands import bounds, check_levels

NONE = 1e-6  # of the wider of two distances: the other one is none
FOLDS, PATHS = 3.0, 20.0  # as if so many folds, and errors of so many series, had said that the bands are right


@dataclass(frozen=True)
class Stretch:
    """Factors on the distance of a learner's own bounds from its forecast, one a level; and the `share` that these
    bands have in the result, the rest is that of the widths."""

    levels: tuple[float, ...]  # percent, ascending
    factors: tuple[float, ...]
    share: float = 0.5

    def check(self, levels: Sequence[float]) -> None:
        """ValueError if a setting makes no sense, or there is no width at one of the levels."""
        check_levels(self.levels)
        if not set(self.levels) <= set(levels):
            raise ValueError(f"The levels of Stretch are among those of the widths, {levels}, unlike {self.levels}.")
        if len(numbers(self.factors, "Each of the factors of Stretch", alone=False)) != len(self.levels):
            raise ValueError(f"Stretch needs one of its factors for each level, not {self.factors!r}.")
        if not 0 <= number(self.share, "The share of Stretch") <= 1:
            raise ValueError(f"The share of Stretch is from 0 to 1, not {self.share!r}.")

    def bands(self, outputs: State, around: State, scale: Array) -> State:
        """The bands `around`, mixed with those among `outputs`, stretched, where there are any. Of series without a
        `scale`, (series,), nothing was measured that says which of both is too wide."""
        mixed, forecast = dict(around), outputs["forecast"]
        reach = [0.0, 0.0]
        for level, factor in zip(self.levels, self.factors, strict=True):
            if bounds(level)[0] not in outputs:
                continue
            mine, usual = distances(outputs, level), distances({**around, "forecast": forecast}, level)
            for i, name in enumerate(bounds(level)):
                xp, sign = namespace(mine[i]), 2 * i - 1
                reach[i] = xp.maximum(reach[i], self._mean(factor * mine[i], usual[i], scale))  # levels never cross
                mixed[name] = xp.where(xp.isnan(mine[i]), around[name], forecast + sign * reach[i])
        return mixed

    def _mean(self, own: Array, usual: Array, scale: Array) -> Array:
        """The distance whose precision, the inverse of its square, is the mean of those of two distances, so that the
        one that is far too wide counts little; the arithmetic mean where one of them, or the scale, is none."""
        xp = namespace(own, usual)
        narrow, wide = xp.minimum(own, usual), xp.maximum(own, usual)
        some = (narrow > NONE * wide) & (scale[:, None] > 0)
        mine, other = (xp.where(some, narrow / xp.where(some, part, 1.0), 1.0) for part in (own, usual))
        precision = self.share * mine * mine + (1 - self.share) * other * other  # over that of the narrower one
        return xp.where(some, narrow / xp.sqrt(precision), self.share * own + (1 - self.share) * usual)


def distances(outputs: State, level: float) -> tuple[Array, Array]:
    """How far the bounds of a level lie below and above the forecast, at least 0; (series, horizon) each."""
    lower, upper = bounds(level)
    forecast = outputs["forecast"]
    xp, zero = namespace(forecast), forecast * 0.0
    return xp.maximum(forecast - outputs[lower], zero), xp.maximum(outputs[upper] - forecast, zero)


def stretch(errors: Sequence[Errors], levels: Sequence[float], share: float = 0.5) -> Stretch:
    """The factors that would have made the learner's own bands hold the errors of the folds, on their way there from 1:
    few folds, or few series, are not believed.

    Source: Romano, Patterson & Candes, Conformalized quantile regression, 2019; here as factors, and shrunken.
    """
    factors = []
    paths = sum(int(np.isfinite(e.residual).any(axis=1).sum()) for e in errors)
    belief = len(errors) / (len(errors) + FOLDS) * paths / (paths + PATHS)
    for level in levels:
        ratios = []
        for e in errors:
            below, above = distances({"forecast": e.forecast, **e.own}, level)
            reach = np.asarray(np.where(e.residual < 0, below, above), np.float64)
            ratios.append((np.abs(e.residual) / np.where(reach > 0, reach, np.nan)).ravel())
        joined = np.concatenate(ratios)
        found = quantiles(joined, np.ones(joined.shape), (level,), 10**6)[0]
        factors.append(float(found**belief) if found > 0 else 1.0)
    return Stretch(tuple(levels), tuple(factors), share)
