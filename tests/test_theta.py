import numpy as np
import pytest
from statsmodels.tsa.forecasting.theta import ThetaModel

from learners.theta import Theta
from tests.local import AIR, advances, holes, monthly, survives, travels


@pytest.mark.parametrize("y", [AIR, AIR - 180, AIR[:50]])
@pytest.mark.parametrize("season", [12, 1])
def test_forecasts_equal_those_of_statsmodels(y, season):
    panel = monthly(y)
    reference = ThetaModel(y / np.abs(y).mean(), period=season, deseasonalize=season > 1).fit().forecast(20)
    got = Theta(season).fit(panel).forecast(panel, 20).columns["forecast"]
    np.testing.assert_allclose(got, np.asarray(reference) * np.abs(y).mean(), rtol=1e-8)


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
