"""Components of models with states, and of those that put several together: they add up, and say what they are."""

from __future__ import annotations

import numpy as np
import pytest

import forecast as fc
from featurizers.arrays import State
from forecast.intermittent import Intermittent
from forecast.stack import shares
from learners.learner import Learner
from tests.examples import FOLDS, HORIZON, continued, panel
from tests.panels import daily

PARTS: dict[Learner, set[str]] = {
    fc.Ces(7): {"level", "trend", "season"},
    fc.Ces(7, "simple"): {"level", "trend", "season"},
    fc.Ces(7, "full"): {"level", "trend", "season"},
    fc.HistoricAverage(): {"mean of all rows"},
    fc.WindowAverage(5): {"mean of the last 5 rows"},
    fc.SeasonalWindowAverage(7, 2): {"mean of the last 2 seasons", "season"},
    fc.Croston(): {"smoothed demand"},
    fc.Tsb(): {"smoothed demand"},
    fc.Imapa(): {"smoothed demand"},
    fc.NegativeBinomial("median"): {"smoothed demand"},
    fc.Harmonic((7, 30.4), (2, 1), fc.Naive()): {"lag1", "season of 7 rows", "season of 30.4 rows"},
    fc.Median((fc.Naive(), fc.Theta(7), fc.Ets(season=7))): {"lag1", "level", "trend", "season"},
    fc.Stacked((fc.Naive(), fc.Theta(7)), (1.2, -0.2)): {"lag1", "level", "trend", "season"},
    fc.Stack((fc.SeasonalNaive(7), fc.Theta(7)), FOLDS, "Ridge", guard=False):
        {"lag7", "level", "trend", "season", "correction"},
    Intermittent(fc.Naive(), FOLDS): {"lag1"},
}  # fmt: skip


@pytest.mark.parametrize("learner", PARTS, ids=lambda learner: repr(learner)[:50])
def test_components_add_up_and_have_names(learner: Learner) -> None:
    before, after = continued(panel(), HORIZON)
    model = learner.fit(before)
    frame = model.explain(before, HORIZON, after, origins=2).frame()
    assert set(frame.columns[5:]) == PARTS[learner]
    wanted = model.forecast(before, HORIZON, after).columns["forecast"]
    assert np.isfinite(wanted).all()
    np.testing.assert_allclose(frame.iloc[:, 4:].sum(axis=1), wanted, rtol=1e-9)


@pytest.mark.parametrize("model", ["simple", "partial", "full"])
def test_the_season_of_ces_is_a_season_and_no_level(model: str) -> None:
    before, after = continued(panel(), HORIZON)
    frame = fc.Ces(7, model).fit(before).explain(before, HORIZON, after).frame()
    season = frame["season"].to_numpy().reshape(-1, 7)
    assert np.abs(season).max(axis=1).min() > 1  # three was planted
    np.testing.assert_allclose(season.mean(axis=1), 0.0, atol=0.15)
    assert frame["level"].groupby([frame["store"], frame["item"]]).nunique().max() == 1


def test_the_season_of_ets_that_adds_is_no_level() -> None:
    before, after = continued(panel(), HORIZON)
    frame = fc.Ets("add", None, "add", season=7).fit(before).explain(before, HORIZON, after).frame()
    season = frame["season"].to_numpy().reshape(-1, HORIZON)
    assert HORIZON % 7 == 0
    np.testing.assert_allclose(season.mean(axis=1), 0.0, atol=1e-9)
    np.testing.assert_allclose(frame["level"] + frame["base"] + frame["season"], frame["forecast"])


def test_earlier_places_lie_in_the_second_half(monkeypatch: pytest.MonkeyPatch) -> None:
    from learners.explanation import earlier

    days = panel()
    model, cuts = fc.AutoTheta(7).fit(days), list[tuple[str, int]]()
    state = type(model).state

    def seen(self: object, part: fc.Panel) -> State:
        cuts.extend((part.name(i), int(part.lengths[i])) for i in range(part.count))
        return state(model, part)

    monkeypatch.setattr(type(model), "state", seen)
    earlier(model, days, HORIZON, 24, 10_000)
    half = {days.name(i): days.lengths[i] / 2 for i in range(days.count)}
    assert len(cuts) > days.count
    assert all(rows >= half[name] for name, rows in cuts)


def test_the_median_is_the_member_in_the_middle_and_the_mean_stands_for_one_that_is_missing() -> None:
    from learners.attribution import Attribution
    from learners.components import own
    from learners.median import MedianModel

    def attributed(numbers: list[float]) -> np.ndarray:
        class Told(MedianModel):
            def attributions(self, state: State, future: State, typical: State) -> list[Attribution]:
                one, nothing = np.ones((1, 1)), np.zeros((1, 1))
                return [Attribution.of(n * one, nothing, {own(f"m{i}"): n * one}, "") for i, n in enumerate(numbers)]

        made = Told(()).attribute({}, {}, {})
        return np.array([made.part(own(f"m{i}"))[0, 0] for i in range(len(numbers))])

    np.testing.assert_allclose(attributed([5, 1, 3]), [0, 0, 3])
    np.testing.assert_allclose(attributed([5, 1, 3, 9]), [2.5, 0, 1.5, 0])
    np.testing.assert_allclose(attributed([1, 4, 5, np.nan, np.nan]), [1 / 3, 4 / 3, 5 / 3, 0, 0])


def test_the_shares_of_a_stack_are_those_of_its_forecast() -> None:
    from forecast.stack import combined

    rng = np.random.default_rng(0)
    forecasts, coefficients = [rng.normal(size=(3, 4)) for _ in range(3)], (1.1, -0.3, 0.2)
    forecasts[1][0, 1] = forecasts[0][2, 3] = np.nan
    found = sum(s * np.nan_to_num(f) for s, f in zip(shares(forecasts, coefficients), forecasts, strict=True))
    np.testing.assert_allclose(found, combined([{"forecast": f} for f in forecasts], coefficients)["forecast"])


def test_the_commonest_category_of_a_series_is_the_lowest_of_several_and_unknown_without_rows():
    from learners.explanation import _commonest

    some = daily(np.zeros(3), np.zeros(0), np.zeros(4))
    np.testing.assert_array_equal(_commonest(some, np.array([2, 2, 0, 3, 1, 1, 3])), [2, -1, 1])
