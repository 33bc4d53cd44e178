"""The scorer's forecast of a table is the run's: the same rows, in the same notation, after the same repairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.scorer import main
from forecast.scorer_times import written

ROLES: dict[str, Any] = {"id": "shop", "time": "day", "target": "sales", "known": ["price"]}
QUICK: dict[str, Any] = {"learners": ["Ridge"], "ensemble": False, "folds": 1, "progress": False}


def table(rows: int = 60, ahead: int = 10) -> pd.DataFrame:
    """Two daily series with a known column, and rows ahead of the last target."""
    days = pd.date_range("2024-01-01", periods=rows + ahead)
    step = np.arange(rows + ahead)
    parts = [pd.DataFrame({"shop": shop, "day": days.strftime("%Y-%m-%d"), "price": 2 + np.cos(step * (i + 2)),
                           "sales": np.where(step < rows, 20 + 3 * np.sin(step) + step % (5 + i), np.nan)})
             for i, shop in enumerate(("a", "b"))]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def test_a_run_with_a_gap(tmp_path: Path) -> None:
    import onnx

    table().to_csv(tmp_path / "t.csv", index=False)
    run = fc.run(tmp_path / "t.csv", **ROLES, horizon=3, gap=4, **QUICK, levels=80,
                 output=tmp_path / "run")  # fmt: skip
    scored = fc.score(tmp_path / "run" / "model.onnx", tmp_path / "t.csv")
    assert list(run.forecasts) == list(scored)
    assert run.forecasts["day"].tolist() == pd.to_datetime(scored["day"]).tolist()
    for name in ("forecast", "lo80", "hi80"):
        np.testing.assert_allclose(scored[name], run.forecasts[name], rtol=1e-9)
    proto = onnx.load(tmp_path / "run" / "model.onnx")
    (entry,) = [entry for entry in proto.metadata_props if entry.key == "forecast"]
    about = json.loads(entry.value)
    assert about.pop("gap") == 4
    entry.value = json.dumps(about)  # as files were written before
    onnx.save(proto, tmp_path / "old.onnx")
    old = fc.score(tmp_path / "old.onnx", tmp_path / "t.csv")["forecast"].reshape(2, 7)
    np.testing.assert_array_equal(old[:, 4:].ravel(), scored["forecast"])


def test_another_horizon_begins_after_the_gap_too(tmp_path: Path) -> None:
    from forecast import cli

    table().to_csv(tmp_path / "t.csv", index=False)
    fc.run(tmp_path / "t.csv", **ROLES, horizon=3, gap=4, **QUICK, levels=(),
           output=tmp_path / "run")  # fmt: skip
    cli.export(tmp_path / "run", 5)
    cli.export(tmp_path / "run", None, tmp_path / "own.onnx")
    whole, own = (fc.score(tmp_path / name, tmp_path / "t.csv") for name in ("run/model_5.onnx", "own.onnx"))
    np.testing.assert_allclose(whole["forecast"].reshape(2, 5)[:, :3].ravel(), own["forecast"], rtol=1e-9)
    assert own["day"][0] == np.datetime64("2024-03-05")


@pytest.mark.parametrize("kind", ["days", "noons", "zoned"])
def test_a_scored_file_is_written_as_that_of_the_run(kind: str, tmp_path: Path) -> None:
    days = pd.to_datetime(table()["day"]) + pd.Timedelta(hours=12 * (kind == "noons"))
    if kind == "zoned":
        days = pd.Series(np.tile(pd.date_range("2024-03-29", periods=70, freq="h", tz="Europe/Berlin"), 2))
    table().assign(day=days).to_csv(tmp_path / "t.csv", index=False)
    fc.run(tmp_path / "t.csv", **ROLES, horizon=10, **QUICK, levels=80,
           output=tmp_path / "run")  # fmt: skip
    main([str(tmp_path / "run" / "model.onnx"), str(tmp_path / "t.csv"), str(tmp_path / "scored.csv")])
    want, got = (pd.read_csv(tmp_path / name, dtype=str) for name in ("run/forecasts.csv", "scored.csv"))
    assert list(want) == list(got)
    assert want[["shop", "day"]].equals(got[["shop", "day"]])


def test_what_is_missing_is_written_as_nothing() -> None:
    assert written(np.array([1.5, np.nan, 1e-7])) == ["1.5", "", "1e-07"]
    assert written(np.array([3, 4])) == ["3", "4"]


def rich() -> pd.DataFrame:
    """The same with columns of every role."""
    plain = table()
    step = np.arange(len(plain))
    deal, wind = np.where(step % 3 == 0, "coupon", "none"), 5 + np.sin(step / 2)
    return plain.assign(deal=deal, wind=np.where(plain["sales"].isna(), np.nan, wind), size=3.0 + (step >= 70))


def exported(folder: Path, **roles: Any) -> tuple[dict[str, Any], Any]:
    """The roles of the rich table, and a model of its first 56 days that is exported too."""
    roles = {**ROLES, "known": ["price", "deal"], "past": ["wind", "kind"], "static": ["size"], **roles}
    whole = rich().assign(kind=lambda t: np.where(t["wind"] > 5, "high", "low"))
    panel = fc.Panel.read(whole[whole["day"] < "2024-02-26"].assign(wind=lambda t: t["wind"].fillna(5)), **roles)
    parts = (fc.Lags((1, 2, 7)), fc.Calendar(("weekday",)), fc.Known(("price",)), fc.Past(("wind", "kind"), (1, 5, 6)),
             fc.Categories(("deal",)), fc.Static(("size",)), fc.Expanding("mean"))  # fmt: skip
    model = fc.Recursive(fc.Ridge(), parts).fit(panel)
    fc.to_onnx(model, folder / "model.onnx", 10)
    return roles, model


def cell(t: pd.DataFrame, row: int, **values: Any) -> pd.DataFrame:
    return t.assign(**{name: t[name].astype(object).where(t.index != row, value) for name, value in values.items()})


def again(t: pd.DataFrame, row: int, **values: Any) -> pd.DataFrame:
    return pd.concat([t, t.iloc[[row]].assign(**values)], ignore_index=True)


REPAIRS: dict[str, tuple[Any, str]] = {
    "a row twice": (lambda t: again(t, 57), "shop=a has the time 2024-02-27 twice, in row 57 and 140, with the same"),
    "twice in training": (lambda t: again(t, 40), "has the time 2024-02-10 twice, in row 40 and 140, with the same"),
    "two values": (lambda t: again(t, 57, sales=5.0, kind="low", wind=1.0), "row 57 and 140, with other values: the"),
    "two prices ahead": (lambda t: again(t, 65, price=5.0, deal="none"), "2024-03-06 twice, in row 65 and 140, with"),
    "a stray stamp": (lambda t: cell(t, 57, day="2024-02-27 03:00"), "row 57: 2024-02-27 03:00:00 is off the grid"),
    "the last one astray": (lambda t: cell(t, 59, day="2024-02-29 12:00"), r"moved to 2024-02-29 \(1 row in all\)"),
    "a stray stamp ahead": (lambda t: cell(t, 66, day="2024-03-07 12:00"), "row 66: 2024-03-07 12:00:00 is off"),
    "no key": (lambda t: cell(t, 57, shop=None), r"Row 57 lacks one of 'shop', 'day': it is left out \(1 row in all\)"),
    "no time": (lambda t: cell(t, 58, day=None), "Row 58 lacks one of 'shop', 'day'"),
    "no row": (lambda t: t.drop(index=57), r"shop=a has no row for 2024-02-27 \(1 row in all\)"),
    "no rows ahead": (lambda t: t.drop(index=[64, 135, 136]), r"no row for 2024-03-05 \(3 rows in all\)"),
    "no first row ahead": (lambda t: t.drop(index=60), r"has no row for 2024-03-01 \(1 row in all\)"),
    "everything": (lambda t: cell(again(again(t, 58, sales=0.0), 57), 59, day="2024-02-29 01:00").drop(index=[56, 66]),
                   "has the time"),
}  # fmt: skip


@pytest.mark.parametrize("name", REPAIRS)
def test_what_is_repaired_is_repaired_alike(name: str, tmp_path: Path) -> None:
    roles, model = exported(tmp_path)
    change, told = REPAIRS[name]
    given = change(rich().assign(kind=lambda t: np.where(t["wind"] > 5, "high", "low")))
    given.to_csv(tmp_path / "t.csv", index=False)
    expected = model.forecast(fc.Panel.read(tmp_path / "t.csv", freq="D", **roles), 10).frame()
    for source in (tmp_path / "t.csv", given):
        with pytest.warns(UserWarning, match=told):
            scored = fc.score(tmp_path / "model.onnx", source)
        assert expected["day"].tolist() == pd.to_datetime(scored["day"]).tolist()
        np.testing.assert_allclose(scored["forecast"], expected["forecast"], rtol=1e-9)


@pytest.mark.parametrize(("freq", "stray"), [("W-THU", "1D"), ("W-THU", "-2D"), ("MS", "12D"), ("h", "-4min"),
                                             ("h", "20min"), ("B", "5h"), ("2D", "1D"), ("QS", "40D")])  # fmt: skip
def test_stray_stamps_of_every_grid(freq: str, stray: str, tmp_path: Path) -> None:
    times = pd.date_range("2021-01-01", periods=40, freq=freq)
    days = times[:30].to_series().where(np.arange(30) != 28, times[:30] + pd.Timedelta(stray))
    late = times.to_series().where(np.arange(40) != 34, times + pd.Timedelta(stray))
    values = np.arange(40) % 7 + np.arange(40) / 3
    given = pd.DataFrame({"at": late.to_numpy(), "y": values})
    trained = fc.Panel.read(given.assign(at=days.reindex(times).to_numpy())[:30], time="at", target="y", freq=freq)
    model = fc.Recursive(fc.Ridge(), (fc.Lags((1, 2, 6)),)).fit(trained)
    fc.to_onnx(model, tmp_path / "model.onnx", 3)
    expected = model.forecast(fc.Panel.read(given, time="at", target="y", freq=freq), 3).frame()
    with pytest.warns(UserWarning, match="is off the grid"):
        scored = fc.score(tmp_path / "model.onnx", given)
    assert expected["at"].tolist() == pd.to_datetime(scored["at"]).tolist()
    np.testing.assert_allclose(scored["forecast"], expected["forecast"], rtol=1e-9)


def test_a_table_of_a_finer_grid_is_refused(tmp_path: Path) -> None:
    _, _ = exported(tmp_path)
    hours = pd.concat([rich().assign(kind="low", day=lambda t, h=h: t["day"] + f" {h:02d}:00") for h in (0, 12)])
    with pytest.raises(ValueError, match=r"rows come again: the model knows one row every D"):
        fc.score(tmp_path / "model.onnx", hours)


def test_notes_go_to_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exported(tmp_path)
    again(rich().assign(kind="low"), 57).to_csv(tmp_path / "t.csv", index=False)
    main([str(tmp_path / "model.onnx"), str(tmp_path / "t.csv")])
    told = capsys.readouterr()
    assert told.out.startswith("shop,day,forecast\na,2024-03-01,")
    assert told.err == ("scorer: Series shop=a has the time 2024-02-27 twice, in row 57 and 140, with the same values: "
                        "one is kept (1 row in all).\n")  # fmt: skip
