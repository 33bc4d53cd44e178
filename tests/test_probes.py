"""The inputs on which forecasts go wrong in silence elsewhere: here none is silent and none ends the run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import forecast as fc

DAYS = 120


def table() -> pd.DataFrame:
    """Two clean daily series, 120 rows each; rows 0 to 119 are store "a"."""
    day = pd.date_range("2024-01-01", periods=DAYS, freq="D")
    wave = 50 + 10 * np.sin(2 * np.pi * np.arange(DAYS) / 7) + np.random.default_rng(0).normal(size=DAYS)
    parts = [pd.DataFrame({"store": s, "day": day, "sales": wave * k}) for s, k in (("a", 1.0), ("b", 3.0))]
    return pd.concat(parts, ignore_index=True)


def missing_days(t: pd.DataFrame) -> pd.DataFrame:
    return t.drop(index=[112, 113, 114]).reset_index(drop=True)


def duplicate(t: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([t, t.iloc[[110]].assign(sales=999.0)], ignore_index=True)


def nan_near_the_end(t: pd.DataFrame) -> pd.DataFrame:
    t.loc[115, "sales"] = np.nan
    return t


def infinite(t: pd.DataFrame) -> pd.DataFrame:
    t.loc[100, "sales"] = np.inf
    return t


def short_series(t: pd.DataFrame) -> pd.DataFrame:
    short = pd.DataFrame({"store": "c", "day": pd.to_datetime(["2024-04-28", "2024-04-29"]), "sales": [5.0, 6.0]})
    return pd.concat([t, short], ignore_index=True)


def over_a_clock_change(t: pd.DataFrame) -> pd.DataFrame:
    return t.assign(day=t["day"].dt.tz_localize("Europe/Berlin"))


def clean(t: pd.DataFrame) -> pd.DataFrame:
    return t


Change = Callable[[pd.DataFrame], pd.DataFrame]
PROBES: list[tuple[Change, str, str, int]] = [  # what was done, the finding, its series and row
    (missing_days, "gap", "store=a", 111),
    (duplicate, "duplicate", "store=a", 110),
    (nan_near_the_end, "nan_target", "store=a", 115),
    (infinite, "infinite", "store=a", 100),
    (short_series, "too_short", "store=c", 240),
]


def ran(given: pd.DataFrame, freq: str | None = "D") -> fc.Run:
    run = fc.run(given, id="store", time="day", target="sales", freq=freq, horizon=7,
                 learners=["SeasonalNaive", "Ridge", "LightGBM"], folds=2, progress=False)  # fmt: skip
    assert np.isfinite(run.forecasts["forecast"]).all()
    assert (run.forecasts.groupby("store").size() == 7).all()
    return run


@pytest.mark.parametrize(("change", "kind", "series", "row"), PROBES, ids=[p[0].__name__ for p in PROBES])
def test_a_repair_names_series_and_row(change: Change, kind: str, series: str, row: int) -> None:
    run = ran(change(table()))
    found = [f for f in run.findings.of(kind) if f.status != "passed"]
    assert [f.series for f in found] == [series]
    assert found[0].row == row
    assert str(row) in found[0].message
    last = run.forecasts.groupby("store")["day"].min()
    assert (last == pd.Timestamp("2024-04-30")).all()


@pytest.mark.parametrize("declared", ["W", "h", "MS", "B"])
def test_a_wrong_frequency_is_found_and_the_right_one_used(declared: str) -> None:
    run = ran(table(), declared)
    found = [f for f in run.findings.of("wrong_frequency") if f.status != "passed"]
    assert found
    assert found[0].series
    assert found[0].row >= 0
    days = run.forecasts[run.forecasts["store"] == "a"]["day"]
    assert (days.diff().dropna() == pd.Timedelta(days=1)).all()


def test_a_change_of_the_clocks_is_no_gap() -> None:
    run = ran(over_a_clock_change(table()))
    assert {f.status for f in run.findings.of("gap")} == {"passed"}
    assert {f.status for f in run.findings.of("duplicate")} == {"passed"}
    assert {f.status for f in run.findings.of("off_grid")} == {"passed"}


def test_clean_data_has_no_finding_but_passes() -> None:
    plain = ran(clean(table()))
    assert {f.status for f in plain.findings} == {"passed"}
    changed = ran(over_a_clock_change(table()))
    np.testing.assert_allclose(changed.forecasts["forecast"], plain.forecasts["forecast"])
