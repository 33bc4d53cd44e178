import numpy as np
import pytest
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from learners.theta import Theta
from tests.local import AIR, advances, holes, monthly, survives, travels


@pytest.mark.parametrize("y", [AIR, AIR - 180, AIR[:50]])
@pytest.mark.parametrize("season", [12, 1])
def test_the_oracle_forecasts_as_statsmodels_does(y, season):
    panel = monthly(y)
    reference = ThetaModel(y / np.abs(y).mean(), period=season, deseasonalize=season > 1).fit().forecast(20)
    got = Theta(season, "statsmodels").fit(panel).forecast(panel, 20).columns["forecast"]
    np.testing.assert_allclose(got, np.asarray(reference) * np.abs(y).mean(), rtol=1e-8)


@pytest.mark.parametrize("y", [AIR, AIR - 180, AIR[:50]])
@pytest.mark.parametrize("season", [12, 1])
def test_forecasts_equal_those_of_statsmodels_at_the_same_weight(y, season):
    model = Theta(season).fit(monthly(y))
    fitted = ThetaModel(y, period=season, deseasonalize=season > 1).fit()
    weight = float(model.start["theta.alpha"][0, 0])
    plain = y / np.resize(fitted._seasonal, len(y)) if model.start["theta.multiplies"][0, 0] else (
        y - np.resize(fitted._seasonal if len(fitted._seasonal) else [0.0], len(y)))  # fmt: skip
    level, squares = plain[0], []
    for w in (weight, fitted.params["alpha"]):
        smoothed = ExponentialSmoothing(plain, initial_level=plain[0], initialization_method="known")
        at = smoothed.fit(smoothing_level=w, optimized=False)
        squares.append(at.sse)
        level = at.forecast(1)[0] if w == weight else level
    assert squares[0] <= squares[1] * (1 + 1e-9)
    fitted._alpha, fitted._one_step = weight, level
    got = model.forecast(monthly(y), 20).columns["forecast"]
    np.testing.assert_allclose(got, np.asarray(fitted.forecast(20)), rtol=1e-8)


@pytest.mark.parametrize("season", [1, 12])
def test_promises(season, tmp_path):
    panel = monthly(holes(AIR, 0, 20, 21, -3, -1), AIR[:40], AIR[:30] - 150)
    travels(advances(Theta(season), panel), panel, tmp_path, 14)


def test_hostile_series_fall_back_and_are_named():
    found, report = survives(Theta(7))
    np.testing.assert_allclose(found["constant"], 5.0)
    np.testing.assert_allclose(found["two"], 4.0)
    np.testing.assert_allclose(found["huge"], 1e9, rtol=1e-6)
    assert "id=nothing has no values: its forecast is missing." in report
