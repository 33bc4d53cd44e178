import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from learners._kernels import ets_likelihood, fit_ets
from learners.ets import AutoEts, Ets
from learners.ets_bands import errors_to_come, widening
from learners.ets_fit import form_bit
from tests.local import AIR, advances, holes, monthly, travels

HORIZON = 6
STEPS = np.arange(1, HORIZON + 1)
ALPHA, BETA, GAMMA, PHI, VARIANCE, LEVEL, TREND = 0.4, 0.1, 0.2, 0.9, 0.01, 10.0, 0.5
TERMS = {0: np.zeros(3), 1: np.array([1.0, -2.0, 1.0]), 2: np.array([0.8, 1.1, 1.1])}


def moving(trend: int, season: int) -> tuple[float, float, float, float]:
    """alpha, beta, gamma, phi."""
    return ALPHA, BETA if trend else 0.0, GAMMA if season else 0.0, PHI if trend == 2 else 1.0


def variance(error: int, trend: int, season: int) -> np.ndarray:
    alpha, beta, gamma, phi = moving(trend, season)
    numbers = {"alpha": alpha, "beta": beta, "gamma": gamma, "variance": VARIANCE}
    numbers |= {"multiplies": float(season == 2), "relative": float(error)}
    state = {f"ets.{name}": np.array([[value]]) for name, value in numbers.items()}
    state |= {"ets.season": TERMS[season][None, :], "ets.doubt": np.zeros((1, 12))}
    damping = np.cumsum(phi**STEPS)[None, :]
    base = LEVEL + damping * (TREND if trend else 0.0)
    terms = TERMS[season][(STEPS - 1) % 3]
    return errors_to_come(state, base, damping, base * terms if season == 2 else base + terms)[0]


def simulated(error: int, trend: int, season: int, count: int) -> np.ndarray:
    """Paths by the equations of tables 2.2 and 2.3, (count, HORIZON)."""
    alpha, beta, gamma, phi = moving(trend, season)
    rng = np.random.default_rng(0)
    level, slope = np.full(count, LEVEL), np.full(count, TREND if trend else 0.0)
    terms = np.tile(TERMS[season], (count, 1))
    paths = np.empty((count, HORIZON))
    for i in range(HORIZON):
        term, base = terms[:, i % 3].copy(), level + phi * slope
        mean = base * term if season == 2 else base + term
        error_now = np.sqrt(VARIANCE) * rng.normal(size=count) * (mean if error else 1.0)
        paths[:, i] = mean + error_now
        moved, turned = (error_now / term, error_now / base) if season == 2 else (error_now, error_now)
        level, slope, terms[:, i % 3] = base + alpha * moved, phi * slope + beta * moved, term + gamma * turned
    return paths


def test_the_variance_equals_the_closed_forms_of_the_book():
    steps = STEPS - 1
    np.testing.assert_allclose(variance(0, 0, 0), VARIANCE * (1 + steps * ALPHA**2))
    straight = ALPHA**2 + ALPHA * BETA * STEPS + BETA**2 * STEPS * (2 * STEPS - 1) / 6
    np.testing.assert_allclose(variance(0, 1, 0), VARIANCE * (1 + steps * straight))
    seasons = GAMMA * (steps // 3) * (2 * ALPHA + GAMMA)
    np.testing.assert_allclose(variance(0, 0, 1), VARIANCE * (1 + steps * ALPHA**2 + seasons))
    simple = (1 + VARIANCE) * (1 + ALPHA**2 * VARIANCE) ** steps - 1
    np.testing.assert_allclose(variance(1, 0, 0), LEVEL**2 * simple)


@pytest.mark.parametrize("season", [0, 1, 2])
@pytest.mark.parametrize("trend", [0, 1, 2])
@pytest.mark.parametrize("error", [0, 1])
def test_the_variance_is_that_of_simulated_paths(error, trend, season):
    paths = simulated(error, trend, season, 100_000)
    np.testing.assert_allclose(variance(error, trend, season), paths.var(axis=0), rtol=0.02)


@pytest.mark.parametrize("error", ["add", "mul"])
@pytest.mark.parametrize("seasonal", ["add", "mul"])
def test_the_likelihood_is_that_of_what_statsmodels_simulates(error, seasonal):
    model = ETSModel(pd.Series(AIR[:48]), error=error, trend="add", seasonal=seasonal, seasonal_periods=4)
    terms = np.array([0.9, 1.0, 1.2, 0.9]) if seasonal == "mul" else np.array([-10.0, 0.0, 20.0, -10.0])
    fitted = model.smooth(np.r_[0.3, 0.1, 0.2, 100.0, 1.0, terms[::-1]])
    errors = np.random.default_rng(0).normal(0, 0.02 if error == "mul" else 2.0, (48, 1))
    y = np.asarray(fitted.simulate(48, anchor="start", random_errors=errors)).ravel()
    form = 9 * (error == "mul") + 3 + 1 + (seasonal == "mul")
    numbers = np.r_[0.3, 0.1, 0.2, 1.0, 100.0, 1.0, form, np.zeros(4), terms]
    expected = -24 * (np.log(2 * np.pi * np.mean(errors**2)) + 1)
    means = y / (1 + errors[:, 0]) if error == "mul" else np.ones(48)
    np.testing.assert_allclose(ets_likelihood(y, numbers, 4), expected - np.log(means).sum(), rtol=1e-10)


@pytest.mark.parametrize("auto", [False, True])
def test_bands_of_simulated_series_cover_what_they_say(auto):
    rng = np.random.default_rng(1)
    y = 20 + np.cumsum(0.4 * rng.normal(size=(400, 70)), axis=1) + rng.normal(size=(400, 70))
    learner = AutoEts(levels=(80, 95)) if auto else Ets(trend=None, seasonal=None, levels=(80, 95))
    panel = monthly(*y[:, :64])
    found = {n: v.reshape(400, 6) for n, v in learner.fit(panel).forecast(panel, 6).columns.items()}
    for level in (80, 95):
        inside = (found[f"lo{level}"] <= y[:, 64:]) & (y[:, 64:] <= found[f"hi{level}"])
        assert abs(100 * inside.mean() - level) < 3.5


@pytest.mark.parametrize("form", [Ets("mul", "add", "mul", True, 12, levels=(80, 95)), AutoEts(12, levels=(80,))])
def test_promises(form, tmp_path):
    panel = monthly(holes(AIR, 0, 20, 21, -3, -1), AIR[:40], 100 - AIR[:60], AIR[:9], AIR[:20] * 0 + 3)
    travels(advances(form, panel), panel, tmp_path, 14)


def test_what_cannot_be_learned_has_bands_of_a_random_walk():
    panel = monthly(np.full(20, 3.0), [1.0, 2.0, 4.0], [5.0])
    found = AutoEts(levels=(80,)).fit(panel).forecast(panel, 2).columns
    width = (found["hi80"] - found["lo80"]).reshape(3, 2)
    np.testing.assert_array_equal(width[0], 0.0)
    np.testing.assert_allclose(width[1], 2 * 1.8856180831641 * np.sqrt(2.5 * np.array([1.0, 2.0])))
    # Of a single value nothing but its size can be told.
    np.testing.assert_allclose(width[2], 2 * 3.0776835371752 * 5.0 * np.sqrt([1.0, 2.0]))


def test_doubt_adds_to_the_errors_and_fades_with_length():
    short, long = (fit_ets(y, np.array([0, len(y)]), form_bit(0, 0, 0).reshape(1), 1, 1, doubts=True)[0]
                   for y in (AIR[:12], np.tile(AIR[:12], 20)))  # fmt: skip
    assert short[12] > 0
    assert long[18] < short[18] / 10  # the variance of alpha
    assert widening(np.array([[0]]), np.array([[20.0]]), searched=False) == 0.0


def test_levels_that_are_no_coverage_are_refused():
    with pytest.raises(ValueError, match="levels of bands are percents"):
        Ets(levels=(180,)).fit(monthly(AIR))
    with pytest.raises(ValueError, match="engine='native' only"):
        Ets(levels=(80,), engine="statsmodels").fit(monthly(AIR))
