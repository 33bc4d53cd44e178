import warnings

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from learners.ets import Ets
from tests.local import AIR, advances, holes, monthly, survives, travels

FORMS = [
    Ets("add", "add", "add", False, 12),
    Ets("mul", "add", "mul", True, 12),
    Ets("add", None, "mul", False, 12),
    Ets("mul", "add", None, False, 1),
    Ets("add", None, None, False, 1),
]


@pytest.mark.parametrize("form", FORMS)
def test_forecasts_equal_those_of_statsmodels(form):
    panel, scale = monthly(AIR), AIR.mean()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = ETSModel(
            pd.Series(AIR / scale), error=form.error, trend=form.trend, damped_trend=form.damped,
            seasonal=form.seasonal, seasonal_periods=12 if form.seasonal else None,
        ).fit(disp=False, maxiter=200)  # fmt: skip
    model = form.fit(panel)
    expected = reference.forecast(20).to_numpy() * scale
    np.testing.assert_allclose(model.forecast(panel, 20).columns["forecast"], expected, rtol=1e-8)
    assert model.report == ()


@pytest.mark.parametrize("form", [FORMS[0], FORMS[1]])
def test_promises(form, tmp_path):
    panel = monthly(holes(AIR, 0, 20, 21, -3, -1), AIR[:40])
    travels(advances(form, panel), panel, tmp_path, 14)


def test_a_missing_value_is_predicted_through():
    model = Ets(trend=None, seasonal=None).fit(monthly(AIR))
    known, unknown = monthly(AIR[:-1]), monthly(holes(AIR, -1))
    np.testing.assert_array_equal(model.memory(known)["ets.level"], model.memory(unknown)["ets.level"])


def test_hostile_series_fall_back_and_are_named():
    found, report = survives(Ets("mul", "add", "mul", False, 7))
    np.testing.assert_allclose(found["constant"], 5.0)
    np.testing.assert_allclose(found["zero"], 0.0)
    np.testing.assert_allclose(found["three"], 2.0)
    np.testing.assert_allclose(found["huge"], 1e9, rtol=1e-7)
    assert any("id=negative has values of zero or less: Ets is additive" in line for line in report)


def test_too_short_for_a_season():
    model = Ets(season=12).fit(monthly(AIR[:20]))
    assert model.report == ("id=s0 is shorter than two seasons: Ets without a season.",)


def test_a_series_unknown_in_training_has_no_forecast():
    model = FORMS[4].fit(monthly(AIR))
    forecast = model.forecast(monthly(AIR, AIR), 2).columns["forecast"]
    assert np.isfinite(forecast[:2]).all()
    assert np.isnan(forecast[2:]).all()


def test_a_panel_that_begins_later_is_a_continuation():
    model, whole = FORMS[0].fit(monthly(AIR[:60])), monthly(AIR)
    apart = monthly(holes(AIR, *range(60, 67)))  # rows between training and the table count as missing
    for size, same in ((20, whole), (5, apart)):
        expected = model.forecast(same, 6).columns["forecast"]
        np.testing.assert_allclose(model.forecast(whole.tail(size), 6).columns["forecast"], expected, rtol=1e-12)


def test_impossible_forms_are_refused():
    with pytest.raises(ValueError, match="trend='mul'"):
        Ets(trend="mul").fit(monthly(AIR))
    with pytest.raises(ValueError, match="cannot be damped"):
        Ets(trend=None, damped=True).fit(monthly(AIR))
