"""Bands of ARIMA: what is not known about a fitted model widens them, and they cover what they say."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.simulated_bands import LEVELS, coverage
from learners.arima import Arima, AutoArima, _of_coefficients
from learners.arimax import Arimax
from tests.local import AIR, advances, holes, monthly, travels
from tests.test_arima import certain

RNG = np.random.default_rng(3)
NOISE = RNG.normal(size=60)


def width(model, panel, horizon, level=80):
    found = model.forecast(panel, horizon).columns
    return (found[f"hi{level}"] - found[f"lo{level}"]) / 2


def variances(model, panel, horizon):
    """Of the forecasts, in units of the innovations', without Student's t."""
    known = certain(model)
    unit = width(known, panel, 1)[0]
    return (width(model, panel, horizon) / unit) ** 2, (width(known, panel, horizon) / unit) ** 2


@pytest.mark.parametrize("n", [20, 60])
def test_a_mean_is_known_to_one_in_n(n):
    """Noise around a mean: s t sqrt(1 + 1/n), the textbook's band of a new observation."""
    from scipy.stats import t

    y = NOISE[:n]
    panel = monthly(y)
    model = Arima((0, 0, 0), constant=True, levels=(80, 95)).fit(panel)
    for level in (80, 95):
        expected = t.ppf(0.5 + level / 200, n - 1) * y.std(ddof=1) * np.sqrt(1 + 1 / n)
        np.testing.assert_allclose(width(model, panel, 5, level), expected, rtol=1e-6)


def test_a_drift_is_less_known_the_further_it_goes():
    """A walk with drift: s t sqrt(h + h^2 / (n - 1)). Source: Hyndman & Athanasopoulos, 5.5."""
    from scipy.stats import t

    y = NOISE.cumsum() + 0.4 * np.arange(60)
    panel, h = monthly(y), np.arange(1, 31)
    model = Arima((0, 1, 0), constant=True, levels=(80,)).fit(panel)
    expected = t.ppf(0.9, 58) * np.diff(y).std(ddof=1) * np.sqrt(h + h**2 / 59)
    np.testing.assert_allclose(width(model, panel, 30), expected, rtol=1e-6)


def test_slopes_widen_bands_as_in_least_squares():
    """Regression with independent errors: s t sqrt(1 + x' (X'X)^-1 x)."""
    import pandas as pd
    from scipy.stats import t

    x, later = RNG.normal(size=60) * 3 + 7, np.array([0.0, 7.0, 30.0])
    y = 2 * x + NOISE
    panel = monthly(y, x=x)
    model = Arimax((0, 0, 0), columns=("x",), constant=True, levels=(80,)).fit(panel)
    X, Z = np.c_[np.ones(60), x], np.c_[np.ones(3), later]
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    deviation = np.sqrt(np.sum((y - X @ beta) ** 2) / 58)
    expected = t.ppf(0.9, 58) * deviation * np.sqrt(1 + np.sum(Z @ np.linalg.inv(X.T @ X) * Z, axis=1))
    stamps = pd.date_range("1954-01-01", periods=3, freq="MS")
    known = pd.DataFrame({"id": "s0", "month": stamps, "x": later})
    found = model.forecast(panel, 3, known).columns
    np.testing.assert_allclose((found["hi80"] - found["lo80"]) / 2, expected, rtol=1e-6)


@pytest.mark.parametrize(("phi", "n"), [(0.0, 60), (0.6, 150), (-0.4, 90)])
def test_the_coefficient_of_an_ar_adds_what_the_theory_says(phi, n):
    """h^2 phi^(2h - 2) / n for AR(1): Yamamoto (1976), and the second difference of what it is at known phi."""
    from learners._kernels import arima_numbers

    y, none = RNG.normal(size=n), np.zeros((n, 0))
    choices = np.array([[1, 0, 0, 0, 0, 0, 0, 1, 0]])
    unsure = arima_numbers(y, none, np.array([0, n]), choices, np.array([[phi]]), np.zeros((1, 0)), np.zeros(1), 1, 1)[
        -1
    ][0]
    h = np.arange(1, 25)
    variance = 1 / (n / (1 - phi**2) + 1)
    moved = h**2 * np.abs(phi) ** (2.0 * (h - 1)) / (n / (1 - phi**2) + 1) / (1 - phi**2)
    psi = lambda c: np.array([np.sum(c ** (2.0 * np.arange(i))) for i in h])  # noqa: E731
    step = np.sqrt(variance)
    curved = (psi(phi + step) + psi(phi - step)) / 2 - psi(phi)
    np.testing.assert_allclose(unsure, np.maximum(moved + curved, 0), rtol=1e-6, atol=1e-12)


def test_what_coefficients_add_grows_on_beyond_the_table():
    table = (0.1 * np.arange(1.0, 25.0)[None]) ** 2
    np.testing.assert_allclose(_of_coefficients(table, 40), (0.1 * np.arange(1.0, 41.0)[None]) ** 2)
    np.testing.assert_array_equal(_of_coefficients(table, 5), table[:, :5])


def test_bands_widen_in_a_gap_and_while_the_first_rows_come():
    panel = monthly(np.log(AIR), holes(np.log(AIR), -1, -2, -3))
    model = Arima((0, 1, 1), levels=(80,)).fit(panel)
    whole, gap = width(model, panel, 1)
    assert gap > 1.3 * whole
    begun = Arima((0, 1, 1), (0, 1, 1, 12), levels=(80,)).fit(panel)
    assert (width(begun, panel.rows(panel.position < 5), 2) > 100 * whole).all()


@pytest.mark.parametrize("model", ["Arima", "AutoArima", "Arimax"])
def test_bands_cover_what_they_say(model):
    """A small run of the benchmark; 2,000 series come within 1.5 points."""
    found = coverage(model, 600, seed=11).loc["all"]
    for level in LEVELS:
        assert found[level].mean() == pytest.approx(level, abs=2.5)


@pytest.mark.parametrize("learner", [Arima((2, 0, 1), levels=(80, 95)), AutoArima(season=4, levels=(90,))])
def test_promises_with_more_gaps_than_are_remembered(learner, tmp_path):
    panel = monthly(holes(np.log(AIR), *range(30, 72, 4)), holes(AIR, 0, 3, 20, 21, -3, -1), AIR[:9], [5.0] * 20)
    travels(advances(learner, panel), panel, tmp_path, 30)


def test_fall_backs_have_bands_of_the_size_of_their_steps():
    panel = monthly([7.0] * 20, [1e9, 3e9, 2e9], [4.0], [0.0])
    model = Arima(levels=(80,)).fit(panel)
    widths = width(model, panel, 1)
    np.testing.assert_allclose(widths[[0, 3]], 0.0)
    assert widths[1] == pytest.approx(1.8856 * np.sqrt(2.5) * 1e9, rel=1e-3)  # Student's t of two steps
    assert widths[2] == pytest.approx(3.0777 * 4, rel=1e-3)
