"""Keys that are dates: the same series in a frame, in its files and in models, however the date is held."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars
import pytest

import forecast as fc
from featurizers.panel import Panel, positions
from forecast.scorer import score

ROLES: dict[str, Any] = {"id": "opened", "time": "day", "target": "sales"}
DAYS = ("2020-01-01", "2021-05-06")


def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """One whose keys are times at midnight, and one whose keys are dates."""
    dates = [date.fromisoformat(day) for day in DAYS]
    days = pd.date_range("2023-01-01", periods=30)
    times = pd.DataFrame({"opened": pd.to_datetime(np.repeat(DAYS, 30)), "day": [*days, *days],
                          "sales": np.tile(np.arange(6.0), 10)})  # fmt: skip
    return times, times.assign(opened=np.repeat(np.array(dates, object), 30))


def test_a_date_is_the_same_key_in_a_frame_and_in_its_files(tmp_path: Path) -> None:
    times, dates = tables()
    times.to_csv(tmp_path / "times.csv", index=False)
    times.assign(opened=times["opened"].astype(str) + "T00:00:00").to_csv(tmp_path / "long.csv", index=False)
    for name, table in (("times", times), ("dates", dates)):
        table.to_parquet(tmp_path / f"{name}.parquet")
    files = [tmp_path / name for name in ("times.csv", "long.csv", "times.parquet", "dates.parquet")]
    for source in (times, dates, polars.from_pandas(times), polars.from_pandas(dates), *files):
        panel = Panel.read(source, **ROLES)
        assert panel.keys == {"opened": DAYS}
        assert positions({"opened": (f"{DAYS[1]} 00:00:00", DAYS[0])}, panel.ids).tolist() == [1, 0]  # of older models
    noon = Panel.read(times.assign(opened=times["opened"] + pd.Timedelta("12h")), **ROLES)
    assert noon.keys == {"opened": tuple(f"{day} 12:00:00" for day in DAYS)}


def test_a_date_is_the_same_category() -> None:
    found = [Panel.read(table.assign(kind=table["opened"]), **ROLES, static="kind", categorical="kind")
             for table in (*tables(), tables()[0].astype({"opened": str}))]  # fmt: skip
    assert all(panel.levels == {"kind": DAYS} for panel in found)
    older = {"kind": tuple(f"{day} 00:00:00" for day in DAYS)}
    assert found[0].encoded(older).columns["kind"].tolist() == [0, 1]


@pytest.mark.parametrize("kind", [0, 1])
def test_a_model_and_its_file_know_the_keys_of_any_table(kind: int, tmp_path: Path) -> None:
    times, dates = tables()
    model = fc.NegativeBinomial().fit(Panel.read((times, dates)[kind], **ROLES))
    expected = model.forecast(Panel.read(times, **ROLES), 6).columns["forecast"]
    fc.to_onnx(model, tmp_path / "model.onnx", 6)
    times.to_csv(tmp_path / "times.csv", index=False)
    for table in (times, dates, tmp_path / "times.csv"):
        np.testing.assert_array_equal(score(tmp_path / "model.onnx", table)["forecast"], expected)
