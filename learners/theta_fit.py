"""The native fit of Theta: the kernel's numbers for a panel, and what became of the series that it cannot fit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from featurizers.arrays import State
from featurizers.panel import Panel
from learners.place import name_of
from learners.spans import Spans
from learners.theta import SHORTEST

NUMBERS = ("multiplies", "deviation", "freedom", "term")
LINE = ("weight", "share", "start", "intercept", "slope", "kind", "squares")
LINES = 2  # one that stands and one that moves
SQUARES = [len(NUMBERS) + k * len(LINE) + LINE.index("squares") for k in range(LINES)]


def fitted(
    panel: Panel, season: int, learner: str, kernel: Callable[..., np.ndarray], choice: int, bands: bool
) -> tuple[dict[str, np.ndarray], list[str]]:
    """The NUMBERS, (series, 1) each, those of each LINE, (series, LINES) each, "season", (series, season), before the
    first known value of each series; for `bands` "deviation", "freedom" and "doubt" of its errors; and the notes.

    A series of which nothing can be learned has weight 1, share 0, kind -1 and its first value as start.
    """
    spans = Spans.of(panel)
    learnable, short = spans.learnable(SHORTEST), (spans.rows < 2 * season + 1) & (season > 1)
    table = kernel(spans.values, spans.starts, np.where(learnable, choice, 0), season, spans.threads)
    lines = table[:, len(NUMBERS) : len(NUMBERS) + LINES * len(LINE)].reshape(-1, LINES, len(LINE))
    notes: dict[int, list[str]] = {}
    for i in np.flatnonzero(short & learnable).tolist():
        notes[i] = [f"{name_of(panel, i)} is shorter than two seasons: {learner} without a season."]
    lost = ~np.isfinite(table)
    lost[:, SQUARES] = False  # of huge values they are infinite
    hopeless = lost.any(axis=1) | (lines[:, :, LINE.index("kind")] < 0).all(axis=1)
    for i in np.flatnonzero(hopeless).tolist():
        first = spans.first[i]
        table[i], lines[i] = 0.0, [1.0, 0.0, first, first, 0.0, -1.0, 0.0]
        if learnable[i]:
            name = name_of(panel, i)
            notes.setdefault(i, []).append(f"{name}: {learner} failed; it repeats its last value.")
        else:
            notes[i] = [spans.repeating(panel, i, SHORTEST, learner).note]
    columns = {name: np.ascontiguousarray(table[:, i : i + 1]) for i, name in enumerate(NUMBERS)}
    columns |= {name: np.ascontiguousarray(lines[:, :, i]) for i, name in enumerate(LINE)}
    columns["season"] = np.ascontiguousarray(table[:, len(NUMBERS) + LINES * len(LINE) :])
    doubts = _doubts(panel, spans, columns, hopeless[:, None]) if bands else {}
    return columns | doubts, [" ".join(notes[i]) for i in sorted(notes)]


def _doubts(panel: Panel, spans: Spans, columns: State, hopeless: np.ndarray) -> State:
    """ "deviation" and "freedom", also where a series repeats its last value, and "doubt", the variance of what was
    estimated beside that of an error; (series, 1) each."""
    deviation, freedom = spans.strays(panel)
    return {
        "deviation": np.where(hopeless, deviation, columns["deviation"]),
        "freedom": np.where(hopeless, freedom, columns["freedom"]),
        "doubt": np.where(hopeless, 0.0, 1.0 / np.maximum(columns["freedom"], 1.0)),
    }
