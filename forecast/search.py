"""Search: recipes, and values of their open settings, tried on the same folds until a limit is reached."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from featurizers.panel import Panel
from forecast.attempts import Attempt, Progress, attempt, fits, load, tried
from forecast.backtest import RollingOrigin
from forecast.conformal import with_bands
from forecast.hurry import QUICK, affordable, deploying, fastest_first, quick
from forecast.leaderboard import Leaderboard, scored
from forecast.limits import LATER, Limits, Remaining
from forecast.metrics import Function, Metric, find, together
from forecast.names import of_trial
from forecast.proposals import Proposal, Proposals, recipe_of, written
from forecast.selection import CLOSE
from forecast.store import COMPLETE, FAILED, PRUNED, Store, Trial
from forecast.truth import Truth, measure
from learners.learner import Learner
from learners.naive import SeasonalNaive

BATCH = 4  # trials that are proposed from the same knowledge, however many run side by side
SELECTING = 7.0  # times the scoring of all learners that the selection takes
REPEATED = 3  # batches of nothing new after which there is taken to be nothing more

Found = Mapping[int, list[Attempt]]  # by the number of a trial
Leaves = Callable[[Mapping[int, Proposal], Found], dict[int, bool]]  # trial -> whether it counts as one


@dataclass(frozen=True, eq=False)
class Searched:
    """What was found: the leaderboard of all whole trials, every trial, why it ended, what it had no time for."""

    board: Leaderboard
    trials: tuple[Trial, ...] = field(repr=False)
    ended: str  # "recipes", "trials", "time", "score", "patience", "stopped" or "nothing new"
    untried: tuple[str, ...] = ()


class Search:
    """One sweep of `recipes` over the folds of `on`.

    First every recipe with its open settings at their first values, all folds of all of them side by side (where time
    is limited, the first fold of all, then the others of those for which there is time); then what `Proposals`
    proposes, in batches, fold after fold, without those that are clearly behind. Trials that `store` has
    are taken from there, so that a sweep that was broken off ends as if it had not been.
    """

    def __init__(
        self, panel: Panel, recipes: Mapping[str, Learner], on: RollingOrigin, metric: str | Function = "mase", *,
        season: int | None = None, limits: Limits | None = None, seed: int = 0, store: Store | None = None,
        progress: Progress | None = None, workers: int = 1, levels: Sequence[float] = (), least: float | None = None,
    ) -> None:  # fmt: skip
        self.panel, self.recipes, self.on, self.metric = panel, dict(recipes), on, _ranks(find(metric), levels)
        self.levels, self.least = tuple(levels), least
        self.sign = -1.0 if self.metric.higher else 1.0  # scores are compared so that less is better
        self.remaining = Remaining(limits or Limits(), workers, self.sign)
        self.store, self.progress = store, progress
        self.folds = tuple(on.split(panel))
        self.truths = tuple(Truth.of(fold, season or panel.freq.season) for fold in self.folds)
        self.metrics = together(self.metric)
        scores = self.panel.count * len(self.folds)  # more trials than scores would fit what is chance in them
        most = scores if self.remaining.asked.trials is None else np.inf
        self.proposals = Proposals(self.recipes, bool(self.metric.higher), seed, most)
        self.kept = store.load() if store is not None else {}
        self.count = 0  # trials that were begun
        self.trials: list[Trial] = []
        self.untried: list[str] = []
        self.yardstick: dict[int, tuple[Attempt, ...]] = {}  # number of a trial -> what it gave ahead of all others

    def run(self) -> Searched:
        """Try until a limit is reached. ValueError if no trial was whole by then."""
        names = list(self.recipes)[: self.remaining.trials(0, len(self.recipes))]
        first = [self.proposals.first(name) for name in names]
        every = range(len(self.folds))
        hurried = self.remaining.timed and self.on.refit and len(every) > 1
        if hurried or (self.store is not None and self.on.refit):
            self._measure(first)
        with self.remaining.sooner(SELECTING * len(first) * self._scoring()):
            ended = self._batch(first, (every[:1], every[1:]) if hurried else (every,), self._too_long, share=0.5)
            with self.remaining.training(self._training()):
                ended = ended or self._go_on(every)
        return Searched(self._board(), tuple(self.trials), ended, tuple(self.untried))

    def _go_on(self, every: range) -> str:
        """Try what is proposed, until a limit is reached: which one."""
        ended, repeated = "", 0
        while not ended:
            if self.remaining.asked.none:
                ended = "recipes"
            elif not self.proposals.left or repeated == REPEATED:
                ended = "nothing new"
            else:
                room = range(self.remaining.trials(len(self.trials), BATCH))
                proposals = [self.proposals.next() for _ in room if self.proposals.left]
                repeated = repeated + 1 if all(self._before(p) for p in proposals) else 0
                ended = self._batch(proposals, [[k] for k in every] if self.on.refit else [every], self._behind)
        return ended

    def _training(self) -> float:
        """The seconds that it takes to train all that may be in an ensemble."""
        ranked = self._ranked()
        if not self.remaining.after or not ranked:
            return 0.0
        near = min(ranked) + CLOSE * abs(min(ranked))
        good = [t for t, score in zip(self.trials, ranked, strict=True) if np.isfinite(score) and score <= near]
        return sum(self._deploying(t.learner, t.values, t.attempts) for t in good)

    def _scoring(self) -> float:
        """The seconds that the scores of one learner take, where the yardstick has been tried."""
        begun = time.monotonic()
        for attempts in self.yardstick.values():
            self._scores(attempts)
        return (time.monotonic() - begun) / max(len(self.yardstick), 1)

    def _measure(self, first: Sequence[Proposal]) -> None:
        """Try the yardstick before anything else, here, and what is quick where time is limited: however soon it all
        ends, and however long other processes take to start, they are there."""
        soon = self.remaining.at(QUICK)
        for number, proposal in enumerate(first):
            recipe = self.recipes[proposal.learner]
            taken = isinstance(recipe, SeasonalNaive) or (quick(recipe, self.panel) and time.monotonic() < soon)
            if taken and number not in self.kept:
                each = [attempt(self.folds, {"": recipe}, ("", k)) for k in range(len(self.folds))]
                self.yardstick[number] = tuple(replace(a, name=str(number)) for found in each for a in found)

    # ---- one batch ----------------------------------------------------------------------------

    def _batch(
        self, proposals: list[Proposal], rounds: Sequence[Sequence[int]], leaves: Leaves, share: float = 1.0
    ) -> str:
        """Take the proposals through the rounds of folds, without those that it `leaves` after a round, and note them
        down; a round before the last takes at most a `share` of the time. Gives why the sweep ends, or ""."""
        numbered = dict(enumerate(proposals, self.count))
        self.count += len(proposals)
        found = {k: self._known(k, p) for k, p in numbered.items()}
        fresh, left, ended = [k for k in numbered if not found[k]], dict[int, bool](), ""
        for folds in rounds:
            active = [k for k in fresh if k not in left]
            before = {k: len(found[k]) for k in active}
            with self.remaining.within(share if folds is not rounds[-1] else 1.0, len(self.folds)):
                for a in self._attempts({k: numbered[k] for k in active}, folds):
                    found[int(a.name)].append(a)
            for k in active:
                self._report(numbered[k], found[k], before[k])
            ended = self.remaining.interrupted
            if ended:
                break
            if folds is not rounds[-1]:
                left |= leaves({k: numbered[k] for k in active}, found)
        for k, proposal in numbered.items():
            if left.get(k, not ended) or len(found[k]) == len(self.folds):
                self._note(k, proposal, found[k], k not in fresh)
            else:
                self.untried.append(self._name(k, proposal.learner))
        return ended or self.remaining.reached(self._ranked())

    def _behind(self, active: Mapping[int, Proposal], found: Found) -> dict[int, bool]:
        """Those that are clearly worse than trials before were after as many folds: trials all the same."""
        return {k: True for k, p in active.items() if found[k] and p.asked.should_prune()}

    def _too_long(self, active: Mapping[int, Proposal], found: Found) -> dict[int, bool]:
        """Those for whose other folds, and training, there is no time beside those of better ones: they are given up
        now, so that what they would have taken serves others."""
        if not self.remaining.timed:
            return {}
        for k, p in active.items():  # the winner is trained in this process: its libraries are loaded while there is
            if found[k]:  # time to do without a learner for it
                load(self.recipes[p.learner])
        folds = LATER * (len(self.folds) - 1)
        costs = {k: folds * sum(a.fit_seconds + a.predict_seconds for a in found[k]) or np.inf for k in active}
        for k, p in active.items() if self.remaining.after else ():  # on everything, one learner after the other
            costs[k] += self.remaining.workers * self._deploying(p.learner, p.values, found[k])
        room = self.remaining.seconds * self.remaining.workers
        kept = affordable(costs, {k: self.sign * self._mean(found[k]) for k in active}, room)
        return {k: False for k in active if k not in kept}

    def _deploying(self, learner: str, values: Mapping[str, float | int], attempts: Sequence[Attempt]) -> float:
        return deploying(attempts, recipe_of(self.recipes[learner], values), self.panel, self.on)

    def _known(self, number: int, proposal: Proposal) -> list[Attempt]:
        """The attempts of a trial that was made before: in a sweep that was broken off, or with the same values."""
        before = self.kept.get(number) or self._before(proposal)
        return list(self.yardstick.get(number, ()) if before is None else before.attempts)

    def _before(self, proposal: Proposal) -> Trial | None:
        same = (t for t in self.trials if t.learner == proposal.learner and dict(t.values) == dict(proposal.values))
        return next(same, None)

    def _attempts(self, proposals: Mapping[int, Proposal], folds: Sequence[int]) -> list[Attempt]:
        """Each proposal, by its number, on each of `folds`, through `each`."""
        named = {str(k): recipe_of(self.recipes[p.learner], p.values) for k, p in proposals.items()}
        every = len(folds) == len(self.folds)

        def progress(done: int, total: int, what: str) -> None:
            if self.progress is not None:
                number, _, fold = what.partition(",")
                before = len(self.trials) * len(self.folds)
                whole = max((self.remaining.asked.trials or 0) * len(self.folds), before + total)
                self.progress(before + done, whole, f"{self._name(int(number), proposals[int(number)].learner)},{fold}")

        told = 0 not in folds or bool(self.trials)  # how long each takes
        until = None if told else self.remaining.until
        order = named if every else fastest_first(named, self.folds[0].train, until, self.remaining.workers)
        items = [(name, fold) for name in order for fold in fits(named[name], self.on.refit, folds, every)]
        return tried(self.folds, named, items, progress, self.remaining.asked.halt)

    def _report(self, proposal: Proposal, attempts: list[Attempt], start: int) -> None:
        """Tell Optuna the mean scores over the first folds, those after `start` of them."""
        for step in range(start + 1, len(attempts) + 1):
            proposal.asked.report(self._mean(attempts[:step]), step)

    def _note(self, number: int, proposal: Proposal, attempts: list[Attempt], known: bool) -> None:
        """Put a trial that has ended into the table."""
        if known:
            self._report(proposal, attempts, 0)
        score, whole = self._mean(attempts), len(attempts) == len(self.folds)
        state = FAILED if not np.isfinite(score) else COMPLETE if whole else PRUNED
        trial = Trial(number, proposal.learner, proposal.values, state, tuple(attempts), self._scores(attempts),
                      shown=written(self.recipes[proposal.learner], proposal.values))  # fmt: skip
        frozen = self.proposals.tell(proposal, trial, score)
        self.trials.append(trial)
        if self.store is not None and number not in self.kept:
            self.store.save(trial, frozen)

    # ---- scores -------------------------------------------------------------------------------

    def _mean(self, attempts: list[Attempt]) -> float:
        """The metric over the folds of `attempts`; NaN where one of them failed."""
        if not attempts or any(a.failure for a in attempts):
            return float("nan")
        return self.metric.total(self._scores(attempts, (self.metric,)))

    def _scores(self, attempts: Sequence[Attempt], metrics: Sequence[Metric] | None = None) -> dict[str, float]:
        """The metrics over the folds of `attempts`; with bands for all alike where the metric is one of bands."""
        by_number = {t.number: t for t in self.truths}
        truths = tuple(by_number[a.fold] for a in attempts if a.outputs)
        outputs = tuple(a.outputs for a in attempts if a.outputs)
        wanted = self.metrics if metrics is None else metrics
        if self.metric.banded and truths:
            named = [replace(a, name="") for a in attempts if a.outputs]
            recipe = next(iter(self.recipes.values()))  # of any name: no recipe is asked for bands of its errors
            board = scored(self.panel, self.on, self.metric, tuple(wanted), {"": recipe}, truths, named)
            return with_bands(board, self.levels, self.least).totals[""]
        return measure(truths, {"": outputs}, wanted, self.panel.count)[1][""] if truths else {}

    def _ranked(self) -> list[float]:
        """The scores of all trials so that less is better, infinite for those that are not whole."""
        totals = [self.metric.total(t.scores) if t.state == COMPLETE else np.inf for t in self.trials]
        return [np.inf if np.isnan(v) or t.state != COMPLETE else self.sign * v
                for t, v in zip(self.trials, totals, strict=True)]  # fmt: skip

    def _board(self) -> Leaderboard:
        """Every whole trial, and the recipes that failed."""
        shown = [t for t in self.trials if t.state == COMPLETE or (t.state == FAILED and t.number < len(self.recipes))]
        names = {t.number: self._name(t.number, t.learner) for t in shown}
        recipes = {names[t.number]: recipe_of(self.recipes[t.learner], t.values) for t in shown}
        attempts = [replace(a, name=names[t.number]) for t in shown for a in t.attempts]
        families = {names[t.number]: t.learner for t in shown}
        return scored(self.panel, self.on, self.metric, self.metrics, recipes, self.truths, attempts, families)

    def _name(self, number: int, learner: str) -> str:
        return of_trial(learner, number, self.recipes)


def _ranks(metric: Metric, levels: Sequence[float]) -> Metric:
    """`metric`. ValueError if learners cannot be ranked by it."""
    if metric.higher is None:
        raise ValueError(f"Metric {metric.name!r} does not rank learners: neither more nor less of it is better.")
    if metric.banded and not levels:
        raise ValueError(f"Metric {metric.name!r} is one of bands, and none are asked for: give levels=(80, 95), say.")
    return metric
