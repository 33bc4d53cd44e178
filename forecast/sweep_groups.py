"""The groups of a sweep: each searches and chooses on its own, and the winners together are one learner."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from featurizers.findings import Finding
from featurizers.panel import Panel
from forecast.leaderboard import Leaderboard
from forecast.limits import Limits
from forecast.names import GROUPS
from forecast.per_group import PerGroup
from forecast.progress import Report
from forecast.stitched import of_groups, placed
from forecast.store import Store, Trial
from learners.grouped import groups
from learners.learner import Learner
from learners.naive import SeasonalNaive


@dataclass(frozen=True, eq=False)
class Found:
    """What the search of a panel, or of a group of its series, found."""

    board: Leaderboard  # with the ensemble
    winner: str
    left_out: tuple[Finding, ...]  # learners that did not take part
    unranked: tuple[Finding, ...]  # that another metric ranks
    trials: tuple[Trial, ...]
    ended: str  # why the search ended

    @property
    def recipe(self) -> Learner:
        """That of the winner."""
        return self.board.recipes[self.winner]


@dataclass(frozen=True, eq=False)
class Group:
    """A group of series, and what was found for it; why not, where it cannot be compared."""

    name: str
    rows: np.ndarray  # its series in the panel, (series,)
    found: Found | None
    failure: str = ""

    @property
    def winner(self) -> str:
        """The name of the learner that forecasts it."""
        return "SeasonalNaive" if self.found is None else self.found.winner

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Those of its search, as of this group."""
        return () if self.found is None else tuple(replace(t, group=self.name) for t in self.found.trials)

    def findings(self, panel: Panel) -> tuple[Finding, ...]:
        if self.found is not None:
            return self.found.left_out + self.found.unranked
        message = f"Group {self.name} has the seasonal naive forecast: {self.failure}"
        return (Finding("fallback", "alerted", message, panel.name(int(self.rows[0])), count=len(self.rows)),)


Searching = Callable[[Panel, Limits, Report, Store | None, str], Found]  # the last is of what series, in a finding


def search_groups(
    panel: Panel, by: tuple[str, ...], limits: Limits, search: Searching, *, report: Report, store: Store | None
) -> list[Group]:
    """Search every group, the time that is left in equal shares."""
    names, number = groups(panel, by)
    begun = time.monotonic()
    result = []
    for g, name in enumerate(names):
        rows = np.flatnonzero(number == g)
        shelf = None if store is None else store.part(g, name)
        told = partial(_told, report, g, len(names), name)
        try:
            found = search(panel.where(rows), limits.part(begun, g, len(names)), told, shelf, f" of group {name}")
            result.append(Group(name, rows, found))
        except ValueError as error:
            result.append(Group(name, rows, None, str(error)))
    return result


def _told(report: Report, g: int, groups: int, name: str, done: int, total: int, what: str) -> None:
    report(g * total + done, groups * total, f"{name}: {what}")


def of_winners(panel: Panel, every: Sequence[Group], by: tuple[str, ...], season: int) -> Leaderboard:
    """The leaderboard of the whole panel, with the winners of the groups as one learner; the seasonal naive forecast
    stands in the place of a group that was not compared. What groups made for themselves, as ensembles, is a recipe
    for each group; those that made none have no scores of it."""
    backup = SeasonalNaive(season)
    compared = [(group.rows, group.found) for group in every if group.found is not None]
    rows = [at for at, _ in compared]
    boards = [found.board for _, found in compared]
    winners = [found.winner for _, found in compared]
    board = of_groups(panel, boards, rows, season)
    own = {group.name: group.found.board.recipes for group in every if group.found is not None}
    board = replace(board, recipes={name: _of_each(name, own, by, backup) for name in board.recipes})
    outputs = tuple(placed(truth, winners, boards, rows) for truth in board.truths)
    recipes = {group.name: backup if group.found is None else group.found.recipe for group in every}
    return board.joined(GROUPS, PerGroup(recipes, by, backup), outputs)


def _of_each(name: str, own: Mapping[str, Mapping[str, Learner]], by: tuple[str, ...], backup: Learner) -> Learner:
    """The recipe of a learner that all groups share, or that of each group that has one."""
    found = {group: recipes[name] for group, recipes in own.items() if name in recipes}
    first = next(iter(found.values()))
    shared = len(found) == len(own) and all(recipe == first for recipe in found.values())
    return first if shared else PerGroup(found, by, backup)
