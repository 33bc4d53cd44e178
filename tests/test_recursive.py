"""Recursive: its forecasts are the loop that one would write by hand."""

from __future__ import annotations

import numpy as np
import pytest

from featurizers.known import Known
from featurizers.lags import Lags
from featurizers.panel import Panel
from forecast.export import to_onnx
from learners.recursive import Recursive, RecursiveModel
from learners.regressors.regressor import LightGBM, Ridge
from tests.examples import continued, panel

FEATURES = (Lags((1, 2, 7)), Known(("promo",)))
SMALL = LightGBM(n_estimators=20, min_child_samples=5)


@pytest.mark.parametrize("regressor", [Ridge(), SMALL], ids=["ridge", "lightgbm"])
def test_forecast_is_the_loop(regressor: object) -> None:
    whole = panel(holes=False)
    before, after = continued(whole, 7)
    model = Recursive(regressor, FEATURES).fit(before)
    assert isinstance(model, RecursiveModel)
    forecast = model.forecast(before, 7, after).columns["forecast"].reshape(-1, 7)
    promo = after.columns["promo"].reshape(-1, 7)
    for i in range(whole.count):
        past = list(before.y[before.indptr[i] : before.indptr[i + 1]])
        for step in range(7):
            X = np.array([[past[-1], past[-2], past[-7], promo[i, step]]])
            past.append(model.regressor.predict(X)[0])
        np.testing.assert_allclose(forecast[i], past[-7:], rtol=1e-12)


def test_lists_do_for_tuples() -> None:
    before, after = continued(panel(), 7)
    first = Recursive("ridge", list(FEATURES)).fit(before)  # type: ignore[arg-type]
    second = Recursive("ridge", FEATURES).fit(before)
    one, two = (m.forecast(before, 7, after).columns["forecast"] for m in (first, second))
    np.testing.assert_array_equal(one, two)


def test_a_better_forecast_than_the_last_value() -> None:
    before, after = continued(panel(holes=False), 7)
    enough = LightGBM(n_estimators=150, min_child_samples=5)
    forecast = Recursive(enough, FEATURES).fit(before).forecast(before, 7, after).columns["forecast"]
    last = np.repeat(before.y[before.indptr[1:] - 1], 7)
    assert np.abs(forecast - after.y).mean() < 0.8 * np.abs(last - after.y).mean()


def test_nothing_to_learn_from() -> None:
    empty: Panel = panel().with_columns(sales=np.full(len(panel()), np.nan))
    with pytest.raises(ValueError, match="no target is known"):
        Recursive("ridge", FEATURES).fit(empty)


def test_what_cannot_be_exported_says_so(tmp_path: object) -> None:
    from sklearn.svm import SVR

    model = Recursive(SVR(), FEATURES).fit(panel())
    with pytest.raises(ValueError, match="'SVR' predicts in Python but cannot be exported"):
        to_onnx(model, f"{tmp_path}/model.onnx", 3)
