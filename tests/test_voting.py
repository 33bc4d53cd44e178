"""Weights by Caruana's selection: for the panel, for groups and for series; honest scores; the median."""

from dataclasses import replace

import numpy as np
import pytest

from forecast import conformal
from forecast.backtest import RollingOrigin
from forecast.conformal import with_bands
from forecast.ensemble import TRIM, Ensemble, _cost, blended, caruana, vote, without
from forecast.export import to_onnx
from forecast.leaderboard import compare
from forecast.metrics import find
from forecast.recipes import from_toml, to_toml
from forecast.saving import load, save
from forecast.selection import Candidates, greedy, steady
from forecast.stack import Stack
from forecast.sweep import Sweep
from forecast.winner import prefers
from learners.asked import asked
from learners.average import HistoricAverage
from learners.blend import Blend, central
from learners.median import Median, median
from learners.naive import Naive, SeasonalNaive
from learners.transformed import Transformed
from learners.transforms import Log1p
from tests.examples import FEATURES, HORIZON, LINEAR, continued, panel
from tests.learners import Failing
from tests.panels import daily

ON = RollingOrigin(HORIZON, folds=3)
NAMES = ("season", "linear", "average")
ENTERED = {"season": SeasonalNaive(7, levels=(80,)), "linear": LINEAR, "average": HistoricAverage(levels=(80,))}


@pytest.fixture(scope="module")
def board():
    return compare(panel(), ENTERED, ON, "mase")


def forecasts(learner, whole=None):
    before, after = continued(panel() if whole is None else whole, HORIZON)
    columns = learner.fit(before).forecast(before, HORIZON, after).columns
    return {name: values.reshape(before.count, HORIZON) for name, values in columns.items()}


@pytest.mark.parametrize("metric", ["mase", "mae", "wape", "rmse", "rmsse", "smape"])
def test_the_fast_cost_is_that_of_the_metric(board, metric):
    """Of a blend, measured as the leaderboard measures, with and without missing forecasts."""
    first = board.outputs["season"][0]["forecast"].copy()
    first[2] = np.nan
    holes = replace(board, outputs={**board.outputs, "season": ({"forecast": first}, *board.outputs["season"][1:])})
    for seen in (board, holes):
        found = Candidates.of(seen, NAMES, next(m for m in board.measures if m.name == metric))
        for picks in ([0], [0, 1], [0, 2, 2]):
            total, weight = found.taken(picks)
            expected = found._measured(total, weight)
            if metric == "wape" or seen is board or len(picks) > 1:
                assert found.cost(total, weight) == pytest.approx(expected, rel=1e-9)


def test_weights_start_from_the_close_ones_and_keep_the_best_mean(board):
    weights = caruana(board)
    assert sum(weights.values()) == pytest.approx(1)
    found = Candidates.of(board, NAMES, board.metric)
    chosen = found.cost(np.array([weights.get(n, 0) for n in NAMES]) @ found.forecasts, np.ones(len(found.actual)))
    assert chosen <= min(found.cost(*found.taken([i])) for i in range(3)) + 1e-12
    np.testing.assert_array_equal(greedy(found, 1), np.eye(3)[list(NAMES).index(board.best)])


def test_the_score_is_that_of_weights_from_other_folds(board):
    voted = vote(board, per="panel")
    for k in range(3):
        weights = caruana(without(board, k))
        expected = central([board.outputs[n][k]["forecast"] for n in weights], list(weights.values()), TRIM)
        np.testing.assert_allclose(voted.outputs[k]["forecast"], expected)
    flattered = _cost(board, board.metric, blended(board, voted.weights))
    assert _cost(board, board.metric, voted.outputs) >= flattered


def two_kinds(series=30, rows=63):
    """Half of the series repeat a week, half wander: no one learner is right for both."""
    rng = np.random.default_rng(3)
    weekly = [np.tile(rng.normal(size=7) * 5, rows // 7) + rng.normal(size=rows) * 0.1 for _ in range(series // 2)]
    return daily(*weekly, *(rng.normal(size=rows).cumsum() for _ in range(series // 2)))


def test_series_get_weights_of_their_own_where_that_is_better():
    whole = two_kinds()
    found = compare(whole, {"season": SeasonalNaive(7), "last": Naive()}, ON)
    voted = vote(found)
    assert voted.per == "series"
    table = np.array(list(voted.recipe.own.values()))
    season = list(voted.weights).index("season")
    assert table[:15, season].mean() > 0.6 > 0.4 > table[15:, season].mean()
    assert from_toml(to_toml(voted.recipe)) == voted.recipe
    assert vote(compare(panel(), ENTERED, ON), per="panel").recipe.own == {}


def test_groups_get_weights_of_their_own():
    voted = vote(compare(panel(), ENTERED, ON), per="group", by=("store",))
    assert list(voted.recipe.own) == ["store=1", "store=2", "store=3"]
    assert from_toml(to_toml(voted.recipe)) == voted.recipe
    table = voted.recipe.train(panel()).table
    np.testing.assert_array_equal(table[panel().ids["store"] == 2], [voted.recipe.own["store=2"]] * 2)
    with pytest.raises(ValueError, match="not per 'person'"):
        vote(compare(panel(), ENTERED, ON), per="person")
    with pytest.raises(ValueError, match="need to know the groups"):
        vote(compare(panel(), ENTERED, ON), per="group")
    one = Ensemble((SeasonalNaive(7), Naive()), ON, per="group", by="region")
    assert len(one.fit(panel()).forecast(panel(), HORIZON)) == HORIZON * panel().count
    sweep = Sweep((SeasonalNaive(7),), ON, levels=(), by="region")  # one column stands for a tuple of one
    assert sweep.select(panel()).groups == dict.fromkeys(("region=north", "region=south"), "SeasonalNaive")


def with_kind(whole, kind):
    """The panel with a static column of the kind of each series."""
    codes = np.array([sorted(set(kind)).index(k) for k in kind])
    return replace(whole, columns={**whole.columns, "kind": codes}, roles={**whole.roles, "kind": "static"},
                   levels={**whole.levels, "kind": tuple(sorted(set(kind)))})  # fmt: skip


def noisy_kinds(series=30, rows=49):
    """Half of the series repeat a week in much noise, half wander."""
    rng = np.random.default_rng(5)
    weekly = [np.tile(rng.normal(size=7) * 2, rows // 7) + rng.normal(size=rows) for _ in range(series // 2)]
    return daily(*weekly, *(rng.normal(size=rows).cumsum() for _ in range(series // 2)))


def test_groups_that_matter_are_found(tmp_path):
    """By a static column, or a part of the key; the weights of both are in the recipe, the file and the graph."""
    kinds = ["weekly"] * 15 + ["wanders"] * 15
    whole = with_kind(noisy_kinds(), kinds)
    learners = {"season": SeasonalNaive(7), "last": Naive(), "mean": HistoricAverage()}
    found = compare(whole, learners, ON)
    voted, panels = vote(found), vote(found, per="panel")
    assert (voted.per, voted.recipe.by) == ("group", ("kind",))
    assert _cost(found, found.metric, voted.outputs) < 0.95 * _cost(found, found.metric, panels.outputs)
    last = list(voted.weights).index("last")
    assert voted.recipe.own["kind=wanders"][last] > 0.5 > 0.1 > voted.recipe.own["kind=weekly"][last]
    keyed = replace(noisy_kinds(), ids=noisy_kinds().ids.assign(kind=kinds))
    assert vote(compare(keyed, learners, ON)).recipe == voted.recipe
    sweep = Sweep(learners, ON, levels=())
    chosen = sweep.select(whole)
    assert chosen.recipe.learner.by == ("kind",)
    assert from_toml(to_toml(chosen.recipe)) == chosen.recipe
    model = chosen.recipe.fit(whole)
    save(model, tmp_path / "m")
    forecast = model.forecast(whole, HORIZON).columns["forecast"]
    np.testing.assert_array_equal(load(tmp_path / "m").forecast(whole, HORIZON).columns["forecast"], forecast)
    assert to_onnx(model, tmp_path / "m.onnx", HORIZON)["worst_relative_difference"] < 1e-9


def test_groups_that_do_not_matter_leave_the_weights_of_the_panel():
    """As do groups that are too many or too small; series of groups that are too small have the panel's weights."""
    rng = np.random.default_rng(7)
    whole = daily(*(np.tile(rng.normal(size=7), 7) + rng.normal(size=49).cumsum() / 3 for _ in range(60)))
    learners = {"season": SeasonalNaive(7), "last": Naive(), "mean": HistoricAverage()}
    alike = vote(compare(whole, learners, ON))
    for kind in (["a", "b"] * 30, [f"k{i}" for i in range(60)], ["a"] * 51 + ["b"] * 9):
        voted = vote(compare(with_kind(whole, kind), learners, ON))
        assert (voted.per, voted.recipe) == ("panel", alike.recipe)
    kinds = with_kind(noisy_kinds(), ["weekly"] * 15 + ["wanders"] * 10 + ["others"] * 5)
    assert list(vote(compare(kinds, learners, ON)).recipe.own) == ["kind=wanders", "kind=weekly"]


def test_a_group_that_is_in_no_fold_has_the_weights_of_the_panel():
    rng = np.random.default_rng(2)
    whole = daily(*(rng.normal(size=49).cumsum() for _ in range(10)), np.arange(3.0), np.arange(2.0))
    found = compare(with_kind(whole, ["long"] * 10 + ["short"] * 2), {"s": SeasonalNaive(7), "l": Naive()}, ON)
    voted = vote(found, per="group", by="kind")
    assert voted.recipe.own["kind=short"] == voted.recipe.weights


@pytest.mark.parametrize("kind", [Ensemble, Stack])
def test_what_failed_is_in_the_report(kind):
    learner = kind((SeasonalNaive(7), Naive(), Failing()), ON)
    assert "Failing failed on fold 1" in learner.fit(panel()).report[0]


def test_a_table_of_weights_is_looked_up_and_new_series_have_those_of_the_panel(tmp_path):
    members = tuple(ENTERED.values())
    recipe = Blend(members, (1, 1, 2), {"store=1, item=x": (1, 0, 0), "store=2, item=y": (0, 0, 1)})
    parts = [forecasts(m)["forecast"] for m in members]
    found = forecasts(recipe)["forecast"]
    np.testing.assert_allclose(found[0], parts[0][0])
    np.testing.assert_allclose(found[3], parts[2][3])
    np.testing.assert_allclose(found[1], (parts[0][1] + parts[1][1] + 2 * parts[2][1]) / 4)
    before, _after = continued(panel(), HORIZON)
    model = recipe.fit(before.where(np.arange(5)))
    np.testing.assert_allclose(model.memory(before)["blend.weights"][5], [0.25, 0.25, 0.5])
    assert to_onnx(recipe.fit(before), tmp_path / "m.onnx", HORIZON)["worst_relative_difference"] < 1e-9
    with pytest.raises(ValueError, match="needs as many weights, not 1"):
        Blend(members, None, {"store=1, item=x": (1,)}).fit(before)


def test_bands_of_those_that_have_them_are_put_around_the_mean_of_all():
    whole = forecasts(Blend(tuple(ENTERED.values())))
    season, average = forecasts(ENTERED["season"]), forecasts(ENTERED["average"])
    apart = [(p["hi80"] - p["forecast"]) for p in (season, average)]
    np.testing.assert_allclose(whole["hi80"] - whole["forecast"], sum(apart) / 2)


def test_the_median_is_not_moved_by_one_that_goes_astray(tmp_path):
    parts = [np.array([[1.0, 1.0, np.nan]]), np.array([[2.0, np.nan, np.nan]]), np.array([[99.0, 3.0, np.nan]])]
    np.testing.assert_allclose(median(parts), [[2.0, 2.0, np.nan]])
    recipe = Median((*ENTERED.values(), Failing(), Naive(levels=(80,))))
    found = forecasts(recipe)
    stacked = np.stack([forecasts(m)["forecast"] for m in (*ENTERED.values(), Naive())])
    np.testing.assert_allclose(found["forecast"], np.median(stacked, axis=0))
    assert (found["lo80"] <= found["forecast"]).all()
    assert (found["forecast"] <= found["hi80"]).all()
    model = recipe.fit(panel())
    assert "Failing was left out" in model.report[0]
    assert to_onnx(model, tmp_path / "m.onnx", HORIZON)["worst_relative_difference"] < 1e-9


def test_an_ensemble_per_series_exports(tmp_path):
    model = Ensemble((SeasonalNaive(7), Naive()), ON, per="series").fit(two_kinds())
    assert len(model.table) == 30
    assert to_onnx(model, tmp_path / "m.onnx", HORIZON)["worst_relative_difference"] < 1e-9


# ---- bands of all learners on a board -------------------------------------------------------------


def test_every_learner_on_a_board_has_bands_from_other_folds(board, monkeypatch):
    assert "coverage80" not in board.totals["linear"]
    found = with_bands(board, (50, 80))
    for name in NAMES:
        assert {"wql", "coverage50", "coverage80"} <= set(found.totals[name])
        for before, after in zip(board.outputs[name], found.outputs[name], strict=True):
            np.testing.assert_array_equal(before["forecast"], after["forecast"])
            ordered = [after[n] for n in ("lo80", "lo50", "forecast", "hi50", "hi80")]
            assert (np.diff(ordered, axis=0) >= 0).all()
    assert found.totals["linear"]["mase"] == board.totals["linear"]["mase"]
    for name in ("MOST", "FEWEST"):
        monkeypatch.setattr(conformal, name, 1)
    few = with_bands(board, (80,))  # the best one alone has them
    assert [n for n in NAMES if "wql" in few.totals[n]] == [board.best]


def test_learners_with_bands_are_asked_for_them():
    recipe = Blend((Transformed(Naive(), Log1p()), HistoricAverage(levels=(50,)), LINEAR))
    found = asked(recipe, (95, 80))
    assert found == Blend((Transformed(Naive(levels=(80, 95)), Log1p()), HistoricAverage(levels=(50,)), LINEAR))
    assert asked(found, ()) is found
    assert LINEAR.features == FEATURES


def test_most_weight_follows_the_errors_by_both_views_and_trials_of_one_recipe_count_once(board):
    found = Candidates.of(board, NAMES, board.metric)
    pooled = Candidates.of(board, NAMES, find("wape"))
    assert [view.metric.name for view in found.views] == ["mase", "wape"]
    np.testing.assert_allclose(found.views[1].alone, pooled.alone)
    assert [view.metric.name for view in pooled.views] == ["wape"]
    apart = np.sqrt(found.alone / found.alone.min() * pooled.alone / pooled.alone.min())
    inverse = np.where(apart <= 1.5, apart**-4.0, 0)
    chosen = (greedy(found, 15) + greedy(pooled, 15)) / 2
    expected = 0.1 * chosen + 0.9 * inverse / inverse.sum()
    expected[expected < 0.03] = 0
    np.testing.assert_allclose(steady(found, 15), expected / expected.sum())
    twins = replace(board, families=dict.fromkeys(NAMES, "one"))
    weights = steady(Candidates.of(twins, NAMES, board.metric), 15)
    expected = 0.1 * chosen + 0.9 * np.eye(3)[int(np.argmin(apart))]
    expected[expected < 0.03] = 0
    np.testing.assert_allclose(weights, expected / expected.sum())


def board_of(single, joint):
    """A board of two learners of one metric, with these scores, (folds, series) each."""

    class Board:
        metric = find("mase")
        totals = {"single": {"mase": np.mean(single)}, "joint": {"mase": np.mean(joint)}}  # noqa: RUF012
        scores = {"single": {"mase": np.array(single)}, "joint": {"mase": np.array(joint)}}  # noqa: RUF012
        names = ("single", "joint")

    return Board()


@pytest.mark.parametrize(
    ("single", "joint", "preferred"),
    [
        ([[1.0, 1.0]], [[1.05, 1.05]], True),  # little behind
        ([[1.0], [1.0], [1.0]], [[1.5], [1.6], [1.4]], False),  # behind on every fold
        ([[0.1], [1.4], [1.4]], [[2.4], [1.3], [1.3]], True),  # behind on one fold of three
        ([[1.0]], [[1.5]], True),  # one score says nothing
        ([[1.0] * 15], [[1.05] * 15], False),  # little behind, but on many series
        ([[1.0] * 15], [[1.02] * 15], True),  # by too little
        ([[1.0] * 15], [[1.05, 1.6] + [1.0] * 13], True),  # on two of many
    ],
)
def test_an_ensemble_gives_way_only_to_a_learner_that_is_surely_better(single, joint, preferred):
    assert prefers(board_of(single, joint), "joint", "single") == preferred
