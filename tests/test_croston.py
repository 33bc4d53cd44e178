import numpy as np
import pytest

from learners.croston import Croston, Sba, Tsb
from tests.local import AIR, HOSTILE, advances, holes, monthly, travels

# Two demands after three rows, one after one row, one after two.
DEMAND = np.array([0, 0, 4, 0, 0, 8, 6, 0, 2, 0], float)


def forecast(learner, *series):
    panel = monthly(*series)
    return learner.fit(panel).forecast(panel, 2).columns["forecast"].reshape(-1, 2)


def test_known_numbers():
    size = 4 + 0.1 * (8 - 4)
    size += 0.1 * (6 - size)
    size += 0.1 * (2 - size)
    gap = 3 + 0.1 * (1 - 3)
    gap += 0.1 * (2 - gap)
    np.testing.assert_allclose(forecast(Croston(), DEMAND), size / gap)
    np.testing.assert_allclose(forecast(Sba(), DEMAND), 0.95 * size / gap)
    chance = 0.0
    for there in DEMAND[1:] > 0:
        chance += 0.2 * (there - chance)
    np.testing.assert_allclose(forecast(Tsb(0.1, 0.2), DEMAND), size * chance)


@pytest.mark.parametrize("learner", [Croston(), Sba(), Tsb()])
def test_what_is_missing_does_not_count(learner):
    with_holes = np.insert(DEMAND, [0, 4, 7, 10], np.nan)
    np.testing.assert_allclose(*forecast(learner, DEMAND, with_holes))
    none = forecast(learner, np.zeros(5), [np.nan] * 5)
    np.testing.assert_array_equal(none[0], 0.0)
    assert np.isnan(none[1]).all()


@pytest.mark.parametrize("learner", [Croston(0.3), Sba(), Tsb(0.2, 0.05)])
def test_promises(learner, tmp_path):
    panel = monthly(holes(np.tile(DEMAND, 6), 0, 20, 21, -3, -1), AIR[:40], np.zeros(20), DEMAND)
    travels(advances(learner, panel), panel, tmp_path, 14)


@pytest.mark.parametrize("learner", [Croston(), Sba(), Tsb()])
def test_hostile_series_have_a_forecast(learner):
    panel = monthly(*HOSTILE.values(), names=list(HOSTILE), freq="D")
    known = panel.where(panel.lengths > 0)
    model = learner.train(panel)
    found = model.predict(model.state(known), {"time": np.zeros((known.count, 4))})["forecast"]
    assert np.isfinite(found[:-1]).all()


def test_impossible_weights_are_refused():
    with pytest.raises(ValueError, match="Tsb needs beta above 0"):
        Tsb(beta=0).fit(monthly(DEMAND))
