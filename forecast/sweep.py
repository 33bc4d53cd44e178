"""Sweep: recipes compete on the same folds, their open settings are searched, and the best is what is trained."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import ClassVar

from featurizers.findings import Finding
from featurizers.panel import Panel
from forecast.backtest import RollingOrigin, partly_validated
from forecast.conformal import banded, ranking, with_bands
from forecast.engine import processes
from forecast.ensemble import caruana, vote
from forecast.hurry import deploying
from forecast.leaderboard import Leaderboard, failed, unranked
from forecast.limits import Limits, Remaining, never
from forecast.metrics import Function
from forecast.names import ENSEMBLE, GROUPS, STACK, entered, of_its_own
from forecast.progress import Report, silent
from forecast.search import Search, Searched
from forecast.settings import checked
from forecast.stack import guarded
from forecast.stitched import taking_part
from forecast.store import Store, Trial
from forecast.sweep_groups import Found, of_winners, search_groups
from forecast.winner import last_value, prefers, wandering
from learners.around import Around, reported
from learners.asked import asked
from learners.bands import check_levels
from learners.finished import finished
from learners.learner import Learner
from learners.naive import SeasonalNaive
from learners.otherwise import Otherwise
from learners.space import Choose

MEMBERS = 25  # learners, the best ones, of which an ensemble is made
ALIKE = 5  # trials of one recipe among them
DEPLOYING = 0.15  # of a time limit is kept for the training of the winner
OPTIONAL = ("trials", "time_limit", "exit_score", "patience", "season")  # None leaves them out
GIVEN = ("metric", "ensemble", "by", "workers", "seed", "nonnegative", "integers")


@dataclass(frozen=True, eq=False)
class Outcome:
    """Of a sweep: the leaderboard, the winner's name, and its recipe, with bands and with a fall-back behind it."""

    board: Leaderboard = field(repr=False)
    winner: str
    recipe: Learner
    entered: Mapping[str, Learner] = field(repr=False)  # the recipes that competed
    season: int
    groups: Mapping[str, str] = field(default_factory=dict)  # group -> its own winner
    findings: tuple[Finding, ...] = ()
    trials: tuple[Trial, ...] = field(default=(), repr=False)
    ended: str = "recipes"  # why the search ended


@dataclass(frozen=True)
class Sweep(Learner):
    """Try every recipe of `of`, then, while limits allow, values of their open settings (`Between`, `Choose`) that
    Optuna proposes, on the folds of `on`; train the best by `metric`, or the ensemble of them, with bands.

    Limits: `trials` in all; `time_limit` in seconds, the training of the winner included; `exit_score` of the metric;
    `patience` in trials without a better one. Without limits each recipe is tried once, its open settings at their
    first values. `by` gives each group of series a sweep and a winner of its own. `season` (None: the frequency's) is
    that of the seasonal naive forecast, which stands behind the winner where that has no forecast.

    >>> from forecast import AutoEts, Naive, RollingOrigin
    >>> sweep = Sweep({"naive": Naive(), "ets": AutoEts(12)}, on=RollingOrigin(horizon=12), levels=(80,))
    """

    of: Mapping[str, Learner] | tuple[Learner, ...]
    on: RollingOrigin
    metric: str | Function = "mase"
    trials: int | None = None
    time_limit: float | None = None
    exit_score: float | None = None
    patience: int | None = None
    ensemble: bool = True
    levels: tuple[float, ...] = (80, 95)
    by: tuple[str, ...] = ()
    season: int | None = None
    workers: int = 1
    seed: int = 0
    nonnegative: bool = False  # no forecast of the winner, and no band around one, is below zero
    integers: bool = False  # they are whole numbers
    searches: ClassVar[bool] = True
    spoken: ClassVar[bool] = True  # written with every value that was chosen, be it the default

    def check(self) -> None:
        """ValueError if a setting makes no sense, TypeError if there are no folds."""
        if not isinstance(self.on, RollingOrigin):
            raise TypeError(f"Learners are compared on RollingOrigin(horizon=..., folds=...), not on {self.on!r}.")
        check_levels(self.levels)
        for name in (*GIVEN, *OPTIONAL):
            value = getattr(self, name)
            if name in GIVEN and value is None:
                raise ValueError(f"The setting {name!r} of a sweep is like {getattr(Sweep, name)!r}, not {value!r}.")
            checked(name, value)

    def train(self, panel: Panel) -> SweepModel:
        outcome = self.select(panel)
        model = outcome.recipe.train(panel)
        board = outcome.board
        scores = {n: board.metric.total(board.totals[n]) for n in board.names}
        said = (*(f.message for f in (*outcome.findings, *failed(board))), *reported(model))
        return SweepModel(model, outcome.winner, scores, said, recipe=outcome.recipe)

    @property
    def recipes(self) -> dict[str, Learner]:
        """What competes, by name; learners with bands of their own are asked for those of `levels`."""
        found = entered(self.of, Choose, taken=of_its_own(self.ensemble, self.by))
        return {name: asked(recipe, self.levels) for name, recipe in found.items()}

    def select(
        self, panel: Panel, report: Report = silent, store: Store | None = None, halt: Callable[[], bool] = never,
        started: float | None = None, after: float = 0.0,
    ) -> Outcome:  # fmt: skip
        """Let the recipes compete and say what is to be trained. `started` (seconds of time.monotonic; None: now) is
        when the time limit began, `after` how many seconds of it are needed after the training.
        ValueError if there is no recipe, or none was whole when the sweep ended."""
        self.check()
        started = time.monotonic() if started is None else started
        until = None
        training = 0.0
        if self.time_limit is not None:
            training = DEPLOYING * self.time_limit
            until = started + max(self.time_limit - training - after, self.time_limit / 2)
        limits = Limits(self.trials, until, training, self.exit_score, self.patience, halt)
        if not self.recipes:
            raise ValueError("There is no learner to compare.")
        choose = self._by_group if self.by else self._whole
        alone = self.workers == 1 and until is None
        with nullcontext() if alone else processes(self.workers, until):
            chosen = choose(panel, limits, report, store)
        board = chosen.board
        winner = chosen.winner
        recipe = board.recipes[winner]
        backup = asked(SeasonalNaive(self._season(panel)), self.levels)
        if recipe != backup:
            board = replace(board, recipes={**board.recipes, winner: Otherwise(recipe, backup)})
        ready = banded(board, winner, self.levels, self._least) if self.levels else board.recipes[winner]
        board = with_bands(board, self.levels, self._least) if self.levels else board
        return replace(chosen, board=board, recipe=finished(ready, self.nonnegative, self.integers))

    def _season(self, panel: Panel) -> int:
        return panel.freq.season if self.season is None else self.season

    @property
    def _least(self) -> float | None:
        """What no band lies below."""
        return 0.0 if self.nonnegative else None

    def _ranking(self, board: Leaderboard) -> Leaderboard:
        return ranking(board, self.levels, self._least)

    def _search(self, panel: Panel, limits: Limits, report: Report, store: Store | None, where: str = "") -> Found:
        """Search a panel, or a group of its series (`where`, as findings say it), and choose the winner."""
        found = Search(panel, self.recipes, self.on, self.metric, season=self._season(panel), limits=limits,
                       seed=self.seed, store=store, progress=report, workers=self.workers,
                       levels=self.levels, least=self._least).run()  # fmt: skip
        if not found.trials:
            more = ": give it more time" if found.ended == "time" else ""
            raise ValueError(f"The sweep ended ({found.ended}) before any of {', '.join(self.recipes)} was tried on "
                             f"every fold{more}.")  # fmt: skip
        board, best = self._with_ensemble(found.board, Remaining(limits).seconds)
        ranked = self._ranking(board)
        return Found(board, last_value(ranked, best), left_out=_untried(found, self.recipes),
                     unranked=tuple(unranked(ranked, where)), trials=found.trials, ended=found.ended)  # fmt: skip

    def _whole(self, panel: Panel, limits: Limits, report: Report, store: Store | None) -> Outcome:
        """All series search and choose together."""
        found = self._search(panel, limits, report, store)
        findings = (
            *found.left_out,
            *partly_validated(panel, self.on, self.on.places(panel)),
            *wandering(panel, found.board, found.winner),
            *found.unranked,
        )
        return Outcome(found.board, found.winner, found.recipe, self.recipes, self._season(panel),
                       findings=findings, trials=found.trials, ended=found.ended)  # fmt: skip

    def _by_group(self, panel: Panel, limits: Limits, report: Report, store: Store | None) -> Outcome:
        """Every group searches and chooses on its own; the winners together are one learner of the whole panel.

        A group that cannot be compared has the fall-back in its place, and a finding says why.
        """
        every = search_groups(panel, self.by, limits, self._search, report=report, store=store)
        findings = [finding for group in every for finding in group.findings(panel)]
        compared = [(group.rows, group.found) for group in every if group.found is not None]
        if not compared:
            raise ValueError(f"No group could be compared. {findings[0].message}")
        findings += partly_validated(panel, self.on, taking_part(panel, self.on, [rows for rows, _ in compared]))
        season = self._season(panel)
        board = of_winners(panel, every, self.by, season)
        return Outcome(board, GROUPS, board.recipes[GROUPS], self.recipes, season,
                       groups={group.name: group.winner for group in every}, findings=tuple(findings),
                       trials=tuple(trial for group in every for trial in group.trials),
                       ended=compared[-1][1].ended)  # fmt: skip

    def _with_ensemble(self, board: Leaderboard, seconds: float) -> tuple[Leaderboard, str]:
        """The board, with an ensemble where more than one learner is worth a weight; and the winner.

        Only what can be trained in `seconds` takes part, as far as the folds tell; the fastest, if that is nothing.
        """
        board.best_by(self.metric)  # an error, if every learner failed
        ranked = self._ranking(board)
        whole = [name for name in ranked.names if all(board.outputs[name])] or [ranked.best]
        cost = {n: deploying(board.tries[n], board.recipes[n], board.panel, self.on) for n in whole}
        members = [n for n in whole if cost[n] <= seconds] or [min(whole, key=cost.__getitem__)]
        winner = members[0]
        members = _varied(board, members)
        while self.ensemble and len(members) > 1:
            weights = caruana(board.only(members))
            if len(weights) > 1 and sum(cost[n] for n in weights) <= seconds:
                return self._joined(board, members, cost, seconds, winner)
            if len(weights) == 1:
                break
            members.remove(max(weights, key=lambda n: cost[n] / weights[n]))  # the least for its time
        return board, winner

    def _joined(
        self, board: Leaderboard, members: list[str], cost: Mapping[str, float], seconds: float, winner: str
    ) -> tuple[Leaderboard, str]:
        """The board with what the members make together, each fold forecast with weights from the other folds."""
        voted = vote(board.only(members))
        if sum(cost[n] for n in voted.weights) > seconds:  # what single series ask for besides
            voted = vote(board.only(members), per="panel")
        found = board.joined(ENSEMBLE, voted.recipe, voted.outputs)
        metric = board.metric.of_points
        stack = guarded(replace(found.only(members), metric=metric), found.totals[ENSEMBLE], found.scores[ENSEMBLE])
        if stack is not None and sum(cost[n] for n in stack[0]) <= seconds:
            found = found.joined(STACK, *stack[1:])
        ranked = self._ranking(found)
        joint = min((n for n in (ENSEMBLE, STACK) if n in found.recipes), key=ranked.names.index)
        return found, joint if prefers(ranked, joint, winner) else winner


@dataclass(frozen=True, eq=False)
class SweepModel(Around):
    """The trained winner."""

    winner: str
    totals: dict[str, float]  # learner -> the metric over the folds, the best first
    report: tuple[str, ...] = ()


def _varied(board: Leaderboard, names: Sequence[str]) -> list[str]:
    """The best `MEMBERS`, of which at most `ALIKE` are trials of the same recipe."""
    taken: list[str] = []
    seen = Counter[str]()
    for name in names:
        family = board.family(name)
        seen[family] += 1
        if seen[family] <= ALIKE:
            taken.append(name)
    return taken[:MEMBERS]


def _untried(found: Searched, entered: Mapping[str, Learner]) -> tuple[Finding, ...]:
    why = "the time was over before it was done" if found.ended == "time" else "it was stopped before it was done"
    begun = {*found.untried, *(trial.learner for trial in found.trials)}
    whys = dict.fromkeys(found.untried, why)
    whys |= {name: "there are fewer trials than learners" for name in entered if name not in begun}
    return tuple(
        Finding("learner_left_out", "alerted", f"{name} did not take part: {why}.", column=name)
        for name, why in whys.items()
    )
