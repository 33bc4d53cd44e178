"""Learners that are tried on some series of very many, and how long they take on all."""

import time
from pathlib import Path

import numpy as np
import pandas as pd

import forecast as fc
from featurizers import Lags
from forecast.attempts import Attempt
from forecast.backtest import RollingOrigin
from forecast.hurry import CROWDED, FIXED, SMALL, deploying, quick
from forecast.limits import MARGIN, Limits
from forecast.search import Search
from learners import Blend, Mlp, Recursive, SeasonalNaive, Theta, Transformed
from learners.transforms import Scale
from tests.panels import daily

TRIED = [Attempt("a", k, {}, fit, 0.0) for k, fit in enumerate((1.0, 2.0, 2.0))]
PANEL = daily(*(np.arange(10.0) for _ in range(100)))  # 1,000 rows


def seconds(recipe, series=10, tried=TRIED):
    return deploying(tried, recipe, PANEL, RollingOrigin(2, series=series)) / MARGIN


def test_what_learns_series_by_series_takes_longer_by_as_many_as_there_are_more():
    assert seconds(Theta(), series=None) == 2.0
    assert seconds(Theta()) == 2.0 + CROWDED * 18.0
    assert seconds(Blend((SeasonalNaive(7), Theta()))) == seconds(Theta())


def test_what_has_a_limit_of_its_own_takes_no_longer_than_that():
    assert seconds(Mlp(2, max_seconds=3.0)) == 2.0
    some = Transformed(Recursive("Ridge", (Lags((1,)),), max_rows=50), Scale())
    assert seconds(some) == 2.0  # 50 of the 100 rows of a fold, and of the 1,000 of all
    more = Transformed(Recursive("Ridge", (Lags((1,)),), max_rows=400), Scale())
    assert seconds(more) == 8.0  # all 100 rows of a fold, 400 of 1,000
    assert seconds(Blend((more, Theta()))) == seconds(Theta())


def test_forecasts_are_made_of_all_series_and_of_a_test():
    tried = [Attempt("a", 0, {}, 0.0, FIXED + 0.5)]
    assert np.isclose(seconds(Theta(), tried=tried), 2 * (FIXED + 0.5 + CROWDED * 9 * 0.5))
    assert seconds(Theta(), tried=[]) == 0.0


def test_of_many_series_some_are_compared_and_all_are_forecast(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    dates = pd.date_range("2022-01-01", periods=70)
    table = pd.concat(pd.DataFrame({"shop": shop, "day": dates, "sold": rng.normal(50, 5, 70)}) for shop in range(30))
    run = fc.run(table, id="shop", time="day", target="sold", horizon=7, test=7, fold_series=8, progress=False,
                 learners=["SeasonalNaive", "AutoTheta", "Average"], output=tmp_path / "run")  # fmt: skip
    assert [f.message for f in run.findings if f.kind == "sampled"] == [
        "Learners are compared on 8 of 30 series, spread evenly; all are trained on and forecast. More time, or "
        "'fold_series', has more of them compared."
    ]
    assert run.forecasts.groupby("shop").size().tolist() == [7] * 30
    assert run.forecasts[["forecast", "lo80", "hi80"]].notna().all(axis=None)
    scores = run.leaderboard.scores["AutoTheta"]["mase"]
    assert (np.isfinite(scores).all(axis=0) == (np.isin(np.arange(30), [0, 4, 8, 12, 16, 20, 24, 29]))).all()
    assert run.test is not None
    assert np.isfinite(run.test.scores[run.winner]["mase"]).all()


def test_what_is_quick_is_done_before_other_processes_start():
    """Whatever else keeps the machine busy: a few rows are not waited for."""
    few = daily(np.arange(60.0) % 7, np.arange(50.0) % 7)
    recipes = {"SeasonalNaive": SeasonalNaive(7), "Theta": Theta(7), "Ridge": Recursive("Ridge", (Lags((1, 7)),))}
    search = Search(few, recipes, RollingOrigin(7, 3), limits=Limits(until=time.monotonic() + 60.0))
    search._measure([search.proposals.first(name) for name in recipes])
    assert sorted(search.yardstick) == [0, 1]
    assert [(a.name, a.fold, a.failure) for a in search.yardstick[1]] == [("1", k, "") for k in range(3)]
    unhurried = Search(few, recipes, RollingOrigin(7, 3))
    unhurried._measure([unhurried.proposals.first(name) for name in recipes])
    assert sorted(unhurried.yardstick) == [0]
    assert quick(Theta(7), few)
    assert not quick(Theta(7), daily(np.arange(SMALL + 1.0)))
