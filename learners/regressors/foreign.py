"""Foreign: a trained regressor of which we know no numbers; it predicts in Python only."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from featurizers.arrays import Array, namespace
from learners.regressors.fitted import Fitted


@dataclass(frozen=True, eq=False)
class Foreign(Fitted):
    """The library's own object: the one thing in a model that is not ours, so it is neither saved nor exported."""

    estimator: Any
    reason: str  # why it could not be turned into numbers

    def predict(self, X: Array) -> Array:
        if namespace(X) is not np:
            raise ValueError(self.refusal("exported"))
        return np.asarray(self.estimator.predict(X), np.float64).reshape(len(X))

    def refusal(self, done: str) -> str:
        """The sentence with which it refuses to be saved or exported."""
        return (
            f"Regressor {type(self.estimator).__name__!r} predicts in Python but cannot be {done}: {self.reason} "
            "Linear models, decision trees and their forests, (Hist)GradientBoosting, LightGBM, XGBoost, nearest "
            "neighbours, perceptrons and pipelines of simple scalers with one of these can."
        )


def foreign(part: object) -> Foreign | None:
    """The first regressor inside a model that can be neither saved nor exported; None if all can."""
    if isinstance(part, Foreign):
        return part
    if is_dataclass(part):
        inner: Any = (getattr(part, f.name) for f in fields(part))
    else:
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, tuple) else ()
    return next((found for item in inner if (found := foreign(item)) is not None), None)
