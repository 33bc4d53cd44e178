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
    run = fc.run(tmp_path / "t.csv", **ROLES, horizon=3, gap=4, learners=["Ridge"], folds=1, levels=80, progress=False,
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
    fc.run(tmp_path / "t.csv", **ROLES, horizon=3, gap=4, learners=["Ridge"], folds=1, levels=(), progress=False,
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
    fc.run(tmp_path / "t.csv", **ROLES, horizon=10, learners=["Ridge"], folds=1, levels=80, progress=False,
           output=tmp_path / "run")  # fmt: skip
    main([str(tmp_path / "run" / "model.onnx"), str(tmp_path / "t.csv"), str(tmp_path / "scored.csv")])
    want, got = (pd.read_csv(tmp_path / name, dtype=str) for name in ("run/forecasts.csv", "scored.csv"))
    assert list(want) == list(got)
    assert want[["shop", "day"]].equals(got[["shop", "day"]])


def test_what_is_missing_is_written_as_nothing() -> None:
    assert written(np.array([1.5, np.nan, 1e-7])) == ["1.5", "", "1e-07"]
    assert written(np.array([3, 4])) == ["3", "4"]
