"""Models learn by one wall clock: panels in another time zone are moved to it, those without one are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.panel import Panel

STAMPS = pd.date_range("2024-06-01", periods=480, freq="h", tz="Europe/Berlin")
TABLE = pd.DataFrame({"at": STAMPS, "y": 10.0 + STAMPS.hour})
HOURS = fc.Recursive("ridge", (fc.Lags((1,)), fc.Calendar(("hour",))))


def read(table: pd.DataFrame) -> Panel:
    return Panel.read(table, time="at", target="y")


def test_the_same_moments_are_forecast_alike_in_any_zone(tmp_path: Path) -> None:
    model, elsewhere = HOURS.fit(read(TABLE)), TABLE.assign(at=STAMPS.tz_convert("Asia/Tokyo"))
    mine, theirs = (model.forecast(read(table), 6) for table in (TABLE, elsewhere))
    np.testing.assert_array_equal(mine.columns["forecast"], theirs.columns["forecast"])
    assert theirs.zone == "Asia/Tokyo"
    fc.to_onnx(model, tmp_path / "model.onnx", 6)
    scored = fc.score(tmp_path / "model.onnx", elsewhere)["forecast"]
    np.testing.assert_allclose(theirs.columns["forecast"], scored, rtol=1e-9)


def test_rolling_forecasts_fitted_values_and_explanations_go_by_the_clock_of_training() -> None:
    model, there = HOURS.fit(read(TABLE[:400])), read(TABLE.assign(at=STAMPS.tz_convert("Asia/Tokyo")))
    mine, theirs = (fc.rolling_forecast(model, panel, 3) for panel in (read(TABLE), there))
    np.testing.assert_array_equal(mine["forecast"], theirs["forecast"])
    assert (mine["at"] == theirs["at"]).all()
    assert str(theirs["at"].dt.tz) == "Asia/Tokyo"
    fitted = model.fitted(there)
    np.testing.assert_array_equal(fitted.columns["forecast"], model.fitted(read(TABLE)).columns["forecast"])
    assert fitted.zone == "Asia/Tokyo"
    parts = [model.explain(panel, 3).frame().drop(columns="at") for panel in (read(TABLE), there)]
    pd.testing.assert_frame_equal(parts[0], parts[1])


def test_stamps_with_and_without_a_zone_are_not_mixed() -> None:
    naive = TABLE.assign(at=STAMPS.tz_localize(None))
    for learner in (HOURS, fc.AutoEts(24)):
        with pytest.raises(ValueError, match=r"'at' have no time zone, but the model learned .* 'Europe/Berlin'"):
            learner.fit(read(TABLE)).forecast(read(naive), 3)
        with pytest.raises(ValueError, match=r"'at' are in the time zone 'Europe/Berlin', but the model .* without"):
            learner.fit(read(naive)).forecast(read(TABLE), 3)


def test_days_have_no_clock() -> None:
    days = pd.DataFrame({"at": pd.date_range("2024-01-01", periods=40, tz="Europe/Berlin"), "y": np.arange(40.0)})
    model, naive = fc.Naive().fit(read(days)), read(days.assign(at=days["at"].dt.tz_localize(None)))
    assert model.forecast(naive, 1).columns["forecast"] == 39.0


def test_findings_say_the_wall_clock_and_its_distance_from_utc() -> None:
    """As the panel's own table shows it: an hour of autumn comes twice, and none is missing in spring."""
    at = pd.date_range("2024-10-26", periods=60, freq="h", tz="Europe/Berlin")
    table = pd.DataFrame({"at": at, "y": np.arange(60.0) % 7})
    table = pd.concat([table.drop(index=[27, 40]), table.iloc[[26]].assign(y=9.0)], ignore_index=True)
    panel = read(table)
    (gap,), (twice,) = panel.findings.of("gap"), panel.findings.of("duplicate")
    assert gap.message.startswith("Row 26 (2024-10-27 02:00:00+02:00): after it 1 stamp is missing, from "
                                  "2024-10-27 02:00:00+01:00; 2 in 2 gaps")  # fmt: skip
    assert gap.time == twice.time == "2024-10-27 02:00:00+02:00" == str(panel.frame()["at"].iloc[26])
    assert "autumn" not in twice.message
    assert "from 2024-10-26 00:00:00+02:00 to 2024-10-28 10:00:00+01:00" in repr(panel)
    with pytest.raises(ValueError, match=r"row 26 \(2024-10-27 02:00:00\+02:00\)"):
        Panel.read(table, time="at", target="y", duplicates="error")
    broken = table.assign(at=table["at"] + pd.Timedelta("1ms"))
    (cut,) = read(broken).findings.of("sub_second")
    assert "has the time 2024-10-26 00:00:00.001000+02:00: fractions" in cut.message
    daily = Panel.read(pd.DataFrame({"at": at.normalize().unique(), "y": 1.0}), time="at", target="y", freq="D")
    assert "2024-10-26 to 2024-10-28" in repr(daily)


@pytest.mark.parametrize("freq", ["D", "W", "MS"])
def test_a_frequency_that_is_too_coarse_does_not_take_the_zone_off(freq: str) -> None:
    at = pd.date_range("2024-10-20", periods=336, freq="h", tz="Europe/Berlin")
    table = pd.DataFrame({"at": at, "y": np.arange(336.0)})
    panel = Panel.read(table, time="at", target="y", freq=freq)
    assert (panel.freq.name, panel.zone) == ("h", "Europe/Berlin")
    np.testing.assert_array_equal(panel.y, table["y"])  # the hour that comes twice is two rows
    (told,) = panel.findings.of("wrong_frequency")
    assert f"freq='{freq}' was given" in told.message
    assert "h is used" in told.message
    days = Panel.read(table, time="at", target="y", freq="D", aggregate="sum")
    assert (days.zone, days.y[7]) == (None, np.arange(168, 193).sum())


def test_a_frequency_that_is_too_fine_leaves_days_on_the_wall_clock() -> None:
    at = pd.date_range("2024-10-20", periods=40, freq="D", tz="Europe/Berlin")
    panel = Panel.read(pd.DataFrame({"at": at, "y": np.arange(40.0)}), time="at", target="y", freq="h")
    assert (panel.freq.name, panel.zone, len(panel)) == ("D", None, 40)
    assert str(panel.times[0]) == "2024-10-20T00:00:00"
