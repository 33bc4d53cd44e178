"""Tables of a job: what is trained on says where its forecasts begin."""

from __future__ import annotations

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
