"""Blend: the weighted mean of learners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.panel import Panel, positions
from featurizers.policy import names_of
from featurizers.whole import number, numbers
from learners.around import check_learners, reported
from learners.attribution import Attribution, joined
from learners.bands import bounds, levels
from learners.each import reason
from learners.grouped import groups
from learners.learner import Learner, Model
from learners.together import Together, called

if TYPE_CHECKING:
    from learners.median import Median

WEIGHTS = "blend.weights"


@dataclass(frozen=True)
class Blend(Learner):
    """The mean of `of`, weighted by `weights` (None: all the same), over those that have a forecast.

    `own` gives weights of their own to single series, by their names ("Store=2, Brand=tropicana"), or to the groups of
    series with the same values in the key or static columns `by` ("Brand=tropicana"); the others, and series that were
    not in training, have `weights`. A learner whose training fails is left out and named in the model's `report`;
    ValueError if all fail. Step by step the lowest and the highest forecasts are left out of the mean, as many as have
    `trim` of the weight on either side (0: none; nearly 0.5: the median), so that a member that goes astray moves it
    little. Bands are means of quantiles, over the members that have some, at the levels that these share.

    >>> from learners import SeasonalNaive, Theta
    >>> learner = Blend((Theta(12), SeasonalNaive(12)), weights=(0.7, 0.3))

    Sources: Lichtendahl, Grushka-Cockayne & Winkler, Is it better to average probabilities or quantiles?, 2013; Jose &
    Winkler, Simple robust averages of forecasts: some empirical results, International Journal of Forecasting 24, 2008.
    """

    of: tuple[Learner, ...]
    weights: tuple[float, ...] | None = None
    own: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    trim: float = 0.0
    by: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash((self.of, self.weights, tuple(sorted(self.own)), self.trim, tuple(self.by)))

    def train(self, panel: Panel) -> BlendModel:
        weights = self.checked()
        models, kept, report = members(self.of, self._used(weights), panel)
        default = np.array([weights[i] for i in kept])
        default = default / default.sum() if default.sum() > 0 else np.full(len(kept), 1 / len(kept))
        table = np.tile(default, (panel.count if self.own else 0, 1))
        for row, name in enumerate(self._named(panel)):
            mine = np.array([self.own.get(name, weights)[i] for i in kept], np.float64)
            table[row] = mine / mine.sum() if mine.sum() > 0 else default
        keys = panel.keys if self.own else {}
        return BlendModel(models, tuple(default.tolist()), report, keys, table, self.trim)

    def decided(self, model: Model) -> Learner:
        of = decided_members(self.of, self._used(self.checked()), model)
        return model.recipe or (self if of == self.of else replace(self, of=of))

    def _used(self, weights: tuple[float, ...]) -> list[int]:
        """Which learners have a weight for any series."""
        return [i for i, w in enumerate(weights) if w > 0 or any(own[i] > 0 for own in self.own.values())]

    def _named(self, panel: Panel) -> list[str]:
        """Under which name `own` may have the weights of each series; none, if there are none."""
        if not self.own:
            return []
        columns = names_of(self.by) or tuple(panel.ids.columns)
        for name in self.own:  # that a series is not there is no mistake: it may be in other groups, or too short
            if not all(f", {column}=" in f", {name}" for column in columns):
                likely = ", ".join(f"{column}=..." for column in columns)
                raise ValueError(f"A Blend's own weights are by {likely}, not for {name!r}.")
        if not self.by:
            return [panel.name(row) for row in range(panel.count)]
        names, number = groups(panel, self.by)
        return [names[g] for g in number]

    def checked(self) -> tuple[float, ...]:
        """The weights, one a learner. ValueError if they are not, or `trim` would leave nothing."""
        check_several(self)
        if not 0 <= number(self.trim, "The trim of a Blend") < 0.5:
            raise ValueError(f"A Blend trims at least 0 and less than 0.5 of the weight on a side, not {self.trim}.")
        what = "Each of the weights of a Blend"
        weights = (1.0,) * len(self.of) if self.weights is None else numbers(self.weights, what, alone=False)
        if not isinstance(self.own, Mapping):
            raise TypeError(f"A Blend's own weights are by series, as {{'store=1': (1, 0)}}, not {self.own!r}.")
        for given in (weights, *(numbers(own, what, alone=False) for own in self.own.values())):
            if len(given) != len(self.of):
                raise ValueError(f"A Blend of {len(self.of)} learners needs as many weights, not {len(given)}.")
            if min(given) < 0 or not 0 < sum(given) < float("inf"):
                raise ValueError(f"The weights of a Blend are not negative and not all zero, unlike {tuple(given)}.")
        return weights


def check_several(taker: Blend | Median) -> None:
    """TypeError unless `of` holds recipes, at least one."""
    if not isinstance(taker.of, tuple | list) or not taker.of:
        name = type(taker).__name__
        raise TypeError(f"{name} takes several recipes, such as {name}((Theta(12), Ets(season=12))), not {taker.of!r}.")
    check_learners(taker, *taker.of)


def decided_members(of: tuple[Learner, ...], used: Sequence[int], model: Model) -> tuple[Learner, ...]:
    """`of` with what training `model` decided in them; as they are if one of those `used` was left out, of which the
    model does not say which it was."""
    if not isinstance(model, Together) or len(model.models) != len(used):
        return of
    found = {i: of[i].decided(part) for i, part in zip(used, model.models, strict=True)}
    return tuple(found.get(i, learner) for i, learner in enumerate(of))


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
    trim: float = 0.0

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
        return blended(self.answers(state, future), weights, self.trim)

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """The members' contributions by their shares in each step."""
        parts = self.attributions(state, future, typical)
        each = state[WEIGHTS].T[:, :, None] if len(self.table) else np.array(self.weights)[:, None, None]
        names = [called(m) for m in self.models]
        found = shares([part.forecast for part in parts], list(each), self.trim)
        return joined(parts, found, tuple(zip(names, each.mean(axis=(1, 2)).tolist(), strict=True)))


def blended(answers: Sequence[State], weights: Sequence[Array], trim: float = 0.0) -> State:
    """The weighted mean of the members' forecasts without `trim` of the weight on either side, and of the distances of
    their bounds from them, over those members that have bands: quantiles are averaged, and never cross if those of no
    member do."""
    outputs = {"forecast": central([a["forecast"] for a in answers], weights, trim)}
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


def central(parts: Sequence[Array], weights: Sequence[Array], trim: float) -> Array:
    """The weighted mean of arrays of one shape where they are not NaN, step by step without `trim` of the weight on
    either side; NaN where all are."""
    if not trim:
        return weighted(parts, weights)
    xp = namespace(*parts)
    total, missing = 0.0, xp.isnan(parts[0])
    for part, share in zip(parts, shares(parts, weights, trim), strict=True):
        total = total + xp.where(share > 0, part, 0.0) * share
        missing = missing & xp.isnan(part)
    return xp.where(missing, xp.nan, total)


def shares(parts: Sequence[Array], weights: Sequence[Array], trim: float) -> list[Array]:
    """What each of `parts` counts in `central`, of the shape of these; together 1, or 0 where all are NaN.

    From the lowest to the highest each takes a stretch of [0, 1] as long as its weight; what counts of it is what lies
    in [trim, 1 - trim]. No sorting is needed: a stretch begins where those of the lower parts end.
    """
    xp = namespace(*parts)
    there = [xp.where(xp.isnan(part), 0.0, w) for part, w in zip(parts, weights, strict=True)]
    total = there[0]
    for w in there[1:]:
        total = total + w
    there = [w / xp.where(total > 0, total, 1.0) for w in there]
    if not trim:
        return there
    found = []
    for i, (part, own) in enumerate(zip(parts, there, strict=True)):
        begin = own * 0.0
        for j, (other, share) in enumerate(zip(parts, there, strict=True)):
            if j != i:  # NaN is neither lower nor higher, and has no share
                begin = begin + xp.where(other <= part if j < i else other < part, share, 0.0)
        kept = xp.minimum(begin + own, 1.0 - trim) - xp.maximum(begin, trim)
        found.append(xp.maximum(kept, 0.0) / (1.0 - 2.0 * trim))
    return found


def weighted(parts: Sequence[Array], weights: Sequence[Array]) -> Array:
    """The weighted mean of arrays of one shape where they are not NaN; NaN where all are."""
    xp = namespace(*parts)
    total, weight = 0.0, 0.0
    for part, w in zip(parts, weights, strict=True):
        missing = xp.isnan(part)
        total = total + xp.where(missing, 0.0, part * w)
        weight = weight + xp.where(missing, 0.0, w)
    return total / xp.where(weight > 0, weight, xp.nan)
