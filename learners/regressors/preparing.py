"""Preparing: which stages a regressor needs in front of it, learned from the training rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from learners.regressors.fitted import Fitted
from learners.regressors.linear import Linear
from learners.regressors.stages import Blanked, Codes, Encoded, Filled, Rescaled, Scaled, Stage

SCALED = {"ElasticNet", "LassoLars", "Ridge", "SGD", "KNN"}  # ready ones that go by distances or penalties
CENTRED = {"ElasticNet", "LassoLars", "SGD"}  # ready ones whose settings mean a target of size one
WIDEST = 32  # categories that get a column each; where there are more, the mean target of each stands for it
SMOOTHING = 20.0  # rows of the overall mean that are mixed into the mean of a category
MOST_POINTS = 20_000  # training rows that nearest neighbours keep
NOTHING = Linear(np.zeros(0), 0.0)


@dataclass(frozen=True, eq=False)
class Prepared:
    """Training rows as the regressor wants them, and `around`: how to put the same in front of what it learned."""

    X: np.ndarray
    y: np.ndarray
    stages: tuple[Callable[[Fitted], Stage], ...]
    centre: float = 0.0
    scale: float = 1.0

    def around(self, inner: Fitted) -> Fitted:
        for stage in reversed(self.stages):
            inner = stage(inner)
        return inner if (self.centre, self.scale) == (0.0, 1.0) else Rescaled(inner, self.centre, self.scale)

    def then(self, stage: Callable[[Fitted], Stage]) -> Prepared:
        X = np.asarray(stage(NOTHING).apply(self.X))
        return Prepared(X, self.y, (*self.stages, stage), self.centre, self.scale)


def prepare(ready: str | None, estimator: Any, X: np.ndarray, y: np.ndarray, categorical: tuple[int, ...]) -> Prepared:
    """`ready` is the name of a ready regressor, None for an object of the user's."""
    places = np.array(categorical, np.int64)
    made = Prepared(X, y, ())
    if takes_codes(estimator) and len(places):
        made = made.then(partial(Codes, places=places))
    elif ready in SCALED and len(places):
        made = made.then(_encoding(X, y, places))
    blank = np.isnan(made.X).all(axis=0)
    if takes_missing(estimator) and blank.any():  # some libraries cannot bin a column of nothing
        made = made.then(partial(Blanked, places=np.flatnonzero(blank)))
    if not takes_missing(estimator):
        keep = _complete(made.X)
        made = Prepared(made.X[keep], y[keep], made.stages)
        made = made.then(partial(Filled, values=_medians(made.X)))
    if ready in SCALED:
        spread = made.X.std(axis=0)
        centre = made.X.mean(axis=0)
        constant = ~(spread > 1e-12 * np.maximum(1.0, np.abs(centre)))
        made = made.then(partial(Scaled, centre=centre, scale=np.where(constant, 1.0, spread)))
    if ready == "KNN" and len(made.X) > MOST_POINTS:
        keep = np.linspace(0, len(made.X) - 1, MOST_POINTS).astype(np.int64)
        made = Prepared(made.X[keep], made.y[keep], made.stages)
    if ready in CENTRED:
        centre, scale = float(made.y.mean()), float(made.y.std()) or 1.0
        made = Prepared(made.X, (made.y - centre) / scale, made.stages, centre, scale)
    return made


def takes_missing(estimator: Any) -> bool:
    """Whether NaN in its columns means something to the regressor."""
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


def _encoding(X: np.ndarray, y: np.ndarray, places: np.ndarray) -> Callable[[Fitted], Stage]:
    tables = []
    for place in places:
        code = np.where(X[:, place] >= 0, X[:, place], -1).astype(np.int64)  # NaN is not >= 0
        size, known = int(code.max(initial=-1)) + 1, code >= 0
        if size <= WIDEST:
            tables.append(np.vstack([np.eye(size), np.zeros((1, size))]))
            continue
        count = np.bincount(code[known], minlength=size)
        total = np.bincount(code[known], weights=y[known], minlength=size)
        mean = (total + SMOOTHING * y.mean()) / (count + SMOOTHING)
        tables.append(np.r_[mean, y.mean()][:, None])
    amounts = np.setdiff1d(np.arange(X.shape[1]), places)
    return partial(Encoded, amounts=amounts, places=places, tables=tuple(tables))


def _complete(X: np.ndarray) -> np.ndarray:
    """The rows to train on: those without NaN if they are enough, else all. Columns of nothing but NaN do not count."""
    missing = np.isnan(X)
    complete = ~missing[:, ~missing.all(axis=0)].any(axis=1)
    enough = complete.sum() >= min(len(X) / 2, 20 * (X.shape[1] + 1))
    return np.asarray(complete) if enough and complete.any() else np.ones(len(X), bool)


def _medians(X: np.ndarray) -> np.ndarray:
    """Of each column, 0 where it holds nothing but NaN."""
    empty = np.isnan(X).all(axis=0)
    return np.asarray(np.nanmedian(np.where(empty[None, :], 0.0, X), axis=0))
