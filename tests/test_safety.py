"""Forecasts stay within what the history of their series supports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.arrays import State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from forecast.intermittent import CLASSES, Intermittent, classified
from learners.around import reported
from learners.bounded import Bounded
from learners.harmonic import Harmonic
from learners.learner import Learner, Model
from tests.examples import HORIZON, LINEAR, continued, panel
from tests.test_contracts import later, row


@dataclass(frozen=True)
class Exploding(Learner):
    """Ten times more with every step."""

    def train(self, panel: Panel) -> Model:
        return ExplodingModel()


@dataclass(frozen=True, eq=False)
class ExplodingModel(Model):
    @property
    def needs(self) -> Needs:
        return Needs(lookback=1)

    def predict(self, state: State, future: State) -> State:
        xp, horizon = namespace(state["target"]), future["time"].shape[1]
        grown = state["target"][:, -1:] * (10.0 ** np.arange(1, horizon + 1))[None, :]
        return {"forecast": grown, "lo80": xp.zeros_like(grown), "hi80": grown * 10.0}


def years(values: np.ndarray) -> Panel:
    stamps = pd.date_range("2000-01-01", periods=len(values), freq="D")
    return Panel.read(pd.DataFrame({"day": stamps, "sales": values}), time="day", target="sales", freq="D")


@pytest.mark.filterwarnings("ignore:overflow")
def test_what_no_number_can_hold_is_named() -> None:
    y = years(np.linspace(50, 60, 40))
    found = Exploding().fit(y).forecast(y, 310)
    assert [(f.kind, f.status) for f in found.findings] == [("infinite_forecast", "alerted")]
    assert np.isinf(found.columns["forecast"]).any()
    assert not Exploding().fit(y).forecast(y, 5).findings
    assert not Bounded(Exploding(), 310, 1).fit(y).forecast(y, 310).findings.of("infinite_forecast")


def test_an_explosion_is_held_and_named() -> None:
    y = np.cumsum(np.random.default_rng(0).normal(size=200)) + 50
    found = Bounded(Exploding(), horizon=8, season=1).fit(years(y)).forecast(years(y), 8)
    changes = [np.abs(y[k:] - y[:-k]).max() for k in (1, 2, 4, 8)]
    steps = np.arange(1, 9)
    growth = [[c * np.sqrt(s / k) if s >= k else 0 for s in steps] for k, c in zip((1, 2, 4, 8), changes, strict=True)]
    np.testing.assert_allclose(found.columns["forecast"], y[-1] + np.max(growth, axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.columns["hi80"], y[-1] + 2 * np.max(growth, axis=0), rtol=1e-12)
    (remark,) = found.findings.of("bounded")
    assert remark.count == 8
    assert remark.status == "fixed"
    assert "2000-07-19" in remark.message


def test_what_several_parts_say_is_told_once() -> None:
    y = years(np.linspace(50, 60, 40))
    held = Bounded(Exploding(), 8, season=1)
    found = fc.Blend((held, fc.Clipped(held))).fit(y).forecast(y, 8)
    assert len(found.findings.of("bounded")) == 1
    flat = years(np.full(40, 7.0))
    model = fc.Blend((fc.AutoEts(7), fc.AutoEts(7, levels=(80,)))).fit(flat)
    assert len(reported(model)) == 1


def test_beyond_the_horizon_the_rails_grow_like_a_root() -> None:
    y = np.sin(np.arange(300) * 0.7) * 3 + np.random.default_rng(1).normal(size=300)
    model = Bounded(Exploding(), horizon=4, season=1).fit(years(y + 100))
    away = model.forecast(years(y + 100), 64).columns["forecast"] - (y[-1] + 100)
    assert away[63] == pytest.approx(max(away[3] * 4, away[0] * 8), rel=1e-9)


def test_the_rails_leave_good_forecasts_alone() -> None:
    whole = panel()
    before, after = continued(whole, HORIZON)
    plain = LINEAR.fit(before).forecast(before, HORIZON, after)
    held = Bounded(LINEAR, HORIZON, widest=1.5).fit(before).forecast(before, HORIZON, after)
    np.testing.assert_array_equal(plain.columns["forecast"], held.columns["forecast"])
    assert len(held.findings.of("bounded")) == 0


def test_the_rails_are_in_the_graph(tmp_path: Path) -> None:
    whole = panel()
    before, after = continued(whole, HORIZON)
    model = Bounded(fc.Ets(season=7), HORIZON, 7, widest=0.2).fit(before)
    state = model.state(before)
    for at in range(HORIZON):
        state = model.advance(state, row(after, at))
    for name, values in model.state(whole).items():
        np.testing.assert_allclose(state[name], values, rtol=1e-9, err_msg=name)
    check = fc.to_onnx(model, tmp_path / "model.onnx", HORIZON)
    assert check["worst_relative_difference"] <= 1e-9
    assert len(model.forecast(before, HORIZON, after).findings.of("bounded")) > 0
    known = later(whole)
    scored = fc.score(tmp_path / "model.onnx", pd.concat([whole.frame(), known]))
    expected = model.forecast(whole, HORIZON, known).columns["forecast"]
    np.testing.assert_allclose(scored["forecast"], expected, rtol=1e-9)


def test_a_constant_series_stays_constant_and_a_short_one_has_room() -> None:
    flat = years(np.full(40, 7.0))
    assert (Bounded(Exploding(), 5, 1).fit(flat).forecast(flat, 5).columns["forecast"] == 7.0).all()
    short = years(np.array([2.0, 3.0, 2.5]))
    assert Bounded(Exploding(), 5, 1).fit(short).forecast(short, 1).columns["forecast"][0] == 2.5 + 3.0


def test_settings_that_make_no_sense_are_refused() -> None:
    for wrong, word in ((Bounded(LINEAR, 0), "horizon"), (Bounded(LINEAR, 3, 0), "season"),
                        (Bounded(LINEAR, 3, 7, 0.0), "widest")):  # fmt: skip
        with pytest.raises(ValueError, match=word):
            wrong.fit(panel())


# ---- waves -----------------------------------------------------------------------------------------


def test_harmonic_finds_long_seasons(tmp_path: Path) -> None:
    """Two seasons, one of them longer than any lag: what is left is the noise."""
    row = np.arange(900)
    rng = np.random.default_rng(2)
    y = 20 + 3 * np.sin(2 * np.pi * row / 7) + 6 * np.cos(2 * np.pi * row / 365.25) + rng.normal(size=900) * 0.3
    before, came = years(y[:800]), y[800:]
    for order in ((1, 1), None):
        model = Harmonic((7, 365.25), order, fc.HistoricAverage(levels=(80,))).fit(before)
        found = model.forecast(before, 100).columns
        assert np.sqrt(np.mean((found["forecast"] - came) ** 2)) < 0.36
        assert 0.7 < np.mean((came > found["lo80"]) & (came < found["hi80"])) < 0.9
    assert fc.to_onnx(model, tmp_path / "model.onnx", 100)["worst_relative_difference"] <= 1e-9
    state = model.state(before)
    for value in came:
        state = model.advance(state, {"target": np.array([value])})
    for name, values in model.state(years(y)).items():
        np.testing.assert_allclose(state[name], values, rtol=1e-9, err_msg=name)


def test_harmonic_leaves_out_what_a_series_is_too_short_for() -> None:
    model = Harmonic((7, 365.25), (2, 2), LINEAR).fit(panel())
    assert "leaves out those of 365.25 rows" in model.report[0]  # type: ignore[attr-defined]
    found = model.forecast(panel(), HORIZON, later(panel()))
    assert np.isfinite(found.columns["forecast"]).all()
    for wrong, word in ((Harmonic((1.0,)), "season"), (Harmonic((7.0, 30.0), (1,)), "order")):
        with pytest.raises(ValueError, match=word):
            wrong.fit(panel())


# ---- intermittent series ---------------------------------------------------------------------------


def sparse() -> Panel:
    """A smooth series, an erratic one, an intermittent one and a lumpy one."""
    rng = np.random.default_rng(3)
    there = rng.random((2, 120)) < 0.3
    values = [
        20 + rng.normal(size=120),
        rng.lognormal(0, 1.2, 120),
        there[0] * 4.0,
        there[1] * rng.lognormal(0, 1.5, 120),
    ]
    stamps = pd.date_range("2023-01-01", periods=120, freq="D")
    parts = [pd.DataFrame({"item": n, "day": stamps, "sales": v}) for n, v in zip("abcd", values, strict=True)]
    return Panel.read(pd.concat(parts), "item", time="day", target="sales")


def test_intermittent_series_are_recognised_and_routed(tmp_path: Path) -> None:
    whole = sparse()
    assert [CLASSES[k] for k in classified(whole)] == list(CLASSES)
    model = Intermittent(fc.Ets(season=7), fc.RollingOrigin(7, folds=2)).fit(whole)
    assert "1 intermittent series" in model.report[0]  # type: ignore[attr-defined]
    found = model.forecast(whole, 7).columns["forecast"].reshape(4, 7)
    smooth = whole.where(np.array([0, 1]))
    plain = fc.Ets(season=7).fit(smooth).forecast(smooth, 7).columns["forecast"]
    np.testing.assert_array_equal(found[:2].ravel(), plain)
    assert (found[2:].std(axis=1) < 1e-12).all()
    check = fc.to_onnx(model, tmp_path / "model.onnx", 7)
    assert check["worst_relative_difference"] <= 1e-9
    fc.save(model, tmp_path / "model")
    again = fc.load(tmp_path / "model").forecast(whole, 7).columns["forecast"]
    np.testing.assert_array_equal(again.reshape(4, 7), found)


def test_too_little_history_for_folds_takes_the_first_learner() -> None:
    short = sparse().tail(6).where(np.array([2, 3]))
    learner = Intermittent(fc.Naive(), fc.RollingOrigin(7, folds=2), of=(fc.Tsb(),))
    model = learner.fit(short.with_columns(sales=np.array([0, 3.0, 0, 0, 3, 0] * 2)))
    assert "are forecast by Tsb: " in model.report[0]  # type: ignore[attr-defined]
