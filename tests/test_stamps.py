"""Times that can't be read are refused by a sentence that says what they look like."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from featurizers.panel import Panel

NOT_TIMES: dict[str, tuple[list[Any], str]] = {
    "some with an offset": (["2024-01-01 00:00", "2024-01-01 01:00+01:00", "2024-01-01 02:00"],
                            r"'2024-01-01 00:00' in row 0, without an offset from UTC, beside .* in row 1, with one"),
    "several offsets and none": (["2024-01-01 00:00+01:00", "2024-01-01 01:00+02:00", "2024-01-01 02:00"], "in row 2"),
    "a 13th month": (["2020-M12", "2020-M13"], "'2020-M13' in row 1, which is no time in the notation of the others"),
    "a year 0": (["0000Q1", "0000Q2"], "'0000Q1' in row 0, which is no time"),
    "no notation": (["w1 of May", "w2 of May"], "'w1 of May' in row 0, which is no time in a notation that is known"),
    "days of a spreadsheet": ([43831, 43832, 43833], "spreadsheet with .*unit='D', origin='1899-12-30'"),
}  # fmt: skip


def test_fractions_of_a_second_are_told_of_in_numbers_too() -> None:
    times = 1_700_000_000_000 + 60_000 * np.arange(9) + np.array([0, 0, 500, 0, 250, 0, 0, 0, 0])
    panel = Panel.read(pd.DataFrame({"t": times, "y": 1.0}), time="t", target="y")
    (told,) = panel.findings.of("sub_second")
    assert (told.row, told.count) == (2, 2)
    assert not Panel.read(pd.DataFrame({"t": times[:2], "y": 1.0}), time="t", target="y").findings.of("sub_second")


@pytest.mark.parametrize("name", NOT_TIMES)
def test_times_that_cannot_be_read(name: str) -> None:
    times, sentence = NOT_TIMES[name]
    with pytest.raises(ValueError, match=sentence):
        Panel.read(pd.DataFrame({"t": times, "y": 1.0}), time="t", target="y")
