"""converted: a trained regressor of any library as our own numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from learners.regressors.fitted import Fitted
from learners.regressors.lightgbm_trees import from_lightgbm
from learners.regressors.linear import Linear
from learners.regressors.mlp import Mlp
from learners.regressors.neighbours import Neighbours
from learners.regressors.sklearn_trees import (
    from_forest,
    from_gradient_boosting,
    from_hist_gradient_boosting,
    from_tree,
)
from learners.regressors.stages import Chosen, Clipped, Filled, Marked, Normalized, Projected, Rescaled, Scaled, Voted
from learners.regressors.xgboost_trees import from_xgboost


def converted(estimator: Any) -> Fitted:
    """ValueError, with the rest of a sentence that starts with the regressor, where there is no way to."""
    for kind in type(estimator).__mro__:
        library, name = kind.__module__.split(".")[0], kind.__name__
        if library in ("sklearn", "lightgbm", "xgboost") and name in _READERS:
            return _READERS[name](estimator)
    raise ValueError("how it predicts is not known.")


def _linear(estimator: Any) -> Fitted:
    coefficients = np.asarray(estimator.coef_, np.float64)
    return Linear(coefficients.reshape(-1), float(np.ravel(estimator.intercept_)[0]))


def _generalised(estimator: Any) -> Fitted:
    links = {"IdentityLink": "identity", "LogLink": "log", "LogitLink": "logit"}
    link = links[type(estimator._base_loss.link).__name__]
    return Linear(np.asarray(estimator.coef_, np.float64), float(estimator.intercept_), link)


def _constant(estimator: Any) -> Fitted:
    return Linear(np.zeros(estimator.n_features_in_), float(np.ravel(estimator.constant_)[0]))


def _neighbours(estimator: Any) -> Fitted:
    if estimator.effective_metric_ != "euclidean" or estimator.weights not in ("uniform", "distance"):
        raise ValueError("it measures distances or weights in a way of its own.")
    targets = np.asarray(estimator._y, np.float64).reshape(-1)
    points = np.asarray(estimator._fit_X, np.float64)
    return Neighbours(points, targets, int(estimator.n_neighbors), estimator.weights == "distance")


def _perceptron(estimator: Any) -> Fitted:
    link = {"identity": "identity", "exp": "log", "exponential": "log"}[estimator.out_activation_]
    weights = tuple(np.asarray(w, np.float64) for w in estimator.coefs_)
    return Mlp(weights, tuple(np.asarray(b, np.float64) for b in estimator.intercepts_), estimator.activation, link)


def _lightgbm(estimator: Any) -> Fitted:
    return from_lightgbm(estimator.booster_ if hasattr(estimator, "booster_") else estimator)


def _xgboost(estimator: Any) -> Fitted:
    if not hasattr(estimator, "get_booster"):
        return from_xgboost(estimator)
    stopped = getattr(estimator, "best_iteration", None) if estimator.early_stopping_rounds else None
    return from_xgboost(estimator.get_booster(), None if stopped is None else int(stopped) + 1)


def _voting(estimator: Any) -> Fitted:
    parts = tuple(converted(part) for part in estimator.estimators_)
    weights = np.ones(len(parts)) if estimator.weights is None else np.asarray(estimator.weights, np.float64)
    return Voted(parts, tuple((weights / weights.sum()).tolist()))


def _target_transformed(estimator: Any) -> Fitted:
    inverse = estimator.transformer_
    if type(inverse).__name__ not in ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler"):
        raise ValueError("it transforms the target in a way of its own.")
    # These scalers are straight lines: two points tell which.
    at_zero, at_one = (float(inverse.inverse_transform(np.array([[v]]))[0, 0]) for v in (0.0, 1.0))
    return Rescaled(converted(estimator.regressor_), at_zero, at_one - at_zero)


# ---- pipelines ----------------------------------------------------------------------------------


def _pipeline(estimator: Any) -> Fitted:
    *stages, (_, last) = estimator.steps
    fitted = converted(last)
    for _, stage in reversed(stages):
        if stage is None or stage == "passthrough":
            continue
        name = type(stage).__name__
        if name not in _STAGES:
            raise ValueError(f"its stage {name!r} has no counterpart in a graph.")
        fitted = _STAGES[name](stage, fitted)
    return fitted


def _standard(stage: Any, inner: Fitted) -> Fitted:
    size = stage.n_features_in_
    centre = np.zeros(size) if stage.mean_ is None else stage.mean_
    return Scaled(inner, centre, np.ones(size) if stage.scale_ is None else stage.scale_)


def _min_max(stage: Any, inner: Fitted) -> Fitted:
    if stage.clip:
        inner = Clipped(inner, *map(float, stage.feature_range))
    return Scaled(inner, -stage.min_ / stage.scale_, 1 / stage.scale_)


def _robust(stage: Any, inner: Fitted) -> Fitted:
    size = stage.n_features_in_
    centre = stage.center_ if stage.with_centering else np.zeros(size)
    return Scaled(inner, centre, stage.scale_ if stage.with_scaling else np.ones(size))


def _normalizer(stage: Any, inner: Fitted) -> Fitted:
    if stage.norm != "l2":
        raise ValueError(f"its stage 'Normalizer' measures lengths by {stage.norm!r}.")
    return Normalized(inner)


def _components(stage: Any, inner: Fitted) -> Fitted:
    matrix = stage.components_.T
    if getattr(stage, "whiten", False):
        matrix = matrix / np.sqrt(stage.explained_variance_)
    return Projected(inner, getattr(stage, "mean_", np.zeros(len(matrix))), matrix)


def _imputer(stage: Any, inner: Fitted) -> Fitted:
    if not (isinstance(stage.missing_values, float) and np.isnan(stage.missing_values)):
        raise ValueError("its stage 'SimpleImputer' takes other values than NaN for missing.")
    values = np.asarray(stage.statistics_, np.float64)
    marked = stage.indicator_.features_ if stage.add_indicator else np.zeros(0, np.int64)
    if np.isnan(values).any() and not stage.keep_empty_features:  # a column of nothing but NaN is left out
        marks = np.arange(len(values), len(values) + len(marked))
        inner = Chosen(inner, np.r_[np.flatnonzero(~np.isnan(values)), marks])
    return Marked(inner, np.nan_to_num(values), marked) if len(marked) else Filled(inner, np.nan_to_num(values))


def _selected(stage: Any, inner: Fitted) -> Fitted:
    return Chosen(inner, np.flatnonzero(stage.get_support()))


_STAGES: dict[str, Callable[[Any, Fitted], Fitted]] = {
    "StandardScaler": _standard,
    "MinMaxScaler": _min_max,
    "MaxAbsScaler": lambda stage, inner: Scaled(inner, np.zeros(stage.n_features_in_), stage.scale_),
    "RobustScaler": _robust,
    "Normalizer": _normalizer,
    "PCA": _components,
    "TruncatedSVD": _components,
    "SimpleImputer": _imputer,
    "SelectKBest": _selected,
    "SelectPercentile": _selected,
    "SelectFromModel": _selected,
    "VarianceThreshold": _selected,
}

# By class, the nearest ancestor first.
_READERS: dict[str, Callable[[Any], Fitted]] = {
    "_GeneralizedLinearRegressor": _generalised,
    "LinearModel": _linear,
    "BaseSGDRegressor": _linear,
    "LinearRegression": _linear,
    "RANSACRegressor": lambda estimator: converted(estimator.estimator_),
    "QuantileRegressor": _linear,
    "HuberRegressor": _linear,
    "LinearSVR": _linear,
    "DummyRegressor": _constant,
    "DecisionTreeRegressor": from_tree,
    "ForestRegressor": from_forest,
    "GradientBoostingRegressor": from_gradient_boosting,
    "HistGradientBoostingRegressor": from_hist_gradient_boosting,
    "KNeighborsRegressor": _neighbours,
    "MLPRegressor": _perceptron,
    "LGBMModel": _lightgbm,
    "XGBModel": _xgboost,
    "VotingRegressor": _voting,
    "TransformedTargetRegressor": _target_transformed,
    "Pipeline": _pipeline,
    "GridSearchCV": lambda estimator: converted(estimator.best_estimator_),
    "RandomizedSearchCV": lambda estimator: converted(estimator.best_estimator_),
}
