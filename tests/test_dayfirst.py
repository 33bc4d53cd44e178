"""Dates that could be month or day first are read by the order that makes them regular."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from featurizers.panel import Panel
from featurizers.stamps import read_stamps
from forecast.job import Job
from forecast.tables import read
from learners.naive import Naive
from learners.rolling import rolling_forecast

DAY, MONTH = "%d/%m/%Y", "%m/%d/%Y"


def table(freq: str, rows: int, order: str, series: int = 2, start: str = "2018-02-01") -> pd.DataFrame:
    parts = []
    for i in range(series):
        times = pd.date_range(start, periods=rows + i, freq=freq)
        parts.append(
            pd.DataFrame({"shop": f"s{i}", "month": times.strftime(order), "sales": np.arange(rows + i) % 7.0})
        )
    return pd.concat(parts, ignore_index=True)


def panel(frame: pd.DataFrame, **more: object) -> Panel:
    return Panel.read(frame, "shop", time="month", target="sales", **more)


@pytest.mark.parametrize("order", [DAY, MONTH, "%d-%m-%Y", "%d/%m/%y", "%d/%m/%Y %H:%M"])
@pytest.mark.parametrize(("freq", "name"), [("MS", "MS"), ("QS", "QS-JAN"), ("YS-FEB", "YS-FEB")])
def test_the_order_that_is_regular_is_taken_and_said(order: str, freq: str, name: str) -> None:
    read = panel(table(freq, 14, order))
    assert str(read.freq) == name
    assert (read.times[:14] == pd.date_range("2018-02-01", periods=14, freq=freq).to_numpy("datetime64[s]")).all()
    (found,) = read.findings.of("ambiguous_date")
    assert (found.status, found.series, found.column) == ("fixed", "shop=s0", "month")
    assert found.row >= 0
    assert f"{'day' if order.startswith('%d') else 'month'} first is taken" in found.message


def test_hours_of_a_few_days_day_first() -> None:
    read = panel(table("h", 100, DAY + " %H:%M"))
    assert str(read.freq) == "h"
    assert read.times[99] == np.datetime64("2018-02-05T03:00:00")


@pytest.mark.parametrize("order", [DAY, MONTH])
def test_the_fifth_of_every_month(order: str) -> None:
    times = pd.date_range("2018-02-01", periods=30, freq="MS") + pd.Timedelta(days=4)
    read = Panel.read(pd.DataFrame({"t": times.strftime(order), "y": np.arange(30) % 7.0}), time="t", target="y")
    assert str(read.freq) == "MS"
    assert len(read) == 30


def test_gaps_and_rows_out_of_order_do_not_hide_the_order() -> None:
    frame = table("MS", 30, DAY).drop(index=[4, 5, 11, 40]).sample(frac=1, random_state=1)
    read = panel(frame)
    assert str(read.freq) == "MS"
    assert list(read.lengths) == [30, 31]


def test_many_rows_for_a_month_do_not_hide_the_order() -> None:
    frame = pd.concat([table("MS", 30, DAY)] * 40, ignore_index=True)
    assert list(panel(frame, duplicates="sum").lengths) == [30, 31]
    assert str(panel(frame, aggregate="sum", freq="QS").freq) == "QS-JAN"


@pytest.mark.parametrize("order", [DAY, MONTH])
def test_where_both_orders_are_regular_month_first_is_taken_unless_the_frequency_was_said(order: str) -> None:
    frame = table("D", 9, order, series=1, start="2018-01-01")
    assert [f.status for f in panel(frame).findings.of("ambiguous_date")] == ["alerted"]
    assert panel(frame).times[1] == np.datetime64("2018-02-01" if order == DAY else "2018-01-02")
    assert panel(frame, freq="D").times[1] == np.datetime64("2018-01-02")


def test_a_day_above_twelve_tells_the_order_by_itself() -> None:
    for order in (DAY, MONTH):
        read = panel(table("D", 20, order))
        assert read.times[19] == np.datetime64("2018-02-20")
        assert len(read.findings.of("ambiguous_date")) == 0


def test_known_columns_ahead_are_read_by_the_order_that_has_the_next_stamps() -> None:
    frame = table("MS", 30, DAY, series=1).assign(price=np.arange(30.0))
    history = panel(frame[:-3], known="price")
    future = history.future(3, frame[-3:][["shop", "month", "price"]])
    assert future.column("price").tolist() == [27.0, 28.0, 29.0]


def test_the_test_table_of_a_job_is_read_in_the_order_of_the_whole() -> None:
    frame = table("D", 71, DAY, series=1)  # the last rows are the 2nd to the 12th of April
    first, second = frame[:-11], frame[-11:]
    assert read_stamps(second["month"], "month").swapped is not None
    tables = read(Job({"source": first, "id": "shop", "time": "month", "target": "sales"}, horizon=3, test=second))
    assert len(tables.train) == 60
    assert tables.held.tolist() == [11]


def cut(frame: pd.DataFrame, test: object) -> np.datetime64:
    roles = {"id": "shop", "time": "month", "target": "sales"}
    return read(Job.of({"data": {"source": frame, **roles}, "horizon": 3, "test": test})).train.last[0]


@pytest.mark.parametrize(
    ("freq", "order", "test"),
    [
        ("MS", DAY, "01/03/2019"), ("MS", MONTH, "03/01/2019"), ("D", DAY, "01/03/2019"), ("D", MONTH, "03/01/2019"),
        ("MS", "%d.%m.%Y", "01.03.2019"), ("MS", "%Y-%m-%d", "01.03.2019"), ("D", "%d-%b-%Y", "1 Mar 2019"),
        ("D", DAY, "2019-03-01"), ("D", DAY, date(2019, 3, 1)), ("D", DAY, "20190301"), ("MS", MONTH, "31.03.2019"),
    ],
)  # fmt: skip
def test_a_stamp_in_the_settings_is_read_as_those_of_the_table(freq: str, order: str, test: object) -> None:
    frame = table(freq, {"MS": 30, "D": 600}[freq], order, series=1)
    assert cut(frame, test) == np.datetime64("2019-03-01")
    model = Naive().fit(panel(frame))
    found = rolling_forecast(model, panel(frame), 1, start=test)  # type: ignore[arg-type]
    assert found["cutoff"][0] == pd.Timestamp("2019-03-01")


def test_a_stamp_that_could_be_two_is_refused() -> None:
    frame = table("D", 600, "%Y-%m-%d", series=1)
    with pytest.raises(ValueError, match=r"'01/03/2019' could be 2019-01-03 or 2019-03-01: write the year first"):
        cut(frame, "01/03/2019")
    with pytest.raises(ValueError, match=r"The test 'tomorrow' is no number of rows, no stamp, and no file"):
        cut(frame, "tomorrow")
    with pytest.raises(ValueError, match=r"The start is a stamp .* not 'tomorrow'"):
        rolling_forecast(Naive().fit(panel(frame)), panel(frame), 1, start="tomorrow")


def test_a_step_number_in_the_settings_is_one_where_the_table_has_them() -> None:
    frame = pd.DataFrame({"shop": 1, "month": np.arange(40), "sales": np.arange(40) % 7.0})
    whole = panel(frame, freq="MS")
    found = rolling_forecast(Naive().fit(whole), whole, 1, start="29")
    assert found["cutoff"][0] == pd.Timestamp("1972-06-01")
