"""asked: a recipe whose learners are asked for bands of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from learners.direct import Direct
from learners.learner import Learner


def asked(recipe: Any, levels: Sequence[float]) -> Any:
    """The recipe where every learner inside that has bands of its own, and was not told which, has those of `levels`.

    `Direct` is left as it is: each of its bounds costs another training.

    >>> from learners import Log1p, Naive, Transformed
    >>> asked(Transformed(Naive(), Log1p()), (80, 95)).learner
    SeasonalNaive(season=1, levels=(80, 95))
    """
    if not isinstance(recipe, Learner) or getattr(recipe, "searches", False):
        return recipe
    part: Any = recipe  # a dataclass, as all recipes are
    changed: dict[str, Any] = {}
    for f in fields(part):
        value = getattr(recipe, f.name)
        if f.name == "levels":
            if value == f.default and levels and not _own_business(recipe):
                changed[f.name] = tuple(sorted(set(levels)))
        elif isinstance(value, Learner):
            changed[f.name] = asked(value, levels)
        elif isinstance(value, tuple) and any(isinstance(part, Learner) for part in value):
            changed[f.name] = tuple(asked(part, levels) for part in value)
    different = {name: value for name, value in changed.items() if value != getattr(recipe, name)}
    return replace(part, **different) if different else recipe


def _own_business(recipe: Any) -> bool:
    """Whether its bands cost more than a forecast, or are measured: what holds a learner beside its levels."""
    return isinstance(recipe, Direct) or any(isinstance(getattr(recipe, f.name), Learner) for f in fields(recipe))
