"""Maps: what they learn, when they are used, and that a Tcn with them keeps its promises."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

import forecast as fc
from featurizers.frequency import Frequency
from featurizers.panel import Panel
from learners import maps
from learners.maps import Maps, fitted_maps, lengths, shared
from learners.network import Shape, scaled
from learners.tcn import Tcn, TcnModel
from learners.windows import Windows, learnable, shuffled

RECIPE = Tcn(4, window=8, channels=4, epochs=1, batch=16)
SHAPE = Shape(4, 8, 28, 4, 3, 3, (7,), (0.1, 0.5, 0.9), 0, 0, 0)


def panel(lengths: tuple[int, ...] = (260, 260, 40), holes: bool = False, names: str = "abc") -> Panel:
    """Daily series; the first two go on in opposite ways from one week to the next."""
    random, parts = np.random.default_rng(1), []
    for i, rows in enumerate(lengths):
        y = random.normal(size=rows)
        for t in range(7, rows):
            y[t] += (0.9 if i % 2 else -0.9) * y[t - 7]
        parts.append(10.0 * (i + 1) + y)
    y = np.concatenate(parts)
    if holes:
        y[5::29] = np.nan
    frequency = Frequency.parse("D")
    times = np.concatenate([frequency.add(np.full(n, np.datetime64("2021-01-01", "s")), np.arange(n)) for n in lengths])
    ids = pd.DataFrame({"shop": list(names)[: len(lengths)]})
    return Panel(ids, np.r_[0, np.cumsum(lengths)], times, frequency, "time", "y", {"y": y}, {}, {})


@pytest.fixture(scope="module")
def fitted() -> TcnModel:
    model = RECIPE.fit(panel())
    assert isinstance(model, TcnModel)
    return model


def test_a_map_is_the_mean_of_two_ridge_regressions_whose_weights_sum_to_one() -> None:
    given = panel()
    training, _ = learnable(given, SHAPE)
    found = fitted_maps(given, SHAPE, training)
    assert found is not None
    assert found.keys == {"shop": ("a", "b")}
    assert lengths(SHAPE) == (8, 14)
    table = found.table.reshape(14, 2, 4)
    np.testing.assert_allclose(table.sum(axis=0), 1.0, atol=1e-5)
    starts = training.start[(training.series == 1) & (training.start - given.indptr[1] >= 14)]
    expected = np.zeros((14, 4))
    for length, penalty in zip((8, 14), found.penalties, strict=True):
        x, _, level, scale = scaled(np, given.y[starts[:, None] + np.arange(-length, 0)], length)
        y = (given.y[starts[:, None] + np.arange(4)] - level) / scale
        ridge = Ridge(penalty * len(x), fit_intercept=False).fit(x, y)
        expected[14 - length :] += (ridge.coef_.T + (1 - ridge.coef_.sum(axis=1)) / length) / 2
    np.testing.assert_allclose(table[:, 1], expected, atol=1e-5)


def test_noise_is_shrunk_more_than_what_repeats() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(200, 8))
    repeats, noise = (x, 2.0 * x[:, :3]), (x, random.normal(size=(200, 3)))
    assert maps._penalty([repeats]) == maps.PENALTIES[0]
    assert maps._penalty([noise]) == maps.PENALTIES[-1]


def test_the_share_is_none_where_the_network_forecasts_best_alone() -> None:
    given = panel()
    training, held = learnable(given, SHAPE)
    found = fitted_maps(given, SHAPE, training)
    before = given.y[held.start[:, None] + np.arange(-8, 0)]
    _, _, level, scale = scaled(np, before, 8)
    actual = (given.y[held.start[:, None] + np.arange(4)] - level) / scale
    assert shared(found, given, SHAPE, training, held, actual) is None
    late = shared(found, given, SHAPE, training, held, 0.0 * actual)
    assert late is not None
    assert late.share == maps.SHARES[-1]
    assert (late.table != found.table).any()  # type: ignore[union-attr]  # it has learned from all windows
    assert shared(found, given, SHAPE, training, held.pick(np.zeros(0, np.int64)), actual[:0]) is None


def test_no_maps_for_short_or_many_series_or_without_time(monkeypatch: pytest.MonkeyPatch) -> None:
    given = panel()
    training, _ = learnable(given, SHAPE)
    assert fitted_maps(given, SHAPE, training, seconds=1e-6) is None
    assert fitted_maps(given, SHAPE, Windows(*(v[:50] for v in training.__dict__.values()))) is None
    monkeypatch.setattr(maps, "LARGEST", 100)
    assert fitted_maps(given, SHAPE, training) is None
    assert replace(RECIPE, local=False).fit(given).state(given).keys() == {"target", "time"}


def test_long_series_are_moved_by_their_maps_and_others_not(fitted: TcnModel) -> None:
    assert isinstance(fitted.maps, Maps)
    assert fitted.maps.share == 0.5
    given, alone = panel(), replace(fitted, maps=None)
    found, network = (model.forecast(given, 11).columns for model in (fitted, alone))
    apart = np.abs(found["forecast"] - network["forecast"]).reshape(3, 11).max(axis=1)
    assert (apart[:2] > 0.1).all()
    assert apart[2] == 0.0
    for name in ("lo80", "hi80"):  # the first block; a later one also sees other values before it
        moved = (found[name] - network[name]).reshape(3, 11)[:, :4]
        np.testing.assert_allclose(moved, (found["forecast"] - network["forecast"]).reshape(3, 11)[:, :4], atol=1e-5)
    new = panel(names="xyz")
    np.testing.assert_array_equal(
        fitted.forecast(new, 11).columns["forecast"], alone.forecast(new, 11).columns["forecast"]
    )


def test_maps_move_less_where_what_they_read_is_missing(fitted: TcnModel) -> None:
    assert fitted.maps is not None
    found, (length, _) = fitted.maps, fitted.maps.table.shape
    target, median = np.ones((1, length), np.float32), np.zeros((1, 4), np.float32)
    seen = np.ones((1, length))
    whole = found.moves(np.zeros((1, 1)), target, seen, median, 4)
    assert np.abs(whole).min() > 0
    seen[:, : length // 8] = 0
    some = found.moves(np.zeros((1, 1)), target, seen, median, 4)
    np.testing.assert_allclose(some, whole * (1 - (length // 8) / length / 0.25), rtol=1e-5)
    seen[:, : length // 4 + 1] = 0
    assert not found.moves(np.zeros((1, 1)), target, seen, median, 4).any()


def test_some_windows_see_a_part_of_their_history_alone() -> None:
    training, _ = learnable(panel(), SHAPE)
    drawn = shuffled(SHAPE, training, 10, seed=3)
    rounds = [next(drawn) for _ in range(len(training) // 10)]
    starts = np.concatenate([batch.start for batch in rounds])
    assert len(set(starts.tolist())) == len(starts)  # none comes twice
    given = dict(zip(training.start.tolist(), training.first.tolist(), strict=True))
    first = np.concatenate([batch.first for batch in rounds])
    short = first != np.array([given[start] for start in starts.tolist()])
    assert 0.1 < short.mean() < 0.3
    assert ((starts - first)[short] >= SHAPE.window).all()
    assert ((starts - first)[short] < SHAPE.reach).all()


def test_maps_forecast_what_each_series_does_by_itself() -> None:
    given = panel((400, 400))
    early = given.rows(given.position < 360)
    model = RECIPE.fit(early)
    assert isinstance(model, TcnModel)
    actual = given.y.reshape(2, 400)[:, 360:364]
    forecasts = [m.forecast(early, 4).columns["forecast"].reshape(2, 4) for m in (model, replace(model, maps=None))]
    errors = [np.abs(found - actual).mean() for found in forecasts]
    assert errors[0] < errors[1]


@pytest.mark.parametrize("horizon", [3, 4, 9])
def test_the_graph_agrees(fitted: TcnModel, tmp_path: Path, horizon: int) -> None:
    check = fc.to_onnx(fitted, tmp_path / "model.onnx", horizon)
    assert check["worst_relative_difference"] < 1e-5
    for given in (panel(), panel((260, 260, 260), names="bxa")):
        scored = fc.score(tmp_path / "model.onnx", given.frame(), strict=False)
        expected = fitted.forecast(given, horizon).columns["forecast"]
        there = ~np.isnan(scored["forecast"])
        assert there.any()
        np.testing.assert_allclose(scored["forecast"][there], expected[there], rtol=1e-4)


def test_saved_alone_and_advanced_it_stays_the_same(fitted: TcnModel, tmp_path: Path) -> None:
    given = panel(holes=True)
    expected = fitted.forecast(given, 6).columns["forecast"]
    assert np.isfinite(expected).all()
    fc.save(fitted, tmp_path / "model")
    np.testing.assert_array_equal(fc.load(tmp_path / "model").forecast(given, 6).columns["forecast"], expected)
    alone = fitted.forecast(given.where(np.array([1])), 6).columns["forecast"]
    np.testing.assert_allclose(alone, expected[6:12], rtol=1e-9)
    ends = np.repeat(given.lengths, given.lengths)
    state = fitted.state(given.rows(given.position < ends - 1))
    last = given.indptr[1:] - 1
    state = fitted.advance(state, {"target": given.y[last], "time": given.clock()[last]})
    for name, values in fitted.state(given).items():
        np.testing.assert_array_equal(state[name], values)


def test_the_same_data_gives_the_same_bytes(fitted: TcnModel) -> None:
    again = RECIPE.fit(panel())
    assert isinstance(again, TcnModel)
    assert again.maps.table.tobytes() == fitted.maps.table.tobytes()  # type: ignore[union-attr]
    holey = RECIPE.fit(panel(holes=True))
    assert np.isfinite(holey.forecast(panel(holes=True), 5).columns["forecast"]).all()
