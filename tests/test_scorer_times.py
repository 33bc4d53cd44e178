"""The scorer reads times in every notation that the panel reads, as the panel does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from featurizers.panel import Panel
from featurizers.stamps import _CLOCKS, _DATES
from forecast.metadata import _calendar
from forecast.scorer_times import CLOCKS, DATES, Calendar, moments, second

ISO = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%MZ",
       "%Y-%m-%d %H:%M+02:00", "%Y-%m-%dT%H", "%Y%m%dT%H%M")  # fmt: skip
MONTHLY = ("%Y-%m", "%Y%m", "%b %Y", "%B %Y", "%b-%y", "%m/%Y", "%m-%Y")
PERIODS = {
    "MS": ("%Y-M%m", "%YM%m"),
    "QS": ("%YQ%q", "%Y-Q%q", "%Y Q%q", "Q%q %Y", "%qQ%Y"),
    "W-MON": ("%G-W%V", "%GW%V"),
}


def both(texts: list[str], freq: str) -> tuple[np.ndarray, np.ndarray]:
    """Seconds since 1970 by either reader."""
    panel = Panel.read(pd.DataFrame({"t": texts, "y": np.arange(len(texts)) % 7.0}), time="t", target="y", freq=freq)
    distinct = list(dict.fromkeys(texts))
    read = moments(distinct, list(range(len(distinct))), "t", Calendar(_calendar(panel)))
    return panel.clock(), np.array([second(m, None, 0) for m in read])


def test_the_notations_are_those_of_the_panel() -> None:
    assert (DATES, CLOCKS) == (_DATES, _CLOCKS)


@pytest.mark.parametrize("notation", [*ISO, *(date + clock for clock in CLOCKS for date in DATES)])
def test_every_notation_is_read_as_the_panel_reads_it(notation: str) -> None:
    monthly = any(n in notation for n in MONTHLY) and "%d" not in notation
    for freq, rows in [("MS", 40)] if monthly else [("MS", 40), ("D", 70), ("W-THU", 30)]:
        times = pd.date_range("2018-02-01", periods=rows, freq=freq)
        mine, theirs = both(times.strftime(notation).tolist(), freq)
        np.testing.assert_array_equal(theirs, mine)
        np.testing.assert_array_equal(mine, times.to_numpy("datetime64[s]").astype(np.int64))


@pytest.mark.parametrize(("freq", "notation"), [(freq, n) for freq, several in PERIODS.items() for n in several])
def test_periods(freq: str, notation: str) -> None:
    times = pd.date_range("2018-01-01", periods=120, freq=freq)
    mine, theirs = both([t.strftime(notation.replace("%q", str(t.quarter))) for t in times], freq)
    np.testing.assert_array_equal(mine, times.to_numpy("datetime64[s]").astype(np.int64))
    np.testing.assert_array_equal(theirs, mine)


@pytest.mark.parametrize("notation", ["%Y-%m", "%Y%m"])
def test_months(notation: str) -> None:
    times = pd.date_range("2018-01-01", periods=20, freq="MS")
    texts = times.strftime(notation).tolist()
    if notation == "%Y%m":  # a CSV file's are numbers
        read = moments(texts, list(range(20)), "t", Calendar({"seconds": None, "step": 1, "ends": False}))
        assert [t.month for t in read] == times.month.tolist()
        return
    mine, theirs = both(texts, "MS")
    np.testing.assert_array_equal(theirs, mine)


@pytest.mark.parametrize("size", [1, 10**3, 10**6, 10**9])
def test_time_since_1970(size: int) -> None:
    seconds = pd.date_range("2018-02-01", periods=30).to_numpy("datetime64[s]").astype(np.int64)
    panel = Panel.read(pd.DataFrame({"t": seconds * size, "y": 1.0}), time="t", target="y")
    texts = [str(n * size) for n in seconds.tolist()]
    read = moments(texts, list(range(30)), "t", Calendar(_calendar(panel)))
    np.testing.assert_array_equal([second(m, None, 0) for m in read], panel.clock())


def test_a_few_days_are_read_as_the_table_that_was_trained_on() -> None:
    texts = [f"{day:02d}/03/2018" for day in range(1, 13)]
    for freq, day_first in (("D", True), ("D", False), ("MS", True), ("MS", False)):
        width = 86400 if freq == "D" else None
        days = np.diff(pd.date_range("2010-01-01", "2030-01-01", freq="MS").to_numpy("datetime64[D]").astype(int),
                       prepend=0)  # fmt: skip
        calendar = Calendar({"seconds": width, "step": 1, "ends": False, "days": days, "day_first": day_first})
        read = moments(texts, list(range(12)), "t", calendar)
        assert (read[1].day, read[1].month) == ((2, 3) if freq == "D" else (3, 2))
    one = Calendar({"seconds": 86400, "step": 1, "ends": False, "day_first": True})
    assert moments(["01/03/2018"], [0], "t", one)[0].month == 3


@pytest.mark.parametrize("text", ["31/06/2018", "2018-06-31", "yesterday", "12", "1e400", "2018.5", "13/13/13", ""])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="in row 4, which is no time"):
        moments([text], [4], "t", Calendar({"seconds": 86400, "step": 1, "ends": False}))


@pytest.mark.parametrize("freq", ["B", "MS", "ME", "BME", "2MS", "QS-OCT", "SMS", "YE", "YS", "BQE"])
def test_rows_long_before_and_after_training_have_steps_of_their_own(freq: str) -> None:
    """The calendar in the file reaches over 40 years either way; a table may hold more."""
    trained = pd.date_range("2015-01-01", "2024-12-31", freq=freq)
    table = pd.DataFrame({"t": trained, "y": np.arange(len(trained)) % 7.0})
    calendar = Calendar(_calendar(Panel.read(table, time="t", target="y", freq=freq)))
    every = pd.date_range("1901-01-03", "2099-11-01", freq=freq)
    times = every.to_numpy().astype("datetime64[s]").astype(np.int64)
    steps, on_grid = calendar.steps(times[:1], times)
    np.testing.assert_array_equal(steps, np.arange(len(times)))
    assert on_grid.all()
    with pytest.raises(ValueError, match="outside the years"):
        calendar.steps(times[:1], times[:1] - 10 * 366 * 86_400)
