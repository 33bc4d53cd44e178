"""Tcn: the network in torch, on numpy and as a graph; hostile windows; that it learns."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from featurizers.frequency import Frequency
from featurizers.panel import Panel
from forecast.export import to_onnx
from learners.network import Inputs, Operations, Shape, encode, field_of_view, forward, initial, overview
from learners.tcn import Tcn, TcnModel, waves
from learners.windows import learnable

TINY = Tcn(4, window=8, channels=8, epochs=2, patience=2, batch=16)


def panel(lengths: tuple[int, ...] = (40, 30), freq: str = "D", level: float = 100.0, seed: int = 0) -> Panel:
    random, rows = np.random.default_rng(seed), sum(lengths)
    frequency = Frequency.parse(freq)
    start = np.datetime64("2021-01-01", "s")
    times = np.concatenate([frequency.add(np.full(n, start), np.arange(n)) for n in lengths])
    season = np.sin(2 * np.pi * np.concatenate([np.arange(n) for n in lengths]) / frequency.season)
    columns = {
        "y": level * (1 + 0.3 * season) + random.normal(size=rows),
        "price": random.normal(size=rows),
        "promotion": random.integers(0, 3, rows),
        "weather": random.normal(size=rows),
        "mood": random.integers(-1, 2, rows),
        "size": random.normal(size=len(lengths)),
        "kind": random.integers(0, 2, len(lengths)),
    }
    roles = {"price": "known", "promotion": "known", "weather": "past", "mood": "past", "size": "static",
             "kind": "static"}  # fmt: skip
    levels = {"promotion": ("none", "leaflet", "radio"), "mood": ("good", "bad"), "kind": ("big", "small")}
    ids = pd.DataFrame({"shop": np.arange(len(lengths))})
    return Panel(ids, np.r_[0, np.cumsum(lengths)], times, frequency, "time", "y", columns, roles, levels)


def everything(recipe: Tcn = TINY) -> Tcn:
    return replace(
        recipe, known=("price",), past=("weather",), static=("size",), categories=("promotion", "mood", "kind"),
        calendar=("weekday", "dayofyear"), levels=(80, 50),
    )  # fmt: skip


def future(model: TcnModel, given: Panel, horizon: int) -> dict[str, np.ndarray]:
    times = given.freq.add(given.last[:, None], np.arange(1, horizon + 1))
    indptr = np.arange(given.count + 1) * horizon
    columns = {n: np.repeat(given.window(n, 1)[:, 0], horizon) for n in given.by_role("known")}
    columns |= {n: given.columns[n] for n in given.by_role("static")}
    return replace(given, indptr=indptr, times=times.ravel(), columns=columns).matrix(model.needs.ahead)


def predicted(model: TcnModel, given: Panel, horizon: int) -> dict[str, np.ndarray]:
    return model.predict(model.state(given), future(model, given, horizon))


@pytest.fixture(scope="module")
def fitted() -> TcnModel:
    return everything().fit(panel())  # type: ignore[return-value]


SHAPE = Shape(5, 20, 30, 6, 3, 3, (7, 12), (0.1, 0.5, 0.9), 3, 2, 1, (3, 2), (3,), (4,))


def drawn(seed: int = 0, count: int = 9) -> Inputs:
    random = np.random.default_rng(seed)

    def normal(*size: int) -> np.ndarray:
        return random.normal(size=size).astype(np.float32)

    seen = (random.random((count, 30)) < 0.9).astype(np.float32)
    return Inputs(
        normal(count, 30) * seen, seen, normal(count, 20, 3), normal(count, 5, 2), normal(count, 1),
        (random.integers(-1, 3, (count, 20)), random.integers(-1, 2, (count, 20))),
        (random.integers(-1, 3, (count, 5)),), (random.integers(-1, 4, count),),
    )  # fmt: skip


def weights() -> dict[str, np.ndarray]:
    """Weights none of which is 0 or 1, so that a lost bias would show."""
    random = np.random.default_rng(1)
    return {n: (v + 0.1 * random.normal(size=v.shape)).astype(np.float32) for n, v in initial(SHAPE, 0).items()}


def test_torch_computes_what_numpy_computes() -> None:
    import torch

    from learners.descent import Tensors

    inputs, start = drawn(), weights()
    tensors = {n: torch.as_tensor(v) for n, v in start.items()}
    as_tensors = Inputs(*(
        tuple(torch.as_tensor(part) for part in v) if isinstance(v, tuple) else torch.as_tensor(v)
        for v in inputs.__dict__.values()
    ))  # fmt: skip
    expected = forward(tensors, SHAPE, as_tensors, Tensors(0.0, None))
    for want, got in zip(expected, forward(start, SHAPE, inputs), strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, want.numpy(), rtol=1e-5, atol=1e-5)


def test_a_block_is_the_dilated_convolution_of_the_paper() -> None:
    """Strides give what torch's own causal dilated convolutions give at the last step."""
    import torch
    from torch.nn import functional

    shape = Shape(2, 13, 13, 4, 3, 2, (), (0.5,), 0, 0, 0)
    random = np.random.default_rng(3)
    start = {n: (v + 0.2 * random.normal(size=v.shape)).astype(np.float32) for n, v in initial(shape, 0).items()}
    none = np.zeros((3, 13, 0), np.float32)
    target = random.normal(size=(3, 13)).astype(np.float32)
    inputs = Inputs(target, np.ones_like(target), none, none[:, :2], none[:, 0])
    w = {n: torch.as_tensor(v) for n, v in start.items()}
    x = torch.stack([torch.as_tensor(target), torch.ones(3, 13)], 2) @ w["enter"] + w["enter_bias"]
    read = [x[:, -1]]
    for i in range(3):
        y = x
        for half in "ab":
            padded = functional.pad(y.transpose(1, 2), (2**i, 0))
            kernel, bias = w[f"block{i}{half}"].permute(2, 1, 0), w[f"block{i}{half}_bias"]
            y = functional.conv1d(padded, kernel, bias, dilation=2**i).transpose(1, 2)
            y = functional.layer_norm(y, (4,), w[f"norm{i}{half}"], w[f"norm{i}{half}_bias"]).relu()
        x = x + y
        read.append(x[:, -1])
    context = (torch.cat([*read, torch.as_tensor(target)], 1) @ w["context"] + w["context_bias"]).relu()
    view, do = overview(shape, inputs, Operations(np)), Operations(np)
    np.testing.assert_allclose(encode(start, shape, inputs, view, do), context.numpy(), rtol=1e-4, atol=1e-5)


def test_the_overview_is_the_window_and_the_means_of_seasons_where_known() -> None:
    given = drawn()
    view = overview(SHAPE, given, Operations(np))
    assert (SHAPE.pools, SHAPE.cycles) == (4, (7,))  # of 30 steps; the window of 20 leaves no room for 12 before it
    np.testing.assert_array_equal(view[:, :20], given.target[:, -20:])
    known = np.where(given.seen > 0, given.target, np.nan)[:, -28:].reshape(-1, 4, 7)
    np.testing.assert_allclose(view[:, 20:], np.nanmean(known, axis=2), rtol=1e-5, atol=1e-6)
    free = replace(SHAPE, reach=20)
    np.testing.assert_array_equal(overview(free, given, Operations(np)), given.target[:, -20:])


def test_field_of_view() -> None:
    assert [field_of_view(n, 3) for n in (1, 2, 3)] == [5, 13, 29]


@pytest.mark.parametrize("horizon", [2, 4, 11])
def test_graph_agrees(fitted: TcnModel, tmp_path: object, horizon: int) -> None:
    check = to_onnx(fitted, f"{tmp_path}/model.onnx", horizon)
    assert check["worst_relative_difference"] < 1e-5


def test_bands_hold_the_forecast_and_never_cross(fitted: TcnModel) -> None:
    found = predicted(fitted, panel(), 11)
    assert list(found) == ["forecast", "lo80", "hi80", "lo50", "hi50"]
    assert all(v.shape == (2, 11) and v.dtype == np.float64 for v in found.values())
    order = [found[n] for n in ("lo80", "lo50", "forecast", "hi50", "hi80")]
    assert all((a < b).all() for a, b in pairwise(order))


def test_bands_are_no_narrower_beyond_the_trained_horizon(fitted: TcnModel) -> None:
    found, size = predicted(fitted, panel(), 12), fitted.shape.horizon
    for name in ("lo80", "lo50", "hi50", "hi80"):
        apart = np.abs(found[name] - found["forecast"])
        assert (apart[:, size : 2 * size] > apart[:, size - 1, None]).all()
        assert (apart[:, 2 * size :] > apart[:, 2 * size - 1, None]).all()


def test_a_shorter_horizon_is_the_beginning_of_the_trained_one(fitted: TcnModel) -> None:
    short, long = predicted(fitted, panel(), 2), predicted(fitted, panel(), 4)
    longer = predicted(fitted, panel(), 11)
    np.testing.assert_allclose(short["forecast"], long["forecast"][:, :2], rtol=1e-6)
    np.testing.assert_allclose(longer["forecast"][:, :4], long["forecast"], rtol=1e-6)


def test_windows_may_be_longer_than_asked(fitted: TcnModel) -> None:
    given = panel()
    state, ahead = fitted.state(given), future(fitted, given, 4)
    wide = {n: given.window("y" if n == "target" else n, v.shape[1] + 5) for n, v in state.items()}
    np.testing.assert_array_equal(fitted.predict(wide, ahead)["forecast"], fitted.predict(state, ahead)["forecast"])


def test_units_do_not_matter(fitted: TcnModel) -> None:
    given = panel()
    other = given.with_columns(y=given.y * 1e7 - 3e9)
    a, b = predicted(fitted, given, 4), predicted(fitted, other, 4)
    np.testing.assert_allclose(b["hi80"], a["hi80"] * 1e7 - 3e9, rtol=1e-5)


def test_alone_as_in_a_crowd(fitted: TcnModel) -> None:
    given = panel()
    alone = predicted(fitted, given.where(np.array([1])), 4)["forecast"]
    np.testing.assert_allclose(alone, predicted(fitted, given, 4)["forecast"][1:], rtol=1e-6)


def test_missing_values_and_unknown_categories_stay_finite(fitted: TcnModel) -> None:
    given = panel()
    holes = np.arange(len(given)) % 3 == 0
    columns = {n: np.where(holes, np.nan, given.columns[n]) for n in ("y", "price", "weather")}
    columns |= {"promotion": np.where(holes, -1, given.columns["promotion"]), "size": np.array([np.nan, 1.0]),
                "kind": np.array([-1, 0])}  # fmt: skip
    holey = given.with_columns(**columns)
    assert all(np.isfinite(v).all() for v in predicted(fitted, holey, 11).values())
    again = everything().fit(holey)
    assert all(np.isfinite(v).all() for v in predicted(again, holey, 11).values())  # type: ignore[arg-type]


def test_short_constant_and_zero_series() -> None:
    given = panel((40, 1, 40, 40, 6))
    y = given.y.copy()
    y[41:81], y[81:121] = 7.0, 0.0
    model = TINY.fit(given.with_columns(y=y))
    found = predicted(model, given.with_columns(y=y), 4)  # type: ignore[arg-type]
    assert all(np.isfinite(v).all() for v in found.values())
    np.testing.assert_allclose(found["forecast"][2], 7.0, atol=0.5)


def test_too_short_a_panel_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 6 rows; the longest has 5"):
        TINY.fit(panel((5, 3)))
    TINY.fit(panel((6, 3)))


def test_errors_name_the_culprit() -> None:
    for recipe, words in [
        (replace(TINY, known=("prise",)), "'prise'"),
        (replace(TINY, known=("weather",)), "'weather' as known, but in the panel it is past"),
        (replace(TINY, categories=("price",)), "'price'"),
        (replace(TINY, calendar=("moon",)), "'moon'"),
        (replace(TINY, levels=(100,)), "100"),
    ]:
        with pytest.raises(ValueError, match=words):
            recipe.fit(panel())


def test_same_seed_same_bytes_and_torch_as_it_was() -> None:
    import torch

    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    one, two = everything().train(panel()), everything().train(panel())
    other = replace(everything(), seed=1).train(panel())
    assert all(one.weights[n].tobytes() == two.weights[n].tobytes() for n in one.weights)
    assert any((one.weights[n] != other.weights[n]).any() for n in one.weights)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not torch.are_deterministic_algorithms_enabled()


def test_held_windows_come_after_all_training_targets() -> None:
    given = panel((60, 9, 30))
    shape = everything().train(given).shape
    training, held = learnable(given, shape)
    assert set(held.series) == {0, 2}
    assert set(training.series) == {0, 1, 2}
    for i in (0, 2):
        assert training.start[training.series == i].max() + 4 <= held.start[held.series == i].min()
    assert (training.start + 4 <= given.indptr[training.series + 1]).all()
    assert (training.start > training.first).all()


def test_waves_follow_the_clock() -> None:
    noon = np.array([[np.datetime64("2024-01-01T12:00", "s").astype(np.int64)]])  # a Monday
    np.testing.assert_allclose(waves("hour", noon)[0], 0.0, atol=1e-9)
    np.testing.assert_allclose(waves("hour", noon)[1], -1.0)
    week = np.concatenate([waves("weekday", noon)[0], waves("weekday", noon + 7 * 86400)[0]])
    np.testing.assert_allclose(week[0], week[1])


def test_auto_is_written_out() -> None:
    hourly = TINY.resolve(panel((200,), "h"))
    assert hourly.calendar == ("hour",)
    free = Tcn(6).resolve(panel((1000,)))
    assert (free.window, free.layers, free.calendar) == (28, 3, ("weekday", "dayofyear"))
    assert Tcn(6).resolve(panel((12,))).window == 6


def test_it_learns_what_a_known_column_does() -> None:
    given = panel((150, 150, 150), seed=5)
    y = 50 + 10 * given.columns["price"] + np.tile(np.arange(7) * 3.0, 65)[: len(given)]
    given = given.with_columns(y=y + np.random.default_rng(0).normal(0, 0.5, len(given)))
    early = given.rows(given.position < 146)
    recipe = Tcn(4, window=14, channels=16, epochs=10, batch=32, known=("price",), dropout=0.0, learning_rate=1e-2)
    model = recipe.fit(early)
    late = given.rows(given.position >= 146)
    found = model.predict(model.state(early), late.matrix(("price",)))["forecast"]
    assert np.abs(found - late.y.reshape(3, 4)).mean() < 4.0  # half of what the column alone moves it by


def test_a_limit_in_seconds_ends_it() -> None:
    model = replace(TINY, epochs=10_000, patience=10_000, max_seconds=0.2).train(panel())
    assert np.isfinite(predicted(model, panel(), 4)["forecast"]).all()
