"""Scoring: the exported file, read by numpy and onnxruntime alone, forecasts what the model forecasts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.arrays import State
from featurizers.featurizer import Needs
from forecast.scorer import score
from learners.learner import Model, Origin

# Runs beside a copy of the scorer, where nothing but numpy and onnxruntime can be imported.
ALONE = """
import sys
ALLOWED = {*sys.stdlib_module_names, "numpy", "onnxruntime", "tzdata", "scorer", "scorer_table", "scorer_times"}
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in ALLOWED and not name.startswith("_"):
            raise ModuleNotFoundError(f"{name} is not there")
sys.meta_path.insert(0, Refuse())
sys.path.insert(0, sys.argv[1])
import numpy, scorer
columns = scorer.score(sys.argv[2], sys.argv[3])
numpy.savez(sys.argv[4], **columns)
assert not {"forecast", "featurizers", "learners", "pandas", "onnx"} & set(sys.modules)
"""


def copied(folder: Path) -> None:
    """The files of the scorer, in a folder."""
    for name in ("scorer", "scorer_table", "scorer_times"):
        shutil.copy(str(sys.modules[f"forecast.{name}"].__file__), folder / f"{name}.py")


def alone(model: Path, table: Path, folder: Path) -> dict[str, np.ndarray]:
    """The forecasts that another process makes without the project."""
    (folder / "alone").mkdir(exist_ok=True)
    copied(folder / "alone")
    (folder / "run.py").write_text(ALONE)
    arguments = [folder / "run.py", folder / "alone", model, table, folder / "out.npz"]
    done = subprocess.run([sys.executable, "-I", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with np.load(folder / "out.npz", allow_pickle=False) as columns:
        return dict(columns)


def noise(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, rows)


def monthly() -> tuple[pd.DataFrame, dict[str, Any], int]:
    stamps = pd.date_range("2010-01-31", periods=80, freq="ME").strftime("%m/%d/%Y")
    y = 100 + 10 * np.sin(np.arange(80) * 2 * np.pi / 12) + noise(80)
    return pd.DataFrame({"month": stamps, "beer": y}), {"time": "month", "target": "beer"}, 6


def weekly() -> tuple[pd.DataFrame, dict[str, Any], int]:
    parts = []
    for store in (2, 7):
        for brand in ("tropicana", "dominicks", "minute maid"):
            seed = 10 * store + len(brand)
            stamps = pd.date_range("2018-01-04", periods=70, freq="W-THU")
            price = 2 + 0.1 * noise(70, seed)
            part = pd.DataFrame({"Store": store, "Brand": brand, "week": stamps, "price": price})
            part["deal"] = np.where(noise(70, seed + 1) > 0, "coupon", "none")
            part["size"] = float(store)
            part["sales"] = 50 - 5 * price + np.where(part["deal"] == "coupon", 4, 0) + noise(70, seed + 2)
            part.loc[64:, "sales"] = np.nan
            part.loc[66, "price"] = np.nan  # the last one before is taken
            parts.append(part.drop(index=[59, 60] if store == 2 else [62]))
    table = pd.concat(parts, ignore_index=True).sample(frac=1, random_state=0)
    roles = {"id": ["Store", "Brand"], "time": "week", "target": "sales", "known": ["price", "deal"], "static": "size"}
    return table, roles, 4


def hourly(start: str = "2023-10-22") -> tuple[pd.DataFrame, dict[str, Any], int]:
    stamps = pd.date_range(start, periods=215, freq="h", tz="Europe/Berlin")
    y = 10 + stamps.hour.to_numpy() + noise(215)
    return pd.DataFrame({"at": stamps, "load": y}), {"time": "at", "target": "load"}, 24


def hourly_ahead() -> tuple[pd.DataFrame, dict[str, Any], int]:
    """Summer time ends in the rows to forecast."""
    return hourly("2023-10-20")


def business() -> tuple[pd.DataFrame, dict[str, Any], int]:
    stamps = pd.bdate_range("2021-03-01", periods=90)
    table = pd.DataFrame({"day": stamps, "close": 1e3 + noise(90).cumsum()})
    return table.drop(index=[40, 85]), {"time": "day", "target": "close", "freq": "B"}, 7


def yearly() -> tuple[pd.DataFrame, dict[str, Any], int]:
    return (
        pd.DataFrame({"year": np.arange(1960, 2000), "spots": 50 + noise(40)}),
        {"time": "year", "target": "spots"},
        3,
    )


def daily_zoned() -> tuple[pd.DataFrame, dict[str, Any], int]:
    stamps = pd.date_range("2024-03-01", periods=40, freq="D", tz="America/New_York")
    y = 5 + noise(40)
    return pd.DataFrame({"day": stamps, "visits": y}), {"time": "day", "target": "visits"}, 5


TABLES = {f.__name__: f for f in (monthly, weekly, hourly, hourly_ahead, business, yearly, daily_zoned)}


def learner(roles: dict[str, Any]) -> Any:
    parts: list[Any] = [fc.Lags((1, 2, 5)), fc.Calendar(), fc.Expanding("mean")]
    if "known" in roles:
        parts += [fc.Known(("price",)), fc.Categories(("deal",)), fc.Static(("size",))]
    return fc.Recursive(fc.Ridge(), tuple(parts))


FITTED: dict[str, tuple[Model, bytes]] = {}


def exported(name: str, folder: Path) -> tuple[pd.DataFrame, dict[str, Any], int, Model]:
    table, roles, horizon = TABLES[name]()
    if name not in FITTED:
        model = learner(roles).fit(fc.Panel.read(table, **roles))
        fc.to_onnx(model, folder / "model.onnx", horizon)
        FITTED[name] = model, (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(FITTED[name][1])
    return table, roles, horizon, FITTED[name][0]


def agrees(columns: dict[str, np.ndarray], expected: pd.DataFrame, roles: dict[str, Any]) -> None:
    keys = [*np.atleast_1d(roles.get("id", [])).tolist(), roles["time"]]
    got = pd.DataFrame(dict(columns))
    got[roles["time"]] = pd.to_datetime(got[roles["time"]], utc=expected[roles["time"]].dt.tz is not None)
    want = expected.assign(**{roles["time"]: expected[roles["time"]].dt.tz_convert("UTC")
                              if expected[roles["time"]].dt.tz is not None else expected[roles["time"]]})  # fmt: skip
    got, want = (t.sort_values(keys, ignore_index=True) for t in (got, want))
    for key in keys:
        assert got[key].tolist() == want[key].tolist(), key
    assert not want["forecast"].isna().any()
    np.testing.assert_allclose(got["forecast"], want["forecast"], rtol=1e-9)


@pytest.mark.parametrize("name", TABLES)
def test_another_process_forecasts_the_same(name: str, tmp_path: Path) -> None:
    table, roles, horizon, model = exported(name, tmp_path)
    table.to_csv(tmp_path / "table.csv", index=False)
    expected = model.forecast(fc.Panel.read(table, **roles), horizon).frame()
    agrees(alone(tmp_path / "model.onnx", tmp_path / "table.csv", tmp_path), expected, roles)


@pytest.mark.parametrize("name", TABLES)
def test_any_kind_of_table(name: str, tmp_path: Path) -> None:
    import polars
    import pyarrow

    table, roles, horizon, model = exported(name, tmp_path)
    expected = model.forecast(fc.Panel.read(table, **roles), horizon).frame()
    for given in (table, polars.from_pandas(table), pyarrow.Table.from_pandas(table, preserve_index=False),
                  {n: table[n].tolist() for n in table}):  # fmt: skip
        agrees(score(tmp_path / "model.onnx", given), expected, roles)


@pytest.mark.parametrize("name", ["monthly", "weekly", "hourly", "business"])
@pytest.mark.parametrize("later", [1, 3])
def test_rows_that_came_after_training(name: str, later: int, tmp_path: Path) -> None:
    whole, roles, horizon = TABLES[name]()
    stamps = pd.to_datetime(whole[roles["time"]])
    cut = stamps[whole[roles["target"]].notna()].drop_duplicates().nlargest(later).min()
    model = learner(roles).fit(fc.Panel.read(whole[stamps < cut], **roles))
    fc.to_onnx(model, tmp_path / "model.onnx", horizon - 1)
    expected = model.forecast(fc.Panel.read(whole, **roles), horizon - 1).frame()
    agrees(score(tmp_path / "model.onnx", whole), expected, roles)


def test_a_series_that_training_had_not_seen_is_followed_from_its_start(tmp_path: Path) -> None:
    table, roles, horizon = weekly()
    seen = table[table["Brand"] != "tropicana"]
    model = learner(roles).fit(fc.Panel.read(seen, **roles))
    fc.to_onnx(model, tmp_path / "model.onnx", horizon)
    expected = model.forecast(fc.Panel.read(table, **roles), horizon).frame()
    agrees(score(tmp_path / "model.onnx", table), expected, roles)


def test_a_model_of_single_series_says_that_it_does_not_know_one(tmp_path: Path) -> None:
    table, roles, horizon = weekly()
    roles = {k: v for k, v in roles.items() if k not in ("known", "static")}
    model = fc.Ets(trend=None, seasonal=None).fit(fc.Panel.read(table[table["Brand"] != "tropicana"], **roles))
    fc.to_onnx(model, tmp_path / "model.onnx", horizon)
    with pytest.raises(ValueError, match=r"Brand=tropicana has no forecast: it was not in training"):
        score(tmp_path / "model.onnx", table)
    columns = score(tmp_path / "model.onnx", table, strict=False)
    assert (np.isnan(columns["forecast"]) == (columns["Brand"] == "tropicana")).all()


def edited(change: Any) -> pd.DataFrame:
    table, *_ = weekly()
    return change(table.reset_index(drop=True))  # type: ignore[no-any-return]


def one(table: pd.DataFrame) -> pd.Series:
    return (table["Store"] == 2) & (table["Brand"] == "dominicks")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="price"), "no column 'price'; it has 'Store', 'Brand'"),
        (lambda t: t.drop(index=t[one(t) & (t["week"] == "2019-04-18")].index),
         "Series Store=2, Brand=dominicks has no row for 2019-04-18: the model needs 'price', 'deal' in "
         "4 rows after the last known 'sales'. Append these rows to the table"),
        (lambda t: pd.concat([t, t.assign(sales=t["sales"] + 1)], ignore_index=True),
         r"has the time 2019-03-28 twice, in row 100 and 511, as 375 of 822 rows come again: the model knows one row"),
        (lambda t: t.assign(sales=t["sales"].where(~one(t))), "Store=2, Brand=dominicks has no known value of 'sales'"),
        (lambda t: t[~one(t) | (t["week"] < "2019-01-01")],
         "Series Store=2, Brand=dominicks .*training ended, 2019-03-21: give all rows"),
        (lambda t: t.assign(price=t["price"].astype(object).where(t.index != 3, "two")),
         "Column 'price' holds 'two' in row 3, which is no number"),
        (lambda t: t.assign(week=t["week"].astype(str).where(t.index != 3, "yesterday")),
         "Column 'week' holds 'yesterday' in row 3, which is no time"),
        (lambda t: t.iloc[:0], "has no rows"),
        (lambda t: t.assign(Brand=None), "No row says whose it is and when it was: 'Store', 'Brand'"),
    ],
)  # fmt: skip
def test_errors_name_the_series_and_the_row(change: Any, message: str, tmp_path: Path) -> None:
    exported("weekly", tmp_path)
    with pytest.raises(ValueError, match=message):
        score(tmp_path / "model.onnx", edited(change))


@dataclass(frozen=True, eq=False)
class Ago(Model):
    """The value 12 rows ago, for ever."""

    @property
    def needs(self) -> Needs:
        return Needs(lookback=12)

    def predict(self, state: State, future: State) -> State:
        return {"forecast": future["time"] * 0.0 + state["target"][:, -12][:, None]}


def test_too_little_history_is_said(tmp_path: Path) -> None:
    table, roles, horizon = monthly()
    tail = fc.Panel.read(table, **roles).tail(12)
    fc.to_onnx(Ago(origin=Origin(tail, {}, 12)), tmp_path / "model.onnx", horizon)
    with pytest.raises(ValueError, match=r"The series has no forecast: the model looks back 12 rows.* table has 4"):
        score(tmp_path / "model.onnx", table.tail(4))
    assert np.isnan(score(tmp_path / "model.onnx", table.tail(4), strict=False)["forecast"]).all()


def test_stamps_that_exist_twice_are_refused(tmp_path: Path) -> None:
    table, *_ = exported("hourly", tmp_path)
    naive = table.assign(at=table["at"].dt.tz_localize(None))
    with pytest.raises(
        ValueError, match=r"2023-10-29 02:00 in row 170 does not exist or exists twice in Europe/Berlin"
    ):
        score(tmp_path / "model.onnx", naive)
    with pytest.raises(ValueError, match="give all rows from then on"):
        score(tmp_path / "model.onnx", naive[:150])


def test_another_file_is_refused(tmp_path: Path) -> None:
    from featurizers.graph import Graph

    graph = Graph()
    graph.output("y", graph.input("x", np.float64, (1,)), (1,))
    (tmp_path / "x.onnx").write_bytes(graph.model("other", {}).SerializeToString())
    with pytest.raises(ValueError, match="was not written by"):
        score(tmp_path / "x.onnx", {})


def test_the_example_in_the_file_is_what_it_computes(tmp_path: Path) -> None:
    import onnxruntime

    exported("weekly", tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    about = json.loads(session.get_modelmeta().custom_metadata_map["forecast"])
    fed = {}
    for given in about["inputs"]:
        cells = np.array(about["example"]["inputs"][given["name"]], object)
        cells[cells == None] = np.nan  # noqa: E711
        fed[given["name"]] = cells.astype({"float": np.float64, "int": np.int64, "text": object}[given["kind"]])
    np.testing.assert_allclose(session.run(["forecast"], fed)[0], about["example"]["outputs"]["forecast"], rtol=1e-12)
    assert all(given["meaning"] and given["shape"] for given in about["inputs"])


def test_the_command_line_writes_csv(tmp_path: Path) -> None:
    table, *_ = exported("monthly", tmp_path)
    table.to_csv(tmp_path / "table.csv", index=False)
    copied(tmp_path)
    command = [sys.executable, tmp_path / "scorer.py", tmp_path / "model.onnx", tmp_path / "table.csv"]
    printed = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True).stdout
    lines = printed.splitlines()
    assert (lines[0], len(lines)) == ("month,forecast", 7)
    assert lines[1].startswith("2016-09-30,")


def test_the_command_line_says_what_is_wrong_in_a_sentence(tmp_path: Path) -> None:
    exported("monthly", tmp_path)
    copied(tmp_path)
    (tmp_path / "empty.csv").write_text("month,sales\n")
    for name, why in (("empty.csv", "scorer: The table has no"), ("none.csv", "scorer: .*No such file")):
        command = [sys.executable, tmp_path / "scorer.py", tmp_path / "model.onnx", tmp_path / name]
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert re.match(why, done.stderr), done.stderr
        assert "Traceback" not in done.stderr


def test_numbers_as_other_places_write_them(tmp_path: Path) -> None:
    stamps = pd.date_range("2015-01-01", periods=40, freq="MS").strftime("%d.%m.%Y")
    lines = [f"{t};{f'{980 + 5 * i + i % 3:,}'.replace(',', '.')}" for i, t in enumerate(stamps)]
    (tmp_path / "table.csv").write_text("\n".join(["month;beer", *lines]), "utf-8")
    roles = {"time": "month", "target": "beer"}
    panel = fc.Panel.read(tmp_path / "table.csv", decimal=",", **roles)
    model = learner(roles).fit(panel)
    fc.to_onnx(model, tmp_path / "model.onnx", 6)
    with pytest.raises(ValueError, match=r"'beer' holds '1\.001' beside '99\d'.* say decimal=','"):
        score(tmp_path / "model.onnx", tmp_path / "table.csv")
    expected = model.forecast(panel, 6).frame()
    agrees(score(tmp_path / "model.onnx", tmp_path / "table.csv", decimal=","), expected, roles)
    agrees(score(tmp_path / "model.onnx", panel.frame(), decimal=","), expected, roles)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_table_as_spreadsheets_write_them(separator: str, tmp_path: Path) -> None:
    stamps = pd.date_range("2015-01-01", periods=40, freq="MS").strftime("%d/%m/%Y")
    table = pd.DataFrame({"month": stamps, "beer": 100 + noise(40)})
    table.loc[30, "beer"] = np.nan
    table.to_csv(tmp_path / "table.csv", index=False, sep=separator, na_rep="#N/A")
    roles = {"time": "month", "target": "beer"}
    model = learner(roles).fit(fc.Panel.read(tmp_path / "table.csv", **roles))
    fc.to_onnx(model, tmp_path / "model.onnx", 6)
    expected = model.forecast(fc.Panel.read(table, **roles), 6).frame()
    agrees(alone(tmp_path / "model.onnx", tmp_path / "table.csv", tmp_path), expected, roles)


@pytest.mark.parametrize("kind", ["parquet", "latin-1", "folder"])
def test_what_is_no_csv_file_is_refused_in_a_sentence(kind: str, tmp_path: Path) -> None:
    table, *_ = exported("monthly", tmp_path)
    path = tmp_path / f"table.{kind}"
    if kind == "parquet":
        table.to_parquet(path)
    elif kind == "latin-1":
        path.write_text("month,größe\n", "latin-1")
    else:
        path.mkdir()
    with pytest.raises(ValueError, match=rf"'.*table.{kind}' is .* the scorer reads"):
        score(tmp_path / "model.onnx", path)
