"""Rolling: settings, names and both views; the numbers themselves are tested in test_windows.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from featurizers.ewm import Ewm
from featurizers.panel import Panel
from featurizers.rolling import Rolling
from forecast.export import to_onnx
from learners.recursive import Recursive
from tests.panels import daily, hostile, stepped

ALL = ("mean", "std", "min", "max", "sum", "median", "quantile")


def test_names_and_lookback() -> None:
    part = Rolling(["mean", "quantile"], [4, 13], lag=2, season=7, q=0.25)  # type: ignore[arg-type]
    after = "_lag2_season7"
    assert part.names() == [f"{name}{after}" for name in ("mean4", "quantile0.25_4", "mean13", "quantile0.25_13")]
    assert part.needs.lookback == 7 * 14


def test_equals_pandas_in_every_series() -> None:
    rng = np.random.default_rng(0)
    panel = daily(rng.normal(size=50), rng.normal(size=30), rng.normal(size=5))
    frame = panel.frame().groupby("id")["y"]
    expected = np.stack(
        [
            frame.transform(lambda y, n=n, stat=stat: getattr(y.shift(1).rolling(n), stat)())
            for n in (3, 14)
            for stat in ("mean", "std", "median")
        ],
        axis=1,
    )
    np.testing.assert_allclose(Rolling(("mean", "std", "median"), (3, 14)).transform(panel), expected, atol=1e-12)


def test_numpy_numbers_are_windows() -> None:
    assert Rolling("mean", np.int64(3)).names() == ["mean3"]  # type: ignore[arg-type]
    assert Rolling("mean", np.array([3, 4])).names() == ["mean3", "mean4"]  # type: ignore[arg-type]
    assert Ewm(np.array([0.1, 0.5])).names() == ["ewm0.1", "ewm0.5"]  # type: ignore[arg-type]


def test_min_samples() -> None:
    values = [1.0, np.nan, 3.0, 5.0, np.nan, np.nan, np.nan, 2.0]
    whole, some = (
        Rolling("mean", 3).transform(daily(values)),
        Rolling("mean", 3, min_samples=2).transform(daily(values)),
    )
    nan = np.nan
    np.testing.assert_array_equal(whole[:, 0], [nan] * 8)
    np.testing.assert_array_equal(some[:, 0], [nan, nan, nan, 2, 4, 4, nan, nan])
    np.testing.assert_array_equal(some[:, 0], pd.Series(values).rolling(3, min_periods=2).mean().shift(1).to_numpy())


@given(hostile(), st.integers(1, 9), st.integers(1, 3), st.integers(1, 3), st.integers(1, 9))
@settings(max_examples=25, deadline=None)
def test_step_equals_transform(panel: Panel, window: int, lag: int, season: int, least: int) -> None:
    part = Rolling(ALL, window, lag, season, min(least, window), q=0.7)
    scale = np.nanmax(np.abs(panel.y), initial=1e-12)
    np.testing.assert_allclose(stepped(part, panel), part.transform(panel), rtol=1e-9, atol=1e-9 * scale)


def test_the_graph_agrees(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    panel = daily(*(rng.normal(size=60).cumsum() + 30 for _ in range(4)))
    panel = panel.with_columns(y=np.where(np.arange(240) % 60 == 57, np.nan, panel.y))
    parts = (Rolling(ALL, (3, 8), min_samples=2, q=0.9), Rolling(ALL, 4, lag=2, season=7, min_samples=1, q=0.1))
    model = Recursive(Ridge(), parts).fit(panel)
    assert np.isfinite(model.forecast(panel, 9).columns["forecast"]).all()
    assert to_onnx(model, tmp_path / "model.onnx", 9)["worst_relative_difference"] < 1e-9


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"stat": "mode", "window": 3}, "no statistic 'mode'; there are mean"),
        ({"stat": "mean", "window": 0}, "window of Rolling must be a whole number from 1 on, not 0"),
        ({"stat": "mean", "window": (3, 2.7)}, "from 1 on, not 2.7"),
        ({"stat": "mean", "window": 3, "lag": 0}, "lag of Rolling"),
        ({"stat": "mean", "window": 3, "season": 1.5}, "season of Rolling"),
        ({"stat": "mean", "window": 3, "min_samples": 1.5}, "`min_samples` must be a whole number"),
        ({"stat": "quantile", "window": 3}, "needs `q`"),
        ({"stat": "quantile", "window": 3, "q": 1.5}, "needs `q`"),
        ({"stat": "mean", "window": 3, "q": 0.5}, "needs `q`"),
        ({"stat": "mean", "window": (7, 3), "min_samples": 5}, "`min_samples` must lie"),
    ],
)
def test_refuses_in_a_sentence(settings_: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Rolling(**settings_).transform(daily([1, 2, 3]))
