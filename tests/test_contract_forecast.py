"""The forecast contract: gaps, rolling origins, series never seen, columns not known, whole numbers, training again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.panel import Panel
from forecast.export import difference
from forecast.retraining import refit
from learners.finished import Clipped, Rounded, rounded, undecided
from learners.learner import Learner
from learners.rolling import fitted, rolling_forecast
from tests.examples import FEATURES, HORIZON, LINEAR, NAIVE, TREES, continued, panel
from tests.test_contracts import later, row

KINDS: list[Learner] = [
    fc.SeasonalNaive(7, levels=(80,)), fc.Ets(season=7), fc.Tsb(), fc.AutoArima(7), LINEAR, TREES,
    fc.Direct("ridge", FEATURES, 3), fc.Blend((NAIVE, fc.Theta(7))), fc.PerGroup(LINEAR, by=("item",)),
    fc.Transformed(LINEAR, fc.Difference()), fc.Mstl((7, 14)),
]  # fmt: skip
every = pytest.mark.parametrize("learner", KINDS, ids=lambda learner: repr(learner)[:40])


@every
def test_a_gap_passes_over_rows(learner: Learner) -> None:
    before, after = continued(panel(), HORIZON)
    model = learner.fit(before)
    late = model.forecast(before, HORIZON - 3, after, gap=3)
    whole = model.forecast(before, HORIZON, after)
    for name, values in late.columns.items():
        np.testing.assert_array_equal(values, whole.columns[name].reshape(-1, HORIZON)[:, 3:].ravel())
    np.testing.assert_array_equal(late.times, whole.times.reshape(-1, HORIZON)[:, 3:].ravel())


@every
def test_rolling_forecasts_are_those_of_each_origin(learner: Learner) -> None:
    whole = panel()
    before, _ = continued(whole, 9)
    model = learner.fit(before)
    found = rolling_forecast(model, whole, 4, step=3, known=later(whole))
    keys = ["store", "item"]
    assert (found.groupby(keys)["cutoff"].nunique() == 4).all()
    for number, left in enumerate((9, 6, 3, 0)):
        history, ahead = continued(whole, left) if left else (whole, later(whole))
        known = pd.concat([ahead.frame(), later(whole)]) if isinstance(ahead, Panel) else ahead
        expected = model.forecast(history, 4, known)
        mine = found[found.groupby(keys)["cutoff"].rank("dense") == number + 1]
        np.testing.assert_array_equal(mine["day"].to_numpy(), expected.frame()["day"].to_numpy())
        for name, values in expected.columns.items():
            np.testing.assert_allclose(mine[name], values, rtol=1e-8, atol=1e-8, err_msg=name)
    late = rolling_forecast(model, whole, 2, step=3, gap=2, known=later(whole))
    pd.testing.assert_frame_equal(late, found[np.arange(len(found)) % 4 >= 2].reset_index(drop=True))
    inside = rolling_forecast(model, whole, 4, step=3, inside=True)
    assert len(rolling_forecast(model, whole, 2, step=3, gap=2, inside=True)) == len(inside) / 2
    assert len(inside) == whole.count * 2 * 4
    seen = whole.frame().set_index([*keys, "day"])["sales"]
    actual = inside.set_index([*keys, "day"])["actual"]
    np.testing.assert_array_equal(actual, seen.loc[actual.index])


@every
def test_fitted_values_have_the_bits_of_advancing(learner: Learner) -> None:
    before, _ = continued(panel(), HORIZON)
    model = learner.fit(before)
    found = fitted(model, before)
    one = model.fitted(before)
    np.testing.assert_array_equal(found.columns["forecast"], one.columns["forecast"])
    assert np.isnan(found.columns["forecast"][before.indptr[:-1]]).all()
    state = model.state(before.rows(before.position < 1))
    for at in range(1, 30):
        now = row(before, at)
        future = {n: v[:, None] for n, v in now.items() if n in ("time", *model.needs.ahead)}
        with np.errstate(all="ignore"):
            step = np.asarray(model.predict(state, future)["forecast"])[:, 0]
            state = model.advance(state, now)
        np.testing.assert_array_equal(found.columns["forecast"][before.indptr[:-1] + at], step)


@every
def test_rolling_forecasts_with_a_gap_are_those_of_each_origin(learner: Learner) -> None:
    whole = panel()
    before, after = continued(whole, 6)
    model = learner.fit(before)
    found = rolling_forecast(model, whole, 2, step=100, gap=3, inside=True)
    expected = model.forecast(before, 2, after, gap=3)
    np.testing.assert_array_equal(found["day"].to_numpy(), expected.frame()["day"].to_numpy())
    for name, values in expected.columns.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-8, atol=1e-8, err_msg=name)


def test_origins_differ_by_series() -> None:
    whole = panel()
    model = LINEAR.fit(continued(whole, 12)[0])
    left = np.array([0, 3, 5, 1, 9, 2])
    ragged = whole.rows(whole.position < np.repeat(whole.lengths - left, whole.lengths))
    known = pd.concat([whole.frame(), later(whole)])
    found = model.forecast(ragged, HORIZON, known)
    for i in range(whole.count):
        alone = model.forecast(ragged.where(np.array([i])), HORIZON, known)
        mine = slice(i * HORIZON, (i + 1) * HORIZON)
        np.testing.assert_array_equal(found.times[mine], alone.times)
        np.testing.assert_allclose(found.columns["forecast"][mine], alone.columns["forecast"], rtol=1e-12)


def test_new_context_without_fitting_again() -> None:
    whole = panel()
    before, after = continued(whole, 5)
    for learner in KINDS:
        model = learner.fit(before)
        state = model.state(before)
        for at in range(5):
            state = model.advance(state, row(after, at))
        future = whole.future(HORIZON, later(whole), model.needs.ahead).encoded(whole.levels)
        stepped = model.predict(state, future.matrix(model.needs.ahead))["forecast"]
        at_once = model.forecast(whole, HORIZON, later(whole)).columns["forecast"]
        np.testing.assert_allclose(np.asarray(stepped).ravel(), at_once, rtol=1e-7)


@pytest.mark.parametrize("learner", [fc.Direct("ridge", FEATURES, 3), fc.AutoEts(7), fc.Theta(7), fc.Mstl(7)], ids=repr)
def test_beyond_the_trained_horizon_bands_do_not_narrow(learner: Learner) -> None:
    whole = panel()
    before, after = continued(whole, 4 * HORIZON)
    model = fc.Conformal(learner, fc.RollingOrigin(3, folds=3), levels=(80,)).fit(before)
    found = {n: v.reshape(whole.count, -1) for n, v in model.forecast(before, 4 * HORIZON, after).columns.items()}
    width = found["hi80"] - found["lo80"]
    assert np.isfinite(found["forecast"]).all()
    assert (np.diff(width, axis=1) >= -1e-9 * width[:, 1:]).all()
    assert (width[:, -1] > width[:, 2]).all()


def test_a_series_never_seen() -> None:
    whole = panel()
    before, after = continued(whole, HORIZON)
    model = LINEAR.fit(before.where(np.arange(4)))
    other = before.where(np.array([4, 5]))
    expected = model.forecast(other, HORIZON, after)
    assert np.isfinite(expected.columns["forecast"]).all()
    local = fc.Ets(season=7).fit(before.where(np.arange(4)))
    lost = local.forecast(other, HORIZON)
    assert np.isnan(lost.columns["forecast"]).all()
    assert len(lost.findings.of("no_forecast")) == 2
    rescued = fc.Otherwise(fc.Ets(season=7), NAIVE).fit(before.where(np.arange(4))).forecast(other, HORIZON)
    np.testing.assert_array_equal(
        rescued.columns["forecast"], NAIVE.fit(other).forecast(other, HORIZON).columns["forecast"]
    )
    rolled = rolling_forecast(model, other, 3, step=10, inside=True)
    assert (rolled.groupby(["store", "item"])["cutoff"].nunique() > 3).all()
    assert np.isfinite(rolled["forecast"]).all()


def test_forecasts_without_bands_are_told() -> None:
    whole = panel()
    banded = fc.Ets(season=7, levels=(80,))
    for learner in (fc.Otherwise(banded, NAIVE), fc.Blend((banded, NAIVE))):
        model = learner.fit(whole.where(np.arange(4)))
        found = model.forecast(whole.where(np.array([0, 4])), 3)
        assert np.isfinite(found.columns["forecast"]).all()
        assert np.isfinite(found.columns["lo80"]).tolist() == [True] * 3 + [False] * 3
        assert [f.series for f in found.findings.of("no_bands")] == [whole.name(4)]
        assert not model.forecast(whole.where(np.arange(4)), 3).findings.of("no_bands")


def test_rails_behind_a_gap_are_told_of_what_is_shown() -> None:
    whole = panel(holes=False)
    model = fc.Bounded(fc.Ets(season=7), HORIZON, 7, widest=0.2).fit(whole)
    gap = 2
    outputs = model.forecast(whole, HORIZON).findings.of("bounded")
    behind = model.forecast(whole, HORIZON - gap, gap=gap).findings.of("bounded")
    held = {f.series: f.count for f in outputs}
    assert behind
    assert all(f.count <= held[f.series] for f in behind)
    assert all(np.datetime64(f.time) > whole.last.max() + np.timedelta64(gap, "D") for f in behind)


def test_columns_that_are_not_known_after_all() -> None:
    before, after = continued(panel(), HORIZON)
    for learner in (LINEAR, TREES, fc.Direct("ridge", FEATURES, 3), fc.Arimax((1, 0, 0), columns=("promo",)),
                    fc.Prophet(changepoints=3, regressors=("promo",))):  # fmt: skip
        model = learner.fit(before)
        lacking = after.frame().drop(columns="promo")
        with pytest.raises(ValueError, match="promo"):
            model.forecast(before, HORIZON)
        with pytest.raises(ValueError, match="promo"):
            model.forecast(before, HORIZON, lacking)
        carried = model.forecast(before, HORIZON, lacking, unknown="last")
        assert carried.findings.of("known_future")
        last = np.repeat(before.columns["promo"][before.indptr[1:] - 1], HORIZON)
        same = model.forecast(before, HORIZON, after.with_columns(promo=last))
        np.testing.assert_array_equal(carried.columns["forecast"], same.columns["forecast"])
        explained = model.explain(before, HORIZON, lacking, origins=1, unknown="last").frame()
        np.testing.assert_allclose(explained["forecast"], same.columns["forecast"], rtol=1e-9)
        rolled = rolling_forecast(model, before, HORIZON, known=lacking, unknown="last")
        np.testing.assert_allclose(rolled["forecast"], same.columns["forecast"], rtol=1e-9)
    with pytest.raises(ValueError, match="refuse"):
        model.forecast(before, HORIZON, unknown="guess")


def test_clipped_and_rounded_leave_in_the_graph(tmp_path: Path) -> None:
    before, after = continued(panel(), HORIZON)
    plain = fc.SeasonalNaive(7, levels=(80,)).fit(before).forecast(before, HORIZON).columns
    model = Rounded(Clipped(fc.SeasonalNaive(7, levels=(80,)), 22.5, 40)).fit(before)
    found = model.forecast(before, HORIZON, after).columns
    np.testing.assert_array_equal(found["forecast"], np.floor(plain["forecast"].clip(22.5, 40) + 0.5))
    np.testing.assert_array_equal(found["lo80"], np.floor(plain["lo80"].clip(22.5, 40)))
    np.testing.assert_array_equal(found["hi80"], np.ceil(plain["hi80"].clip(22.5, 40)))
    assert fc.to_onnx(model, tmp_path / "model.onnx", HORIZON)["worst_relative_difference"] <= 1e-9
    with pytest.raises(ValueError, match="low <= high"):
        Clipped(NAIVE, 3, 2).fit(before)


def test_rounding_does_not_hang_on_the_last_digit() -> None:
    almost = 1e-15 * np.array([[-1.0, 0.0, 1.0]])
    whole = rounded(
        {"forecast": 4.5 + 4.5 * almost, "lo80": 2.0 + 2 * almost, "hi80": 7.0 + 7 * almost, "hi95": almost}
    )
    for name, value in (("forecast", 5), ("lo80", 2), ("hi80", 7), ("hi95", 0)):
        assert whole[name].tolist() == [[value] * 3]
        assert not np.signbit(whole[name]).any()
    bounds = np.array([[1.99, -0.01, 1e15 + 1]])
    clear = rounded({"forecast": np.array([[4.49, -0.51, np.nan]]), "lo80": bounds, "hi80": bounds})
    np.testing.assert_array_equal(clear["forecast"], [[4, -1, np.nan]])
    assert clear["lo80"].tolist() == [[1, -1, 1e15 + 1]]
    assert clear["hi80"].tolist() == [[2, 0, 1e15 + 1]]


def test_a_graph_of_rounded_forecasts_may_differ_where_these_lie_between_two_numbers() -> None:
    whole = panel(holes=False)
    model = Rounded(NAIVE).fit(whole.with_columns(sales=np.where(whole.position % 7 < 3, 10.49999, 12.25)))
    state, future = model.state(whole.with_columns(sales=np.full(len(whole), 10.49999))), {"time": np.zeros((6, 7))}
    assert undecided(model, state, future, 1e-4)["forecast"].all()
    assert not undecided(model, state, future, 1e-9)["forecast"].any()
    assert undecided(NAIVE.fit(whole), state, future, 1e-4) == {}
    want, got = {"forecast": np.array([[10.0, 10.0]])}, {"forecast": np.array([[11.0, 10.0]])}
    assert difference(model, want, got, {"forecast": np.array([[True, False]])}) == 0.0
    assert difference(model, want, got, {"forecast": np.array([[False, True]])}) == 0.1


def air(**settings: object) -> fc.Run:
    table = fc.datasets.load("air_passengers_monthly")
    given = {"learners": ["SeasonalNaive", "Average"], "ensemble": False, "folds": 2, "progress": False}
    return fc.run(table, time="month", target="passengers", horizon=4, **given | settings)  # type: ignore[arg-type]


def test_a_job_with_a_gap_and_whole_numbers() -> None:
    found = air(gap=2, integers=True)
    assert found.forecasts["month"].iloc[0] == pd.Timestamp("1961-03-01")
    assert found.leaderboard.on.gap == 2
    assert found.job.nonnegative
    assert (found.forecasts["forecast"] % 1 == 0).all()
    with pytest.raises(ValueError, match="integers"):
        air(integers="yes")
    with pytest.raises(ValueError, match="gap"):
        air(gap=3, test=3)


def test_refit_keeps_the_recipe(tmp_path: Path) -> None:
    found = air(output=tmp_path / "run")
    longer = replace(found.panel, columns={"passengers": found.panel.y * 2})
    expected = found.selection.recipe.fit(longer).forecast(longer, 4).columns
    for what in (found, found.model, tmp_path / "run", str(tmp_path / "run" / "model")):
        for name, values in refit(what, longer).forecast(longer, 4).columns.items():
            np.testing.assert_array_equal(values, expected[name])
    sweep = fc.Sweep({"naive": NAIVE, "linear": LINEAR}, fc.RollingOrigin(HORIZON, folds=2)).fit(panel())
    assert not isinstance(sweep.origin.recipe, fc.Sweep)  # type: ignore[union-attr]
    with pytest.raises(TypeError, match="refit"):
        refit(3, panel())  # type: ignore[arg-type]
