import numpy as np
import pytest

from learners._kernels import fit_theta
from learners.auto_theta import KINDS, AutoTheta
from tests.local import AIR, advances, holes, monthly, survives, travels


def one_by_one(y: np.ndarray, numbers: np.ndarray, horizon: int) -> tuple[float, np.ndarray]:
    """The sum of squares and the forecasts, as the equations of the source read, and the pull of start and share.

    Fiorucci et al. (2016), equations 11 to 18, of a series without a season.
    """
    weight, share, level = numbers[:3]
    moves, values, total = numbers[5] >= 2, list(y), 0.3 * (level - y[0]) ** 2
    forecasts = []
    for i in range(len(y) + horizon):
        past = np.array(values[:i] if moves else values[: len(y)])
        if moves and i < 2:
            intercept, slope = y[0], 0.0
        else:
            slope, intercept = np.polyfit(np.arange(1, len(past) + 1), past, 1)
        faded = (1 - weight) ** i
        line = intercept * faded + slope * (1 - faded * (1 - weight)) / weight
        mean = level + share * line
        if 3 <= i < len(y):
            total += (y[i] - mean) ** 2
            if numbers[5] % 2:
                total += 0.3 * line**2 / len(y) * (share - 0.5) ** 2
        if i >= len(y):
            values.append(mean)
            forecasts.append(mean)
        level += weight * (values[i] - level)
    return total, np.array(forecasts)


def numbers_of(y: np.ndarray, kind: int, season: int = 1) -> np.ndarray:
    return fit_theta(y, np.array([0, len(y)]), np.array([1 << kind]), season, 1)[0]


@pytest.mark.parametrize("kind", range(4))
@pytest.mark.parametrize("y", [AIR[:30], 300 - AIR])
def test_squares_and_forecasts_equal_the_equations(kind, y):
    numbers = numbers_of(y, kind)
    total, forecasts = one_by_one(y, numbers, 6)
    np.testing.assert_allclose(numbers[7] * len(y), total, rtol=1e-8)
    got = AutoTheta(1, (KINDS[kind],)).fit(monthly(y)).forecast(monthly(y), 6).columns["forecast"]
    np.testing.assert_allclose(got, forecasts, rtol=1e-8)


@pytest.mark.parametrize("kind", range(4))
def test_no_other_parameters_are_better(kind):
    y, rng = AIR[:40], np.random.default_rng(kind)
    numbers = numbers_of(y, kind)
    best = one_by_one(y, numbers, 0)[0]
    for spread in (1e-3, 1e-2, 0.1, 0.5):
        for _ in range(25):
            other = numbers.copy()
            other[0] = np.clip(numbers[0] + spread * rng.normal(), 0.1, 0.99)
            other[1] = np.clip(numbers[1] + spread * rng.normal() * (kind % 2), 0, 1)
            other[2] += spread * rng.normal() * y.std()
            assert one_by_one(y, other, 0)[0] >= best * (1 - 1e-9)


def test_auto_takes_the_smallest_errors():
    squares = [numbers_of(AIR, kind, 12)[7] for kind in range(4)]
    assert AutoTheta(12).fit(monthly(AIR)).chosen == (KINDS[int(np.argmin(squares))],)


def test_threads_change_nothing():
    rng = np.random.default_rng(0)
    parts = [rng.normal(size=n).cumsum() + 20 for n in rng.integers(4, 60, 30)]
    starts, y = np.r_[0, np.cumsum([len(p) for p in parts])], np.concatenate(parts)
    together = fit_theta(y, starts, np.full(30, 15), 4, 1)
    np.testing.assert_array_equal(fit_theta(y, starts, np.full(30, 15), 4, 3), together)
    for part, row in zip(parts, together, strict=True):
        np.testing.assert_array_equal(fit_theta(part, np.array([0, len(part)]), np.array([15]), 4, 1)[0], row)


@pytest.mark.parametrize("models", [KINDS, KINDS[2:3]])
def test_promises(models, tmp_path):
    panel = monthly(holes(AIR, 0, 20, 21, -3, -1), AIR[:40], AIR[:30] - 150, AIR[:9])
    travels(advances(AutoTheta(12, models), panel), panel, tmp_path, 14)


@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_the_unit_of_the_series_does_not_matter(size):
    forecast, expected = (AutoTheta(12).fit(p).forecast(p, 5).columns["forecast"]
                          for p in (monthly(AIR * size), monthly(AIR)))  # fmt: skip
    np.testing.assert_allclose(forecast, expected * size, rtol=1e-6)


def test_hostile_series_fall_back_and_are_named():
    found, report = survives(AutoTheta(7))
    np.testing.assert_allclose(found["constant"], 5.0)
    np.testing.assert_allclose(found["two"], 4.0)
    np.testing.assert_allclose(found["huge"], 1e9, rtol=1e-6)
    assert "id=nothing has no values: its forecast is missing." in report


def test_unknown_models_are_refused():
    with pytest.raises(ValueError, match=r"no models \['best'\]"):
        AutoTheta(models=("best",)).fit(monthly(AIR))
