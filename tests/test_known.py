"""Known: numbers of the row itself."""

from __future__ import annotations

import pytest

from featurizers.known import Known
from tests.examples import panel
from tests.stepping import check


def test_step_and_graph_agree_with_transform() -> None:
    matrix = check(Known(("promo", "area")), panel())
    assert matrix[:, 1].tolist() == panel().column("area").tolist()


@pytest.mark.parametrize(("column", "message"), [("kind", "use Categories"), ("visits", "not known ahead: use Past")])
def test_columns_of_other_kinds_are_refused(column: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Known((column,)).resolve(panel())
