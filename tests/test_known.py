"""Known: numbers of the row itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.known import Known
from learners.unknown import future_of
from tests.examples import panel
from tests.stepping import check


def test_step_and_graph_agree_with_transform() -> None:
    matrix = check(Known(("promo", "area")), panel())
    assert matrix[:, 1].tolist() == panel().column("area").tolist()


@pytest.mark.parametrize(("column", "message"), [("kind", "use Categories"), ("visits", "not known ahead: use Past")])
def test_columns_of_other_kinds_are_refused(column: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Known((column,)).resolve(panel())


def test_a_plan_that_ends_too_early_is_gone_on_with_from_its_end() -> None:
    """unknown="last" fills the rows that are missing, and no others."""
    days = pd.date_range("2024-01-01", periods=60)
    table = pd.concat([pd.DataFrame({"id": i, "day": days, "y": 1.0 * i, "price": 2.0, "kind": "a"}) for i in (1, 2)])
    panel = fc.Panel.read(table, "id", time="day", target="y", known=["price", "kind"])
    ahead = pd.date_range("2024-03-01", periods=4)
    one = {"day": ahead, "price": [1.0, 3.0, 1.0, 3.0], "kind": ["a", "a", "b", "a"]}
    plan = pd.concat([pd.DataFrame({"id": i} | one) for i in (1, 2)])
    told = plan[(plan["id"] == 1) | (plan["day"] < ahead[2])]
    found = future_of(panel, 4, told, ("price", "kind"), "last")
    np.testing.assert_array_equal(found.columns["price"], [1, 3, 1, 3, 1, 3, 3, 3])
    np.testing.assert_array_equal(found.columns["kind"], [0, 0, -1, 0, 0, 0, 0, 0])
    assert [f.count for f in found.findings.of("known_future")] == [2, 2]
    assert "series id=2 at 2024-03-03 (2 of 8 rows are missing)" in found.findings.of("known_future").items[0].message
    nothing = future_of(panel, 4, told[told["id"] == 1], ("price",), "last")
    np.testing.assert_array_equal(nothing.columns["price"], [1, 3, 1, 3, 2, 2, 2, 2])
