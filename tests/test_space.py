"""Open settings: found, closed, written as data, and refused by fit."""

from __future__ import annotations

import pytest

from featurizers import Lags
from forecast.recipes import from_toml, to_toml
from learners import LightGBM, Recursive, SeasonalNaive
from learners.space import Between, Choose, check_closed, closed, openings

RATE = Between(0.01, 0.3, log=True, start=0.05)
RECIPE = Recursive(LightGBM(learning_rate=RATE), Choose(((Lags((1, 2)),), (Lags((1, 2, 7)),))))  # type: ignore[arg-type]


def test_open_settings_are_found_by_their_path() -> None:
    assert openings(RECIPE) == {"regressor.settings.learning_rate": RATE, "features": RECIPE.features}
    assert openings(SeasonalNaive(7)) == {}


def test_closing_takes_the_first_values_or_those_given() -> None:
    first = closed(RECIPE, {})
    assert first == Recursive(LightGBM(learning_rate=0.05), (Lags((1, 2)),))
    given = {"regressor.settings.learning_rate": 0.2, "features": RECIPE.features.options[1]}  # type: ignore[attr-defined]
    assert closed(RECIPE, given) == Recursive(LightGBM(learning_rate=0.2), (Lags((1, 2, 7)),))
    assert closed(given, {}) == given


def test_an_option_may_be_open_itself() -> None:
    nested = Choose((LightGBM(num_leaves=Between(7, 63, whole=True)), LightGBM()))
    assert list(openings(nested)) == ["", "options.0.settings.num_leaves"]
    assert closed(nested, {}) == LightGBM(num_leaves=35)
    assert closed(nested, {"": nested.options[0], "options.0.settings.num_leaves": 9}) == LightGBM(num_leaves=9)
    assert closed(nested, {"": nested.options[1]}) == LightGBM()


def test_a_recipe_that_was_written_and_read_closes_to_the_same_order_of_settings() -> None:
    mixed = LightGBM(learning_rate=RATE, objective="regression_l1", num_leaves=Between(7, 63, whole=True))
    read = from_toml(to_toml(mixed))  # what is open comes last in TOML
    assert list(read.settings) != list(mixed.settings)
    assert list(closed(read, {}).settings.items()) == list(closed(mixed, {}).settings.items())


@pytest.mark.parametrize("wrong", [Between(2, 1), Between(0, 1, log=True), Between(1, 2, start=3), Choose(())])
def test_a_range_that_is_none_is_refused(wrong: Between | Choose) -> None:
    with pytest.raises(ValueError, match=r"range|options"):
        _ = wrong.first


def test_an_open_recipe_says_what_is_open() -> None:
    with pytest.raises(ValueError, match=r"'regressor\.settings\.learning_rate'.*Sweep"):
        check_closed(RECIPE)
    check_closed(closed(RECIPE, {}))


def test_open_settings_are_written_as_toml_and_read_back() -> None:
    assert from_toml(to_toml(RECIPE)) == RECIPE
