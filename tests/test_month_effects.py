"""Trading-day effects: what months are made of, whether that tells, and forecasts that know of it."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dateutil.easter import easter as published
from hypothesis import given
from hypothesis import strategies as st

import forecast as fc
from featurizers.frequency import Frequency
from featurizers.panel import Panel
from forecast.plan import Plan, recipe
from learners.month_effects import RULES, composition, month_effects, monthly
from learners.year_days import WEEKDAYS
from tests.shared_data import shared

SHOP = {"Fri": 0.01, "Sat": 0.03, "Sun": -0.05, "02-29": 0.03}


def since_1970(stamps: pd.DatetimeIndex) -> np.ndarray:
    return stamps.to_numpy().astype("datetime64[D]").astype(np.int64)


def shops(count: int = 3, rows: int = 120, planted: dict[str, float] = SHOP, freq: str = "MS", noise: float = 0.01,
          **more: dict[str, float]) -> pd.DataFrame:  # fmt: skip
    """Monthly sales with a trend, a season and what weekdays do; `more` is what they do in single shops."""
    rng, stamps = np.random.default_rng(3), pd.date_range("2010-01-31", periods=rows, freq=freq)
    parts = []
    for i in range(count):
        own = more.get(f"shop{i}", planted)
        times = 1.0 + composition(tuple(own), since_1970(stamps), Frequency.parse(freq)) @ np.array(list(own.values()))
        usual = (100.0 + np.arange(rows)) * (1.0 + 0.2 * np.sin(stamps.month.to_numpy() / 12 * 2 * np.pi)) * (i + 1)
        values = usual * times * (1.0 + noise * rng.standard_normal(rows))
        parts.append(pd.DataFrame({"shop": f"shop{i}", "month": stamps, "sales": values}))
    return pd.concat(parts, ignore_index=True)


def read(table: pd.DataFrame, freq: str = "MS") -> Panel:
    return Panel.read(table, id="shop", time="month", target="sales", freq=freq)


# ---- what months are made of -----------------------------------------------------------------------


@given(st.integers(1900, 2150), st.integers(1, 12), st.sampled_from(["MS", "ME", "QS", "QE", "2MS"]))
def test_periods_hold_the_days_of_the_calendar(year: int, month: int, freq: str) -> None:
    offset = Frequency.parse(freq)
    stamp = pd.Timestamp(year, month, 1) if not offset.ends else pd.Timestamp(year, month, 1) + pd.offsets.MonthEnd(0)
    months = [stamp.to_period("M") + k for k in ([0, -1, -2] if offset.ends else [0, 1, 2])[: offset.months]]
    days = [date(m.year, m.month, d + 1) for m in months for d in range(calendar.monthrange(m.year, m.month)[1])]
    found = composition(RULES, since_1970(pd.DatetimeIndex([stamp])), offset)[0]
    counts = np.bincount([day.weekday() for day in days], minlength=7)
    np.testing.assert_allclose(found[:7], counts - len(days) / 7, atol=0.01)  # on average there are as many of each
    leap = sum(calendar.isleap(m.year) for m in months if m.month == 2) - 0.2425 * any(m.month == 2 for m in months)
    np.testing.assert_allclose(found[7], leap, atol=1e-9)
    before = {published(y) - timedelta(days=k) for y in {m.year for m in months} for k in range(1, 9)}
    assert -1.0 <= found[8] - len(before & set(days)) / 8 <= 0.0


def test_what_months_have_is_nothing_on_average() -> None:
    stamps = np.arange(np.datetime64("1970-01"), np.datetime64("2370-01")).astype("datetime64[D]").astype(np.int64)
    found = composition(RULES, stamps, Frequency.parse("MS"))
    np.testing.assert_allclose(found.reshape(400, 12, -1).mean(axis=0), 0.0, atol=1e-12)


def test_which_frequencies_have_them() -> None:
    names = ("MS", "ME", "BME", "QS-FEB", "QE", "2MS", "6MS", "YS", "W", "D", "B", "h")
    assert [monthly(Frequency.parse(name)) for name in names] == [True] * 6 + [False] * 6
    with pytest.raises(ValueError, match="'12-25' is nothing that months differ in: write 'Mon'"):
        fc.Occasions(fc.Naive(), ("12-25",)).fit(read(shops()))


# ---- whether that tells ----------------------------------------------------------------------------


@pytest.mark.parametrize("freq", ["MS", "ME"])
def test_what_was_planted_is_found_with_its_size(freq: str) -> None:
    found = month_effects(read(shops(freq=freq), freq))
    assert found.relative
    assert found.rules == RULES[:8]
    wanted = np.array([SHOP.get(rule, 0.0) for rule in RULES[:8]])
    wanted[:7] -= wanted[:7].mean()  # what all weekdays share is the length of the month
    np.testing.assert_allclose(found.sizes, np.tile(wanted, (3, 1)), atol=0.012)


def test_easter_is_found_where_it_moves_between_months() -> None:
    found = month_effects(read(shops(rows=180, planted={"easter": 0.1})))
    assert found.rules == ("easter",)
    np.testing.assert_allclose(found.sizes, 0.1, atol=0.02)


def test_quarters_have_fewer_but_clear_ones() -> None:
    found = month_effects(read(shops(planted={"Sat": 0.05, "Sun": -0.05}, freq="QE"), "QE"))
    assert found.rules[:7] == WEEKDAYS
    np.testing.assert_allclose(found.sizes[:, 5] - found.sizes[:, 6], 0.1, atol=0.03)


def test_noise_and_few_years_have_none() -> None:
    rng, stamps = np.random.default_rng(0), pd.date_range("2005-01-01", periods=150, freq="MS")
    walks = [Panel.read(pd.DataFrame({"t": stamps, "y": 100 + rng.standard_t(4, 150).cumsum()}), time="t", target="y")
             for _ in range(25)]  # fmt: skip
    assert sum(bool(month_effects(panel).rules) for panel in walks) <= 1
    assert month_effects(read(shops(rows=59))).rules == ()
    assert month_effects(read(shops().assign(sales=1.0))).rules == ()


def test_series_have_effects_of_their_own_where_they_differ() -> None:
    closed = {"Sat": -0.03, "Sun": 0.05}
    panel = read(shops(12, 150, shop3=closed, shop7=closed))
    sunday, apart = month_effects(panel).sizes[:, 6], panel.ids["shop"].isin(["shop3", "shop7"]).to_numpy()
    assert (sunday[apart] > 0.03).all()
    assert (sunday[~apart] < -0.03).all()


def test_targets_below_zero_have_amounts() -> None:
    table = shops(1, planted={"Sun": -0.05, "Sat": 0.05})
    found = month_effects(read(table.assign(sales=table["sales"] - 400.0)))
    assert not found.relative
    np.testing.assert_allclose(found.sizes[0, 5] - found.sizes[0, 6], 16.0, rtol=0.25)


def test_beer_is_made_on_weekdays() -> None:
    table = shared("seeds/beer_train.csv")
    if table is None:
        pytest.skip("the data are not here")
    found = month_effects(Panel.read(table, time="DATE", target="BeerProduction"))
    # statsmodels 0.15: SARIMAX of the logarithms, (0, 1, 1)(0, 1, 1), on the number of each weekday less that of
    # Sundays, and on the leap day, which has an error of 0.009, the others of 0.003.
    wanted = [0.0028, 0.0104, 0.0161, 0.0151, 0.0124, -0.0254, -0.0312, 0.0370]
    assert found.rules[:8] == RULES[:8]
    np.testing.assert_allclose(found.sizes[0, :8], wanted, atol=0.001)


# ---- forecasts -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sold() -> tuple[Panel, pd.DataFrame]:
    """Ten years, and what comes."""
    table = shops(rows=138)
    later = table.groupby("shop").cumcount() >= 120
    return read(table[~later]), table[later]


def test_forecasts_know_of_the_weekdays(sold: tuple[Panel, pd.DataFrame]) -> None:
    panel, later = sold
    came = later["sales"].to_numpy()
    plain, found = (learner.fit(panel).forecast(panel, 18).columns["forecast"]
                    for learner in (fc.AutoEts(12), fc.Occasions(fc.AutoEts(12))))  # fmt: skip
    assert np.abs(found / came - 1).mean() < 0.4 * np.abs(plain / came - 1).mean()


def test_the_graph_follows_the_calendar_and_what_came(sold: tuple[Panel, pd.DataFrame], tmp_path: Path) -> None:
    panel, later = sold
    model = fc.Occasions(fc.AutoEts(12, levels=(80,))).fit(panel)
    assert fc.to_onnx(model, tmp_path / "model.onnx", 12)["worst_relative_difference"] <= 1e-9
    longer = pd.concat([panel.frame(), later.groupby("shop").head(6)]).sort_values(["shop", "month"])
    wanted = model.forecast(read(longer), 12).frame()
    got = pd.DataFrame(fc.score(tmp_path / "model.onnx", longer))
    for name in ("forecast", "lo80", "hi80"):
        np.testing.assert_allclose(got[name], wanted[name], rtol=1e-9)


def test_what_weekdays_do_is_explained(sold: tuple[Panel, pd.DataFrame]) -> None:
    explained = fc.Occasions(fc.SeasonalNaive(12)).fit(sold[0]).explain(sold[0], 6, by="feature")
    frame = explained.frame()
    parts = frame.columns.drop(["shop", "month", "forecast", "base"])
    np.testing.assert_allclose(frame[parts].sum(axis=1) + frame["base"], frame["forecast"])
    assert set(WEEKDAYS) <= set(parts)
    assert "trading days" in explained.frame("column").columns


def test_the_default_recipes_take_them_out(sold: tuple[Panel, pd.DataFrame]) -> None:
    panel, _ = sold
    told = Plan.of(panel, horizon=12, seasons=(12,), lags=(1, 12), windows=(12,), holidays=("US",))
    assert [isinstance(recipe(name, told), fc.Occasions) for name in ("AutoEts", "LightGBM", "Naive")] == [
        True, True, False]  # fmt: skip


def test_a_run_says_what_weekdays_do(sold: tuple[Panel, pd.DataFrame]) -> None:
    run = fc.run(sold[0].frame(), id="shop", time="month", target="sales", horizon=6, folds=2,
                 learners=["Theta", "AutoEts"], progress=False)  # fmt: skip
    (found,) = run.findings.of("occasions")
    assert "The weekdays that months have" in found.message
    assert "Sun (-" in found.message
