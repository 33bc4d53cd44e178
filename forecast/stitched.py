"""Stitched: the leaderboards of groups of series as one leaderboard of the whole panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from featurizers.panel import Panel
from forecast.backtest import RollingOrigin
from forecast.leaderboard import Leaderboard
from forecast.truth import Outputs, Truth, measure


def of_groups(panel: Panel, boards: Sequence[Leaderboard], rows: Sequence[np.ndarray], season: int) -> Leaderboard:
    """One leaderboard from those of the groups; `rows` are the series of each group in the panel.

    Every learner is scored as it was fitted: to each group on its own, on the series that its folds were made of.
    Trials of settings that differ between groups are not on it: those of one number are not one learner.
    """
    first = boards[0]
    at = taking_part(panel, first.on, rows)
    folds = replace(first.on, series=None).split(panel.where(at))
    truths = tuple(replace(truth, series=at[truth.series]) for truth in (Truth.of(fold, season) for fold in folds))
    names = [name for name in dict.fromkeys(n for board in boards for n in board.recipes) if _shared(name, boards)]
    outputs = {name: tuple(placed(truth, [name] * len(boards), boards, rows) for truth in truths) for name in names}
    scores, totals = measure(truths, outputs, first.measures, panel.count)
    recipes = {name: next(b.recipes[name] for b in boards if name in b.recipes) for name in names}
    attempts = tuple(attempt for board in boards for attempt in board.attempts if attempt.name in recipes)
    return replace(first, panel=panel, recipes=recipes, truths=truths, outputs=outputs, scores=scores, totals=totals,
                   attempts=attempts)  # fmt: skip


def _shared(name: str, boards: Sequence[Leaderboard]) -> bool:
    """Whether a name stands for the same in every group: what is no trial of a search, or has the same settings."""
    found = [board.recipes.get(name) for board in boards]
    return all(board.family(name) == name for board in boards) or all(recipe == found[0] for recipe in found)


def taking_part(panel: Panel, on: RollingOrigin, rows: Sequence[np.ndarray]) -> np.ndarray:
    """The series of which folds are made, (series,): each group samples its own."""
    return np.sort(np.concatenate([at[on.places(panel.where(at))] for at in rows]))


def placed(truth: Truth, names: Sequence[str], boards: Sequence[Leaderboard], rows: Sequence[np.ndarray]) -> Outputs:
    """The forecasts of one fold of the whole panel: those of the learner `names[g]` for the series of group g."""
    found: dict[str, np.ndarray] = {}
    for name, board, at in zip(names, boards, rows, strict=True):
        for part, outputs in zip(board.truths, board.outputs.get(name, ()), strict=False):
            if part.number == truth.number:
                there = np.isin(at[part.series], truth.series)
                place = np.searchsorted(truth.series, at[part.series][there])
                for output, values in outputs.items():
                    found.setdefault(output, np.full(truth.actual.shape, np.nan))[place] = values[there]
    return found
