"""Search: the recipes first, then proposals; limits; and a sweep that was killed ends as one that was not."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from featurizers import Lags
from featurizers.arrays import State
from featurizers.panel import Panel
from forecast.attempts import libraries
from forecast.backtest import RollingOrigin
from forecast.engine import processes
from forecast.hurry import affordable, fastest_first
from forecast.limits import Limits
from forecast.metrics import find
from forecast.search import Search, Searched
from forecast.store import COMPLETE, Store, table
from learners import Blend, Bounded, LightGBM, Recursive, Ridge, SeasonalNaive, Tcn
from learners.around import Around
from learners.learner import Learner, Model
from learners.space import Between, Choose
from tests.examples import panel
from tests.panels import daily

ON = RollingOrigin(7, folds=2)
RIDGE = Recursive(Ridge(alpha=Between(1e-3, 1e3, log=True)), Choose(((Lags((1, 7)),), (Lags((1, 2, 3)),))))  # type: ignore[arg-type]
RECIPES: dict[str, Learner] = {"SeasonalNaive": SeasonalNaive(7), "Ridge": RIDGE}
PANEL = panel()


def searched(limits: Limits, **settings: object) -> Searched:
    return Search(PANEL, RECIPES, ON, limits=limits, **settings).run()  # type: ignore[arg-type]


def same(one: Searched, other: Searched) -> bool:
    """Whether both hold the same trials, forecasts and all."""
    pairs = list(zip(one.trials, other.trials, strict=True))
    return all(
        (a.learner, dict(a.values), a.state, dict(a.scores)) == (b.learner, dict(b.values), b.state, dict(b.scores))
        and all(np.array_equal(x.outputs["forecast"], y.outputs["forecast"], equal_nan=True)
                for x, y in zip(a.attempts, b.attempts, strict=True))
        for a, b in pairs
    )  # fmt: skip


def test_without_limits_every_recipe_is_tried_once() -> None:
    found = searched(Limits())
    assert (found.ended, [t.learner for t in found.trials]) == ("recipes", list(RECIPES))
    assert found.trials[1].values == {"regressor.settings.alpha": 1.0, "features": 0}
    assert set(found.board.recipes) == set(RECIPES)


def test_trials_are_proposed_up_to_their_number_and_the_board_holds_the_whole_ones() -> None:
    found = searched(Limits(trials=9))
    assert (found.ended, len(found.trials)) == ("trials", 9)
    assert {t.learner for t in found.trials[2:]} == {"Ridge"}
    whole = [t for t in found.trials if t.state == COMPLETE]
    assert len(found.board.recipes) == len(whole)
    best = min(whole, key=lambda t: t.scores["mase"])
    assert found.board.totals[found.board.best]["mase"] == pytest.approx(best.scores["mase"])


def test_fewer_trials_than_recipes_are_the_first_recipes() -> None:
    assert [t.learner for t in searched(Limits(trials=1)).trials] == ["SeasonalNaive"]


def test_the_same_seed_tries_the_same_whatever_the_number_of_workers() -> None:
    one = searched(Limits(trials=8), seed=3)
    with processes(2):
        assert same(one, searched(Limits(trials=8), seed=3))
    assert not same(one, searched(Limits(trials=8), seed=4))


@pytest.mark.parametrize("at", [1, 3, 6, 11])
def test_a_sweep_that_was_killed_ends_as_one_that_was_not(at: int, tmp_path: Path) -> None:
    whole = searched(Limits(trials=9))
    asked = iter(range(1000))

    class Killed(Exception):
        """Nothing in the product knows this one, as nothing knows a SIGKILL."""

    def killed() -> bool:
        if next(asked) == at:
            raise Killed
        return False

    with pytest.raises(Killed):
        searched(Limits(trials=9, halt=killed), store=Store(tmp_path))
    store = Store(tmp_path)
    before = len(store.load())
    resumed = searched(Limits(trials=9), store=store)
    assert same(whole, resumed)
    assert len(store.load()) == 9 > before
    assert same(whole, searched(Limits(trials=9), store=Store(tmp_path)))


def test_a_sweep_that_is_stopped_keeps_what_is_whole(tmp_path: Path) -> None:
    asked = iter(range(1000))
    found = searched(Limits(trials=50, halt=lambda: next(asked) > 12), store=Store(tmp_path))
    assert found.ended == "stopped"
    assert 2 <= len(found.trials) < 50
    assert same(found, searched(Limits(trials=len(found.trials)), store=Store(tmp_path)))


def test_a_sweep_that_is_stopped_at_once_has_the_yardstick(tmp_path: Path) -> None:
    recipes = {"Ridge": RIDGE, "SeasonalNaive": SeasonalNaive(7)}
    found = Search(PANEL, recipes, ON, limits=Limits(trials=9, halt=lambda: True), store=Store(tmp_path)).run()
    assert (found.ended, found.untried, found.board.names) == ("stopped", ("Ridge",), ["SeasonalNaive"])


@dataclass(frozen=True)
class Interrupted(Learner):
    def train(self, panel: Panel) -> Model:
        raise KeyboardInterrupt


def test_ctrl_c_ends_a_sweep_that_nobody_keeps() -> None:
    with pytest.raises(KeyboardInterrupt):
        Search(PANEL, RECIPES | {"Interrupted": Interrupted()}, ON, limits=Limits(trials=9)).run()


def test_a_score_or_patience_ends_a_sweep() -> None:
    assert len(searched(Limits(exit_score=1e9)).trials) == 2
    for wanted, ended in ((-1e9, "score"), (1e9, "trials")):  # where more is better
        assert searched(Limits(trials=3, exit_score=wanted), metric="r2").ended == ended
    found = searched(Limits(patience=3, trials=500))
    assert found.ended == "patience"
    scores = [t.scores["mase"] if t.state == COMPLETE else np.inf for t in found.trials]
    assert len(scores) - 1 - int(np.argmin(scores)) >= 3


@dataclass(frozen=True)
class Off(Learner):
    """Far too high."""

    by: object = Between(1e6, 2e6)

    def train(self, panel: Panel) -> Model:
        return OffModel(SeasonalNaive(7).train(panel), float(self.by))  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class OffModel(Around):
    by: float

    def predict(self, state: State, future: State) -> State:
        return {"forecast": self.inner.predict(state, future)["forecast"] + self.by}


@dataclass(frozen=True)
class Slow(Learner):
    """Takes its time."""

    seconds: float = 60.0

    def train(self, panel: Panel) -> Model:
        time.sleep(self.seconds)
        return SeasonalNaive(7).train(panel)


@dataclass(frozen=True)
class SlowEach(Learner):
    """Takes its time for each series, or, `once`, when it is first asked."""

    seconds: float
    once: bool = False

    def train(self, panel: Panel) -> Model:
        time.sleep(self.seconds * (panel.count if not self.once else self not in asked))
        asked.append(self)
        return SeasonalNaive(7).train(panel)


asked: list[Learner] = []


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_still_at_work_when_the_time_is_over_is_ended(workers: int) -> None:
    start = time.monotonic()
    recipes: dict[str, Learner] = {"SeasonalNaive": SeasonalNaive(7), "Slow": Slow(), "Late": SeasonalNaive(1)}
    with processes(workers, until=start + 30.0):  # the workers take a while to start
        found = Search(PANEL, recipes, ON, limits=Limits(until=start + 30.0), workers=workers).run()
    assert time.monotonic() - start < 45  # Slow alone takes twice as long
    assert "Slow" in found.untried
    assert "SeasonalNaive" in found.board.recipes
    if workers == 2:
        assert "Late" in found.board.recipes  # Slow was given up when half of the time was over


def test_however_short_the_time_the_yardstick_is_there() -> None:
    recipes: dict[str, Learner] = {"Slow": Slow(), "SeasonalNaive": SeasonalNaive(7)}
    over = time.monotonic() - 1.0
    with processes(1, until=over):
        found = Search(PANEL, recipes, ON, limits=Limits(until=over)).run()
    assert (found.ended, found.untried, found.board.names) == ("time", ("Slow",), ["SeasonalNaive"])
    alone = Search(PANEL, {"SeasonalNaive": SeasonalNaive(7)}, ON).run()
    assert found.board.totals["SeasonalNaive"] == alone.board.totals["SeasonalNaive"]


def test_what_cannot_be_done_in_time_makes_room_for_others() -> None:
    start = time.monotonic()
    recipes: dict[str, Learner] = {"SeasonalNaive": SeasonalNaive(7), "Quick": SeasonalNaive(1), "Slow": Slow(9.0)}
    with processes(1, until=start + 40.0):
        found = Search(PANEL, recipes, RollingOrigin(7, folds=4), limits=Limits(until=start + 40.0)).run()
    assert found.untried == ("Slow",)
    assert {"SeasonalNaive", "Quick"} <= set(found.board.recipes)
    assert time.monotonic() - start < 34  # three more folds of Slow, which take 27 seconds, were not begun


def test_of_many_series_a_few_tell_who_would_keep_others_waiting() -> None:
    many = daily(*(np.arange(30.0) % (2 + i % 5) for i in range(220)))
    recipes: dict[str, Learner] = {
        "Slow": SlowEach(0.05),
        "SeasonalNaive": SeasonalNaive(7),
        "Loading": SlowEach(0.4, once=True),
        "Ridge": RIDGE,
    }
    order = fastest_first(recipes, many, time.monotonic() + 20.0, workers=1)
    assert set(order[:2]) == {"SeasonalNaive", "Loading"}  # which takes long when it is first asked only
    assert order[2:] == ["Ridge", "Slow"]
    assert fastest_first(recipes, many, None, workers=1) == ["Slow", "SeasonalNaive", "Loading", "Ridge"]


def test_the_best_that_there_is_time_for_go_on() -> None:
    seconds, scores = {0: 9.0, 1: 2.0, 2: 3.0, 3: 4.0, 4: np.inf}, {0: 1.0, 1: 5.0, 2: 2.0, 3: 3.0, 4: 0.5}
    assert affordable(seconds, scores, room=30.0) == {0, 1, 2, 3}
    assert affordable(seconds, scores, room=14.0) == {0, 2, 1}  # 3 would take too long beside 0 and 2, 1 would not
    assert affordable(seconds, scores, room=8.0) == {2, 3}
    assert affordable(seconds, scores | {2: np.nan}, room=4.0) == {3}
    assert affordable(seconds, scores, room=0.0) == set()


def test_the_run_table_is_sorted_by_any_metric() -> None:
    trials = searched(Limits(trials=6)).trials
    for metric in ("mase", "rmse"):
        found = table(trials, find(metric))
        whole = found.loc[found["state"] != "pruned", metric].dropna()
        assert list(whole) == sorted(whole)
        assert set(found["trial"]) == set(range(6))


def test_recipes_take_turns_and_those_far_behind_have_none() -> None:
    recipes: dict[str, Learner] = {"Ridge": RIDGE, "Twin": RIDGE, "Off": Off()}
    found = Search(PANEL, recipes, ON, limits=Limits(trials=11)).run()
    turns = [t.learner for t in found.trials[3:]]
    assert sorted(turns) == ["Ridge"] * 4 + ["Twin"] * 4


def test_there_are_no_more_trials_of_a_recipe_than_scores() -> None:
    one = PANEL.where(np.array([0]))
    found = Search(one, RECIPES, ON, limits=Limits(patience=500)).run()
    assert (found.ended, len(found.trials)) == ("nothing new", len(RECIPES) + one.count * ON.folds)


def test_a_fit_is_not_charged_with_the_imports() -> None:
    boosted = Recursive(LightGBM(), (Lags((1, 7)),))
    assert libraries(Bounded(boosted, 7, 7)) == {"lightgbm"}
    assert libraries(Blend((Tcn(7), SeasonalNaive(7)), (0.5, 0.5))) == {"learners.descent"}
    assert libraries(SeasonalNaive(7)) == set()
