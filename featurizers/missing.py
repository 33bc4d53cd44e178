"""Missing: what stands in for missing values, and a column that says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.features import Features, tagged, untagged
from featurizers.featurizer import Featurizer, Needs, chosen
from featurizers.known import Known
from featurizers.panel import Panel
from featurizers.past import Past

_HOWS = ("median", "mean", "mode", "constant", "ffill")


@dataclass(frozen=True)
class Missing(Featurizer):
    """Columns with their gaps filled, each followed by `<column>_missing` (1 where it was filled, else 0).

    `what` names numeric columns (known and static ones are taken from the row itself, past ones from the row before)
    or is a featurizer, whose columns are then filled: `Missing(Past(("temp",), (1, 24)))`. `how` is the "median",
    "mean" or "mode" of the training panel, a "constant", or "ffill": the last value that the series had, and the
    median before the first one. A column that training never saw is filled with `constant`.
    """

    what: tuple[str, ...] | Featurizer
    how: Literal["median", "mean", "mode", "constant", "ffill"] = "median"
    constant: float = 0.0
    values: tuple[float, ...] | None = None  # what stands in, one a column; found by resolve

    @property
    def needs(self) -> Needs:
        needs = self._part.needs
        if self.how != "ffill":
            return needs
        return needs | Needs(lookback=1, past=needs.ahead)  # new rows must bring their known columns to be remembered

    def names(self) -> list[str]:
        return [each for name in self._part.names() for each in (name, f"{name}_missing")]

    def sources(self) -> list[tuple[str, str]]:
        return [source for source in self._part.sources() for _ in range(2)]

    @property
    def categorical(self) -> tuple[int, ...]:
        return tuple(2 * i for i in self._part.categorical)

    def resolve(self, panel: Panel) -> Missing:
        if self.how not in _HOWS:
            raise ValueError(f"Missing values are filled by {', '.join(map(repr, _HOWS))}, not by {self.how!r}.")
        part = self.what.resolve(panel) if isinstance(self.what, Featurizer) else self._columns(panel)
        columns = part.transform(panel).T
        return replace(self, what=part, values=tuple(self._value(c[~np.isnan(c)]) for c in columns))

    def transform(self, panel: Panel) -> np.ndarray:
        values = self._part.transform(panel)
        result: np.ndarray = self._filled(values, self._carried(panel, values) if self.how == "ffill" else None)
        return result

    def step(self, state: State, now: State) -> Array:
        last = state["missing.last"] if self.how == "ffill" else None
        return self._filled(self._part.step(untagged("of", state), now), last)

    def memory(self, panel: Panel) -> State:
        memory = tagged("of", self._part.memory(panel))
        if self.how == "ffill":
            values = self._part.transform(panel)
            carried = np.concatenate([self._carried(panel, values), np.full((1, values.shape[1]), np.nan)])
            at = np.where(panel.lengths > 0, panel.indptr[1:] - 1, len(panel))
            newest = np.concatenate([values, carried[-1:]])[at]
            memory["missing.last"] = np.where(np.isnan(newest), carried[at], newest)
        return memory

    def remember(self, state: State, now: State) -> State:
        memory = tagged("of", self._part.remember(untagged("of", state), now))
        if self.how == "ffill":
            last, values = state["missing.last"], self._part.step(untagged("of", state), now)
            xp = namespace(last, values)
            memory["missing.last"] = xp.where(xp.isnan(values), last, values)
        return memory

    @property
    def _part(self) -> Featurizer:
        if self.values is None and not isinstance(self.what, Featurizer):
            raise ValueError("Missing has not seen a panel yet: call resolve(panel) first.")
        return self.what  # type: ignore[return-value]

    def _columns(self, panel: Panel) -> Features:
        names = chosen(panel, self.what)  # type: ignore[arg-type]
        for name in names:
            if name not in panel.roles:
                raise ValueError(f"Column {name!r} is not known, past or static: Missing fills only such columns.")
            if name in panel.levels:
                raise ValueError(f"Column {name!r} holds categories, not numbers: use Categories.")
        past = tuple(n for n in names if panel.roles[n] == "past")
        known = tuple(n for n in names if n not in past)
        parts = ((Known(known),) if known else ()) + ((Past(past, (1,)),) if past else ())
        return Features(parts).resolve(panel)

    def _value(self, seen: np.ndarray) -> float:
        """What stands in for a column of which training saw these values."""
        if self.how == "constant" or len(seen) == 0:
            return float(self.constant)
        if self.how == "mean":
            return float(np.mean(seen))
        if self.how == "mode":
            values, counts = np.unique(seen, return_counts=True)
            return float(values[np.argmax(counts)])
        return float(np.median(seen))

    def _carried(self, panel: Panel, values: np.ndarray) -> np.ndarray:
        """The last value of the series before each row that is not NaN, (rows, columns); NaN if there is none."""
        rows = np.arange(len(panel))[:, None]
        start = np.repeat(panel.indptr[:-1], panel.lengths)[:, None]
        seen = np.maximum.accumulate(np.where(np.isnan(values), -1, rows), axis=0)
        before = np.concatenate([np.full((1, values.shape[1]), -1), seen[:-1]])[: len(panel)]
        found = np.take_along_axis(values, np.maximum(before, 0), axis=0) if len(panel) else values
        return np.where(before >= start, found, np.nan)

    def _filled(self, values: Array, last: Array | None) -> Array:
        """Values and flags in turn, (rows, 2 * columns)."""
        if self.values is None:
            raise ValueError("Missing has not seen a panel yet: call resolve(panel) first.")
        xp = namespace(values)
        gone, filled = xp.isnan(values), values
        if last is not None:
            filled = xp.where(gone, last, values)
        columns: list[Array] = []
        for i, value in enumerate(self.values):
            column = xp.where(xp.isnan(filled[:, i]), value, filled[:, i])
            columns += [column, xp.astype(gone[:, i], xp.float64)]
        return xp.stack(columns, axis=1)
