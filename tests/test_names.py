"""Names of learners and trials: each has its own on a leaderboard."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.names import numbered, of_trial
from tests.examples import FEATURES, panel

ON = fc.RollingOrigin(7, folds=2)
LEARNERS = (fc.Naive(), fc.Average())


def open_ridge(low: float) -> fc.Recursive:
    return fc.Recursive(fc.Ridge(alpha=fc.Between(low, 10.0, log=True)), FEATURES)


def test_a_trial_is_numbered_past_the_names_of_recipes() -> None:
    recipes = ("A", "A 2", "A 3 3")
    assert [of_trial("A", number, recipes) for number in (0, 2, 3)] == ["A", "A", "A 3"]
    recipes = ("A", "A 2")
    assert [of_trial(*asked, recipes) for asked in (("A", 2), ("A 2", 3), ("A", 4))] == ["A 2 2", "A 2 3", "A 4"]
    assert numbered("A", ("A", "A 2")) == "A 3"


def test_trials_do_not_take_the_names_of_recipes() -> None:
    """The second recipe is called "Recursive(Regressor) 2": it used to vanish behind the third trial of the first."""
    sweep = fc.Sweep((open_ridge(0.1), open_ridge(1.0)), ON, trials=5, ensemble=False, levels=())
    found = sweep.select(panel())
    assert list(sweep.recipes) == ["Recursive(Regressor)", "Recursive(Regressor) 2"]
    whole = [t for t in found.trials if t.state == "complete"]
    assert len(found.board.recipes) == len(whole) > 2
    for trial in whole:
        name = of_trial(trial.learner, trial.number, sweep.recipes)
        assert found.board.totals[name]["mase"] == pytest.approx(trial.scores["mase"])
        assert found.board.family(name) == trial.learner


def test_an_ensemble_that_competes_is_not_the_one_that_a_sweep_makes() -> None:
    sweep = fc.Sweep((*LEARNERS, fc.Ensemble(LEARNERS, ON), fc.Stack(LEARNERS, ON)), ON, levels=())
    assert list(sweep.recipes)[2:] == ["Ensemble 2", "Stack 2"]
    board = sweep.select(panel()).board
    assert {"Ensemble", "Ensemble 2", "Stack 2"} <= set(board.recipes)
    assert len(board.frame()) == len(board.recipes)
    alone = fc.Sweep((fc.Ensemble(LEARNERS, ON), fc.PerGroup(fc.Naive(), by="item")), ON, ensemble=False)
    assert list(alone.recipes) == ["Ensemble", "PerGroup(SeasonalNaive)"]
    with pytest.raises(
        ValueError, match="A sweep makes 'Stack' of the learners itself: give the one of this name another"
    ):
        fc.Sweep({"Stack": fc.Naive()}, ON).select(panel())


def test_the_run_table_has_each_trial_with_its_own_score(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=90)
    y = 20 + 5 * np.sin(np.arange(90) * 2 * np.pi / 7) + np.random.default_rng(0).normal(size=90)
    given = [open_ridge(0.001), open_ridge(1.0), fc.Ensemble(LEARNERS, ON)]
    run = fc.run(pd.DataFrame({"day": days, "y": y}), horizon=7, time="day", target="y", folds=2, learners=given,
                 trials=7, output=str(tmp_path / "run"), progress=False)  # fmt: skip
    assert list(run.selection.entered) == ["SeasonalNaive", "Recursive", "Recursive 2", "Ensemble 2"]
    found = fc.trials(tmp_path / "run", "wql").set_index("trial")
    totals = run.leaderboard.totals
    for trial in run.selection.trials:
        name = of_trial(trial.learner, trial.number, run.selection.entered)
        if trial.state == "complete":
            assert found.loc[trial.number, "wql"] == pytest.approx(totals[name]["wql"])
