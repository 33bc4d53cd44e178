"""Triangles: what they find is what least squares finds on all rows, and Harmonic chooses its waves by them."""

from __future__ import annotations

import numpy as np
import pytest

import forecast as fc
from learners.harmonic import HarmonicModel
from learners.harmonic_fit import _shift, chosen, pressed, table, waves_of
from learners.triangle import CHUNK, PASSES, STRONGEST, Triangle, triangles
from tests.panels import daily

WAVES = waves_of((7.0, 30.4, 4.0, 365.25), (3, 2, 2, 2))  # the second of 4 rows has no sine
RNG = np.random.default_rng(7)
ROW = np.arange(2 * CHUNK + 500.0)
WAVY = 4 * np.cos(2 * np.pi * ROW / 7 + 1) + np.sin(2 * np.pi * ROW / 365.25) + 0.3 * np.cos(np.pi * ROW)
NOISE = np.zeros(len(ROW))
for _i, _shock in enumerate(RNG.normal(size=len(ROW))):
    NOISE[_i] = 0.7 * NOISE[_i - 1] + _shock
NOISY = 10 + 0.01 * ROW + WAVY + NOISE


def holes(y: np.ndarray, share: float) -> np.ndarray:
    return np.where(np.random.default_rng(1).random(len(y)) < share, np.nan, y)


SERIES = {
    "several chunks": NOISY,
    "a chunk and one row": NOISY[: CHUNK + 1],
    "holes": holes(NOISY[:900], 0.3),
    "holes over a chunk": np.r_[NOISY[:50], np.full(CHUNK + 10, np.nan), NOISY[: CHUNK - 60]],
    "few pairs": holes(NOISY[:60], 0.7),
    "more columns than rows": NOISY[:12],
    "a level of a million": 1e6 + 3 * ROW[:2000] + 0.01 * NOISY[:2000],
    "waves without noise": 5 + WAVY[:800],
    "constant": np.full(400, 3.7),
    "zero": np.zeros(400),
    "no weekends": np.where(ROW % 7 < 5, NOISY, np.nan)[:1000],  # waves of a week are not told from the constant
    "one value": np.array([1.0]),
    "unknown": np.full(40, np.nan),
    "empty": np.zeros(0),
}


def on_all_rows(y: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weights of the columns of all rows and the residuals of the last pass, by least squares of all rows."""
    weights: np.ndarray = np.zeros(columns.shape[1])
    r, residuals = 0.0, y[1:]
    for _ in range(PASSES):
        left, right = y[1:] - r * y[:-1], columns[1:] - r * columns[:-1]
        seen = np.isfinite(left)
        weights = np.linalg.lstsq(right[seen], left[seen], rcond=1e-10)[0]
        residuals = left[seen] - right[seen] @ weights
        rest = y - columns @ weights
        both = np.isfinite(rest[1:]) & np.isfinite(rest[:-1])
        power = float((rest[:-1][both] ** 2).sum())
        r = float(np.clip((rest[1:][both] * rest[:-1][both]).sum() / power, 0.0, STRONGEST)) if power > 0 else 0.0
    return weights, residuals


def columns_of(y: np.ndarray) -> np.ndarray:
    line = np.linspace(-1.0, 1.0, len(y))
    return np.concatenate([table(WAVES, np.arange(len(y)) * 1.0), np.ones((len(y), 1)), line[:, None]], axis=1)


def all_triangles() -> dict[str, Triangle]:
    made = triangles(list(SERIES.values()), lambda row: table(WAVES, row), _shift(WAVES))
    return dict(zip(SERIES, made, strict=True))


TRIANGLES = all_triangles()


@pytest.mark.parametrize("name", SERIES)
def test_a_triangle_finds_what_all_rows_find(name: str) -> None:
    """For all columns, and for some, in any order."""
    y, size = SERIES[name], columns_of(SERIES[name]).shape[1]
    assert TRIANGLES[name].pairs == (np.isfinite(y[1:]) & np.isfinite(y[:-1])).sum()
    assert len(TRIANGLES[name].now) <= size + 2
    for some in (range(size), [8, 9, 0, 1, 10, size - 2, size - 1], [size - 2, size - 1]):
        weights, squares = TRIANGLES[name].least(list(some))
        expected, residuals = on_all_rows(y, columns_of(y)[:, list(some)])
        rounding = 1e-13 * float(np.nanmax(np.abs(y), initial=0.0))
        np.testing.assert_allclose(weights, expected, rtol=1e-9, atol=rounding)
        length = np.linalg.norm(residuals)
        np.testing.assert_allclose(np.sqrt(squares), length, rtol=1e-11, atol=rounding * np.sqrt(len(y)))


def test_waves_shift_to_those_of_the_row_before() -> None:
    row = np.array([1.0, 2.0, 17.0, 365.0, 60_000.0])
    np.testing.assert_allclose(table(WAVES, row) @ _shift(WAVES), table(WAVES, row - 1), atol=1e-10)


def test_a_series_has_the_same_waves_alone_and_in_a_crowd() -> None:
    """Of series more than are taken at a time, of many lengths, some with holes or too short for a season."""
    series = [holes(NOISY[i * 9 :][: 80 + 11 * i], 0.1 * (i % 3)) for i in range(60)]
    crowd = fc.Harmonic((7, 365.25), (3, 1), fc.Naive()).fit(daily(*series))
    assert isinstance(crowd, HarmonicModel)
    for i in (0, 30, 59):
        alone = fc.Harmonic((7, 365.25), (3, 1), fc.Naive()).fit(daily(series[i]))
        assert isinstance(alone, HarmonicModel)
        np.testing.assert_allclose(alone.weights[0], crowd.weights[i], rtol=1e-9, atol=1e-12)
        assert alone.widths[0] == crowd.widths[i]
        live = np.repeat([True, len(series[i]) - np.isnan(series[i]).sum() >= 730.5], [6, 2])
        assert (crowd.weights[i][live] != 0).all()
        assert (crowd.weights[i][~live] == 0).all()
        expected, _ = on_all_rows(series[i], columns_for(series[i], live))
        np.testing.assert_allclose(crowd.weights[i][live], expected[:-2], rtol=1e-9, atol=1e-11)


def columns_for(y: np.ndarray, live: np.ndarray) -> np.ndarray:
    """The columns of all rows that are live: those of three waves of a week, one of a year."""
    made = table(waves_of((7.0, 365.25), (3, 1)), np.arange(len(y)) * 1.0)[:, live]
    return np.concatenate([made, np.ones((len(y), 1)), np.linspace(-1.0, 1.0, len(y))[:, None]], axis=1)


def test_the_number_of_waves_is_that_of_least_squares_on_all_rows() -> None:
    """AICc of one series, by hand."""
    y, scores = holes(NOISY[:600], 0.1), []
    for order in range(4):
        waves = waves_of((7.0,), (order,))
        columns = np.concatenate([table(waves, ROW[:600]), columns_of(y)[:, -2:]], axis=1)
        _, residuals = on_all_rows(y, columns)
        n, k = len(residuals), columns.shape[1] + 1
        scores.append(n * np.log(np.mean(residuals**2)) + 2 * k * n / (n - k - 1))
    sample = pressed(daily(y), range(1), waves_of((7.0,), (3,)))
    assert chosen(sample, (7.0,)) == (int(np.argmin(scores)),)


def test_a_constant_series_does_not_choose_the_number_of_waves() -> None:
    """What least squares leave of it is of rounding: 0 without waves, a little with them."""
    wavy = [WAVY[i : i + 90] + NOISE[i : i + 90] for i in range(3)]
    tried = waves_of((7.0,), (3,))
    without = chosen(pressed(daily(*wavy), range(3), tried), (7.0,))
    assert without[0] > 0
    assert chosen(pressed(daily(*wavy, np.ones(90)), range(4), tried), (7.0,)) == without
    assert chosen(pressed(daily(np.ones(90)), range(1), tried), (7.0,)) == (0,)


def test_waves_without_noise_are_found_and_no_others() -> None:
    y = 1e6 + 20 * np.cos(4 * np.pi * ROW[:500] / 30.4)
    assert chosen(pressed(daily(y), range(1), waves_of((7.0, 30.4), (3, 10))), (7.0, 30.4)) == (0, 2)
