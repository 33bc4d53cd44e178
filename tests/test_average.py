import numpy as np
import pytest

from learners.average import Average, SeasonalAverage
from tests.local import AIR, advances, holes, monthly, travels


def forecast(learner, *series, horizon=3):
    panel = monthly(*series)
    return learner.fit(panel).forecast(panel, horizon).columns["forecast"].reshape(len(series), horizon)


def test_the_mean_of_all_or_of_the_last():
    y = holes(AIR, 2, -1)
    np.testing.assert_allclose(forecast(Average(), y)[0], np.nanmean(y))
    np.testing.assert_allclose(forecast(Average(5), y)[0], np.nanmean(y[-5:]))
    np.testing.assert_allclose(forecast(Average(5), AIR[:2])[0], AIR[:2].mean())


def test_the_mean_of_a_season():
    expected = (AIR[-12:] + AIR[-24:-12] + AIR[-36:-24]) / 3
    np.testing.assert_allclose(forecast(SeasonalAverage(12), AIR, horizon=14)[0], np.r_[expected, expected[:2]])
    y = holes(AIR, -12, -24, -36, -11)
    got = forecast(SeasonalAverage(12), y, horizon=2)[0]
    np.testing.assert_allclose(got, [np.nanmean(y[-36:]), (AIR[-23] + AIR[-35]) / 2])


def test_nothing_known_is_nan():
    nothing = [np.nan] * 4
    assert np.isnan(forecast(Average(), nothing)).all()
    assert np.isnan(forecast(SeasonalAverage(2), nothing)).all()


@pytest.mark.parametrize("learner", [Average(), Average(4), SeasonalAverage(12, 2)])
def test_promises(learner, tmp_path):
    panel = monthly(holes(AIR, 3, -2), AIR[:30])
    travels(advances(learner, panel), panel, tmp_path, 14)


def test_settings_are_checked():
    with pytest.raises(ValueError, match="window"):
        Average(0).fit(monthly(AIR))
    with pytest.raises(ValueError, match="at least 1"):
        SeasonalAverage(12, 0).fit(monthly(AIR))
