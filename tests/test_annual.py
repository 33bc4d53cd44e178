"""Annual: a year is found where it is, and seldom where it is not; the default recipes take it out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import forecast as fc
from featurizers.panel import Panel
from forecast.annual import chance, yearly
from forecast.plan import Plan, recipe
from tests.shared_data import shared

YEAR = 365.25


def days(values: np.ndarray, start: str = "2018-01-01") -> Panel:
    """Of values (series, rows)."""
    count, rows = values.shape
    stamps = np.tile(pd.date_range(start, periods=rows), count)
    table = pd.DataFrame({"id": np.repeat(np.arange(count), rows), "day": stamps, "y": values.ravel()})
    return Panel.read(table, id="id", time="day", target="y", freq="D")


def waves(rows: int, length: float, size: float = 1.0, noise: float = 1.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 100 + size * np.sin(np.arange(rows) / length * 2 * np.pi) + noise * rng.standard_normal(rows)


def test_a_year_is_found_and_no_other_length() -> None:
    assert yearly(days(waves(1100, YEAR)[None]), YEAR, 7)
    assert not yearly(days(waves(1100, 250.0)[None]), YEAR, 7)
    assert not yearly(days(waves(1100, 600.0)[None]), YEAR, 7)


@pytest.mark.parametrize("kind", ["noise", "walk", "weeks"])
def test_it_is_seldom_found_where_it_is_not(kind: str) -> None:
    rng, found = np.random.default_rng(1), []
    for _ in range(100):
        shock = rng.standard_t(5, int(rng.choice([760, 1100, 1900])))
        week = 5.0 * (np.arange(len(shock)) % 7 == 6)
        found.append(
            yearly(days((shock.cumsum() if kind == "walk" else shock + week * (kind == "weeks"))[None]), YEAR, 7)
        )
    assert np.mean(found) <= 0.12


def test_in_noise_all_chances_are_alike() -> None:
    given = [chance(days(waves(1461, YEAR, 0.0, seed=i)[None]), YEAR) for i in range(60)]
    assert stats.kstest(given, "uniform").pvalue > 0.01


def test_series_that_are_alike_count_once() -> None:
    one = waves(900, YEAR, 0.15)[None]
    assert chance(days(np.repeat(one, 6, axis=0)), YEAR) == pytest.approx(chance(days(one), YEAR), rel=1e-6)
    several = np.stack([waves(900, YEAR, 0.15, seed=i) for i in range(6)])
    assert chance(days(several), YEAR) < 0.5 * chance(days(one), YEAR)


def test_nothing_to_tell_by_is_no_year() -> None:
    assert chance(days(waves(700, YEAR)[None]), YEAR) == 1.0
    assert chance(days(np.full((2, 900), 3.0)), YEAR) == 1.0
    holes = waves(1100, YEAR)
    holes[200:240] = np.nan
    assert yearly(days(holes[None]), YEAR, 7)


def test_the_default_recipes_take_it_out() -> None:
    """What knows one season learns what the waves of the year leave; in logarithms, where these are what adds up."""
    panel = days(np.stack([waves(1100, YEAR, 20.0, seed=i) for i in range(3)]))
    recipes = fc.auto(panel, 14, learners=["AutoEts", "AutoTheta", "AutoArima", "Ces", "Ridge", "LightGBM"]).recipes
    assert {name for name, found in recipes.items() if "Harmonic(" in repr(found)} == {
        "AutoTheta",
        "AutoArima",
        "Ces",
        "Ridge",
    }
    plan = Plan.of(panel, horizon=14, seasons=(7,), lags=(1, 7), windows=(7,), year=YEAR, yearly=True)
    logs = recipe("Ridge", Plan(**(vars(plan) | {"log": True})))
    assert "Harmonic(" in repr(logs.learner.learner)  # type: ignore[attr-defined]
    assert "Harmonic(" not in repr(recipe("Ridge", Plan(**(vars(plan) | {"known": ("warmth",)}))))
    short = fc.auto(panel.tail(700), 14, learners=["AutoArima"]).recipes["AutoArima"]
    assert "Harmonic(" not in repr(short)


def test_new_series_have_no_waves() -> None:
    panel = days(np.stack([waves(900, YEAR, 20.0, seed=i) for i in range(2)]))
    inner = fc.Recursive("Ridge", (fc.Lags((1, 7)),))
    model = fc.Harmonic((YEAR,), 1, inner).fit(panel)
    new = panel.frame().query("id == 1").assign(id=7).tail(30)
    new = Panel.read(new, id="id", time="day", target="y", freq="D")
    np.testing.assert_allclose(
        model.forecast(new, 5).columns["forecast"], model.inner.forecast(new, 5).columns["forecast"]
    )  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["us_births", "electricity_weekly"])
def test_real_years_are_found(name: str) -> None:
    table = shared(f"benchmark/{name}_train.parquet")
    if table is None:
        pytest.skip("the data are not here")
    freq, rows = ("D", YEAR) if name == "us_births" else ("W-SUN", YEAR / 7)
    assert yearly(Panel.read(table, id="unique_id", time="ds", target="y", freq=freq), rows, 7 if freq == "D" else 1)
