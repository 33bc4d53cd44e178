"""Hurry: what is tried first, what is not gone on with, and what can be trained, where time is limited."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from featurizers.panel import Panel
from forecast.attempts import Attempt, libraries
from forecast.backtest import RollingOrigin
from forecast.evidence import some
from forecast.limits import MARGIN
from forecast.recipes import describe
from learners.learner import Learner
from learners.space import settings_of

FIXED = 0.01  # seconds of a forecast that do not grow with the number of series
CROWDED = 2.0  # times those of a series among some that one takes among very many, which no cache holds
QUICK = 0.2  # of the time may go into what is quick before anything else
SMALL = 2500  # rows that the slowest of our own learners reads in a second or two
FEW, SHARE, LONG = 8, 20, 0.1  # series at most, and one of how many, that tell it; the share of the time that is long


def fastest_first(named: Mapping[str, Learner], train: Panel, until: float | None, workers: int) -> list[str]:
    """The names in an order in which nobody keeps others waiting: those of a library come late, and behind them those
    that of many series would take long up to `until` (None: it need not be measured), as a few of these tell."""
    late = {name: (int(bool(libraries(recipe))), 0.0) for name, recipe in named.items()}
    if until is not None and train.count >= 2 * SHARE:
        few = some(train, min(train.count // SHARE, FEW))
        long = LONG * (until - time.monotonic())
        for name in [name for name, (foreign, _) in late.items() if not foreign]:
            seconds = _seconds_a_series(named[name], few) * train.count / workers
            late[name] = (2 if seconds > long else 0, seconds)
    return sorted(named, key=late.__getitem__)


def _seconds_a_series(recipe: Learner, few: Panel) -> float:
    """By how much longer a fit of `few` takes than one of the first of them; what the very first fit loads aside."""
    one, taken = few.where(np.arange(1)), []
    for panel in (one, one, few):
        begun = time.perf_counter()
        with suppress(Exception):  # the fit of all will say
            recipe.fit(panel)
        taken.append(time.perf_counter() - begun)
    return max(taken[2] - taken[1], 0.0) / max(few.count - 1, 1)


def quick(recipe: Learner, panel: Panel) -> bool:
    """Whether a recipe learns from a panel within a second or so: one of public parts without libraries of others, from
    few rows."""
    if len(panel) > SMALL or libraries(recipe):
        return False
    try:
        describe(recipe)
    except ValueError:  # a part of the user's own
        return False
    return True


def affordable(seconds: Mapping[int, float], scores: Mapping[int, float], room: float) -> set[int]:
    """Of what takes so many `seconds` what there is `room` for: the best first, less being better and NaN the worst."""
    kept = set()
    for k in sorted(seconds, key=lambda k: (np.nan_to_num(scores[k], nan=np.inf), seconds[k])):
        if seconds[k] <= room:
            room -= seconds[k]
            kept.add(k)
    return kept


def deploying(attempts: Iterable[Attempt], recipe: Learner, panel: Panel, on: RollingOrigin) -> float:
    """The seconds that the training of a recipe on the whole panel, a forecast and a test may take, as folds tell."""
    every = panel.count / min(on.series or panel.count, panel.count)  # series over those of a fold
    seconds = np.array([(a.fit_seconds, a.predict_seconds) for a in attempts]).reshape(-1, 2)
    if not len(seconds):
        return 0.0
    # What a single fold owes to chance is not multiplied.
    fit, forecast = seconds.max(axis=0) if every == 1 else np.median(seconds, axis=0)
    forecast += CROWDED * (every - 1) * max(forecast - FIXED, 0.0)
    return MARGIN * float(fit * _growth(recipe, len(panel), every) + 2 * forecast)


def _growth(part: Any, rows: int, every: float) -> float:
    """By how much longer the slowest learner of a recipe learns from `rows` rows than from one of `every` series: no
    longer than limits of its own let it; 0 of what is no learner."""
    settings = dict(settings_of(part))
    if settings.get("max_seconds") is not None:
        return 1.0
    if (most := settings.get("max_rows")) is not None:
        return float(min(most, rows) / min(most, max(rows / every, 1.0)))
    found = max((_growth(value, rows, every) for value in settings.values()), default=0.0)
    return found or (1 + CROWDED * (every - 1) if isinstance(part, Learner) else 0.0)
