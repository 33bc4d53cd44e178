"""A call that other libraries have is answered with what is meant here."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import pytest

import forecast as fc
from tests.test_user_mistakes import NAIVE, PANEL, RIDGE, table


@pytest.mark.parametrize("model", [NAIVE, RIDGE, fc.Ets().fit(PANEL)], ids=lambda model: type(model).__name__)
@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        (lambda model: model.predict(PANEL, 9), r"model.forecast\(panel, 9\)"),
        (lambda model: model.predict(PANEL, horizon=9), r"model.forecast\(panel, 9\)"),
        (lambda model: model.predict(table(), 9), r"model.forecast\(panel, 9\)"),
        (lambda model: model.predict(PANEL), r"model.forecast\(panel, 14\)"),
        (lambda model: model.predict({}, state={}), r"model.forecast\(panel, 14\)"),
        (lambda model: model.predict(9), r"model.forecast\(panel, 9\)"),
    ],
)
def test_predict_of_a_panel_points_at_forecast(model: fc.Model, slip: Callable[[fc.Model], object], meant: str) -> None:
    with pytest.raises(TypeError, match=meant):
        slip(model)


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        (lambda: fc.SeasonalNaive(7).forecast(PANEL, 14), r"SeasonalNaive is a recipe.* model.forecast\(panel, 14\)"),
        (lambda: fc.SeasonalNaive(7).predict(PANEL, 14), r"SeasonalNaive is a recipe.* model.forecast\(panel, 14\)"),
        (lambda: NAIVE.fit(PANEL), r"SeasonalNaiveModel is fitted: forecast.refit\(model, panel\)"),
        (lambda: NAIVE.save("here"), r"forecast.save\(model, folder\)"),
        (lambda: NAIVE.to_onnx("here"), r"forecast.to_onnx\(model"),
        (lambda: NAIVE.plot(), "'SeasonalNaiveModel' object has no attribute 'plot'"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is_meant(slip: Callable[[], object], meant: str) -> None:
    with pytest.raises(AttributeError, match=meant):
        slip()


@dataclass(frozen=True)
class Broken(fc.SeasonalNaive):
    @property
    def resumes(self) -> bool:
        return self.missing  # type: ignore[attr-defined, no-any-return]


def test_other_lacks_are_told_as_always() -> None:
    assert not hasattr(NAIVE, "fit")
    assert copy.deepcopy(NAIVE).forecast(PANEL, 3).count == 2
    with pytest.raises(AttributeError, match="'Broken' object has no attribute 'missing'"):
        _ = Broken(7).resumes


def test_runs_point_at_what_they_have() -> None:
    names = {"id": "store", "time": "day", "target": "sales"}
    run = fc.run(table(), **names, horizon=3, folds=1, learners=["Naive"], progress=False)
    with pytest.raises(AttributeError, match=r"Run has run.forecasts; run.model.forecast\(panel, 14\)"):
        run.predict(14)  # type: ignore[attr-defined]
