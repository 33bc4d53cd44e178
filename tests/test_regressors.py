"""Regressors: every ready name and any foreign one, on awkward tables; numbers, graph and library agree."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import AdaBoostRegressor, RandomForestRegressor, VotingRegressor
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    BayesianRidge,
    HuberRegressor,
    LinearRegression,
    OrthogonalMatchingPursuit,
    PoissonRegressor,
    QuantileRegressor,
    TweedieRegressor,
)
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, PolynomialFeatures, RobustScaler, StandardScaler
from sklearn.svm import SVR, LinearSVR
from threadpoolctl import threadpool_limits

from featurizers.features import Features
from featurizers.featurizer import Featurizer
from learners.regressors import Fitted, Regressor, fit_regressor
from learners.regressors import regressor as ready
from learners.regressors.foreign import Foreign
from tests.graphs import scored

READY = sorted(ready.READY)
FAST: dict[str, dict[str, Any]] = {
    "GradientBoosting": {"n_estimators": 20},
    "HistGradientBoosting": {"max_iter": 20},
    "LightGBM": {"n_estimators": 20, "min_child_samples": 5},
    "XGBoost": {"n_estimators": 20},
    "RandomForest": {"n_estimators": 8},
    "ExtraTrees": {"n_estimators": 8},
}
PLAIN = Features(())


@dataclass(frozen=True)
class Coded(Features):
    """Features of which the column at 3 holds codes."""

    @property
    def categorical(self) -> tuple[int, ...]:
        return (3,)


CODED: Featurizer = Coded(())


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def table(rows: int = 300, missing: float = 0.0, levels: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Four columns (the last one of codes) and a target that depends on all."""
    rng = np.random.default_rng(0)
    X = np.c_[rng.normal(50, 10, (rows, 3)), rng.integers(0, levels, rows)]
    y = 100 + X[:, 0] - 0.5 * X[:, 1] + 3 * ((X[:, 3] * 7) % 5) + rng.normal(size=rows)
    X[rng.random(X.shape) < missing] = np.nan
    return X, y


def made(name: str, **settings: Any) -> Regressor:
    return Regressor(name, FAST.get(name, {}) | settings)


def fitted(regressor: object, X: np.ndarray, y: np.ndarray, features: Featurizer = PLAIN) -> Fitted:
    """Trained to our own numbers, whose graph agrees on rows with and without missing values and unseen categories."""
    result = fit_regressor(regressor, X, y, features)
    assert "Foreign" not in repr(result)
    awkward = X.copy()
    awkward[::3, 0], awkward[1::4, 3], awkward[2::4, 3], awkward[3::5] = np.nan, 99.0, -1.0, np.nan
    both = np.concatenate([X, awkward])
    answer = result.predict(both)
    assert answer.shape == (len(both),)
    assert np.isfinite(answer).all()
    np.testing.assert_allclose(scored(result, both), answer, rtol=1e-9, atol=1e-9 * np.abs(answer).max())
    return result


@pytest.mark.parametrize(("missing", "levels"), [(0.0, 60), (0.2, 7)])
@pytest.mark.parametrize("name", READY)
def test_ready(name: str, missing: float, levels: int) -> None:
    X, y = table(missing=missing, levels=levels)
    for features in (PLAIN, CODED):
        model = fitted(made(name), X, y, features)
        explained = 1 - np.var(y - model.predict(X)) / np.var(y)
        assert explained > 0.3


@pytest.mark.parametrize("name", READY)
def test_awkward_training_tables(name: str) -> None:
    X, y = table()
    empty, still = X.copy(), X.copy()
    empty[:, 1], still[:, 2] = np.nan, 3.0
    for columns, target in (
        (X[:1], y[:1]),
        (X[:2], y[:2]),
        (X[:3], y[:3]),
        (X, np.full(len(y), 7.0)),
        (empty, y),
        (still, y),
        (X, y * 1e9),
        (X, y * 1e-9),
        (X * np.array([1e7, 1e7, 1e7, 1]), -y),
        (np.full_like(X, np.nan), y),
        (np.repeat(X[:1], 50, axis=0), y[:50]),
    ):
        model = fitted(made(name), columns, target, CODED)
        answer, size = model.predict(columns), np.abs(target).max()
        assert np.abs(answer).max() <= 1.5 * size


@pytest.mark.parametrize("name", READY)
def test_the_same_twice(name: str) -> None:
    X, y = table(missing=0.1)
    first, second = (fit_regressor(made(name), X, y, CODED).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", ["ElasticNet", "LassoLars", "SGD", "Ridge", "KNN"])
def test_scale_of_the_target_does_not_matter(name: str) -> None:
    X, y = table()
    small, large = (fit_regressor(made(name), X, y * size, PLAIN).predict(X) / size for size in (1.0, 1e6))
    np.testing.assert_allclose(small, large, rtol=1e-6)


def test_names() -> None:
    assert Regressor("lightgbm").ready == "LightGBM"
    for name in READY:
        assert getattr(ready, name)() == Regressor(name)
    assert ready.LightGBM(n_estimators=7).make().n_estimators == 7
    assert ready.LightGBM(bagging_fraction=0.5).make().get_params()["bagging_fraction"] == 0.5
    with pytest.raises(ValueError, match=r"'LightGMB'.*'LightGBM'.*There are .*Ridge"):
        Regressor("LightGMB").make()
    with pytest.raises(ValueError, match=r"'Ridge' has no setting 'alfa'.*'alpha'"):
        ready.Ridge(alfa=1).make()
    with pytest.raises(ValueError, match=r"'LightGBM' has no setting 'n_estimator'.*'n_estimators'"):
        ready.LightGBM(n_estimator=1).make()


def test_what_is_not_a_regressor() -> None:
    X, y = table()
    with pytest.raises(ValueError, match="is not a regressor"):
        fit_regressor(3, X, y, PLAIN)
    with pytest.raises(ValueError, match="no rows"):
        fit_regressor("Ridge", X[:0], y[:0], PLAIN)
    with pytest.raises(ValueError, match=r"could not be trained on 300 rows and 4 columns: .*'max_depth'"):
        fit_regressor(made("DecisionTree", max_depth="deep"), X, y, PLAIN)


OBJECTS: list[Any] = [
    LinearRegression(),
    BayesianRidge(),
    HuberRegressor(max_iter=1000),
    QuantileRegressor(quantile=0.8, alpha=0.0),
    OrthogonalMatchingPursuit(),
    LinearSVR(random_state=0),
    PoissonRegressor(max_iter=1000),
    TweedieRegressor(power=1.5),
    TweedieRegressor(power=0),
    DummyRegressor(),
    KNeighborsRegressor(5),
    KNeighborsRegressor(3, weights="distance"),
    MLPRegressor(hidden_layer_sizes=(8, 4), max_iter=30, random_state=0),
    MLPRegressor(hidden_layer_sizes=(5,), activation="tanh", max_iter=30, random_state=0),
    MLPRegressor(hidden_layer_sizes=(5,), activation="logistic", max_iter=30, random_state=0),
    RandomForestRegressor(5, random_state=0),
    VotingRegressor([("a", LinearRegression()), ("b", RandomForestRegressor(3, random_state=0))], weights=[1, 3]),
    TransformedTargetRegressor(LinearRegression(), transformer=StandardScaler()),
    GridSearchCV(RandomForestRegressor(2, random_state=0), {"max_depth": [2, 3]}, cv=2),
    make_pipeline(StandardScaler(), LinearRegression()),
    make_pipeline(MinMaxScaler(clip=True), KNeighborsRegressor(4)),
    make_pipeline(
        MaxAbsScaler(),
        RobustScaler(),
        "passthrough",
        MLPRegressor(hidden_layer_sizes=(4,), max_iter=30, random_state=0),
    ),
    make_pipeline(SimpleImputer(strategy="median"), PCA(2, whiten=True), LinearRegression()),
    make_pipeline(TruncatedSVD(2, random_state=0), LinearRegression()),
    make_pipeline(VarianceThreshold(), SelectKBest(f_regression, k=2), RandomForestRegressor(3, random_state=0)),
]


@pytest.mark.parametrize("regressor", OBJECTS, ids=lambda r: repr(r)[:40])
def test_objects(regressor: Any) -> None:
    X, y = table(missing=0.05)
    before = repr(regressor.__dict__)
    fitted(regressor, X, y)
    assert repr(regressor.__dict__) == before  # a copy was trained
    complete, y = table()
    model = fitted(regressor, complete, y)
    np.testing.assert_allclose(model.predict(complete), regressor.fit(complete, y).predict(complete), rtol=1e-9)


class Mine:
    """A user's own regressor."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> Mine:
        assert not np.isnan(X).any()
        self.mean = y.mean()
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(self.mean + X[:, 0])


@pytest.mark.parametrize(
    "regressor", [Mine(), SVR(), AdaBoostRegressor(), make_pipeline(PolynomialFeatures(2), LinearRegression())]
)
def test_foreign(regressor: Any) -> None:
    X, y = table(missing=0.1)
    model = fit_regressor(regressor, X, y, PLAIN)
    inner = getattr(model, "inner", model)
    assert isinstance(inner, Foreign)
    assert np.isfinite(model.predict(X)).all()
    with pytest.raises(ValueError, match=rf"'{type(regressor).__name__}' predicts in Python but cannot be exported"):
        scored(model, X)


def test_several_outputs_are_refused() -> None:
    import xgboost

    X, y = table()
    many = xgboost.XGBRegressor(objective="reg:quantileerror", quantile_alpha=[0.1, 0.9], n_estimators=3)
    with pytest.raises(ValueError, match="answers one row with 2 numbers"):
        fit_regressor(many, X, y, PLAIN)
