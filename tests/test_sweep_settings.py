"""Settings of a sweep that was edited by hand, and metrics that are defined for nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import forecast as fc

TABLE = pd.DataFrame({"m": pd.date_range("2020-01-01", periods=40, freq="MS"), "y": 5.0})
PANEL = fc.Panel.read(TABLE, time="m", target="y")
SWEEP = fc.Sweep({"naive": fc.Naive(), "last": fc.SeasonalNaive(12)}, on=fc.RollingOrigin(horizon=3, folds=2))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"trials": "6"}, "The trials must be a whole number from 1 on, not '6'"),
        ({"trials": 2.5}, "The trials must be a whole number"),
        ({"time_limit": "x"}, "'time_limit' is a number, not 'x'"),
        ({"time_limit": float("nan")}, "'time_limit' is a number"),
        ({"time_limit": -3}, "seconds above 0, not -3"),
        ({"time_limit": float("inf")}, "not inf: leave it out"),
        ({"workers": "2"}, "The workers must be a whole number"),
        ({"workers": None}, "'workers' of a sweep is like 1, not None"),
        ({"seed": 1.5}, "The seed must be a whole number"),
        ({"seed": -1}, "The seed must be a whole number"),
        ({"levels": 80}, "levels of bands are several percents"),
        ({"on": None}, "Learners are compared on RollingOrigin"),
        ({"patience": 0}, "The patience must be a whole number"),
        ({"exit_score": "a"}, "'exit_score' is a number"),
        ({"ensemble": "no"}, "'ensemble' is true or false"),
        ({"by": "shop"}, r"Groups by 'shop' are not possible"),
    ],
)
def test_a_setting_that_makes_no_sense_is_told_in_a_sentence(changed: dict[str, Any], said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        replace(SWEEP, **changed).fit(PANEL)


def test_a_horizon_is_needed() -> None:
    with pytest.raises(ValueError, match="The horizon must be a whole number from 1 on, not None"):
        fc.auto(PANEL, None)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("error")
def test_a_metric_that_is_defined_for_nothing_is_told_of() -> None:
    found = [f.message for f in replace(SWEEP, metric="mase").select(PANEL).findings if f.kind == "undefined_metric"]
    assert found == ["The metric 'mase' is NaN for every learner: 'mae' ranks them in its place."]
    moving = replace(PANEL, columns={**PANEL.columns, "y": np.arange(40.0)})
    assert not [f for f in SWEEP.select(moving).findings if f.kind == "undefined_metric"]
