"""Blend: the weighted mean of learners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.panel import Panel, positions
from learners.around import reported
from learners.attribution import Attribution, joined
from learners.bands import bounds, levels
from learners.each import reason
from learners.learner import Learner, Model
from learners.together import Together

WEIGHTS = "blend.weights"


@dataclass(frozen=True)
class Blend(Learner):
    """The mean of `of`, weighted by `weights` (None: all the same), over those that have a forecast.

    `own` gives weights of their own to single series, by their names ("Store=2, Brand=tropicana"); the others, new ones
    too, have `weights`. A learner whose training fails is left out and named in the model's `report`; ValueError if all
    fail. Bands are means of quantiles, over the members that have some, at the levels that these share.

    >>> from learners import SeasonalNaive, Theta
    >>> learner = Blend((Theta(12), SeasonalNaive(12)), weights=(0.7, 0.3))

    Source: Lichtendahl, Grushka-Cockayne & Winkler, Is it better to average probabilities or quantiles?, 2013.
    """

    of: tuple[Learner, ...]
    weights: tuple[float, ...] | None = None
    own: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.of, self.weights, tuple(sorted(self.own))))

    def train(self, panel: Panel) -> BlendModel:
        weights = self.checked()
        used = [i for i, w in enumerate(weights) if w > 0 or any(own[i] > 0 for own in self.own.values())]
        models, kept, report = members(self.of, used, panel)
        default = np.array([weights[i] for i in kept])
        default = default / default.sum() if default.sum() > 0 else np.full(len(kept), 1 / len(kept))
        table = np.tile(default, (panel.count if self.own else 0, 1))
        for row in range(len(table)):
            mine = np.array([self.own.get(panel.name(row), weights)[i] for i in kept], np.float64)
            table[row] = mine / mine.sum() if mine.sum() > 0 else default
        return BlendModel(models, tuple(default.tolist()), report, panel.keys if self.own else {}, table)

    def checked(self) -> tuple[float, ...]:
        """The weights, one a learner. ValueError if they are not."""
        weights = (1.0,) * len(self.of) if self.weights is None else tuple(float(w) for w in self.weights)
        for given in (weights, *self.own.values()):
            if len(given) != len(self.of) or not given:
                raise ValueError(f"A Blend of {len(self.of)} learners needs as many weights, not {len(given)}.")
            if min(given) < 0 or not 0 < sum(given) < float("inf"):
                raise ValueError(f"The weights of a Blend are not negative and not all zero, unlike {tuple(given)}.")
        return weights


def members(
    of: Sequence[Learner], used: Sequence[int], panel: Panel
) -> tuple[tuple[Model, ...], list[int], tuple[str, ...]]:
    """The models of those of `of` that could be trained, which these are, and what is to be reported. ValueError if
    all fail."""
    models, kept, report = [], [], []
    for i in used:
        try:
            model = of[i].train(panel)
        except Exception as error:
            report.append(f"{type(of[i]).__name__} was left out of the blend: {reason(error)}")
            continue
        models.append(model)
        kept.append(i)
        report.extend(reported(model))
    if not models:
        raise ValueError(f"No member of the blend could be trained. {' '.join(report)}")
    return tuple(models), kept, tuple(report)


@dataclass(frozen=True, eq=False)
class BlendModel(Together):
    """Memory, where series have weights of their own: these."""

    weights: tuple[float, ...]
    report: tuple[str, ...] = ()
    keys: dict[str, tuple[Any, ...]] = field(default_factory=dict, repr=False)  # key column -> one value a series
    table: np.ndarray = field(default_factory=lambda: np.empty((0, 0)), repr=False)  # (series, members)

    def memory(self, panel: Panel) -> State:
        return super().memory(panel) | self._weights(panel)

    def trained(self, panel: Panel) -> State:
        return super().trained(panel) | self._weights(panel)

    def _weights(self, panel: Panel) -> State:
        if not len(self.table):
            return {}
        at = positions(self.keys, panel.ids)
        return {WEIGHTS: np.where((at < 0)[:, None], np.array([self.weights]), self.table[np.maximum(at, 0)])}

    def remember(self, state: State, now: State) -> State:
        kept = {WEIGHTS: state[WEIGHTS]} if len(self.table) else {}
        return super().remember(state, now) | kept

    def predict(self, state: State, future: State) -> State:
        weights: Sequence[Array] = self.weights
        if len(self.table):
            weights = [state[WEIGHTS][:, i : i + 1] for i in range(len(self.models))]
        return blended(self.answers(state, future), weights)

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """The members' contributions by their weights, over those that have a forecast."""
        parts = self.attributions(state, future, typical)
        each = state[WEIGHTS].T[:, :, None] if len(self.table) else np.array(self.weights)[:, None, None]
        weights = each * np.array([np.isfinite(part.forecast) for part in parts])
        total = weights.sum(axis=0)
        names = [type(m).__name__.removesuffix("Model") for m in self.models]
        shares = list(weights / np.where(total > 0.0, total, 1.0))
        return joined(parts, shares, tuple(zip(names, each.mean(axis=(1, 2)).tolist(), strict=True)))


def blended(answers: Sequence[State], weights: Sequence[Array]) -> State:
    """The weighted mean of the members' forecasts, and of the distances of their bounds from them, over those members
    that have bands: quantiles are averaged, and never cross if those of no member do."""
    outputs = {"forecast": weighted([a["forecast"] for a in answers], weights)}
    banded = [(a, w) for a, w in zip(answers, weights, strict=True) if levels(a)]
    for level in shared_levels([a for a, _ in banded]):
        for name in bounds(level):
            apart = weighted([a[name] - a["forecast"] for a, _ in banded], [w for _, w in banded])
            outputs[name] = outputs["forecast"] + apart
    return outputs


def shared_levels(answers: Sequence[State]) -> tuple[float, ...]:
    """The levels that all have, ascending."""
    if not answers:
        return ()
    return tuple(level for level in levels(answers[0]) if all(level in levels(a) for a in answers))


def weighted(parts: Sequence[Array], weights: Sequence[Array]) -> Array:
    """The weighted mean of arrays of one shape where they are not NaN; NaN where all are."""
    xp = namespace(*parts)
    total, weight = 0.0, 0.0
    for part, w in zip(parts, weights, strict=True):
        missing = xp.isnan(part)
        total = total + xp.where(missing, 0.0, part * w)
        weight = weight + xp.where(missing, 0.0, w)
    return total / xp.where(weight > 0, weight, xp.nan)
