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
from learners.bounded import Bounded
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
