"""select: let the job's learners compete, and say which recipe is to be deployed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import numpy as np

from featurizers.findings import Finding
from featurizers.panel import Panel
from forecast.backtest import RollingOrigin
from forecast.conformal import banded
from forecast.defaults import seasons
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
    findings: tuple[Finding, ...] = ()


def select(job: Job, panel: Panel, report: Report) -> Selection:
    """Compare the recipes of a resolved job on its folds, with an ensemble of them, for all series or by group."""
    on, findings = origins(job, panel)
    entered, season = job.recipes(panel), seasons(panel, job.season)[0]
    with processes(job.workers) if job.workers > 1 else nullcontext():
        if job.by:
            board, winner, chosen, failed = _by_group(job, panel, entered, on, season, report)
            findings += failed
        else:
            board = compare(panel, entered, on, job.metric, season=season, progress=report)
            board = _with_ensemble(job, board)
            winner, chosen = board.best, {}
    backup = SeasonalNaive(season)
    recipe = board.recipes[winner]
    if recipe != backup:
        board = replace(board, recipes={**board.recipes, winner: Otherwise(recipe, backup)})
    ready = banded(board, winner, job.levels) if job.levels else board.recipes[winner]
    return Selection(board, winner, ready, entered, season, chosen, findings)


def origins(job: Job, panel: Panel) -> tuple[RollingOrigin, tuple[Finding, ...]]:
    """The job's folds; on fewer steps than its horizon, which a finding says, where every series is too short."""
    known = ~np.isnan(panel.y)
    before_last = int(panel.position[known].max(initial=0)) if known.any() else 0
    longest = int(panel.lengths.max(initial=0))
    if longest > job.horizon or before_last < 1:
        return RollingOrigin(job.horizon, job.folds, job.step), ()
    at = int(panel.lengths.argmax())
    message = (f"Every series is too short to be validated {job.horizon} steps ahead: the longest, {panel.name(at)!r}, "
               f"has {longest} rows. Learners are compared on one fold of {longest - 1} steps.")  # fmt: skip
    found = Finding("too_short", "alerted", message, panel.name(at), count=longest)
    return RollingOrigin(longest - 1, 1), (found,)


def _with_ensemble(job: Job, board: Leaderboard) -> Leaderboard:
    """The board with an ensemble, where more than one learner is worth a weight."""
    if not job.ensemble or not any(all(board.outputs[name]) for name in board.recipes):
        return board
    weights = caruana(board)
    return with_blend(board, ENSEMBLE, weights) if len(weights) > 1 else board


def _by_group(
    job: Job, panel: Panel, entered: Mapping[str, Learner], on: RollingOrigin, season: int, report: Report
) -> tuple[Leaderboard, str, dict[str, str], tuple[Finding, ...]]:
    """Every group compares and chooses on its own; the winners together are one learner of the whole panel.

    A group that cannot be compared has the fall-back in its place, and a finding says why.
    """
    names, number = groups(panel, job.by)
    backup = SeasonalNaive(season)
    recipes: dict[str, Learner] = dict.fromkeys(names, backup)
    chosen = dict.fromkeys(names, "SeasonalNaive")
    boards, rows, failed = [], [], []
    for g, name in enumerate(names):

        def grouped(done: int, total: int, what: str, g: int = g, name: str = name) -> None:
            report(g * total + done, len(names) * total, f"{name}: {what}")

        at = np.flatnonzero(number == g)
        try:
            board = compare(panel.where(at), entered, on, job.metric, season=season, progress=grouped)
            board = _with_ensemble(job, board)
            chosen[name], recipes[name] = board.best, board.recipes[board.best]
        except ValueError as error:
            message = f"Group {name} has the seasonal naive forecast: {error}"
            failed.append(Finding("fallback", "alerted", message, panel.name(int(at[0])), count=len(at)))
            continue
        boards.append(board)
        rows.append(at)
    if not boards:
        raise ValueError(f"No group could be compared. {failed[0].message}")
    winners = [chosen[names[number[at[0]]]] for at in rows]
    board = of_groups(panel, boards, rows, season)
    outputs = tuple(placed(truth, winners, boards, rows) for truth in board.truths)
    board = board.joined(GROUPS, PerGroup(recipes, job.by, backup), outputs)
    return board, GROUPS, chosen, tuple(failed)
