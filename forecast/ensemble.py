"""Ensemble: learners weighted by how well their forecasts of the folds add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from featurizers.panel import UNKNOWN, Panel
from featurizers.policy import names_of
from featurizers.whole import whole
from forecast.backtest import RollingOrigin
from forecast.leaderboard import Leaderboard, compare, failed
from forecast.metrics import Function, Metric, find
from forecast.selection import Candidates, greedy_each, steady
from forecast.truth import Outputs, measure
from learners.blend import Blend, BlendModel
from learners.blend import blended as mixed
from learners.grouped import groups
from learners.learner import Learner

FINER = 0.99  # of the error is what weights for groups or series must come down to, to be taken
LONGEST = 5000  # series that a table of weights is made of without being asked for
MOST, LEAST = 20, 10  # groups, and series in one, for which weights are tried without being asked for
COLUMNS = 5  # by which groups are tried
TRIM = 0.2  # of the weight on either side that is left out of a mean, step by step
MOST_PICKS = 10_000  # of learners for a mean
PER = ("panel", "group", "series", "auto")


@dataclass(frozen=True)
class Ensemble(Learner):
    """Compare `of` on the folds of `on`, choose weights by `caruana`, and train the blend on the whole panel.

    The weights are those of the "panel", of each "group" of series with the same values in the columns `by`, or of
    each "series"; "auto": of the panel, and finer ones where they do 1 % better on folds that they have not seen (of
    groups by one key or categorical static column each, if `by` names none).
    Learners that failed on a fold do not take part; the model's `report` says why.

    >>> from forecast import AutoEts, SeasonalNaive
    >>> learner = Ensemble((AutoEts(12), SeasonalNaive(12)), on=RollingOrigin(horizon=12), per="auto")
    """

    of: tuple[Learner, ...]
    on: RollingOrigin
    metric: str | Function = "mase"
    size: int = 15
    per: str = "panel"
    by: tuple[str, ...] = ()

    def train(self, panel: Panel) -> BlendModel:
        board = compare(panel, self.of, self.on, self.metric)
        model = as_decided(vote(board, size=self.size, per=self.per, by=self.by).recipe, panel)
        return replace(model, report=(*(f.message for f in failed(board)), *model.report))


def as_decided(recipe: Learner, panel: Panel) -> Any:
    """The model of a recipe that was found by comparing, which it keeps, with what its parts found."""
    model: Any = recipe.train(panel)
    return replace(model, recipe=recipe.decided(model))


@dataclass(frozen=True, eq=False)
class Sharing:
    """Which series have the same weights: all, those of each group, or none."""

    per: str  # "panel", "group" or "series"
    number: np.ndarray = field(repr=False)  # of the part that each series belongs to; UNKNOWN: all of the panel
    names: tuple[str, ...] = field(default=(), repr=False)  # of the parts
    by: tuple[str, ...] = ()

    @property
    def firsts(self) -> dict[str, int]:
        """The first series of each part."""
        found = zip(*np.unique(self.number, return_index=True), strict=True)
        return {self.names[g]: int(s) for g, s in found if g != UNKNOWN}


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
    whole(size, "The size of an ensemble", 1, MOST_PICKS)
    if per not in PER:
        raise ValueError(f"The weights of an ensemble are per {', '.join(PER)}, not per {per!r}.")
    if per == "group" and not by:
        raise ValueError("Weights per group need to know the groups: give by=('brand',), key or static columns.")
    names, metric = _taking_part(board), _metric(board)
    options = _sharings(board, per, names_of(by))
    unseen = _out_of_fold(board, names, metric, size, options)
    chosen = 0
    if len(options) > 1:
        costs = [_cost(board, metric, outputs) for outputs in unseen]
        best = int(np.argmin(costs))
        chosen = best if costs[best] < FINER * costs[0] else 0
    sharing = options[chosen]
    weights, (table,) = _chosen(board, names, metric, size, [sharing])
    used = [i for i in range(len(names)) if weights[i] > 0 or (table is not None and (table[:, i] > 0).any())]
    order = sorted(used, key=lambda i: -weights[i])
    own = {} if table is None else {name: tuple(table[s, order].tolist()) for name, s in sharing.firsts.items()}
    of, each = tuple(board.recipes[names[i]] for i in order), tuple(weights[order].tolist())
    recipe = Blend(of, each, own, TRIM, sharing.by)
    return Voted(recipe, {names[i]: float(weights[i]) for i in order}, unseen[chosen], sharing.per)


def caruana(board: Leaderboard, *, size: int = 15) -> dict[str, float]:
    """Weights that sum to one, learner -> weight: a tenth of them by greedy forward selection with replacement, the
    others by how small each learner's own error is, by WAPE too if by MASE (`forecast.selection.steady`).

    That begins with the best 1 to 5 learners that are within 5 % of the best, whichever of these does best; then
    adds, `size` times in all, the learner (again) that helps the mean most; of all means on the way the best is kept.
    Learners that failed on a fold do not take part. ValueError if none is left.
    Source: Caruana et al., Ensemble selection from libraries of models, 2004, sections 2.1 to 2.3.
    """
    names = _taking_part(board)
    weights = steady(Candidates.of(board, names, _metric(board)), size)
    return {names[i]: float(weights[i]) for i in np.argsort(-weights, kind="stable") if weights[i] > 0}


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


def _sharings(board: Leaderboard, per: str, by: tuple[str, ...]) -> list[Sharing]:
    """Those to choose from, the one of the panel first, if it is not the choice of the user."""
    panel = board.panel
    if per == "panel" or (per == "auto" and (len(board.truths) < 3 or panel.count > LONGEST)):
        return [_sharing(panel, "panel")]
    if per != "auto":
        return [_sharing(panel, per, by)]
    found = [_sharing(panel, "group", by)] if by else _telling(board)
    single = [_sharing(panel, "series")] if panel.count > 1 else []
    return [_sharing(panel, "panel"), *found, *single]


def _sharing(panel: Panel, per: str, by: tuple[str, ...] = ()) -> Sharing:
    if per == "panel":
        return Sharing(per, np.full(panel.count, UNKNOWN))
    if per == "series":
        return Sharing(per, np.arange(panel.count), tuple(panel.name(s) for s in range(panel.count)))
    names, number = groups(panel, by)
    return Sharing(per, number, names, by)


def _telling(board: Leaderboard) -> list[Sharing]:
    """Groups by each key column, if there are several, and each categorical static column, where these are few; by the
    first five such columns. Groups of few series on the folds have the weights of the panel."""
    panel, seen = board.panel, np.unique(np.concatenate([truth.series for truth in board.truths]))
    keys = list(panel.ids.columns) if len(panel.ids.columns) > 1 else []
    found = []
    for name in (*keys, *(column for column in panel.by_role("static") if column in panel.levels)):
        sharing = _sharing(panel, "group", (name,))
        sizes = np.bincount(sharing.number[seen], minlength=len(sharing.names))
        if len(sizes) <= MOST and (sizes >= LEAST).sum() > 1:
            found.append(replace(sharing, number=np.where(sizes[sharing.number] < LEAST, UNKNOWN, sharing.number)))
    return found[:COLUMNS]


def _taking_part(board: Leaderboard) -> list[str]:
    board.best_by(board.metric)  # an error, if every learner failed
    names = [n for n in board.names if all(board.outputs[n])]
    if not names:
        raise ValueError("An ensemble needs a learner that forecast every fold; every one failed on some.")
    return names


def _metric(board: Leaderboard) -> Metric:
    """The metric that weights are chosen by: mae where that of the board is defined for no series."""
    found = board.metric.of_points
    totals = [t.get(found.name, np.nan) for t in board.totals.values()]
    known = any(found.name in t for t in board.totals.values())
    return find("mae") if known and np.isnan(totals).all() else found


def _chosen(
    board: Leaderboard, names: Sequence[str], metric: Metric, size: int, sharings: Sequence[Sharing]
) -> tuple[np.ndarray, list[np.ndarray | None]]:
    """The weights of the panel, (learners,), and for each sharing those of each series, (series, learners)."""
    found = Candidates.of(board, names, metric)
    weights = steady(found, size)
    return weights, [_table(found, weights, size, sharing) for sharing in sharings]


def _table(found: Candidates, weights: np.ndarray, size: int, sharing: Sharing) -> np.ndarray | None:
    if sharing.per == "panel":
        return None
    if sharing.per == "series":
        return greedy_each(found, size, weights)
    table, firsts = np.tile(weights, (len(sharing.number), 1)), sharing.firsts.values()
    for first in firsts:
        rows = sharing.number == sharing.number[first]
        part = found.where(rows).thinned(min(len(firsts), MOST))
        if part.actual.size:
            table[rows] = steady(part, size)
    return table


def _out_of_fold(
    board: Leaderboard, names: Sequence[str], metric: Metric, size: int, sharings: Sequence[Sharing]
) -> list[tuple[Outputs, ...]]:
    """For each sharing the forecasts of each fold with weights from the other folds, where there are others."""
    folds = []
    for k in range(len(board.truths)):
        rest = without(board, k) if len(board.truths) > 1 else board
        weights, tables = _chosen(rest, names, metric, size, sharings)
        folds.append([_mixed(board, names, k, weights, table) for table in tables])
    return list(zip(*folds, strict=True))


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
