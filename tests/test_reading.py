"""The door: any table in, a regular panel and believable findings out."""

from __future__ import annotations

import datetime
import sqlite3
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurizers.panel import Panel
from tests.shared_data import shared

ROLES: dict[str, Any] = {"id": "shop", "time": "day", "target": "sales"}


def sales(
    rows: int = 60, shops: tuple[str, ...] = ("a", "b"), freq: str = "D", zone: str | None = None
) -> pd.DataFrame:
    days = pd.date_range("2023-03-01", periods=rows, freq=freq, tz=zone)
    parts = [
        pd.DataFrame({"shop": shop, "day": days, "sales": 10.0 + i + np.sin(np.arange(rows) * (i + 1.3)) ** 3,
                      "price": 1.0 + np.arange(rows) % 3, "kind": np.where(np.arange(rows) % 4, "x", "y"),
                      "size": i + 5})
        for i, shop in enumerate(shops)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def unusual(panel: Panel) -> set[str]:
    return {f.kind for f in panel.findings if f.status != "passed"}


def check(panel: Panel) -> None:
    """What every panel promises."""
    assert panel.indptr[0] == 0
    assert panel.indptr[-1] == len(panel)
    assert (panel.lengths > 0).all()
    assert panel.times.dtype == "datetime64[s]"
    assert panel.indptr.dtype == np.int64
    for name, values in panel.columns.items():
        assert values.dtype == (np.int64 if name in panel.levels else np.float64)
        assert len(values) == (panel.count if panel.roles.get(name) == "static" else len(panel))
    assert not np.isinf(panel.y).any()
    assert not np.isnan(panel.y[panel.indptr[1:] - 1]).any()
    for start, end in zip(panel.indptr[:-1], panel.indptr[1:], strict=True):
        expected = panel.freq.add(panel.times[start], np.arange(end - start))
        np.testing.assert_array_equal(panel.times[start:end], expected)
    keys = list(panel.ids.columns)
    if keys:
        pd.testing.assert_frame_equal(panel.ids, panel.ids.sort_values(keys).reset_index(drop=True))
        assert not panel.ids.duplicated().any()
        assert all(panel.ids[key].dtype in (np.int64, "str", "object") for key in keys)


def same(one: Panel, other: Panel) -> None:
    pd.testing.assert_frame_equal(one.frame(), other.frame(), check_dtype=False)
    assert one.roles == other.roles
    assert one.levels == other.levels


def test_a_clean_table_passes_every_check() -> None:
    table = sales()
    panel = Panel.read(table, known="price", past="kind", static="size", **ROLES)
    check(panel)
    assert unusual(panel) == set()
    assert len(panel.findings) == 21
    assert str(panel.findings).count("\n") == 0
    assert panel.freq.name == "D"
    assert panel.roles == {"price": "known", "kind": "past", "size": "static"}
    assert panel.levels == {"kind": ("x", "y")}
    np.testing.assert_array_equal(panel.y, table["sales"])
    np.testing.assert_array_equal(panel.columns["kind"], (table["kind"] == "y").astype(int))
    np.testing.assert_array_equal(panel.columns["size"], [5.0, 6.0])


def sources(folder: Path) -> dict[str, Any]:
    table = sales()
    table.to_csv(folder / "sales.csv", index=False)
    table.to_csv(folder / "semicolon.csv", index=False, sep=";")
    table.to_csv(folder / "packed.csv.gz", index=False)
    table.to_parquet(folder / "sales.parquet")
    (folder / "parts").mkdir()
    for shop, part in table.groupby("shop"):
        (folder / "parts" / f"shop={shop}").mkdir()
        part.drop(columns="shop").to_parquet(folder / "parts" / f"shop={shop}" / "0.parquet")
    connection = duckdb.connect()
    connection.register("sales", table)
    lite = sqlite3.connect(":memory:")
    table.assign(day=table["day"].astype(str)).to_sql("sales", lite, index=False)
    arrow, day = pyarrow.Table.from_pandas(table), table["day"].dt
    return {
        "csv": folder / "sales.csv", "semicolon": str(folder / "semicolon.csv"), "gzip": folder / "packed.csv.gz",
        "parquet": folder / "sales.parquet", "folder": folder / "parts", "polars": polars.from_pandas(table),
        "lazy": polars.from_pandas(table).lazy(), "arrow": arrow, "mapping": {n: table[n].to_list() for n in table},
        "query": f"SELECT * FROM '{folder / 'sales.parquet'}'", "duckdb": (connection, "FROM sales"),
        "relation": connection.sql("FROM sales"), "sqlite": (lite, "SELECT * FROM sales"),
        "index": table.set_index(["shop", "day"]), "arrow types": arrow.to_pandas(types_mapper=pd.ArrowDtype),
        "category": table.astype({"shop": "category", "kind": "category"}), "objects": table.astype(object),
        "dates": table.assign(day=table["day"].dt.date), "american": table.assign(day=day.strftime("%m/%d/%Y")),
        "european": table.assign(day=day.strftime("%d.%m.%Y")), "shuffled": table.sample(frac=1, random_state=1),
        "nullable": table.convert_dtypes(), "periods": table.assign(day=table["day"].dt.to_period("D")),
        "numbers": table.assign(day=day.strftime("%Y%m%d").astype(int)), "text": table.astype({"sales": str}),
    }  # fmt: skip


def test_every_source_gives_the_same_panel(tmp_path: Path) -> None:
    roles = {**ROLES, "known": ["price"], "past": ["kind"], "static": ["size"]}
    expected = Panel.read(sales(), **roles)
    for name, source in sources(tmp_path).items():
        panel = Panel.read(source, **roles)
        check(panel)
        same(panel, expected)
        assert unusual(panel) <= {"unsorted"}, name


def test_a_key_is_the_same_series_whether_its_column_is_read_as_numbers_or_as_text() -> None:
    mixed, plain = sales(shops=("1", "2", "A7")), sales(shops=("2", "1")).assign(shop=lambda t: t["shop"].astype(int))
    text, numbers = Panel.read(mixed, **ROLES), Panel.read(plain, **ROLES)
    assert numbers.ids["shop"].dtype == np.int64
    assert text.find(numbers.ids).tolist() == [0, 1]
    assert numbers.find(text.ids).tolist() == [0, 1, -1]
    roles = {**ROLES, "id": ["chain", "shop"]}
    text, numbers = (Panel.read(table.assign(chain="north"), **roles) for table in (mixed, plain))
    assert text.find(numbers.ids).tolist() == [0, 1]


def test_what_cannot_be_opened_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.feather").write_text("no table")
    with pytest.raises(ValueError, match=r"broken.feather' can't be read as Feather"):
        Panel.read(tmp_path / "broken.feather", **ROLES)
    lite = sqlite3.connect(":memory:")
    with pytest.raises(ValueError, match=r"can't run the query 'SELECT \* FROM nowhere'"):
        Panel.read((lite, "SELECT * FROM nowhere"), **ROLES)
    sales().assign(day=lambda t: t["day"].astype(str)).to_sql("sales", lite, index=False)
    monkeypatch.setitem(sys.modules, "duckdb", None)  # as where it is not installed
    assert Panel.read((lite, "SELECT * FROM sales"), **ROLES).count == 2
    with pytest.raises(ValueError, match="pip install duckdb"):
        Panel.read("SELECT * FROM sales", **ROLES)


def test_keys_are_whole_numbers_or_text() -> None:
    table = sales().assign(store=np.repeat([10.0, 9.0], 60))
    panel = Panel.read(table, **{**ROLES, "id": ["store", "shop"]})
    assert panel.ids["store"].tolist() == [9, 10]
    assert panel.ids["store"].dtype == np.int64
    assert panel.name(0) == "store=9, shop=b"
    single = Panel.read(sales(shops=("a",)), time="day", target="sales")
    assert single.count == 1
    assert list(single.ids.columns) == []
    assert single.name(0) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"target": "sale"}, "There is no column 'sale' (did you mean 'sales'?) (target)"),
        ({"known": ["Price"]}, "did you mean 'price'?"),
        ({"past": "sales"}, "'sales' can't be both target and past"),
        ({"freq": "fortnight"}, "'fortnight' is not understood"),
        ({"target": "kind"}, "holds 'y' in row 0, which is no number"),
        ({"time": "size"}, "numbers (5 to 6)"),
        ({"aggregate": "sum"}, "needs freq"),
        ({"freq": "W", "aggregate": "median"}, "'aggregate' is one of 'sum', 'mean', 'min', 'max'"),
        ({"freq": "W", "aggregate": True}, "'aggregate' is one of 'sum', 'mean', 'min', 'max', not True"),
        ({"short": "skip"}, "'short' is one of"),
        ({"id": None}, "'shop' would tell them apart: pass id=['shop']"),
    ],
)
def test_errors_are_sentences(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:
        Panel.read(sales(), **{**ROLES, **change})
    assert words in str(caught.value)


def test_a_forgotten_key_is_seen_whatever_the_stamps() -> None:
    times = pd.date_range("2024-01-01", periods=20, freq="1000003s")
    table = pd.DataFrame([(shop, item, time, 1.0) for shop in "ab" for time in times for item in "xy"],
                         columns=["shop", "item", "day", "sales"])  # fmt: skip
    with pytest.raises(ValueError, match="'item' would tell them apart"):
        Panel.read(table, **ROLES)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_clocks_that_change(zone: str) -> None:
    daily = Panel.read(sales(400, zone=zone), **ROLES)
    assert unusual(daily) == set()
    assert (daily.zone, daily.freq.name) == (None, "D")
    assert str(daily.times[0]) == "2023-03-01T00:00:00"
    for freq in ("h", "30min"):
        table = sales(24 * 60, freq=freq, zone=zone)
        panel = Panel.read(table, **ROLES)
        check(panel)
        assert unusual(panel) == set()
        assert (panel.zone, panel.freq.name) == (zone, freq)
        local = table["day"].dt.tz_localize(None).to_numpy().astype("datetime64[s]").astype(np.int64)
        np.testing.assert_array_equal(panel.clock(), local)


def test_text_with_offsets_keeps_its_dates() -> None:
    table = sales(400, zone="Europe/Berlin")
    table["day"] = [stamp.isoformat() for stamp in table["day"]]
    panel = Panel.read(table, **ROLES)
    assert unusual(panel) == {"time_zone"}
    assert str(panel.times[0]) == "2023-03-01T00:00:00"
    hourly = sales(24 * 60, freq="h", zone="Europe/Berlin")
    panel = Panel.read(hourly.assign(day=[stamp.isoformat() for stamp in hourly["day"]]), **ROLES)
    assert (panel.zone, len(panel)) == ("UTC", len(hourly))


def test_local_hours_without_a_zone_are_repaired() -> None:
    hourly = sales(24 * 300, shops=("a",), freq="h", zone="Europe/Berlin")
    hourly["day"] = hourly["day"].dt.tz_localize(None)
    panel = Panel.read(hourly, **ROLES)
    check(panel)
    (gap,) = panel.findings.of("gap")
    assert (gap.row, gap.time) == (24 * 25 + 1, "2023-03-26 01:00:00")
    assert "clocks skip" in gap.message
    (double,) = panel.findings.of("duplicate")
    assert double.time == "2023-10-29 02:00:00"
    assert "clocks repeat" in double.message


@pytest.mark.parametrize(
    ("freq", "twice", "hour"),
    [("D", 1, False), ("h", 1, True), ("15min", 4, True), ("15min", 3, False), ("2h", 1, False)],
)
def test_an_hour_that_comes_twice_in_autumn_is_told_only_where_it_is_one(freq: str, twice: int, hour: bool) -> None:
    at = pd.date_range("2024-10-20 02:00" if freq != "D" else "2024-09-29", periods=700, freq=freq)
    table = pd.DataFrame({"at": at, "y": np.arange(700.0)})
    start = int(np.searchsorted(at, pd.Timestamp("2024-10-27" if freq == "D" else "2024-10-27 02:00")))
    panel = Panel.read(pd.concat([table, table.iloc[start : start + twice]]), time="at", target="y")
    (told,) = panel.findings.of("duplicate")
    assert ("(the hour that clocks repeat in autumn)" in told.message) == hour


def test_aggregation() -> None:
    table = sales(24 * 40, freq="h")
    table.loc[3, "sales"] = np.nan
    roles = {**ROLES, "known": ["price", "kind"], "static": "size"}
    how = {"sales": "sum", "price": "max"}
    panel = Panel.read(table, freq="D", aggregate=how, **roles)
    check(panel)
    groups = table.groupby(["shop", table["day"].dt.date])
    np.testing.assert_allclose(panel.y, groups["sales"].sum())
    np.testing.assert_allclose(panel.columns["price"], groups["price"].max())
    assert panel.levels["kind"] == ("x", "y")
    np.testing.assert_array_equal(panel.columns["kind"], 0)
    for way in ("mean", "min", "max"):
        panel = Panel.read(table, freq="D", aggregate=way, **roles)
        np.testing.assert_allclose(panel.y, groups["sales"].agg(way))
        np.testing.assert_allclose(panel.columns["price"], groups["price"].mean())


def test_weeks_end_on_their_day_and_parts_are_left_out() -> None:
    table = sales(60, shops=("a",))  # from Wednesday 2023-03-01 to Saturday 2023-04-29
    panel = Panel.read(table, freq="W-SUN", aggregate="sum", **ROLES)
    expected = table.set_index("day")["sales"].resample("W-SUN").sum().iloc[1:-1]
    np.testing.assert_array_equal(panel.times, expected.index.to_numpy().astype("datetime64[s]"))
    np.testing.assert_allclose(panel.y, expected)
    (part,) = panel.findings.of("incomplete_period")
    assert (part.status, part.count, part.row) == ("dropped", 5 + 6, 0)
    whole = Panel.read(table, freq="W-SUN", aggregate="sum", incomplete="keep", **ROLES)
    assert len(whole) == len(expected) + 2
    months = Panel.read(table, freq="ME", aggregate="mean", **ROLES)
    assert [str(t)[:10] for t in months.times] == ["2023-03-31"]


def test_a_week_of_which_only_some_days_have_come_is_still_to_be_forecast() -> None:
    table = sales(60, shops=("a",))  # from Wednesday 2023-03-01 to Saturday 2023-04-29
    roles = {**ROLES, "known": "price", "freq": "W-SUN", "aggregate": "sum"}
    plan = pd.DataFrame({"shop": "a", "day": pd.date_range("2023-04-30", periods=8), "price": 2.0})
    panel = Panel.read(pd.concat([table, plan]), **roles)
    alone = Panel.read(table, **roles)
    np.testing.assert_array_equal(panel.times, alone.times)
    np.testing.assert_array_equal(panel.y, alone.y)
    assert panel.ahead is not None
    assert [str(t)[:10] for t in panel.ahead.times] == ["2023-04-30", "2023-05-07"]
    week = [*table["price"].tail(6), 2.0]
    np.testing.assert_allclose(panel.ahead.columns["price"], [np.mean(week), 2.0])
    (told,) = [f for f in panel.findings.of("incomplete_period") if f.status == "fixed"]
    assert (told.column, told.count, told.time) == ("sales", 7, "2023-04-24")
    kept = Panel.read(pd.concat([table, plan]), **roles, incomplete="keep")
    assert kept.y[-1] == pytest.approx(table["sales"].tail(6).sum())
    leading = Panel.read(table.assign(sales=table["sales"].mask(table.index < 8)), **roles)
    assert str(leading.times[0])[:10] == "2023-03-19"


@pytest.mark.parametrize(
    ("freq", "end"), [("2MS", "2022-03-01"), ("2ME", "2022-04-30"), ("2QS", "2022-01-01"), ("24ME", "2023-12-31")]
)
def test_periods_of_several_months_do_not_depend_on_where_the_table_begins(freq: str, end: str) -> None:
    for first in ("2018-01-01", "2019-01-15", "2019-02-02", "2019-03-31"):
        days = pd.date_range(first, "2024-06-30")
        panel = Panel.read(pd.DataFrame({"day": days, "sales": np.arange(len(days)) % 7.0}), time="day", target="sales",
                           freq=freq, aggregate="sum")  # fmt: skip
        assert np.datetime64(end) in panel.times


def test_rows_after_the_last_target_are_the_future() -> None:
    table = sales()
    table.loc[table["day"] > "2023-04-20", "sales"] = np.nan
    panel = Panel.read(table, known=["price", "kind"], static="size", **ROLES)
    assert unusual(panel) == {"future_rows"}
    assert panel.ahead is not None
    assert len(panel) + len(panel.ahead) == len(table)
    future = panel.future(9)
    np.testing.assert_array_equal(future.columns["price"], table.loc[table["day"] > "2023-04-20", "price"])
    with pytest.raises(ValueError, match="shop=a at 2023-04-30"):
        panel.future(10)
    plain = Panel.read(table, **ROLES)
    assert plain.ahead is None
    assert {(f.kind, f.status, f.row, f.count) for f in plain.findings if f.status != "passed"} == {
        ("trailing_nan", "dropped", 51, 9),
        ("trailing_nan", "dropped", 111, 9),
    }
    assert "left out: its forecast begins after 2023-04-20." in plain.findings.of("trailing_nan").items[0].message
    table.loc[table.index[:60], "sales"] = sales()["sales"]
    told = Panel.read(table, **ROLES).findings.of("trailing_nan").items[0].message
    assert "its forecast begins after 2023-04-20, and ends before those of other series." in told


def test_a_table_goes_on_behind_the_rows_after_the_last_target() -> None:
    """A series whose last targets are unknown is forecast from before them: their known columns are there already."""
    table = sales()
    later = table["day"] > "2023-04-20"
    early = table["day"] > "2023-04-17"
    history, rest = table[~later].copy(), table[later].drop(columns="sales")
    history.loc[early & (history["shop"] == "a"), ["sales"]] = np.nan
    history.loc[early & (history["shop"] == "a"), ["kind"]] = "rare"  # which the rest does not have
    panel = Panel.read(history, known=["price", "kind"], static="size", **ROLES)
    future = panel.future(9, rest)
    whole = table[early & (table["shop"] == "a")].head(9)
    np.testing.assert_array_equal(future.columns["price"][:9], whole["price"])
    np.testing.assert_array_equal(future.columns["price"][9:], rest.loc[rest["shop"] == "b", "price"])
    codes = future.columns["kind"][:9]
    assert {panel.levels["kind"][c] if c >= 0 else "unknown" for c in codes[:3]} <= {"rare", "unknown"}
    np.testing.assert_array_equal(codes[3:], [panel.levels["kind"].index(k) for k in whole["kind"][3:]])
    told = pd.concat([rest, rest.assign(day=rest["day"] - pd.Timedelta(days=3))]).assign(price=-1.0)
    assert (panel.future(9, told).columns["price"][:9] == -1.0).all()  # of the same rows those that are given now


def test_known_columns_from_a_table() -> None:
    table = sales()
    panel = Panel.read(table[table["day"] <= "2023-04-20"], known=["price", "kind"], **ROLES)
    rest = table[table["day"] > "2023-04-20"].drop(columns=["sales", "size"])
    exact = panel.future(9, polars.from_pandas(rest).to_pandas())
    np.testing.assert_array_equal(exact.columns["price"], rest["price"])
    np.testing.assert_array_equal(exact.columns["kind"], (rest["kind"] == "y").astype(int))
    other = panel.future(9, Panel.read(table, known=["price", "kind"], **ROLES))
    np.testing.assert_array_equal(other.columns["kind"], exact.columns["kind"])
    strange = rest.assign(kind="z", price=[np.nan, *rest["price"][1:]]).drop(index=[53, 113])
    panel = panel.future(9, strange)
    assert {(f.kind, f.series, f.count) for f in panel.findings} == {
        ("missing_covariate", "shop=a", 3), ("missing_covariate", "shop=a", 2), ("unseen_category", "shop=a", 16),
    }  # fmt: skip
    assert not np.isnan(panel.columns["price"]).any()
    assert (panel.columns["kind"] == -1).all()
    with pytest.raises(ValueError, match="no column 'price'"):
        panel.future(2, rest.drop(columns="price"))


CELLS = {
    "shop": st.sampled_from(["a", "b", "c", None, 7, 1.5, ""]),
    "sales": st.one_of(st.floats(width=32), st.none(), st.integers(-3, 3), st.booleans()),
    "price": st.one_of(st.floats(-5, 5), st.none(), st.just(np.inf)),
    "kind": st.sampled_from(["x", "y", None, "z", 3]),
}
STAMPS = st.one_of(
    st.datetimes(datetime.datetime(2023, 1, 1), datetime.datetime(2023, 2, 1)),
    st.integers(0, 40).map(lambda k: datetime.datetime(2023, 1, 1) + datetime.timedelta(days=k)),
    st.none(),
)


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(0, 40))
    regular = draw(st.booleans())
    stamps = (
        [datetime.datetime(2023, 1, 1) + datetime.timedelta(hours=6 * (k % 20)) for k in range(rows)]
        if regular else draw(st.lists(STAMPS, min_size=rows, max_size=rows))
    )  # fmt: skip
    columns = {name: draw(st.lists(cells, min_size=rows, max_size=rows)) for name, cells in CELLS.items()}
    return pd.DataFrame({"day": pd.Series(stamps, dtype=object), **columns})


@settings(max_examples=120, deadline=None)
@given(
    tables(), st.sampled_from([None, "D", "6h", "B", "W", "MS"]), st.sampled_from(["shop", None]), st.booleans(),
    st.sampled_from(["mean", "last", "sum"]), st.sampled_from(["drop", "keep"]),
)  # fmt: skip
def test_hostile_tables(table: pd.DataFrame, freq: str, id: str, roles: bool, duplicates: str, mixed: str) -> None:
    """Either a sentence, or a panel whose rows are all accounted for."""
    given_roles = {"known": ["price"], "past": ["kind"]} if roles else {}
    try:
        panel = Panel.read(table, id, time="day", target="sales", freq=freq, duplicates=duplicates, mixed=mixed,
                           categorical="kind", **given_roles)  # fmt: skip
    except ValueError as problem:
        sentence = str(problem)
    else:
        sentence = ""
        accounted(table, panel)
    assert sentence[:1] == sentence[:1].upper()
    assert len(sentence) > 20 or not sentence


def accounted(table: pd.DataFrame, panel: Panel) -> None:
    """Every row of the table is in the panel, or named by a finding."""
    check(panel)
    counts = {kind: sum(f.count for f in panel.findings.of(kind)) for kind in {f.kind for f in panel.findings}}
    lost = ("missing_time", "missing_id", "duplicate", "all_missing", "leading_nan", "trailing_nan")
    dropped = sum(counts.get(kind, 0) for kind in lost)
    dropped += sum(f.count for f in panel.findings.of("mixed_frequency") if f.status == "dropped")
    later = 0 if panel.ahead is None else len(panel.ahead)
    assert len(table) == len(panel) - counts.get("gap", 0) + later + dropped
    for f in panel.findings:
        if f.status != "passed" and f.row >= 0:
            assert f.row < len(table)
            assert f"row {f.row}" in f.message.lower() or f.kind in ("leak", "row_number")


def test_the_order_of_rows_does_not_matter() -> None:
    table = sales().drop(index=[4, 80])
    mixed = Panel.read(table.sample(frac=1, random_state=0), known="price", **ROLES)
    same(mixed, Panel.read(table, known="price", **ROLES))
    assert mixed.findings.of("unsorted").items[0].status == "fixed"


@pytest.mark.parametrize("name", ["orange_juice", "nyc_energy", "bike_share"])
def test_real_tables(name: str) -> None:
    path = shared(f"seeds/{name}.csv")
    if path is None:
        return
    roles: dict[str, dict[str, Any]] = {
        "orange_juice": {
            "id": ["Store", "Brand"],
            "time": "WeekStarting",
            "target": "Quantity",
            "known": ["Price", "Advert"],
        },
        "nyc_energy": {"time": "timeStamp", "target": "demand", "known": ["precip", "temp"]},
        "bike_share": {"time": "date", "target": "cnt", "known": ["casual"]},
    }
    seen = {
        "orange_juice": ("W-THU", {"gap", "leak"}),
        "nyc_energy": ("h", {"gap", "future_rows", "unsorted", "missing_covariate", "nan_target"}),
        "bike_share": ("D", {"leak", "row_number"}),
    }
    panel = Panel.read(path, **roles[name])
    check(panel)
    assert (panel.freq.name, unusual(panel)) == seen[name]
    leaks = {f.column for f in panel.findings.of("leak")}
    assert leaks - {""} == {"orange_juice": {"logQuantity"}, "bike_share": {"casual", "registered"}}.get(name, set())


def test_a_monthly_series_among_daily_ones_is_of_another_frequency() -> None:
    months = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=40, freq="MS"), "sales": np.arange(40.0) % 7})
    days = pd.DataFrame({"day": pd.date_range("2023-01-01", periods=90), "sales": np.arange(90.0) % 7})
    table = pd.concat([days.assign(id="a"), days.assign(id="b"), months.assign(id="c")], ignore_index=True)
    panel = Panel.read(table, "id", time="day", target="sales")
    (found,) = [f for f in panel.findings.of("mixed_frequency") if f.status != "passed"]
    assert (found.series, found.row, found.status) == ("id=c", 180, "dropped")
    assert len(panel) == 180
