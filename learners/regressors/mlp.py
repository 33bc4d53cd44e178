"""Mlp: a multi-layer perceptron."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, namespace
from learners.regressors.fitted import Fitted
from learners.regressors.linear import linked


@dataclass(frozen=True, eq=False)
class Mlp(Fitted):
    """Layers of x @ weights + biases, with an activation between them."""

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    activation: str  # relu, tanh, logistic or identity
    link: str = "identity"

    def predict(self, X: Array) -> Array:
        for i, (weights, biases) in enumerate(zip(self.weights, self.biases, strict=True)):
            X = X @ weights + biases[None, :]
            if i + 1 < len(self.weights):
                X = self._active(X)
        return linked(self.link, X[:, 0])

    def _active(self, x: Array) -> Array:
        xp = namespace(x)
        if self.activation == "relu":
            return xp.maximum(x, 0.0)
        if self.activation == "tanh":
            return xp.tanh(x)
        return linked("logit" if self.activation == "logistic" else "identity", x)
