"""Stages: what happens to the columns before a regressor sees them, and to its answer afterwards.

Each holds the regressor that follows it (`inner`), so that a chain of stages is a fitted regressor, too.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, namespace
from learners.regressors.fitted import Fitted


@dataclass(frozen=True, eq=False)
class Stage(Fitted):
    """Changes the columns, then asks `inner`."""

    inner: Fitted

    @abstractmethod
    def apply(self, X: Array) -> Array:
        """The columns that `inner` sees: (rows, columns) -> (rows, columns of inner)."""

    def predict(self, X: Array) -> Array:
        return self.inner.predict(self.apply(X))

    @property
    def single(self) -> bool:
        return self.inner.single

    def certain(self, X: np.ndarray) -> np.ndarray:
        return self.inner.certain(self.apply(X))


@dataclass(frozen=True, eq=False)
class Filled(Stage):
    """NaN becomes the column's own value of `values` (columns,)."""

    values: np.ndarray

    def apply(self, X: Array) -> Array:
        xp = namespace(X)
        return xp.where(xp.isnan(X), self.values[None, :], X)


@dataclass(frozen=True, eq=False)
class Scaled(Stage):
    """(X - centre) / scale, each (columns,)."""

    centre: np.ndarray
    scale: np.ndarray

    def apply(self, X: Array) -> Array:
        return (X - self.centre[None, :]) / self.scale[None, :]


@dataclass(frozen=True, eq=False)
class Clipped(Stage):
    """Every column kept between `low` and `high`."""

    low: float
    high: float

    def apply(self, X: Array) -> Array:
        return namespace(X).clip(X, self.low, self.high)


@dataclass(frozen=True, eq=False)
class Projected(Stage):
    """(X - centre) @ matrix: principal components and the like; `matrix` is (columns, components)."""

    centre: np.ndarray
    matrix: np.ndarray

    def apply(self, X: Array) -> Array:
        return (X - self.centre[None, :]) @ self.matrix


@dataclass(frozen=True, eq=False)
class Chosen(Stage):
    """Only the columns at `places`."""

    places: np.ndarray  # int64

    def apply(self, X: Array) -> Array:
        return namespace(X).take(X, self.places, axis=1)


@dataclass(frozen=True, eq=False)
class Blanked(Stage):
    """The columns at `places`, of which training saw no value, hold zero."""

    places: np.ndarray  # int64

    def apply(self, X: Array) -> Array:
        blank = np.isin(np.arange(X.shape[1]), self.places)
        return namespace(X).where(blank[None, :], 0.0, X)


@dataclass(frozen=True, eq=False)
class Codes(Stage):
    """In the columns at `places`, which hold codes of categories, an unknown one (negative) becomes NaN."""

    places: np.ndarray  # int64

    def apply(self, X: Array) -> Array:
        xp, coded = namespace(X), np.isin(np.arange(X.shape[1]), self.places)
        return xp.where((X < 0) & coded[None, :], np.nan, X)


@dataclass(frozen=True, eq=False)
class Encoded(Stage):
    """Codes of categories as amounts: the other columns, then for each coded one its columns of `tables`.

    `tables[i]` is (categories + 1, width): a row for each code, the last one for an unknown or missing category.
    """

    amounts: np.ndarray  # int64, the columns that are amounts already
    places: np.ndarray  # int64, the columns of codes
    tables: tuple[np.ndarray, ...]

    def apply(self, X: Array) -> Array:
        xp = namespace(X)
        parts = [xp.take(X, self.amounts, axis=1)]
        for place, table in zip(self.places.tolist(), self.tables, strict=True):
            code, unknown = X[:, place], len(table) - 1
            known = (code >= 0) & (code < unknown)
            parts.append(xp.take(xp.asarray(table), xp.astype(xp.where(known, code, unknown), np.int64), axis=0))
        return xp.concat(parts, axis=1)


@dataclass(frozen=True, eq=False)
class Rescaled(Fitted):
    """`inner` was trained on (y - centre) / scale."""

    inner: Fitted
    centre: float
    scale: float

    def predict(self, X: Array) -> Array:
        return self.inner.predict(X) * self.scale + self.centre

    @property
    def single(self) -> bool:
        return self.inner.single

    def certain(self, X: np.ndarray) -> np.ndarray:
        return self.inner.certain(X)


@dataclass(frozen=True, eq=False)
class Voted(Fitted):
    """The weighted mean of several."""

    parts: tuple[Fitted, ...]
    weights: tuple[float, ...]  # they sum to one

    def predict(self, X: Array) -> Array:
        total = self.parts[0].predict(X) * self.weights[0]
        for part, weight in zip(self.parts[1:], self.weights[1:], strict=True):
            total = total + part.predict(X) * weight
        return total

    @property
    def single(self) -> bool:
        return any(part.single for part in self.parts)
