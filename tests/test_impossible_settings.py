"""Numbers that cannot be meant: every part refuses them in a sentence of ours, or forecasts as if nothing were."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import pytest

import forecast as fc
from featurizers.featurizer import Featurizer
from learners.learner import Learner
from tests.examples import FEATURIZERS, HORIZON, LEARNERS, continued, panel

IMPOSSIBLE = (-1, 0, float("nan"), float("inf"), 2.5, "text", 10**12)
HERE = Path(__file__).parents[1]
OURS = tuple(str(HERE / folder) for folder in ("featurizers", "learners", "forecast"))
BEFORE, AFTER = continued(panel().where(np.arange(2)).tail(60 + HORIZON), HORIZON)
Part = Any  # a recipe, a featurizer, or what these hold
Put = Callable[[Part], Part]  # the whole, with another part in the place of one inside


def is_number(hint: object) -> bool:
    return hint in (int, float) or any(is_number(inner) for inner in get_args(hint))


def is_several(hint: object) -> bool:
    return get_origin(hint) is tuple or any(is_several(inner) for inner in get_args(hint))


def numeric(part: Part) -> list[str]:
    hints = get_type_hints(type(part))
    return [f.name for f in fields(part) if f.init and is_number(hints[f.name])]


def parts(whole: Part) -> Iterator[tuple[Part, Put]]:
    """The part and what it holds that is no part of its own: folds, widths, regressors, their encodings ..."""
    yield whole, lambda new: new
    for f in fields(whole):
        value = getattr(whole, f.name)
        for at, inner in enumerate(value if isinstance(value, tuple) else (value,)):
            if not is_dataclass(inner) or isinstance(inner, type | Learner | Featurizer):
                continue
            for part, put in parts(inner):
                yield part, _put(whole, f.name, at, put)


def _put(whole: Part, name: str, at: int, put: Put) -> Put:
    value = getattr(whole, name)
    if isinstance(value, tuple):
        return lambda new: replace(whole, **{name: (*value[:at], put(new), *value[at + 1 :])})
    return lambda new: replace(whole, **{name: put(new)})


def searched(space: fc.Between) -> fc.Sweep:
    """A sweep that chooses from `space`."""
    ridge = fc.Recursive(fc.Ridge(alpha=space), (fc.Lags(1),))
    return fc.Sweep((ridge,), fc.RollingOrigin(HORIZON, folds=1), trials=1, ensemble=False, levels=())


def settings() -> dict[str, tuple[Part, Put, str]]:
    """Each setting that is a number, or numbers, by its name: the part that has it, and where that stands."""
    found: dict[str, tuple[Part, Put, str]] = {}
    inside = [pair for example in (*FEATURIZERS, *LEARNERS) for pair in parts(example)]
    for part, put in (*inside, (fc.Between(1, 10), searched)):
        for name in numeric(part):
            found.setdefault(f"{type(part).__name__}.{name}", (part, put, name))
    return found


SETTINGS = settings()


def values(part: Part, name: str) -> Iterator[object]:
    """What is put in the place of a setting: each impossible number; where there may be several, it alone and it in the
    place of the first."""
    yield from IMPOSSIBLE
    if is_several(get_type_hints(type(part))[name]):
        now = getattr(part, name)
        others = tuple(now)[1:] if isinstance(now, tuple) else ()
        yield from ((value,) for value in IMPOSSIBLE)
        yield from ((value, *others) for value in IMPOSSIBLE if others)


def outcome(whole: Part) -> str:
    """What is wrong with what comes of a recipe, or a featurizer beside a lag: nothing, if it is refused as it should
    be, or forecasts."""
    learner = fc.Recursive("Ridge", (fc.Lags(1), whole)) if isinstance(whole, Featurizer) else whole
    ahead = learner.fit(BEFORE).forecast(BEFORE, HORIZON, AFTER)
    return "" if all(np.isfinite(v).all() for v in ahead.columns.values()) else "a forecast or bound that is no number"


def foreign(error: Exception, name: str, value: object) -> str:
    """What is wrong with an error: nothing, if we raised it and it names the setting or the value."""
    at = traceback.extract_tb(error.__traceback__)[-1]
    raised = at.filename.startswith(OURS) and "raise" in linecache.getline(at.filename, at.lineno or 0)
    inner = value[0] if isinstance(value, tuple) else value
    named = any(text in str(error) for text in (name, name.rstrip("s"), repr(inner)))
    if raised and named and isinstance(error, ValueError | TypeError):
        return ""
    return f"{type(error).__name__}: {error} ({at.filename}:{at.lineno})"


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.filterwarnings("ignore")
def test_what_cannot_be_meant_is_refused_in_a_sentence_or_harmless(setting: str) -> None:
    part, put, name = SETTINGS[setting]
    wrong = {}
    for value in values(part, name):
        try:
            said = outcome(put(replace(part, **{name: value})))
        except Exception as error:  # whatever it is, it is told of
            said = foreign(error, name, value)
        if said:
            wrong[repr(value)] = said
    assert not wrong
