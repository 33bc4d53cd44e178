"""Linear: every regressor that predicts X @ coefficients + intercept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array
from learners.regressors.fitted import Fitted


@dataclass(frozen=True, eq=False)
class Linear(Fitted):
    coefficients: np.ndarray  # (columns,)
    intercept: float

    def predict(self, X: Array) -> Array:
        return (X @ self.coefficients[:, None])[:, 0] + self.intercept
