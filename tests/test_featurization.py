"""Featurization: useless columns are left out and reported; a table says what became of each column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.featurization import left_out, summary, useless
from forecast.plan import Plan, recipe
from learners.space import Choose


def table(series: int = 3, rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    size = series * rows
    shop = np.repeat([f"shop{i}" for i in range(series)], rows)
    price = rng.uniform(1, 2, size)
    return pd.DataFrame({
        "shop": shop, "day": np.tile(pd.date_range("2024-01-01", periods=rows), series),
        "sales": 10 - 3 * price + rng.normal(size=size), "price": price, "flat": 7.0, "empty": np.nan,
        "counter": np.tile(np.arange(rows, dtype=float), series), "order": [f"o{i}" for i in range(size)],
        "kind": rng.choice(["a", "b"], size), "size": np.repeat(rng.uniform(size=series), rows), "land": "DE",
        "promo": np.where(rng.random(size) < 0.3, 1.0, np.nan), "weather": rng.normal(size=size),
    })  # fmt: skip


def read(**given: object) -> fc.Panel:
    known = ("price", "flat", "empty", "counter", "order", "kind", "promo")
    return fc.Panel.read(
        table(), id="shop", time="day", target="sales", known=known, past="weather", static=("size", "land"), **given
    )


USELESS = {"flat", "empty", "counter", "order", "land"}


def test_useless_columns_are_found_and_each_is_reported() -> None:
    found = useless(read())
    assert set(found) == USELESS
    assert found["flat"] == found["land"] == "it is constant"
    assert found["empty"] == "it has no value"
    assert found["counter"] == "it only counts rows"
    assert "180 categories in 180 values" in found["order"]
    reported = left_out(read())
    assert {f.column for f in reported} == USELESS
    assert {f.status for f in reported} == {"dropped"}
    assert "'flat'" in reported[0].message


def test_one_value_with_gaps_says_something() -> None:
    assert "promo" not in useless(read())


def test_default_recipes_leave_them_out() -> None:
    plan = Plan.of(read(), horizon=7, seasons=(7,), lags=(1, 7), windows=(7,))
    assert plan.known == ("price", "promo")
    assert plan.past == ("weather",)
    assert plan.static == ("size",)
    assert plan.categories == ("kind",)


def test_the_summary_says_what_became_of_each_column() -> None:
    panel = read()
    plan = Plan.of(panel, horizon=7, seasons=(7,), lags=(1, 7), windows=(7,))
    found = summary({"trees": recipe("LightGBM", plan), "linear": recipe("Ridge", plan)}, panel).set_index("column")
    assert found["role"].to_dict() == {
        "shop": "key", "day": "time", "sales": "target", "price": "known", "flat": "known", "empty": "known",
        "counter": "known", "order": "known", "kind": "known", "promo": "known", "weather": "past", "size": "static",
        "land": "static",
    }  # fmt: skip
    assert set(found.index[~found["used"]]) == USELESS
    assert found.loc["flat", "reason"] == "it is constant"
    assert found.loc["kind", "features"] == ["kind", "kind=a", "kind=b"]
    assert found.loc["weather", "features"] == ["weather_lag1"]
    assert found.loc["sales", "features"][:3] == ["lag1", "lag7", "mean7"]
    assert "weekday" in " ".join(found.loc["day", "features"])
    assert found.loc["promo", "missing"] > 0.5
    assert found.loc["order", "categories"] == 180


def test_the_summary_of_a_model_is_that_of_its_recipe() -> None:
    panel = read()
    learner = fc.Recursive("Ridge", (fc.Lags((1, 7)), fc.Known(("price",)), fc.SeriesId()))
    pd.testing.assert_frame_equal(summary(learner, panel), summary(learner.fit(panel), panel))
    found = summary(learner, panel).set_index("column")
    assert found.loc["shop", "features"] == ["series"]
    assert found.loc["weather", "reason"] == "no learner takes it"
    open_ended = fc.Recursive("Ridge", Choose(((fc.Lags((1,)),), (fc.Lags((1, 2)),))))  # type: ignore[arg-type]
    assert summary(open_ended, panel).set_index("column").loc["sales", "features"] == ["lag1", "lag2"]


def test_the_column_that_groups_is_used() -> None:
    found = summary(fc.PerGroup(fc.Naive(), by=("land",)), read()).set_index("column")
    assert found.loc["land", "used"]
    data = table().assign(land=lambda t: t["shop"].map({"shop0": "n"}).fillna("s"))
    run = fc.run(data, id="shop", time="day", target="sales", static="land", by="land", horizon=7, folds=1,
                 learners=["Naive"], levels=(), progress=False)  # fmt: skip
    assert run.featurization.set_index("column").loc["land", "used"]


def test_what_is_no_recipe_has_no_summary() -> None:
    for wrong in ("Ridge", None, fc.Lags, ["Ridge"]):
        with pytest.raises(ValueError, match="A summary is of a recipe, a model, or a mapping or tuple of several"):
            summary(wrong, read())
    with pytest.raises(TypeError, match="'summary' takes a Panel"):
        summary(fc.Naive(), table())  # type: ignore[arg-type]


def test_learners_that_take_columns_as_they_are_count() -> None:
    found = summary(fc.Arimax(order=(1, 0, 0), columns=("price",)), read()).set_index("column")
    assert found.loc["price", "used"]
    assert found.loc["price", "features"] == []


def test_a_leak_refused_at_the_door_is_in_the_summary() -> None:
    data = table().assign(double=lambda t: 2 * t["sales"])
    panel = fc.Panel.read(data, id="shop", time="day", target="sales", known=["price", "double"])
    found = summary(fc.SeasonalNaive(7), panel).set_index("column")
    assert found.loc["double", "role"] == "dropped"
    assert "rank correlation 1" in found.loc["double", "reason"]


def test_parts_of_the_target_are_found_beside_a_rare_flag() -> None:
    rng, leaky = np.random.default_rng(0), table()
    leaky["web"] = leaky["sales"] * rng.random(len(leaky))
    leaky["shop_only"] = leaky["sales"] - leaky["web"]
    leaky["rare"] = np.where(np.arange(len(leaky)) == 5, 1.0, 0.0)
    leaky.loc[5, "weather"] = np.nan  # and there alone
    known = ("web", "shop_only", "rare", "weather")
    panel = fc.Panel.read(leaky, id="shop", time="day", target="sales", known=known)
    assert {f.column for f in panel.findings.of("leak")} == {"web", "shop_only"}


def test_a_run_has_it_in_its_findings_folder_and_report(tmp_path: Path) -> None:
    data = table(series=1)
    run = fc.run(data, time="day", target="sales", known=["price", "flat"], horizon=7, learners=["Ridge"], folds=1,
                 output=str(tmp_path / "run"), progress=False)  # fmt: skip
    kept = pd.read_parquet(tmp_path / "run" / "featurization.parquet")
    assert kept["column"].tolist() == run.featurization["column"].tolist() == ["day", "sales", "price", "flat"]
    assert [list(names) for names in kept["features"]] == run.featurization["features"].tolist()
    assert [f.column for f in run.findings.of("useless_column")] == ["flat"]
    assert "it is constant" in (tmp_path / "run" / "report.html").read_text()
