"""Past, Static, Categories and SeriesId: columns that a table brings."""

from __future__ import annotations

import numpy as np
import pytest

from featurizers.categories import Categories
from featurizers.features import Features
from featurizers.featurizer import Featurizer
from featurizers.known import Known
from featurizers.missing import Missing
from featurizers.past import Past
from featurizers.series_id import SeriesId
from featurizers.static import Static
from tests.examples import panel
from tests.stepping import before, check, frame, graphed, row


@pytest.mark.parametrize(
    "part",
    [
        Past(("visits",), (1, 7)), Past(("kind", "visits"), (2,)), Static(("area",)), Categories(("kind", "region")),
        Categories(("region", "kind"), onehot=True), SeriesId(), SeriesId(onehot=True),
        Features((SeriesId(), Past(("visits",)), Categories(("kind",)))),
    ],
    ids=repr,
)  # fmt: skip
def test_step_and_graph_agree_with_transform(part: Featurizer) -> None:
    check(part, panel())


def test_past_is_the_column_some_rows_ago() -> None:
    whole = panel()
    columns = frame(Past(("visits", "kind"), (1, 3)), whole)
    assert list(columns) == ["visits_lag1", "visits_lag3", "kind_lag1", "kind_lag3"]
    for i in range(whole.count):
        rows = slice(whole.indptr[i], whole.indptr[i + 1])
        assert columns["visits_lag3"][rows].isna().tolist() == [True] * 3 + [False] * (whole.lengths[i] - 3)
        np.testing.assert_array_equal(columns["visits_lag3"][rows][3:], whole.columns["visits"][rows][:-3])
        assert columns["kind_lag1"][rows].iloc[0] == -1
        np.testing.assert_array_equal(columns["kind_lag1"][rows][1:], whole.columns["kind"][rows][:-1])
    assert Past(("visits", "kind"), (1, 3)).resolve(whole).categorical == (2, 3)
    assert Past("visits", 2).resolve(whole) == Past(("visits",), (2,))  # type: ignore[arg-type]
    for lags in ((0, 1), (1.5,), ()):
        with pytest.raises(ValueError, match="lags of 'visits'"):
            Past(("visits",), lags).resolve(whole)  # type: ignore[arg-type]


@pytest.mark.parametrize("part", [Past(()), Static(()), Categories(()), Known(()), Missing(())])
def test_no_column_is_answered(part: Featurizer) -> None:
    with pytest.raises(ValueError, match="need a column"):
        part.resolve(panel())


def test_static_columns_repeat() -> None:
    np.testing.assert_array_equal(
        frame(Static(("area",)), panel())["area"], np.repeat(panel().columns["area"], panel().lengths)
    )
    with pytest.raises(ValueError, match=r"'visits' is not static in this panel \(its role is 'past'\)"):
        Static(("visits",)).resolve(panel())
    with pytest.raises(ValueError, match="'region' holds categories"):
        Static(("region",)).resolve(panel())


def test_categories_are_codes_or_a_column_each() -> None:
    whole = panel()
    kind = whole.columns["kind"].copy()
    kind[5] = -1
    odd = whole.with_columns(kind=kind)
    codes = frame(Categories(("kind",)), odd)["kind"]
    np.testing.assert_array_equal(codes, kind)
    columns = frame(Categories(("kind",), onehot=True), odd)
    assert list(columns) == ["kind=a", "kind=b", "kind=c"]
    np.testing.assert_array_equal(columns["kind=b"], kind == 1)
    assert columns.iloc[5].tolist() == [0, 0, 0]
    assert Categories(("kind", "region")).resolve(whole).categorical == (0, 1)
    with pytest.raises(ValueError, match="'promo' holds no categories"):
        Categories(("promo",)).resolve(whole)
    with pytest.raises(ValueError, match="resolve"):
        Categories(("kind",), onehot=True).names()


def test_a_series_is_known_by_its_keys() -> None:
    whole = panel()
    part = SeriesId().resolve(whole.where(np.array([3, 1])))
    assert part.memory(whole)["series.code"].ravel().tolist() == [-1, 1, -1, 0, -1, -1]
    assert part.categorical == (0,)
    state = before(part, whole)
    assert graphed(part, state, row(whole, 0)).ravel().tolist() == [-1, 1, -1, 0, -1, -1]
    hot = SeriesId(onehot=True).resolve(whole.where(np.array([3, 1])))
    assert hot.step(before(hot, whole), row(whole, 0)).tolist() == [[0, 0], [0, 1], [0, 0], [1, 0], [0, 0], [0, 0]]
    with pytest.raises(ValueError, match="resolve"):
        SeriesId().transform(whole)
