import numpy as np
import pytest

from learners._kernels import fit_theta
from learners.auto_theta import KINDS, AutoTheta
from learners.local import LocalModel
from learners.theta import Theta
from tests.local import AIR, advances, holes, monthly, survives, travels


def one_by_one(y: np.ndarray, numbers: np.ndarray, horizon: int) -> tuple[float, np.ndarray]:
    """The sum of squares and the forecasts, as the equations of the source read; the first error counts three tenths.

    Fiorucci et al. (2016), equations 11 to 18, of a series without a season.
    """
    weight, share, level = numbers[:3]
    moves, values, total = numbers[5] >= 2, list(y), 0.0
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
        if i in {0, *range(3, len(y))}:
            total += (1.0 if i else 0.3) * (y[i] - mean) ** 2
        if i >= len(y):
            values.append(mean)
            forecasts.append(mean)
        level += weight * (values[i] - level)
    return total, np.array(forecasts)


def numbers_of(y: np.ndarray, kind: int, season: int = 1) -> np.ndarray:
    """Weight, share, start, intercept, slope, kind and squares."""
    row = fit_theta(y, np.array([0, len(y)]), np.array([1 << kind]), season, 1)[0]
    return row[4 + 7 * (kind // 2) :][:7]


@pytest.mark.parametrize("kind", range(4))
@pytest.mark.parametrize("y", [AIR[:30], 300 - AIR])
def test_squares_and_forecasts_equal_the_equations(kind, y):
    numbers = numbers_of(y, kind)
    total, forecasts = one_by_one(y, numbers, 6)
    np.testing.assert_allclose(numbers[6] * len(y), total, rtol=1e-8)
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


@pytest.mark.parametrize("kinds", [(0, 1), (2, 3), (0, 1, 2, 3), (1, 2)])
def test_the_best_of_each_line_are_averaged(kinds):
    squares = [numbers_of(AIR, kind, 12)[6] for kind in range(4)]
    best = [min(line, key=squares.__getitem__) for line in (
        [k for k in kinds if k < 2], [k for k in kinds if k >= 2]) if line]  # fmt: skip
    panel = monthly(AIR)
    model = AutoTheta(12, tuple(KINDS[k] for k in kinds)).fit(panel)
    assert model.chosen == (" and ".join(KINDS[k] for k in best),)
    alone = [AutoTheta(12, (KINDS[k],)).fit(panel).forecast(panel, 9).columns["forecast"] for k in best]
    np.testing.assert_allclose(model.forecast(panel, 9).columns["forecast"], np.mean(alone, axis=0), rtol=1e-12)


def test_the_native_filter_is_remember():
    panel = monthly(holes(AIR, 4, 20, 21, -3), AIR[:40] - 150, np.full(9, 3.0))
    model = AutoTheta(12, levels=(80,)).fit(panel)
    fast = model.memory(panel)
    slow = LocalModel._run(model, dict(model.start), panel, np.zeros(3, np.int64))
    for name, values in slow.items():
        np.testing.assert_allclose(fast[name], values, rtol=1e-12)


@pytest.mark.parametrize(("learner", "season"), [(AutoTheta, 1), (AutoTheta, 12), (Theta, 1)])
def test_bands_cover_what_they_say(learner, season):
    """2,000 series: a level that moves by a random weight of its errors, drift for AutoTheta, a fixed season."""
    series = simulated(np.random.default_rng(1), 2_000, 96, season, 0.3 * (learner is AutoTheta))
    panel, true = monthly(*series[:, :-6], freq="D"), series[:, -6:]
    columns = learner(season, levels=(80, 95)).fit(panel).forecast(panel, 6).columns
    for level in (80, 95):
        low, high = (columns[f"{side}{level}"].reshape(true.shape) for side in ("lo", "hi"))
        assert abs(100 * ((low <= true) & (true <= high)).mean() - level) < 1.5


@pytest.mark.parametrize("rows", [15, 20, 30, 50])
def test_bands_of_short_series_cover_what_they_say(rows):
    series = simulated(np.random.default_rng(rows), 2_000, rows + 6, 1, 0.2)
    panel, true = monthly(*series[:, :-6], freq="D"), series[:, -6:]
    columns = AutoTheta(levels=(80, 95)).fit(panel).forecast(panel, 6).columns
    for level in (80, 95):
        low, high = (columns[f"{side}{level}"].reshape(true.shape) for side in ("lo", "hi"))
        assert abs(100 * ((low <= true) & (true <= high)).mean() - level) < 2.0


def simulated(rng: np.random.Generator, count: int, rows: int, season: int, drift: float) -> np.ndarray:
    weight, terms, level = rng.uniform(0.1, 0.9, count), 8 * rng.normal(size=(season, count)), np.zeros(count)
    series = np.zeros((rows, count))
    for t in range(rows):
        error = rng.normal(size=count)
        series[t] = level + drift + error + (terms[t % season] if season > 1 else 0.0)
        level = level + drift + weight * error
    return series.T


def test_a_longer_horizon_widens_bands_and_a_season_scales_them():
    panel = monthly(AIR)
    columns = AutoTheta(12, levels=(80, 95)).fit(panel).forecast(panel, 24).columns
    width = columns["hi80"] - columns["lo80"]
    assert (width[12:] > width[:12]).all()
    assert (columns["hi95"] > columns["hi80"]).all()
    np.testing.assert_allclose((columns["hi80"] + columns["lo80"]) / 2, columns["forecast"])
    assert np.corrcoef(width[:12], columns["forecast"][:12])[0, 1] > 0.5


@pytest.mark.parametrize("learner", [AutoTheta(12, levels=(80, 97.5)), Theta(12, levels=(80, 97.5))])
def test_bands_travel_too(learner, tmp_path):
    panel = monthly(holes(AIR, 0, 20, -1), AIR[:40], AIR[:30] - 150, AIR[:9], np.full(8, 2.0), [5.0], [5.0, 7.0])
    model = learner.fit(panel)
    travels(model, panel, tmp_path, 14)
    assert all(np.isfinite(v).all() for v in model.forecast(panel, 5).columns.values())


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
