"""Saving: what comes back is what was saved, to the bit; a file never runs anything."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from featurizers import Features, Finding, Findings, Known, Lags, Panel
from featurizers.frequency import Frequency
from forecast import saving
from forecast.export import rehearsal
from forecast.retraining import refit
from forecast.saving import load, save
from learners import Blend, Bounded, Recursive, SeasonalNaive
from learners.learner import Model
from learners.naive import SeasonalNaiveModel

GOLDEN = Path(__file__).parent / "golden"


def panel(rows: int = 40) -> Panel:
    """Two monthly series under two keys, with a known column, a category and a static column."""
    generator = np.random.default_rng(3)
    times = np.datetime64("2015-01", "M") + np.arange(rows)
    return Panel(
        ids=pd.DataFrame({"Store": [2, 7], "Brand": ["tropicana", "dominicks"]}),
        indptr=np.array([0, rows, 2 * rows]),
        times=np.tile(times.astype("datetime64[s]"), 2),
        freq=Frequency("MS"),
        time="month",
        target="sales",
        columns={
            "sales": generator.normal(100, 10, 2 * rows),
            "Price": generator.normal(2, 0.1, 2 * rows),
            "Size": np.array([1.5, 2.5]),
            "Kind": generator.integers(0, 2, 2 * rows),
        },
        roles={"Price": "known", "Size": "static", "Kind": "past"},
        levels={"Kind": ("a", "b")},
        findings=Findings((Finding("gap", "fixed", "One month was missing.", series="Store=2", row=3),)),
    )


def models() -> list[Model]:
    from sklearn.linear_model import Ridge

    data = panel()
    linear = Recursive(Ridge(alpha=0.5), (Lags((1, 2, 12)), Known(("Price",))))
    return [SeasonalNaive(12).fit(data), linear.fit(data)]


@pytest.mark.parametrize("model", models(), ids=lambda m: type(m).__name__)
def test_forecasts_are_equal_to_the_bit(model: Model, tmp_path: Path) -> None:
    data = panel()
    known = rehearsal(data, 6)
    again = load(save(model, tmp_path / "model"))
    before, after = model.forecast(data, 6, known), again.forecast(data, 6, known)
    np.testing.assert_array_equal(before.columns["forecast"], after.columns["forecast"])
    pd.testing.assert_frame_equal(before.frame(), after.frame())
    assert type(again) is type(model)
    assert str(again.origin.tail.findings) == str(model.origin.tail.findings)  # type: ignore[union-attr]


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, model in (("a", models()[1]), ("b", models()[1])):
        save(model, tmp_path / name)
    for file in (saving.STRUCTURE, saving.ARRAYS):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_recipe_with_a_part_of_another_library_is_saved_not_at_all(tmp_path: Path) -> None:
    from sklearn.linear_model import Ridge

    data = panel()
    inside = Bounded(Recursive(Ridge(alpha=0.5), (Lags((1, 2)),)), 3)
    recipe = Blend((SeasonalNaive(np.array(12)), inside))  # type: ignore[arg-type]
    model = inside.fit(data)
    model = replace(model, origin=replace(model.origin, recipe=recipe))  # type: ignore[type-var]
    save(model, tmp_path / "m")
    assert load(tmp_path / "m").origin.recipe is None  # type: ignore[union-attr]
    written = json.loads((tmp_path / "m" / saving.STRUCTURE).read_text("utf-8"))
    with np.load(tmp_path / "m" / saving.ARRAYS) as arrays:
        assert all(f'"{name}"' in json.dumps(written) for name in arrays.files)
    with pytest.raises(ValueError, match=r"recipe of this .* could not be saved, as a part of it is not ours"):
        refit(tmp_path / "m", data)


def test_an_array_that_is_held_twice_is_kept_once(tmp_path: Path) -> None:
    array = np.arange(5.0)
    again = came_back((array, {"x": array}), tmp_path)
    assert again[0] is again[1]["x"]


def came_back(value: Any, tmp_path: Path) -> Any:
    """`value` after a round trip, inside a model."""
    shutil.rmtree(tmp_path / "m", ignore_errors=True)
    model = SeasonalNaiveModel(season=value)
    return load(save(model, tmp_path / "m")).season  # type: ignore[attr-defined]


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        if a.dtype == object:
            return a.shape == b.shape and all(map(same, a.ravel(), b.ravel()))
        return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(map(same, a.values(), b.values()))
    return bool(a == b or (a != a and b != b))


leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
    | hnp.arrays(st.sampled_from(["f4", "f8", "i8", "?", "M8[s]", "U3"]), hnp.array_shapes(max_dims=2, max_side=3))
)  # fmt: skip
keys = st.text() | st.integers() | st.just("$") | st.tuples(st.text(), st.integers())
trees = st.recursive(
    leaves,
    lambda t: st.lists(t, max_size=3) | st.lists(t, max_size=3).map(tuple) | st.dictionaries(keys, t, max_size=3),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None)
@given(trees)
def test_every_value_comes_back(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    assert same(came_back(value, tmp_path_factory.getbasetemp()), value)


@pytest.mark.parametrize(
    "value",
    [
        np.float32(1.5), np.datetime64("2020-01-01", "s"), np.zeros((0, 3)), np.array(2.5),
        np.array(["a", None, 1.5], object), (Lags((1, 2)), Frequency("W-THU")), -0.0,
    ],
    ids=repr,
)  # fmt: skip
def test_particular_values_come_back(value: Any, tmp_path: Path) -> None:
    assert same(came_back(value, tmp_path), value)


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
        pd.DataFrame({"a": ["x", None]}),
        pd.DataFrame({"day": pd.to_datetime(["2020-01-01", "2020-01-02"])}),
        pd.DataFrame(index=pd.RangeIndex(1)),
    ],
    ids=str,
)
def test_tables_of_keys_come_back(table: pd.DataFrame, tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(came_back(table, tmp_path), table)


# ---- what cannot be saved -------------------------------------------------------------------------


def test_what_has_no_numbers_is_named(tmp_path: Path) -> None:
    from sklearn.linear_model import Ridge

    model = replace(models()[1], regressor=(1.0, Ridge()))  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"model\.regressor\[1\] is a sklearn\.linear_model\._ridge\.Ridge"):
        save(model, tmp_path / "m")
    with pytest.raises(TypeError, match="Only a fitted model is saved, not a SeasonalNaive"):
        save(SeasonalNaive(3), tmp_path / "m")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="array of complex128"):
        save(SeasonalNaiveModel(season=np.zeros(1, complex)), tmp_path / "m")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_nothing_else_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match="not a saved model"):
        save(SeasonalNaiveModel(season=1), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_save_that_fails_leaves_the_older_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(SeasonalNaiveModel(season=3), tmp_path / "m")
    replaced, moves = os.replace, []

    def failing(source: Any, target: Any) -> None:
        moves.append(target)
        if len(moves) == 2:  # the new folder is about to come in
            raise OSError("disk full")
        replaced(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OSError, match="disk full"):
        save(SeasonalNaiveModel(season=4), tmp_path / "m")
    monkeypatch.undo()
    assert load(tmp_path / "m").season == 3  # type: ignore[attr-defined]
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


# ---- damaged and hostile files --------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return save(models()[1], tmp_path / "model")


def edit(folder: Path, **changes: Any) -> None:
    head = json.loads((folder / saving.STRUCTURE).read_text())
    (folder / saving.STRUCTURE).write_text(json.dumps(head | changes))


@pytest.mark.parametrize("file", [saving.STRUCTURE, saving.ARRAYS])
def test_a_missing_or_damaged_file_is_named(saved: Path, file: str) -> None:
    content = (saved / file).read_bytes()
    (saved / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=rf"{file}.*damaged"):
        load(saved)
    (saved / file).unlink()
    with pytest.raises(FileNotFoundError, match=file):
        load(saved)


def test_a_newer_format_is_said(saved: Path) -> None:
    edit(saved, format=99, library="7.0")
    with pytest.raises(ValueError, match=r"format 99, written by version 7\.0.*Update the library"):
        load(saved)


@dataclass(frozen=True)
class Outsider:
    size: int


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"$": "os:system", "command": "true"}, "not a part of this library"),
        ({"$": "tests.test_saving:Outsider", "size": 1}, "not a part of this library"),
        ({"$": "learners.naive:os.system"}, "not a part of this library"),
        ({"$": "learners.naive:Nothing"}, "this version does not have"),
        ({"$": "learners.nowhere:Thing"}, "this version does not have"),
        ({"$": "learners.learner:Model"}, "is not understood|cannot be made|abstract"),
        ({"$": "learners.naive:Array"}, "not a part that holds data|this version does not have"),
        ({"$": "forecast.saving:Any"}, "not a part that holds data"),
        ({"$": "featurizers.featurizer:Featurizer"}, "not a part that holds data"),
        ({"$": "learners.naive:SeasonalNaiveModel", "season": 1, "__class__": 2}, "field '__class__'"),
        ({"$": "learners.naive:SeasonalNaiveModel"}, "lacks the field 'season'"),
        ({"$": "learners.naive:SeasonalNaiveModel", "season": {"$": "eval"}}, "does not exist"),
        ({"$": "learners.naive:SeasonalNaiveModel", "season": {"$": "array", "name": "a99"}}, "not understood"),
        ({"$": "learners.naive:SeasonalNaiveModel", "season": {"$": "float", "value": "1"}}, "not understood"),
        ({"$": "learners.naive:SeasonalNaiveModel", "season": {"$": "dict", "items": [[{"$": "list", "items": []}, 1]]},
          }, "not understood"),
        ({"$": "featurizers.lags:Lags", "lags": [1]}, "holds a Lags, not a model"),
        ([], "holds a tuple"),
        (None, "holds a NoneType"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused(saved: Path, model: Any, message: str) -> None:
    edit(saved, model=model)
    with pytest.raises(ValueError, match=message):
        load(saved)


@pytest.mark.parametrize("depth", [1_000, 200_000])
def test_a_file_nested_without_end_is_refused(saved: Path, depth: int) -> None:
    digest = json.loads((saved / saving.STRUCTURE).read_text())["arrays"]
    text = f'{{"format": 1, "arrays": "{digest}", "model": {"[" * depth}{"]" * depth}}}'
    (saved / saving.STRUCTURE).write_text(text)
    with pytest.raises(ValueError, match=r"nested|not JSON"):
        load(saved)


def test_arrays_are_read_without_pickle(saved: Path) -> None:
    import hashlib

    np.savez(saved / saving.ARRAYS, a0=np.array([Outsider(1)], object))
    edit(saved, arrays=hashlib.sha256((saved / saving.ARRAYS).read_bytes()).hexdigest())
    with pytest.raises(ValueError, match="other than plain arrays"):
        load(saved)


def test_a_model_of_the_first_format_is_still_read() -> None:
    model = load(GOLDEN / "model_format_1")
    assert isinstance(model, Model)
    data = panel()
    forecast = model.forecast(data, 3, rehearsal(data, 3))
    golden = json.loads((GOLDEN / "model_format_1.json").read_text())
    np.testing.assert_allclose(forecast.columns["forecast"], golden, rtol=1e-12)


def test_features_inside_a_model_keep_their_settings(tmp_path: Path) -> None:
    features = Features((Lags((1, 2)), Known(("Price",))))
    assert came_back(features, tmp_path) == features
