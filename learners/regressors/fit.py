"""fit_regressor: train a foreign regressor and keep what it learned as numbers."""

from __future__ import annotations

from copy import deepcopy

import numpy as np

from featurizers.featurizer import Featurizer
from learners.regressors.fitted import Fitted
from learners.regressors.linear import Linear


def fit_regressor(regressor: object, X: np.ndarray, y: np.ndarray, features: Featurizer) -> Fitted:
    usable = ~np.isnan(X).any(axis=1)
    copy = deepcopy(regressor)  # foreign fits mutate
    copy.fit(X[usable], y[usable])  # type: ignore[attr-defined]
    return Linear(np.asarray(copy.coef_, np.float64), float(copy.intercept_))  # type: ignore[attr-defined]
