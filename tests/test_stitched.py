"""Leaderboards of groups of series as one of the whole panel."""

from dataclasses import replace

import numpy as np
import pytest

from forecast.backtest import RollingOrigin
from forecast.leaderboard import compare
from forecast.stitched import of_groups
from forecast.sweep import Sweep
from learners.naive import Naive, SeasonalNaive
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
