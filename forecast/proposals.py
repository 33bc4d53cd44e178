"""Proposals: which settings to try next. Optuna proposes; the same trials give the same proposals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecast.store import COMPLETE, PRUNED, Trial
from learners.learner import Learner
from learners.space import Choose, Open, closed, openings

if TYPE_CHECKING:
    import optuna

LEARNER = "learner"  # the setting that says which recipe
FAR = 0.25  # behind the best recipe, on its score, from which a recipe is not searched
LONGEST = 40  # letters of an option in a table
SPREAD = 1_000_003  # between the seeds of two sweeps


@dataclass(frozen=True, eq=False)
class Proposal:
    """A recipe with a value for each of its open settings."""

    learner: str
    values: Mapping[str, float | int]  # path -> number, or the place of the option
    asked: optuna.Trial


def recipe_of(recipe: Learner, values: Mapping[str, float | int]) -> Learner:
    """The recipe with its open settings at `values`."""
    spaces = openings(recipe)
    given = {p: s.options[int(values[p])] if isinstance(s, Choose) else values[p]
             for p, s in spaces.items() if p in values}  # fmt: skip
    found: Learner = closed(recipe, given)
    return found


def written(recipe: Learner, values: Mapping[str, float | int]) -> dict[str, str]:
    """The same values for people: options by what they are, or by their place where that is long."""
    spaces = openings(recipe)
    found = {}
    for path, value in values.items():
        space = spaces.get(path)
        option = space.options[int(value)] if isinstance(space, Choose) else value
        text = f"{option:.4g}" if isinstance(option, float) else str(option)
        found[path] = text if len(text) <= LONGEST else f"option {int(value) + 1}"
    return found


class Proposals:
    """Asked for trials one after the other; told of them in the same order.

    Each trial is proposed by a sampler of its own, seeded with its number, so that what is proposed depends on the
    trials told before and on nothing else.
    """

    def __init__(self, recipes: Mapping[str, Learner], higher: bool, seed: int, most: float = math.inf) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.recipes, self.higher, self.seed, self.most = recipes, higher, seed, most
        self.spaces = {name: openings(recipe) for name, recipe in recipes.items()}
        self.open = [name for name, found in self.spaces.items() if found]
        pruner = optuna.pruners.MedianPruner(n_startup_trials=3)
        self.study = optuna.create_study(direction="maximize" if higher else "minimize", pruner=pruner)
        self.asked = 0
        self.best: dict[str, float] = {}  # recipe -> its least score so far; where higher is better, with a minus
        self.turns = Counter[str]()

    def first(self, learner: str) -> Proposal:
        """A recipe with every open setting at its first value."""
        if learner not in self.open:
            return Proposal(learner, {}, self._trial())
        values = {path: _place(space) for path, space in self._active(learner, {})}
        self.study.enqueue_trial({LEARNER: learner} | {f"{learner}: {p}": v for p, v in values.items()})
        return self._asked()

    @property
    def left(self) -> list[str]:
        """The recipes with open settings that may be tried again: each `most` times."""
        return [name for name in self.open if self.turns[name] < self.most]

    def next(self) -> Proposal:
        """The proposal of the sampler for the open settings of the recipe whose turn it is."""
        learner = self._turn()
        self.turns[learner] += 1
        self.study.enqueue_trial({LEARNER: learner})
        return self._asked()

    def _turn(self) -> str:
        """Recipes take turns, the best first, so that what one search finds differs from what another finds; those far
        behind have none."""
        left = self.left
        scores = {name: self.best.get(name, math.inf) for name in left}
        limit = min(self.best.values(), default=math.inf)
        near = [name for name in left if scores[name] <= limit + FAR * abs(limit)] or left
        return min(near, key=lambda name: (self.turns[name], scores[name]))

    def _asked(self) -> Proposal:
        asked = self._trial()
        learner = asked.suggest_categorical(LEARNER, self.open)
        values: dict[str, float | int] = {}
        while fresh := [(p, s) for p, s in self._active(learner, values) if p not in values]:
            for path, space in fresh:
                values[path] = _suggested(asked, f"{learner}: {path}", space)
        return Proposal(learner, values, asked)

    def tell(self, proposal: Proposal, trial: Trial, score: float) -> optuna.trial.FrozenTrial:
        """Take note of a trial that has ended. Gives Optuna's record of it."""
        import optuna

        states = {COMPLETE: optuna.trial.TrialState.COMPLETE, PRUNED: optuna.trial.TrialState.PRUNED}
        state = states.get(trial.state, optuna.trial.TrialState.FAIL)
        if trial.state == COMPLETE and not math.isnan(score):
            cost = -score if self.higher else score
            self.best[trial.learner] = min(self.best.get(trial.learner, math.inf), cost)
        return self.study.tell(proposal.asked, score if trial.state == COMPLETE else None, state)

    def _trial(self) -> optuna.Trial:
        import optuna

        self.study.sampler = optuna.samplers.TPESampler(
            seed=(self.seed * SPREAD + self.asked) % 2**32, n_startup_trials=len(self.recipes) + 4, constant_liar=False
        )
        self.asked += 1
        return self.study.ask()

    def _active(self, learner: str, values: Mapping[str, float | int]) -> list[tuple[str, Open]]:
        """The open settings that matter, given the options chosen so far (first ones where none is chosen yet)."""
        spaces = self.spaces[learner]

        def matters(path: str) -> bool:
            for other, space in spaces.items():
                start = f"{other}.options." if other else "options."
                inside = isinstance(space, Choose) and path != other and path.startswith(start)
                if inside and int(path[len(start) :].split(".")[0]) != values.get(other, 0):
                    return False
            return True

        return [(path, space) for path, space in spaces.items() if matters(path)]


def _place(space: Open) -> float | int:
    return 0 if isinstance(space, Choose) else space.first


def _suggested(asked: optuna.Trial, name: str, space: Open) -> Any:
    if isinstance(space, Choose):
        return asked.suggest_categorical(name, list(range(len(space.options))))
    if space.whole:
        return asked.suggest_int(name, int(space.low), int(space.high), log=space.log)
    return asked.suggest_float(name, space.low, space.high, log=space.log)
