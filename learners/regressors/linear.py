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

    def contributions(self, X: np.ndarray, typical: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coefficient times (value - typical value)."""
        base = np.full(len(X), float(typical @ self.coefficients) + self.intercept)
        return allotted(self.link, base, (X - typical) * self.coefficients)


def allotted(link: str, base: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Base (rows,) and contributions (rows, columns) of a score, as those of the mean that it stands for.

    Each contribution is multiplied by the mean slope of the link between base and score: the Aumann-Shapley value
    along the straight line between them. They add up to the difference of the means.
    """
    score = base + values.sum(axis=1)
    before, after = linked(link, base), linked(link, score)
    if link == "identity":
        return before, values
    near = np.abs(score - base) < 1e-7
    step = np.where(near, 1e-5, score - base)
    slope = np.where(near, (linked(link, base + step) - linked(link, base - step)) / 2, after - before) / step
    return before, values * slope[:, None]


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
