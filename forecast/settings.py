"""Settings of a job as a person gives them: each made what its field holds, or refused in a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from featurizers.holidays import check_place
from featurizers.policy import Policy, listed, suggestion
from featurizers.whole import whole, wholes
from forecast.metrics import find
from learners.bands import check_levels
from learners.learner import Learner

# Settings that are whole numbers, and the least that each may be.
WHOLE = {"horizon": 1, "season": 1, "folds": 1, "step": 1, "fold_series": 1, "test_step": 1, "workers": 1, "seed": 0,
         "trials": 1, "patience": 1, "gap": 0}  # fmt: skip
# What a job's 'data' may say: the settings of `Panel.read`.
OF_TABLE = ("source", "id", "time", "target", "known", "past", "static", "freq", "aggregate",
            *(f.name for f in fields(Policy)))  # fmt: skip


class Settings(TypedDict, total=False):
    """The settings of `run` by name, as editors offer them; `Job` and `featurizers.policy.Policy` say what each is."""

    lags: int | Iterable[int]
    windows: int | Iterable[int]
    season: int
    holidays: str | Iterable[str]
    learners: str | Learner | Iterable[Any] | Mapping[str, Any]
    block: str | Iterable[str]
    folds: int
    step: int
    fold_series: int
    metric: str | Callable[..., Any]
    by: str | Iterable[str]
    levels: float | Iterable[float]
    ensemble: bool
    gap: int
    nonnegative: bool
    integers: bool
    test: Any
    test_step: int
    known_future: Any
    trials: int
    time_limit: float
    exit_score: float
    patience: int
    workers: int
    seed: int
    output: str | Path
    aggregate: str | Mapping[str, str]
    duplicates: str
    mixed: str
    short: str
    min_length: int
    leaks: str
    gaps: str
    incomplete: str
    categorical: str | Iterable[str]
    decimal: str
    encoding: str
    fill: bool


def checked(name: str, value: Any) -> Any:
    """The value of the setting `name`. ValueError says what it may be."""
    if value is None:
        return None
    if name in WHOLE:
        return whole(value, f"The {name}", WHOLE[name])
    if name in ("lags", "windows"):
        return wholes(value, f"Each of {name}")
    if name == "levels":
        return levels(value)
    if name in ("time_limit", "exit_score"):
        return _number(name, value)
    if name in ("holidays", "by", "block"):
        words = _words(name, value)
        if name == "holidays":
            for place in words:
                check_place(place)
        return words
    if name == "metric":
        find(value)
    if name in ("ensemble", "nonnegative", "integers") and not isinstance(value, bool):
        raise ValueError(f"The setting {name!r} is true or false, not {value!r}.")
    if name == "output":
        if not isinstance(value, str | Path):
            raise ValueError(f"The output is the path of a folder, not {value!r}.")
        return str(value)
    if name == "data":
        return _data(value)
    if name == "test" and isinstance(value, date):  # TOML has dates of its own
        return value.isoformat()
    return _learners(value) if name == "learners" else value


def levels(value: Any) -> tuple[float, ...]:
    """Levels of bands in percent. ValueError for shares and for what is no number."""
    several = hasattr(value, "__iter__") and not isinstance(value, str)
    found = tuple(map(_plain, value if several else (value,)))
    check_levels(found)
    return found


def _plain(value: Any) -> Any:
    """A number of numpy's as one of Python's; whatever else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _number(name: str, value: Any) -> float:
    """A number; a time limit more than 0 seconds."""
    found = _plain(value)
    if isinstance(found, bool) or not isinstance(found, int | float) or found != found:
        raise ValueError(f"The setting {name!r} is a number, not {value!r}.")
    if name == "time_limit" and not 0 < found < math.inf:
        raise ValueError(f"The setting 'time_limit' is a number of seconds above 0, not {value!r}: leave it out for no "
                         "limit.")  # fmt: skip
    return float(found)


def _words(name: str, value: Any) -> tuple[str, ...]:
    found = (value,) if isinstance(value, str) else tuple(value) if hasattr(value, "__iter__") else (value,)
    for word in found:
        if not isinstance(word, str):
            raise ValueError(f"The setting {name!r} is text or a list of texts, unlike {word!r}.")
    return found


def _data(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"The job's 'data' is a table of settings (source, id, time, target ...), not {value!r}.")
    for name in value:
        if name not in OF_TABLE:
            raise ValueError(f"There is no setting {name!r} of the job's 'data'{suggestion(name, OF_TABLE)}; there are "
                             f"{listed(OF_TABLE, len(OF_TABLE))}.")  # fmt: skip
    for name in ("time", "target"):  # the source of a run on a frame is not written in its job
        if value.get(name) is None:
            raise ValueError(f"The job's 'data' does not say {name!r}, which has no default.")
    return value


def _learners(value: Any) -> Mapping[str, Any] | tuple[Any, ...]:
    """One learner or several, each a name, a recipe or a recipe as data, by name or not."""
    found = value if isinstance(value, Mapping) else tuple(value) if isinstance(value, list | tuple) else (value,)
    for learner in found.values() if isinstance(found, Mapping) else found:
        if not isinstance(learner, str | Mapping | Learner):
            raise ValueError(
                f"A learner is a name such as 'LightGBM' or a recipe such as SeasonalNaive(7), not {learner!r}; "
                "a regressor is given features with Recursive(regressor, features)."
            )
    if not found:
        raise ValueError("The job names no learner: leave 'learners' out to have the default ones.")
    return found
