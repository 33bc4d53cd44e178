import numpy as np
import pytest

from learners.average import Average, HistoricAverage, SeasonalAverage, SeasonalWindowAverage, WindowAverage
from tests.bands import covered, hostile_bands
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


@pytest.mark.parametrize(
    "learner",
    [
        HistoricAverage(),
        WindowAverage(4),
        SeasonalWindowAverage(12, 2),
        HistoricAverage((80, 95)),
        WindowAverage(4, (80,)),
        SeasonalWindowAverage(12, 2, (80,)),
    ],
)
def test_promises(learner, tmp_path):
    panel = monthly(holes(AIR, 3, -2), AIR[:30])
    travels(advances(learner, panel), panel, tmp_path, 14)


def test_settings_are_checked():
    with pytest.raises(ValueError, match="window"):
        Average(0).fit(monthly(AIR))
    with pytest.raises(ValueError, match="in seasons"):
        SeasonalAverage(12, 0).fit(monthly(AIR))


def test_short_names():
    assert Average() == HistoricAverage()
    assert Average(5) == WindowAverage(5)
    assert SeasonalAverage(7, 2) == SeasonalWindowAverage(7, 2)


def test_the_band_of_a_mean():
    y = holes(AIR, 2, -1)
    panel, known = monthly(y), y[~np.isnan(y)]
    found = HistoricAverage((95,)).fit(panel).forecast(panel, 2).columns
    width = 1.9949454151072357 * known.std(ddof=1) * np.sqrt(1 + 1 / len(known))  # t of 69
    np.testing.assert_allclose(found["hi95"] - found["forecast"], width, rtol=1e-7)


def test_bands_cover_what_they_say():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2000, 20))
    covered(HistoricAverage((80, 95)), noise + 3)
    covered(WindowAverage(5, (80, 95)), noise)
    covered(SeasonalWindowAverage(4, 2, (80, 95)), noise + np.tile([1, 9, 5, 2], 5))


@pytest.mark.parametrize(
    "learner", [HistoricAverage((80, 95)), WindowAverage(3, (80, 95)), SeasonalWindowAverage(7, 2, (80, 95))]
)
def test_hostile_series_have_bands(learner):
    hostile_bands(learner)
