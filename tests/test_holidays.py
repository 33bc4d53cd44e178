"""Holidays: by day, hour, week and month, from the package and from custom tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from featurizers.holiday_table import HolidayTable
from featurizers.holidays import FAR, Holidays, custom_days
from tests.examples import panel
from tests.stepping import before, check, every, frame, graphed, stamped


def named(part: Holidays, rows: object, column: str = "holiday") -> list[str]:
    """The names behind the codes of a column."""
    table = part.resolve(rows)  # type: ignore[arg-type]
    codes = table.transform(rows)[:, table.columns.index(column)].astype(int)  # type: ignore[arg-type]
    return [table.levels[column][code] if code >= 0 else "unknown" for code in codes]


def test_days() -> None:
    days = every("D", "2024-12-23", 12)
    columns = frame(Holidays("US"), days)
    assert named(Holidays("US"), days) == [*[""] * 2, "Christmas Day", *[""] * 6, "New Year's Day", "", ""]
    assert columns["holiday_any"].tolist() == columns["holiday_paid"].tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    assert columns["days_to_holiday"].tolist()[:10] == [2, 1, 0, 6, 5, 4, 3, 2, 1, 0]
    assert columns["days_since_holiday"].tolist() == [25, 26, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2]  # Thanksgiving: 28 November
    near = named(Holidays("US", around=(2, 1)), days, "holiday_near")
    assert near == [*["Christmas Day"] * 4, "", "", "", *["New Year's Day"] * 4, ""]


def test_distances_stop_growing() -> None:
    columns = frame(Holidays("US"), every("D", "2024-07-05", 20))
    assert columns["days_to_holiday"].tolist() == [FAR] * 20
    assert columns["days_since_holiday"].tolist() == list(range(1, 21))


def test_hours_go_by_the_local_date() -> None:
    hours = replace(stamped("h", ["2024-12-25T04:00", "2024-12-25T05:00", "2024-12-26T05:00"]), zone="America/New_York")
    assert frame(Holidays("US"), hours)["holiday_any"].tolist() == [0, 1, 0]
    ended = stamped("h", ["2024-12-25T00:00", "2024-12-25T01:00", "2024-12-26T00:00"])
    assert frame(Holidays("US", label="end"), ended)["holiday_any"].tolist() == [0, 1, 1]


def test_a_week_begins_at_its_stamp_unless_it_ends_there() -> None:
    weeks = every("W-THU", "2024-12-12", 5)  # the 12th, 19th, 26th; 2nd, 9th of January
    columns = frame(Holidays("US"), weeks)
    assert named(Holidays("US"), weeks) == ["", "Christmas Day", "New Year's Day", "", ""]
    assert columns["days_to_holiday"].tolist() == [13, 6, 6, 18, 11]
    ended = frame(Holidays("US", label="end"), weeks)
    assert ended["holiday_any"].tolist() == ended["holiday_count"].tolist() == [0, 0, 1, 1, 0]
    assert ended["days_since_holiday"].tolist() == [14, 21, 1, 1, 8]


def test_months_count_their_holidays() -> None:
    begin, end = every("MS", "2023-01-01", 12), every("ME", "2023-01-31", 12)
    want = [3, 1, 0, 0, 1, 1, 1, 0, 1, 1, 3, 1]  # New Year on a Sunday and its Monday; Veterans Day is a Saturday
    for months in (begin, end):
        columns = frame(Holidays("US"), months)
        assert columns["holiday_count"].tolist() == want
        assert columns["holiday_any"].tolist() == [float(n > 0) for n in want]
        assert "holiday_near" not in columns
    assert frame(Holidays("US"), every("QE-DEC", "2023-03-31", 4))["holiday_count"].tolist() == [4, 2, 2, 5]


def test_business_days_are_days() -> None:
    assert named(Holidays("US"), every("B", "2024-12-24", 3)) == ["", "Christmas Day", ""]


def test_subdivisions_and_several_places() -> None:
    days = stamped("D", ["2024-01-06", "2024-03-31", "2024-11-01"])
    assert named(Holidays("DE-BY"), days) == ["Epiphany", "", "All Saints' Day"]
    assert named(Holidays("DE-BE"), days) == ["", "", ""]
    both = Holidays(("DE-BY", "US"), custom={"2024-03-31": "sale", "01-06": "fair"})
    columns = frame(both, days)
    assert [c for c in columns if str(c).endswith("_any")] == [
        "DE-BY_holiday_any",
        "US_holiday_any",
        "custom_holiday_any",
    ]
    assert columns["custom_holiday_any"].tolist() == [1, 1, 0]
    assert named(both, days, "custom_holiday") == ["fair", "sale", ""]
    assert columns["custom_holiday_paid"].tolist() == [0, 0, 0]


def test_only_public_holidays_are_paid() -> None:
    days = stamped("D", ["2024-02-14", "2024-12-25"])
    columns = frame(Holidays("US", categories=("public", "unofficial")), days)
    assert columns["holiday_any"].tolist() == [1, 1]
    assert columns["holiday_paid"].tolist() == [0, 1]


def test_names_can_have_a_column_each() -> None:
    columns = frame(Holidays("US", onehot=True), every("D", "2024-12-20", 20))
    assert columns["holiday=Christmas Day"].sum() == columns["holiday=New Year's Day"].sum() == 1
    assert Holidays("US", onehot=True).resolve(every("D", "2024-12-20", 20)).categorical == ()


def test_names_that_training_did_not_have_are_unknown() -> None:
    table = Holidays("US").resolve(every("D", "2024-12-20", 20))
    later = table.transform(every("D", "2025-07-03", 2))
    assert later[:, table.columns.index("holiday")].tolist() == [0, -1]


def test_outside_its_span_a_table_is_never_silently_zero() -> None:
    table = Holidays("US").resolve(every("D", "2024-12-20", 20))
    rows = stamped("D", ["2022-12-31", "2023-01-01", "2045-12-31", "2046-01-01"])
    values = table.transform(rows)
    amounts = [i for i in range(len(table.columns)) if i not in table.categorical]
    assert np.isnan(values[[0, 3]][:, amounts]).all()
    assert (values[[0, 3]][:, list(table.categorical)] == -1).all()
    assert np.isfinite(values[1:3]).all()
    for at in range(4):
        now = {"time": rows.clock()[[at]]}
        np.testing.assert_array_equal(graphed(table, before(table, rows), now), values[[at]])


def test_years_that_the_package_does_not_cover_are_unknown() -> None:
    days = every("D", "1990-12-20", 20)  # Germany from 1991 on
    columns = frame(Holidays("DE"), days)
    assert columns["holiday"].tolist() == [-1.0] * 12 + [1.0] + [0.0] * 7
    assert columns["holiday_any"].isna().tolist() == [True] * 12 + [False] * 8


@pytest.mark.parametrize("freq", ["D", "h", "W-THU", "MS", "QE"])
def test_step_and_graph_agree_with_transform(freq: str) -> None:
    part = Holidays(("US", "GB-SCT"), custom={"12-24": "eve", "02-29": "leap"}, around=(3, 1))
    check(part, every(freq, "2023-12-01", 60))


def test_a_table_stands_without_the_package() -> None:
    check(Holidays("FR"), panel())
    table = Holidays("FR").resolve(panel())
    again = HolidayTable(**{name: getattr(table, name) for name in HolidayTable.__dataclass_fields__})
    np.testing.assert_array_equal(again.transform(panel()), table.transform(panel()))
    assert table.resolve(panel()) is table


def test_any_date_of_iso_8601_is_a_custom_holiday() -> None:
    days = custom_days({"20240105": "a", "2024-W10-5": "b", "02-29": "c", "12-24": "d"}, (2023, 2024))
    assert {str(np.datetime64(day, "D")): name for day, name in days.items()} == {
        "2024-01-05": "a", "2024-03-08": "b", "2024-02-29": "c", "2023-12-24": "d", "2024-12-24": "d"}  # fmt: skip


def test_one_category_by_itself_will_do() -> None:
    one, several = (Holidays("US", categories=c).resolve(panel()) for c in ("unofficial", ("unofficial",)))  # type: ignore[arg-type]
    assert one.names() == several.names()
    np.testing.assert_array_equal(one.transform(panel()), several.transform(panel()))


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Holidays("XX"), "no country 'XX'"),
        (Holidays("US-ZZ"), "no subdivision 'ZZ'; it has AK"),
        (Holidays("US", categories=("odd",)), "no category 'odd'; they have government"),
        (Holidays(custom={"24.12.": "eve"}), "'24.12.' in the custom holidays is no date"),
        (Holidays(custom={"W05-1": "week"}), "'W05-1' in the custom holidays is no date"),
        (Holidays(custom=["2024-11-29"]), "Custom holidays are named by their dates"),  # type: ignore[arg-type]
        (Holidays("US", around=3), "is a pair, .* not 3"),  # type: ignore[arg-type]
        (Holidays("US", around=(-1, 0)), "from 0 on, not -1"),
        (Holidays(), "need a place"),
        (Holidays("US", label="middle"), "not 'middle'"),
    ],
)
def test_mistakes_are_answered(part: Holidays, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        part.resolve(panel())
