import numpy as np
import pytest

from learners._kernels import count_likelihood, fit_counts
from learners.negative_binomial import NegativeBinomial
from tests.bands import hostile_bands
from tests.local import AIR, advances, holes, monthly, travels

DEMAND = np.array([0, 0, 4, 0, 0, 8, 6, 0, 2, 0], float)


def simulated(series: int, rows: int, level: float, excess: float, weight: float) -> np.ndarray:
    """Counts of the model itself, (series, rows)."""
    rng, now, drawn = np.random.default_rng(1), np.full(series, level), []
    for _ in range(rows):
        drawn.append(rng.negative_binomial(np.maximum(now, 1e-12) / excess, 1 / (1 + excess)).astype(float))
        now = now + weight * (drawn[-1] - now)
    return np.stack(drawn, axis=1)


@pytest.mark.parametrize("numbers", [(2.3, 1.7, 0.2), (0.4, 1e-4, 0.05), (3.0, 20.0, 0.5)])
def test_the_likelihood_is_that_of_scipy_row_by_row(numbers):
    from scipy.stats import nbinom

    level, excess, weight = numbers
    values = np.r_[np.random.default_rng(0).negative_binomial(1, 0.3, 40), 0, 0, np.nan, 500, 3].astype(float)
    expected = []
    for value in values:
        known = np.isfinite(value)
        expected.append(nbinom.logpmf(value, level / excess, 1 / (1 + excess)) if known else 0.0)
        level += weight * (value - level) if known else 0.0
    found = count_likelihood(values, *numbers)
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found[-1, 1], level, rtol=1e-12)


@pytest.mark.parametrize("truth", [(1.0, 0.5, 0.1), (5.0, 3.0, 0.3), (0.3, 1.0, 0.0)])
def test_a_fit_is_likelier_than_the_truth_and_than_what_lies_near(truth):
    values = simulated(1, 300, *truth)[0]
    *found, lost = fit_counts(values, np.array([0, 300]), np.array([1]), 1)[0].tolist()

    def loss(numbers):
        return -count_likelihood(values, *numbers)[:, 0].sum()

    assert lost == pytest.approx(loss(found), rel=1e-12)
    assert lost < loss(truth) + 1e-4
    for i in range(3):
        for by in (0.97, 1.03):
            near = [v * by if j == i else v for j, v in enumerate(found)]
            assert loss(near) > lost - 1e-3


def test_promises(tmp_path):
    large = 400 + np.round(30 * np.sin(np.arange(40)))
    panel = monthly(holes(np.tile(DEMAND, 6), 0, 20, 21, -3, -1), AIR[:40], large, DEMAND, DEMAND - 3, DEMAND / 7)
    for i, learner in enumerate([NegativeBinomial(), NegativeBinomial("median", (80, 95))]):
        travels(advances(learner, panel), panel, tmp_path / str(i), 7)


def test_filtering_is_remembering():
    rng = np.random.default_rng(0)
    values = np.where(rng.random((5, 60)) < 0.4, rng.poisson(5, (5, 60)), 0.0)
    values[rng.random((5, 60)) < 0.1] = np.nan
    values[:, 0], values[3] = 1.0, values[3] - 2
    model = NegativeBinomial().fit(monthly(*values))
    state = model.start
    for t in range(60):
        state = model.remember(state, {"target": values[:, t]})
    np.testing.assert_allclose(state["count.level"], model.memory(monthly(*values))["count.level"], rtol=1e-13)


def test_bands_are_quantiles_of_scipy():
    from scipy.stats import nbinom

    from learners.negative_binomial import quantiles

    mean, variance = (a.ravel()[:, None] for a in np.meshgrid([0.05, 0.7, 4.0, 30.0], [1.2, 3.0, 20.0]))
    found = quantiles(mean, mean * variance, "mean", (50, 80, 95))
    for level in (50, 80, 95):
        for name, q in ((f"lo{level}", 0.5 - level / 200), (f"hi{level}", 0.5 + level / 200)):
            exact = nbinom.ppf(q, mean / (variance - 1), 1 / variance)
            bound = np.minimum if name.startswith("lo") else np.maximum
            inside = exact[:, 0] < 128
            np.testing.assert_array_equal(found[name][inside], bound(exact, mean)[inside, 0])
    far = quantiles(np.array([[500.0]]), np.array([[8000.0]]), "mean", (80,))
    np.testing.assert_allclose(far["hi80"], nbinom.ppf(0.9, 500 / 15, 1 / 16), atol=2)


@pytest.mark.parametrize("truth", [(1.0, 0.5, 0.1), (0.3, 1.0, 0.0), (6.0, 2.0, 0.2), (40.0, 1.0, 0.1)])
def test_bands_cover(truth):
    """At least what they say, and no more than whole numbers make them: without their ends they cover less."""
    rows = simulated(1000, 86, *truth)
    ahead, panel = rows[:, -6:], monthly(*rows[:, :-6])
    model = NegativeBinomial(levels=(80, 95)).train(panel)
    found = model.predict(model.state(panel), {"time": np.zeros(ahead.shape)})
    for level in (80, 95):
        low, high = found[f"lo{level}"], found[f"hi{level}"]
        assert ((low <= ahead) & (ahead <= high)).mean() > level / 100 - 0.015
        assert ((low < ahead) & (ahead < high)).mean() < level / 100
        assert (ahead > high).mean() < 0.515 - level / 200 < (ahead >= high).mean() + 0.03


def test_the_median_has_the_least_absolute_error():
    rows = simulated(1000, 66, 0.8, 2.0, 0.1)
    panel, ahead, error = monthly(*rows[:, :-6]), rows[:, -6:], {}
    for point in ("mean", "median"):
        model = NegativeBinomial(point).train(panel)
        forecast = model.predict(model.state(panel), {"time": np.zeros(ahead.shape)})["forecast"]
        error[point] = np.abs(forecast - ahead).mean(), np.square(forecast - ahead).mean()
    assert error["median"][0] < 0.95 * error["mean"][0]
    assert error["median"][1] > error["mean"][1]
    with pytest.raises(ValueError, match="the 'mean' or the 'median', not 'mode'"):
        NegativeBinomial("mode").fit(panel)


def test_hostile_series_have_bands():
    found = hostile_bands(NegativeBinomial(levels=(80, 95)))
    assert all(np.array_equal(found["some zeros"][n], np.round(found["some zeros"][n])) for n in ("hi80", "hi95"))
    assert (found["zero"]["hi95"] == 0).all()
    assert (found["constant"]["forecast"] == 5).all()
    assert (found["negative"]["lo95"] < -80).all()


def test_a_few_values_have_wide_bands(tmp_path):
    """Of one value nothing but its size is told, of some how far they stray; what does not vary has no width."""
    panel = monthly([7], [3, 5], [2, 0, 9], [4, 4, 4], [0], [-2, 1], [0.5, 0.75, 0.25], np.tile(DEMAND, 2))
    model = NegativeBinomial(levels=(80, 95)).fit(panel)
    found = {n: v.reshape(panel.count, -1)[:, 0] for n, v in model.forecast(panel, 3).columns.items()}
    plain = NegativeBinomial().fit(panel).forecast(panel, 3).columns["forecast"]
    np.testing.assert_array_equal(found["forecast"], plain[::3])
    np.testing.assert_array_equal(found["lo95"][[0, 1, 2, 3, 4, 5]], [0, 0, 0, 4, 0, -2])
    np.testing.assert_array_equal(found["hi80"][[3, 4]], [4, 0])
    assert found["hi80"][0] == np.ceil(7 + 3.0776835 * 7 * np.sqrt(2))
    assert (found["hi80"][[1, 2, 5]] > [5, 9, 1]).all()
    assert 0.75 < found["hi80"][6] < found["hi95"][6]
    assert (found["lo80"] <= found["forecast"]).all()
    alone = NegativeBinomial(levels=(80, 95)).fit(panel.where(np.array([7])))
    assert "count.strays" not in alone.start
    for name, values in alone.forecast(panel.where(np.array([7])), 3).columns.items():
        assert values[0] == found[name][7]
    travels(model, panel, tmp_path, 3)
    travels(NegativeBinomial("median", (80,)).fit(panel), panel, tmp_path / "median", 3)


def test_many_series_are_forecast_a_block_at_a_time(monkeypatch):
    panel = monthly(*simulated(5, 30, 2.0, 1.0, 0.1))
    model = NegativeBinomial("median", (80,)).fit(panel)
    whole = model.forecast(panel, 4).columns
    monkeypatch.setattr("learners.blocks.BLOCK", 2)
    for name, values in model.forecast(panel, 4).columns.items():
        np.testing.assert_array_equal(values, whole[name])
