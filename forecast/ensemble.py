"""Ensemble: learners weighted by how well their forecasts of the folds add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from featurizers.panel import Panel
from forecast.backtest import RollingOrigin
from forecast.leaderboard import Leaderboard, compare, failed
from forecast.metrics import Function, Metric, find
from forecast.per_group import groups
from forecast.selection import Candidates, greedy_each, steady
from forecast.truth import Outputs, measure
from learners.blend import Blend, BlendModel
from learners.blend import blended as mixed
from learners.learner import Learner

START, NEAR = 5, 0.05  # learners to begin with at most, and how far behind the best they may be
FINER = 0.99  # of the error is what weights for groups or series must come down to, to be taken
LONGEST = 5000  # series that a table of weights is made of without being asked for
TRIM = 0.2  # of the weight on either side that is left out of a mean, step by step
PER = ("panel", "group", "series", "auto")


@dataclass(frozen=True)
class Ensemble(Learner):
    """Compare `of` on the folds of `on`, choose weights by `caruana`, and train the blend on the whole panel.

    The weights are those of the "panel", of each "group" of series with the same values in the columns `by`, or of
    each "series"; "auto": of the panel, and finer ones where they do 1 % better on folds that they have not seen.
    Learners that failed on a fold do not take part; the model's `report` says why.

    >>> from forecast import AutoEts, SeasonalNaive
    >>> learner = Ensemble((AutoEts(12), SeasonalNaive(12)), on=RollingOrigin(horizon=12), per="auto")
    """

    of: tuple[Learner, ...]
    on: RollingOrigin
    metric: str = "mase"
    size: int = 15
    per: str = "panel"
    by: tuple[str, ...] = ()

    def train(self, panel: Panel) -> BlendModel:
        board = compare(panel, self.of, self.on, self.metric)
        model = vote(board, size=self.size, per=self.per, by=self.by).recipe.train(panel)
        return replace(model, report=(*(f.message for f in failed(board)), *model.report))


@dataclass(frozen=True, eq=False)
class Voted:
    """Weights, and what they would have forecast in each fold, had they been chosen on the other folds."""

    recipe: Blend
    weights: dict[str, float]  # learner -> its weight for a series that has none of its own
    outputs: tuple[Outputs, ...] = field(repr=False)
    per: str  # "panel", "group" or "series"


def vote(board: Leaderboard, *, size: int = 15, per: str = "auto", by: str | tuple[str, ...] = ()) -> Voted:
    """Weights for the learners on the board, none of which is fitted. Learners that failed on a fold do not take part.

    With one fold there is none that the weights have not seen: its score flatters them. ValueError if no learner
    forecast every fold, or `per` is none of "panel", "group", "series" and "auto", or "group" without `by`.
    """
    if per not in PER:
        raise ValueError(f"The weights of an ensemble are per {', '.join(PER)}, not per {per!r}.")
    if per == "group" and not by:
        raise ValueError("Weights per group need to know the groups: give by=('brand',), key or static columns.")
    names, metric = _taking_part(board), _metric(board)
    number = groups(board.panel, by)[1] if by else np.zeros(board.panel.count, np.int64)
    finer = [p for p in ("group", "series") if (p == "group" and by) or (p == "series" and board.panel.count > 1)]
    if per == "auto" and (len(board.truths) < 3 or board.panel.count > LONGEST):
        finer = []
    options = ["panel", *finer] if per == "auto" else [per]
    unseen = {p: _out_of_fold(board, names, metric, size, p, number) for p in options}
    chosen = options[0]
    if len(options) > 1:
        costs = {p: _cost(board, metric, outputs) for p, outputs in unseen.items()}
        best = min(costs, key=costs.__getitem__)
        chosen = best if costs[best] < FINER * costs["panel"] else "panel"
    weights, table = _chosen(board, names, metric, size, chosen, number)
    used = [i for i in range(len(names)) if weights[i] > 0 or (table is not None and (table[:, i] > 0).any())]
    order = sorted(used, key=lambda i: -weights[i])
    own = {} if table is None else {board.panel.name(s): tuple(table[s, order].tolist()) for s in range(len(table))}
    recipe = Blend(tuple(board.recipes[names[i]] for i in order), tuple(weights[order].tolist()), own, TRIM)
    return Voted(recipe, {names[i]: float(weights[i]) for i in order}, unseen[chosen], chosen)


def caruana(
    board: Leaderboard, metric: str | Function | Metric | None = None, *, size: int = 15, start: int = START
) -> dict[str, float]:
    """Weights that sum to one, learner -> weight: a tenth of them by greedy forward selection with replacement, the
    others by how small each learner's own error is, by WAPE too if by MASE (`forecast.selection.steady`).

    That begins with the best 1 to `start` learners that are within 5 % of the best, whichever of these does best; then
    adds, `size` times in all, the learner (again) that helps the mean most; of all means on the way the best is kept.
    Learners that failed on a fold do not take part. ValueError if none is left.
    Source: Caruana et al., Ensemble selection from libraries of models, 2004, sections 2.1 to 2.3.
    """
    names = _taking_part(board)
    weights = steady(Candidates.of(board, names, _metric(board, metric)), size, start, NEAR)
    return {names[i]: float(weights[i]) for i in np.argsort(-weights, kind="stable") if weights[i] > 0}


def blend(board: Leaderboard, weights: Mapping[str, float]) -> Blend:
    """The recipe of a weighted, trimmed mean of learners on the board."""
    return Blend(tuple(board.recipes[name] for name in weights), tuple(weights.values()), trim=TRIM)


def with_blend(board: Leaderboard, name: str, weights: Mapping[str, float]) -> Leaderboard:
    """The board with the blend as one more learner, from the forecasts that are there: nothing is fitted.

    Weights that were chosen on the same folds flatter it a little; `vote` has forecasts that do not.
    """
    return board.joined(name, blend(board, weights), blended(board, weights))


def blended(board: Leaderboard, weights: Mapping[str, float]) -> tuple[Outputs, ...]:
    """The blend's forecasts of each fold."""
    names = list(weights)
    vector = np.array(list(weights.values()))
    return tuple(_mixed(board, names, k, vector, None) for k in range(len(board.truths)))


def without(board: Leaderboard, left_out: int) -> Leaderboard:
    """The board without one fold, by its place; the totals are those of all folds."""
    kept = [k for k in range(len(board.truths)) if k != left_out]
    return replace(
        board,
        truths=tuple(board.truths[k] for k in kept),
        outputs={n: tuple(o[k] for k in kept) for n, o in board.outputs.items()},
        scores={n: {m: v[kept] for m, v in t.items()} for n, t in board.scores.items()},
    )


def _taking_part(board: Leaderboard) -> list[str]:
    board.best_by(board.metric)  # an error, if every learner failed
    names = [n for n in board.names if all(board.outputs[n])]
    if not names:
        raise ValueError("An ensemble needs a learner that forecast every fold; every one failed on some.")
    return names


def _metric(board: Leaderboard, metric: str | Function | Metric | None = None) -> Metric:
    """The metric that weights are chosen by: mae where the one asked for is defined for no series."""
    found = (board.metric if metric is None else find(metric)).of_points
    totals = [t.get(found.name, np.nan) for t in board.totals.values()]
    known = any(found.name in t for t in board.totals.values())
    return find("mae") if known and np.isnan(totals).all() else found


def _chosen(
    board: Leaderboard, names: Sequence[str], metric: Metric, size: int, per: str, number: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """The weights of the panel, (learners,), and of each series, (series, learners)."""
    found = Candidates.of(board, names, metric)
    weights = steady(found, size, START, NEAR)
    if per == "panel":
        return weights, None
    if per == "series":
        return weights, greedy_each(found, size, weights)
    table = np.tile(weights, (board.panel.count, 1))
    for group in np.unique(number):
        rows = number == group
        table[rows] = steady(found.where(rows), size, START, NEAR)
    return weights, table


def _out_of_fold(
    board: Leaderboard, names: Sequence[str], metric: Metric, size: int, per: str, number: np.ndarray
) -> tuple[Outputs, ...]:
    """The forecasts of each fold with weights from the other folds, where there are others."""
    result = []
    for k in range(len(board.truths)):
        rest = without(board, k) if len(board.truths) > 1 else board
        result.append(_mixed(board, names, k, *_chosen(rest, names, metric, size, per, number)))
    return tuple(result)


def _mixed(board: Leaderboard, names: Sequence[str], k: int, weights: np.ndarray, table: np.ndarray | None) -> Outputs:
    """The blend's forecasts of fold `k`."""
    rows = None if table is None else table[board.truths[k].series]
    parts = [(dict(board.outputs[n][k]), weights[i] if rows is None else rows[:, i : i + 1])
             for i, n in enumerate(names) if board.outputs[n][k] and (rows is not None or weights[i] > 0)]  # fmt: skip
    return mixed([p for p, _ in parts], [w for _, w in parts], TRIM) if parts else {}


def _cost(board: Leaderboard, metric: Metric, outputs: tuple[Outputs, ...]) -> float:
    totals = measure(board.truths, {"": outputs}, [metric], board.panel.count)[1][""]
    cost = float(np.mean(list(totals.values()))) if totals else np.nan
    return np.inf if np.isnan(cost) else -cost if metric.higher else cost
