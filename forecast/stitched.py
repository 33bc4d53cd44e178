"""Stitched: the leaderboards of groups of series as one leaderboard of the whole panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from featurizers.panel import Panel
from forecast.leaderboard import Leaderboard
from forecast.truth import Outputs, Truth, measure


def of_groups(panel: Panel, boards: Sequence[Leaderboard], rows: Sequence[np.ndarray], season: int) -> Leaderboard:
    """One leaderboard from those of the groups; `rows` are the series of each group in the panel.

    Every learner is scored as it was fitted: to each group on its own.
    """
    first = boards[0]
    truths = tuple(Truth.of(fold, season) for fold in first.on.split(panel))
    names = list(dict.fromkeys(name for board in boards for name in board.recipes))
    outputs = {name: tuple(placed(truth, [name] * len(boards), boards, rows) for truth in truths) for name in names}
    scores, totals = measure(truths, outputs, first.measures, panel.count)
    recipes = {name: next(b.recipes[name] for b in boards if name in b.recipes) for name in names}
    attempts = tuple(attempt for board in boards for attempt in board.attempts)
    return replace(first, panel=panel, recipes=recipes, truths=truths, outputs=outputs, scores=scores, totals=totals,
                   attempts=attempts)  # fmt: skip


def placed(truth: Truth, names: Sequence[str], boards: Sequence[Leaderboard], rows: Sequence[np.ndarray]) -> Outputs:
    """The forecasts of one fold of the whole panel: those of the learner `names[g]` for the series of group g."""
    found: dict[str, np.ndarray] = {}
    for name, board, at in zip(names, boards, rows, strict=True):
        for part, outputs in zip(board.truths, board.outputs.get(name, ()), strict=False):
            if part.number == truth.number:
                place = np.searchsorted(truth.series, at[part.series])
                for output, values in outputs.items():
                    found.setdefault(output, np.full(truth.actual.shape, np.nan))[place] = values
    return found
