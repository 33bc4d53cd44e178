"""Median: the median of learners, which one of them that goes astray cannot move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.panel import Panel
from learners.attribution import Attribution, joined
from learners.bands import bounds, levels
from learners.blend import check_several, decided_members, members, shared_levels, weighted
from learners.learner import Learner, Model
from learners.together import Together


@dataclass(frozen=True)
class Median(Learner):
    """The median of the forecasts of `of`, step by step, and of the distances of their bounds from them.

    A learner whose training fails is left out and named in the model's `report`; ValueError if all fail. A member that
    has no forecast counts as the mean of those that have one.

    >>> from learners import SeasonalNaive, Theta, Ets
    >>> learner = Median((Theta(12), SeasonalNaive(12), Ets(season=12)))
    """

    of: tuple[Learner, ...]

    def train(self, panel: Panel) -> MedianModel:
        check_several(self)
        models, _, report = members(self.of, range(len(self.of)), panel)
        return MedianModel(models, report)

    def decided(self, model: Model) -> Learner:
        of = decided_members(self.of, range(len(self.of)), model)
        return model.recipe or (self if of == self.of else replace(self, of=of))


@dataclass(frozen=True, eq=False)
class MedianModel(Together):
    report: tuple[str, ...] = ()

    def predict(self, state: State, future: State) -> State:
        return middle(self.answers(state, future))

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """Step by step that of the member in the middle, or half that of each of the two; of all, where a member that
        has no forecast is there."""
        parts = self.attributions(state, future, typical)
        forecasts = np.stack([part.forecast for part in parts])
        known, count = np.isfinite(forecasts), len(parts)
        share = known / np.maximum(known.sum(axis=0), 1)
        order = np.argsort(np.where(known, forecasts, weighted(list(forecasts), (1.0,) * count)), axis=0, kind="stable")
        shares = np.zeros(forecasts.shape)
        for place in ((count - 1) // 2, count // 2):
            chosen = order[place] == np.arange(count)[:, None, None]
            missing = (chosen & ~known).any(axis=0)
            shares += np.where(missing, share, chosen) / 2
        return joined(parts, list(shares))


def middle(answers: Sequence[State]) -> State:
    """The median of the members' outputs; see `Median`."""
    outputs = {"forecast": median([a["forecast"] for a in answers])}
    banded = [a for a in answers if levels(a)]
    for level in shared_levels(banded):
        for name in bounds(level):
            outputs[name] = outputs["forecast"] + median([a[name] - a["forecast"] for a in banded])
    return outputs


def median(parts: Sequence[Array]) -> Array:
    """The median of arrays of one shape, of those that are not NaN as `Median` says."""
    xp = namespace(*parts)
    mean = weighted(parts, (1.0,) * len(parts))
    lost = xp.isnan(mean)
    filled = [xp.where(lost, 0.0, xp.where(xp.isnan(p), mean, p)) for p in parts]
    ordered = xp.sort(xp.stack(filled, axis=0), axis=0)
    k = len(parts)
    found = (ordered[(k - 1) // 2, :, :] + ordered[k // 2, :, :]) / 2
    return xp.where(lost, xp.nan, found)
