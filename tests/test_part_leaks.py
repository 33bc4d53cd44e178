"""Columns that add up to the target: rounded, in another unit, beside a subtotal; and what only others complete."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from featurizers.panel import Panel

ROWS = 300
RANDOM = np.random.default_rng(2)
Y = (100 + 20 * RANDOM.normal(size=4 * ROWS)).round(2)
ONE, TWO = Y * RANDOM.random(4 * ROWS), 0.3 * Y * RANDOM.random(4 * ROWS)
THREE = Y - ONE - TWO


def read(columns: dict[str, np.ndarray], **roles: list[str]) -> Panel:
    day = np.tile(pd.date_range("2023-01-01", periods=ROWS), 4)
    table = pd.DataFrame({"shop": np.repeat(list("abcd"), ROWS), "day": day, "sales": Y, **columns})
    return Panel.read(table, id="shop", time="day", target="sales", **roles)  # type: ignore[arg-type]


def told(panel: Panel) -> dict[str, str]:
    return {f.column: f.status for f in panel.findings.of("leak") if f.status != "passed"}


SUMS = {
    "parts": {"a": ONE, "b": Y - ONE},
    "rounded": {"a": ONE.round(1), "b": (Y - ONE).round(1)},
    "whole": {"a": ONE.round(), "b": (Y - ONE).round()},
    "in cents": {"a": 100 * ONE, "b": 100 * (Y - ONE)},
    "mean": {"a": 2 * ONE, "b": 2 * (Y - ONE)},
    "three": {"a": ONE, "b": TWO, "c": THREE},
    "less": {"a": Y + ONE, "b": ONE},
    "and a subtotal": {"a": ONE, "b": TWO, "c": THREE, "subtotal": ONE + TWO},
    "and a rounded subtotal": {"a": ONE.round(1), "b": TWO.round(1), "c": THREE, "subtotal": (ONE + TWO).round(1)},
    "two ways": {"a": ONE, "b": Y - ONE, "c": TWO, "d": Y - TWO},
}


@pytest.mark.parametrize("name", SUMS)
def test_known_parts_that_add_up_are_left_out(name: str) -> None:
    price = RANDOM.random(4 * ROWS)
    panel = read({"price": price, **SUMS[name], "double": 2 * price}, known=["price", *SUMS[name], "double"])
    assert set(panel.roles) <= {"price", "double", "subtotal"}
    assert set(SUMS[name]) - set(panel.roles) >= set(SUMS[name]) - {"subtotal"}


def test_a_part_that_only_others_complete_stays() -> None:
    parts = {"plan": 100 + ONE, "missed": Y - 100 - ONE}
    assert told(read(parts, known=["plan"])) == {"plan": "alerted", "missed": "alerted"}
    assert set(read(parts, known=["plan"]).roles) == {"plan"}
    assert told(read(parts, known=["plan"], past=["missed"])) == {"plan": "alerted"}
    assert told(read(parts, past=["plan", "missed"])) == {}
    with pytest.raises(ValueError, match="'plan', 'missed' add up to the target 'sales'"):
        Panel.read(
            pd.DataFrame({"day": pd.date_range("2023-01-01", periods=ROWS), "sales": Y[:ROWS]}).assign(
                plan=100 + ONE[:ROWS], missed=Y[:ROWS] - 100 - ONE[:ROWS]
            ),
            time="day", target="sales", known=["plan", "missed"], leaks="error",
        )  # fmt: skip


def test_drivers_do_not_add_up() -> None:
    first, second = RANDOM.normal(size=(2, 4 * ROWS))
    table = {"first": first, "second": second, "flag": (first > 1) * 20.0}
    for noise in (0.2, 1.0):
        day = np.tile(pd.date_range("2023-01-01", periods=ROWS), 4)
        y = 50 + 5 * first - 5 * second + 5 * noise * RANDOM.normal(size=4 * ROWS)
        panel = Panel.read(
            pd.DataFrame({"shop": np.repeat(list("abcd"), ROWS), "day": day, "sales": y, **table}),
            id="shop", time="day", target="sales", known=list(table),
        )  # fmt: skip
        assert told(panel) == {}
