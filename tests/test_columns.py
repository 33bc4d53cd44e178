"""Columns of a regressor: filled, encoded, scaled and reduced as scikit-learn does it; in graphs and as data too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction import FeatureHasher
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.linear_model import Ridge as TheirRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from featurizers import Calendar, Categories, Lags
from featurizers.features import Features
from forecast.recipes import from_toml, to_toml
from learners.recursive import Recursive
from learners.regressors import fit_regressor
from learners.regressors.columns import Hashed, Impute, Pca, TargetMean, TruncatedSvd, encoding
from learners.regressors.foreign import Foreign
from learners.regressors.regressor import KNN, HistGradientBoosting, LightGBM, RandomForest, Regressor, Ridge, XGBoost
from learners.space import closed, openings
from tests.examples import panel
from tests.graphs import scored


class Coded(Features):
    """Features of which the column at 3 holds codes."""

    categorical = (3,)


class FirstCoded(Features):
    categorical = (0,)


def table(gaps: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    X = rng.normal(3, [1.0, 50, 0.1, 4, 2], (300, 5))
    X[:, 4] = X[:, 0] + X[:, 2]
    X[:, 3] = rng.integers(-1, 6, 300)
    y = X[:, 0] * 2 + X[:, 1] / 10 + (X[:, 3] == 2) * 5 + rng.normal(size=300)
    if gaps:
        X[rng.random(X.shape) < 0.1] = np.nan
    return X, y


def agree(made: Regressor, theirs: Any, gaps: bool = False) -> None:
    """Numbers of the library, and of our graph."""
    X, y = table(gaps)
    fitted = fit_regressor(made, X, y, Features(()))
    want = theirs.fit(X, y).predict(X)
    np.testing.assert_allclose(np.asarray(fitted.predict(X)), want, rtol=0, atol=1e-9 * np.abs(want).max())
    np.testing.assert_allclose(scored(fitted, X), want, rtol=0, atol=1e-9 * np.abs(want).max())


SCALERS = {
    "none": "passthrough",
    "standard": StandardScaler(),
    "minmax": MinMaxScaler(),
    "maxabs": MaxAbsScaler(),
    "robust": RobustScaler(),
    "normalizer": Normalizer(),
}


@pytest.mark.parametrize("name", SCALERS)
def test_scaling_is_that_of_scikit_learn(name: str) -> None:
    agree(Ridge(alpha=2.0, scaling=name), make_pipeline(SCALERS[name], TheirRidge(alpha=2.0)))


@pytest.mark.parametrize("reduction", [Pca(3), Pca(0.9), TruncatedSvd(2)])
def test_reduction_is_that_of_scikit_learn(reduction: Any) -> None:
    theirs = TruncatedSVD(2, algorithm="arpack") if isinstance(reduction, TruncatedSvd) else PCA(reduction.components)
    agree(Ridge(scaling="robust", reduction=reduction), make_pipeline(RobustScaler(), theirs, TheirRidge()))


@pytest.mark.parametrize("indicator", [False, True])
@pytest.mark.parametrize("value", ["median", "mean", 7.0])
def test_imputation_is_that_of_scikit_learn(value: str | float, indicator: bool) -> None:
    how = {"strategy": value} if isinstance(value, str) else {"strategy": "constant", "fill_value": value}
    theirs = make_pipeline(SimpleImputer(**how, add_indicator=indicator), TheirRidge())
    agree(Ridge(scaling="none", imputation=Impute(value, indicator)), theirs, gaps=True)


def test_a_pipeline_of_the_user_with_an_indicator_and_a_normalizer_is_numbers_too() -> None:
    X, y = table(gaps=True)
    theirs = make_pipeline(SimpleImputer(add_indicator=True), Normalizer(), LinearRegression())
    fitted = fit_regressor(theirs, X, y, Features(()))
    assert not isinstance(fitted, Foreign)
    np.testing.assert_allclose(scored(fitted, X), theirs.fit(X, y).predict(X), atol=1e-9)


def test_encodings_are_those_of_scikit_learn() -> None:
    X, y = table()
    code, places = X[:, 3], np.array([3])
    others = np.delete(X, 3, axis=1)
    made, columns = encoding("onehot", X, y, places)
    onehot = OneHotEncoder(categories=[list(range(6))], handle_unknown="ignore", sparse_output=False)
    np.testing.assert_array_equal(columns, np.c_[others, onehot.fit_transform(code[:, None])])
    _, columns = encoding(Hashed(4), X, y, places)
    tokens = [[str(int(c))] if c >= 0 else [] for c in code]
    hashed = FeatureHasher(4, input_type="string").transform(tokens).toarray()
    np.testing.assert_array_equal(columns, np.c_[others, hashed])
    known = code >= 0
    made, columns = encoding(TargetMean(smoothing=7.0), X[known], y[known], places)
    theirs = TargetEncoder(smooth=7.0, target_type="continuous").fit(code[known, None], y[known])
    np.testing.assert_allclose(made.keywords["tables"][0][:-1, 0], theirs.encodings_[0], rtol=1e-12)  # type: ignore[attr-defined]


def test_a_row_is_no_part_of_its_own_target_mean() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 150, (300, 1)).astype(float), rng.normal(size=300)
    _, columns = encoding("target", X, y, np.array([0]))
    moved = y.copy()
    moved[5] += 1000
    _, again = encoding("target", X, moved, np.array([0]))
    assert columns[5, 0] == again[5, 0]
    assert abs(np.corrcoef(columns[:, 0], y)[0, 1]) < 0.2  # in its own mean a row would find itself: 0.6 and more


@pytest.mark.parametrize("make", [Ridge, KNN])
def test_categories_that_are_many_do_not_find_themselves_unasked(make: Any) -> None:
    rng = np.random.default_rng(1)
    X, y = np.c_[rng.integers(0, 150, (600, 1)), rng.normal(size=600)], rng.normal(size=600)
    same, auto = (fit_regressor(made, X, y, FirstCoded(())).predict(X) for made in (make(encoding="target"), make()))
    np.testing.assert_allclose(np.asarray(auto), np.asarray(same), rtol=1e-9)  # nothing but noise is learned


@pytest.mark.parametrize("how", ["ordinal", "onehot", "hashed", "target", TargetMean(5.0, 3), Hashed(8)])
@pytest.mark.parametrize("make", [Ridge, RandomForest, LightGBM, XGBoost, KNN])
def test_every_regressor_takes_every_encoding(make: Any, how: Any) -> None:
    X, y = table()
    fitted = fit_regressor(make(encoding=how), X, y, Coded(()))
    assert not isinstance(fitted, Foreign)
    X[:9, 3] = 40  # a category that training did not hold
    got = np.asarray(fitted.predict(X))
    assert np.isfinite(got).all()
    certain = fitted.certain(X)
    np.testing.assert_allclose(scored(fitted, X)[certain], got[certain], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("make", [LightGBM, XGBoost, RandomForest, KNN])
def test_trees_and_neighbours_take_every_other_stage(make: Any) -> None:
    X, y = table(gaps=True)
    made = make(imputation=Impute("mean", indicator=True), scaling="robust", reduction=Pca(4), encoding="target")
    fitted = fit_regressor(made, X, y, Coded(()))
    got = np.asarray(fitted.predict(X))
    assert np.isfinite(got).all()
    np.testing.assert_allclose(scored(fitted, X), got, rtol=1e-9, atol=1e-9)
    bare = fit_regressor(make(reduction=TruncatedSvd(2)), X, y, Coded(()))  # what it needs comes by itself
    assert np.isfinite(np.asarray(bare.predict(X))).all()


@pytest.mark.parametrize("make", [LightGBM, XGBoost, HistGradientBoosting])
def test_a_missing_category_does_not_become_another_one(make: Any) -> None:
    X, _ = table()
    y = (X[:, 3] == 2) * 5.0 - (X[:, 3] < 0) * 5.0
    other = np.array([[3.0, 3, 3, -1, 3], [3.0, 3, 3, 2, 3]])  # -1 is a missing category
    for how in ("median", 2.0, Impute("mean", indicator=True)):
        fitted = fit_regressor(make(imputation=how), X, y, Coded(()))
        got = np.asarray(fitted.predict(other))
        assert got[0] < -2 < 2 < got[1]
        np.testing.assert_allclose(scored(fitted, other), got, rtol=1e-9, atol=1e-9)


def test_settings_are_checked_in_sentences() -> None:
    X, y = table()
    for wrong, said in (
        ({"scaling": "log"}, "scaling of a Regressor is one of 'auto', 'none', 'standard'"),
        ({"encoding": "binary"}, "encoding of a Regressor is one of"),
        ({"imputation": "mode"}, "imputation of a Regressor is one of"),
        ({"reduction": Pca(0)}, "keeps no columns"),
        ({"reduction": "pca"}, "reduction of a Regressor is None, Pca.10"),
        ({"reduction": Pca("x")}, "'x'. keeps no columns"),  # type: ignore[arg-type]
        ({"imputation": None}, "'mean' or a number, not None"),
        ({"imputation": float("nan")}, "'mean' or a number, not nan"),
        ({"encoding": None}, "encoding of a Regressor is one of .* not None"),
        ({"encoding": 3}, "encoding of a Regressor is one of .* not 3"),
        *(
            ({"encoding": Hashed(n)}, f"columns of Hashed must be a whole number from 1 on, not {n}")
            for n in (0, -3, 2.5, True)
        ),  # type: ignore[arg-type]
        ({"encoding": Hashed(10**6)}, "columns of Hashed must be at most 100000, not 1000000"),
        *(
            ({"encoding": TargetMean(folds=n)}, f"folds of TargetMean must be a whole number from 2 on, not {n!r}")
            for n in (2.5, "a", 0, 1)
        ),  # type: ignore[arg-type]
        *(({"encoding": TargetMean(n)}, "give a number from 0 on") for n in (float("nan"), -5)),
    ):
        with pytest.raises(ValueError, match=said):
            fit_regressor(Ridge(**wrong), X, y, Coded(()))


def test_the_settings_are_data_and_may_be_open() -> None:
    features = (Lags((1, 7)), Calendar(), Categories(("kind",)))
    made = Ridge(alpha=3.0, scaling="robust", reduction=Pca(10), imputation=Impute("mean"), encoding=TargetMean(5.0))
    learner = Recursive(made, features)
    assert from_toml(to_toml(learner)) == learner
    assert hash(made) != hash(Ridge(alpha=3.0))
    from learners.space import Choose

    space = Ridge(reduction=Choose((None, Pca(3))), scaling=Choose(("standard", "minmax")))
    assert set(openings(space)) == {"reduction", "scaling"}
    assert closed(space, {"reduction": Pca(3)}) == Ridge(reduction=Pca(3), scaling="standard")


def test_a_learner_with_a_pipeline_forecasts_and_its_graph_agrees(tmp_path: Any) -> None:
    from forecast.export import to_onnx

    made = Ridge(scaling="minmax", reduction=Pca(3), imputation=Impute(indicator=True))
    model = Recursive(made, (Lags((1, 2, 7)), Calendar())).fit(panel())
    assert to_onnx(model, tmp_path / "model.onnx", 7)["worst_relative_difference"] < 1e-9
