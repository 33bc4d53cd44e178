"""Recipes: data, TOML and Python source give back the same recipe."""

from __future__ import annotations

import tomllib
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurizers import Features, Known, Lags
from forecast import PerGroup, RollingOrigin, Sweep, recipes
from forecast.recipes import build, describe, from_toml, to_toml, write_toml
from forecast.source import to_python
from learners import Recursive, SeasonalNaive

EXAMPLES = [
    SeasonalNaive(12),
    Lags((1, 7, 14)),
    Features((Lags((1,)), Known(("Price", "Lags")))),
    Recursive("lightgbm", (Lags((1, 2)), Known(("Price",)))),
]


@pytest.mark.parametrize("recipe", EXAMPLES, ids=repr)
@pytest.mark.parametrize("full", [False, True])
def test_a_recipe_comes_back_from_data_and_from_toml(recipe: object, full: bool) -> None:
    assert build(describe(recipe, full)) == recipe
    assert from_toml(to_toml(recipe, full=full)) == recipe


@pytest.mark.parametrize("recipe", EXAMPLES, ids=repr)
def test_python_source_makes_the_same_recipe(recipe: object) -> None:
    source = to_python(recipe)
    *imports, body = source.split("\n\n", 1)
    scope: dict[str, object] = {}
    exec(imports[0], scope)  # the test, not the product, runs what it printed
    assert eval(body, scope) == recipe
    assert max(map(len, source.splitlines())) <= 120


def test_data_reads_as_it_is_written() -> None:
    recipe = Recursive("lightgbm", (Lags((1, 2)),))
    assert describe(recipe) == {"Recursive": {"regressor": "lightgbm", "features": [{"Lags": {"lags": [1, 2]}}]}}


def test_short_forms() -> None:
    assert build({"Lags": [1, 7]}) == Lags((1, 7))
    assert build({"SeasonalNaive": 12}) == SeasonalNaive(12)
    assert build("Naive") == build({"Naive": {}}) == SeasonalNaive(1)
    assert build(["Naive", {"SeasonalNaive": 7}]) == (SeasonalNaive(1), SeasonalNaive(7))


def test_a_column_that_is_called_like_a_part_stays_text() -> None:
    recipe = Known(("Lags", "Naive"))
    assert build(describe(recipe)) == recipe


def test_one_learner_under_a_name_of_its_own_comes_back() -> None:
    for recipe in (
        Sweep({"mine": SeasonalNaive(7)}, on=RollingOrigin(7)),
        PerGroup({"shop=a": Recursive("ridge", (Lags((1,)),))}, by=("shop",)),
    ):
        assert from_toml(to_toml(recipe)) == recipe
    with pytest.raises(ValueError, match="no part called 'Naiv': did you mean 'Naive'"):
        build({"Sweep": {"of": {"Naiv": {}}, "on": {"RollingOrigin": 7}}})


def test_foreign_estimators_go_by_their_public_name() -> None:
    from sklearn.linear_model import Ridge

    data = describe(Recursive(Ridge(alpha=2.5), (Lags((1,)),)))
    assert data["Recursive"]["regressor"] == {"sklearn.linear_model.Ridge": {"alpha": 2.5}}
    again = build(tomllib.loads(write_toml(data)))
    assert isinstance(again.regressor, Ridge)
    assert again.regressor.get_params() == Ridge(alpha=2.5).get_params()
    assert "from sklearn.linear_model import Ridge" in to_python(again)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"Lagz": [1]}, "no part called 'Lagz': did you mean 'Lags'"),
        ({"seasonalnaive": 1}, "did you mean 'SeasonalNaive'"),
        ({"Lags": {"lag": [1]}}, "'Lags' has no setting 'lag': did you mean 'lags'"),
        ({"SeasonalNaive": {}}, "'SeasonalNaive' cannot be made"),
        ({"Naive": {"season": 3}}, "'Naive' has no setting 'season'"),
        ({"os.system": "true"}, "no part called 'os.system'"),
        ({"sklearn.utils.os.system": "true"}, "no estimator|not an estimator"),
        ({"sklearn.linear_model.Rigde": {}}, "no estimator"),
        ({"sklearn.__builtins__.eval": "1"}, "not the public name"),
        ({"Panel": {}}, "holds data"),
    ],
)
def test_what_cannot_be_built_is_answered(data: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(data)


def test_nesting_has_an_end() -> None:
    data: object = [1]
    for _ in range(500):
        data = [data]
    with pytest.raises(ValueError, match="nested more than"):
        build({"Lags": {"lags": data}})


def test_what_is_no_part_cannot_be_written() -> None:
    with pytest.raises(ValueError, match=r"Recursive.regressor is a builtins.object"):
        describe(Recursive(object(), (Lags((1,)),)))
    with pytest.raises(ValueError, match="not text"):
        describe({1: 2})


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_any_setting_comes_back(value: object) -> None:
    recipe = Known((value,))  # type: ignore[arg-type]
    assert build(describe(recipe)) == recipe


def test_numbers_of_numpy_become_plain() -> None:
    assert describe(Lags((np.int64(3),))) == {"Lags": {"lags": [3]}}  # type: ignore[arg-type]
    assert describe([np.float64(0.5), np.array([1, 2]), date(2020, 1, 2)]) == [0.5, [1, 2], date(2020, 1, 2)]


def test_none_survives_toml() -> None:
    assert from_toml(write_toml({"learner": {"Lags": {"lags": [1, {"None": {}}]}}})) == Lags((1, None))  # type: ignore[arg-type]
    assert from_toml(write_toml({"learner": describe(Known((None, "a")))})) == Known((None, "a"))  # type: ignore[arg-type]


def test_every_public_name_can_be_looked_up() -> None:
    import featurizers
    import learners

    held = {"Panel", "Finding", "Findings", "Explanation"}  # data, which no recipe is made of
    for name in sorted({*dir(featurizers), *dir(learners)} - held):
        if name[0].isupper():
            assert callable(recipes.constructor(name))
