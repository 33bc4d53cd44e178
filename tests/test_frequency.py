"""Frequencies: names old and new, arithmetic as pandas does it, and inference in spite of gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurizers.frequency import Frequency
from featurizers.grid import Grid

NAMES = (
    "s", "15min", "30min", "h", "2h", "6h", "D", "2D", "B", "W-SUN", "W-THU", "2W-MON", "MS", "ME", "2MS", "BMS", "BME",
    "QS-JAN", "QS-FEB", "QE-DEC", "QE-JAN", "YS-JAN", "YS-APR", "YE-DEC", "YE-JUN",
)  # fmt: skip
# Grids that are the same by another name: quarters from January, April ...; two weeks of any Monday.
SAME = {"QE-JAN": {"QE-OCT", "QE-JAN"}, "2MS": {"2MS"}}


def stamps(name: str, count: int = 40) -> np.ndarray:
    return pd.date_range("2021-02-03 00:00", periods=count, freq=name).to_numpy().astype("datetime64[s]")


@pytest.mark.parametrize("name", NAMES)
def test_add_and_steps_are_those_of_pandas(name: str) -> None:
    freq, times = Frequency.parse(name), stamps(name)
    np.testing.assert_array_equal(freq.add(times[:1], np.arange(40)), times)
    np.testing.assert_array_equal(freq.add(times[-1:], -np.arange(40)), times[::-1])
    count, exact = freq.steps(np.repeat(times[:1], 40), times)
    np.testing.assert_array_equal(count, np.arange(40))
    assert exact.all()


@pytest.mark.parametrize("name", NAMES)
def test_inferred(name: str) -> None:
    found = Frequency.infer(stamps(name))
    assert found is not None
    assert found.name in SAME.get(name, {name})


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(NAMES), st.sets(st.integers(1, 58), max_size=12), st.integers(1, 3))
def test_inferred_in_spite_of_gaps(name: str, missing: set[int], count: int) -> None:
    times = stamps(name, 60)
    kept = times[[i for i in range(60) if i not in missing]]
    found = Frequency.infer(np.tile(kept, count), np.repeat(np.arange(count), len(kept)))
    assert found is not None
    assert found.name in SAME.get(name, {name})
    grid = Grid.of(found, np.tile(kept, count), np.repeat(np.arange(count), len(kept)), count)
    number = grid.number(kept, np.zeros(len(kept), np.int64))
    np.testing.assert_array_equal(grid.times(number, np.zeros(len(kept), np.int64)), kept)
    np.testing.assert_array_equal(np.diff(number), np.diff([i for i in range(60) if i not in missing]))


def test_most_series_decide() -> None:
    daily, weekly = stamps("D", 20), stamps("W-MON", 300)
    times, series = np.r_[daily, daily, weekly], np.repeat([0, 1, 2], [20, 20, 300])
    found = Frequency.infer(times, series)
    assert found is not None
    assert found.name == "D"


def test_stamps_that_are_not_exact() -> None:
    jitter = np.random.default_rng(0)
    hourly = stamps("h", 200) + jitter.integers(0, 120, 200).astype("timedelta64[s]")
    assert str(Frequency.infer(hourly)) == "h"
    daily = stamps("D", 200) + jitter.integers(0, 80_000, 200).astype("timedelta64[s]")
    assert str(Frequency.infer(daily)) == "D"
    months = stamps("MS", 60) + np.timedelta64(14, "D")
    assert str(Frequency.infer(months)) == "MS"


def test_weeks_that_look_like_months_or_years() -> None:
    assert str(Frequency.infer(stamps("4W-THU"))) == "4W-THU"
    assert str(Frequency.infer(stamps("13W-THU"))) == "13W-THU"
    assert str(Frequency.infer(stamps("52W-THU"))) == "52W-THU"


def test_nothing_to_infer_from() -> None:
    assert Frequency.infer(stamps("D", 1)) is None
    assert Frequency.infer(np.repeat(stamps("D", 1), 3)) is None
    assert Frequency.infer(stamps("D", 2), np.arange(2)) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [("M", "ME"), ("H", "h"), ("30T", "30min"), ("Q", "QE-DEC"), ("A-DEC", "YE-DEC"), ("AS", "YS-JAN"),
     ("w-thu", "W-THU"), ("W", "W-SUN"), ("BM", "BME"), (" 2 D ", "2D")],
)  # fmt: skip
def test_letters_of_older_pandas(old: str, new: str) -> None:
    assert Frequency.parse(old).name == new


@pytest.mark.parametrize(
    ("name", "season"),
    [("h", 24), ("30min", 48), ("D", 7), ("B", 5), ("W-THU", 52), ("MS", 12), ("QE-DEC", 4), ("YS-JAN", 1), ("BME", 12),
     ("2h", 12), ("3MS", 4), ("2D", 7), ("5D", 7), ("7D", 1), ("10D", 1), ("5h", 24), ("11h", 1), ("36h", 2),
     ("24h", 1), ("5MS", 12), ("4W-THU", 13), ("13W-THU", 4), ("52W-THU", 1), ("2B", 5), ("7min", 1440), ("11min", 1),
     ("s", 86400), ("2QS-JAN", 2), ("2YS-JAN", 1)],
)  # fmt: skip
def test_seasons(name: str, season: int) -> None:
    assert Frequency.parse(name).season == season


@pytest.mark.parametrize(
    ("name", "seasons"),
    [("h", (24, 168)), ("30min", (48, 336)), ("5h", (24, 168)), ("7h", (24,)), ("9h", (8, 56)), ("12h", (2, 14)),
     ("11h", (1,)), ("36h", (2,)), ("2D", (7,)), ("MS", (12,))],
)  # fmt: skip
def test_all_seasons_are_in_whole_steps(name: str, seasons: tuple[int, ...]) -> None:
    assert Frequency.parse(name).seasons == seasons


@pytest.mark.parametrize("name", ["D", "MS", "B", "QE-DEC"])
def test_series_without_rows_have_no_next_stamps(name: str) -> None:
    freq, nothing = Frequency.parse(name), np.array([["NaT"]], "datetime64[s]")
    last = np.concatenate([stamps(name, 1)[:, None], nothing])
    both = freq.add(last, np.arange(1, 4))
    np.testing.assert_array_equal(both[0], stamps(name, 4)[1:])
    assert np.isnat(both[1]).all()
    assert np.isnat(freq.add(nothing, np.arange(3))).all()
    assert freq.add(last[:0], np.arange(3)).shape == (0, 3)


@pytest.mark.parametrize("text", ["", "fortnight", "-1D", "0D", "1.5x", "D D", "ms", "500ms", "us", "bh", "CBH"])
def test_what_is_no_frequency(text: str) -> None:
    with pytest.raises(ValueError, match="Frequency"):
        Frequency.parse(text)


@pytest.mark.parametrize(
    ("name", "rows"),
    [("D", 365.25), ("h", 8766.0), ("30min", 17532.0), ("B", 260.892857), ("W", 52.178571), ("MS", 0.0)],
)
def test_rows_of_a_year(name: str, rows: float) -> None:
    assert Frequency.parse(name).year == pytest.approx(rows)
