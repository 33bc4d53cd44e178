"""Ensemble: learners weighted by how well their forecasts of the folds add up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from featurizers.panel import Panel
from forecast.backtest import RollingOrigin
from forecast.leaderboard import Leaderboard, compare
from forecast.metrics import Function, Metric, find, mean_of
from forecast.truth import Outputs, filled, measure
from learners.blend import Blend, BlendModel, weighted
from learners.learner import Learner
from learners.together import shared


@dataclass(frozen=True)
class Ensemble(Learner):
    """Compare `of` on the folds of `on`, choose weights by `caruana`, and train the blend on the whole panel."""

    of: tuple[Learner, ...]
    on: RollingOrigin
    metric: str = "mase"
    size: int = 15

    def train(self, panel: Panel) -> BlendModel:
        board = compare(panel, self.of, self.on, self.metric)
        return blend(board, caruana(board, size=self.size)).train(panel)


def caruana(
    board: Leaderboard, metric: str | Function | Metric | None = None, *, size: int = 15, start: int = 3
) -> dict[str, float]:
    """Weights that sum to one, learner -> weight, by greedy forward selection with replacement.

    Begins with the best 1 to `start` learners, whichever of these does best; then adds, `size` times in all, the
    learner (again) that helps the mean most; of all means on the way the best is kept. Learners that failed on a fold
    do not take part. ValueError if none is left.
    Source: Caruana et al., Ensemble selection from libraries of models, 2004, sections 2.1 to 2.3.
    """
    metric = board.metric if metric is None else find(metric)
    board.best_by(metric)  # an error, if every learner failed
    names = [n for n in board.ranked(metric) if all(board.outputs[n])]
    if not names:
        raise ValueError("An ensemble needs a learner that forecast every fold; every one failed on some.")
    prefixes = [names[:k] for k in range(1, min(start, size, len(names)) + 1)]
    chosen = min(prefixes, key=lambda picks: _cost(board, metric, picks))
    best, lowest = chosen, _cost(board, metric, chosen)
    while len(chosen) < size:
        costs = [_cost(board, metric, [*chosen, name]) for name in names]
        at = int(np.argmin(costs))
        chosen = [*chosen, names[at]]
        if costs[at] < lowest:
            best, lowest = chosen, costs[at]
    return {name: count / len(best) for name, count in Counter(best).most_common()}


def blend(board: Leaderboard, weights: dict[str, float]) -> Blend:
    """The recipe of a weighted mean of learners on the board."""
    return Blend(tuple(board.recipes[name] for name in weights), tuple(weights.values()))


def with_blend(board: Leaderboard, name: str, weights: dict[str, float]) -> Leaderboard:
    """The board with the blend as one more learner, from the forecasts that are there: nothing is fitted.

    Weights that were chosen on the same folds flatter it a little.
    """
    return board.joined(name, blend(board, weights), blended(board, weights))


def blended(board: Leaderboard, weights: dict[str, float]) -> tuple[Outputs, ...]:
    """The blend's forecasts of each fold."""
    result: list[Outputs] = []
    for k in range(len(board.truths)):
        parts = [(dict(board.outputs[n][k]), w) for n, w in weights.items() if board.outputs[n][k]]
        columns = shared([p for p, _ in parts]) if parts else []
        result.append({c: weighted([p[c] for p, _ in parts], tuple(w for _, w in parts)) for c in columns})
    return tuple(result)


def _cost(board: Leaderboard, metric: Metric, picks: list[str]) -> float:
    """The total of the mean of `picks`, the less the better; infinite where it is not defined."""
    outputs = blended(board, dict(Counter(picks)))
    scores, totals = measure(board.truths, {"": outputs}, [metric], board.panel.count)
    costs = []
    for column, total in totals[""].items():
        others = {n: table[column] for n, table in board.scores.items() if column in table}
        if others and not metric.pooled:  # what the mean lacks counts as it does on the board
            total = float(mean_of(mean_of(filled({**others, "": scores[""][column]}, metric)[""], axis=0), axis=0))
        costs.append(total)
    cost = float(np.mean(costs)) if costs else np.nan
    return np.inf if np.isnan(cost) else -cost if metric.higher else cost
