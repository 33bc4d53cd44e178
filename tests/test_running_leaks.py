"""Known columns that sum the target up to its own row, or say whether it is high, and honest ones that look like it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from featurizers.findings import Finding
from featurizers.panel import Panel

ROWS = 200
OF = Callable[[pd.Series], Any]


def targets() -> dict[str, np.ndarray]:
    """Two series of each kind, one after the other."""
    rng, t = np.random.default_rng(1), np.tile(np.arange(ROWS), 2)
    noise = rng.normal(size=2 * ROWS)
    return {
        "week": 50 + 5 * (t % 7) + 3 * noise,
        "walk": 500 + np.cumsum(noise),
        "level": 1e6 + 1e3 * noise,
        "closed": np.where(t % 7 == 6, 0.0, 100 + 10 * noise),
        "counts": rng.poisson(4, 2 * ROWS) * 1.0,
    }


REPEATED = {  # they have nothing new, so that all of them is honestly known
    "profile": 50 + 5.0 * np.tile(np.arange(ROWS) % 7, 2),
    "trend": 10 + 0.5 * np.arange(2 * ROWS),
    "wave": 100 + 10 * np.sin(np.pi * np.arange(2 * ROWS) / 12),
    "month": np.tile(np.arange(ROWS) % 30, 2) + 1.0,
}


def found(y: np.ndarray, of: OF, role: str = "known", **policy: str) -> Finding:
    shop = np.repeat(["a", "b"], ROWS)
    hint = pd.Series(y).groupby(shop).transform(of)
    days = np.tile(pd.date_range("2023-01-01", periods=ROWS), 2)
    table = pd.DataFrame({"shop": shop, "day": days, "sales": y, "hint": np.asarray(hint, np.float64)})
    settings: dict[str, Any] = {role: "hint", **policy}
    panel = Panel.read(table, id="shop", time="day", target="sales", **settings)
    assert ("hint" in panel.roles) != (panel.findings.of("leak").items[0].status == "dropped")
    return panel.findings.of("leak").items[0]


SUMS: dict[str, tuple[OF, str]] = {
    "sum": (lambda s: s.rolling(7).sum(), "over 7 rows, the row's own among them, of"),
    "mean": (lambda s: s.rolling(28).mean(), "over 28 rows, the row's own among them, of"),
    "begun early": (lambda s: s.rolling(7, min_periods=1).mean(), "over 7 rows, the row's own among them, of"),
    "in the middle": (lambda s: s.rolling(5, center=True).mean(), "over 5 rows, those up to 2 later among them, of"),
    "total": (lambda s: s.cumsum(), "changes from row to row in proportion to"),
    "of the month": (lambda s: s.groupby(np.arange(len(s)) // 30).cumsum(), "changes from row to row in proportion to"),
    "less the total": (lambda s: 9 - 2 * s.cumsum(), "changes from row to row in proportion to"),
}


@pytest.mark.parametrize("name", SUMS)
def test_a_sum_that_holds_its_own_row_is_left_out(name: str) -> None:
    of, sentence = SUMS[name]
    for y in targets().values():
        told = found(y, of)
        assert (told.status, told.column) == ("dropped", "hint")
        assert f"{sentence} the target 'sales'; it is not used" in told.message
    with pytest.raises(ValueError, match=r"'hint' .* the target 'sales': it can't be a known column"):
        found(targets()["week"], of, leaks="error")
    past = found(targets()["week"], of, "past")  # of which only earlier rows are looked at
    assert past.status == ("dropped" if name == "in the middle" else "passed")


@pytest.mark.parametrize("name", ["week", "level", "closed"])
def test_a_flag_of_high_targets_is_told_of(name: str) -> None:
    for of in (lambda s: s > s.median(), lambda s: s < s.median()):
        told = found(targets()[name], of)
        assert told.status == "alerted"
        assert "'hint' tells whether the target 'sales' is above a value" in told.message


RANDOM = np.random.default_rng(5)
HONEST: dict[str, OF] = {
    "lag": lambda s: s.shift(1),
    "last week": lambda s: s.shift(7),
    "mean before": lambda s: s.rolling(7).mean().shift(1),
    "sum of last week": lambda s: s.rolling(7).sum().shift(7),
    "total before": lambda s: s.cumsum().shift(1),
    "mean of all before": lambda s: s.expanding().mean().shift(1),
    "weighted mean before": lambda s: s.ewm(alpha=0.3).mean().shift(1),
    "change before": lambda s: s.diff().shift(1),
    "high before": lambda s: (s.shift(1) > s.median()) * 1.0,
    "trend": lambda s: np.arange(len(s)) * 1.5,
    "weekday": lambda s: np.arange(len(s)) % 7 * 1.0,
    "month": lambda s: np.arange(len(s)) // 30 % 12 * 1.0,
    "wave": lambda s: np.sin(2 * np.pi * np.arange(len(s)) / 24),
    "price": lambda s: 1 + 0.5 * (RANDOM.random(len(s)) < 0.2),
    "price that walks": lambda s: 5 + np.cumsum(RANDOM.normal(size=len(s))),
    "total of another": lambda s: np.cumsum(RANDOM.random(len(s))),
    "driver": lambda s: s + 0.6 * s.std() * RANDOM.normal(size=len(s)),
    "total of a driver": lambda s: (s + 0.2 * s.std() * RANDOM.normal(size=len(s))).cumsum(),
    "weekend": lambda s: (np.arange(len(s)) % 7 > 4) * 1.0,
    "open": lambda s: (np.arange(len(s)) % 7 != 6) * 1.0,
    "sold": lambda s: (s > 0) * 1.0,
    "promotion": lambda s: (np.arange(len(s)) % 11 < 3) * 1.0,
    "the second half": lambda s: (np.arange(len(s)) > len(s) / 2) * 1.0,
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_column_goes_free(name: str) -> None:
    for y in targets().values():
        assert found(y, HONEST[name]).status == "passed"


@pytest.mark.parametrize("name", ["lag", "last week", "mean before", "total before", "change before", "wave"])
def test_a_target_that_repeats_itself_accuses_nobody(name: str) -> None:
    for y in REPEATED.values():
        told = found(y, HONEST[name]).message
        assert not any(words in told for words in ("sum or mean", "proportion", "tells whether"))


def test_a_promotion_that_parts_the_target_goes_free() -> None:
    rng = np.random.default_rng(7)
    for effect in (3.0, 5.0, 8.0, 20.0):
        on = (rng.random(2 * ROWS) < 0.3) * 1.0
        y = 20 + effect * on + rng.normal(size=2 * ROWS)
        assert found(y, lambda s, on=on: on[s.index]).status == "passed"  # type: ignore[misc]
