"""Features: parts side by side, the windows among them filled in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from featurizers.ewm import Ewm
from featurizers.expanding import Expanding
from featurizers.features import Features
from featurizers.lags import Lags
from featurizers.rolling import Rolling
from featurizers.windows import fill_windows
from tests.panels import daily, stepped

PARTS = (Ewm(0.2), Lags((1, 3)), Expanding(("min", "count")), Rolling(("mean", "std"), (2, 5)), Lags((1,), season=4))


def test_columns_stand_in_the_order_of_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    panel = daily(rng.normal(size=30), rng.normal(size=12))
    expected = np.concatenate([part.transform(panel) for part in PARTS], axis=1)
    calls = []

    def counted(*given: Any) -> None:
        calls.append(given)
        fill_windows(*given)

    monkeypatch.setattr("featurizers.features.fill_windows", counted)
    found = Features(PARTS).transform(panel)
    assert len(calls) == 1  # one pass for all windows
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(stepped(Features(PARTS), panel), expected, rtol=1e-9, atol=1e-9)


def test_single_precision_on_demand() -> None:
    panel = daily(np.random.default_rng(0).normal(size=30))
    single = Features(PARTS).transform(panel, dtype=np.float32)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, Features(PARTS).transform(panel), rtol=1e-6)


def test_no_parts_and_no_rows() -> None:
    assert Features(()).transform(daily([1, 2])).shape == (2, 0)
    assert Features(PARTS).transform(daily([])).shape == (0, 10)
