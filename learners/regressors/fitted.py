"""Fitted: a trained regressor as plain numbers, which predicts on numpy and in a graph."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from featurizers.arrays import Array
from learners.brief import Brief

SMALL = 1_000_000  # elementary steps of a kernel that one thread has done before a second has started


class Fitted(Brief, ABC):
    """What is left of a regressor after training: a frozen dataclass of arrays, saved and traced like any model."""

    @abstractmethod
    def predict(self, X: Array) -> Array:
        """(rows, columns) float64 -> (rows,) float64, in the namespace of X."""

    def contributions(self, X: np.ndarray, typical: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What a prediction is made of: a base (rows,) and what each column adds to it (rows, columns), which
        together are `predict(X)`; `typical` (columns,) is what a column is when it says nothing."""
        from learners.regressors.sampled import sampled

        return sampled(self.predict, np.asarray(X, np.float64), typical)

    @property
    def single(self) -> bool:
        """Whether it computes in float32."""
        return False

    def certain(self, X: np.ndarray) -> np.ndarray:
        """The rows, as a mask, where no tie leaves the library free to answer otherwise."""
        return np.ones(len(X), bool)
