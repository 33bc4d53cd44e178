"""Retraining: what stands around a learner passes on the model at which its fit begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import forecast as fc
from forecast.conformal import Conformal, ConformalModel, Ready, banded
from forecast.leaderboard import compare
from forecast.per_group import PerGroupModel
from learners.learner import Learner, Model
from tests.examples import panel

ON = fc.RollingOrigin(7, folds=2)
BEGUN: list[Model] = []  # at which a fit began


@dataclass(frozen=True)
class Warm(Learner):
    """The seasonal naive forecast, which takes note of where it begins."""

    season: int = 7
    seen: tuple[str, ...] = field(default=())

    @property
    def resumes(self) -> bool:
        return True

    def train(self, panel: fc.Panel) -> Model:
        return fc.SeasonalNaive(self.season).train(panel)

    def retrain(self, panel: fc.Panel, before: Model) -> Model:
        BEGUN.append(before)
        return self.train(panel)


def ready() -> Ready:
    return banded(compare(panel(), {"warm": Warm()}, ON), "warm", (80,))


WRAPPERS: dict[str, Learner] = {
    "Conformal": Conformal(Warm(), ON, (80,)),
    "Ready": ready(),
    "PerGroup": fc.PerGroup(Warm(), ("region",)),
    "PerGroup with two learners": fc.PerGroup({"region=north": Warm(), "region=south": fc.Naive()}, ("region",)),
    "PerSeries": fc.PerSeries(Warm()),
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_fit_begins_at_the_model_before_and_ends_as_one_that_does_not(name: str) -> None:
    learner, whole = WRAPPERS[name], panel()
    left = np.repeat(whole.lengths, whole.lengths) - whole.position
    before = learner.fit(whole.rows(left > 7))
    BEGUN.clear()
    again = learner.fit(whole, before)
    expected = {"PerGroup": 2, "PerGroup with two learners": 1, "PerSeries": whole.count}.get(name, 1)
    inner = before.models if isinstance(before, PerGroupModel) else (before.inner,)  # type: ignore[attr-defined]
    begun = [model for model in BEGUN if any(model is part for part in inner)]  # folds of Conformal begin elsewhere
    assert learner.resumes
    assert len(begun) == expected
    assert isinstance(again, ConformalModel | PerGroupModel)
    state, future = again.state(whole), {"time": np.zeros((whole.count, 7))}
    cold = learner.fit(whole)
    for output, values in cold.predict(cold.state(whole), future).items():
        np.testing.assert_array_equal(again.predict(state, future)[output], values)


def test_a_model_of_another_kind_is_no_beginning() -> None:
    whole, banded = panel(), ready()
    BEGUN.clear()
    fc.PerSeries(Warm()).fit(whole, fc.Naive().fit(whole))
    banded.fit(whole, fc.Naive().fit(whole))
    assert all(model is None for model in BEGUN)


NAIVES = (fc.SeasonalNaive(7), fc.Naive())
BEST = fc.Best(NAIVES, ON)
COMPARING: dict[str, Learner] = {
    "Best": BEST,
    "Ensemble": fc.Ensemble(NAIVES, ON),
    "Ensemble of Best": fc.Ensemble((BEST, fc.HistoricAverage()), ON),
    "Stack": fc.Stack(NAIVES, ON, guard=False),
    "Conformal": Conformal(BEST, ON),
    "PerGroup": fc.PerGroup(BEST, ("region",)),
    "PerSeries": fc.PerSeries(BEST),
    "Intermittent": fc.Intermittent(BEST, ON, NAIVES),
    "Transformed": fc.Transformed(BEST, fc.Log1p(signed=True)),
    "Recent": fc.Recent(BEST, 50),
    "Otherwise": fc.Otherwise(BEST, fc.Naive()),
    "Harmonic": fc.Harmonic((7,), learner=BEST),
    "Mstl": fc.Mstl((7,), BEST),
    "Blend": fc.Blend((BEST, fc.HistoricAverage()), (0.5, 0.5)),
    "Median": fc.Median((BEST, fc.HistoricAverage())),
}


@pytest.mark.parametrize("name", COMPARING)
def test_refit_compares_nothing_again(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = panel()
    sparse = np.where((whole.owner == 1) & (whole.position % 4 > 0), 0.0, whole.y)
    whole = whole.with_columns(sales=sparse)
    model = COMPARING[name].fit(whole)
    fc.save(model, tmp_path / "model")
    for module in ("best", "ensemble", "stack", "conformal"):
        monkeypatch.setattr(f"forecast.{module}.compare", None)
    for what in (model, tmp_path / "model"):
        again = fc.refit(what, whole)
        assert again.origin is not None
        assert model.origin is not None
        assert again.origin.recipe == model.origin.recipe
        for output, values in model.forecast(whole, 7).columns.items():
            np.testing.assert_array_equal(again.forecast(whole, 7).columns[output], values)
