"""What takes a learner is a learner: Blend, Otherwise, Best, Ensemble, Conformal."""

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from scipy.stats import trim_mean

from forecast.backtest import RollingOrigin
from forecast.best import Best
from forecast.conformal import Conformal, banded
from forecast.ensemble import TRIM, Ensemble, blended, caruana, vote
from forecast.export import to_onnx
from forecast.leaderboard import compare
from forecast.metrics import find
from forecast.sweep import Sweep
from forecast.widths import Widths, recent_scale
from learners.average import Average
from learners.blend import Blend, central, shares, weighted
from learners.naive import Naive, SeasonalNaive
from learners.otherwise import Otherwise
from tests.examples import HORIZON, LINEAR, continued, panel
from tests.learners import Failing, Gappy
from tests.panels import daily

ON = RollingOrigin(HORIZON, folds=2)
SEASON = SeasonalNaive(7)


def forecasts(learner, whole=None, horizon=HORIZON):
    before, after = continued(panel() if whole is None else whole, horizon)
    columns = learner.fit(before).forecast(before, horizon, after).columns
    return {name: values.reshape(before.count, horizon) for name, values in columns.items()}


@pytest.mark.parametrize(
    "learner",
    [
        Blend((SEASON, LINEAR, Average()), (1, 3, 2)),
        Blend((Conformal(SEASON, ON), Conformal(LINEAR, ON))),
        Otherwise(LINEAR, SEASON),
        Otherwise(Gappy(66), Average()),
        Otherwise(Failing(), Average()),
        Best((SEASON, LINEAR), ON),
        Ensemble((SEASON, LINEAR, Average()), ON),
        Conformal(LINEAR, ON),
        Conformal(Average(), ON, symmetric=False),
    ],
    ids=lambda learner: repr(learner)[:40],
)
def test_the_graph_agrees(learner, tmp_path):
    check = to_onnx(learner.fit(continued(panel(), HORIZON)[0]), tmp_path / "m.onnx", HORIZON)
    assert check["worst_relative_difference"] < 1e-9


# ---- Blend ---------------------------------------------------------------------------------------


def test_a_blend_is_the_weighted_mean():
    parts = [forecasts(p)["forecast"] for p in (SEASON, LINEAR)]
    np.testing.assert_allclose(forecasts(Blend((SEASON, LINEAR), (1, 3)))["forecast"], (parts[0] + 3 * parts[1]) / 4)
    np.testing.assert_allclose(forecasts(Blend((SEASON, LINEAR)))["forecast"], (parts[0] + parts[1]) / 2)


def test_missing_members_leave_their_weight_to_the_others():
    parts = [np.array([[1.0, np.nan, np.nan]]), np.array([[4.0, 5.0, np.nan]])]
    np.testing.assert_allclose(weighted(parts, (2.0, 1.0)), [[2.0, 5.0, np.nan]])


def test_the_mean_of_the_middle_is_that_of_other_libraries():
    parts = list(np.random.default_rng(4).normal(size=(10, 5, 7)))
    np.testing.assert_allclose(central(parts, (1.0,) * 10, 0.2), trim_mean(parts, 0.2, axis=0))
    np.testing.assert_allclose(central(parts, (1.0,) * 10, 0.499999), np.median(parts, axis=0), atol=1e-9)
    np.testing.assert_allclose(central(parts, range(1, 11), 0.0), np.average(parts, axis=0, weights=range(1, 11)))


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.49))
def test_the_mean_of_the_middle_cuts_the_same_weight_on_either_side(seed, trim):
    random = np.random.default_rng(seed)
    parts, weights = random.integers(-3, 4, (6, 4, 3)).astype(float), random.uniform(0.01, 1, 6)
    parts[random.random(parts.shape) < 0.1] = np.nan
    found, each = central(list(parts), weights, trim), np.stack(shares(list(parts), weights, trim))
    lost = np.isnan(parts).all(axis=0)
    np.testing.assert_allclose(each.sum(axis=0), np.where(lost, 0.0, 1.0), atol=1e-12)
    np.testing.assert_array_equal(np.isnan(found), lost)
    np.testing.assert_allclose(-central(list(-parts), weights, trim), found, atol=1e-9)
    moved = parts.copy()
    moved[0] += 1000.0  # goes astray
    if weights[0] / weights.sum() < trim and not np.isnan(parts).any():
        assert np.abs(central(list(moved), weights, trim)).max() <= 3.0 + 1e-9


def test_a_member_that_fails_is_left_out_and_named():
    model = Blend((Failing(), LINEAR), (0.9, 0.1)).fit(panel())
    assert model.weights == (1.0,)
    assert model.report == ("Failing was left out of the blend: ValueError: 408 rows are too few.",)
    with pytest.raises(ValueError, match="No member of the blend could be trained"):
        Blend((Failing(),)).fit(panel())
    with pytest.raises(ValueError, match="2 learners needs as many weights, not 1"):
        Blend((SEASON, LINEAR), (1,)).fit(panel())
    with pytest.raises(ValueError, match=r"less than 0\.5"):
        Blend((SEASON, LINEAR), trim=0.5).fit(panel())


def test_bands_are_blended_where_all_have_them():
    with_bands = Conformal(SEASON, ON, (80,)), Conformal(LINEAR, ON, (80, 95))
    found, parts = forecasts(Blend(with_bands)), [forecasts(p) for p in with_bands]
    assert list(found) == ["forecast", "lo80", "hi80"]
    np.testing.assert_allclose(found["lo80"], (parts[0]["lo80"] + parts[1]["lo80"]) / 2)


# ---- Otherwise -----------------------------------------------------------------------------------


def test_the_backup_fills_what_is_missing_and_nothing_else():
    whole = daily(np.arange(40.0), np.arange(20.0))
    found = forecasts(Otherwise(Gappy(18), Average()), whole, 3)["forecast"]  # the second has 17 rows
    np.testing.assert_array_equal(found[0], [19.0] * 3)
    np.testing.assert_array_equal(found[1], forecasts(Average(), whole, 3)["forecast"][1])


def test_the_backup_forecasts_everything_if_training_fails():
    np.testing.assert_array_equal(forecasts(Otherwise(Failing(), SEASON))["forecast"], forecasts(SEASON)["forecast"])
    (why,) = Otherwise(Failing(), SEASON).fit(daily(np.arange(9.0))).report
    assert why == "SeasonalNaive stands in for Failing: ValueError: 9 rows are too few."


# ---- Best and Ensemble ---------------------------------------------------------------------------


def test_best_is_the_winner_trained_on_everything():
    model = Best((SEASON, LINEAR, Failing()), ON).fit(continued(panel(), HORIZON)[0])
    assert model.winner == next(iter(model.totals)) == "Recursive(ridge)"
    assert len(model.report) == 2
    assert "Failing failed on fold 1" in model.report[0]
    np.testing.assert_array_equal(forecasts(Best((SEASON, LINEAR), ON))["forecast"], forecasts(LINEAR)["forecast"])


def test_best_tells_the_totals_of_any_metric():
    def worst(actual, forecast):
        return np.abs(actual - forecast).max()

    banded = (SeasonalNaive(7, levels=(50, 80)), Naive(levels=(50, 80)))
    for metric in ("interval_score", worst):
        totals = list(Best(banded, ON, metric).fit(panel()).totals.values())
        assert 0 < totals[0] < totals[1]


def test_best_takes_the_next_if_the_winner_fails_at_the_end():
    class Once(type(LINEAR)):
        def train(self, whole):
            if len(whole) == len(panel()):
                raise MemoryError("too much")
            return super().train(whole)

    model = Best((SEASON, Once(LINEAR.regressor, LINEAR.features)), ON).fit(panel())
    assert model.winner == "SeasonalNaive"
    assert model.report == ("Once(ridge) could not be trained: MemoryError: too much",)


@pytest.fixture(scope="module")
def board():
    entered = {"season": SEASON, "linear": LINEAR, "average": Average(), "failing": Failing(330)}
    return compare(panel(), entered, ON, "mase")


def test_caruana_finds_weights_that_beat_every_member(board):
    weights = caruana(board)
    assert sum(weights.values()) == pytest.approx(1)
    assert set(weights) <= {"season", "linear", "average"}
    joined = board.joined("Ensemble", vote(board).recipe, blended(board, weights))
    assert joined.best == "Ensemble"
    assert joined.totals["Ensemble"]["mase"] < min(board.totals[n]["mase"] for n in ("season", "linear", "average"))
    parts = [board.outputs[n][0]["forecast"] for n in weights]
    np.testing.assert_allclose(joined.outputs["Ensemble"][0]["forecast"], central(parts, list(weights.values()), TRIM))
    assert "Ensemble" in str(joined)


@pytest.mark.parametrize("metric", ["rmse", "wape", "r2"])
def test_caruana_takes_any_metric(board, metric):
    weights = caruana(replace(board, metric=find(metric)), size=6)
    joined = board.joined("Ensemble", vote(board).recipe, blended(board, weights))
    totals = [joined.totals[n][metric] for n in ("season", "linear", "average")]
    mine = joined.totals["Ensemble"][metric]
    assert mine >= max(totals) if metric == "r2" else mine <= min(totals)


def test_an_ensemble_is_its_blend():
    before, _ = continued(panel(), HORIZON)
    entered = (SEASON, LINEAR, Average())
    found = compare(before, entered, ON, "mase")
    weights = caruana(found)
    blend = Blend(tuple(found.recipes[n] for n in weights), tuple(weights.values()), trim=TRIM)
    expected = forecasts(blend)["forecast"]
    np.testing.assert_array_equal(forecasts(Ensemble(entered, ON))["forecast"], expected)


# ---- Conformal -----------------------------------------------------------------------------------


def noise(series=60, rows=60, seed=0):
    rng = np.random.default_rng(seed)
    return daily(*(10.0 ** (i % 4) * rng.normal(size=rows) for i in range(series)))


def test_bands_cover_what_they_promise():
    whole = noise()
    before, after = continued(whole, 5)
    found = Conformal(Average(), RollingOrigin(5, folds=3), (50, 80, 95)).fit(before).forecast(before, 5).columns
    for level in (50, 80, 95):
        inside = (found[f"lo{level}"] <= after.y) & (after.y <= found[f"hi{level}"])
        assert abs(inside.mean() - level / 100) < 0.07, level


@pytest.mark.parametrize("symmetric", [True, False])
def test_bands_never_cross(symmetric):
    found = forecasts(Conformal(LINEAR, ON, (95, 50, 80), symmetric=symmetric), horizon=15)
    ordered = [found[n] for n in ("lo95", "lo80", "lo50", "forecast", "hi50", "hi80", "hi95")]
    assert (np.diff(ordered, axis=0) >= 0).all()


def test_one_side_can_be_wider():
    rng = np.random.default_rng(1)
    whole = daily(*(rng.exponential(size=50) for _ in range(40)))
    widths = banded(compare(whole, {"zero": Average()}, ON), "zero", (80,), symmetric=False).widths
    assert np.mean(widths.above) > 1.2 * np.mean(widths.below)


def test_past_the_measured_steps_the_width_grows_with_the_root():
    below, above = Widths((80,), ((1.0, 2.0),), ((1.0, 3.0),), 1, 5).reach(8)
    np.testing.assert_allclose(below[0, [0, 1, 7]], [1, 2, 4])
    np.testing.assert_allclose(above[0, 7], 6)


def test_the_scale_skips_what_is_missing():
    past = np.array([[9, 1, np.nan, 3, 6], [9, 4, 4, 4, 4], [9, np.nan, np.nan, np.nan, 1.0], [0, 0, 1, 0, 1]])
    np.testing.assert_allclose(recent_scale(past, 2, 4), [2, 0, 0, 1])


def test_a_board_gives_the_same_bands_without_fitting():
    before, _ = continued(panel(), HORIZON)
    found = compare(before, {"linear": LINEAR}, ON)
    ready, measured = forecasts(banded(found, "linear")), forecasts(Conformal(LINEAR, ON))
    for name, values in measured.items():
        np.testing.assert_array_equal(ready[name], values)


@pytest.mark.parametrize("nonnegative", [False, True])
def test_bands_reach_below_zero_where_they_may(nonnegative):
    """Of a falling series that never was below zero they used to end there whatever was asked."""
    falling = daily(np.linspace(60, 0.2, 60))
    sweep = Sweep({"last": Naive()}, ON, ensemble=False, levels=(80, 95), nonnegative=nonnegative)
    conformal = Conformal(Naive(), ON, nonnegative=nonnegative)
    folds = sweep.select(falling).board.outputs["last"]
    for found in (forecasts(sweep, falling), forecasts(conformal, falling), folds[-1]):
        assert (found["lo95"].min() >= 0) == nonnegative
        assert (found["lo80"] <= found["forecast"]).all()


def test_conformal_bands_end_at_zero_where_the_panel_does():
    falling = daily(np.linspace(60, 2, 60))
    usual, floored = (forecasts(Conformal(Naive(), ON, nonnegative=n), falling) for n in (None, True))
    np.testing.assert_array_equal(usual["lo95"], floored["lo95"])


def test_a_gap_still_bands_the_first_steps():
    found = forecasts(Conformal(Naive(), RollingOrigin(4, folds=2, gap=3), (80,)), horizon=7)
    assert np.isfinite(found["lo80"]).all()


def test_levels_and_failures_are_checked():
    with pytest.raises(ValueError, match="between 1 and 100"):
        Conformal(LINEAR, ON, (80, 100)).fit(panel())
    with pytest.raises(ValueError, match=r"no width\. ValueError: .* rows are too few"):
        Conformal(Failing(), ON).fit(panel())


def test_own_weights_are_by_the_columns_of_the_panel() -> None:
    two = (Naive(), SeasonalNaive(7))
    with pytest.raises(ValueError, match=r"own weights are by store=\.\.\., item=\.\.\., not for 'S=a'"):
        Blend(two, own={"S=a": (1.0, 0.0)}).fit(panel())
    with pytest.raises(ValueError, match=r"own weights are by region=\.\.\., not for 'item=a'"):
        Blend(two, own={"item=a": (1.0, 0.0)}, by=("region",)).fit(panel())
