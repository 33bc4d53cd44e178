"""Windows: the kernel against pandas, against `step`, and against itself in other company."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurizers.kernels import native
from featurizers.windows import Window, fill_windows, window_columns
from tests.panels import daily, hostile

STATS = ["mean", "std", "min", "max", "sum", "median", "quantile"]


def by_pandas(values: np.ndarray, w: Window) -> np.ndarray:
    """The same by pandas, phase by phase of the season."""
    out = np.full(len(values), np.nan)
    for phase in range(w.season):
        column = pd.Series(values[phase :: w.season])
        rolling = column.rolling(w.size, min_periods=w.least)
        if w.stat == "lag":
            found = column
        elif w.stat in ("median", "quantile"):
            found = rolling.quantile(0.5 if w.stat == "median" else w.q)
        else:
            found = getattr(rolling, w.stat)()
        out[phase :: w.season] = found.shift(w.lag)
    return out


def rows(seed: int, holes: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=300).cumsum() + 50
    values[rng.random(300) < holes] = np.nan
    values[:5] = np.nan if holes else values[:5]
    return values


@pytest.mark.parametrize("holes", [0.0, 0.2])
@pytest.mark.parametrize("stat", ["lag", *STATS])
def test_equals_pandas(stat: str, holes: float) -> None:
    panel = daily(rows(1, holes), rows(2, 0.0), rows(3, holes)[:17], [], [4.0])
    sizes = [1] if stat == "lag" else [1, 7, 150, 500]
    windows = [
        Window(stat, size, lag, season, least, q=0.8)
        for size in sizes
        for lag, season in [(1, 1), (3, 1), (2, 7)]
        for least in {1, max(size // 2, 1), size}
    ]
    out = window_columns(panel.y, panel.indptr, windows)
    for at, w in enumerate(windows):
        expected = [by_pandas(panel.y[a:b], w) for a, b in pairwise(panel.indptr)]
        np.testing.assert_allclose(out[:, at], np.concatenate(expected), rtol=1e-9, atol=1e-9, err_msg=str(w))


@given(hostile(), st.data())
@settings(max_examples=60, deadline=None)
def test_step_equals_transform(panel, data) -> None:  # type: ignore[no-untyped-def]
    size = data.draw(st.integers(1, 12))
    w = Window(
        data.draw(st.sampled_from(["lag", *STATS])), size, data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3)),
        data.draw(st.integers(1, size)), data.draw(st.sampled_from([0.0, 0.1, 0.5, 0.95, 1.0])),
    )  # fmt: skip
    if w.stat == "lag":
        w = Window("lag", 1, w.lag, w.season)
    out = window_columns(panel.y, panel.indptr, [w])[:, 0]
    for t in range(int(panel.lengths.max(initial=0))):
        here = panel.lengths > t
        past = panel.rows(panel.position < t).window("y", w.lookback + 2)  # longer than it looks back
        expected, got = w.step(past)[here], out[panel.indptr[:-1][here] + t]
        scale = np.nanmax(np.abs(past), initial=1e-12) if w.stat != "std" else np.nanmax(expected, initial=1e-9)
        rounding = np.spacing(np.nanmax(np.abs(past), initial=0.0))  # a level of 1e9 leaves a deviation fewer digits
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9 * scale + rounding)


def test_a_high_level_costs_nothing() -> None:
    noise = np.random.default_rng(0).integers(-50, 50, 2000) / 16  # so that level + noise is exact
    windows = [Window(stat, n, least=n) for stat in ("mean", "std") for n in (7, 28, 365)]
    low, high = (window_columns(noise + level, np.array([0, 2000]), windows) for level in (0.0, 1e9))
    np.testing.assert_allclose(high[:, 3:], low[:, 3:], rtol=1e-12)
    np.testing.assert_allclose(high[:, :3] - 1e9, low[:, :3], atol=3e-7)


def test_what_has_left_the_window_leaves_no_trace() -> None:
    values = np.r_[np.full(10, 1e15), np.arange(50.0) / 8, np.nan, np.arange(50.0) / 8]
    windows = [Window(stat, 5, least=3) for stat in STATS]
    out = window_columns(values, np.array([0, len(values)]), windows)
    fresh = window_columns(values[10:], np.array([0, len(values) - 10]), windows)
    np.testing.assert_allclose(out[15:], fresh[5:], rtol=1e-12)


@pytest.mark.parametrize("value", [0.1, 1e9 + 0.1, -7.3, 0.0])
def test_a_constant_has_its_own_mean_and_no_deviation(value: float) -> None:
    values = np.full(100, value)
    values[[3, 40, 41]] = np.nan
    out = window_columns(values, np.array([0, 100]), [Window(s, 9, least=2) for s in ("mean", "std", "median")])
    np.testing.assert_array_equal(out[8:], np.tile([value, 0.0, value], (92, 1)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threads_and_neighbours_change_no_bit(dtype: Any) -> None:
    parts = [rows(seed, 0.1 if seed % 2 else 0.0)[: 40 * seed] for seed in range(8)]
    values, indptr = np.concatenate(parts).astype(dtype), np.r_[0, np.cumsum([len(p) for p in parts])]
    specs = [(stat, n, 1, season, 2, 0.3, 0) for stat in ("mean", "std", "min", "quantile") for n in (3, 9)
             for season in (1, 5)]  # fmt: skip
    for spec in specs:
        one, four = np.empty((len(values), 1), dtype), np.empty((len(values), 1), dtype)
        native.windows(values, indptr, [spec], one, 1)
        native.windows(values, indptr, [spec], four, 4)
        np.testing.assert_array_equal(one, four)
        for a, b in pairwise(indptr):
            alone = np.empty((b - a, 1), dtype)
            native.windows(values[a:b], np.array([0, b - a]), [spec], alone, 1)
            np.testing.assert_array_equal(alone, one[a:b])


def test_the_future_changes_no_bit() -> None:
    values, windows = rows(5, 0.0), [Window(stat, n, least=2, q=0.4) for stat in STATS for n in (4, 30)]
    out = window_columns(values, np.array([0, 300]), windows)
    for future in (np.nan, 1e12, 0.0):
        other = np.r_[values[:151], np.full(149, future)]
        np.testing.assert_array_equal(window_columns(other, np.array([0, 300]), windows)[:152], out[:152])


def test_float32_and_any_layout() -> None:
    values, windows = rows(6, 0.1), {1: Window("lag", lag=2), 4: Window("std", 5, least=5)}
    expected = window_columns(values, np.array([0, 300]), list(windows.values()))
    for out in (np.zeros((300, 6), np.float32), np.zeros((300, 6), order="F"), np.zeros((300, 12))[:, ::2]):
        fill_windows(values, np.array([0, 300]), windows, out)
        np.testing.assert_allclose(out[:, [1, 4]], expected, rtol=1e-6 if out.dtype == np.float32 else 0)
        assert not out[:, [0, 2, 3, 5]].any()
    narrow = window_columns(values.astype(np.float32), np.array([0, 300]), list(windows.values()))
    np.testing.assert_allclose(narrow, expected, rtol=1e-4)


def test_the_kernel_refuses_what_does_not_fit() -> None:
    values, out = np.zeros(4), np.zeros((4, 1))
    with pytest.raises(ValueError, match="end with the number of values"):
        native.windows(values, np.array([0, 5]), [], out, 1)
    with pytest.raises(ValueError, match="must not descend"):
        native.windows(values, np.array([0, 3, 1, 4]), [], out, 1)
    with pytest.raises(ValueError, match="no such column"):
        native.windows(values, np.array([0, 4]), [("mean", 2, 1, 1, 1, 0.0, 1)], out, 1)
    with pytest.raises(ValueError, match="no statistic 'mode'"):
        native.windows(values, np.array([0, 4]), [("mode", 2, 1, 1, 1, 0.0, 0)], out, 1)
