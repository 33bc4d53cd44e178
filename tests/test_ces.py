import json
from pathlib import Path

import numpy as np
import pytest

from learners._kernels import ces_squares, fit_ces
from learners.ces import MODELS, Ces, CesModel
from learners.local import LocalModel
from tests.local import AIR, advances, holes, monthly, survives, travels

GOLDEN = json.loads((Path(__file__).parent / "golden" / "ces.json").read_text())


@pytest.mark.parametrize("case", GOLDEN["cases"])
def test_squares_at_fixed_weights_equal_those_of_statsforecast(case):
    """Its states are of single precision."""
    got = ces_squares(np.array(GOLDEN["y"]), np.array(case["weights"]), GOLDEN["season"], case["model"])
    np.testing.assert_allclose(got, case["squares"], rtol=1e-5)


def one_by_one(model: CesModel, y: np.ndarray, horizon: int) -> tuple[float, np.ndarray]:
    """The sum of squares and the forecasts by complex numbers, as the equations of the source read."""
    season = model.start["ces.season"][0].reshape(-1, 2) @ [1, 1j]
    level = complex(model.start["ces.level"][0] @ [1, 1j])
    form = MODELS.index(model.chosen[0])
    numbers = fit_ces(y, np.array([0, len(y)]), np.array([1 << form]), len(season), 1)[0]
    alpha, beta = complex(*numbers[:2]), complex(*numbers[2:4])

    def moved(state: complex, weight: complex, error: float) -> complex:
        real = state.real - (1 - weight.imag) * state.imag + (weight.real - weight.imag) * error
        return complex(real, state.real + (1 - weight.real) * state.imag + (weight.real + weight.imag) * error)

    total, forecasts, season = 0.0, [], list(season)
    for t in range(len(y) + horizon):
        mean = level.real + season[0].real
        error = y[t] - mean if t < len(y) else 0.0
        total += error**2
        if t >= len(y):
            forecasts.append(mean)
        level = moved(level, alpha, error) if form != 1 else level
        first = season.pop(0)
        season.append({0: first, 1: moved(first, alpha, error), 2: first + beta.real * error,
                       3: moved(first, beta, error)}[form])  # fmt: skip
    return total, np.array(forecasts)


@pytest.mark.parametrize("form", MODELS)
def test_squares_and_forecasts_equal_the_equations(form):
    model = Ces(12, form).fit(monthly(AIR))
    total, forecasts = one_by_one(model, AIR, 15)
    numbers = fit_ces(AIR, np.array([0, len(AIR)]), np.array([1 << MODELS.index(form)]), 12, 1)[0]
    np.testing.assert_allclose(total, numbers[8] ** 2 * numbers[9], rtol=1e-8)
    np.testing.assert_allclose(model.forecast(monthly(AIR), 15).columns["forecast"], forecasts, rtol=1e-8)


@pytest.mark.parametrize("form", range(4))
def test_no_weights_nearby_are_better(form):
    numbers, rng = fit_ces(AIR, np.array([0, len(AIR)]), np.array([1 << form]), 12, 1)[0], np.random.default_rng(form)
    best = ces_squares(AIR, numbers[:4].copy(), 12, form)
    for spread in (1e-3, 1e-2, 0.05):
        for _ in range(20):
            weights = np.clip(numbers[:4] + spread * rng.normal(size=4), 0.01, [1.8, 1.9, 1.5, 1.5])
            assert ces_squares(AIR, weights, 12, form) >= best * (1 - 1e-4)


def test_auto_takes_the_lowest_criterion():
    found = [fit_ces(AIR, np.array([0, len(AIR)]), np.array([1 << k]), 12, 1)[0, 7] for k in range(4)]
    assert Ces(12).fit(monthly(AIR)).chosen == (MODELS[int(np.argmin(found))],)


@pytest.mark.parametrize("form", ["auto", *MODELS])
def test_promises(form, tmp_path):
    panel = monthly(holes(AIR, 0, 20, 21, -3, -1), AIR[:40], AIR[:30] - 150, AIR[:9], np.full(9, 2.0))
    travels(advances(Ces(12, form, levels=(80, 95)), panel), panel, tmp_path, 14)


def test_the_native_filter_is_remember():
    panel = monthly(holes(AIR, 4, 20, 21, -3), AIR[:40] - 150, np.full(9, 3.0))
    model = Ces(12).fit(panel)
    slow = LocalModel._run(model, dict(model.start), panel, np.zeros(3, np.int64))
    for name, values in slow.items():
        np.testing.assert_allclose(model.memory(panel)[name], values, rtol=1e-12)


@pytest.mark.parametrize(("form", "season"), [("none", 1), ("partial", 4), ("full", 4)])
def test_bands_cover_what_they_say(form, season):
    """2,000 series of the process itself, without what its start leaves."""
    series = simulated(np.random.default_rng(2), 2_000, 96, season, form)
    panel, true = monthly(*series[:, :-6], freq="D"), series[:, -6:]
    columns = Ces(season, form, levels=(80, 95)).fit(panel).forecast(panel, 6).columns
    for level in (80, 95):
        low, high = (columns[f"{side}{level}"].reshape(true.shape) for side in ("lo", "hi"))
        assert abs(100 * ((low <= true) & (true <= high)).mean() - level) < 1.5


def simulated(rng: np.random.Generator, count: int, rows: int, season: int, form: str) -> np.ndarray:
    weight, beta = (1.2, 0.98), (1.1, 0.99)
    level, terms = np.zeros((2, count)), np.zeros((season, 2, count))
    series = np.zeros((rows + 24, count))
    for t in range(rows + 24):
        error, term = rng.normal(size=count), terms[t % season]
        series[t] = level[0] + term[0] + error
        level = moved(level, weight, error)
        if form != "none":
            terms[t % season] = moved(term, beta, error) if form == "full" else term + np.array([[0.1], [0.0]]) * error
    return series[24:].T


def moved(pair: np.ndarray, weight: tuple[float, float], error: np.ndarray) -> np.ndarray:
    real, imaginary = weight
    return np.stack([pair[0] - (1 - imaginary) * pair[1] + (real - imaginary) * error,
                     pair[0] + (1 - real) * pair[1] + (real + imaginary) * error])  # fmt: skip


def test_threads_change_nothing():
    rng = np.random.default_rng(0)
    parts = [rng.normal(size=n).cumsum() + 20 for n in rng.integers(5, 60, 30)]
    starts, y = np.r_[0, np.cumsum([len(p) for p in parts])], np.concatenate(parts)
    together = fit_ces(y, starts, np.full(30, 15), 4, 1)
    np.testing.assert_array_equal(fit_ces(y, starts, np.full(30, 15), 4, 3), together)
    for part, row in zip(parts, together, strict=True):
        np.testing.assert_array_equal(fit_ces(part, np.array([0, len(part)]), np.array([15]), 4, 1)[0], row)


@pytest.mark.parametrize("size", [1e-12, 1e12])
def test_the_unit_of_the_series_does_not_matter(size):
    forecast, expected = (
        Ces(12).fit(p).forecast(p, 5).columns["forecast"] for p in (monthly(AIR * size), monthly(AIR))
    )
    np.testing.assert_allclose(forecast, expected * size, rtol=1e-6)


def test_hostile_series_fall_back_and_are_named():
    found, report = survives(Ces(7, levels=(80,)))
    np.testing.assert_allclose(found["constant"], 5.0)
    np.testing.assert_allclose(found["two"], 4.0)
    np.testing.assert_allclose(found["huge"], 1e9, rtol=1e-6)
    assert "id=nothing has no values: its forecast is missing." in report


def test_slips_are_answered():
    with pytest.raises(ValueError, match="no model 'best'"):
        Ces(model="best").fit(monthly(AIR))
    with pytest.raises(ValueError, match="whole number from 1 on, not 0"):
        Ces(0).fit(monthly(AIR))
