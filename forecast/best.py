"""Best: the learner that did best on the folds, trained on everything."""

from __future__ import annotations

from dataclasses import dataclass

from featurizers.panel import Panel
from forecast.backtest import RollingOrigin
from forecast.leaderboard import compare
from forecast.metrics import Function
from learners.around import Around, reported
from learners.each import reason
from learners.learner import Learner


@dataclass(frozen=True)
class Best(Learner):
    """Compare `of` on the folds of `on`, then train the winner by `metric` on the whole panel.

    If that last training fails, the next best is taken; the model's `report` says so. ValueError if all fail.

    >>> from forecast import Naive, SeasonalNaive
    >>> learner = Best((Naive(), SeasonalNaive(7)), on=RollingOrigin(horizon=14), metric="mase")
    """

    of: tuple[Learner, ...]
    on: RollingOrigin
    metric: str | Function = "mase"

    def train(self, panel: Panel) -> BestModel:
        board = compare(panel, self.of, self.on, self.metric)
        failures = [f"{a.name} failed on fold {a.fold + 1}: {a.failure}" for a in board.attempts if a.failure]
        best = board.best
        for name in board.names[board.names.index(best) :]:
            try:
                model = board.recipes[name].train(panel)
            except Exception as error:
                failures.append(f"{name} could not be trained: {reason(error)}")
                continue
            totals = {n: board.metric.total(board.totals[n]) for n in board.names}
            said, recipe = (*failures, *reported(model)), board.recipes[name].decided(model)
            return BestModel(model, name, totals, said, recipe=recipe)
        raise ValueError(f"No learner could be trained. {' '.join(failures)}")


@dataclass(frozen=True, eq=False)
class BestModel(Around):
    winner: str
    totals: dict[str, float]  # learner -> its metric over the folds, the best first
    report: tuple[str, ...] = ()
