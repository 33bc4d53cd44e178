"""Guards: every fault is found, in the right series and row, and what was done is what is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from featurizers import memory
from featurizers.findings import Finding, Findings
from featurizers.panel import Panel

ROLES: dict[str, Any] = {"id": "shop", "time": "day", "target": "sales"}
ROWS = 100


def sales(**columns: Any) -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame({
        "shop": np.repeat(["a", "b"], ROWS), "day": np.tile(pd.date_range("2023-01-01", periods=ROWS), 2),
        "sales": 20 + random.normal(size=2 * ROWS), "price": random.normal(size=2 * ROWS), **columns,
    })  # fmt: skip


def read(table: pd.DataFrame, **settings: Any) -> Panel:
    return Panel.read(table, **{**ROLES, **settings})


def only(panel: Panel, kind: str) -> Finding:
    """The single finding that is not 'passed', which is of this kind."""
    (found,) = [f for f in panel.findings if f.status != "passed"]
    assert found.kind == kind
    return found


def test_missing_days() -> None:
    panel = read(sales().drop(index=[193, 194, 195]), known="price")
    found = only(panel, "gap")
    assert (found.status, found.series, found.row, found.time, found.count) == (
        "fixed",
        "shop=b",
        189 + 3,
        "2023-04-03",
        3,
    )
    assert np.isnan(panel.y[193:196]).all()
    np.testing.assert_array_equal(panel.columns["price"][192:196], sales()["price"][192])
    with pytest.raises(ValueError, match="missing after shop=b, row 192"):
        read(sales().drop(index=[193, 194, 195]), gaps="error")


@pytest.mark.parametrize(("how", "expected"), [("mean", 60.0), ("last", 100.0), ("sum", 120.0)])
def test_duplicates(how: str, expected: float) -> None:
    table = sales()
    table.loc[50, "sales"] = 20.0
    twice = pd.concat([table.iloc[:51], table.iloc[[50]].assign(sales=100.0), table.iloc[51:]])
    panel = read(twice, duplicates=how)
    found = only(panel, "duplicate")
    assert (found.status, found.series, found.row, found.count) == ("fixed", "shop=a", 50, 1)
    assert "row 51" in found.message
    assert "20 and 100" in found.message
    assert panel.y[50] == expected
    assert len(panel) == 2 * ROWS
    with pytest.raises(ValueError, match="2 rows for one stamp: shop=a, row 50"):
        read(twice, duplicates="error")
    exact = read(pd.concat([table.iloc[:51], table.iloc[[50]], table.iloc[51:]]), duplicates=how)
    assert "the same values" in only(exact, "duplicate").message
    assert exact.y[50] == 20.0


def test_unknown_and_infinite_targets() -> None:
    table = sales()
    table.loc[[95, 97], "sales"] = np.nan
    found = only(read(table), "nan_target")
    assert (found.status, found.series, found.row, found.count) == ("alerted", "shop=a", 95, 2)
    table = sales()
    table.loc[150, "sales"] = -np.inf
    panel = read(table)
    assert [(f.kind, f.status, f.row) for f in panel.findings if f.status != "passed"] == [
        ("infinite", "fixed", 150),
        ("nan_target", "alerted", 150),
    ]
    assert np.isnan(panel.y[150])


def test_ends_without_target_and_empty_series() -> None:
    table = sales()
    table.loc[:4, "sales"] = np.nan
    found = only(read(table), "leading_nan")
    assert (found.status, found.row, found.count) == ("dropped", 0, 5)
    table = sales()
    table.loc[table["shop"] == "a", "sales"] = np.nan
    panel = read(table)
    assert (only(panel, "all_missing").count, panel.count) == (ROWS, 1)
    with pytest.raises(ValueError, match="unknown in every row"):
        read(table.assign(sales=np.nan))


@pytest.mark.parametrize("freq", ["h", "12h", "2D", "W", "B", "MS", "M"])
def test_a_wrong_frequency(freq: str) -> None:
    panel = read(sales(), freq=freq)
    found = only(panel, "wrong_frequency")
    assert (found.status, found.series) == ("alerted", "shop=a")
    assert found.row >= 0
    assert panel.freq.name == "D"
    assert len(panel) == 2 * ROWS


@pytest.mark.parametrize("freq", ["D", "1D", "24h"])
def test_a_right_frequency(freq: str) -> None:
    assert all(f.status == "passed" for f in read(sales(), freq=freq).findings)


def test_short_series() -> None:
    table = sales().drop(index=range(2, ROWS))
    panel = read(table)
    found = only(panel, "too_short")
    assert (found.status, found.series, found.row, found.count) == ("alerted", "shop=a", 0, 2)
    assert panel.lengths.tolist() == [2, ROWS]
    assert read(table, short="drop").ids["shop"].tolist() == ["b"]
    padded = read(table, short="pad", min_length=30)
    assert padded.lengths.tolist() == [30, ROWS]
    assert (padded.y[:29] == table["sales"].iloc[0]).all()
    assert str(padded.times[29]) == "2023-01-02T00:00:00"
    assert (np.diff(padded.times[:30]) == np.timedelta64(1, "D")).all()
    with pytest.raises(ValueError, match="2 rows, fewer than 5: shop=a"):
        read(table, short="error")


def test_months_before_the_first_are_padded_however_many() -> None:
    table = pd.DataFrame({"day": pd.date_range("2023-01-01", periods=3, freq="MS"), "sales": [1.0, 2.0, 4.0]})
    padded = Panel.read(table, time="day", target="sales", short="pad", min_length=60)
    months = pd.date_range("2018-04-01", "2023-03-01", freq="MS")
    np.testing.assert_array_equal(padded.times, months.to_numpy().astype("datetime64[s]"))


def test_constant_series() -> None:
    table = sales()
    table.loc[:99, "sales"] = 0
    found = only(read(table), "constant")
    assert (found.status, found.series, found.row) == ("alerted", "shop=a", 0)


def test_mixed_frequencies() -> None:
    weekly = pd.DataFrame({"shop": "w", "day": pd.date_range("2023-01-01", periods=20, freq="W"), "sales": range(20)})
    hourly = weekly.assign(shop="h", day=pd.date_range("2023-01-01", periods=20, freq="h"))
    table = pd.concat([sales(), weekly, hourly], ignore_index=True)
    panel = read(table)
    assert {(f.kind, f.status, f.series, f.row, f.count) for f in panel.findings if f.status != "passed"} == {
        ("mixed_frequency", "dropped", "shop=w", 200, 20), ("mixed_frequency", "dropped", "shop=h", 220, 20),
    }  # fmt: skip
    assert "7 days apart" in str(panel.findings.of("mixed_frequency").frame()["message"].tolist())
    assert panel.ids["shop"].tolist() == ["a", "b"]
    kept = read(table, mixed="keep")
    assert kept.count == 4
    # A series with gaps is no series of another frequency.
    gaps = read(sales().drop(index=[i for i in range(ROWS) if i % 7 in (1, 2, 5)]))
    assert only(gaps, "gap").series == "shop=a"


def test_off_the_grid() -> None:
    table = sales()
    table["day"] += pd.Timedelta("6h")
    table.loc[7, "day"] += pd.Timedelta("25min")
    panel = read(table)
    found = only(panel, "off_grid")
    assert (found.status, found.row, found.count) == ("fixed", 7, 1)
    assert str(panel.times[7]) == "2023-01-08T06:00:00"
    late = sales()
    late.loc[7, "day"] = pd.Timestamp("2023-01-07 12:00")  # the day before has two rows now, this one has none
    assert {f.kind for f in read(late).findings if f.status == "fixed"} == {"off_grid", "duplicate", "gap"}


def test_weeks_moved_by_a_holiday() -> None:
    table = sales(day=np.tile(pd.date_range("2021-01-07", periods=ROWS, freq="W-THU"), 2))
    table.loc[20, "day"] -= pd.Timedelta("1D")
    table.loc[40, "day"] += pd.Timedelta("2D")
    panel = read(table)
    assert (only(panel, "off_grid").row, panel.freq.name) == (20, "W-THU")
    np.testing.assert_array_equal(panel.y, table["sales"])


def test_missing_covariates() -> None:
    table = sales(kind=np.where(np.arange(2 * ROWS) % 2, "x", "y"))
    table.loc[[0, 5, 6], "price"] = np.nan
    table.loc[8, "kind"] = None
    panel = read(table, known="price", past="kind")
    assert {(f.kind, f.status, f.column, f.row, f.count) for f in panel.findings if f.status != "passed"} == {
        ("missing_covariate", "alerted", "price", 0, 3), ("missing_covariate", "alerted", "kind", 8, 1),
    }  # fmt: skip
    assert panel.columns["kind"][8] == -1
    filled = read(table, known="price", past="kind", fill=True)
    np.testing.assert_array_equal(filled.columns["price"][[0, 5, 6]], table["price"][[1, 4, 4]])
    assert filled.columns["kind"][8] == filled.columns["kind"][7]


def test_static_columns_that_vary() -> None:
    table = sales(size=np.repeat([1.0, 2.0], ROWS))
    table.loc[30, "size"] = 7
    panel = read(table, static="size")
    found = only(panel, "static_varies")
    assert (found.status, found.series, found.row, found.column) == ("alerted", "shop=a", 30, "size")
    assert panel.roles == {"size": "past"}
    table.loc[30, "size"] = np.nan
    np.testing.assert_array_equal(read(table, static="size").columns["size"], [1.0, 2.0])


LEAKS = {
    "log": lambda y: np.log(y),
    "copy": lambda y: y * 2 - 5,
    "negative": lambda y: -y,
    "rank": lambda y: pd.Series(y).rank(),
    "nearly": lambda y: y + np.random.default_rng(1).normal(size=len(y)) * 0.01,
    "share": lambda y: y / y.groupby(np.repeat([0, 1], ROWS)).transform("mean"),
}
FREE = {
    "lag": lambda y: y.shift(1),
    "noisy": lambda y: y + np.random.default_rng(1).normal(size=len(y)),
    "rounded": lambda y: np.where(y > 20, 1.0, 0.0),
    "constant": lambda y: y * 0,
}


@pytest.mark.parametrize("name", LEAKS)
def test_leaks(name: str) -> None:
    table = sales()
    table["hint"] = LEAKS[name](table["sales"])
    used = only(read(table, known="hint"), "leak")
    assert (used.status, used.column) == ("dropped", "hint")
    assert read(table, known="hint").roles == {}
    assert read(table, known="hint", leaks="keep").roles == {"hint": "known"}
    unused = only(read(table), "leak")
    assert (unused.status, unused.column) == ("alerted", "hint")
    with pytest.raises(ValueError, match="'hint' follows the target 'sales'"):
        read(table, known="hint", leaks="error")


@pytest.mark.parametrize("name", FREE)
def test_what_is_no_leak(name: str) -> None:
    table = sales()
    table["hint"] = FREE[name](table["sales"])
    assert read(table, past="hint").findings.of("leak").items[0].status == "passed"


def test_the_target_of_the_next_row_leaks() -> None:
    table = sales()
    table["tomorrow"] = table.groupby("shop")["sales"].shift(-1).fillna(20.0)
    for role in ("past", "known"):
        used = only(read(table, **{role: "tomorrow"}), "leak")
        assert (used.status, used.column) == ("dropped", "tomorrow")
        assert "in the next row" in used.message


@pytest.mark.parametrize("noise", [0.05, 0.1])
@pytest.mark.parametrize("level", [0.0, 30.0])
def test_a_copy_of_the_target_with_noise_is_told_of(noise: float, level: float) -> None:
    """5 and 10 % of the spread, for a target that is not as smooth as the noise is small."""
    rng = np.random.default_rng(3)
    table = sales(sales=level + np.tile(np.arange(ROWS) % 7, 2) + 3 * rng.normal(size=2 * ROWS))
    table["hint"] = table["sales"] + noise * table["sales"].std() * rng.normal(size=2 * ROWS)
    table["early"] = table.groupby("shop")["hint"].shift(-1)
    for policy in ("drop", "error"):
        panel = read(table, known="hint", past="early", leaks=policy)
        found = panel.findings.of("leak").items
        assert [(f.status, f.column) for f in found] == [("alerted", "hint"), ("alerted", "early")]
        assert "nearly the target 'sales':" in found[0].message
        assert "nearly the target 'sales' of the next row:" in found[1].message
        assert set(panel.roles) == {"hint", "early"}
    assert read(table, past="hint").findings.of("leak").items[0].status == "passed"


def test_what_is_honestly_known_is_not_nearly_the_target() -> None:
    """Drivers, profiles, the same row of last week, other people's forecasts, a redundant sensor of a smooth target."""
    rng, size = np.random.default_rng(4), 2 * ROWS
    week, shock, smooth = np.tile(np.arange(ROWS) % 7, 2), rng.normal(size=size), np.cumsum(rng.normal(size=size))
    for y in (50 + 5 * week + 3 * shock, 50 + 20 * week + shock, 50 + smooth, 50 + 3.0 * np.arange(size) + shock):
        table = sales(sales=y)
        table["driver"] = y - 50 + 0.4 * y.std() * rng.normal(size=size)
        table["profile"] = 50 + 5.0 * week
        table["last_week"] = table.groupby("shop")["sales"].shift(7)
        table["forecast"] = y + 0.4 * np.diff(y, prepend=y[0]).std() * rng.normal(size=size)
        table["trend"] = 50 + 3.0 * np.arange(size)
        names = ["driver", "profile", "last_week", "forecast", "trend"]
        assert read(table, known=names).findings.of("leak").items[0].status == "passed"
        sensor = table.assign(sensor=y + 0.05 * y.std() * rng.normal(size=size))
        assert read(sensor, past=["sensor"]).findings.of("leak").items[0].status == "passed"


def test_a_copy_of_a_smooth_target_with_noise_is_told_of() -> None:
    """Whose noise is larger than what the target moves from row to row; an honest column lacks what is new in it."""
    rng, size = np.random.default_rng(6), 2000
    moves, stray = rng.normal(size=size), rng.normal(size=size)
    for k in range(1, size):
        moves[k] += 0.9 * moves[k - 1]
    walk = 500 + np.cumsum(moves)
    ahead = np.r_[walk[:2], 1.9 * walk[1:-1] - 0.9 * walk[:-2]]  # the best forecast that can be made

    def found(y: np.ndarray, known: np.ndarray) -> Finding:
        hours = pd.date_range("2023-01-01", periods=size, freq="h")
        table = pd.DataFrame({"day": hours, "sales": y, "hint": known})
        return Panel.read(table, time="day", target="sales", known="hint").findings.of("leak").items[0]

    told = found(walk, walk + 3 * stray)
    assert (told.status, told.column) == ("alerted", "hint")
    assert "nearly the target 'sales': it differs from it by noise" in told.message
    for y, known in ((walk, ahead), (walk, ahead + 3 * stray), (walk + 3 * stray, walk), (walk, walk + stray.cumsum())):
        assert found(y, known).status == "passed"


def test_trends_do_not_leak() -> None:
    table = sales(sales=np.tile(np.exp(np.arange(ROWS) / 20), 2) + np.repeat([0, 3], ROWS))
    table["hint"] = np.arange(2 * ROWS) % ROWS * 1.5
    table["other"] = np.cumsum(np.random.default_rng(0).uniform(size=2 * ROWS))
    assert read(table, known=["hint", "other"]).findings.of("leak").items[0].status == "passed"
    walk = np.cumsum(np.random.default_rng(0).normal(size=2 * ROWS))
    late = sales(sales=walk, hint=np.r_[0, walk[:-1]])
    assert read(late, past="hint").findings.of("leak").items[0].status == "passed"


def test_columns_that_count_rows() -> None:
    panel = read(sales(number=np.arange(2 * ROWS) + 1), known="number")
    assert (only(panel, "row_number").column, panel.roles) == ("number", {"number": "known"})
    assert only(read(sales(number=np.arange(2 * ROWS) % ROWS)), "row_number").status == "alerted"


def test_rows_without_time_or_key() -> None:
    table = sales()
    table.loc[0, "day"] = pd.NaT
    found = only(read(table), "missing_time")
    assert (found.status, found.row, found.count) == ("dropped", 0, 1)
    table = sales()
    table.loc[ROWS, "shop"] = None
    found = only(read(table), "missing_id")
    assert (found.status, found.row, found.count) == ("dropped", ROWS, 1)


def test_a_mistyped_year() -> None:
    hourly = sales(day=np.tile(pd.date_range("2023-01-01", periods=ROWS, freq="min"), 2))
    hourly.loc[99, "day"] = pd.Timestamp("2203-01-01")
    with pytest.raises(ValueError, match="up to 2203-01-01 in row 99"):
        read(hourly)
    with pytest.raises(ValueError, match="row 3, outside the years"):
        read(sales().astype({"day": "datetime64[s]"}).assign(day=lambda t: t["day"].where(t.index != 3, "9999-12-31")))


@pytest.mark.parametrize("value", ["soon", "2023-13-45", "31/12/2023"])
def test_times_that_are_none(value: str) -> None:
    table = sales()
    table["day"] = table["day"].astype(str)
    table.loc[17, "day"] = value
    with pytest.raises(ValueError, match=f"'{value}' in row 17"):
        read(table)


def test_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    free = memory.available()
    assert free is None or free > 2**20
    monkeypatch.setattr(memory, "available", lambda: 10_000)
    found = only(read(sales()), "memory")
    assert found.status == "alerted"


def test_findings_print_as_a_table() -> None:
    assert str(Findings()) == "No findings."
    panel = read(sales().drop(index=[5, 150]))
    lines = str(panel.findings).splitlines()
    assert len(lines) == 3
    assert lines[0].split() == ["status", "kind", "series", "rows", "first"]
    assert lines[1].split()[:4] == ["fixed", "gap", "2", "2"]
    assert lines[2].startswith("passed   20 checks: all_missing, constant,")
    frame = panel.findings.of("gap").frame()
    assert frame["row"].tolist() == [4, 148]
    assert frame["series"].tolist() == ["shop=a", "shop=b"]


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"fill": "no"}, "The setting 'fill' is true or false, not 'no'"),
        ({"min_length": "7"}, "'min_length' must be a whole number from 1 on, not '7'"),
        ({"min_length": -3}, "'min_length' must be a whole number from 1 on, not -3"),
        ({"categorical": "kk"}, r"no column 'kk' .*\(categorical\)"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(policy: dict[str, object], message: str) -> None:
    table = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=9), "sales": np.arange(9.0), "kind": 1})
    with pytest.raises(ValueError, match=message):
        Panel.read(table, time="day", target="sales", past="kind", **policy)
