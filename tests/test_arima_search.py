"""What the search of AutoArima offers beside its winner: long seasons, candidates, averages, fits that go on."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.backtest import RollingOrigin
from forecast.leaderboard import compare
from learners.arima import Arima, AutoArima
from learners.arimax import Arimax
from learners.naive import Naive
from learners.otherwise import Otherwise
from learners.transformed import Transformed
from learners.transforms.log1p import Log1p
from tests.local import AIR, advances, holes, monthly, travels

RNG = np.random.default_rng(3)
WEEKS = np.arange(260)
WAVES = 3 * np.sin(WEEKS * 2 * np.pi / 52) + 2 * np.cos(WEEKS * 4 * np.pi / 52)
WEEKLY = 20 + WAVES + 0.2 * RNG.normal(size=260).cumsum() + 0.5 * RNG.normal(size=260)


def test_a_long_season_is_found():
    panel = monthly(WEEKLY[:208], freq="W")
    plain, long = (AutoArima(season, average=1).fit(panel) for season in (1, 52))
    error = [np.abs(m.forecast(panel, 52).columns["forecast"] - WEEKLY[208:]).mean() for m in (plain, long)]
    assert error[1] < 0.7 * error[0]
    season = long.start["arima.season"][0]
    assert np.corrcoef(season, WAVES[:52])[0, 1] > 0.98
    assert abs(season.sum()) < 1e-9


def test_a_day_in_a_week_of_hours_is_found_although_it_turns_fast():
    hours = np.arange(168 * 4)
    y = np.where(hours % 168 < 120, 1.0, 0.5) * np.sin(hours * 2 * np.pi / 24) + 0.1 * RNG.normal(size=len(hours))
    panel = monthly(y[:-24], freq="h")
    found = AutoArima(season=168).fit(panel).forecast(panel, 24).columns["forecast"]
    assert np.abs(found - y[-24:]).mean() < 0.25


def test_a_long_season_needs_two_of_them():
    model = AutoArima(season=52, average=1).fit(monthly(WEEKLY[:90], WEEKLY, [1.0, 2.0], freq="W"))
    assert "id=s0 is shorter than two seasons: AutoArima without one." in model.report
    assert (model.start["arima.season"][[0, 2]] == 0).all()
    assert (model.start["arima.season"][1] != 0).any()


@pytest.mark.parametrize("kind", ["long", "averaged"])
def test_promises(kind, tmp_path):
    learner = AutoArima(52, levels=(80,)) if kind == "long" else AutoArima(12, average=3, ranked=2)
    long = (WEEKLY, WEEKLY[:80], holes(WEEKLY[:180], 0, 9, 40, -1))
    panel = monthly(*(long if kind == "long" else (AIR, holes(AIR[:40], 3), [5.0] * 20, AIR[:15])))
    travels(advances(learner, panel), panel, tmp_path)


def test_candidates_are_told_in_the_units_of_the_series():
    model = AutoArima(season=12, ranked=4).fit(monthly(AIR, [7.0] * 30, 1e6 * AIR))
    table = model.candidates()
    assert list(table["id"]) == ["s0"] * 4 + ["s2"] * 4
    mine = table[table["id"] == "s0"]
    assert mine["aicc"].is_monotonic_increasing
    assert mine["converged"].all()
    shift = table["log_likelihood"].to_numpy().reshape(2, 4)
    rows = 72 - mine["d"].iloc[0] - 12 * mine["D"].iloc[0]
    np.testing.assert_allclose(shift[0] - shift[1], rows * np.log(1e6), rtol=1e-6)
    assert len(AutoArima().fit(monthly(AIR)).candidates()) == 0


def test_an_average_lies_between_its_candidates():
    panel = monthly(AIR, AIR[:30], [4.0] * 12)
    model = AutoArima(season=12, average=3).fit(panel)
    parts = np.array([m.forecast(panel, 6).columns["forecast"] for m in model.models])
    found = model.forecast(panel, 6).columns["forecast"]
    assert (found <= parts.max(axis=0) + 1e-9).all()
    assert (found >= parts.min(axis=0) - 1e-9).all()
    weights = np.concatenate([m.start["arima.weight"] for m in model.models], axis=1)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    assert (weights[2] == [1.0, 0.0, 0.0]).all()
    best = AutoArima(season=12, average=1).fit(panel).forecast(panel, 6).columns["forecast"]
    np.testing.assert_array_equal(parts[0], best)


def test_three_models_are_averaged_unless_something_else_is_asked():
    panel = monthly(AIR, AIR[20:])
    models = [AutoArima(12, average=n).fit(panel) for n in (None, 3)]
    assert [len(m.models) for m in models] == [3, 3]
    found = [m.forecast(panel, 6).columns["forecast"] for m in models]
    np.testing.assert_array_equal(*found)
    orders = {tuple(m.choices[0, :7]) for m in models[0].models}
    assert len(orders) == 3
    assert {(o[1], o[4]) for o in orders} == {(models[0].models[0].choices[0, 1], models[0].models[0].choices[0, 4])}


def test_weights_are_those_of_aicc():
    panel = monthly(AIR)
    model = AutoArima(12, average=3, ranked=12).fit(panel)
    table = model.candidates()
    table = table[table["admitted"]]
    weights = [m.start["arima.weight"][0, 0] for m in model.models]
    expected = np.exp(-0.5 * (table["aicc"].iloc[:3] - table["aicc"].iloc[0]))
    np.testing.assert_allclose(weights, expected / expected.sum(), atol=1e-3)
    for one, (_, row) in zip(model.models, table.iloc[:3].iterrows(), strict=True):
        assert one.choices[0, :7].tolist() == row[["p", "d", "q", "P", "D", "Q", "constant"]].astype(int).tolist()


def test_bands_of_an_average_hold_how_far_its_models_lie_apart():
    panel = monthly(AIR[:40])
    model = AutoArima(12, average=3, levels=(80,)).fit(panel)
    parts = [m.forecast(panel, 6).columns for m in model.models]
    weights = np.array([m.start["arima.weight"][0, 0] for m in model.models])[:, None]
    means = np.array([p["forecast"] for p in parts])
    widths = np.array([p["hi80"] for p in parts]) - means
    middle = (weights * means).sum(axis=0)
    apart = 1.2815515655446004 * (means - middle)
    found = model.forecast(panel, 6).columns
    np.testing.assert_allclose(found["forecast"], middle)
    np.testing.assert_allclose(found["hi80"] - middle, np.sqrt((weights * (widths**2 + apart**2)).sum(axis=0)))
    np.testing.assert_allclose(middle - found["lo80"], found["hi80"] - middle)


def test_blocks_of_series_change_nothing(monkeypatch):
    panel = monthly(*(AIR[i:] for i in range(7)))
    model = AutoArima(12, levels=(80,)).fit(panel)
    whole = model.forecast(panel, 5).columns
    monkeypatch.setattr("learners.blocks.BLOCK", 3)
    for name, values in model.forecast(panel, 5).columns.items():
        np.testing.assert_array_equal(values, whole[name])


def test_every_model_of_an_average_has_the_waves():
    panel = monthly(WEEKLY[:208], freq="W")
    model = AutoArima(52).fit(panel)
    assert all((m.start["arima.season"] != 0.0).any() for m in model.models)
    found = [m.forecast(panel, 52).columns["forecast"] for m in model.models]
    assert np.ptp(found, axis=0).max() < 0.3 * np.ptp(WEEKLY)


def test_a_long_series_is_averaged_from_its_last_rows():
    walk = RNG.normal(size=2600).cumsum() + 3 * np.sin(np.arange(2600) * 2 * np.pi / 7)
    panel = monthly(walk, freq="h")
    model = AutoArima(7).fit(panel)
    found = np.array([m.forecast(panel, 7).columns["forecast"] for m in model.models])
    assert np.abs(found - walk[-1]).max() < 12
    assert len(model.report) == 1


def test_what_an_average_forecasts_is_explained():
    panel = monthly(AIR)
    model = AutoArima(12).fit(panel)
    frame = model.explain(panel, 6).frame()
    parts = frame.drop(columns=["id", "month", "forecast"])
    np.testing.assert_allclose(parts.sum(axis=1), model.forecast(panel, 6).columns["forecast"])
    single = AutoArima(12, average=1).fit(panel).explain(panel, 6).frame()
    assert frame.columns.tolist() == single.columns.tolist()


def test_what_cannot_be_averaged_is_refused():
    with pytest.raises(ValueError, match="keeps no candidates"):
        AutoArima(engine="pmdarima", average=2).fit(monthly(AIR))
    with pytest.raises(ValueError, match="averages up to 12 candidates, not 30"):
        AutoArima(average=30).fit(monthly(AIR))
    with pytest.raises(ValueError, match="'ranked' must be a whole number"):
        AutoArima(ranked=-1).fit(monthly(AIR))


@pytest.mark.parametrize(
    "learner",
    [AutoArima(12, levels=(80,)), Arima((1, 0, 1)), Otherwise(Transformed(AutoArima(12), Log1p()), Naive()),
     Arimax((1, 0, 0), columns=("price",))],
)  # fmt: skip
def test_a_fit_goes_on_from_the_one_before(learner):
    panel = monthly(AIR, AIR[::-1], price=np.r_[AIR, AIR] % 7)
    shorter = panel.rows(panel.position < 66)
    before = learner.fit(shorter)
    again, cold = learner.fit(panel, before), learner.fit(panel)
    state = [m.state(panel) for m in (again, cold, learner.fit(panel, before))]
    for name, values in state[0].items():
        np.testing.assert_array_equal(values, state[2][name])
        assert values.shape[0] == state[1][name].shape[0]
    if isinstance(learner, Arima):
        np.testing.assert_allclose(again.coefficients, cold.coefficients, atol=1e-3)


def test_another_panel_or_model_before_changes_nothing():
    panel, other = monthly(AIR), monthly(AIR[:50], names=["other"])
    cold = AutoArima(12).fit(panel)
    for before in (AutoArima(12).fit(other), Naive().fit(panel), AutoArima(12, average=2).fit(other)):
        again = AutoArima(12).fit(panel, before)
        for name, values in cold.state(panel).items():
            np.testing.assert_array_equal(values, again.state(panel)[name])


def test_folds_go_on_and_are_the_same_again():
    panel, on = monthly(AIR, AIR[:50]), RollingOrigin(horizon=3, folds=3)
    boards = [compare(panel, {"arima": AutoArima(12), "naive": Naive()}, on) for _ in range(2)]
    first, second = (board.outputs["arima"] for board in boards)
    assert len(first) == 3
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one["forecast"], two["forecast"])
