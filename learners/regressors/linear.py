"""Linear: every regressor that predicts X @ coefficients + intercept, or a function of that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, namespace
from learners.regressors.fitted import Fitted


@dataclass(frozen=True, eq=False)
class Linear(Fitted):
    """`linked(X @ coefficients + intercept)`."""

    coefficients: np.ndarray  # (columns,)
    intercept: float
    link: str = "identity"  # of the predictor to the mean: see `linked`

    def predict(self, X: Array) -> Array:
        return linked(self.link, (X @ self.coefficients[:, None])[:, 0] + self.intercept)


def linked(link: str, score: Array) -> Array:
    """The mean that a score stands for: itself, its exponential (log link), its signed square, or its inverse logit."""
    xp = namespace(score)
    if link == "identity":
        return score
    if link == "log":
        return xp.exp(score)
    if link == "sqrt":
        return xp.sign(score) * score * score
    if link == "logit":
        return 1.0 / (1.0 + xp.exp(-score))
    raise ValueError(f"There is no link {link!r}; there are 'identity', 'log', 'sqrt' and 'logit'.")
