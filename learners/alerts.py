"""Alerts: what a forecast says of the panel that it goes on from, and of what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from featurizers.findings import Finding
from featurizers.panel import Panel
from featurizers.rows import stamp

if TYPE_CHECKING:
    from learners.learner import Model

_WRONG = {
    "no_forecast": "{} has no forecast at some steps (NaN): either the model does not know this series and learns each "
    "one by itself, or too little of what it looks at is known. Otherwise(learner, SeasonalNaive(...)) falls back to "
    "another.",
    "infinite_forecast": "{} has forecasts or bands beyond all numbers (infinite): the learner ran away from its "
    "history. Bounded(learner, horizon) holds it to what that supports.",
    "no_bands": "{} has forecasts without bands at some steps (NaN): what made them has none of its own "
    "there. Conformal(learner, on) gives bands to every series.",
}


def lost(panel: Panel, outputs: Mapping[str, np.ndarray]) -> list[Finding]:
    """The series whose `outputs`, (series, horizon) each, are not all numbers."""
    nothing, found = np.isnan(outputs["forecast"]), []
    wrong = {
        "no_forecast": nothing,
        "infinite_forecast": np.any([np.isinf(values) for values in outputs.values()], axis=0),
        "no_bands": np.any([np.isnan(values) & ~nothing for values in outputs.values()], axis=0),
    }
    for kind, places in wrong.items():
        for i in np.flatnonzero(places.any(axis=1)).tolist():
            text = _WRONG[kind].format(panel.name(i) or "The series")
            found.append(Finding(kind, "alerted", text, panel.name(i)))
    return found


def strange(model: Model, panel: Panel) -> list[Finding]:
    """How `panel` does not go on from what `model` learned from: rows of another frequency; rows between, or before,
    that are not there; an earlier end."""
    if model.origin is None:
        return []
    tail = model.origin.tail
    if panel.freq != tail.freq:
        text = f"The panel has a row every {panel.freq}, but the model learned from a row every {tail.freq}."
        return [Finding("other_frequency", "alerted", text)]
    if list(panel.ids.columns) != list(tail.ids.columns):  # of other series, which a model on windows forecasts too
        return []
    at = np.arange(panel.count) if panel.ids.equals(tail.ids) else tail.find(panel.ids)
    series = np.flatnonzero((at >= 0) & (panel.lengths > 0))
    series = series[tail.lengths[at[series]] > 0]
    at = at[series]
    begun, ended = tail.times[tail.indptr[at]], tail.last[at]  # of the rows of training that the model looks back on
    first, last, size = panel.times[panel.indptr[series]], panel.last[series], panel.lengths[series]
    between, lookback = _between(panel, ended, first), model.needs.lookback

    def told(
        kind: str, where: np.ndarray, at: np.ndarray, sentence: Callable[[int], str], count: np.ndarray
    ) -> list[Finding]:
        found = []
        for i in np.flatnonzero(where).tolist():
            label, text = panel.name(int(series[i])), sentence(i)
            text = f"{label}: {text}" if label else text[:1].upper() + text[1:]
            found.append(Finding(kind, "alerted", text, label, time=when(at[i]), count=int(count[i])))
        return found

    def when(time: np.datetime64) -> str:
        return stamp(time, panel.zone)

    def unseen(i: int) -> str:
        rows = "row between counts" if between[i] == 1 else f"{between[i]} rows between count"
        return (f"the model learned up to {when(ended[i])}, and the panel begins at {when(first[i])}: the {rows} as "
                "missing. Give a panel that holds what came between.")  # fmt: skip

    def short(i: int) -> str:
        return (f"the model looks back on {lookback} rows, but the panel has {size[i]}, from {when(first[i])} on: what "
                "came before, as in training, counts as missing. Give a panel that begins earlier.")  # fmt: skip

    def early(i: int) -> str:
        return (f"the panel ends at {when(last[i])}, but the model learned up to {when(ended[i])}: it has seen rows "
                "that it forecasts, so that its errors there say nothing of later ones.")  # fmt: skip

    return [
        *told("unseen_rows", (between > 0) & model.follows, first, unseen, between),
        *told("short_history", (size < lookback) & (first > begun), first, short, lookback - size),
        *told("early_panel", last < ended, last, early, np.ones(len(series))),
    ]


def _between(panel: Panel, ended: np.ndarray, first: np.ndarray) -> np.ndarray:
    """How many rows lie between those stamps, (series,)."""
    between = np.zeros(len(first), np.int64)
    late = first > ended
    if late.any():
        between[late] = panel.freq.steps(ended[late], first[late])[0] - 1
    return between
