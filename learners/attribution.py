"""Attribution: what a forecast is made of, a base and what each feature adds to it, in units of the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np

from featurizers.arrays import State
from featurizers.featurizer import Featurizer

HISTORY = "history"


@dataclass(frozen=True)
class Feature:
    """A column of the features, or a component of a model, with the raw column behind it and that one's kind."""

    name: str
    column: str
    kind: str
    moved: bool = False  # by what earlier forecasts carry on: what moves between columns is nothing in sum


@dataclass(frozen=True, eq=False)
class Attribution:
    """Of the forecasts (rows, horizon): `base` (rows, horizon) and `values` (rows, horizon, features), which add up to
    `forecast` (rows, horizon)."""

    forecast: np.ndarray
    base: np.ndarray
    features: tuple[Feature, ...]
    values: np.ndarray
    notes: tuple[str, ...] = ()  # how it was found
    weights: tuple[tuple[str, float], ...] = ()  # of the members, where the model is a mean of several
    exact: bool = True  # not: other inputs were tried in the place of the columns, which says little of their use

    @classmethod
    def of(cls, forecast: np.ndarray, base: np.ndarray, parts: Mapping[Feature, np.ndarray], note: str) -> Attribution:
        """From the parts (rows, horizon) by their feature."""
        values = [np.broadcast_to(part, forecast.shape) for part in parts.values()]
        stacked = np.stack(values, axis=2) if values else np.zeros((*forecast.shape, 0))
        return cls(forecast, np.array(np.broadcast_to(base, forecast.shape)), tuple(parts), stacked, (note,))

    def part(self, feature: Feature) -> np.ndarray:
        """What a feature adds, (rows, horizon); 0 where it is not among the features."""
        same = [i for i, one in enumerate(self.features) if one == feature]
        return np.asarray(self.values[:, :, same].sum(axis=2))

    def spelled(self, features: tuple[Feature, ...]) -> Attribution:
        """The same with exactly these features; those that it lacks add nothing."""
        if features == self.features:
            return self
        values = [self.part(feature) for feature in features]
        return replace(self, features=features, values=np.stack(values, axis=2) if values else self.values)

    def with_part(self, feature: Feature, values: np.ndarray) -> Attribution:
        """With one more component (rows, horizon)."""
        grown = np.concatenate([self.values, values[:, :, None]], axis=2)
        return replace(self, forecast=self.forecast + values, features=(*self.features, feature), values=grown)

    def placed(self, rows: np.ndarray, count: int) -> Attribution:
        """The same as `rows` of `count` rows; the others are NaN."""

        def spread(values: np.ndarray) -> np.ndarray:
            whole = np.full((count, *values.shape[1:]), np.nan)
            whole[rows] = values
            return whole

        return replace(self, forecast=spread(self.forecast), base=spread(self.base), values=spread(self.values))

    def onto(self, forecast: np.ndarray, base: np.ndarray) -> Attribution:
        """The same, where a function turned forecast and base into these, (rows, horizon): in proportion.

        For a function of one variable that is the Aumann-Shapley value along the line from base to forecast.
        """
        before, after = self.forecast - self.base, forecast - base
        flat = np.abs(before) <= 1e-12 * (np.abs(self.forecast) + np.abs(self.base))
        times = after / np.where(flat, 1.0, before)
        values = np.where(flat[:, :, None], 0.0, self.values * times[:, :, None])
        return replace(self, forecast=forecast, base=np.where(flat, forecast, base), values=values)


def joined(
    parts: Sequence[Attribution], shares: Sequence[np.ndarray], weights: tuple[tuple[str, float], ...] = ()
) -> Attribution:
    """The sum of attributions, each by its shares (rows, 1 or horizon); what has no share may be NaN, and one that has
    none at all is left out."""
    taking = [bool(np.any(share)) for share in shares]
    if any(taking):
        parts, shares = list(compress(parts, taking)), list(compress(shares, taking))
    features = tuple(dict.fromkeys(f for part in parts for f in part.features))
    total = parts[0].forecast.shape
    forecast, base, values = np.zeros(total), np.zeros(total), np.zeros((*total, len(features)))
    some = np.zeros(total, bool)
    for part, share in zip(parts, shares, strict=True):
        share = np.broadcast_to(share, total)
        used = share != 0.0
        some |= used
        forecast += np.where(used, share * part.forecast, 0.0)
        base += np.where(used, share * part.base, 0.0)
        for i, feature in enumerate(part.features):
            values[:, :, features.index(feature)] += np.where(used, share * part.values[:, :, i], 0.0)
    forecast, base = np.where(some, forecast, np.nan), np.where(some, base, np.nan)
    values = np.where(some[:, :, None], values, np.nan)
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    return Attribution(forecast, base, features, values, notes, weights, all(part.exact for part in parts))


def described(features: Featurizer) -> tuple[Feature, ...]:
    """The features of a featurizer."""
    return tuple(Feature(n, *source) for n, source in zip(features.names(), features.sources(), strict=True))


def typical_row(X: np.ndarray, categorical: tuple[int, ...]) -> np.ndarray:
    """Of the columns of X (rows, columns), the mean of amounts and the commonest code; 0 where nothing is known."""
    known = ~np.isnan(X)
    row = np.where(known, X, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    for place in categorical:
        codes, counts = np.unique(X[known[:, place], place], return_counts=True)
        row[place] = codes[np.argmax(counts)] if len(codes) else 0.0
    return np.asarray(row)


def taken(state: State, rows: np.ndarray) -> State:
    """The rows of every array of a state."""
    return {name: np.asarray(values)[rows] for name, values in state.items()}
