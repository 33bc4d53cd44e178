"""Attempts: one learner on one fold, its forecasts or the reason why there are none."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from forecast.backtest import Fold
from forecast.truth import Outputs
from learners.each import each, reason
from learners.learner import Learner, Model
from learners.regressors.regressor import READY, Regressor
from learners.space import settings_of

Progress = Callable[[int, int, str], None]
ONWARD = -1  # in the place of a fold: one fold after the other


@dataclass(frozen=True, eq=False)
class Attempt:
    """One learner on one fold: its forecasts, or the reason why there are none."""

    name: str
    fold: int
    outputs: Outputs = field(default_factory=dict)  # (series of the fold, horizon) each
    fit_seconds: float = 0.0
    predict_seconds: float = 0.0
    failure: str = ""


at_work: list[bool] = []  # not empty while learners are tried, which an interrupt may end at any point


def fits(recipe: Learner, refit: bool, folds: Sequence[int], every: bool = True) -> Sequence[int | None]:
    """The items that take a recipe through `folds`: a fit for each; without `refit` one for all; and, where they are
    `every` fold and the recipe can go on from an earlier fit, one after the other."""
    return (None,) if not refit else (ONWARD,) if every and recipe.resumes else folds


class Halted(Exception):
    """Work is to end now."""


def tried(
    folds: tuple[Fold, ...], recipes: Mapping[str, Learner], items: Sequence[tuple[str, int | None]],
    progress: Progress | None = None, halt: Callable[[], bool] | None = None,
) -> list[Attempt]:  # fmt: skip
    """The attempts of `items` (a learner's name and a fold, None for all folds with one fit), through `each`.

    `halt` is asked after each of them: once it says True, on a Ctrl-C that it knows of too, those that are done are all
    that is given. What an engine with a time limit ended is not given either.
    """
    attempts: list[Attempt] = []
    total = sum(len(folds) if k in (None, ONWARD) else 1 for _, k in items)

    def done(found: list[Attempt] | str) -> None:
        if isinstance(found, str):  # unfinished
            return
        attempts.extend(found)
        if progress is not None:
            progress(len(attempts), total, f"{found[-1].name}, fold {found[-1].fold + 1}")
        if halt is not None and halt():
            raise Halted

    at_work.append(True)
    try:
        each(partial(attempt, folds, recipes), items, done)
    except Halted:
        pass
    except KeyboardInterrupt:
        if halt is None or not halt():  # nobody listens: everything ends
            raise
    finally:
        at_work.pop()
    return attempts


def attempt(folds: tuple[Fold, ...], recipes: Mapping[str, Learner], item: tuple[str, int | None]) -> list[Attempt]:
    """Fit a learner on one fold and forecast it; on None, fit on the first and forecast all; on ONWARD, fit on each,
    beginning at the model of the fold before. What fails says why."""
    name, at = item
    if at == ONWARD:
        found: list[Attempt] = []
        model = None
        for fold in folds:
            more, model = _attempted((fold,), name, recipes[name], model)
            found += more
        return found
    return _attempted(folds if at is None else folds[at : at + 1], name, recipes[name])[0]


def _attempted(
    folds: Sequence[Fold], name: str, recipe: Learner, before: Model | None = None
) -> tuple[list[Attempt], Model | None]:
    """One fit on the first of `folds`, which begins at the model `before`, and the forecasts of all; and the model."""
    found: list[Attempt] = []
    load(recipe)
    with threadpool_limits(1, user_api="blas"):
        start = time.perf_counter()
        try:
            model = recipe.fit(folds[0].train) if before is None else recipe.fit(folds[0].train, before)
        except Exception as error:
            return [Attempt(name, fold.number, failure=reason(error)) for fold in folds], before
        fitted = time.perf_counter() - start
        for fold in folds:
            start = time.perf_counter()
            try:
                rows = model.forecast(fold.train, fold.gap + fold.horizon, fold.ahead)
                outputs = {n: _scored(v, fold) for n, v in rows.columns.items()}
                found.append(Attempt(name, fold.number, outputs, fitted, time.perf_counter() - start))
            except Exception as error:
                found.append(Attempt(name, fold.number, fit_seconds=fitted, failure=reason(error)))
            fitted = 0.0
    return found, model


def libraries(part: Any) -> set[str]:
    """The modules that the parts of a recipe import when they are fitted."""
    if isinstance(part, str):
        return libraries(Regressor(part)) if part in READY else set()
    if isinstance(part, Regressor):
        return set(part.imports)
    return set(getattr(part, "imports", ())).union(*(libraries(value) for _, value in settings_of(part)))


def load(recipe: Learner) -> None:
    """Import them, so that the seconds of a fit, by which others are judged, are its own."""
    for name in sorted(libraries(recipe)):
        with suppress(ImportError):  # the fit will say
            importlib.import_module(name)


def _scored(values: np.ndarray, fold: Fold) -> np.ndarray:
    """The scored rows of an output, (series, horizon); what is not finite is missing."""
    table = values.reshape(fold.train.count, -1)[:, fold.gap :]
    return np.where(np.isfinite(table), table, np.nan)
