"""Stages: what happens to the columns before a regressor sees them, and to its answer afterwards.

Each holds the regressor that follows it (`inner`), so that a chain of stages is a fitted regressor, too.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, namespace
from learners.regressors.fitted import Fitted
from learners.regressors.linear import Linear


@dataclass(frozen=True, eq=False)
class Stage(Fitted):
    """Changes the columns, then asks `inner`."""

    inner: Fitted

    @abstractmethod
    def apply(self, X: Array) -> Array:
        """The columns that `inner` sees: (rows, columns) -> (rows, columns of inner)."""

    def predict(self, X: Array) -> Array:
        return self.inner.predict(self.apply(X))

    def contributions(self, X: np.ndarray, typical: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        base, values = self.inner.contributions(self.apply(X), self.apply(typical[None, :])[0])
        return base, self.back(values, X.shape[1])

    def back(self, values: np.ndarray, columns: int) -> np.ndarray:
        """What the columns of `inner` add, (rows, columns of inner), as what those here do: (rows, columns)."""
        return values

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
class Marked(Stage):
    """NaN becomes the column's own value of `values` (columns,); for each column at `places` one more at the end says
    with 1 where it was NaN."""

    values: np.ndarray
    places: np.ndarray  # int64

    def apply(self, X: Array) -> Array:
        xp = namespace(X)
        missing = xp.isnan(X)
        marks = xp.astype(xp.take(missing, self.places, axis=1), xp.float64)
        return xp.concat([xp.where(missing, self.values[None, :], X), marks], axis=1)

    def back(self, values: np.ndarray, columns: int) -> np.ndarray:
        found = values[:, :columns].copy()
        found[:, self.places] += values[:, columns:]
        return found


@dataclass(frozen=True, eq=False)
class Normalized(Stage):
    """Every row divided by its length; a row of zeros stays."""

    def apply(self, X: Array) -> Array:
        xp = namespace(X)
        length = xp.sqrt(xp.sum(X * X, axis=1, keepdims=True))
        return X / xp.where(length > 0.0, length, 1.0)


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

    def contributions(self, X: np.ndarray, typical: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Exact for a linear regressor: its coefficients go back through the matrix."""
        if not isinstance(self.inner, Linear):
            return Fitted.contributions(self, X, typical)
        coefficients = self.matrix @ self.inner.coefficients
        intercept = self.inner.intercept - float(self.centre @ coefficients)
        return Linear(coefficients, intercept, self.inner.link).contributions(X, typical)


@dataclass(frozen=True, eq=False)
class Chosen(Stage):
    """Only the columns at `places`."""

    places: np.ndarray  # int64

    def apply(self, X: Array) -> Array:
        return namespace(X).take(X, self.places, axis=1)

    def back(self, values: np.ndarray, columns: int) -> np.ndarray:
        found = np.zeros((len(values), columns))
        for i, place in enumerate(self.places.tolist()):
            found[:, place] += values[:, i]
        return found


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

    def back(self, values: np.ndarray, columns: int) -> np.ndarray:
        found, start = np.zeros((len(values), columns)), len(self.amounts)
        found[:, self.amounts] = values[:, :start]
        for place, table in zip(self.places.tolist(), self.tables, strict=True):
            found[:, place] += values[:, start : start + table.shape[1]].sum(axis=1)
            start += table.shape[1]
        return found


@dataclass(frozen=True, eq=False)
class Rescaled(Fitted):
    """`inner` was trained on (y - centre) / scale."""

    inner: Fitted
    centre: float
    scale: float

    def predict(self, X: Array) -> Array:
        return self.inner.predict(X) * self.scale + self.centre

    def contributions(self, X: np.ndarray, typical: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        base, values = self.inner.contributions(X, typical)
        return base * self.scale + self.centre, values * self.scale

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

    def contributions(self, X: np.ndarray, typical: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        parts = [part.contributions(X, typical) for part in self.parts]
        base = sum((b * w for (b, _), w in zip(parts, self.weights, strict=True)), np.zeros(len(X)))
        return base, sum((v * w for (_, v), w in zip(parts, self.weights, strict=True)), np.zeros(X.shape))

    @property
    def single(self) -> bool:
        return any(part.single for part in self.parts)
