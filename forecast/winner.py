"""Winner: when an ensemble gives way to a single learner, and everything to the last value."""

from __future__ import annotations

import numpy as np

from featurizers.findings import Finding
from featurizers.panel import Panel
from forecast.chance import surely_better
from forecast.evidence import walks
from forecast.leaderboard import Leaderboard
from learners.learner import Learner
from learners.naive import SeasonalNaive

PREFERRED = 1.1  # the error of an ensemble over that of the best learner, up to which it is the winner
FAIR, MANY = 1.03, 15  # the same where so many series, or more, say which is better
LUCK = 3.0  # standard errors by which the best of many has to be better than the last value of what looks like a walk


def prefers(board: Leaderboard, joint: str, single: str) -> bool:
    """Whether an ensemble is the winner: the least of many scores on a few folds owes much to chance, a mean does not,
    so that a single learner has to be better by far (of many series by some), and on more series and folds than by
    chance."""
    metric = board.metric
    ours, theirs = (metric.total(board.totals[n]) for n in (joint, single))
    if np.isnan(ours) or np.isnan(theirs):
        return board.names.index(joint) < board.names.index(single)
    better, worse = (theirs, ours) if metric.higher else (ours, theirs)
    near, sure = PREFERRED, True
    tables = [metric.table(board.scores[n]) for n in (joint, single)]
    if tables[0] is not None and tables[1] is not None:
        near = FAIR if np.isfinite(tables[1]).any(axis=0).sum() >= MANY else PREFERRED
        sure = surely_better(tables[1], tables[0], bool(metric.higher))
    return not sure or better <= worse + (near - 1) * abs(worse)


def last_value(board: Leaderboard, winner: str) -> str:
    """The learner that repeats the last value, where it competes, nothing tells the series from random walks and the
    winner is not better by a tenth, and by more than the best of many is by chance; else the winner. Known columns may
    tell more than the series do: then it is the winner."""
    simple = [name for name, recipe in board.recipes.items() if _repeats(recipe) and all(board.outputs[name])]
    if not simple or winner in simple or board.panel.by_role("known") or not walks(board.panel):
        return winner
    metric = board.metric
    ours, theirs = (metric.total(board.totals[name]) for name in (winner, simple[0]))
    tables = [metric.table(board.scores[name]) for name in (winner, simple[0])]
    if tables[0] is None or tables[1] is None:
        return winner
    better, worse = (theirs, ours) if metric.higher else (ours, theirs)
    sure = surely_better(tables[0], tables[1], bool(metric.higher), LUCK)
    return winner if sure and better + (PREFERRED - 1) * abs(better) < worse else simple[0]


def wandering(panel: Panel, board: Leaderboard, winner: str) -> tuple[Finding, ...]:
    """What is to be said where the last value wins."""
    if not _repeats(board.recipes[winner]) or panel.by_role("known") or not walks(panel):
        return ()
    text = ("Nothing tells the series from random walks: their changes neither drift nor follow each other. The last "
            "value is the forecast, since no learner was better by more than chance.")  # fmt: skip
    return (Finding("random_walk", "alerted", text, count=panel.count),)


def _repeats(recipe: Learner) -> bool:
    return isinstance(recipe, SeasonalNaive) and recipe.season == 1
