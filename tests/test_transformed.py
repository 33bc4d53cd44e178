"""Transformed: forecasts on the target's own scale, in Python and in the graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.arrays import State
from featurizers.ewm import Ewm
from featurizers.expanding import Expanding
from featurizers.features import untagged
from featurizers.featurizer import Needs
from featurizers.known import Known
from featurizers.lags import Lags
from featurizers.missing import Missing
from featurizers.panel import Panel
from featurizers.series_id import SeriesId
from forecast.export import to_onnx
from learners.blend import Blend
from learners.bounded import Bounded
from learners.harmonic import Harmonic, HarmonicModel
from learners.learner import Learner, Model
from learners.naive import SeasonalNaive, last_value
from learners.otherwise import Otherwise, OtherwiseModel
from learners.recursive import Recursive
from learners.transformed import Transformed
from learners.transforms import BoxCox, Difference, Log1p, Scale, SeasonalDifference, Transform
from tests.examples import HORIZON, continued, panel
from tests.panels import daily

FIXED: list[Transform] = [
    Log1p(), BoxCox(), Difference(), Difference(2), SeasonalDifference(7), Scale(), Scale("robust"), Scale("mean"),
]  # fmt: skip
FLOATING: list[Transform] = [Scale("standard", "window", 14), Scale("robust", "window", 14), Scale("mean", "window", 7)]


def ridge() -> Recursive:
    from sklearn.linear_model import Ridge

    return Recursive(Ridge(), (Lags((1, 2, 7)), Known(("promo",))))


def naive() -> SeasonalNaive:
    return SeasonalNaive(7)


def carrying() -> Recursive:
    """A learner that keeps memory of its own."""
    from sklearn.linear_model import Ridge

    return Recursive(Ridge(), (Missing(Lags((1, 7)), "ffill"), SeriesId(onehot=True)))


@dataclass(frozen=True)
class Drift(Learner):
    """A learner with bands: the last value, a mean change up and down."""

    def train(self, panel: Panel) -> DriftModel:
        return DriftModel(float(np.nanmean(np.abs(np.diff(panel.y)))))


@dataclass(frozen=True, eq=False)
class DriftModel(Model):
    width: float

    @property
    def needs(self) -> Needs:
        return Needs(lookback=9)

    def predict(self, state: State, future: State) -> State:
        flat = last_value(state["target"])[:, None] + 0.0 * future["time"]
        return {"forecast": flat, "lo80": flat - self.width, "hi80": flat + self.width}


CASES = [(make, t) for make in (ridge, naive, Drift) for t in [*FIXED, *FLOATING]] + [(carrying, t) for t in FIXED]


@pytest.mark.parametrize(("make", "transform"), CASES, ids=lambda v: getattr(v, "__name__", repr(v)))
def test_the_graph_is_predict_and_memory_moves_on(
    make: Callable[[], Learner], transform: Transform, tmp_path: Path
) -> None:
    before, after = continued(panel(), HORIZON)
    learner = make()
    model = Transformed(learner, transform).fit(before)
    assert to_onnx(model, tmp_path / "model.onnx", HORIZON)["worst_relative_difference"] <= 1e-9
    outputs = model.forecast(before, HORIZON, after).columns
    assert all(np.isfinite(v).all() for v in outputs.values())
    if "lo80" in outputs:
        assert (outputs["lo80"] <= outputs["forecast"]).all()
        assert (outputs["forecast"] <= outputs["hi80"]).all()
    state = model.state(before)
    for at in range(HORIZON):
        index = after.indptr[:-1] + at
        now = {"target": after.y[index]} | {n: after.column(n)[index] for n in ("time", *after.columns)}
        state = model.advance(state, now)
    for name, values in model.state(panel()).items():
        np.testing.assert_allclose(state[name], values, rtol=1e-12, atol=1e-12, err_msg=name)


def test_what_grows_evenly_is_forecast_exactly() -> None:
    t = np.arange(48.0)
    straight, curved, percent = 5 + 3 * t, 2 + t**2, 7 * 1.02**t
    cycle = np.tile([1.0, 5, 2, 8], 12) + 0.5 * t
    ahead = np.arange(48, 60.0)

    def ends(learner: Learner, values: np.ndarray) -> np.ndarray:
        panel = daily(values, values[8:])
        return learner.fit(panel).forecast(panel, 12).columns["forecast"].reshape(2, 12)

    flat = SeasonalNaive(1)
    first = Transformed(flat, Difference())
    np.testing.assert_allclose(ends(first, straight), [5 + 3 * ahead] * 2, rtol=1e-12)
    np.testing.assert_allclose(ends(Transformed(flat, Difference(2)), curved), [2 + ahead**2] * 2, rtol=1e-12)
    np.testing.assert_allclose(ends(Transformed(first, BoxCox(0.0)), percent), [7 * 1.02**ahead] * 2, rtol=1e-12)
    want = np.tile([1.0, 5, 2, 8], 3) + 0.5 * ahead
    np.testing.assert_allclose(ends(Transformed(flat, SeasonalDifference(4)), cycle), [want] * 2, rtol=1e-12)
    twice = Transformed(Transformed(flat, Difference()), SeasonalDifference(4))
    np.testing.assert_allclose(ends(twice, cycle), [want] * 2, rtol=1e-12)
    signed = np.sign(cycle - 10) * np.expm1(np.abs(cycle - 10) / 4)
    got = ends(Transformed(SeasonalNaive(4), Log1p(signed=True)), signed)
    np.testing.assert_allclose(got, [np.tile(signed[-4:], 3)] * 2, rtol=1e-12)


def test_a_floating_scale_holds_nothing_that_is_kept() -> None:
    for transform in FLOATING:
        with pytest.raises(ValueError, match="Recursive, which keeps more"):
            Transformed(carrying(), transform).fit(panel())


def test_nested_transforms_export(tmp_path: Path) -> None:
    before, _ = continued(panel(), HORIZON)
    nested = Transformed(Transformed(Transformed(carrying(), Difference()), Scale()), Log1p())
    to_onnx(nested.fit(before), tmp_path / "model.onnx", HORIZON)


def test_a_series_that_was_not_in_training_is_scaled_by_its_history() -> None:
    whole = daily(np.tile([1.0, 2, 3], 10), np.tile([100.0, 200, 300], 10))
    model = Transformed(SeasonalNaive(3), Scale()).fit(whole.where(np.array([0])))
    np.testing.assert_allclose(model.forecast(whole, 3).columns["forecast"], [1, 2, 3, 100, 200, 300])


@pytest.mark.parametrize("how", ["standard", "robust", "mean"])
def test_a_graph_measures_new_series_as_their_rows_come(how: str, tmp_path: Path) -> None:
    before, after = continued(panel(), HORIZON)
    plain = Recursive("ridge", (Lags((1, 2, 7)), Known(("promo",))))
    model = Transformed(Transformed(plain, Scale(how)), Difference()).fit(before.where(np.arange(4)))  # type: ignore[arg-type]
    to_onnx(model, tmp_path / "model.onnx", HORIZON)
    new, known = before.where(np.array([4, 5])), after.where(np.array([4, 5])).frame().assign(sales=np.nan)
    scored = fc.score(tmp_path / "model.onnx", pd.concat([new.frame(), known]))
    np.testing.assert_allclose(scored["forecast"], model.forecast(new, HORIZON, known).columns["forecast"], rtol=1e-9)


@pytest.mark.parametrize("how", ["standard", "robust", "mean"])
def test_new_series_are_measured_again_as_their_rows_come(how: str) -> None:
    """What rolls over a series that was not in training is what is forecast from its rows up to each origin."""
    rng = np.random.default_rng(1)
    whole = daily(*(level + 3 * np.arange(150) + rng.normal(size=150) for level in (5.0, 20, 90)))
    plain = Recursive("ridge", (Lags((1, 2)),))
    model = Transformed(plain, Scale(how)).fit(whole.where(np.arange(2)))  # type: ignore[arg-type]
    new = whole.where(np.array([2]))
    rolled = fc.rolling_forecast(model, new, 2, step=7)
    for cutoff, part in rolled.groupby("cutoff"):
        known = new.rows(new.times <= pd.Timestamp(str(cutoff)).to_datetime64())
        np.testing.assert_allclose(part["forecast"], model.forecast(known, 2).columns["forecast"], rtol=1e-9)


@pytest.mark.parametrize("lags", [(1, 2, 7), (1, 120)])
def test_no_fall_back_for_new_series_in_units_of_quartiles(lags: tuple[int, ...], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    whole = daily(*(level + np.arange(200) % 7 + rng.normal(size=200) for level in (5.0, 20, 90, 400)))
    mended = Otherwise(Transformed(Recursive("ridge", (Lags(lags),)), Scale("robust")), SeasonalNaive(7))
    model = mended.fit(whole.where(np.arange(2)))
    to_onnx(model, tmp_path / "model.onnx", HORIZON)
    assert isinstance(model, OtherwiseModel)
    new = whole.where(np.arange(2, 4))
    inner = model.models[0].predict(untagged("m0", model.state(new)), new.future(HORIZON).matrix())["forecast"]
    want = model.forecast(new, HORIZON).columns["forecast"]
    np.testing.assert_allclose(want, inner.ravel(), rtol=1e-12)
    np.testing.assert_allclose(fc.score(tmp_path / "model.onnx", new.frame())["forecast"], want, rtol=1e-9)
    np.testing.assert_allclose(model.forecast(new.tail(130), HORIZON).columns["forecast"], want, rtol=1e-12)


def keeping() -> Recursive:
    """A learner that keeps of a series what no window holds."""
    return Recursive("ridge", (Lags((1, 7)), Expanding(("mean", "std")), Ewm(0.2)))


AROUND: list[Callable[[Learner], Learner]] = [
    lambda learner: learner,
    lambda learner: Otherwise(learner, SeasonalNaive(7)),
    lambda learner: Bounded(Blend((learner, Transformed(keeping(), Log1p()))), HORIZON, 7),
    lambda learner: Transformed(learner, Difference()),
    lambda learner: Transformed(Transformed(learner, SeasonalDifference(7)), Scale("mean")),
    lambda learner: Harmonic((7,), learner=learner),
]


@pytest.mark.parametrize("make", AROUND)
@pytest.mark.parametrize("transform", [Scale(), Scale("robust"), Scale("mean")], ids=repr)
def test_new_series_of_learners_that_keep_more_than_a_window(
    transform: Scale, make: Callable[[Learner], Learner], tmp_path: Path
) -> None:
    """They are measured as a whole in the graph too, before their first row is remembered."""
    whole = panel().with_columns(sales=panel().y + 10.0)  # positive, longer than 100 rows, with missing values
    long = daily(*(np.tile(whole.y[whole.owner == i], 2) for i in range(6)))
    model = make(Transformed(keeping(), transform)).fit(long.where(np.arange(4)))
    to_onnx(model, tmp_path / "model.onnx", HORIZON)
    want = model.forecast(long, HORIZON).columns["forecast"]
    if not isinstance(model, HarmonicModel):  # which has waves of its own for each series
        assert np.isfinite(want).all()
    scored = fc.score(tmp_path / "model.onnx", long.frame(), strict=False)["forecast"]
    np.testing.assert_allclose(scored, want, rtol=1e-9)


@pytest.mark.parametrize("how", ["standard", "robust", "mean"])
def test_rolling_forecasts_of_new_series_are_in_units_of_all_rows_known(how: str) -> None:
    rng = np.random.default_rng(0)
    trained = daily(*(20 * (i + 1) + 3 * (i + 1) * rng.normal(size=60) for i in range(4)))
    new = daily(50 + 8 * rng.normal(size=30))
    new = replace(new, ids=new.ids + 9)
    model = Transformed(Recursive("ridge", (Lags((1, 2)), Expanding("mean"))), Scale(how)).fit(trained)  # type: ignore[arg-type]
    found = fc.rolling_forecast(model, new, 2, step=5, inside=True)
    for k in range(2, 29, 5):
        alone = model.forecast(new.rows(new.position < k), 2).columns["forecast"]
        np.testing.assert_allclose(found[found["cutoff"] == new.frame()["day"][k - 1]]["forecast"], alone, rtol=1e-9)


@pytest.mark.parametrize("first", [np.full(30, np.nan), np.zeros(0)], ids=["missing", "empty"])
def test_what_a_learner_keeps_does_not_hang_on_the_values_of_the_first_series(first: np.ndarray) -> None:
    values, found = 100.0 + np.arange(30.0) ** 2, []
    for training in (daily(first, values), daily(values, values)):
        model = Transformed(fc.HistoricAverage(), Scale()).fit(training)
        new = replace(training.where(np.array([1])), ids=pd.DataFrame({"id": [9]}))
        state = model.state(new.rows(new.position < 20))
        for row in range(20, 30):
            state = model.advance(state, {"target": new.y[[row]], "time": new.column("time")[[row]]})
        found.append(model.predict(state, {"time": np.zeros((1, 1))})["forecast"])
    np.testing.assert_array_equal(*found)
