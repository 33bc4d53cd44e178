"""Days of the year: their rules, which of them stand out, and forecasts that know of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dateutil.easter import easter as published
from hypothesis import given
from hypothesis import strategies as st

import forecast as fc
from featurizers.panel import Panel
from forecast.plan import Plan, recipe
from learners.occasions import OccasionsModel
from learners.year_days import easter, families, holding, named
from learners.year_effects import effects, standing_out, week
from tests.shared_data import shared

PLANTED = {"12-25": -0.6, "11-Thu-4": -0.3, "easter+1": 0.4, "05-Mon-last": -0.25}


def since_1970(text: str) -> int:
    return int(np.datetime64(text, "D").astype(np.int64))


def shops(
    years: float = 5.0,
    count: int = 4,
    planted: dict[str, float] = PLANTED,
    noise: float = 4.0,
    start: str = "2016-02-01",
    **more: float,
) -> pd.DataFrame:
    """Daily sales with a week and days of the year; `more` is what 12-25 does in single shops."""
    rng, rows = np.random.default_rng(5), int(365.25 * years)
    days = np.arange(rows) + since_1970(start)
    parts = []
    for i in range(count):
        own = planted | ({"12-25": more[f"shop{i}"]} if f"shop{i}" in more else {})
        times = 1.0 + holding(list(own), days) @ np.array(list(own.values()))
        usual = 100.0 * (i + 1) + 20.0 * (i + 1) * (days % 7 == 3)
        values = (usual + noise * (i + 1) * rng.normal(size=rows)) * times
        parts.append(
            pd.DataFrame(
                {"shop": f"shop{i}", "day": days.astype("datetime64[D]").astype("datetime64[ns]"), "sales": values}
            )
        )
    return pd.concat(parts, ignore_index=True)


def read(table: pd.DataFrame) -> Panel:
    return Panel.read(table, id="shop", time="day", target="sales", freq="D")


# ---- rules -----------------------------------------------------------------------------------------


def test_easter_is_that_of_the_church() -> None:
    years = np.arange(1900, 2200)
    assert easter(years).astype("datetime64[D]").tolist() == [published(int(y)) for y in years]


@given(st.integers(-20_000, 40_000))
def test_a_day_is_on_every_rule_that_names_it(day: int) -> None:
    days = np.array([day])
    rules = [named(family, int(code[0])) for family, code in families(days).items() if code[0] >= 0]
    assert len(rules) >= 2
    assert holding(rules, days).all()


def test_rules_by_hand() -> None:
    days = np.array([since_1970(d) for d in ("2023-11-23", "2023-05-29", "2024-03-29", "2024-02-29", "2023-05-22")])
    rules = ["11-Thu-4", "05-Mon-last", "easter-2", "02-29"]
    assert holding(rules, days).tolist() == np.eye(5, 4, dtype=bool).tolist()
    assert holding(["*-29", "*-last", "*-31"], days)[1:4].T.tolist() == [[True] * 3, [False, False, True], [False] * 3]
    for wrong in ("12-32", "13-01", "11-Thx-1", "easter+99", "Christmas", "*-32", "*-1"):
        with pytest.raises(ValueError, match="no day of the year"):
            holding([wrong], days)


def test_the_rows_of_a_week() -> None:
    from featurizers.frequency import Frequency

    found = {name: week(Frequency.parse(name)) for name in ("D", "h", "30min", "B", "W", "MS", "min", "2D", "7h", "6h")}
    assert found == {"D": 7, "h": 168, "30min": 336, "B": 5, "W": 0, "MS": 0, "min": 0, "2D": 0, "7h": 0, "6h": 28}


# ---- which stand out -------------------------------------------------------------------------------


def test_what_was_planted_is_found_with_its_size() -> None:
    found = effects(read(shops()))
    assert found.relative
    assert set(found.rules) >= set(PLANTED)
    assert len(found.rules) <= len(PLANTED) + 1
    for rule, size in PLANTED.items():
        np.testing.assert_allclose(found.sizes[:, found.rules.index(rule)], size, atol=0.07)


def test_paydays_are_found() -> None:
    found = effects(read(shops(years=3.0, planted={"*-15": 0.3, "*-last": 0.4})))
    assert set(found.rules[:2]) == {"*-15", "*-last"}
    assert len(found.rules) <= 3
    np.testing.assert_allclose(found.sizes[:, :2].mean(axis=0), [0.3 if r == "*-15" else 0.4 for r in found.rules[:2]],
                               atol=0.03)  # fmt: skip


def test_noise_has_no_days() -> None:
    """About one draw in twelve has one, by the made-up calendars that a day has to beat."""
    with_any = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        away = rng.standard_t(4, 1500)
        with_any += bool(standing_out(np.arange(1500) + 17_000, away))
    assert with_any <= 8
    assert standing_out(np.arange(1500), np.zeros(1500)) == ()
    assert standing_out(np.arange(400), np.random.default_rng(0).normal(size=400)) == ()  # too few years


def test_series_have_effects_of_their_own_where_they_differ() -> None:
    panel = read(shops(count=12, shop3=0.0, shop7=0.0))
    apart, open_then = effects(panel), panel.ids["shop"].isin(["shop3", "shop7"]).to_numpy()
    christmas = apart.sizes[:, apart.rules.index("12-25")]
    assert np.abs(christmas[open_then]).max() < 0.1
    assert np.abs(christmas[~open_then] + 0.6).max() < 0.1


def test_skewed_sales_of_many_shops_have_the_day_alone() -> None:
    """The mean of what is skewed lies above its median, and a day is in the weeks that others are held against."""
    rng, days = np.random.default_rng(0), np.arange(803) + since_1970("2015-07-01")
    usual = np.where(holding(["12-25"], days)[:, 0], 0.4, 1.0)
    values = (rng.gamma(2, 50, (150, 803)) * usual).ravel()
    stamps = np.tile(days.astype("datetime64[D]").astype("datetime64[ns]"), 150)
    found = effects(read(pd.DataFrame({"shop": np.repeat(np.arange(150), 803), "day": stamps, "sales": values})))
    assert found.rules[0] == "12-25"
    assert len(found.rules) <= 3
    np.testing.assert_allclose(found.sizes[:, 0].mean(), -0.6, atol=0.06)


def test_targets_below_zero_have_amounts() -> None:
    table = shops(planted={"12-25": -0.6})
    table["sales"] -= 500.0
    found = effects(read(table))
    assert not found.relative
    assert found.rules[0] == "12-25"
    np.testing.assert_allclose(found.sizes[:, 0], -60.0 * np.arange(1, 5), rtol=0.25)


def test_hours_of_a_day_have_their_own() -> None:
    days, rng = np.arange(24 * 365 * 4) // 24 + since_1970("2016-02-01"), np.random.default_rng(0)
    hour = np.arange(len(days)) % 24
    less = holding(["12-25"], days)[:, 0] * np.where(hour < 12, 0.1, 0.7)
    stamps = days.astype("datetime64[D]") + hour.astype("timedelta64[h]")
    table = pd.DataFrame(
        {
            "at": stamps.astype("datetime64[ns]"),
            "load": (100 + 30 * np.sin(hour / 4)) * (1 - less) + rng.normal(size=len(days)),
        }
    )
    found = effects(Panel.read(table, time="at", target="load"))
    assert found.rules[0] == "12-25"
    share = found.sizes[0, 0] * found.profile[0]
    assert np.abs(share[:12] + 0.1).max() < 0.08
    assert np.abs(share[12:] + 0.7).max() < 0.12


# ---- forecasts -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def christmas() -> tuple[Panel, pd.DataFrame]:
    """A panel that ends on 15 December, and what comes."""
    table = shops(years=5.2)
    cut = pd.Timestamp("2020-12-15")
    return read(table[table["day"] <= cut]), table[(table["day"] > cut) & (table["day"] <= cut + pd.Timedelta(days=21))]


def test_forecasts_know_of_the_day(christmas: tuple[Panel, pd.DataFrame]) -> None:
    panel, later = christmas
    came = later["sales"].to_numpy().reshape(panel.count, -1)
    plain = fc.SeasonalNaive(7).fit(panel).forecast(panel, 21).columns["forecast"].reshape(came.shape)
    model = fc.Occasions(fc.SeasonalNaive(7, levels=(80,))).fit(panel)
    found = {n: v.reshape(came.shape) for n, v in model.forecast(panel, 21).columns.items() if n != "sales"}
    assert (np.abs(found["forecast"] - came)[:, 9] < 0.2 * np.abs(plain - came)[:, 9]).all()
    others = np.delete(np.arange(21), 9)
    np.testing.assert_allclose(found["forecast"][:, others], plain[:, others])
    assert ((found["lo80"] <= found["forecast"]) & (found["forecast"] <= found["hi80"])).all()


def test_the_graph_follows_the_calendar_and_what_came(christmas: tuple[Panel, pd.DataFrame], tmp_path: Path) -> None:
    panel, later = christmas
    model = fc.Occasions(fc.AutoEts(7, levels=(80,))).fit(panel)
    assert fc.to_onnx(model, tmp_path / "model.onnx", 21)["worst_relative_difference"] <= 1e-9
    longer = pd.concat([panel.frame(), later[later["day"] <= "2020-12-27"]])  # the day itself is among what came
    wanted = model.forecast(read(longer), 21).frame()
    got = pd.DataFrame(fc.score(tmp_path / "model.onnx", longer.sort_values(["shop", "day"])))
    np.testing.assert_allclose(got["forecast"], wanted["forecast"], rtol=1e-9)
    np.testing.assert_allclose(got["lo80"], wanted["lo80"], rtol=1e-9)


def test_a_new_series_is_as_the_learner_has_it(christmas: tuple[Panel, pd.DataFrame], tmp_path: Path) -> None:
    panel, _ = christmas
    plain = fc.Recursive("Ridge", (fc.Lags((1, 7)),))
    model = fc.Occasions(plain).fit(panel)
    assert isinstance(model, OccasionsModel)
    new = panel.frame().query("shop == 'shop1'").assign(shop="new").tail(30)
    found = model.forecast(read(new), 21).columns["forecast"]
    np.testing.assert_allclose(found, model.inner.forecast(read(new), 21).columns["forecast"])
    fc.to_onnx(model, tmp_path / "model.onnx", 21)
    np.testing.assert_allclose(pd.DataFrame(fc.score(tmp_path / "model.onnx", new))["forecast"], found, rtol=1e-9)


def test_a_closed_day_tells_nothing_of_others() -> None:
    table = shops(planted={"12-25": -1.0})
    table = table[table["day"] <= "2020-12-26"]
    panel = read(table)
    plain, found = (learner.fit(panel).forecast(panel, 7).columns["forecast"].reshape(4, 7)
                    for learner in (fc.WindowAverage(2), fc.Occasions(fc.WindowAverage(2))))  # fmt: skip
    level = 100.0 * np.arange(1, 5)[:, None]
    assert (plain < 0.7 * level).all()
    assert (np.abs(found / level - 1) < 0.2).all()


def test_what_a_day_does_is_explained(christmas: tuple[Panel, pd.DataFrame]) -> None:
    panel, _ = christmas
    explained = fc.Occasions(fc.SeasonalNaive(7)).fit(panel).explain(panel, 21, by="feature")
    frame = explained.frame()
    parts = frame.columns.drop(["shop", "day", "forecast", "base"])
    np.testing.assert_allclose(frame[parts].sum(axis=1) + frame["base"], frame["forecast"])
    assert "12-25" in parts
    there = frame["12-25"] != 0.0
    assert set(frame.loc[there, "day"].astype(str).str[:10]) == {"2020-12-25"}
    assert set(explained.frame("column").columns) >= {"day of the year"}


def test_the_default_recipes_take_them_out(christmas: tuple[Panel, pd.DataFrame]) -> None:
    panel, _ = christmas
    recipes = fc.auto(panel, 14, learners=["SeasonalNaive", "AutoEts", "LightGBM", "Prophet"]).recipes
    assert [isinstance(r, fc.Occasions) for r in recipes.values()] == [False, True, True, True]
    told = Plan.of(panel, horizon=14, seasons=(7,), lags=(1, 7), windows=(7,), holidays=("US",))
    assert [isinstance(recipe(n, told), fc.Occasions) for n in ("AutoEts", "LightGBM", "Prophet")] == [
        True,
        False,
        False,
    ]
    short = fc.auto(panel.tail(500), 14, learners=["AutoEts"]).recipes["AutoEts"]
    assert not isinstance(short, fc.Occasions)


def test_a_run_says_which_days_stand_out(christmas: tuple[Panel, pd.DataFrame]) -> None:
    panel, _ = christmas
    run = fc.run(
        panel.frame(),
        id="shop",
        time="day",
        target="sales",
        horizon=14,
        folds=2,
        learners=["Theta", "AutoEts"],
        progress=False,
    )
    (found,) = run.findings.of("occasions")
    assert "12-25 (-5" in found.message or "12-25 (-6" in found.message


def test_clocks_that_change_and_zones() -> None:
    stamps = pd.date_range("2017-01-01", "2020-12-20", freq="h", tz="Europe/Berlin")
    local = stamps.tz_localize(None).to_numpy().astype("datetime64[D]").astype(np.int64)
    rng = np.random.default_rng(0)
    load = 100.0 * (1 - 0.5 * holding(["12-25"], local)[:, 0]) + rng.normal(size=len(stamps))
    panel = Panel.read(pd.DataFrame({"at": stamps, "load": load}), time="at", target="load")
    frame = fc.Occasions(fc.Average()).fit(panel).forecast(panel, 24 * 7).frame()
    low = frame.loc[frame["forecast"] < 75, "at"]
    assert len(low) == 24
    assert set(low.dt.tz_convert("Europe/Berlin").dt.strftime("%m-%d")) == {"12-25"}


def test_births_fall_on_holidays() -> None:
    """US births: Thanksgiving, Labor Day, Memorial Day, Christmas, New Year and the Fourth of July."""
    table = shared("benchmark/us_births_train.parquet")
    if table is None:
        pytest.skip("the data are not here")
    panel = Panel.read(table, id="unique_id", time="ds", target="y")
    found = effects(panel)
    sizes = dict(zip(found.rules, found.sizes[0], strict=True))
    assert {"11-Thu-4", "09-Mon-1", "12-25", "01-01", "07-04"} <= set(sizes)
    assert {"05-Mon-5", "05-Mon-last"} & set(sizes)
    assert -0.25 < sizes["11-Thu-4"] < -0.12
