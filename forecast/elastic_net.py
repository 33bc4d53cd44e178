"""elastic_net: a regression whose coefficients are held small, most of them at nothing."""

from __future__ import annotations

import numpy as np

ROUNDS, CLOSE = 500, 1e-10  # of the descent, and when it has come to rest


def elastic_net(X: np.ndarray, y: np.ndarray, alpha: float, l1_ratio: float, nonnegative: bool) -> np.ndarray:
    """The d that minimises |y - X d|^2 / (2 rows) + alpha (l1_ratio |d|_1 + (1 - l1_ratio) |d|^2 / 2).

    Source: Friedman, Hastie & Tibshirani, Regularization paths for generalized linear models via coordinate descent,
    2010, equation 5.
    """
    gram, towards = X.T @ X / len(y), X.T @ y / len(y)
    d = np.zeros(X.shape[1])
    for _ in range(ROUNDS):
        moved = 0.0
        for j in range(len(d)):
            pull = towards[j] - gram[j] @ d + gram[j, j] * d[j]
            size = max((pull if nonnegative else abs(pull)) - alpha * l1_ratio, 0.0)
            below = gram[j, j] + alpha * (1 - l1_ratio)
            new = float(np.copysign(size, pull) / below) if below > 0 else 0.0
            moved, d[j] = max(moved, abs(new - d[j])), new
        if moved < CLOSE:
            break
    return d
