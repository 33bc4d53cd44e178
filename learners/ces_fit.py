"""The native fit of Ces: which models each series allows, and the numbers that the kernel finds."""

from __future__ import annotations

import numpy as np

from featurizers.arrays import State
from featurizers.panel import Panel
from learners.ces import MODELS, SHORTEST, Ces, CesModel
from learners.local import assembled
from learners.place import name_of
from learners.spans import Spans

NUMBERS = (
    "alpha_0", "alpha_1", "beta_0", "beta_1", "level", "hidden", "model", "criterion", "deviation", "freedom",
)  # fmt: skip
WEIGHTS = np.array([2.0, 2.0, 3.0, 4.0])  # that each model estimates


def fitted(panel: Panel, recipe: Ces) -> CesModel:
    """The model of `recipe` for each series of `panel`, as far as the series allows it."""
    from learners._kernels import fit_ces

    spans, season = Spans.of(panel), recipe.season
    learnable = spans.learnable(SHORTEST)
    short = (spans.rows < 2 * season) | (season == 1)
    asked = 15 if recipe.model == "auto" else 1 << MODELS.index(recipe.model)
    table = fit_ces(
        spans.values, spans.starts, np.where(learnable, np.where(short, 1, asked), 0), season, spans.threads
    )
    notes: dict[int, list[str]] = {}
    for i in np.flatnonzero(short & learnable & (season > 1) & (asked != 1)).tolist():
        notes[i] = [f"{name_of(panel, i)} is shorter than two seasons: Ces without a season."]
    judged = np.delete(table, NUMBERS.index("criterion"), axis=1)
    hopeless = ~np.isfinite(judged).all(axis=1) | (table[:, NUMBERS.index("model")] < 0)
    for i in np.flatnonzero(hopeless).tolist():
        if learnable[i]:
            failed = f"{name_of(panel, i)}: Ces failed; it repeats its last value."
            notes.setdefault(i, []).append(failed)
        else:
            notes[i] = [spans.repeating(panel, i, SHORTEST, "Ces").note]
    columns = {name: table[:, i : i + 1] for i, name in enumerate(NUMBERS)}
    models = np.where(hopeless, -1, columns["model"][:, 0]).astype(np.int64)
    memory = _memory(columns, models, spans.first, table[:, len(NUMBERS) :])
    if recipe.levels:
        memory |= _spread(panel, spans, columns, hopeless[:, None])
    chosen = tuple(MODELS[k] if k >= 0 else "" for k in models)
    report = (" ".join(notes[i]) for i in sorted(notes))
    return assembled(CesModel, panel, memory, report, chosen=chosen, levels=tuple(recipe.levels))


def _memory(columns: State, models: np.ndarray, first: np.ndarray, season: np.ndarray) -> State:
    """The kernel's numbers as the memory of `CesModel`; a random walk from the first value where there are none."""
    hopeless, model = (models < 0)[:, None], models[:, None]
    alpha = _moves(columns["alpha_0"], columns["alpha_1"])
    beta = _moves(columns["beta_0"], columns["beta_1"])
    nothing, term = np.zeros((len(models), 5)), np.zeros((len(models), 5))
    walk = nothing.copy()
    walk[:, 1], term[:, 1] = 1.0, columns["beta_0"][:, 0]
    level = np.concatenate([columns["level"], columns["hidden"]], axis=1)
    begin = np.stack([first, np.zeros(len(first))], axis=1)
    return {
        "ces.level": np.where(hopeless, begin, level),
        "ces.season": np.where(hopeless, 0.0, season),
        "ces.moves": np.where(hopeless, walk, np.where(model == MODELS.index("simple"), nothing, alpha)),
        "ces.turns": np.select(
            [model == MODELS.index(name) for name in ("simple", "partial", "full")], [alpha, term, beta], nothing
        ),
    }


def _moves(real: np.ndarray, imaginary: np.ndarray) -> np.ndarray:
    """How a pair of states moves with the weight `real` + i `imaginary`, (series, 5)."""
    one = np.ones_like(real)
    return np.concatenate([imaginary - 1.0, real - imaginary, one, 1.0 - real, real + imaginary], axis=1)


def _spread(panel: Panel, spans: Spans, columns: State, hopeless: np.ndarray) -> State:
    """What the bands need; of a series that repeats its last value, how far its values lie apart."""
    deviation, repeating = spans.strays(panel)
    freedom = np.where(hopeless, repeating, columns["freedom"])
    model = np.where(hopeless, 0.0, columns["model"]).astype(np.int64)
    return {
        "ces.deviation": np.where(hopeless, deviation, columns["deviation"]),
        "ces.freedom": freedom,
        "ces.doubt": np.where(hopeless, 0.0, WEIGHTS[model] / np.maximum(freedom, 1.0)),
    }
