"""Relative: known columns as multiples of what is usual in their series."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.panel import Panel
from forecast.evidence import uneven
from forecast.plan import Plan, features


def prices(series: int = 30, rows: int = 60, seed: int = 0) -> Panel:
    """Weekly sales that follow a price over the usual one of its series."""
    rng = np.random.default_rng(seed)
    usual = np.exp(rng.normal(1, 0.8, series))
    ratio = np.where(rng.random((series, rows)) < 0.2, 0.7, 1.0) * rng.uniform(0.95, 1.05, (series, rows))
    sales = 100 * ratio**-3.0 * np.exp(rng.normal(0, 0.05, (series, rows)))
    weeks = pd.date_range("2023-01-02", periods=rows, freq="7D")
    table = pd.DataFrame({
        "id": np.repeat(np.arange(series), rows), "week": np.tile(weeks, series),
        "sales": sales.ravel(), "price": (usual[:, None] * ratio).ravel(),
        "promo": (ratio < 0.8).astype(float).ravel(), "outside": np.tile(rng.normal(20, 5, rows), series),
    })  # fmt: skip
    return Panel.read(table, id="id", time="week", target="sales", known=["price", "promo", "outside"])


def test_is_the_column_over_its_mean_so_far() -> None:
    panel = prices(series=2, rows=4)
    price = np.array([2.0, 4.0, np.nan, 3.0, 0.0, 0.0, 5.0, 5.0])
    found = fc.Relative("price").resolve(panel).transform(panel.with_columns(price=price))[:, 0]
    np.testing.assert_allclose(found, [1.0, 4 / 3, np.nan, 1.0, 1.0, 1.0, 5 / (5 / 3), 5 / 2.5], rtol=1e-12)


def test_only_columns_with_levels_of_their_own_are_taken() -> None:
    panel = prices()
    assert {name: uneven(panel, name) for name in panel.by_role("known")} == {
        "price": True, "promo": False, "outside": False,
    }  # fmt: skip
    assert not uneven(panel.where(np.array([3])), "price")
    plan = Plan.of(panel, horizon=8, seasons=(1,), lags=(1,), windows=())
    assert plan.relative == ("price",)
    assert fc.Relative(("price",)) in features(plan)
    assert not any(isinstance(f, fc.Relative) for f in features(replace(plan, relative=())))


@pytest.mark.parametrize("way", [fc.Recursive, lambda r, f: fc.Direct(r, f, 8)])
def test_prices_of_series_teach_each_other(way, tmp_path) -> None:  # type: ignore[no-untyped-def]
    panel, whole = prices(), prices(rows=60)
    train, test = panel.rows(panel.position < 52), whole.rows(whole.position >= 52)
    known, lags = fc.Known(("price",)), fc.Lags((1, 2))
    errors = {}
    for name, parts in {"with": (lags, known, fc.Relative("price")), "without": (lags, known)}.items():
        model = way(fc.LightGBM(n_estimators=60), parts).fit(train)
        errors[name] = np.abs(model.forecast(train, 8, test).columns["forecast"] - test.y).mean()
        fc.to_onnx(model, tmp_path / f"{name}.onnx", 8)  # raises where the graph disagrees
    assert errors["with"] < 0.5 * errors["without"]


def test_a_price_that_is_not_a_column_is_named() -> None:
    with pytest.raises(ValueError, match="no column 'prise'"):
        fc.Relative("prise").resolve(prices(series=2, rows=4))


@pytest.mark.parametrize("transform", [fc.Difference(), fc.SeasonalDifference(7)])
def test_within_differences_it_counts_all_rows_of_a_series(transform: fc.Difference, tmp_path: Path) -> None:
    """Also of one that was not in training: its first rows have no difference, but they have a price."""
    rng = np.random.default_rng(0)

    def one(name: str, rows: int) -> pd.DataFrame:
        price, days = 2 + 0.3 * rng.normal(size=rows), pd.date_range("2024-01-01", periods=rows)
        y = 50 - 8 * price + rng.normal(size=rows).cumsum()
        return pd.DataFrame({"id": name, "day": days, "y": y, "price": price})

    roles = {"id": "id", "time": "day", "target": "y", "known": "price"}
    learner = fc.Recursive("ridge", (fc.Lags((1, 2)), fc.Relative(("price",))))
    model = fc.Transformed(learner, transform).fit(fc.Panel.read(pd.concat([one("a", 60), one("b", 60)]), **roles))
    new = one("c", 17)
    new.loc[12:, "y"] = np.nan
    panel = fc.Panel.read(new, **roles)
    found = model.forecast(panel, 5).columns["forecast"]
    fc.to_onnx(model, tmp_path / "model.onnx", 5)
    np.testing.assert_allclose(fc.score(tmp_path / "model.onnx", new)["forecast"], found, rtol=1e-9)
    state = model.state(panel.rows(panel.position < 1))
    for at in range(1, 12):
        now = {"target": panel.y[[at]], "time": panel.clock()[[at]], "price": panel.columns["price"][[at]]}
        state = model.advance(state, now)
    for name, values in model.state(panel).items():
        np.testing.assert_allclose(state[name], values, rtol=1e-9, err_msg=name)
