"""Clock against pandas, on numpy and in a graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurizers.calendar import PARTS
from featurizers.clock import Clock, distinct, first_day
from featurizers.graph import Graph
from tests.graphs import outputs


def stamps() -> pd.DatetimeIndex:
    """Every day of 1900 to 2100, at hours and minutes that differ."""
    days = pd.date_range("1900-01-01", "2100-12-31", freq="D").as_unit("s")
    return days + pd.to_timedelta(np.arange(len(days)) * 2_711 % 86_400, unit="s")


def by_pandas(at: pd.DatetimeIndex) -> dict[str, Any]:
    iso = at.isocalendar()
    quarter = at.tz_localize(None).to_period("Q").start_time
    return {
        "year": at.year, "iso_year": iso.year, "half": (at.month > 6) + 1, "quarter": at.quarter, "month": at.month,
        "week": iso.week, "day": at.day, "dayofyear": at.day_of_year,
        "dayofquarter": (at.normalize() - quarter).days + 1,
        "weekday": at.day_of_week, "hour": at.hour, "minute": at.minute, "ampm": at.hour >= 12,
        "month_start": at.is_month_start, "month_end": at.is_month_end, "quarter_start": at.is_quarter_start,
        "quarter_end": at.is_quarter_end, "year_start": at.is_year_start, "year_end": at.is_year_end,
    }  # fmt: skip


def test_every_part_agrees_with_pandas_on_numpy_and_in_a_graph() -> None:
    at = stamps()
    seconds, want = at.to_numpy().astype("datetime64[s]").astype(np.int64), by_pandas(at)
    assert set(want) == set(PARTS)
    graph = Graph()
    clock = Clock(graph.input("seconds", np.int64, ("rows",)))
    for part in PARTS:
        graph.output(part, getattr(clock, part), ("rows",))
    for part, got in zip(PARTS, outputs(graph, {"seconds": seconds}), strict=True):
        expected = np.asarray(want[part]).astype(np.int64)
        np.testing.assert_array_equal(getattr(Clock(seconds), part), expected, err_msg=part)
        np.testing.assert_array_equal(got, expected, err_msg=part)


@given(st.lists(st.integers(-(10**9), 10**9) | st.integers(0, 20).map(lambda k: k * 3600), max_size=60))
def test_distinct_stamps(seconds: list[int]) -> None:
    values, at = distinct(np.array(seconds, np.int64))
    assert values.tolist() == sorted(set(seconds))
    assert values[at].tolist() == seconds


@given(st.datetimes())
def test_any_date_agrees_with_the_standard_library(at: object) -> None:
    stamp = np.datetime64(at, "s")  # type: ignore[call-overload]
    clock = Clock(np.array([stamp]).astype(np.int64))
    year, week, weekday = at.isocalendar()  # type: ignore[attr-defined]
    assert (clock.iso_year[0], clock.week[0], clock.weekday[0] + 1) == (year, week, weekday)
    assert (clock.year[0], clock.month[0], clock.day[0]) == (at.year, at.month, at.day)  # type: ignore[attr-defined]
    assert (clock.hour[0], clock.minute[0]) == (at.hour, at.minute)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("year", "month", "days"), [(1970, 1, 0), (2000, 3, 11_017), (1969, 12, -31), (1600, 2, -135_109)]
)
def test_first_days(year: int, month: int, days: int) -> None:
    assert first_day(year, month) == days
    assert np.datetime64(f"{year:04d}-{month:02d}-01", "D").astype(int) == days
