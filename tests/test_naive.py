import numpy as np
import pytest

from learners.naive import Naive, SeasonalNaive, last_value, repeated
from tests.local import AIR, advances, holes, monthly, travels


def test_repeats_the_last_season():
    panel = monthly(AIR)
    forecast = SeasonalNaive(12).fit(panel).forecast(panel, 15).columns["forecast"]
    np.testing.assert_array_equal(forecast, np.r_[AIR[-12:], AIR[-12:-9]])


def test_a_missing_value_is_taken_from_the_season_before_then_from_the_latest():
    panel = monthly(holes(AIR, -12, -11, -23))
    forecast = SeasonalNaive(12).fit(panel).forecast(panel, 3).columns["forecast"]
    np.testing.assert_array_equal(forecast, [AIR[-24], AIR[-1], AIR[-10]])


def test_the_latest_value_that_is_known():
    past = np.array([[1.0, 2, np.nan], [np.nan, np.nan, np.nan], [4, np.nan, 6], [7, np.nan, np.nan]])
    np.testing.assert_array_equal(last_value(past), [2, np.nan, 6, 7])


def test_a_cycle_over_and_over():
    np.testing.assert_array_equal(repeated(np.array([[1, 2, 3]]), 5), [[1, 2, 3, 1, 2]])


@pytest.mark.parametrize("learner", [Naive(), SeasonalNaive(12), SeasonalNaive(168)])
def test_promises(learner, tmp_path):
    panel = monthly(holes(AIR, 3, -2), AIR[:30])
    travels(advances(learner, panel), panel, tmp_path, 30)


def test_a_long_season_stays_a_small_graph(tmp_path):
    import onnx

    from forecast.export import to_onnx

    to_onnx(SeasonalNaive(336).fit(monthly(AIR)), tmp_path / "m.onnx", 48)
    assert len(onnx.load(tmp_path / "m.onnx").graph.node) < 40


def test_a_season_of_no_rows_is_refused():
    with pytest.raises(ValueError, match="whole number from 1 on"):
        SeasonalNaive(0).fit(monthly(AIR))
