"""Fourier and Trend, and the ruler that both count rows by."""

from __future__ import annotations

import numpy as np
import pytest

from featurizers.fourier import Fourier
from featurizers.frequency import Frequency
from featurizers.ruler import Ruler
from featurizers.trend import Trend
from tests.examples import panel
from tests.stepping import check, every, frame

REGULAR = {
    "s": "1969-12-31 23:59:00", "30min": "2024-01-01", "h": "2024-01-01", "D": "1969-12-20", "3D": "2024-01-01",
    "W-THU": "1990-06-14", "2W": "2024-01-07", "B": "1969-12-22", "3B": "2024-01-01", "MS": "1969-06-01",
    "ME": "2023-11-30", "2MS": "2024-01-01", "BME": "2024-01-31", "QS-OCT": "2024-01-01", "BQE": "2024-03-29",
    "YS": "1950-01-01", "YE": "2000-12-31",
}  # fmt: skip


@pytest.mark.parametrize("freq", REGULAR)
def test_the_ruler_counts_rows(freq: str) -> None:
    rows = every(freq, REGULAR[freq], 60)
    at = Ruler.of(rows.freq).rows(rows.clock())
    np.testing.assert_allclose(at - at[0], np.arange(60), atol=1e-6)
    np.testing.assert_allclose(frame(Trend(), rows)["trend"], np.arange(60), atol=1e-6)


def test_rows_without_a_fixed_width_count_by_their_mean() -> None:
    rows = every("SMS", "2024-01-01", 49)
    assert frame(Trend(), rows)["trend"].iloc[-1] == pytest.approx(48, abs=0.1)
    assert Frequency.parse("SMS").months is None
    assert Frequency.parse("BQS").months == 3


def test_trend_starts_at_the_first_stamp_of_training() -> None:
    whole = panel()
    values = check(Trend(), whole)[:, 0]
    assert values.min() == 0
    later = Trend().resolve(whole.rows(whole.position >= 10))
    assert later.resolve(whole) == later
    assert (
        Trend().resolve(whole).transform(whole.rows(whole.position >= 10)) == values[whole.position >= 10, None]
    ).all()


def test_waves_are_sines_of_the_row() -> None:
    rows = every("D", "1970-01-01", 1000)
    columns, t = frame(Fourier((7, 365.25), order=2), rows), np.arange(1000)
    waves = ("sin1", "cos1", "sin2", "cos2")
    assert list(columns) == [f"{wave}_{period}" for period in (7, 365.25) for wave in waves]
    np.testing.assert_allclose(columns["sin2_7"], np.sin(2 * np.pi * 2 * t / 7), atol=1e-9)
    np.testing.assert_allclose(columns["cos1_365.25"], np.cos(2 * np.pi * t / 365.25), atol=1e-9)


def test_waves_that_say_nothing_new_are_left_out() -> None:
    assert Fourier((4,), order=9).names() == ["sin1_4", "cos1_4", "cos2_4"]
    assert Fourier((12, 6), order=2).names() == ["sin1_12", "cos1_12", "sin2_12", "cos2_12", "sin2_6", "cos2_6"]
    columns = frame(Fourier((12, 6, 4), order=6), every("MS", "2001-01-01", 240))
    assert np.linalg.matrix_rank(columns.to_numpy()) == columns.shape[1] == 11


def test_a_period_must_be_above_one() -> None:
    with pytest.raises(ValueError, match="above 1, not 1"):
        Fourier((7, 1)).resolve(panel())
    with pytest.raises(ValueError, match="order of Fourier must be a whole number"):
        Fourier((7,), order=2.5).resolve(panel())  # type: ignore[arg-type]
    assert Fourier(7.0).resolve(panel()).periods == (7.0,)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="resolve"):
        Fourier((7,)).transform(panel())


@pytest.mark.parametrize("freq", ["30min", "W-THU", "B", "MS", "QE", "SMS"])
def test_step_and_graph_agree_with_transform(freq: str) -> None:
    check(Fourier((7.5, 52.18), order=3), every(freq, "1965-01-01", 80))
    check(Fourier((7, 365.25)), panel())
    check(Fourier((1.5,), order=0), panel())
