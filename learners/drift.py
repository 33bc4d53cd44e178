"""RandomWalkWithDrift: the last value, and on along the line from the first value to the last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from learners.attribution import HISTORY, Attribution, Feature
from learners.bands import check_levels
from learners.learner import Learner, Model
from learners.spread import spread, strayed, supposed
from learners.student import student_bands


@dataclass(frozen=True)
class RandomWalkWithDrift(Learner):
    """The last value plus the mean change of a row, for ever; a single value is repeated.

    `levels` asks for bands in percent, which hold that the drift is estimated as well. Source: Hyndman &
    Athanasopoulos, Forecasting: Principles and Practice, 5.2 and 5.5.
    """

    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> DriftModel:
        check_levels(self.levels)
        return DriftModel(tuple(self.levels))


@dataclass(frozen=True, eq=False)
class DriftModel(Model):
    """Memory: the first known value, the last one, the rows between them and the rows since the last; for bands the
    spread of the changes of one row around the drift."""

    levels: tuple[float, ...] = ()

    @property
    def needs(self) -> Needs:
        return Needs()

    def memory(self, panel: Panel) -> State:
        at = np.flatnonzero(np.isfinite(panel.y))
        known = np.bincount(panel.owner[at], minlength=panel.count)
        full, ends = known > 0, np.cumsum(known)
        first, last = np.full(panel.count, np.nan), np.full(panel.count, np.nan)
        between, since = np.zeros(panel.count), np.zeros(panel.count)
        begin, end = at[(ends - known)[full]], at[ends[full] - 1]
        first[full], last[full] = panel.y[begin], panel.y[end]
        between[full], since[full] = end - begin, panel.indptr[1:][full] - 1 - end
        named = {"first": first, "last": last, "between": between, "since": since}
        if self.levels:
            drift = (last - first) / np.maximum(between, 1.0)
            named |= {"deviation": self._spread(panel, at, drift), "errors": np.maximum(known - 2.0, 0.0)}
        return {f"drift.{name}": values[:, None] for name, values in named.items()}

    def _spread(self, panel: Panel, at: np.ndarray, drift: np.ndarray) -> np.ndarray:
        """The deviation (series,) of the changes between the known rows `at` around the drift, which takes one of
        their number away."""
        errors = np.full(len(panel), np.nan)
        before, after = at[:-1], at[1:]
        same = panel.owner[before] == panel.owner[after]
        before, after = before[same], after[same]
        rows = after - before
        changes = panel.y[after] - panel.y[before] - rows * drift[panel.owner[after]]
        errors[after] = changes / np.sqrt(rows)
        deviation, changes = spread(panel, errors)
        lost = np.where(changes > 1.0, changes / np.maximum(changes - 1.0, 1.0), 0.0)
        return (deviation * np.sqrt(lost))[:, 0]

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """The last value, against the mean of the series, and the drift since."""
        forecast, last = self.predict(state, future)["forecast"], state["drift.last"]
        usual = typical["target"][:, None]
        parts = {Feature("last value", "last value", HISTORY): last - usual,
                 Feature("drift", "drift", HISTORY): forecast - last}  # fmt: skip
        return Attribution.of(forecast, usual, parts, "The base is the mean of each series.")

    def remember(self, state: State, now: State) -> State:
        y, first, last = now["target"][:, None], state["drift.first"], state["drift.last"]
        between, since = state["drift.between"], state["drift.since"]
        xp = namespace(y, first)
        seen, begun = xp.isfinite(y), ~xp.isnan(first)
        later = xp.where(begun, since + 1.0, 0.0)  # rows from the last known value to this one
        kept = {
            "drift.first": xp.where(begun | ~seen, first, y),
            "drift.last": xp.where(seen, y, last),
            "drift.between": xp.where(seen, between + later, between),
            "drift.since": xp.where(seen, 0.0, later),
        }
        if not self.levels:
            return kept
        # The drift so far strays as well: its variance is that of one row / between.
        unit = xp.sqrt(later * (1.0 + later / xp.maximum(between, 1.0)))
        change = y - last - later * (last - first) / xp.maximum(between, 1.0)
        error = xp.where(between > 0.0, change / xp.maximum(unit, 1.0), xp.nan)
        deviation, errors = strayed(state["drift.deviation"], state["drift.errors"], error)
        return kept | {"drift.deviation": deviation, "drift.errors": errors}

    def predict(self, state: State, future: State) -> State:
        last, between = state["drift.last"], state["drift.between"]
        xp = namespace(last)
        rows = xp.maximum(between, 1.0)
        slope = (last - state["drift.first"]) / rows
        ahead = state["drift.since"] + np.arange(1.0, future["time"].shape[1] + 1)[None, :]
        forecast = last + slope * ahead
        if not self.levels:
            return {"forecast": forecast}
        deviation, freedom = supposed(state["drift.deviation"], state["drift.errors"], last)
        deviation = deviation * xp.sqrt(ahead * (1.0 + ahead / rows))
        return {"forecast": forecast} | student_bands(forecast, deviation, freedom, self.levels)
