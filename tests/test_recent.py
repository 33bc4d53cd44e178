"""Learning from some of the rows: the last ones, and ones drawn evenly."""

from __future__ import annotations

import numpy as np
import pytest

import forecast as fc
from featurizers.panel import Panel
from forecast import defaults
from forecast.job import Job
from forecast.plan import Plan, recipe
from learners.draws import drawn
from tests.examples import continued, panel
from tests.panels import daily


def seasonal(rows: int, season: int = 7, series: int = 2) -> Panel:
    t = np.arange(rows)
    noise = np.random.default_rng(0).normal(size=(series, rows))
    return daily(*(10 + 5 * i + 3 * np.sin(2 * np.pi * t / season) + noise[i] for i in range(series)))


@pytest.mark.parametrize("learner", [fc.AutoEts(7), fc.AutoTheta(7), fc.Mstl((7, 14), fc.AutoEts()), fc.Prophet()])
def test_recent_is_the_learner_on_the_last_rows(learner: fc.Learner) -> None:
    whole = seasonal(200)
    early, _ = continued(whole, 20)
    found, told = fc.Recent(learner, 90).fit(early), learner.fit(early.tail(90))
    for now, tail in ((early, early.tail(90)), (whole, whole.tail(110))):  # rows before those change nothing
        expected = told.forecast(tail, 7).columns["forecast"]
        np.testing.assert_allclose(found.forecast(now, 7).columns["forecast"], expected, rtol=1e-9)


def test_recent_of_more_rows_than_there_are_changes_nothing() -> None:
    now = panel()
    columns = fc.Recent(fc.AutoEts(7), 1000).fit(now).forecast(now, 7).columns
    np.testing.assert_array_equal(columns["forecast"], fc.AutoEts(7).fit(now).forecast(now, 7).columns["forecast"])


@pytest.mark.parametrize("rows", [0, -3, 2.5, "all"])
def test_recent_needs_a_number_of_rows(rows: object) -> None:
    with pytest.raises(ValueError, match="rows of Recent"):
        fc.Recent(fc.AutoEts(7), rows).fit(panel())  # type: ignore[arg-type]


def test_drawn_rows_are_drawn_evenly_and_in_no_step_with_a_season() -> None:
    rows = np.arange(24 * 5000)
    few = drawn(rows, 5000)
    assert len(few) == 5000
    assert (np.diff(few) > 0).all()
    assert (np.bincount(few // 2400, minlength=50) == 100).all()
    assert np.bincount(few % 24, minlength=24).min() > 150  # of 208 at each hour, were they even
    assert drawn(rows, None) is rows
    assert len(drawn(rows[:10], 10)) == 10


def test_a_regression_on_some_rows_is_close_to_one_on_all() -> None:
    now = seasonal(400, series=3)
    features = (fc.Lags((1, 7)), fc.Calendar())
    whole = fc.Recursive("Ridge", features).fit(now).forecast(now, 7).columns["forecast"]
    some = fc.Recursive("Ridge", features, max_rows=400).fit(now).forecast(now, 7).columns["forecast"]
    assert 0 < np.abs(whole - some).max() < 1.0
    with pytest.raises(ValueError, match="max_rows of Recursive"):
        fc.Recursive("Ridge", features, max_rows=0).fit(now)


def test_learners_of_long_series_learn_from_the_last_rows() -> None:
    long, short = seasonal(1600), seasonal(300)
    assert defaults.history(long) == 1500
    assert defaults.history(short) is None
    plan = Plan(7, (7,), (1, 7), (7,), history=1500, year=365.25)
    assert recipe("AutoEts", plan) == fc.Bounded(fc.Recent(fc.AutoEts(7), 1500), 7, 7)
    assert isinstance(recipe("Harmonic", plan).learner, fc.Recent)
    assert recipe("Harmonic", plan).learner.rows == 2191  # six years
    assert not isinstance(recipe("LightGBM", plan).learner, fc.Recent)
    assert recipe("SeasonalNaive", plan) == fc.SeasonalNaive(7)


def test_a_time_limit_says_how_many_rows_a_regression_learns_from() -> None:
    table = seasonal(15_000)
    job = Job.of({"data": {"time": "ds", "target": "y"}, "horizon": 7, "time_limit": 36, "workers": 1})
    assert job.resolve(table).plan(table).rows == 27_000
    assert defaults.regression_rows(table, 10.0, 1) == 20_000
    assert defaults.regression_rows(table, None, 1) is None
    assert defaults.regression_rows(table, 60.0, 1) is None  # there are no more
    text = str(recipe("LightGBM", job.resolve(table).plan(table)))
    assert "max_rows=27000" in text


WEEK = fc.Transformed(fc.Harmonic((7.0,), 3, fc.Recursive("ridge", (fc.Lags((1,)),))), fc.Difference())
SEASONAL = (fc.AutoEts(7, (80,)), fc.AutoTheta(7), fc.Theta(7), fc.Ces(7), fc.AutoArima(7), fc.Mstl(7), WEEK)


@pytest.mark.parametrize("learner", SEASONAL, ids=repr)
def test_rows_before_those_learned_from_are_in_season(learner: fc.Learner) -> None:
    """Forecasts from before the first row that a model learned from, and values fitted from there on."""
    y = 100 + 20 * np.array([0, 1, 2, 3, -2, -3, -1.0])[np.arange(70) % 7] + np.random.default_rng(0).normal(size=70)
    whole = daily(y)
    model = fc.Recent(learner, 51).fit(whole)
    assert np.abs(model.forecast(whole.rows(whole.position < 12), 1).columns["forecast"] - y[12]) < 10
    assert np.abs(model.fitted(whole).columns["forecast"] - y)[7:].mean() < 3
    state = model.state(whole.rows(whole.position < 2))
    for value in y[2:12]:
        state = model.advance(state, {"target": np.array([value])})
    for name, values in model.state(whole.rows(whole.position < 12)).items():
        np.testing.assert_allclose(state[name], values, rtol=1e-9, atol=1e-9, err_msg=name)
