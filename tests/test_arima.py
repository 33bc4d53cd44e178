import warnings
from dataclasses import replace

import numpy as np
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX

from learners.arima import Arima, AutoArima
from tests.local import AIR, advances, holes, monthly, survives, travels

LOGS = np.log(AIR)


def certain(model):
    """The model as if all that was estimated were known."""
    sure = {"arima.doubt": 0.0, "arima.unsure": 0.0, "arima.freedom": 1e12}
    tables = [
        {n: np.full_like(v, sure[n]) if n in sure else v for n, v in t.items()} for t in (model.start, model.ended)
    ]
    return replace(model, start=tables[0], ended=tables[1])


def reference(y, order, seasonal, trend, exog=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SARIMAX(y, exog=exog, order=order, seasonal_order=seasonal, trend=trend)
        return model.fit(disp=False, maxiter=50)


@pytest.mark.parametrize(
    ("order", "seasonal", "constant", "trend"),
    [((0, 1, 1), (0, 1, 1, 12), None, "n"), ((2, 0, 0), (0, 0, 0, 1), None, "c"), ((1, 1, 0), (0, 0, 0, 1), True, "c")],
)
def test_forecasts_and_bands_equal_those_of_statsmodels(order, seasonal, constant, trend):
    y = holes(LOGS, 40, 41)
    center, scale = np.nanmean(y), np.nanstd(y)
    fitted = reference((y - center) / scale, order, seasonal if seasonal[3] > 1 else (0, 0, 0, 0), trend)
    expected = fitted.get_forecast(18)
    panel = monthly(y)
    learner = Arima(order, seasonal, constant, levels=(80, 95), engine="statsmodels")
    got = certain(learner.fit(panel)).forecast(panel, 18).columns
    # Where their search ends depends on the last digits of what is divided by its deviation.
    np.testing.assert_allclose(got["forecast"], center + scale * expected.predicted_mean, rtol=2e-5)
    for level in (80, 95):
        low, high = (center + scale * expected.conf_int(alpha=1 - level / 100)).T
        # Theirs begins with a large variance in place of an infinite one.
        np.testing.assert_allclose(got[f"lo{level}"], low, rtol=5e-5)
        np.testing.assert_allclose(got[f"hi{level}"], high, rtol=5e-5)


def test_a_missing_value_among_the_first_is_expected_to_be_what_the_others_say():
    y = holes(LOGS, 5, 10)
    center, scale = np.nanmean(y), np.nanstd(y)
    fitted = reference((y - center) / scale, (0, 1, 1), (0, 1, 1, 12), "n")
    panel = monthly(y)
    got = Arima((0, 1, 1), (0, 1, 1, 12), engine="statsmodels").fit(panel).forecast(panel, 18).columns["forecast"]
    np.testing.assert_allclose(got, center + scale * fitted.get_forecast(18).predicted_mean, rtol=1e-6)


def test_the_airline_model():
    """(0, 1, 1)(0, 1, 1) of Box & Jenkins: the moving average is a product, and 1955 comes out about as it was."""
    panel = monthly(LOGS)
    model = Arima((0, 1, 1), (0, 1, 1, 12)).fit(panel)
    ma = model.ended["arima.gain"][0] - model.start["arima.ar"][0]  # what the filter settles on
    assert ma[12] == pytest.approx(ma[0] * ma[11], abs=5e-3)
    forecast = np.exp(model.forecast(panel, 3).columns["forecast"])
    np.testing.assert_allclose(forecast, [242, 233, 267], rtol=0.06)


def test_promises(tmp_path):
    panel = monthly(holes(LOGS, 0, 20, 21, -3, -1), 1e6 * AIR[:40], AIR[:12], [5.0] * 20)
    learner = Arima((1, 1, 1), (0, 1, 0, 4), levels=(80,))
    travels(advances(learner, panel), panel, tmp_path)


def test_level_and_size_do_not_matter():
    panel, far = monthly(AIR), monthly(1e9 + 1e4 * AIR)
    learner = Arima((0, 1, 1))
    here, there = (learner.fit(p).forecast(p, 4).columns["forecast"] for p in (panel, far))
    np.testing.assert_allclose((there - 1e9) / 1e4, here, rtol=1e-4)


def test_hostile_series_fall_back_and_are_named():
    found, report = survives(Arima((1, 1, 1), (0, 1, 1, 7)))
    np.testing.assert_allclose(found["constant"], 5.0)
    np.testing.assert_allclose(found["three"], 2.0)
    assert any("id=one has only 1 values: ARIMA repeats its last value." in line for line in report)


def test_the_search_finds_a_season_and_takes_columns():
    month = np.arange(48)
    x = np.where(month % 5 == 0, 1.0, 0.0) * (1 + month % 3)
    y = AIR[:48] + 40 * x
    panel = monthly(y, x=x)
    learner = AutoArima(season=12, max_p=1, max_q=1, max_P=0, max_Q=1, max_order=2, columns=("x",), average=1)
    model = learner.fit(panel)
    assert model.start["arima.slopes"][0, 0] == pytest.approx(40, abs=6)
    assert model.start["arima.ar"].shape[1] >= 12
    assert model.needs.ahead == ("x",)


def test_a_short_series_is_searched_without_a_season():
    model = AutoArima(season=12, max_p=1, max_q=1, max_order=2).fit(monthly(AIR[:20]))
    assert "id=s0 is shorter than two seasons" in model.report[0]


def test_impossible_settings_are_refused():
    panel = monthly(AIR)
    with pytest.raises(ValueError, match="An order is"):
        Arima((1, 0)).fit(panel)
    with pytest.raises(ValueError, match="at least 2 rows"):
        Arima((1, 0, 0), (1, 0, 0, 1)).fit(panel)
    with pytest.raises(ValueError, match="levels of bands"):
        Arima(levels=(0.8, 100)).fit(panel)
    with pytest.raises(ValueError, match="'price' is not among the known columns"):
        AutoArima(columns=("price",)).fit(panel)
