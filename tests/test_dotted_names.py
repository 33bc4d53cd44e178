"""Dots in the names of columns change nothing: state tells memory from windows by dots, columns may have them too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.panel import Panel
from forecast.recipes import from_toml, to_toml
from learners.learner import Learner
from tests.examples import FEATURES, HORIZON, WIDE, continued, panel

NAMES = {"promo": "f0.promo", "kind": "own.kind", "visits": "inner.visits", "area": "a.re.a", "region": "m0.region"}
LINEAR = fc.Recursive("ridge", WIDE)
COLUMNS: dict[str, Any] = {
    "known": ("promo",),
    "past": ("visits",),
    "static": ("area",),
    "categories": ("kind", "region"),
}
EXAMPLES: list[Learner] = [
    LINEAR,
    fc.Recursive(fc.LightGBM(n_estimators=5), WIDE),
    fc.Recursive("ridge", (*FEATURES, fc.Missing(("promo",), "ffill"), fc.Past(("visits", "kind"), lags=(1, 3)))),
    fc.Direct("ridge", WIDE, 3),
    fc.Direct(fc.LightGBM(n_estimators=5), (*WIDE, fc.Past(("kind",))), HORIZON, seasons=(7,), levels=(80,)),
    fc.Tcn(4, window=14, channels=4, layers=2, epochs=1, **COLUMNS),
    fc.Mlp(HORIZON, window=14, hidden=8, epochs=1, **COLUMNS),
    fc.Arimax((1, 0, 0), columns=("promo",)),
    fc.Prophet(changepoints=3, regressors=("promo",)),
    fc.Harmonic((7.0,), None, LINEAR),
    fc.Transformed(LINEAR, fc.SeasonalDifference(7)),
    fc.Mstl(7, LINEAR),
    fc.Blend((fc.SeasonalNaive(7), LINEAR, fc.Direct("ridge", WIDE, 3)), (0.2, 0.5, 0.3)),
    fc.Bounded(LINEAR, HORIZON),
    fc.PerGroup(LINEAR, by=("region",)),
]  # fmt: skip


def dotted(plain: Panel) -> Panel:
    """The same with dots in the names of its columns."""

    def named(values: Any) -> dict[str, Any]:
        return {NAMES.get(name, name): value for name, value in values.items()}

    return replace(plain, columns=named(plain.columns), roles=named(plain.roles), levels=named(plain.levels))


def renamed(learner: Learner) -> Learner:
    text = to_toml(learner)
    for name, other in NAMES.items():
        text = text.replace(f'"{name}"', f'"{other}"')
    return from_toml(text)


@pytest.mark.parametrize("learner", EXAMPLES, ids=lambda part: repr(part)[:60])
def test_dots_change_nothing(learner: Learner, tmp_path: Path) -> None:
    before, after = continued(panel(), HORIZON)
    model = learner.fit(before)
    want, rolled = model.forecast(before, HORIZON, after), fc.rolling_forecast(model, panel(), 3, 2, inside=True)
    told = model.explain(before, HORIZON, after, origins=2)

    before, after, whole = dotted(before), dotted(after), dotted(panel())
    model = renamed(learner).fit(before)
    fc.save(model, tmp_path / "model")
    model = fc.load(tmp_path / "model")
    made = model.forecast(before, HORIZON, after)
    for name, values in want.columns.items():
        np.testing.assert_array_equal(made.columns[name], values)
    pd.testing.assert_frame_equal(fc.rolling_forecast(model, whole, 3, 2, inside=True), rolled)
    explained = model.explain(before, HORIZON, after, origins=2)
    pd.testing.assert_frame_equal(explained.frame(), told.frame().rename(columns=NAMES))
    assert dict(explained.losses) == {NAMES.get(name, name): loss for name, loss in told.losses.items()}

    fc.to_onnx(model, tmp_path / "model.onnx", HORIZON)
    rows = pd.concat([before.frame(), after.frame().assign(sales=np.nan)], ignore_index=True)
    scored = fc.score(tmp_path / "model.onnx", rows)
    close = 1e-4 if model.single else 1e-9
    np.testing.assert_allclose(scored["forecast"].ravel(), made.columns["forecast"], rtol=close)


def test_a_run_with_dots(tmp_path: Path) -> None:
    rows = dotted(panel(holes=False)).frame().rename(columns={"sales": "sales.eur"})
    rows.to_csv(tmp_path / "rows.csv", index=False)
    found = fc.run(
        tmp_path / "rows.csv", id=["store", "item"], time="day", target="sales.eur", known=["f0.promo", "own.kind"],
        past=["inner.visits"], static=["a.re.a", "m0.region"], horizon=HORIZON, folds=2, test=HORIZON, by="m0.region",
        learners=["SeasonalNaive", "Ridge", "DirectRidge"], ensemble=False, output=tmp_path / "run", progress=False,
    )  # fmt: skip
    assert {f.kind for f in found.findings if f.status == "alerted"} <= {"fallback"}
    again = fc.Job.read(tmp_path / "run" / "job.toml")
    assert again.data["known"] == ["f0.promo", "own.kind"]
    left = np.repeat(panel().lengths, panel().lengths) - panel().position
    scored = fc.score(
        tmp_path / "run" / "model.onnx", rows.assign(**{"sales.eur": rows["sales.eur"].where(left > HORIZON)})
    )
    np.testing.assert_allclose(scored["forecast"].ravel(), found.forecasts["forecast"], rtol=1e-9)
