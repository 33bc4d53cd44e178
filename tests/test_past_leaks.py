"""Known columns that give the target away together with its past, or as bins of it, and honest ones beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from featurizers.panel import Panel

ROWS, SHOPS = 240, 6
RANDOM = np.random.default_rng(0)
SHOP = np.repeat([f"s{i}" for i in range(SHOPS)], ROWS)
DAY = np.tile(pd.date_range("2023-01-02", periods=ROWS), SHOPS)
COUNTS = pd.Series(RANDOM.poisson(6, SHOPS * ROWS) * 1.0)
LEVELS = 100 * (1.0 + np.arange(SHOPS * ROWS) // ROWS) + 20 * RANDOM.normal(size=SHOPS * ROWS)
BINS: Callable[[pd.Series], pd.Series] = lambda s: pd.qcut(s, 20, labels=False, duplicates="drop")  # noqa: E731


def status(y: Any, hint: Any, role: str = "known") -> str:
    table = pd.DataFrame({"shop": SHOP, "day": DAY, "sales": np.asarray(y), "hint": np.asarray(hint)})
    panel = Panel.read(table, id="shop", time="day", target="sales", **{role: "hint"})  # type: ignore[arg-type]
    return panel.findings.of("leak").items[0].status


LEAKS: dict[str, Callable[[pd.Series], Any]] = {
    "change": lambda s: s.diff(),
    "change over a week": lambda s: s.diff(7),
    "per cent": lambda s: s.pct_change(),
    "per cent of nothing": lambda s: s.pct_change().replace(np.inf, 9),
    "change of the logarithm": lambda s: np.log1p(s).diff(),
    "weighted mean": lambda s: s.ewm(alpha=0.5).mean(),
    "less its mean": lambda s: s - s.rolling(7).mean(),
    "median": lambda s: s.rolling(5).median(),
    "of three days": lambda s: s[::-1].rolling(3).sum()[::-1],
    "of four weeks": lambda s: s[::-1].rolling(28).sum()[::-1],
    "the day after tomorrow": lambda s: s.shift(-2),
    "bins": BINS,
    "bins in words": lambda s: BINS(s).map("b{}".format),
}


@pytest.mark.parametrize("name", LEAKS)
def test_what_gives_the_target_away_with_its_past_is_left_out(name: str) -> None:
    for y in (COUNTS, pd.Series(LEVELS)):
        hint = y.groupby(SHOP).transform(LEAKS[name]) if "words" not in name else LEAKS[name](y)
        assert status(y, hint) == "dropped"
        wanted = "dropped" if name in ("of three days", "the day after tomorrow") else "passed"
        if name != "of four weeks" and "bins" not in name:
            assert status(y, hint, "past") == wanted


def test_a_driver_with_little_noise_is_told_of_and_used() -> None:
    """It could be what is left of the target: nobody can tell, so that it stays."""
    for noise in (0.0, 0.05):
        row, y = np.arange(ROWS), np.empty((SHOPS, ROWS))
        driver = PRICE.reshape(SHOPS, ROWS)
        for k in row:
            before = y[:, k - 7] if k >= 7 else 100.0
            y[:, k] = 50 + 0.5 * before + 3 * driver[:, k] + noise * NOISE.reshape(SHOPS, ROWS)[:, k]
        assert status(y.ravel(), PRICE) == "alerted"
        table = pd.DataFrame({"shop": SHOP, "day": DAY, "sales": y.ravel(), "price": PRICE})
        panel = Panel.read(table, id="shop", time="day", target="sales", known="price")
        assert panel.roles == {"price": "known"}


def test_few_bins_are_told_of() -> None:
    assert status(COUNTS, pd.qcut(COUNTS, 4, labels=False, duplicates="drop").map("b{}".format)) == "alerted"


PRICE = 10 + 2 * RANDOM.normal(size=SHOPS * ROWS)
NOISE = RANDOM.normal(size=SHOPS * ROWS)
WEEK = np.tile(np.arange(ROWS) % 7, SHOPS)
PROMOTION = RANDOM.choice(["none", "flyer", "half price"], SHOPS * ROWS)
EFFECT = pd.Series(PROMOTION).map({"none": 0.0, "flyer": 30.0, "half price": 90.0}).to_numpy()
HONEST: dict[str, tuple[Any, Any]] = {  # the target and the column
    "price": (LEVELS - 8 * PRICE, PRICE),
    "price that tells nearly all": (200 - 8 * PRICE + NOISE, PRICE),
    "elastic price": (100 * PRICE**-3 * np.exp(0.1 * NOISE), PRICE),
    "temperature": (500 - 10 * (15 + 10 * np.sin(np.arange(SHOPS * ROWS) / 58) + NOISE) + 3 * PRICE, NOISE),
    "plan": (100 + 20 * PRICE + 30 * NOISE, 100 + 20 * PRICE),
    "promotion": (100 + EFFECT + NOISE, PROMOTION),
    "codes of a promotion": (100 + EFFECT + NOISE, EFFECT),
    "exact promotion": (100 + 5 * WEEK + EFFECT, EFFECT / 30),
    "weekday": (100 + 5 * WEEK + NOISE, WEEK),
    "weekday in words": (100 + 5 * WEEK + 0.1 * NOISE, pd.Series(WEEK).map("d{}".format)),
    "month of a trend": (10.0 * np.tile(np.arange(ROWS), SHOPS) + NOISE, pd.Series(DAY).dt.month_name()),
    "median before": (COUNTS, COUNTS.groupby(SHOP).transform(lambda s: s.shift(1).rolling(5).median())),
    "nothing": (np.where(WEEK == 6, 0.0, COUNTS), np.zeros(SHOPS * ROWS)),
}


@pytest.mark.parametrize("name", HONEST)
@pytest.mark.parametrize("role", ["known", "past"])
def test_what_is_honestly_known_goes_free(name: str, role: str) -> None:
    assert status(*HONEST[name], role) == "passed"


def test_slow_counts_are_searched() -> None:
    slow = RANDOM.poisson(1.2, SHOPS * ROWS) * 1.0
    assert len(np.unique(slow)) < 10
    assert status(slow, 2 * slow + 1) == "dropped"
    assert status(slow, RANDOM.poisson(1.2, SHOPS * ROWS)) == "passed"
    assert status(WEEK, WEEK) == "passed"  # it repeats itself: nothing is new in it


def test_what_cannot_be_checked_is_not_said_to_have_passed() -> None:
    months = pd.date_range("2022-01-01", periods=19, freq="MS")
    table = pd.DataFrame({"day": months, "sales": RANDOM.normal(100, 10, 19)}).assign(hint=lambda t: t["sales"])
    for y, why in ((table["sales"], "a value in 19 rows"), (np.arange(40) // 20, "2 values and changes in 1 rows")):
        days = pd.date_range("2022-01-01", periods=len(y))
        read = pd.DataFrame({"day": days, "sales": y, "hint": y})
        found = Panel.read(read, time="day", target="sales", known="hint").findings.of("leak").items
        assert [f.status for f in found] == ["alerted"]
        assert "Not checked: whether the known column 'hint' gives the target 'sales' away" in found[0].message
        assert why in found[0].message
        assert Panel.read(read, time="day", target="sales").findings.of("leak").items[0].status == "passed"
