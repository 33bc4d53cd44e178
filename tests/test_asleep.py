"""Series that hold still for months: their bands when they wake, and folds on which nothing happens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc

DAYS = pd.date_range("2021-05-01", "2022-04-05")
ROLES = {"id": "shop", "time": "day", "target": "sales", "known": "open"}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Shops that are open from April to October, which is known; the sales of the first days of April are to come."""
    rng, parts = np.random.default_rng(0), []
    is_open = ((DAYS.month >= 4) & (DAYS.month <= 10)).astype(float)
    for shop, level in (("a", 100.0), ("b", 1000.0)):
        sales = level * is_open * rng.lognormal(0, 0.1, len(DAYS))
        sales[DAYS >= "2022-04-01"] = np.nan
        parts.append(pd.DataFrame({"shop": shop, "day": DAYS, "sales": sales, "open": is_open}))
    return pd.concat(parts, ignore_index=True)


def test_a_shop_that_was_closed_all_winter_has_bands_when_it_opens(table: pd.DataFrame, tmp_path: Path) -> None:
    panel = fc.Panel.read(table, **ROLES)
    learner = fc.Recursive(fc.LightGBM(min_child_samples=5), (fc.SeriesId(), fc.Known(("open",))))
    model = fc.Conformal(learner, fc.RollingOrigin(5, folds=2, step=170)).fit(panel)
    found = model.forecast(panel, 5).frame()
    assert (found["lo95"] < 0.9 * found["forecast"]).all()
    assert (found["hi95"] > 1.1 * found["forecast"]).all()
    closed = model.forecast(panel, 5, panel.future(5).with_columns(open=np.zeros(10))).frame()
    assert (closed["hi95"] - closed["lo95"] <= 0.1 * (found["hi95"] - found["lo95"])).all()
    fc.save(model, tmp_path / "model")
    again = fc.load(tmp_path / "model").forecast(panel, 5).frame()
    pd.testing.assert_frame_equal(again, found)
    fc.to_onnx(model, tmp_path / "model.onnx", 5)
    scored = fc.score(tmp_path / "model.onnx", table)
    for name in ("forecast", "lo95", "hi95"):
        np.testing.assert_allclose(scored[name], found[name], rtol=1e-9)
