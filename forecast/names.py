"""Names: what learners, and the trials of a sweep, are called on a leaderboard."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, is_dataclass

from learners.learner import Learner

ENSEMBLE, STACK, GROUPS = "Ensemble", "Stack", "PerGroup"


def of_its_own(ensemble: bool, by: object) -> tuple[str, ...]:
    """The names of what a sweep makes of the learners."""
    return ((ENSEMBLE, STACK) if ensemble else ()) + ((GROUPS,) if by else ())


def of_trial(learner: str, number: int, recipes: Collection[str]) -> str:
    """The name of a trial of a recipe: the recipe's own for the first of each, then with the number of the trial, once
    more where another recipe is called so. No two trials share one, as each ends with its number."""
    if number < len(recipes):
        return learner
    name = f"{learner} {number}"
    while name in recipes:
        name = f"{name} {number}"
    return name


def named(learners: Iterable[Learner], taken: Collection[str] = ()) -> dict[str, Learner]:
    """Learners by a name made of their type and what they hold, numbered where it is `taken`, or two are called so."""
    result: dict[str, Learner] = {}
    for learner in learners:
        result[numbered(called(learner), {*result, *taken})] = learner
    return result


def entered(
    learners: Learner | Mapping[str, Learner] | Iterable[Learner], *more: type, taken: Collection[str] = ()
) -> dict[str, Learner]:
    """One learner, or several, by their names. TypeError for what is none, and none of `more` types; ValueError for a
    name that is `taken`."""
    if isinstance(learners, Learner):
        recipes = named((learners,), taken)
    elif isinstance(learners, Mapping):
        recipes = dict(learners)
    else:
        recipes = named(learners, taken)
    for name, recipe in recipes.items():
        if not isinstance(recipe, (Learner, *more)):
            raise TypeError(f"Recipes are compared, such as SeasonalNaive(7), not {recipe!r}.")
        if name in taken:
            raise ValueError(f"A sweep makes {name!r} of the learners itself: give the one of this name another.")
    return recipes


def numbered(name: str, taken: Collection[str]) -> str:
    """The name, with a number behind it where it is taken."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name} {number}"
    return found


def called(learner: object) -> str:
    """ "Recursive(Ridge)": the type, and the regressor or learner inside."""
    inner = fields(learner) if is_dataclass(learner) else ()
    parts = [called(v) for v in (getattr(learner, f.name) for f in inner) if isinstance(v, Learner)]
    regressor = getattr(learner, "regressor", None)
    if regressor is not None:
        parts.append(regressor if isinstance(regressor, str) else type(regressor).__name__)
    return type(learner).__name__ + (f"({', '.join(parts)})" if parts else "")
