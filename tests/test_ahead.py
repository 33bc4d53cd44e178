"""The known columns of the rows to forecast: a row that is given twice is told, or refused where it was asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import forecast as fc

DAYS = pd.date_range("2024-01-01", periods=62)
TABLE = pd.DataFrame({"day": DAYS, "sales": np.r_[np.arange(60.0) % 7, np.nan, np.nan], "price": [1.0, 2.0] * 31,
                      "kind": ["a", "b"] * 31})  # fmt: skip
ROLES: dict[str, Any] = {"time": "day", "target": "sales", "known": ["price", "kind"]}
PLAN = TABLE.iloc[60:].drop(columns="sales")


def test_a_row_that_comes_twice_with_other_values_is_alerted() -> None:
    panel = fc.Panel.read(TABLE.iloc[:60], **ROLES)
    future = panel.future(2, pd.concat([PLAN, PLAN.assign(price=50.0)]))
    (told,) = future.findings.of("duplicate")
    assert (told.status, told.column, told.count, future.columns["price"].tolist()) == ("alerted", "price", 2, [50, 50])
    assert "2024-03-01: the row comes again: 'price' is 1, and then 50 is given" in told.message
    (same,) = panel.future(2, pd.concat([PLAN, PLAN])).findings
    assert (same.kind, same.status, same.count) == ("duplicate", "fixed", 2)
    assert not panel.future(2, PLAN).findings


def test_a_plan_that_gainsays_the_table_is_alerted() -> None:
    panel = fc.Panel.read(TABLE, **ROLES)
    assert not panel.future(2, PLAN).findings
    future = panel.future(2, PLAN.assign(kind=["a", "a"]))
    (told,) = future.findings
    assert (told.kind, told.status, told.column, told.count) == ("known_future", "alerted", "kind", 1)
    assert "2024-03-02: the table itself says 'kind' is b, and then a is given" in told.message
    assert future.columns["kind"].tolist() == [0, 0]


def test_a_plan_with_doubles_is_refused_where_doubles_are() -> None:
    learner = fc.Recursive("ridge", (fc.Lags((1, 7)), fc.Known(("price",))))
    given: dict[str, Any] = {"horizon": 2, "learners": learner, "block": "SeasonalNaive", "progress": False}
    doubled = pd.concat([PLAN, PLAN.assign(price=50.0)])
    run = fc.run(TABLE.iloc[:60], **ROLES, **given, known_future=doubled)
    assert run.findings.of("duplicate").items[-1].column == "price"
    with pytest.raises(ValueError, match="'known_future' gives a row twice: 2024-03-01"):
        fc.run(TABLE.iloc[:60], **ROLES, **given, known_future=doubled, duplicates="error")


def test_a_plan_without_known_columns_is_refused() -> None:
    roles = {**ROLES, "known": []}
    with pytest.raises(ValueError, match=r"gives 'known_future'.* no column is known ahead: name the columns as known"):
        fc.run(TABLE, **roles, horizon=2, known_future="nothing.csv", progress=False)


def test_a_panel_gives_the_next_rows_in_the_kind_of_each_column() -> None:
    panel = fc.Panel.read(TABLE.iloc[:60].assign(kind=lambda t: t["price"].map({1.0: "1", 2.0: "x"})), **ROLES)
    plan = fc.Panel.read(TABLE.assign(sales=1.0, kind=1.0), **ROLES)  # names that happen to be all numbers
    assert panel.future(2, plan).columns["kind"].tolist() == [0, 0]
    named = fc.Panel.read(TABLE.assign(sales=1.0), **ROLES, categorical="price")
    with pytest.raises(ValueError, match=r"'price' holds names, such as '1', .* and numbers in this one"):
        fc.Panel.read(TABLE.iloc[:60], **ROLES).future(2, named)


def test_every_category_that_was_not_seen_is_told_once() -> None:
    panel = fc.Panel.read(TABLE.iloc[:60], **ROLES)
    future = panel.future(4, pd.DataFrame({"day": pd.date_range("2024-03-01", periods=4), "price": 1.0,
                                           "kind": ["c", "d", "a", "c"]}))  # fmt: skip
    told = [(f.time[:10], f.count) for f in future.findings.of("unseen_category")]
    assert told == [("2024-03-01", 2), ("2024-03-02", 1)]
    assert future.columns["kind"].tolist() == [-1, -1, 0, -1]
