"""Neighbours: the mean of the nearest training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, namespace
from featurizers.kernels import threads
from learners.regressors.fitted import SMALL, Fitted


@dataclass(frozen=True, eq=False)
class Neighbours(Fitted):
    """The mean target of the `count` nearest of `points` by Euclidean distance; the earlier of two equally near.

    With `weighted` each counts by the inverse of its distance, and those at distance zero alone where there are any.
    """

    points: np.ndarray  # (points, columns)
    targets: np.ndarray  # (points,)
    count: int
    weighted: bool = False

    def predict(self, X: Array) -> Array:
        xp = namespace(X)
        at, squares = self._nearest(X, self.count)
        found = xp.take(xp.asarray(self.targets), at, axis=0)
        if not self.weighted:
            return xp.mean(found, axis=1)
        distance = xp.sqrt(squares)
        touching = distance == 0.0
        weights = xp.where(touching, 0.0, 1.0 / xp.where(touching, 1.0, distance))
        met = xp.any(touching, axis=1)[:, None]
        weights = xp.where(met, xp.where(touching, 1.0, 0.0), weights)
        return xp.sum(weights * found, axis=1) / xp.sum(weights, axis=1)

    def _nearest(self, X: Array, count: int) -> tuple[Array, Array]:
        """Positions and squared distances of the nearest points, (rows, count) each."""
        xp = namespace(X)
        if xp is np:
            from learners._kernels import nearest

            rows, points = np.ascontiguousarray(X, np.float64), np.ascontiguousarray(self.points)
            return nearest(points, rows, count, threads(len(rows) * self.points.size, SMALL))
        total = xp.square(X[:, 0][:, None] - self.points[None, :, 0])
        for i in range(1, self.points.shape[1]):  # in the kernel's order, so that ties are broken alike
            total = total + xp.square(X[:, i][:, None] - self.points[None, :, i])
        squares, at = xp.smallest(total, count)
        return at, squares

    def certain(self, X: np.ndarray) -> np.ndarray:
        if self.count >= len(self.points):
            return np.ones(len(X), bool)
        squares = self._nearest(X, self.count + 1)[1]
        return np.asarray(squares[:, -1] > squares[:, -2] * (1 + 1e-9) + 1e-300)
