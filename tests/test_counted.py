"""Times that are numbers of steps: the same stamps wherever a number comes, and dates stay dates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import forecast as fc
from featurizers.counted import of_steps, step_of
from featurizers.frequency import Frequency
from featurizers.panel import Panel

ROLES: dict[str, Any] = {"id": "unique_id", "time": "ds", "target": "y", "known": ["price"]}
START, STEPS, AHEAD = {"a": 1, "b": 13}, 60, 4


def table(first: int = 0, rows: int = STEPS, start: int = 0) -> pd.DataFrame:
    """Series that begin at different steps, `start` later than usual; the rows from `first` on of each."""
    parts = []
    for name, begin in START.items():
        t = start + np.arange(begin, begin + STEPS + 2 * AHEAD)[first : first + rows]
        y = 50 + 10 * np.sin(t * np.pi / 6) + np.cos(t * 17.0) + 3.0 * (t % 3)
        parts.append(pd.DataFrame({"unique_id": name, "ds": t, "y": y, "price": t % 3 * 1.0}))
    return pd.concat(parts, ignore_index=True)


def told(panel: Panel) -> str:
    (found,) = panel.findings.of("step_number")
    assert (found.status, found.column) == ("fixed", "ds")
    return found.message


FREQUENCIES = {
    "MS": ("1970-01-01", "1970-02-01"), "ME": ("1970-01-31", "1970-02-28"), "W": ("1970-01-04", "1970-01-11"),
    "W-THU": ("1970-01-01", "1970-01-08"), "B": ("1970-01-01", "1970-01-02"), "D": ("1970-01-01", "1970-01-02"),
    "h": ("1970-01-01", "1970-01-01 01:00"), "15min": ("1970-01-01", "1970-01-01 00:15"),
    "QE": ("1970-03-31", "1970-06-30"), "YS": ("1970-01-01", "1971-01-01"), "2W": ("1970-01-04", "1970-01-18"),
    "3MS": ("1970-01-01", "1970-04-01"), "QS-FEB": ("1970-02-01", "1970-05-01"),
}  # fmt: skip


@pytest.mark.parametrize("freq", FREQUENCIES)
def test_steps_are_counted_from_1970(freq: str) -> None:
    panel = Panel.read(table(), freq=freq, **ROLES)
    zero, one = (np.datetime64(day, "s") for day in FREQUENCIES[freq])
    assert list(of_steps(np.arange(2.0), panel.freq)) == [zero, one]
    assert list(panel.lengths) == [STEPS, STEPS]
    assert panel.times[0] == one
    assert panel.times[STEPS] == panel.freq.add(panel.times[:1], np.array([12]))[0]
    assert {f.kind for f in panel.findings if f.status != "passed"} == {"step_number"}
    assert "1 is read as " + FREQUENCIES[freq][1].replace(" ", "T") in told(panel)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(FREQUENCIES)), st.integers(-60, 60), st.integers(1, 80))
def test_steps_follow_each_other(freq: str, first: int, count: int) -> None:
    every = Frequency.parse(freq)
    stamps = of_steps(np.arange(first, first + count) * 1.0, every)
    assert (stamps == every.add(stamps[:1], np.arange(count))).all()
    assert step_of(stamps[-1], every) == first + count - 1


def test_gaps_and_doubles_are_found_as_in_dates() -> None:
    rows = table().astype({"ds": object})  # numbers beside None, as databases give them
    rows = pd.concat([rows.drop(index=[5, 6]), rows.iloc[[70]].assign(y=0.0)], ignore_index=True)
    rows.loc[2, "ds"] = None
    panel = Panel.read(rows, freq="MS", **ROLES)
    found = {(f.kind, f.count) for f in panel.findings if f.status != "passed"}
    assert found == {("step_number", 118), ("gap", 3), ("duplicate", 1), ("missing_time", 1), ("unsorted", 1)}
    assert list(panel.lengths) == [STEPS, STEPS]


MISTAKES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no frequency": (range(1, 61), {}, r"'ds' holds numbers \(1 to 60\) .* pass freq, what one step stands for"),
    "a frequency to aggregate to": (range(1, 61), {"freq": "MS", "aggregate": "sum"}, "no 'aggregate'"),
    "fractions": (np.arange(60) / 2, {"freq": "MS"}, r"'ds' holds numbers \(0 to 29.5\) that are no dates"),
    "too far": (np.arange(60) + 10_000, {"freq": "MS"}, "'ds' holds 10000 in row 0, .* outside the years 1700 to 2250"),
    "far too far": (np.arange(60) - 10**7, {"freq": "h"}, "'ds' holds -10000000 in row 0"),
    "every third": (np.arange(60) * 3, {"freq": "MS"}, "'ds' holds step numbers, but most rows .* one by one"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_numbers_that_count_no_steps_are_refused(name: str) -> None:
    times, more, sentence = MISTAKES[name]
    rows = pd.DataFrame({"ds": times, "y": np.arange(60) % 7.0})
    with pytest.raises(ValueError, match=sentence):
        Panel.read(rows, time="ds", target="y", **more)


@pytest.mark.parametrize(
    ("times", "freq", "first"),
    [
        (range(1950, 2010), "YS", "1950-01-01"),
        (pd.date_range("2001-03-01", periods=60, freq="MS").strftime("%Y%m").astype(int), "MS", "2001-03-01"),
        (pd.date_range("2001-03-01", periods=60).strftime("%Y%m%d").astype(int), "D", "2001-03-01"),
        (np.arange(60) * 3600 + 1_600_000_000, "h", "2020-09-13T12:26:40"),
    ],
)
def test_numbers_that_are_dates_stay_dates(times: Any, freq: str, first: str) -> None:
    panel = Panel.read(pd.DataFrame({"ds": times, "y": np.arange(60) % 7.0}), time="ds", target="y", freq=freq)
    assert panel.times[0] == np.datetime64(first)
    assert not len(panel.findings.of("step_number"))


def test_days_that_could_be_years_are_told() -> None:
    rows = pd.DataFrame({"ds": np.arange(1742, 1802), "y": np.arange(60) % 7.0})
    (found,) = Panel.read(rows, time="ds", target="y", freq="D").findings.of("wrong_frequency")
    assert "If 'ds' holds no dates but step numbers" in found.message


@pytest.mark.parametrize("start", [0, 1690])  # the second: the rows ahead alone would be years
def test_later_tables_are_counted_from_the_same_step(start: int, tmp_path: Path) -> None:
    roles = ROLES | {"freq": "D"}
    before, ahead = table(start=start), table(STEPS, AHEAD, start).drop(columns="y")
    if start:
        ahead = ahead[ahead["unique_id"] == "a"]
        before = before[before["unique_id"] == "a"]
    panel = Panel.read(before, **roles)
    model = fc.Recursive("ridge", (fc.Lags((1, 2)), fc.Known(("price",)))).fit(panel)
    made = model.forecast(panel, AHEAD, ahead)
    assert made.times[0] == panel.times[STEPS - 1] + np.timedelta64(1, "D")
    dated = panel.frame().drop(columns="y").iloc[:0]
    dates = made.frame()[["unique_id", "ds"]].assign(price=ahead["price"].to_numpy())
    same = model.forecast(panel, AHEAD, pd.concat([dated, dates], ignore_index=True))
    np.testing.assert_array_equal(same.columns["forecast"], made.columns["forecast"])

    fc.save(model, tmp_path / "model")
    fc.to_onnx(fc.load(tmp_path / "model"), tmp_path / "model.onnx", AHEAD)
    whole = pd.concat([before, ahead], ignore_index=True)
    for rows in (whole, whole.astype({"ds": float}), pd.concat([panel.frame(), dates], ignore_index=True)):
        scored = fc.score(tmp_path / "model.onnx", rows)
        np.testing.assert_array_equal(scored["ds"], made.times)
        np.testing.assert_allclose(scored["forecast"].ravel(), made.columns["forecast"], rtol=1e-9)
    with pytest.raises(ValueError, match=r"'ds' holds .*, which is no time"):
        fc.score(tmp_path / "model.onnx", whole.assign(ds=whole["ds"] + 0.5))


def test_a_dated_panel_takes_no_step_numbers() -> None:
    rows = table()
    panel = Panel.read(rows.assign(ds=of_steps(rows["ds"].to_numpy(np.float64), Frequency("D"))), **ROLES)
    with pytest.raises(ValueError, match="no dates that one can be sure of"):
        panel.future(AHEAD, table(STEPS, AHEAD))


def test_a_run_on_step_numbers(tmp_path: Path) -> None:
    rows = table(0, STEPS + 2 * AHEAD)
    before, test = rows[rows["ds"] <= STEPS], rows[(rows["ds"] > STEPS) & (rows["ds"] <= STEPS + AHEAD)]
    before.to_csv(tmp_path / "before.csv", index=False)
    test.to_csv(tmp_path / "test.csv", index=False)
    found = fc.run(
        tmp_path / "before.csv", horizon=AHEAD, freq="MS", test=str(tmp_path / "test.csv"), folds=2,
        learners=["SeasonalNaive", "Average"], output=tmp_path / "run", progress=False, **ROLES,
    )  # fmt: skip
    assert found.panel.lengths.tolist() == [STEPS, STEPS - 12]
    assert "step numbers: 1 is read as 1970-02-01" in str(found.findings)
    assert "step numbers" in (tmp_path / "run" / "report.html").read_text()
    first = pd.read_parquet(tmp_path / "run" / "forecasts.parquet").groupby("unique_id")["ds"].min()
    assert list(first) == [pd.Timestamp("1975-02-01")] * 2
    scored = fc.score(tmp_path / "run" / "model.onnx", rows[rows["ds"] <= STEPS + AHEAD])
    assert scored["ds"][0] == np.datetime64("1975-06-01")
