"""RandomWalkWithDrift: the last value, and on along the line from the first value to the last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from learners.learner import Learner, Model


@dataclass(frozen=True)
class RandomWalkWithDrift(Learner):
    """The last value plus the mean change of a row, for ever; a single value is repeated.

    Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 5.2.
    """

    def train(self, panel: Panel) -> DriftModel:
        return DriftModel()


@dataclass(frozen=True, eq=False)
class DriftModel(Model):
    """Memory: the first known value, the last one, the rows between them and the rows since the last."""

    @property
    def needs(self) -> Needs:
        return Needs()

    def memory(self, panel: Panel) -> State:
        at = np.flatnonzero(~np.isnan(panel.y))
        known = np.bincount(panel.owner[at], minlength=panel.count)
        full, ends = known > 0, np.cumsum(known)
        first, last = np.full(panel.count, np.nan), np.full(panel.count, np.nan)
        between, since = np.zeros(panel.count), np.zeros(panel.count)
        begin, end = at[(ends - known)[full]], at[ends[full] - 1]
        first[full], last[full] = panel.y[begin], panel.y[end]
        between[full], since[full] = end - begin, panel.indptr[1:][full] - 1 - end
        named = {"first": first, "last": last, "between": between, "since": since}
        return {f"drift.{name}": values[:, None] for name, values in named.items()}

    def remember(self, state: State, now: State) -> State:
        y, first, last = now["target"][:, None], state["drift.first"], state["drift.last"]
        between, since = state["drift.between"], state["drift.since"]
        xp = namespace(y, first)
        missing, begun = xp.isnan(y), ~xp.isnan(first)
        later = xp.where(begun, since + 1.0, 0.0)  # rows from the last known value to this one
        return {
            "drift.first": xp.where(begun, first, y),
            "drift.last": xp.where(missing, last, y),
            "drift.between": xp.where(missing, between, between + later),
            "drift.since": xp.where(missing, later, 0.0),
        }

    def predict(self, state: State, future: State) -> State:
        last, between = state["drift.last"], state["drift.between"]
        xp = namespace(last)
        slope = (last - state["drift.first"]) / xp.maximum(between, 1.0)
        ahead = np.arange(1.0, future["time"].shape[1] + 1)[None, :]
        return {"forecast": last + slope * (state["drift.since"] + ahead)}
