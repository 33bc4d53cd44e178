"""What every featurizer and every learner promises, over one example of each. No exemptions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.arrays import State
from featurizers.featurizer import Featurizer
from featurizers.panel import Panel
from forecast.recipes import build, describe, from_toml, to_toml
from learners.learner import Learner, Model
from tests.examples import FEATURIZERS, HORIZON, LEARNERS, continued, panel


def label(part: object) -> str:
    return repr(part)[:60]


every_featurizer = pytest.mark.parametrize("featurizer", FEATURIZERS, ids=label)
every_learner = pytest.mark.parametrize("learner", range(len(LEARNERS)), ids=[label(part) for part in LEARNERS])
_models: dict[int, Model] = {}


def fitted(at: int) -> Model:
    """The example's model, trained once for all tests on the panel without its last week."""
    if at not in _models:
        _models[at] = LEARNERS[at].fit(continued(panel(), HORIZON)[0])
    return _models[at]


def seen(featurizer: Featurizer, before: Panel) -> State:
    """The state that a model would hand to the featurizer after the rows of `before`."""
    needs = featurizer.needs
    windows = {name: before.window(name, needs.lookback) for name in needs.past}
    return {"target": before.window(before.target, needs.lookback)} | windows | featurizer.memory(before)


def row(whole: Panel, at: int) -> State:
    """Row `at` of every series, as `now`."""
    index = whole.indptr[:-1] + at
    return {"target": whole.y[index]} | {n: whole.column(n)[index] for n in ("time", *whole.columns)}


# ---- featurizers --------------------------------------------------------------------------------


@every_featurizer
def test_step_agrees_with_transform(featurizer: Featurizer) -> None:
    whole = panel()
    part = featurizer.resolve(whole)
    matrix = part.transform(whole)
    assert matrix.shape == (len(whole), len(part.names()))
    for at in (1, 3, 15, 31, 56):
        before = whole.rows(whole.position < at)
        stepped = part.step(seen(part, before), row(whole, at))
        np.testing.assert_allclose(stepped, matrix[whole.indptr[:-1] + at], rtol=1e-9, atol=1e-9)


@every_featurizer
def test_remember_agrees_with_memory(featurizer: Featurizer) -> None:
    whole = panel()
    part = featurizer.resolve(whole)
    state = seen(part, whole.rows(whole.position < 20))
    for at in range(20, 25):
        now = row(whole, at)
        state = seen(part, whole.rows(whole.position < at)) | part.remember(state, now)
        for name, values in part.memory(whole.rows(whole.position <= at)).items():
            np.testing.assert_allclose(state[name], values, rtol=1e-9, atol=1e-9)


@every_featurizer
def test_no_feature_sees_its_own_or_a_later_target(featurizer: Featurizer) -> None:
    whole = panel()
    part = featurizer.resolve(whole)
    for at in (20, 56):
        late = whole.position >= at
        changed = {n: np.where(late, 1e6, whole.columns[n]) for n in ("sales", "visits")}
        early = whole.position <= at
        np.testing.assert_array_equal(
            part.transform(whole)[early], part.transform(whole.with_columns(**changed))[early]
        )


@every_featurizer
def test_resolving_twice_changes_nothing(featurizer: Featurizer) -> None:
    once = featurizer.resolve(panel())
    assert repr(once.resolve(panel())) == repr(once)
    assert len(once.names()) == len(set(once.names()))


# ---- learners -----------------------------------------------------------------------------------


@every_learner
def test_forecast_has_every_row_and_is_finite(learner: int) -> None:
    whole = panel()
    before, after = continued(whole, HORIZON)
    future = fitted(learner).forecast(before, HORIZON, after)
    assert future.count == whole.count
    assert (future.lengths == HORIZON).all()
    np.testing.assert_array_equal(future.times, after.times)
    for values in future.columns.values():
        assert np.isfinite(values).all()


@every_learner
def test_fitting_leaves_the_recipe_as_it_was(learner: int) -> None:
    recipe = LEARNERS[learner]
    before = repr(recipe)
    fitted(learner)
    assert repr(recipe) == before


@every_learner
def test_two_fits_share_nothing(learner: int) -> None:
    before, after = continued(panel(), HORIZON)
    model = fitted(learner)
    first = model.forecast(before, HORIZON, after).columns
    other = panel(1)
    LEARNERS[learner].fit(other.with_columns(sales=other.y * 10))
    second = model.forecast(before, HORIZON, after).columns
    for name, values in first.items():
        np.testing.assert_array_equal(second[name], values)


@every_learner
def test_the_same_data_gives_the_same_bytes(learner: int, tmp_path: Path) -> None:
    before, _ = continued(panel(), HORIZON)
    fc.save(fitted(learner), tmp_path / "a")
    fc.save(LEARNERS[learner].fit(before), tmp_path / "b")
    files = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert files == sorted(p.name for p in (tmp_path / "b").iterdir())
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


@every_learner
def test_save_and_load_change_nothing(learner: int, tmp_path: Path) -> None:
    before, after = continued(panel(), HORIZON)
    fc.save(fitted(learner), tmp_path / "model")
    loaded = fc.load(tmp_path / "model").forecast(before, HORIZON, after)
    for name, values in fitted(learner).forecast(before, HORIZON, after).columns.items():
        np.testing.assert_array_equal(loaded.columns[name], values)


@every_learner
def test_advancing_agrees_with_starting_over(learner: int) -> None:
    whole = panel()
    before, after = continued(whole, HORIZON)
    model = fitted(learner)
    state = model.state(before)
    for at in range(HORIZON):
        state = model.advance(state, row(after, at))
    for name, values in model.state(whole).items():
        np.testing.assert_allclose(state[name], values, rtol=1e-7, atol=1e-7, err_msg=name)


@every_learner
def test_one_series_alone_is_forecast_as_in_a_crowd(learner: int) -> None:
    """The model is the crowd's; what it forecasts for a series does not depend on who else is in the table."""
    before, after = continued(panel(), HORIZON)
    together = fitted(learner).forecast(before, HORIZON, after).columns
    for i in (0, 4):
        alone = fitted(learner).forecast(before.where(np.array([i])), HORIZON, after.where(np.array([i]))).columns
        for name, values in together.items():
            np.testing.assert_allclose(alone[name], values.reshape(-1, HORIZON)[i], rtol=1e-9, err_msg=name)


@every_learner
def test_the_graph_agrees_with_predict(learner: int, tmp_path: Path) -> None:
    """Scored from a table, at the end of training and a week of new observations later."""
    model, path = fitted(learner), tmp_path / "model.onnx"
    check = fc.to_onnx(model, path, HORIZON)
    assert check["worst_relative_difference"] <= check["tolerance"]
    whole = panel()
    for history in (continued(whole, HORIZON)[0], whole):
        next_known = later(history)
        expected = model.forecast(history, HORIZON, next_known).columns
        scored = fc.score(path, pd.concat([history.frame(), next_known]))
        for name, values in expected.items():
            size = np.abs(values).max()
            np.testing.assert_allclose(scored[name], values, rtol=0, atol=check["tolerance"] * size, err_msg=name)
    strange, next_known = renamed(whole), later(renamed(whole))  # a forecast of the graph is that of Python, or missing
    scored = fc.score(path, pd.concat([strange.frame(), next_known]), strict=False)
    for name, values in model.forecast(strange, HORIZON, next_known).columns.items():
        apart = np.abs(scored[name] - values) > check["tolerance"] * np.nanmax(np.abs(values), initial=0.0)
        assert not (apart | (np.isnan(values) & ~np.isnan(scored[name]))).any(), name


@pytest.mark.parametrize("part", [*FEATURIZERS, *LEARNERS], ids=label)
def test_a_recipe_is_data_and_comes_back(part: object) -> None:
    assert build(describe(part)) == part
    assert from_toml(to_toml(part)) == part


def renamed(whole: Panel) -> Panel:
    """The same series as others that training has not seen."""
    return replace(whole, ids=whole.ids.assign(store=whole.ids["store"] + 10))


def later(history: Panel) -> pd.DataFrame:
    """The rows after `history`, with their known columns."""
    rows = [history.where(np.array([i])).frame().tail(HORIZON) for i in range(history.count)]
    return pd.concat([r.assign(day=r["day"] + pd.Timedelta(days=HORIZON), sales=np.nan, visits=np.nan) for r in rows])


def test_every_public_part_has_an_example() -> None:
    import featurizers
    import learners

    shown = " ".join(repr(part) for part in [*FEATURIZERS, *LEARNERS])
    recipes = [getattr(p, n) for p in (featurizers, learners, fc) for n in p.__all__]
    parts = [r for r in recipes if isinstance(r, type) and issubclass(r, Featurizer | Learner)]
    assert parts
    assert not {p.__name__ for p in parts if f"{p.__name__}(" not in shown} - {"Learner", "Featurizer"}
