import numpy as np
import pytest

from learners.aggregated import MOST, Adida, Imapa
from tests.bands import hostile_bands
from tests.local import AIR, advances, holes, monthly, travels
from tests.test_croston import DEMAND, intermittent

SHAPES = [(40, 0.3), (61, 0.15), (120, 0.5), (90, 0.08), (50, 1.0)]


def forecast(learner, *series):
    panel = monthly(*series)
    return learner.fit(panel).forecast(panel, 2).columns["forecast"].reshape(-1, 2)


def smoothed(sums: np.ndarray, weight: float) -> float:
    level = sums[0]
    for value in sums[1:]:
        level += weight * (value - level)
    return float(level)


@pytest.mark.parametrize(
    ("learner", "expected"),
    [
        (Adida(), [1.1160833966552743, 3.411306123482912, 2.379358277443287, 0.5606712164014256, 8.412968746684141]),
        (Imapa(), [1.1740472762480194, 3.658974168627878, 2.4745861587002707, 0.4094613283421979, 8.412968746684141]),
    ],
)
def test_numbers_of_statsforecast(learner, expected):
    """ADIDA and IMAPA of statsforecast 2.1.1, `.forecast(y, 1)`; to the precision of a weight that is searched."""
    found = forecast(learner, *(intermittent(i, *shape) for i, shape in enumerate(SHAPES)))
    np.testing.assert_allclose(found[:, 0], expected, rtol=2e-8)


@pytest.mark.parametrize("learner", [Adida(), Imapa()])
def test_later_rows_count_once_they_fill_a_bucket(learner):
    """Row by row, against smoothing all sums from the start with the weights of training."""
    y = intermittent(3, 100, 0.3)
    model = learner.fit(monthly(y[:71]))
    rows, weights = model.start["bucket.rows"][0], model.start["bucket.weight"][0]
    assert rows.max() >= 3
    state = model.state(monthly(y[:71]))
    for t in range(71, 101):
        shares = []
        for size, weight in zip(rows.astype(int), weights, strict=True):
            begin = 71 % size
            full = (t - begin) // size
            shares.append(smoothed(y[begin : begin + full * size].reshape(full, size).sum(axis=1), weight) / size)
        found = model.predict(state, {"time": np.zeros((1, 2))})["forecast"]
        np.testing.assert_allclose(found[0], np.mean(shares), rtol=1e-12)
        if t < 100:
            state = model.advance(state, {"target": y[t : t + 1]})


@pytest.mark.parametrize("learner", [Adida(), Imapa()])
def test_what_is_missing_does_not_count(learner):
    with_holes = np.insert(DEMAND, [0, 4, 7, 10], np.nan)
    np.testing.assert_allclose(*forecast(learner, DEMAND, with_holes))
    none = forecast(learner, np.zeros(5), [np.nan] * 5)
    np.testing.assert_array_equal(none[0], 0.0)
    assert np.isnan(none[1]).all()


@pytest.mark.parametrize("learner", [Adida(), Imapa(), Adida((80, 95)), Imapa((80,))])
def test_promises(learner, tmp_path):
    panel = monthly(holes(np.tile(DEMAND, 6), 0, 20, 21, -3, -1), AIR[:40], np.zeros(20), DEMAND)
    travels(advances(learner, panel), panel, tmp_path, 14)


@pytest.mark.parametrize("learner", [Adida((80, 95)), Imapa((80, 95))])
def test_hostile_series_have_bands(learner):
    found = hostile_bands(learner)
    assert all((values["lo95"] >= 0).all() for name, values in found.items() if name not in ("negative", "nothing"))


def test_rare_demand_has_a_bounded_number_of_buckets():
    rare = np.zeros(400)
    rare[[150, 399]] = 5.0
    model = Imapa().fit(monthly(rare, DEMAND, names=["rare", "often"]))
    rows = model.start["bucket.rows"]
    assert rows.shape == (2, MOST)
    assert rows[0].max() == 200
    assert (np.diff(rows[0]) > 0).all()
    np.testing.assert_array_equal(rows[1, :3], [1, 2, 0])
    assert model.report == ("id=rare has 200 rows between two demands: Imapa takes 64 sizes of buckets.",)


def test_a_series_without_values_is_named():
    assert "has no values" in Adida().fit(monthly(DEMAND, [np.nan] * 3)).report[0]


@pytest.mark.parametrize("chance", [0.1, 0.35, 0.95])
def test_bands_cover_at_least_what_they_say(chance):
    rng = np.random.default_rng(1)
    rows = (rng.random((1000, 46)) < chance) * rng.geometric(0.25, (1000, 46))
    panel, ahead = monthly(*rows[:, :-6]), rows[:, -6:]
    for learner in (Adida((80, 95)), Imapa((80, 95))):
        model = learner.train(panel)
        found = model.predict(model.state(panel), {"time": np.zeros((1000, 6))})
        for level in (80, 95):
            inside = (found[f"lo{level}"] <= ahead) & (ahead <= found[f"hi{level}"])
            assert inside.mean() > level / 100 - 0.015
        assert found["hi95"].mean() < 1.6 * np.quantile(rows, 0.975)
