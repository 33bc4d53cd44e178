"""Missing: what stands in, and that it says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from featurizers.featurizer import Featurizer
from featurizers.lags import Lags
from featurizers.missing import Missing
from featurizers.panel import Panel
from featurizers.past import Past
from forecast.export import to_onnx
from learners.recursive import Recursive
from tests.examples import continued, panel
from tests.stepping import check, frame

HOWS = ["median", "mean", "mode", "constant", "ffill"]


def holed() -> Panel:
    """The example panel, where a third of promo, visits and area is missing, in the first rows too."""
    whole, rng = panel(), np.random.default_rng(5)
    gone = rng.random(len(whole)) < 0.3
    gone[whole.indptr[0] : whole.indptr[0] + 3] = True
    gone[whole.indptr[1] : whole.indptr[1] + 5] = False
    columns = {n: np.where(gone, np.nan, whole.columns[n]) for n in ("promo", "visits")}
    area = whole.columns["area"].copy()
    area[2] = np.nan
    return whole.with_columns(**columns, area=area)


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(
    "what", [("promo", "visits", "area"), Past(("visits", "kind"), (1, 3)), Lags((1, 2))], ids=repr
)
def test_step_and_graph_agree_with_transform(how: str, what: tuple[str, ...] | Featurizer) -> None:
    matrix = check(Missing(what, how), holed())  # type: ignore[arg-type]
    assert np.isfinite(matrix).all()


def test_what_stands_in() -> None:
    whole, seen = holed(), pd.Series(holed().columns["visits"]).dropna()
    promo = whole.column("promo")
    values = {how: Missing(("promo",), how, constant=-3).resolve(whole).values or () for how in HOWS}  # type: ignore[arg-type]
    assert values["mean"][0] == pytest.approx(np.nanmean(promo))
    assert values["constant"] == (-3,)
    assert values["mode"] == values["median"] == (0,)
    lagged = Missing(Past(("visits",), (1,))).resolve(whole)
    shifted = Past(("visits",), (1,)).transform(whole)
    assert lagged.values == (float(np.nanmedian(shifted)),)
    assert lagged.names() == ["visits_lag1", "visits_lag1_missing"]
    assert abs(lagged.values[0] - seen.median()) < 1


def test_the_last_value_is_carried_within_a_series() -> None:
    whole = holed()
    columns = frame(Missing(("promo",), "ffill"), whole)
    carried = (
        pd.Series(whole.columns["promo"]).groupby(whole.owner).ffill().fillna(np.nanmedian(whole.columns["promo"]))
    )
    np.testing.assert_array_equal(columns["promo"], carried)
    np.testing.assert_array_equal(columns["promo_missing"], np.isnan(whole.columns["promo"]))


def test_columns_that_training_never_saw_get_the_constant() -> None:
    whole = panel().with_columns(promo=np.full(len(panel()), np.nan))
    assert Missing(("promo",), constant=2.0).resolve(whole).values == (2.0,)


@pytest.mark.parametrize(("columns", "message"), [(("kind",), "holds categories"), (("prize",), "no column 'prize'")])
def test_mistakes_are_answered(columns: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Missing(columns).resolve(panel())
    with pytest.raises(ValueError, match="'guess'"):
        Missing(("promo",), "guess").resolve(panel())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="resolve"):
        Missing(("promo",)).names()


@pytest.mark.parametrize("how", ["median", "ffill"])
def test_a_recursion_carries_on(how: str, tmp_path: object) -> None:
    from sklearn.linear_model import Ridge

    whole = holed()
    before, after = continued(whole, 7)
    features = (Lags((1, 7)), Missing(("promo", "visits"), how))  # type: ignore[arg-type]
    model = Recursive(Ridge(), features).fit(before)
    to_onnx(model, f"{tmp_path}/model.onnx", 7)  # raises where the graph disagrees
    after = replace(after, roles=whole.roles)
    promo = after.column("promo").reshape(whole.count, 7)
    assert np.isnan(promo).any()
    forecast = model.predict(model.state(before), {"time": after.matrix()["time"], "promo": promo})["forecast"]
    assert np.isfinite(forecast).all()
