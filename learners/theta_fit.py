"""The native fit of Theta: the kernel's numbers for a panel, and what became of the series that it cannot fit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from featurizers.panel import Panel
from learners.spans import Spans
from learners.theta import SHORTEST

NUMBERS = ("weight", "share", "start", "intercept", "slope", "kind", "multiplies", "squares")


def fitted(
    panel: Panel, season: int, learner: str, kernel: Callable[..., np.ndarray], choice: int
) -> tuple[dict[str, np.ndarray], list[str]]:
    """The NUMBERS, (series, 1) each, and "season", (series, season), before the first known value of each series; and
    the notes. A series of which nothing can be learned has weight 1, share 0, kind -1 and its first value as start."""
    spans = Spans.of(panel)
    learnable, short = spans.learnable(SHORTEST), (spans.rows < 2 * season + 1) & (season > 1)
    table = kernel(spans.values, spans.starts, np.where(learnable, choice, 0), season, spans.threads)
    notes: dict[int, list[str]] = {}
    for i in np.flatnonzero(short & learnable).tolist():
        name = panel.name(i) or "The series"
        notes[i] = [f"{name} is shorter than two seasons: {learner} without a season."]
    needed = np.delete(table, NUMBERS.index("squares"), axis=1)  # of huge values the squares are infinite
    for i in np.flatnonzero(~np.isfinite(needed).all(axis=1) | (table[:, NUMBERS.index("kind")] < 0)).tolist():
        table[i] = 0.0
        table[i, [0, 2, 3, 5]] = 1.0, spans.first[i], spans.first[i], -1.0  # weight, start, intercept, kind
        if learnable[i]:
            name = panel.name(i) or "The series"
            notes.setdefault(i, []).append(f"{name}: {learner} failed; it repeats its last value.")
        else:
            notes[i] = [spans.repeating(panel, i, SHORTEST, learner).note]
    columns = {name: np.ascontiguousarray(table[:, i : i + 1]) for i, name in enumerate(NUMBERS)}
    columns["season"] = np.ascontiguousarray(table[:, len(NUMBERS) :])
    return columns, [" ".join(notes[i]) for i in sorted(notes)]
