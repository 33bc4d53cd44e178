"""Preparing: which stages a regressor needs in front of it, learned from the training rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from learners.regressors.columns import NOTHING, Make, encoding, imputing, reducing, scaling
from learners.regressors.fitted import Fitted
from learners.regressors.regressor import Regressor
from learners.regressors.stages import Blanked, Codes, Rescaled

SCALED = {"ElasticNet", "LassoLars", "Ridge", "SGD", "KNN"}  # ready ones that go by distances or penalties
CENTRED = {"ElasticNet", "LassoLars", "SGD"}  # ready ones whose settings mean a target of size one
MOST_POINTS = 20_000  # training rows that nearest neighbours keep


@dataclass(frozen=True, eq=False)
class Prepared:
    """Training rows as the regressor wants them, and `around`: how to put the same in front of what it learned."""

    X: np.ndarray
    y: np.ndarray
    stages: tuple[Make, ...]
    categorical: tuple[int, ...] = ()  # the columns of X that hold codes of categories
    centre: float = 0.0
    scale: float = 1.0

    def around(self, inner: Fitted) -> Fitted:
        for stage in reversed(self.stages):
            inner = stage(inner)
        return inner if (self.centre, self.scale) == (0.0, 1.0) else Rescaled(inner, self.centre, self.scale)

    def then(self, stage: Make | None) -> Prepared:
        if stage is None:
            return self
        X = np.asarray(stage(NOTHING).apply(self.X))
        return replace(self, X=X, stages=(*self.stages, stage))


def prepare(
    recipe: Regressor | None, estimator: Any, X: np.ndarray, y: np.ndarray, categorical: tuple[int, ...]
) -> Prepared:
    """`recipe` is None for an object of the user's, which is not scaled or reduced."""
    asked = Regressor("Ridge") if recipe is None else recipe
    ready = None if recipe is None else recipe.ready
    made = _complete(_encoded(asked, ready, estimator, X, y, categorical), asked, estimator)
    scale = ("standard" if ready in SCALED else "none") if asked.scaling == "auto" else asked.scaling
    made = made.then(scaling(scale, made.X))
    if asked.reduction is not None:
        made = made.then(reducing(asked.reduction, made.X))
    if ready == "KNN" and len(made.X) > MOST_POINTS:
        keep = np.linspace(0, len(made.X) - 1, MOST_POINTS).astype(np.int64)
        made = replace(made, X=made.X[keep], y=made.y[keep])
    if ready in CENTRED:
        centre, spread = float(made.y.mean()), float(made.y.std()) or 1.0
        made = replace(made, y=(made.y - centre) / spread, centre=centre, scale=spread)
    return made


def _encoded(
    asked: Regressor, ready: str | None, estimator: Any, X: np.ndarray, y: np.ndarray, categorical: tuple[int, ...]
) -> Prepared:
    """The codes of categories as the regressor wants them."""
    made, places = Prepared(X, y, (), categorical), np.array(categorical, np.int64)
    if not len(places):
        return made
    if asked.encoding == "ordinal":
        return replace(made, categorical=())
    measured = ready in SCALED or asked.scaling not in ("auto", "none") or asked.reduction is not None
    if asked.encoding != "auto" or measured:
        stage, columns = encoding(asked.encoding, X, y, places)
        return replace(made, X=columns, stages=(stage,), categorical=())
    return made.then(partial(Codes, places=places)) if takes_codes(estimator) else made


def _complete(made: Prepared, asked: Regressor, estimator: Any) -> Prepared:
    """Without gaps, where that is asked for or needed."""
    if asked.imputation != "auto":
        return made.then(imputing(asked.imputation, made.X, made.categorical if takes_codes(estimator) else ()))
    if takes_missing(estimator) and asked.reduction is None and asked.scaling != "normalizer":
        blank = np.isnan(made.X).all(axis=0)  # some libraries cannot bin a column of nothing
        return made.then(partial(Blanked, places=np.flatnonzero(blank)) if blank.any() else None)
    keep = _whole(made.X)
    made = replace(made, X=made.X[keep], y=made.y[keep])
    return made.then(imputing("median", made.X))


def takes_missing(estimator: Any) -> bool:
    """Whether NaN in its columns means something to the regressor."""
    steps = [step for _, step in getattr(estimator, "steps", ()) if step not in (None, "passthrough")]
    if len(steps) > 1:  # a pipeline does not say it itself: up to what fills the gaps, every step must take them
        filled = next((i for i, step in enumerate(steps) if type(step).__name__ == "SimpleImputer"), len(steps))
        return all(map(takes_missing, steps[:filled]))
    try:
        from sklearn.utils import get_tags

        return bool(get_tags(estimator).input_tags.allow_nan)
    except (AttributeError, TypeError, ImportError):  # not an estimator of scikit-learn's kind
        return False


def takes_codes(estimator: Any) -> bool:
    """Whether it can split on sets of categories."""
    names = {f"{kind.__module__.split('.')[0]}.{kind.__name__}" for kind in type(estimator).__mro__}
    if "xgboost.XGBModel" in names:
        return getattr(estimator, "booster", None) in (None, "gbtree", "dart")
    return bool(names & {"lightgbm.LGBMModel", "sklearn.HistGradientBoostingRegressor"})


def _whole(X: np.ndarray) -> np.ndarray:
    """The rows to train on: those without NaN if they are enough, else all. Columns of nothing but NaN do not count."""
    missing = np.isnan(X)
    complete = ~missing[:, ~missing.all(axis=0)].any(axis=1)
    enough = complete.sum() >= min(len(X) / 2, 20 * (X.shape[1] + 1))
    return np.asarray(complete) if enough and complete.any() else np.ones(len(X), bool)
