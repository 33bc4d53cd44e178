import numpy as np
import pytest

from learners.naive import Naive, SeasonalNaive, last_value, repeated
from tests.bands import covered, hostile_bands
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


@pytest.mark.parametrize(
    "learner", [Naive(), SeasonalNaive(12), SeasonalNaive(168), Naive((80, 95)), SeasonalNaive(12, (80,))]
)
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


def test_bands_widen_with_the_root_of_the_seasons_ahead():
    panel = monthly(holes(AIR, -12))
    found = SeasonalNaive(12, (95,)).fit(panel).forecast(panel, 25).columns
    change = AIR[12:] - AIR[:-12]
    deviation = np.sqrt(np.mean(np.square(change[np.arange(len(change)) != len(change) - 12])))
    width = (found["hi95"] - found["forecast"]) / deviation
    t = 2.000995378088267  # of 59 changes
    np.testing.assert_allclose(width[[1, 11, 12 + 1, 24 + 0]] / t, np.sqrt([1, 1, 2, 4]), rtol=1e-7)


def test_bands_cover_what_they_say():
    rng = np.random.default_rng(0)
    walks = rng.normal(size=(2000, 30)).cumsum(axis=1)
    covered(Naive((80, 95)), walks)
    noise = rng.normal(size=(2000, 30))
    seasonal = np.concatenate([noise[:, i::4].cumsum(axis=1)[:, :7] for i in range(4)], axis=1)
    order = np.argsort(np.concatenate([np.arange(7) * 4 + i for i in range(4)]))
    covered(SeasonalNaive(4, (80, 95)), seasonal[:, order])


@pytest.mark.parametrize("learner", [Naive((80, 95)), SeasonalNaive(7, (80, 95))])
def test_hostile_series_have_bands(learner):
    hostile_bands(learner)


def test_a_series_that_was_never_seen_has_a_band(tmp_path):
    """In a graph, from its window alone."""
    from forecast.export import to_onnx
    from forecast.scorer import score

    panel = monthly(AIR)
    to_onnx(Naive((80,)).fit(panel), tmp_path / "m.onnx", 3)
    other = monthly(AIR * 2, names=["other"]).frame()
    found = score(tmp_path / "m.onnx", other)
    np.testing.assert_allclose(found["forecast"], AIR[-1] * 2)
    assert (found["hi80"] > found["forecast"]).all()


def test_a_level_is_a_percentage():
    with pytest.raises(ValueError, match="percent"):
        Naive((0.8, 180)).fit(monthly(AIR))


def test_a_series_with_every_other_value_missing_has_the_spread_of_its_changes():
    y = np.random.default_rng(0).normal(size=60).cumsum()
    gone = y.copy()
    gone[1::2] = np.nan
    for season in (1, 7):
        learner = SeasonalNaive(season, (80,))
        full, holed = (learner.fit(p).forecast(p, 1).columns for p in (monthly(y), monthly(gone)))
        width = [c["hi80"][0] - c["lo80"][0] for c in (full, holed)]
        assert width[1] < 2 * width[0]
    advances(Naive((80,)), monthly(gone))
