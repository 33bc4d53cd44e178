import numpy as np
import pytest

from learners.drift import RandomWalkWithDrift
from tests.bands import covered, hostile_bands
from tests.local import AIR, HOSTILE, advances, holes, monthly, travels


def forecast(*series: object) -> np.ndarray:
    panel = monthly(*series)
    return RandomWalkWithDrift().fit(panel).forecast(panel, 2).columns["forecast"].reshape(-1, 2)


def test_the_line_from_the_first_value_to_the_last():
    found = forecast([np.nan, 1.0, 9.0, np.nan, 7.0, np.nan], [7.0], [np.nan, np.nan])
    np.testing.assert_allclose(found[0], [11, 13])
    np.testing.assert_allclose(found[1], 7)
    assert np.isnan(found[2]).all()


@pytest.mark.parametrize("learner", [RandomWalkWithDrift(), RandomWalkWithDrift((80, 95))])
def test_promises(learner, tmp_path):
    panel = monthly(holes(AIR, 0, 20, 21, -3, -1), AIR[:40], [np.nan] * 12 + [5.0, 6.0], AIR[:9])
    travels(advances(learner, panel), panel, tmp_path, 14)


def test_hostile_series_have_a_forecast():
    panel = monthly(*HOSTILE.values(), names=list(HOSTILE), freq="D")
    known = panel.where(panel.lengths > 0)
    forecast = (
        RandomWalkWithDrift()
        .train(panel)
        .predict(RandomWalkWithDrift().train(panel).state(known), {"time": np.zeros((known.count, 4))})["forecast"]
    )
    assert np.isfinite(forecast[:-1]).all()


def test_the_band_of_a_drift():
    panel, changes = monthly(AIR), np.diff(AIR)
    found = RandomWalkWithDrift((95,)).fit(panel).forecast(panel, 3).columns
    ahead = np.arange(1, 4)
    width = 1.9944371113847716 * changes.std(ddof=1) * np.sqrt(ahead * (1 + ahead / len(changes)))  # t of 70
    np.testing.assert_allclose(found["hi95"] - found["forecast"], width, rtol=1e-7)


def test_bands_cover_what_they_say():
    walks = (0.5 + np.random.default_rng(0).normal(size=(2000, 20))).cumsum(axis=1)
    covered(RandomWalkWithDrift((80, 95)), walks)


def test_hostile_series_have_bands():
    hostile_bands(RandomWalkWithDrift((80, 95)))
