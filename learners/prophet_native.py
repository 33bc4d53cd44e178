"""The native fit of Prophet: all series of a panel at once, and the numbers of the formula from what is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from featurizers.arrays import State
from featurizers.clock import DAY
from featurizers.kernels import threads
from featurizers.panel import Panel
from learners.local import assembled, interpolated, stacked
from learners.place import name_of
from learners.prophet_numbers import SHORTEST, constant_numbers, logistic_offsets, named, too_short, turning
from learners.prophet_terms import Terms
from learners.spans import Spans

if TYPE_CHECKING:
    from learners.prophet import Prophet, ProphetModel

NUMBERS = ("rate", "offset", "noise", "start", "span", "size", "end", "turn", "slope", "posterior", "linearised")
GROWTHS = ("linear", "logistic", "flat")
HEAVY = 100  # a fit passes over each value about that many times


def by_kernel(recipe: Prophet, terms: Terms, panel: Panel) -> ProphetModel:
    """The model of all series of `panel`."""
    from learners.prophet import ProphetModel

    spans = Spans.of(panel)
    columns, notes = _columns(recipe, panel, spans)
    table = kernel_table(recipe, terms, panel, columns)
    start = _numbers(table, recipe, terms)
    finite = np.all([np.isfinite(v).all(axis=1) for v in start.values()], axis=0)
    for i in np.flatnonzero(~finite | (spans.known < SHORTEST)).tolist():
        values = spans.values[panel.indptr[i] : panel.indptr[i + 1]]
        known = values[~np.isnan(values)]
        for name, numbers in stacked([constant_numbers(recipe, terms, known)]).items():
            start[name][i] = 0.0 if len(known) else np.nan
            start[name][i, : numbers.shape[1]] = numbers
        name = name_of(panel, i)
        notes[i] = too_short(name, len(known)) or (
            f"{name}: Prophet failed ({_why(recipe, panel, columns, i)}); it repeats the last value.")  # fmt: skip
    report = (notes[i] for i in sorted(notes))
    return assembled(ProphetModel, panel, start, report, **terms.settings(recipe))


def kernel_table(recipe: Prophet, terms: Terms, panel: Panel, columns: np.ndarray) -> np.ndarray:
    """What the kernel finds, (series, numbers): NUMBERS, changes, rates, weights, middle, width."""
    from learners._kernels import fit_prophet

    clock = panel.clock().astype(np.int64)
    days = terms.holidays
    codes = days.codes[np.clip(clock // DAY - days.first, 0, len(days.codes) - 1)]
    cap = float(recipe.cap) if isinstance(recipe.cap, int | float) else np.nan
    trend = [GROWTHS.index(recipe.growth), recipe.changepoints, recipe.changepoint_range, recipe.changepoint_prior,
             recipe.floor, cap]  # fmt: skip
    return fit_prophet(
        np.ascontiguousarray(panel.y, np.float64), clock, panel.indptr.astype(np.int64), codes.astype(np.int64),
        np.ascontiguousarray(np.nan_to_num(days.rows)), columns, np.array(trend, np.float64),
        np.array([s.period * DAY for s in terms.seasonalities], np.float64),
        np.array([s.order for s in terms.seasonalities], np.int64), terms.priors(recipe),
        terms.multiplies.astype(np.int64), threads(HEAVY * len(panel.y)),
    )  # fmt: skip


def _columns(recipe: Prophet, panel: Panel, spans: Spans) -> tuple[np.ndarray, dict[int, str]]:
    """Regressors and the cap, (rows, columns), without holes inside the series; in which series there were some."""
    names = recipe.columns
    table = np.zeros((len(panel), len(names)))
    notes: dict[int, list[str]] = {}
    known = ~np.isnan(spans.values)
    for k, name in enumerate(names):
        table[:, k] = panel.column(name)
        for i in np.unique(panel.owner[np.isnan(table[:, k])]).tolist():
            rows = np.arange(panel.indptr[i], panel.indptr[i + 1])
            at = rows[known[rows]]
            inside = slice(at[0], at[-1] + 1) if len(at) else slice(0, 0)
            if np.isnan(table[inside, k]).any():
                notes.setdefault(i, []).append(repr(name))
                table[inside, k] = np.nan_to_num(interpolated(table[inside, k]))
    said = {i: f"{name_of(panel, i)}: missing values of {', '.join(found)} were interpolated for the fit."
            for i, found in notes.items()}  # fmt: skip
    return table, said


def _numbers(table: np.ndarray, recipe: Prophet, terms: Terms) -> State:
    """The memory of the model, (series, k) each."""
    count, regressors = max(recipe.changepoints, 0), len(terms.regressors)
    found = dict(zip(NUMBERS, table[:, : len(NUMBERS), None].transpose(1, 0, 2), strict=True))
    sizes = np.cumsum([len(NUMBERS), count, count, terms.count, regressors])
    changes, rates, weights, middle, width = np.split(table, sizes, axis=1)[1:]
    placed = (changes > 0).sum(axis=1, keepdims=True)
    if count == 0:
        changes = rates = np.zeros((len(table), 1))
    logistic = recipe.growth == "logistic"
    with np.errstate(all="ignore"):
        offsets = logistic_offsets(found["rate"], found["offset"], rates, changes) if logistic else -rates * changes
    unsure = np.concatenate([found.pop(n) for n in ("end", "turn", "slope")], axis=1)
    del found["posterior"], found["linearised"]
    numbers = found | {"unsure": unsure} | {
        "floor": np.full((len(table), 1), recipe.floor if logistic else 0.0),
        "changes": changes, "rates": rates, "offsets": offsets, "weights": weights, "middle": middle, "width": width,
        "turning": turning(rates, np.maximum(placed, 1), recipe.growth),
    }  # fmt: skip
    return named(numbers, recipe, terms)


def _why(recipe: Prophet, panel: Panel, columns: np.ndarray, i: int) -> str:
    rows = slice(panel.indptr[i], panel.indptr[i + 1])
    known = np.isfinite(panel.y[rows])
    cap = columns[rows, -1] if isinstance(recipe.cap, str) else np.full(len(known), recipe.cap, np.float64)
    if recipe.growth == "logistic" and not (cap[known] > recipe.floor).all():
        return "the cap must be greater than the floor"
    return "it found no finite numbers"
