"""Tables of a job: what is trained on says where its forecasts begin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast.job import Job
from forecast.tables import read

ROLES = {"id": "shop", "time": "day", "target": "sales"}


def shops(*ends: str) -> pd.DataFrame:
    """A series a shop, from 2024-01-01 to each of `ends`."""
    days = [pd.date_range("2024-01-01", end) for end in ends]
    return pd.concat([pd.DataFrame({"shop": i, "day": d, "sales": np.arange(len(d))}) for i, d in enumerate(days)])


@pytest.mark.parametrize("unknown", [False, True])
def test_series_that_end_apart_are_told(unknown: bool) -> None:
    table = shops("2024-02-10", "2024-02-10", "2024-02-10")
    late = (table["shop"] == 1) & (table["day"] > "2024-02-06")
    table = table.assign(sales=table["sales"].where(~late)) if unknown else table[~late]
    train = read(Job.of({"data": {"source": table, **ROLES}, "horizon": 3})).train
    (told,) = train.findings.of("early_end")
    assert (told.status, told.series, told.time, told.count) == ("alerted", "shop=1", "2024-02-06", 1)
    assert "1 of 3 series end before 2024-02-10, as shop=1 does at 2024-02-06" in told.message
    assert str(train.upcoming(3)[1, 0])[:10] == "2024-02-07"


def test_series_that_end_together_are_not() -> None:
    job = Job.of({"data": {"source": shops("2024-02-10", "2024-02-10"), **ROLES}, "horizon": 3, "test": 4})
    assert not read(job).train.findings.of("early_end")
    weeks = shops("2024-03-10", "2024-03-12")  # one ends on a Sunday, one on a Tuesday
    weeks = weeks[weeks["day"].dt.day_of_week == np.where(weeks["shop"] == 0, 6, 1)]
    job = Job.of({"data": {"source": weeks, **ROLES, "freq": "7D"}, "horizon": 3})
    assert not read(job).train.findings.of("early_end")  # within a step of each other


def test_tables_of_a_job_lie_beside_its_file_whatever_they_are_called(tmp_path: Path) -> None:
    shops("2024-02-01").to_csv(tmp_path / "my shops.csv", index=False)
    shops("2024-02-10").iloc[-9:].to_csv(tmp_path / "later: shops.csv", index=False)
    text = 'horizon = 3\ntest = "later: shops.csv"\n[data]\nsource = "my shops.csv"\nid = "shop"\ntime = "day"\n'
    (tmp_path / "job.toml").write_text(text + 'target = "sales"', "utf-8")
    tables = read(Job.read(tmp_path / "job.toml"))
    assert (len(tables.train), tables.held.tolist()) == (32, [9])


def test_a_test_table_without_a_time_is_told() -> None:
    for test in (shops("2024-03-01").iloc[:0], shops("2024-03-01").iloc[:2].assign(day=None)):
        job = Job.of({"data": {"source": shops("2024-02-01"), **ROLES}, "horizon": 3, "test": test})
        with pytest.raises(ValueError, match="The test table has no row with a time in 'day'"):
            read(job)


def test_a_job_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    (tmp_path / "job.toml").write_text('output = "Größe"', "latin-1")
    with pytest.raises(ValueError, match=r"job.toml' is not written in UTF-8"):
        Job.read(tmp_path / "job.toml")
