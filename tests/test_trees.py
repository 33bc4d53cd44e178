"""Trees: the library, the kernel and the graph answer alike, for every family and awkward input."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeRegressor
from threadpoolctl import threadpool_limits

import forecast as fc
from learners.regressors.converted import converted
from learners.regressors.fit import settled
from learners.regressors.trees import Trees
from learners.transforms.transform import Transform
from tests.graphs import scored

ROWS, COLUMNS, CODES = 900, 6, (4, 5)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with threadpool_limits(1):  # OpenMP threads that wait for each other make small fits crawl
        yield


def table(missing: float = 0.0, size: str = "plain", most: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Columns and a target; the last two columns are codes of 12 and `most` categories."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(ROWS, COLUMNS))
    if size == "seconds":  # differences that float32 cannot see
        X[:, :4] = 1.7e9 + rng.integers(0, 86_400 * 30, (ROWS, 4))
    X[:, 4], X[:, 5] = rng.integers(0, 12, ROWS), rng.integers(1, most, ROWS)
    z = (X[:, :4] - X[:, :4].mean(0)) / X[:, :4].std(0)
    y = 1000 + 50 * z[:, 0] + 20 * np.sin(z[:, 1]) * z[:, 2] + 15 * (X[:, 4] % 3) + 4 * (X[:, 5] % 5)
    X[rng.random(X.shape) < missing] = np.nan
    return X, y + rng.normal(size=ROWS)


def awkward(X: np.ndarray, codes: bool = False) -> np.ndarray:
    """Rows with NaN in any place and, if there are codes, some that training did not see."""
    result, rng = X.copy(), np.random.default_rng(2)
    result[rng.random(X.shape) < 0.2] = np.nan
    if codes:
        result[:60, 4], result[30:90, 5] = 77, 40 + rng.integers(0, 300, 60)
    return result


def agree(estimator: Any, X: np.ndarray, tolerance: float = 1e-12) -> Trees:
    trees = converted(estimator)
    assert isinstance(trees, Trees)
    want = np.asarray(estimator.predict(X), np.float64)
    got = trees.predict(X)
    np.testing.assert_allclose(got, want, rtol=tolerance)
    for rows in (len(X), 1):
        np.testing.assert_allclose(scored(trees, X[:rows]), got[:rows], rtol=1e-12)
    return trees


LIGHTGBM: dict[str, dict[str, Any]] = {
    "plain": {},
    "dart": {"boosting_type": "dart", "drop_rate": 0.5},
    "forest": {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.7},
    "quantile": {"objective": "quantile", "alpha": 0.9},
    "absolute": {"objective": "l1"},
    "poisson": {"objective": "poisson"},
    "tweedie": {"objective": "tweedie"},
    "gamma": {"objective": "gamma"},
    "square root": {"reg_sqrt": True},
    "one leaf": {"min_child_samples": 5000},
    "deep": {"num_leaves": 300, "min_child_samples": 1},
}


def make_lightgbm(**settings: Any) -> Any:
    return lightgbm.LGBMRegressor(**{"n_estimators": 40, "verbose": -1, "n_jobs": 1} | settings)


@pytest.mark.parametrize("size", ["plain", "seconds"])
@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("kind", LIGHTGBM)
def test_lightgbm(kind: str, missing: float, size: str) -> None:
    X, y = table(missing, size)
    estimator = make_lightgbm(**LIGHTGBM[kind]).fit(X, y)
    agree(estimator, X)
    agree(estimator, awkward(X))


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("settings", [{}, {"max_cat_to_onehot": 1}, {"max_cat_to_onehot": 100}, {"cat_smooth": 0}])
@pytest.mark.parametrize("most", [40, 300])
def test_lightgbm_categories(most: int, settings: dict[str, Any], missing: float) -> None:
    X, y = table(missing, most=most)
    estimator = make_lightgbm(**settings).fit(X, y, categorical_feature=list(CODES))
    assert (agree(estimator, X).sets >= 0).any()
    agree(estimator, awkward(X, codes=True))


def test_lightgbm_stops_early() -> None:
    X, y = table()
    rng = np.random.default_rng(3)
    stop = [lightgbm.early_stopping(3, verbose=False)]
    estimator = make_lightgbm(n_estimators=300, learning_rate=0.4)
    estimator.fit(X, y, eval_X=X[::3], eval_y=y[::3] + rng.normal(scale=90, size=300), callbacks=stop)
    assert estimator.best_iteration_ < 300
    assert len(agree(estimator, X).roots) == estimator.best_iteration_


@pytest.mark.parametrize(
    ("settings", "reason"), [({"linear_tree": True}, "linear_tree"), ({"zero_as_missing": True}, "zero_as_missing")]
)
def test_lightgbm_refused(settings: dict[str, Any], reason: str) -> None:
    X, y = table(0.1)
    with pytest.raises(ValueError, match=reason):
        converted(make_lightgbm(**settings).fit(X, y))


XGBOOST: dict[str, dict[str, Any]] = {
    "plain": {},
    "dart": {"booster": "dart", "rate_drop": 0.3},
    "poisson": {"objective": "count:poisson"},
    "gamma": {"objective": "reg:gamma"},
    "tweedie": {"objective": "reg:tweedie"},
    "absolute": {"objective": "reg:absoluteerror"},
    "quantile": {"objective": "reg:quantileerror", "quantile_alpha": 0.8},
    "one leaf": {"min_child_weight": 1e9},
    "parallel": {"num_parallel_tree": 3, "subsample": 0.7},
    "no rounds": {"n_estimators": 0},
    "base": {"base_score": 900.0},
}


def make_xgboost(**settings: Any) -> Any:
    return xgboost.XGBRegressor(**{"n_estimators": 40, "n_jobs": 1} | settings)


@pytest.mark.parametrize("size", ["plain", "seconds"])
@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("kind", XGBOOST)
def test_xgboost(kind: str, missing: float, size: str) -> None:
    X, y = table(missing, size)
    estimator = make_xgboost(**XGBOOST[kind]).fit(X, y)
    agree(estimator, X, 1e-5)
    agree(estimator, awkward(X), 1e-5)


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("settings", [{}, {"max_cat_to_onehot": 1}, {"max_cat_to_onehot": 100}])
@pytest.mark.parametrize("most", [40, 300])
def test_xgboost_categories(most: int, settings: dict[str, Any], missing: float) -> None:
    X, y = table(missing, most=most)
    estimator = make_xgboost(enable_categorical=True, feature_types=["q"] * 4 + ["c"] * 2, **settings).fit(X, y)
    assert (agree(estimator, X, 1e-5).sets >= 0).any()
    agree(estimator, awkward(X, codes=True), 1e-5)


def test_xgboost_stops_early() -> None:
    X, y = table()
    noisy = y[::3] + np.random.default_rng(3).normal(scale=90, size=300)
    estimator = make_xgboost(n_estimators=300, learning_rate=0.5, early_stopping_rounds=3)
    estimator.fit(X, y, eval_set=[(X[::3], noisy)], verbose=False)
    assert len(agree(estimator, X, 1e-5).roots) == estimator.best_iteration + 1 < 300


def test_xgboost_refused() -> None:
    X, y = table()
    for settings in ({"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.9]}, {"booster": "gblinear"}):
        with pytest.raises(ValueError, match=r"several outputs|not made of trees"):
            converted(make_xgboost(**settings).fit(X, y))


SKLEARN: dict[str, Any] = {
    "tree": DecisionTreeRegressor(random_state=0),
    "tree poisson": DecisionTreeRegressor(criterion="poisson", max_depth=6),
    "stump": DecisionTreeRegressor(max_leaf_nodes=2),
    "one leaf": DecisionTreeRegressor(min_samples_leaf=900),
    "forest": RandomForestRegressor(15, random_state=0),
    "extra": ExtraTreesRegressor(15, random_state=0),
    "hist": HistGradientBoostingRegressor(max_iter=40),
    "hist quantile": HistGradientBoostingRegressor(max_iter=40, loss="quantile", quantile=0.9),
    "hist poisson": HistGradientBoostingRegressor(max_iter=40, loss="poisson"),
    "hist gamma": HistGradientBoostingRegressor(max_iter=40, loss="gamma"),
    "hist early": HistGradientBoostingRegressor(max_iter=200, early_stopping=True, random_state=0),
}


@pytest.mark.parametrize("size", ["plain", "seconds"])
@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("kind", SKLEARN)
def test_sklearn(kind: str, missing: float, size: str) -> None:
    X, y = table(missing, size)
    estimator = copy.deepcopy(SKLEARN[kind]).fit(X, y)
    agree(estimator, X)
    agree(estimator, awkward(X))


@pytest.mark.parametrize(
    "settings",
    [{}, {"init": "zero"}, {"loss": "quantile", "alpha": 0.8}, {"loss": "absolute_error"}, {"loss": "huber"}],
)
def test_gradient_boosting(settings: dict[str, Any]) -> None:
    for size in ("plain", "seconds"):
        X, y = table(size=size)
        agree(GradientBoostingRegressor(n_estimators=40, random_state=0, **settings).fit(X, y), X)


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_hist_gradient_boosting_categories(missing: float) -> None:
    X, y = table(missing)
    for places in (list(CODES), [5], [0, 5]):
        X[:, 0] = np.round(X[:, 0]) + 5
        estimator = HistGradientBoostingRegressor(max_iter=60, categorical_features=places).fit(X, y)
        assert (agree(estimator, X).sets >= 0).any()
        agree(estimator, awkward(X, codes=True))


def test_threads_and_neighbours_change_no_bit() -> None:
    X, y = table(0.1)
    trees = converted(make_lightgbm().fit(X, y, categorical_feature=list(CODES)))
    assert isinstance(trees, Trees)
    one = trees._forest.predict(X, False, 1)
    for count in (2, 3, 7, 64):
        np.testing.assert_array_equal(trees._forest.predict(X, False, count), one)
    np.testing.assert_array_equal(np.concatenate([trees.predict(X[i : i + 1]) for i in range(90)]), one[:90])


def test_copies_leave_the_kernel_behind() -> None:
    X, y = table()
    trees = converted(make_lightgbm().fit(X, y))
    want = trees.predict(X)
    np.testing.assert_array_equal(copy.deepcopy(trees).predict(X), want)


def test_damaged_trees_are_refused() -> None:
    X, y = table()
    trees = converted(make_lightgbm().fit(X, y))
    assert isinstance(trees, Trees)
    with pytest.raises(ValueError, match="more columns"):
        trees.predict(X[:, :2])
    for damaged in (replace(trees, yes=trees.yes + 10**6), replace(trees, no=trees.no - 10**6)):
        with pytest.raises(ValueError, match="leads to what is not there"):
            damaged.predict(X)
    with pytest.raises(ValueError, match="a root is not there"):
        replace(trees, roots=trees.roots + 10**6).predict(X)


def counts() -> fc.Panel:
    """Whole numbers, of which the same means come again and again, added up in another order."""
    rng, days = np.random.default_rng(0), pd.date_range("2022-01-01", periods=120)
    wave = 5 + 3 * np.sin(2 * np.pi * np.arange(len(days)) / 7)
    sold = [
        (rng.random(len(days)) < 0.25) * rng.poisson(3, len(days)) if i % 2 else rng.poisson(wave) for i in range(6)
    ]
    parts = [pd.DataFrame({"item": i, "day": days, "sales": y}) for i, y in enumerate(sold)]
    return fc.Panel.read(pd.concat(parts), "item", time="day", target="sales")


@pytest.mark.parametrize("transform", [fc.Log1p(), fc.Scale("standard")], ids=repr)
@pytest.mark.parametrize("name", ["LightGBM", "HistGradientBoosting", "XGBoost", "RandomForest"])
def test_no_tree_parts_what_is_the_same_but_for_rounding(name: str, transform: Transform, tmp_path: Path) -> None:
    features = (fc.Lags((1, 2, 7)), fc.Rolling(("mean", "std"), (6, 7), min_samples=2))
    model = fc.Transformed(fc.Recursive(name, features), transform).fit(counts())
    assert fc.to_onnx(model, tmp_path / "model.onnx", 14)["worst_relative_difference"] < 1e-12


def test_columns_are_settled_to_some_digits() -> None:
    X = np.array([[0.1 + 0.2, 1.0, -2.5, 0.0, np.nan], [0.3, 123_456_789.0, 1e150, np.inf, -np.inf]])
    before = X.copy()
    found = settled(X)
    np.testing.assert_array_equal(X, before)
    assert found[0, 0] == found[1, 0]
    np.testing.assert_allclose(found, X, rtol=2.0**-33)
    np.testing.assert_array_equal(found[0, 1:], X[0, 1:])
    assert found[1, 1] == X[1, 1]
    assert settled(X.T[:, ::-1]).flags.c_contiguous
