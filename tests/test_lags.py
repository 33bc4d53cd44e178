"""Lags: what stands so many steps before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurizers.lags import Lags
from featurizers.panel import Panel
from tests.panels import daily, hostile, stepped


def test_a_lag_stays_in_its_series() -> None:
    nan = np.nan
    panel = daily([1, 2, 3], [4, 5], [], [6])
    expected = [[nan, nan], [1, nan], [2, 1], [nan, nan], [4, nan], [nan, nan]]
    np.testing.assert_array_equal(Lags((1, 2)).transform(panel), expected)


def test_a_season_multiplies() -> None:
    panel = daily(np.arange(120.0))
    assert Lags([1, 2], season=52).names() == ["lag52", "lag104"]  # type: ignore[arg-type]
    assert Lags((1, 2), season=52).needs.lookback == 104
    assert Lags((1, 2), season=52).transform(panel)[110].tolist() == [58.0, 6.0]


@given(hostile(), st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_step_equals_transform(panel: Panel, lags: list[int], season: int) -> None:
    part = Lags(tuple(lags), season)
    np.testing.assert_array_equal(stepped(part, panel), part.transform(panel))


@pytest.mark.parametrize("part", [Lags((1, 0)), Lags((-3,)), Lags((1,), season=0)])
def test_refuses_what_is_not_the_past(part: Lags) -> None:
    with pytest.raises(ValueError, match="whole number from 1 on"):
        part.transform(daily([1, 2]))
