"""Calendar: what frequencies allow, what varies, and the cyclic parts."""

from __future__ import annotations

import numpy as np
import pytest

from featurizers.calendar import CYCLES, PARTS, Calendar
from tests.examples import panel
from tests.stepping import check, every, frame, stamped

FLAGS = PARTS[-6:]


def chosen(freq: str, start: str, count: int) -> set[str]:
    return set(Calendar().resolve(every(freq, start, count)).parts)


def test_parts_are_pruned_to_what_the_frequency_allows() -> None:
    assert chosen("30min", "2020-01-01", 60_000) == set(PARTS)
    assert chosen("h", "2020-01-01", 30_000) == set(PARTS) - {"minute"}
    assert chosen("D", "2020-01-01", 1000) == set(PARTS) - {"hour", "minute", "ampm"}
    assert chosen("B", "2020-01-01", 1000) == set(PARTS) - {"hour", "minute", "ampm"}
    assert chosen("W-THU", "2020-01-02", 200) == set(PARTS) - {"hour", "minute", "ampm", "weekday", *FLAGS}
    assert chosen("7D", "2020-01-02", 200) == chosen("W-THU", "2020-01-02", 200)
    assert chosen("MS", "2020-01-01", 40) == chosen("BME", "2020-01-31", 40) == {"year", "half", "quarter", "month"}
    assert chosen("QE-DEC", "2020-03-31", 20) == {"year", "half", "quarter"}
    assert chosen("YS", "2000-01-01", 20) == {"year"}


def test_parts_that_do_not_vary_are_left_out() -> None:
    assert chosen("D", "2021-03-01", 20) == {"day", "dayofyear", "dayofquarter", "weekday", "month_start", "week"}
    assert chosen("h", "2021-03-01", 24) == {"hour", "ampm"}
    assert chosen("YS", "2000-01-01", 1) == set()


def test_parts_that_were_asked_for_stay() -> None:
    part = Calendar(("weekday", "hour")).resolve(every("D", "2021-03-01", 1))
    assert part.parts == ("weekday", "hour")
    with pytest.raises(ValueError, match="no part 'weekend'"):
        Calendar(("weekend",)).resolve(every("D", "2021-03-01", 1))
    with pytest.raises(ValueError, match="resolve"):
        Calendar().names()


@pytest.mark.parametrize("part", [Calendar(), Calendar(cyclic=True), Calendar(PARTS), Calendar(PARTS, cyclic=True)])
def test_step_and_graph_agree_with_transform(part: Calendar) -> None:
    check(part, panel())


def test_a_calendar_without_parts_has_no_columns() -> None:
    assert check(Calendar(), every("YS", "2000-01-01", 1), rows=(0,)).shape == (1, 0)


def test_cyclic_parts_come_round() -> None:
    days = every("D", "2021-01-01", 800)
    columns = frame(Calendar(("weekday", "month", "year"), cyclic=True), days)
    assert list(columns) == ["weekday_sin", "weekday_cos", "month_sin", "month_cos", "year"]
    np.testing.assert_allclose(columns["weekday_sin"] ** 2 + columns["weekday_cos"] ** 2, 1, atol=1e-8)
    month = days.times.astype("datetime64[M]").astype(int) % 12
    np.testing.assert_allclose(columns["month_cos"], np.cos(2 * np.pi * month / 12), atol=1e-9)
    assert set(CYCLES) < set(PARTS)


def test_the_wall_clock_counts() -> None:
    from dataclasses import replace

    utc = stamped("h", ["2024-03-31T00:00:00", "2024-03-31T01:00:00"])
    berlin = replace(utc, zone="Europe/Berlin")
    assert frame(Calendar(("hour",)), berlin)["hour"].tolist() == [1, 3]  # summer time begins
