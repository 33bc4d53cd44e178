"""The native ARIMA engine against statsmodels, dense algebra and published fits."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from pmdarima.datasets import load_airpassengers, load_lynx
from scipy.linalg import cho_factor, cho_solve, toeplitz
from statsmodels.tsa.arima_process import arma_acovf
from statsmodels.tsa.statespace.sarimax import SARIMAX

from learners._kernels import arima_fit, arima_likelihood
from learners.arima import Arima, AutoArima
from learners.arimax import Arimax
from tests.local import AIR, advances, holes, monthly, survives, travels
from tests.test_arima import certain

# Luteinizing hormone (Diggle, 1990), users of an internet server (Durbin & Koopman, 2001) and accidental deaths in the
# United States (Brockwell & Davis, 1991).
LH = np.array([
    2.4, 2.4, 2.4, 2.2, 2.1, 1.5, 2.3, 2.3, 2.5, 2.0, 1.9, 1.7, 2.2, 1.8, 3.2, 3.2, 2.7, 2.2, 2.2, 1.9, 1.9, 1.8, 2.7,
    3.0, 2.3, 2.0, 2.0, 2.9, 2.9, 2.7, 2.7, 2.3, 2.6, 2.4, 1.8, 1.7, 1.5, 1.4, 2.1, 3.3, 3.5, 3.5, 3.1, 2.6, 2.1, 3.4,
    3.0, 2.9,
])  # fmt: skip
USERS = np.array([
    88, 84, 85, 85, 84, 85, 83, 85, 88, 89, 91, 99, 104, 112, 126, 138, 146, 151, 150, 148, 147, 149, 143, 132, 131,
    139, 147, 150, 148, 145, 140, 134, 131, 131, 129, 126, 126, 132, 137, 140, 142, 150, 159, 167, 170, 171, 172, 172,
    174, 175, 172, 172, 174, 174, 169, 165, 156, 142, 131, 121, 112, 104, 102, 99, 99, 95, 88, 84, 84, 87, 89, 88, 85,
    86, 89, 91, 91, 94, 101, 110, 121, 135, 145, 149, 156, 165, 171, 175, 177, 182, 193, 204, 208, 210, 215, 222, 228,
    226, 222, 220,
], float)  # fmt: skip
DEATHS = np.array([
    9007, 8106, 8928, 9137, 10017, 10826, 11317, 10744, 9713, 9938, 9161, 8927, 7750, 6981, 8038, 8422, 8714, 9512,
    10120, 9823, 8743, 9129, 8710, 8680, 8162, 7306, 8124, 7870, 9387, 9556, 10093, 9620, 8285, 8466, 8160, 8034,
    7717, 7461, 7767, 7925, 8623, 8945, 10078, 9179, 8037, 8488, 7874, 8647, 7792, 6957, 7726, 8106, 8890, 9299,
    10625, 9302, 8314, 8850, 8265, 8796, 7836, 6892, 7791, 8192, 9115, 9434, 10484, 9827, 9110, 9070, 8633, 9240,
], float)  # fmt: skip
PASSENGERS, LYNX = np.asarray(load_airpassengers(), float), np.asarray(load_lynx(), float)
GOLDEN = Path(__file__).parent / "golden" / "consumption.txt"
CONSUMPTION = np.array([float(v) for line in GOLDEN.read_text().splitlines()[2:] for v in line.split()])
LIMITS = (5, 5, 2, 2, 14)


def engine(*series, season=1, fixed=(), threads=1, x=None):
    """Choices, coefficients, slopes and measures of each series, and more."""
    y = np.concatenate(series).astype(float)
    x = np.zeros((len(y), 0)) if x is None else x
    indptr = np.cumsum([0, *map(len, series)])
    return arima_fit(y, x, indptr, np.array([season, *LIMITS]), np.array(fixed, np.int64), threads)[:4]


def likelihood(w, orders, x, columns=None, gaps=0):
    columns = np.zeros((len(w), 0)) if columns is None else columns
    return arima_likelihood(w, columns, gaps, np.array(orders), np.asarray(x, float))


def drawn(rng, count, sign):
    """Coefficients of 1 - sign * c1 z - ... with roots well outside the unit circle."""
    while True:
        c = rng.uniform(-1.3, 1.3, count)
        if count == 0 or np.abs(np.roots(np.r_[(-sign * c)[::-1], 1.0])).min(initial=9.0) > 1.02:
            return c


def process(rng, most_season=12):
    season = int(rng.choice([s for s in (1, 4, 7, 12) if s <= most_season]))
    p, q, P, Q = (int(rng.integers(0, n)) for n in (4, 4, 3 if season > 1 else 1, 3 if season > 1 else 1))
    x = np.concatenate([drawn(rng, n, s) for n, s in ((p, 1), (q, -1), (P, 1), (Q, -1))])
    return (p, q, P, Q, season), x


@pytest.mark.parametrize("seed", range(10))
def test_the_likelihood_is_that_of_statsmodels(seed):
    """Twenty processes each, every second with a regressor, every third with missing values."""
    for case in range(20 * seed, 20 * seed + 20):
        rng = np.random.default_rng(case)
        (p, q, P, Q, season), x = process(rng)
        n = int(rng.integers(5, 200))
        w = 0.3 * rng.normal(size=n).cumsum() + 2
        gone = rng.choice(n, min(n // 4, 3), replace=False) if case % 3 == 0 else np.zeros(0, int)
        columns = np.c_[rng.normal(size=n), np.ones(n)][:, : 2 * (case % 2)]
        seasonal = (P, 0, Q, season) if P + Q else (0, 0, 0, 0)
        y = np.where(np.isin(np.arange(n), gone), np.nan, w)
        slopes = slopes_of(y, columns, (p, q, P, Q, season), x)
        model = SARIMAX(
            y - columns @ slopes, order=(p, 0, q), seasonal_order=seasonal, concentrate_scale=True,
            simple_differencing=True,
        )  # fmt: skip
        model.ssm.tolerance = 0
        table = np.ascontiguousarray(np.c_[np.eye(n)[:, gone], columns])
        got = likelihood(np.where(np.isnan(y), 7.0, y), (p, q, P, Q, season), x, table, len(gone))
        assert got == pytest.approx(model.loglike(x), abs=1e-6, rel=1e-8), case


def slopes_of(y, columns, orders, x):
    """Generalised least squares on the observed rows, by their dense covariance."""
    seen = np.flatnonzero(~np.isnan(y))
    if not columns.size:
        return np.zeros(0)
    factor = cho_factor(covariance(orders, x, len(y))[np.ix_(seen, seen)])
    table = columns[seen]
    return np.linalg.solve(table.T @ cho_solve(factor, table), table.T @ cho_solve(factor, y[seen]))


def covariance(orders, x, rows):
    p, q, P, Q, season = orders
    ar, sar = (np.r_[1.0, -c] for c in (x[:p], x[p + q : p + q + P]))
    ma, sma = (np.r_[1.0, c] for c in (x[p : p + q], x[p + q + P :]))
    phi = np.convolve(ar, np.kron(sar, np.eye(season)[0])[: P * season + 1])
    theta = np.convolve(ma, np.kron(sma, np.eye(season)[0])[: Q * season + 1])
    return toeplitz(arma_acovf(phi, theta, rows))


@pytest.mark.parametrize("missing", [0, 5])
@pytest.mark.parametrize("seed", range(12))
def test_regressors_and_missing_values_are_exact(seed, missing):
    """The density of the observed rows, from their dense covariance, with the slopes of generalised least squares."""
    rng = np.random.default_rng(seed)
    orders, x = process(rng, most_season=4)
    n, columns = 60, np.c_[rng.normal(size=60), np.ones(60)]
    w = rng.normal(size=n).cumsum() * 0.2 + columns @ [2.0, 5.0]
    gone = rng.choice(n, missing, replace=False)
    seen = np.setdiff1d(np.arange(n), gone)
    factor = cho_factor(covariance(orders, x, n)[np.ix_(seen, seen)])
    table, y = columns[seen], w[seen]
    beta = np.linalg.solve(table.T @ cho_solve(factor, table), table.T @ cho_solve(factor, y))
    error, count = y - table @ beta, len(seen)
    variance = error @ cho_solve(factor, error) / count
    logs = 2 * np.log(np.diag(factor[0])).sum()
    expected = -0.5 * (count * np.log(2 * np.pi * variance) + logs + count)
    filled = np.where(np.isin(np.arange(n), gone), 7.0, w)
    marks = np.eye(n)[:, gone]
    got = likelihood(filled, orders, x, np.ascontiguousarray(np.c_[marks, columns]), missing)
    assert got == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("y", "season", "fixed", "published", "coefficients"),
    [
        (LH, 1, (1, 0, 0, 0, 0, 0, 1), -29.38, (0.5739,)),
        (LH, 1, (3, 0, 0, 0, 0, 0, 1), -27.09, (0.6448, -0.0634, -0.2198)),
        (DEATHS, 12, (0, 1, 1, 0, 1, 1, 0), -425.44, (-0.4303, -0.5528)),
        (np.log(PASSENGERS), 12, (0, 1, 1, 0, 1, 1, 0), 244.70, (-0.4018, -0.5569)),
        (USERS, 1, (3, 1, 0, 0, 0, 0, 0), -252.0, (1.1513, -0.6612, 0.3407)),
        (USERS, 1, (1, 1, 1, 0, 0, 0, 0), -254.15, (0.6504, 0.5256)),
        (LYNX, 1, (2, 0, 2, 0, 0, 0, 1), -932.08, (1.3421, -0.6738, -0.2027, -0.2564)),
    ],
)
def test_published_fits_come_out(y, season, fixed, published, coefficients):
    _, weights, _, measures = engine(y, season=season, fixed=fixed)
    assert measures[0, 2] == pytest.approx(published, abs=0.006)
    np.testing.assert_allclose(weights[0], coefficients, atol=1e-3)


@pytest.mark.parametrize(
    ("y", "season", "orders", "aicc"),
    [
        (USERS, 1, (1, 1, 1, 0, 0, 0), 514.55),
        (LYNX, 1, (2, 0, 2, 0, 0, 0), 1876.95),
        (PASSENGERS, 12, (2, 1, 1, 0, 1, 0), 1018.17),
        (np.log(PASSENGERS), 12, (0, 1, 1, 0, 1, 1), -483.2),
        (DEATHS, 12, (0, 1, 1, 0, 1, 1), 857.32),
        (CONSUMPTION, 1, (1, 0, 3, 0, 0, 0), 342.08),
    ],
)
def test_the_search_finds_the_published_models(y, season, orders, aicc):
    choices, _, _, measures = engine(y, season=season)
    assert tuple(choices[0, :6]) == orders
    assert measures[0, 3] == pytest.approx(aicc, abs=0.01)


def test_threads_neighbours_and_order_change_no_bit():
    series = [PASSENGERS, LYNX, USERS[:7], DEATHS, holes(LH, 3, 4), np.log(PASSENGERS)[:50]]
    one, two = engine(*series, season=12), engine(*series[::-1], season=12, threads=4)
    for i, y in enumerate(series):
        alone = engine(y, season=12)
        for table, other, own in zip(one, two, alone, strict=True):
            width = own.shape[1]
            np.testing.assert_array_equal(table[i, :width], own[0])
            np.testing.assert_array_equal(other[-1 - i, :width], own[0])


@pytest.mark.parametrize(
    ("order", "seasonal", "constant"),
    [((0, 1, 1), (0, 1, 1, 12), False), ((2, 0, 1), (1, 0, 0, 12), True), ((1, 1, 0), (0, 0, 0, 1), True),
     ((0, 2, 1), (0, 0, 0, 1), False), ((1, 0, 0), (0, 1, 1, 4), True)],
)  # fmt: skip
def test_forecasts_and_bands_are_those_of_statsmodels_at_our_coefficients(order, seasonal, constant):
    raw = np.log(AIR)
    y = (raw - raw.mean()) / raw.std()
    fixed = (*order, *seasonal[:3], int(constant))
    choices, weights, _, measures = engine(y, season=seasonal[3], fixed=fixed)
    level, variance = measures[0, :2]
    p, q, P = order[0], order[2], seasonal[0]
    drift = level * (1 - weights[0, :p].sum()) * (1 - weights[0, p + q : p + q + P].sum())
    periods = seasonal if seasonal[3] > 1 else (0, 0, 0, 0)
    model = SARIMAX(y, order=order, seasonal_order=periods, trend="c" if constant else "n")
    ar, ma, rest = weights[0, :p], weights[0, p : p + q], weights[0, p + q : choices[0, :6].take([0, 2, 3, 5]).sum()]
    expected = model.filter(np.r_[[drift] if constant else [], ar, ma, rest, variance]).get_forecast(15)
    panel = monthly(raw)
    found = certain(Arima(order, seasonal, constant, levels=(80,)).fit(panel)).forecast(panel, 15).columns
    got = {name: (values - raw.mean()) / raw.std() for name, values in found.items()}
    np.testing.assert_allclose(got["forecast"], expected.predicted_mean, rtol=2e-6, atol=2e-6)
    np.testing.assert_allclose(got["hi80"], expected.conf_int(alpha=0.2)[:, 1], rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize(("order", "seasonal"), [((0, 1, 1), (0, 1, 1, 12)), ((2, 0, 1), (0, 0, 0, 1))])
def test_it_is_at_least_as_likely_as_statsmodels(order, seasonal):
    y = PASSENGERS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        periods = seasonal if seasonal[3] > 1 else (0, 0, 0, 0)
        trend = "c" if order[1] == 0 else "n"
        model = SARIMAX(y, order=order, seasonal_order=periods, trend=trend, simple_differencing=True)
        best = model.fit(disp=False).llf
    _, _, _, measures = engine(y, season=seasonal[3], fixed=(*order, *seasonal[:3], -1))
    assert measures[0, 2] > best - 1e-3


def test_hostile_series_fall_back_and_are_named():
    found, report = survives(AutoArima(season=7))
    np.testing.assert_allclose(found["constant"], 5.0)
    np.testing.assert_allclose(found["three"], 2.0)
    assert any("id=one has only 1 values: ARIMA repeats its last value." in line for line in report)


HARD = {
    "tiny": 1e-12 * AIR,
    "vast": 1e12 * AIR,
    "line": np.arange(50.0),
    "curve": np.arange(50.0) ** 2,
    "explodes": 1.5 ** np.arange(60),
    "step": np.r_[np.zeros(30), np.ones(30)],
    "spike": np.r_[np.zeros(40), 1e6, np.zeros(20)],
    "alternates": np.tile([0.0, 1.0], 30),
    "season": np.tile(np.arange(12.0), 6),
    "far": 1e15 + AIR,
    "four": np.array([1.0, 3.0, 2.0, 5.0]),
    "holes": holes(AIR, *range(1, 60, 2)),
}


@pytest.mark.parametrize("season", [1, 12])
def test_no_series_stops_it(season):
    panel = monthly(*HARD.values(), names=list(HARD))
    found = AutoArima(season=season, levels=(95,)).fit(panel).forecast(panel, 12).columns
    for name in ("forecast", "lo95", "hi95"):
        assert np.isfinite(found[name]).all(), name
    forecasts = dict(zip(HARD, found["forecast"].reshape(len(HARD), 12), strict=True))
    np.testing.assert_allclose(forecasts["line"], np.arange(50, 62), rtol=1e-6)
    np.testing.assert_allclose(forecasts["vast"], 1e24 * forecasts["tiny"], rtol=1e-3)
    if season == 12:
        np.testing.assert_allclose(forecasts["season"], np.arange(12.0), atol=1e-6)


def test_missing_values_are_not_just_lines():
    """An exact fit with holes finds the coefficient of a process that lines across them would smooth."""
    rng = np.random.default_rng(1)
    w = np.convolve(rng.normal(size=161), [1.0, -0.8])[1:161]
    y = holes(w, *range(20, 140, 11))
    fixed = (0, 0, 1, 0, 0, 0, 0)
    full, holed, lined = (engine(v, fixed=fixed)[1][0, 0] for v in (w, y, np.interp(np.arange(160),
                          np.flatnonzero(~np.isnan(y)), y[~np.isnan(y)])))  # fmt: skip
    assert abs(holed - full) < 0.05 < abs(lined - full)


def test_many_missing_values_are_interpolated_and_said():
    few, many = (AutoArima().fit(monthly(holes(AIR, *range(1, n, 3)))).report for n in (30, 50))
    assert few == ()
    assert many == ("id=s0: too many values are missing; the fit took lines across them.",)


def test_regressors_are_found_by_generalised_least_squares():
    rng = np.random.default_rng(2)
    price, days = rng.normal(size=120), rng.normal(size=120)
    y = 3 * price - 2 * days + 0.1 * rng.normal(size=120).cumsum() + 10
    panel = monthly(y, price=price, days=days)
    for learner in (AutoArima(columns=("price", "days"), average=1), Arimax((0, 1, 1), columns=("price", "days"))):
        np.testing.assert_allclose(learner.fit(panel).start["arima.slopes"][0], [3, -2], atol=0.05)


def test_columns_that_say_the_same_count_once():
    panel = monthly(AIR, a=np.arange(72.0) % 5, b=2 * (np.arange(72.0) % 5) + 1, c=np.arange(72.0))
    model = AutoArima(season=12, columns=("a", "b", "c"), average=1).fit(panel)
    slopes = model.start["arima.slopes"][0]
    assert np.isfinite(slopes).all()
    assert slopes[1] == 0.0


@pytest.mark.parametrize(
    "learner",
    [AutoArima(season=12, levels=(80,)), AutoArima(max_p=2), Arima((1, 1, 1), (0, 1, 1, 4), constant=False)],
)
def test_promises(learner, tmp_path):
    panel = monthly(holes(np.log(AIR), 0, 20, 21, -3, -1), 1e6 * AIR[:40], AIR[:15], [5.0] * 20)
    travels(advances(learner, panel), panel, tmp_path)


def test_an_unknown_engine_is_refused():
    with pytest.raises(ValueError, match="There is no engine 'fast' here"):
        AutoArima(engine="fast").fit(monthly(AIR))
