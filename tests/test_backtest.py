"""Folds: which rows they train on, which they score."""

import numpy as np
import pandas as pd
import pytest

from forecast.backtest import RollingOrigin
from forecast.report import content
from forecast.running import run
from forecast.sweep import Sweep
from learners.average import Average
from learners.naive import Naive
from tests.examples import panel
from tests.panels import daily


def test_folds_count_back_from_each_series_own_end():
    whole = daily(np.arange(10.0), 100 + np.arange(7.0))
    early, late = RollingOrigin(2, folds=2, step=3).split(whole)
    np.testing.assert_array_equal(late.actual.y.reshape(2, 2), [[8, 9], [105, 106]])
    np.testing.assert_array_equal(early.actual.y.reshape(2, 2), [[5, 6], [102, 103]])
    assert early.train.y.tolist() == [0, 1, 2, 3, 4, 100, 101]
    assert late.train.lengths.tolist() == [8, 5]
    assert late.cutoff.tolist() == late.train.last.tolist()


def test_a_gap_lies_between_training_and_the_scored_rows():
    fold = RollingOrigin(2, folds=1, gap=3).fold(daily(np.arange(10.0)), 0)
    assert fold.train.y.tolist() == [0, 1, 2, 3, 4]
    assert fold.actual.y.tolist() == [8, 9]
    assert len(fold.ahead) == 5
    assert (fold.gap, fold.horizon) == (3, 2)


def test_short_series_are_left_out_of_a_fold_and_counted():
    whole = daily(np.arange(20.0), np.arange(6.0), [np.nan] * 8 + [1.0] * 4)
    early, late = RollingOrigin(4, folds=2).split(whole)
    assert early.series.tolist() == [0]
    assert late.series.tolist() == [0, 1]
    assert RollingOrigin(4, folds=2, min_train=3).fold(whole, 1).series.tolist() == [0]
    assert RollingOrigin(4, folds=2).missed(whole).tolist() == [0, 1, 2]


def test_the_rows_to_forecast_hold_their_known_columns_and_no_target():
    whole = panel()
    fold = RollingOrigin(5, folds=2).fold(whole, 0)
    assert set(fold.ahead.columns) == {"promo", "kind", "area", "region"}
    future = fold.train.future(5, fold.ahead)
    np.testing.assert_array_equal(future.columns["promo"], fold.actual.columns["promo"])
    np.testing.assert_array_equal(future.times, fold.actual.times)


def test_known_columns_are_aligned_where_series_are_left_out():
    whole = panel().where(np.array([4, 0, 3]))
    whole = whole.rows((whole.position < 10) | (np.repeat(np.arange(3), whole.lengths) != 1))
    fold = RollingOrigin(8, folds=2).fold(whole, 0)
    assert fold.series.tolist() == [0, 2]
    future = fold.train.future(8, fold.ahead)
    np.testing.assert_array_equal(future.columns["kind"], fold.actual.columns["kind"])


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="'folds' must be a whole number from 1 on, not 0"):
        list(RollingOrigin(2, folds=0).split(panel()))
    with pytest.raises(ValueError, match="the longest series has 3 rows"):
        list(RollingOrigin(5).split(daily([1.0, 2.0, 3.0])))


def test_of_many_series_those_that_are_replayed_are_spread_evenly_over_the_long_ones():
    whole = daily(*(np.arange(3.0 if i % 4 == 1 else 12.0) + 100 * i for i in range(40)))
    early, late = RollingOrigin(3, folds=2, series=6).split(whole)
    assert early.series.tolist() == late.series.tolist() == [0, 7, 15, 23, 31, 39]
    np.testing.assert_array_equal(late.actual.y.reshape(6, 3)[:, 2], 100 * late.series + 11)
    assert early.train.count == 6
    assert RollingOrigin(3, series=40).places(whole).tolist() == list(range(40))
    short = daily(*(np.arange(4.0) for _ in range(9)), np.arange(12.0))
    assert RollingOrigin(3, folds=2, series=4).fold(short, 1).series.tolist() == [0, 3, 6, 9]


def test_as_many_folds_as_hold_back_so_many_rows():
    on = RollingOrigin(6, folds=3, step=30)
    assert [on.within(rows).folds for rows in (66, 65, 36, 35, 0)] == [3, 2, 2, 1, 1]
    assert RollingOrigin(4, folds=5, gap=2).within(14) == RollingOrigin(4, folds=3, gap=2)


@pytest.mark.parametrize("by", [(), ("kind",)])
def test_a_finding_tells_of_series_that_are_too_short_for_some_folds(by):
    whole = daily(*(np.arange(length) + 1.0 for length in (40, 14, 40, 9, 14)))
    whole.ids["kind"] = ["a", "a", "b", "b", "b"]
    sweep = Sweep({"last": Naive(), "mean": Average()}, RollingOrigin(6, folds=3), levels=(), by=by)
    (told,) = sweep.select(whole).findings
    assert (told.kind, told.status, told.count, told.series) == ("partly_validated", "alerted", 3, whole.name(1))
    assert "3 of 5 series are too short for up to 2 of the 3 folds" in told.message
    assert f"the first, '{whole.name(1)}', has 14 observed rows, and the earliest fold holds back 18" in told.message
    assert sweep.select(whole.where(np.array([0, 2]))).findings == ()


def test_what_is_said_of_the_folds_counts_those_that_there_were():
    """The first of three folds, 30 rows apart, would hold back 66 of 60 rows."""
    table = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=60), "y": np.arange(60.0)})
    found = run(table, horizon=6, time="day", target="y", folds=3, step=30, learners=["Naive"], progress=False)
    assert len(found.leaderboard.truths) == found.job.folds == 2
    assert "over 2 folds" in repr(found)
    assert content(found)["leaderboard_note"].startswith("Means over 2 folds")
