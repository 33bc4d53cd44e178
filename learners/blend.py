"""Blend: the weighted mean of learners."""

from __future__ import annotations

from dataclasses import dataclass

from featurizers.arrays import Array, State, namespace
from featurizers.panel import Panel
from learners.around import reported
from learners.each import reason
from learners.learner import Learner
from learners.together import Together, shared


@dataclass(frozen=True)
class Blend(Learner):
    """The mean of `of`, weighted by `weights` (None: all the same), over those that have a forecast.

    A learner whose training fails is left out and named in the model's `report`; ValueError if all fail. Bands are
    blended like the forecasts, where all members have them.

    >>> from learners import SeasonalNaive, Theta
    >>> learner = Blend((Theta(12), SeasonalNaive(12)), weights=(0.7, 0.3))
    """

    of: tuple[Learner, ...]
    weights: tuple[float, ...] | None = None

    def train(self, panel: Panel) -> BlendModel:
        weights = self.checked()
        models, kept, report = [], [], []
        for learner, weight in zip(self.of, weights, strict=True):
            if weight == 0:
                continue
            try:
                model = learner.train(panel)
            except Exception as error:
                report.append(f"{type(learner).__name__} was left out of the blend: {reason(error)}")
                continue
            models.append(model)
            kept.append(weight)
            report.extend(reported(model))
        if not models:
            raise ValueError(f"No member of the blend could be trained. {' '.join(report)}")
        return BlendModel(tuple(models), tuple(w / sum(kept) for w in kept), tuple(report))

    def checked(self) -> tuple[float, ...]:
        """The weights, one a learner. ValueError if they are not."""
        weights = (1.0,) * len(self.of) if self.weights is None else tuple(float(w) for w in self.weights)
        if len(weights) != len(self.of) or not weights:
            raise ValueError(f"A Blend of {len(self.of)} learners needs as many weights, not {len(weights)}.")
        if min(weights) < 0 or not 0 < sum(weights) < float("inf"):
            raise ValueError(f"The weights of a Blend are not negative and not all zero, unlike {weights}.")
        return weights


@dataclass(frozen=True, eq=False)
class BlendModel(Together):
    weights: tuple[float, ...]
    report: tuple[str, ...] = ()

    def predict(self, state: State, future: State) -> State:
        answers = self.answers(state, future)
        return {name: weighted([a[name] for a in answers], self.weights) for name in shared(answers)}


def weighted(parts: list[Array], weights: tuple[float, ...]) -> Array:
    """The weighted mean of arrays of one shape where they are not NaN; NaN where all are."""
    xp = namespace(*parts)
    total, weight = 0.0, 0.0
    for part, w in zip(parts, weights, strict=True):
        missing = xp.isnan(part)
        total = total + xp.where(missing, 0.0, part * w)
        weight = weight + xp.where(missing, 0.0, w)
    return total / xp.where(weight > 0, weight, xp.nan)
