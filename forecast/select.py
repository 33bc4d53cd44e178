"""select: let the job's learners compete, and say which recipe is to be deployed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import numpy as np

from featurizers.panel import Panel
from forecast.backtest import RollingOrigin
from forecast.conformal import banded
from forecast.engine import processes
from forecast.ensemble import caruana, with_blend
from forecast.job import Job
from forecast.leaderboard import Leaderboard, compare
from forecast.per_group import PerGroup, groups
from forecast.progress import Report
from forecast.stitched import of_groups, placed
from learners.learner import Learner
from learners.naive import SeasonalNaive
from learners.otherwise import Otherwise

ENSEMBLE = "Ensemble"
GROUPS = "PerGroup"


@dataclass(frozen=True, eq=False)
class Selection:
    """The leaderboard, the winner's name, and its recipe, with bands and with a fall-back behind it."""

    board: Leaderboard = field(repr=False)
    winner: str
    recipe: Learner
    entered: Mapping[str, Learner] = field(repr=False)  # the recipes that competed
    season: int
    groups: Mapping[str, str] = field(default_factory=dict)  # group -> its own winner


def select(job: Job, panel: Panel, report: Report) -> Selection:
    """Compare the recipes of a resolved job on its folds, with an ensemble of them, for all series or by group."""
    on = RollingOrigin(job.horizon, job.folds, job.step)
    entered, season = job.recipes(panel), job.plan(panel).season
    with processes(job.workers) if job.workers > 1 else nullcontext():
        choose = _by_group if job.by else _for_all
        board, winner, chosen = choose(job, panel, entered, on, season, report)
    backup = SeasonalNaive(season)
    recipe = board.recipes[winner]
    if recipe != backup:
        board = replace(board, recipes={**board.recipes, winner: Otherwise(recipe, backup)})
    ready = banded(board, winner, job.levels) if job.levels else board.recipes[winner]
    return Selection(board, winner, ready, entered, season, chosen)


def _for_all(
    job: Job, panel: Panel, entered: Mapping[str, Learner], on: RollingOrigin, season: int, report: Report
) -> tuple[Leaderboard, str, dict[str, str]]:
    board = compare(panel, entered, on, job.metric, season=season, progress=report)
    board = _with_ensemble(job, board)
    return board, board.best, {}


def _with_ensemble(job: Job, board: Leaderboard) -> Leaderboard:
    """The board with an ensemble, where more than one learner is worth a weight."""
    if not job.ensemble or not any(all(board.outputs[name]) for name in board.recipes):
        return board
    weights = caruana(board)
    return with_blend(board, ENSEMBLE, weights) if len(weights) > 1 else board


def _by_group(
    job: Job, panel: Panel, entered: Mapping[str, Learner], on: RollingOrigin, season: int, report: Report
) -> tuple[Leaderboard, str, dict[str, str]]:
    """Every group compares and chooses on its own; the winners together are one learner of the whole panel."""
    names, number = groups(panel, job.by)
    rows = [np.flatnonzero(number == g) for g in range(len(names))]
    boards: list[Leaderboard] = []
    for g, at in enumerate(rows):

        def grouped(done: int, total: int, what: str, g: int = g) -> None:
            report(g * total + done, len(names) * total, f"{names[g]}: {what}")

        part = panel.where(at)
        boards.append(_with_ensemble(job, compare(part, entered, on, job.metric, season=season, progress=grouped)))
    board = of_groups(panel, boards, rows, season)
    winners = [b.best for b in boards]
    recipes = {name: b.recipes[b.best] for name, b in zip(names, boards, strict=True)}
    outputs = tuple(placed(truth, winners, boards, rows) for truth in board.truths)
    board = board.joined(GROUPS, PerGroup(recipes, job.by, SeasonalNaive(season)), outputs)
    return board, GROUPS, dict(zip(names, winners, strict=True))
