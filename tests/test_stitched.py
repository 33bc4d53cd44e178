"""Leaderboards of groups of series as one of the whole panel."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.backtest import RollingOrigin
from forecast.leaderboard import compare
from forecast.per_group import PerGroup
from forecast.stitched import of_groups
from forecast.sweep import Sweep
from forecast.sweep_groups import _of_each
from learners.average import Average
from learners.grouped import groups
from learners.naive import Naive, SeasonalNaive
from learners.otherwise import Otherwise
from tests.examples import HORIZON, panel
from tests.panels import daily

LEARNERS = {"season": SeasonalNaive(7), "last": Naive()}


def many(series=60, rows=70):
    """Series on levels so far apart that a forecast in another's row is off by more than any of its own."""
    rng = np.random.default_rng(0)
    whole = daily(*(1000.0 * i + 5 * rng.normal(size=rows) for i in range(series)))
    whole.ids["kind"] = ["a", "b", "c"] * (series // 3)
    return whole


@pytest.mark.parametrize("series", [None, 5, 19, 60])
def test_forecasts_of_groups_stand_in_the_rows_of_their_series(series):
    whole = many()
    on = RollingOrigin(7, folds=2, series=series)
    found = Sweep(LEARNERS, on, ensemble=False, levels=(), by=("kind",)).select(whole).board
    taken = 60 if series is None else 3 * min(series, 20)
    assert [len(truth.series) for truth in found.truths] == [taken, taken]
    for name in (*LEARNERS, "PerGroup"):
        assert found.missing(name) == 0
        assert found.totals[name]["mase"] < 2
        for _, apart in found.residuals(name):
            assert np.abs(apart).max() < 100


def test_groups_of_which_all_series_take_part_are_scored_as_the_whole_panel_is():
    on = RollingOrigin(HORIZON, folds=2)
    found = Sweep(LEARNERS, on, ensemble=False, levels=(), by=("store",)).select(panel()).board
    whole = compare(panel(), LEARNERS, on, season=panel().freq.season)
    for name in LEARNERS:
        assert found.totals[name] == pytest.approx(whole.totals[name])


def test_trials_of_groups_are_on_the_board_where_they_are_one_recipe() -> None:
    on, whole = RollingOrigin(7, folds=1), many(6)
    rows = [np.arange(3), np.arange(3, 6)]
    tried = [{"season": SeasonalNaive(7), "season 3": SeasonalNaive(k), "season 4": SeasonalNaive(14)} for k in (2, 3)]
    boards = [compare(whole.where(at), of, on) for at, of in zip(rows, tried, strict=True)]
    boards = [replace(board, families={"season 3": "season", "season 4": "season"}) for board in boards]
    found = of_groups(whole, boards, rows, 7)
    assert set(found.names) == {"season", "season 4"} == {attempt.name for attempt in found.attempts}


def test_an_ensemble_on_the_board_of_groups_is_that_of_each_group():
    whole, on, by = panel(), RollingOrigin(HORIZON, folds=2), ("store",)
    settings = {"on": on, "levels": (), "season": 7}
    three = {**LEARNERS, "mean": Average()}
    board = Sweep(three, by=by, **settings).select(whole).board
    names, number = groups(whole, by)
    alone = {name: Sweep(three, **settings).select(whole.where(number == g)).board for g, name in enumerate(names)}
    made = {name: found.recipes["Ensemble"] for name, found in alone.items() if "Ensemble" in found.recipes}
    made = {name: r.learner if isinstance(r, Otherwise) else r for name, r in made.items()}  # as of a winner
    assert len(set(made.values())) > 1
    assert board.recipes["Ensemble"] == PerGroup(made, by, SeasonalNaive(7))
    assert {name: board.recipes[name] for name in three} == three
    found = board.recipes["Ensemble"].fit(whole).forecast(whole, HORIZON).columns["forecast"].reshape(-1, HORIZON)
    for g, name in enumerate(names):
        part = whole.where(number == g)
        expected = made[name].fit(part).forecast(part, HORIZON).columns["forecast"].reshape(-1, HORIZON)
        np.testing.assert_allclose(found[number == g], expected)


def test_a_group_without_an_ensemble_says_so_and_has_the_fall_back():
    whole, backup = panel(), SeasonalNaive(7)
    own = {"store=1": {"last": Naive(), "Ensemble": Average()}, "store=2": {"last": Naive()}, "store=3": LEARNERS}
    recipe = _of_each("Ensemble", own, ("store",), backup)
    assert recipe == PerGroup({"store=1": Average()}, ("store",), backup)
    assert _of_each("last", own, ("store",), backup) == Naive()
    model = recipe.fit(whole)
    assert "No learner is given for 'store=2'" in " ".join(model.report)
    assert [type(one) for one in model.models[1:]] == [type(backup.fit(whole))] * 2
