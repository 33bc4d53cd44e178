"""Expanding and Ewm: against pandas, carried from row to row, and in a graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from sklearn.linear_model import Ridge

from featurizers.ewm import Ewm
from featurizers.expanding import STATS, Expanding
from featurizers.featurizer import Featurizer
from featurizers.lags import Lags
from featurizers.panel import Panel
from forecast.export import to_onnx
from learners.recursive import Recursive
from tests.panels import daily, hostile, stepped

PARTS = [Expanding(STATS), Expanding("std"), Expanding(("max", "count")), Ewm(0.3), Ewm((0.05, 0.5, 1.0))]


def holed(seed: int, rows: int, level: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=rows) + level
    values[rng.random(rows) < 0.2] = np.nan
    return values


@pytest.mark.parametrize("level", [0.0, 1e9])
@pytest.mark.parametrize("stat", STATS)
def test_expanding_equals_pandas(stat: str, level: float) -> None:
    series = [holed(1, 80, level), holed(2, 7, level), np.full(3, np.nan)]
    found = Expanding(stat).transform(daily(*series))[:, 0]
    for values, got in zip(series, np.split(found, [80, 87]), strict=True):
        past = (pd.Series(values) - level).expanding()  # pandas itself loses the deviations on a level
        expected = getattr(past, stat)().shift(1)
        if stat == "count":
            expected = expected.fillna(0)
        number = (~np.isnan(values)).cumsum() - ~np.isnan(values)
        back = {"sum": level * number, "std": 0.0, "count": 0.0}.get(stat, level)
        np.testing.assert_allclose(got - back, expected, rtol=1e-6, atol=1e-9 if level == 0 else 2e-5)


@pytest.mark.parametrize("alpha", [0.05, 0.5, 1.0])
def test_ewm_equals_pandas(alpha: float) -> None:
    values = holed(3, 60)
    expected = pd.Series(values).ewm(alpha=alpha, adjust=False, ignore_na=True).mean().shift(1)
    np.testing.assert_allclose(Ewm(alpha).transform(daily(values))[:, 0], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("part", PARTS, ids=repr)
@given(panel=hostile())
@settings(max_examples=15, deadline=None)
def test_carrying_on_equals_transform(part: Featurizer, panel: Panel) -> None:
    expected = part.transform(panel)
    np.testing.assert_allclose(stepped(part, panel), expected, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(stepped(part, panel, carried=False), expected, rtol=1e-12, atol=1e-300)


def test_the_graph_agrees(tmp_path: Path) -> None:
    panel = daily(*(holed(seed, 60, 20.0) for seed in range(3)))
    features = (Lags((2,)), Expanding(STATS), Ewm((0.1, 0.6)))
    model = Recursive(Ridge(), features).fit(panel.with_columns(y=np.where(np.isnan(panel.y), 20.5, panel.y)))
    assert to_onnx(model, tmp_path / "model.onnx", 6)["worst_relative_difference"] < 1e-9


def test_refuses_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="Expanding knows no statistic 'median'"):
        Expanding("median").names()
    with pytest.raises(ValueError, match="between 0 and 1"):
        Ewm((0.5, 0.0)).names()
