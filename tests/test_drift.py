import numpy as np

from learners.drift import RandomWalkWithDrift
from tests.local import AIR, HOSTILE, advances, holes, monthly, travels


def forecast(*series: object) -> np.ndarray:
    panel = monthly(*series)
    return RandomWalkWithDrift().fit(panel).forecast(panel, 2).columns["forecast"].reshape(-1, 2)


def test_the_line_from_the_first_value_to_the_last():
    found = forecast([np.nan, 1.0, 9.0, np.nan, 7.0, np.nan], [7.0], [np.nan, np.nan])
    np.testing.assert_allclose(found[0], [11, 13])
    np.testing.assert_allclose(found[1], 7)
    assert np.isnan(found[2]).all()


def test_promises(tmp_path):
    panel = monthly(holes(AIR, 0, 20, 21, -3, -1), AIR[:40], [np.nan] * 12 + [5.0, 6.0], AIR[:9])
    travels(advances(RandomWalkWithDrift(), panel), panel, tmp_path, 14)


def test_hostile_series_have_a_forecast():
    panel = monthly(*HOSTILE.values(), names=list(HOSTILE), freq="D")
    known = panel.where(panel.lengths > 0)
    forecast = (
        RandomWalkWithDrift()
        .train(panel)
        .predict(RandomWalkWithDrift().train(panel).state(known), {"time": np.zeros((known.count, 4))})["forecast"]
    )
    assert np.isfinite(forecast[:-1]).all()
