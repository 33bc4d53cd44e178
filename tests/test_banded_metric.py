"""Metrics of bands: the search ranks by them, every trial with bands of the same kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.conformal import with_bands
from forecast.leaderboard import compare
from forecast.limits import Limits
from forecast.metrics import METRICS
from forecast.report import ranked, shown, summary
from forecast.search import Search
from forecast.store import COMPLETE
from learners.learner import Learner
from tests.examples import panel

ON = fc.RollingOrigin(7, folds=3)
LEVELS = (80.0, 95.0)
RIDGE = fc.Recursive(fc.Ridge(alpha=fc.Between(1e-3, 1e3, log=True)), (fc.Lags((1, 7)),))
RECIPES: dict[str, Learner] = {"Naive": fc.Naive(), "SeasonalNaive": fc.SeasonalNaive(7), "Ridge": RIDGE}


@pytest.mark.parametrize("metric", ["wql", "pinball", "interval_score"])
def test_a_search_ranks_by_a_metric_of_bands(metric: str) -> None:
    found = Search(panel(), RECIPES, ON, metric, limits=Limits(trials=6), levels=LEVELS).run()
    assert [t.state for t in found.trials[:3]] == [COMPLETE] * 3
    scores = [METRICS[metric].total(t.scores) for t in found.trials if t.state == COMPLETE]
    assert np.isfinite(scores).all()
    assert len(set(scores)) > 2
    board = with_bands(compare(panel(), {"Naive": fc.Naive()}, ON, metric), LEVELS)
    assert METRICS[metric].total(found.trials[0].scores) == pytest.approx(board._totals(METRICS[metric])["Naive"])


def test_bands_of_their_own_are_no_advantage() -> None:
    """A learner without bands used to be scored by its median alone, which loses more than quantiles do."""
    recipes = {"told": fc.SeasonalNaive(7, levels=LEVELS), "untold": fc.SeasonalNaive(7)}
    found = Search(panel(), recipes, ON, "wql", levels=LEVELS).run()
    one, other = (t.scores["wql"] for t in found.trials)
    assert one == pytest.approx(other, rel=0.1)
    alone = compare(panel(), recipes, ON, "wql").totals
    assert alone["told"]["wql"] < 0.75 * alone["untold"]["wql"]


def test_a_sweep_ends_with_the_best_by_it() -> None:
    sweep = fc.Sweep(RECIPES, ON, "wql", trials=5, levels=(80, 95))
    found = sweep.select(panel())
    totals = {n: found.board.metric.total(found.board.totals[n]) for n in found.board.names}
    assert list(totals.values()) == sorted(totals.values())
    assert totals[found.winner] < totals["Naive"]
    model = sweep.train(panel())
    assert model.totals[model.winner] == pytest.approx(totals[found.winner])


def day_table(series: int = 1) -> pd.DataFrame:
    """Series of one wave, the first with the most noise."""
    days, rng = pd.date_range("2024-01-01", periods=90), np.random.default_rng(0)
    wave = 20 + 5 * np.sin(np.arange(90) * 2 * np.pi / 7)
    parts = [pd.DataFrame({"id": i, "day": days, "y": wave + rng.normal(size=90) / (1 + i)}) for i in range(series)]
    return pd.concat(parts)


def test_a_run_ends_with_the_best_by_it() -> None:
    learners = ["SeasonalNaive", "Naive", "Average"]
    run = fc.run(day_table(), horizon=7, id="id", time="day", target="y", folds=2, learners=learners,
                 metric="wql", progress=False)  # fmt: skip
    board = run.leaderboard
    assert board.metric.name == "wql"
    assert board.totals[run.winner]["wql"] <= board.totals["Naive"]["wql"]
    assert {"lo80", "hi95"} <= set(run.model.forecast(run.panel, 7).columns)


def test_metrics_that_cannot_rank_are_refused_before_anything_is_fitted() -> None:
    with pytest.raises(ValueError, match="'wql' is one of bands, and none are asked for: give levels"):
        fc.Sweep(RECIPES, ON, "wql", levels=()).select(panel())
    with pytest.raises(ValueError, match="'coverage' does not rank learners"):
        fc.Sweep(RECIPES, ON, "coverage").select(panel())


def coverage_gap(actual: np.ndarray, forecast: np.ndarray) -> float:
    return float(np.abs(actual - forecast).mean())


def test_a_metric_whose_name_begins_like_that_of_bands_stays_on_the_leaderboard() -> None:
    board = fc.Sweep(RECIPES, ON, coverage_gap, levels=(80,)).select(panel()).board
    assert board.frame().columns[1] == "coverage_gap"
    assert np.isfinite(board.frame()["coverage_gap"]).all()


def test_a_report_of_a_run_by_a_metric_of_bands_has_its_score_and_order() -> None:
    run = fc.run(day_table(2), horizon=7, id="id", time="day", target="y", folds=2, learners=["SeasonalNaive", "Naive"],
                 metric="interval_score", progress=False)  # fmt: skip
    board = run.leaderboard
    score = board.metric.total(board.totals[run.winner])
    assert np.isfinite(score)
    assert ("interval_score in the folds", shown(score)) in summary(run)
    errors = np.nanmean(
        np.stack([board.scores[run.winner][f"interval_score{level}"] for level in (80, 95)]), axis=(0, 1)
    )
    assert errors[0] > errors[1]
    assert ranked(board, run.winner).tolist() == [1, 0]
