"""compare: scores, failures, order, and the forecasts that are kept."""

import numpy as np
import pandas as pd
import pytest

from forecast import metrics
from forecast.backtest import RollingOrigin
from forecast.leaderboard import compare
from forecast.leaderboard_tables import as_text
from learners.average import Average
from learners.naive import Naive, SeasonalNaive
from tests.examples import LINEAR, panel
from tests.learners import Failing, Gappy
from tests.panels import daily

ON = RollingOrigin(5, folds=3)


@pytest.fixture(scope="module")
def board():
    entered = {"season": SeasonalNaive(7), "linear": LINEAR, "last": Naive(), "failing": Failing()}
    return compare(panel(), entered, ON, "mase")


def test_the_best_stands_first_and_a_failure_last(board):
    assert board.names[0] == board.best == board.best_by("rmse") == "linear"
    assert board.names[-1] == "failing"
    frame = board.frame()
    assert frame["learner"].tolist() == board.names
    assert frame.columns[1] == "mase"
    assert frame["failure"].iloc[-1] == "ValueError: 318 rows are too few."
    assert board.failures()["fold"].tolist() == [0, 1, 2]
    assert np.isnan(frame["mase"].iloc[-1])
    assert frame["mase"].iloc[:-1].is_monotonic_increasing
    for text in (str(board), board._repr_html_()):
        assert "linear" in text
        assert "mase" in text


def test_scores_are_those_of_the_forecasts(board):
    whole, table = panel(), board.forecasts("linear")
    assert len(table) == 3 * 6 * 5
    assert table["step"].tolist()[:5] == [1, 2, 3, 4, 5]
    keys = ["fold", "store", "item"]
    by_hand = table.assign(error=(table["actual"] - table["forecast"]).abs()).groupby(keys)["error"].mean()
    np.testing.assert_allclose(board.scores["linear"]["mae"].ravel(), by_hand.to_numpy())
    assert board.totals["linear"]["mae"] == pytest.approx(by_hand.groupby(["store", "item"]).mean().mean())
    fold = ON.fold(whole, 1)
    model = LINEAR.fit(fold.train)
    expected = model.forecast(fold.train, 5, fold.ahead).columns["forecast"]
    np.testing.assert_array_equal(table.loc[table["fold"] == 1, "forecast"], expected)
    wape = [metrics.wape(t["actual"].to_numpy(), t["forecast"].to_numpy()) for _, t in table.groupby("fold")]
    assert board.totals["linear"]["wape"] == pytest.approx(np.mean(wape))
    series = board.series()
    assert series.shape[0] == 4 * 6
    assert list(series.columns[:4]) == ["learner", "store", "item", "mase"]


def test_any_function_is_a_metric():
    def worst(actual, forecast, train):
        assert actual.ndim == 1
        assert not np.isnan(actual).any()
        assert not np.isnan(train).any()
        return np.max(np.abs(actual - forecast))

    found = compare(panel(), [Naive(), SeasonalNaive(7)], ON, worst, metrics=[metrics.mae])
    assert found.frame().columns[1] == "worst"
    assert sorted(found.names) == ["SeasonalNaive", "SeasonalNaive 2"]
    table = found.forecasts("SeasonalNaive")
    by_hand = (table["actual"] - table["forecast"]).abs().groupby([table["fold"], table["store"], table["item"]]).max()
    assert found.totals["SeasonalNaive"]["worst"] == pytest.approx(by_hand.mean())


def test_a_missing_forecast_counts_as_the_worst_of_the_others():
    whole = daily(np.arange(40.0), np.arange(8.0))  # the second is too short for what was 14 days ago
    entered = {"last": Naive(), "average": Average(), "gappy": Gappy(14)}
    found = compare(whole, entered, RollingOrigin(3, folds=1), "mae")
    assert found.missing("gappy") == 1
    assert found.missing("last") == 0
    assert np.isnan(found.scores["gappy"]["mae"][0, 1])
    worst = max(found.scores[n]["mae"][0, 1] for n in ("last", "average"))
    assert found.totals["gappy"]["mae"] == pytest.approx((found.scores["gappy"]["mae"][0, 0] + worst) / 2)


def test_a_learner_that_fails_on_one_fold_keeps_the_others():
    found = compare(panel(), {"failing": Failing(320), "last": Naive()}, ON)
    assert found.failures()["fold"].tolist() == [0]
    assert found.best in ("failing", "last")
    assert [bool(o) for o in found.outputs["failing"]] == [False, True, True]


def test_without_refit_the_first_model_forecasts_every_fold():
    whole = panel()
    found = compare(whole, {"linear": LINEAR}, RollingOrigin(5, folds=3, refit=False))
    first, _, last = RollingOrigin(5, folds=3).split(whole)
    expected = LINEAR.fit(first.train).forecast(last.train, 5, last.ahead).columns["forecast"]
    np.testing.assert_array_equal(found.outputs["linear"][2]["forecast"].ravel(), expected)


def test_a_gap_scores_the_rows_after_it():
    whole = panel()
    found = compare(whole, {"linear": LINEAR}, RollingOrigin(5, folds=1, gap=2))
    fold = RollingOrigin(7, folds=1).fold(whole, 0)
    expected = LINEAR.fit(fold.train).forecast(fold.train, 7, fold.ahead).columns["forecast"].reshape(6, 7)[:, 2:]
    np.testing.assert_array_equal(found.outputs["linear"][0]["forecast"], expected)


def test_constant_series_are_ranked_by_mae():
    flat = np.r_[np.zeros(20), 1.0]
    found = compare(daily(flat), {"average": Average(), "last": Naive()}, RollingOrigin(1, folds=1))
    assert np.isnan(found.totals["last"]["mase"])
    assert found.best in ("last", "average")


def test_what_cannot_be_ranked_or_found_is_refused(board):
    with pytest.raises(ValueError, match="'coverage' does not rank learners"):
        board.best_by("coverage")
    with pytest.raises(ValueError, match="no learner 'ets' on this leaderboard; there are season"):
        board.forecasts("ets")
    with pytest.raises(ValueError, match=r"No learner could be fitted\. Failing: ValueError: 318 rows"):
        _ = compare(panel(), [Failing()], ON).best
    with pytest.raises(ValueError, match="no learner to compare"):
        compare(panel(), {}, ON)
    for season in (0, -1, 2.5):
        with pytest.raises(ValueError, match=f"The season must be a whole number from 1 on, not {season}"):
            compare(panel(), {"last": Naive()}, ON, season=season)


def test_progress_is_told():
    seen = []
    compare(panel(), {"last": Naive()}, RollingOrigin(5, folds=2), progress=lambda *now: seen.append(now))
    assert seen == [(1, 2, "last, fold 1"), (2, 2, "last, fold 2")]


def test_a_terminal_is_not_overrun() -> None:
    table = pd.DataFrame({"learner": ["a"], **{f"metric{i}": [1.0 / 3] for i in range(20)},
                          "missing": [0], "fit_seconds": [1.5], "predict_seconds": [0.25]})  # fmt: skip
    lines = as_text(table, 80).splitlines()
    assert len(lines[0]) <= 80
    assert lines[0].split()[:2] == ["learner", "metric0"]
    assert lines[0].split()[-3:] == ["missing", "fit_seconds", "predict_seconds"]
    assert lines[-1] == f"{24 - len(lines[0].split())} more columns need a wider window, a pipe or frame()."
    assert len(as_text(table, None).splitlines()[0].split()) == 24


def test_two_metrics_of_one_name_are_refused():
    """The second used to be measured by nothing, and the first to stand for both."""
    one, other = (lambda actual, forecast: 1.0), (lambda actual, forecast: 2.0)
    with pytest.raises(ValueError, match="Two metrics would be called '<lambda>'"):
        compare(panel(), {"last": Naive()}, ON, metrics=[one, other])
    board = compare(panel(), {"last": Naive()}, ON, metrics=[one])
    assert board.best_by(one) == "last"
    with pytest.raises(ValueError, match="Two metrics would be called '<lambda>'"):
        board.best_by(other)
