"""The rule that says over how many rows regressors see the target differenced."""

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.panel import Panel
from forecast.backtest import RollingOrigin
from forecast.defaults import difference

RNG = np.random.default_rng(3)
MONTH = np.arange(96)
WAVE = 10 * np.sin(2 * np.pi * MONTH / 12)
KINDS = {
    "returns to a level": (lambda: 50 + WAVE + RNG.normal(0, 3, 96), 0),
    "wanders": (lambda: 50 + RNG.normal(0, 5, 96).cumsum(), 1),
    "a season on a trend": (lambda: 50 + 0.8 * MONTH + 3 * WAVE + RNG.normal(0, 1, 96), 12),
}


def panel(make, known=False):
    stamps = pd.date_range("2015-01-01", periods=96, freq="MS")
    parts = [pd.DataFrame({"id": str(i), "ds": stamps, "y": make(), "price": RNG.normal(size=96)}) for i in range(8)]
    table = pd.concat(parts)
    columns = ["id", "ds", "y", "price"] if known else ["id", "ds", "y"]
    return Panel.read(table[columns], id="id", time="ds", target="y", known=("price",) if known else ())


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_what_the_best_simple_forecast_knows(kind):
    make, rows = KINDS[kind]
    assert difference(panel(make), RollingOrigin(6, 3), season=12) == rows


def test_of_few_seasons_none_is_differenced():
    rising = panel(KINDS["a season on a trend"][0])
    assert difference(rising.rows(rising.position < 60), RollingOrigin(6, 1), season=12) == 12
    assert difference(rising.rows(rising.position < 35), RollingOrigin(6, 1), season=12) < 12


def test_known_numbers_explain_levels():
    assert difference(panel(KINDS["wanders"][0], known=True), RollingOrigin(6, 3), season=12) == 0


def test_series_too_short_for_a_fold_are_left_as_they_are():
    short = panel(KINDS["wanders"][0])
    assert difference(short.rows(short.position < 3), RollingOrigin(6, 3), season=12) == 0


def test_bounds_stay_on_their_side_where_they_touch_the_forecast() -> None:
    steps = {"forecast": np.ones((1, 3)), "lo50": np.array([[0.0, 1, 1]]), "hi50": np.array([[2.0, 1, 1]])}
    found = fc.Difference().invert(steps, np.array([[10.0, 10.0]]), {})
    np.testing.assert_array_equal(found["lo50"], [[10, 11, 12]])
    np.testing.assert_array_equal(found["hi50"], [[12, 13, 14]])
