import numpy as np
import pytest

from learners.croston import Croston, Sba, Tsb
from tests.bands import hostile_bands
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


@pytest.mark.parametrize(
    "learner",
    [
        Croston(0.3),
        Sba(),
        Tsb(0.2, 0.05),
        Croston(None, (80, 95)),
        Sba(None, (80,)),
        Tsb(None, 0.1, (80,)),
    ],
)
def test_promises(learner, tmp_path):
    panel = monthly(holes(np.tile(DEMAND, 6), 0, 20, 21, -3, -1), AIR[:40], np.zeros(20), DEMAND, DEMAND - 3)
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


def intermittent(seed: int, rows: int, chance: float) -> np.ndarray:
    rng = np.random.RandomState(seed)
    return (rng.random_sample(rows) < chance) * np.round(1 + rng.gamma(2, 3, rows))


def test_weights_are_those_of_statsforecast():
    """CrostonOptimized, CrostonClassic, CrostonSBA and TSB(0.2, 0.05) of statsforecast 2.1.1, `.forecast(y, 1)`."""
    shapes = [(40, 0.3), (61, 0.15), (120, 0.5), (90, 0.08)]
    found = [forecast(r, *(intermittent(i, *s) for i, s in enumerate(shapes)))[:, 0]
             for r in (Croston(None), Croston(), Sba(), Tsb(0.2, 0.05))]  # fmt: skip
    expected = [
        [1.3508662897710833, 2.747093883879751, 2.455237431403014, 0.5740056054437562],
        [0.5317245039667867, 2.911529318553516, 2.4524987440862214, 0.32252239457052145],
        [0.5051382787684474, 2.76595285262584, 2.3298738068819103, 0.3063962748419954],
        [0.983411402013264, 2.715313228054879, 2.5159936783055117, 0.35234809934656547],
    ]
    np.testing.assert_allclose(found, expected, rtol=2e-8)  # of a weight that is searched


def test_a_weight_has_the_least_error():
    y = intermittent(5, 200, 0.4)
    model = Tsb(None, None).fit(monthly(y))
    there, grid = (y != 0).astype(float), np.linspace(0.01, 0.3, 2901)
    level, total = np.full(len(grid), there[0]), np.zeros(len(grid))
    for value in there[1:]:
        total += np.square(value - level)
        level += grid * (value - level)
    np.testing.assert_allclose(model.weights[0, 1], grid[np.argmin(total)], atol=1e-4)


def test_a_series_that_was_never_seen_has_the_usual_weights():
    series = [intermittent(i, 80, 0.3) for i in range(5)]
    model = Croston(None).fit(monthly(*series))
    new = monthly(intermittent(9, 50, 0.3), names=["new"])
    np.testing.assert_array_equal(model.memory(new)["demand.alpha"], np.median(model.weights[:, 0]))
    assert (model.forecast(new, 2).columns["forecast"] > 0).all()


def test_filtering_is_remembering():
    """The kernel and the traced step agree on every number, whatever the signs and holes."""
    rng = np.random.default_rng(0)
    values = np.where(rng.random((6, 60)) < 0.4, rng.normal(5, 4, (6, 60)), 0.0)
    values[rng.random((6, 60)) < 0.1] = np.nan
    values[1], values[2] = np.round(values[1]), np.abs(values[2])
    values[3] *= 1e-200
    model = Tsb(0.3, 0.2).fit(monthly(*values))
    state = {n: v.copy() for n, v in model.memory(monthly(*values[:, :0])).items()}
    for t in range(60):
        state = model.remember(state, {"target": values[:, t]})
    for name, expected in model.memory(monthly(*values)).items():
        np.testing.assert_allclose(state[name], expected, rtol=1e-13, err_msg=name)


SIZES = {
    "geometric": lambda rng, shape: rng.geometric(0.25, shape),
    "lognormal": lambda rng, shape: rng.lognormal(1, 0.8, shape),
    "one": lambda rng, shape: np.ones(shape),
}


@pytest.mark.parametrize("chance", [0.1, 0.35, 0.95])
@pytest.mark.parametrize("sizes", list(SIZES))
def test_bands_cover_at_least_what_they_say(sizes, chance):
    """More where zero is likely: no band can hold less than all the zeros."""
    rng = np.random.default_rng(1)
    rows = (rng.random((2000, 46)) < chance) * SIZES[sizes](rng, (2000, 46))
    panel, ahead = monthly(*rows[:, :-6]), rows[:, -6:]
    for learner in (Croston(0.1, (80, 95)), Sba(None, (80, 95)), Tsb(0.1, 0.1, (80, 95))):
        model = learner.train(panel)
        found = model.predict(model.state(panel), {"time": np.zeros((2000, 6))})
        for level in (80, 95):
            low, high = found[f"lo{level}"], found[f"hi{level}"]
            assert (low >= 0).all()
            assert ((low <= ahead) & (ahead <= high)).mean() > level / 100 - 0.015
        assert found["hi95"].mean() < 1.6 * np.quantile(rows, 0.975)


@pytest.mark.parametrize("learner", [Croston(0.1, (80, 95)), Sba(None, (80, 95)), Tsb(None, None, (80, 95))])
def test_hostile_series_have_bands(learner):
    found = hostile_bands(learner)
    assert all((values["lo95"] >= 0).all() for name, values in found.items() if name not in ("negative", "nothing"))
    assert (found["negative"]["lo95"] < -80).all()
    whole = found["some zeros"]
    assert all(np.array_equal(whole[n], np.round(whole[n])) for n in ("hi80", "hi95"))
