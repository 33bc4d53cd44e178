"""HolidayTable: what Holidays says about every day of a span, as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.clock import DAY
from featurizers.featurizer import Featurizer, Needs
from featurizers.panel import UNKNOWN, Panel

_GAP = -2.0  # stands for NaN while equal rows are found


@dataclass(frozen=True, eq=False)
class HolidayTable(Featurizer):
    """Columns of `Holidays`, looked up by the row's day; it needs the holidays package no more.

    Day number `first + i` (since 1970) shows `rows[index[i]]`; any day outside the span shows the last of `rows`:
    NaN, and UNKNOWN in columns of codes.
    """

    columns: tuple[str, ...]
    coded: tuple[int, ...]  # the columns that are codes of `levels`: 0 is no holiday
    levels: Mapping[str, tuple[str, ...]]  # column -> its names, "" first
    first: int
    index: np.ndarray  # (days,) int64
    rows: np.ndarray  # (different days + 1, columns) float64
    shift: int = 0  # seconds added to a stamp before its day is read
    places: tuple[str, ...] = ()  # whose holidays each column tells of

    @classmethod
    def of_days(cls, first: int, days: np.ndarray, levels: Mapping[str, tuple[str, ...]], columns: tuple[str, ...],
                shift: int, places: tuple[str, ...] = ()) -> HolidayTable:  # fmt: skip
        """Pack `days` (days, columns), in which most rows are alike."""
        coded = tuple(i for i, name in enumerate(columns) if name in levels)
        rows, index = np.unique(np.where(np.isnan(days), _GAP, days), axis=0, return_inverse=True)
        outside = np.where(np.isin(np.arange(len(columns)), coded), UNKNOWN, np.nan)
        rows = np.concatenate([np.where(rows == _GAP, np.nan, rows), outside[None, :]])
        return cls(columns, coded, dict(levels), first, index.ravel().astype(np.int64), rows, shift, places)

    @property
    def needs(self) -> Needs:
        return Needs()

    def names(self) -> list[str]:
        return list(self.columns)

    def sources(self) -> list[tuple[str, str]]:
        places = self.places or ("",) * len(self.columns)
        return [(f"holiday {place}".strip(), "holiday") for place in places]

    @property
    def categorical(self) -> tuple[int, ...]:
        return self.coded

    def transform(self, panel: Panel) -> np.ndarray:
        values: np.ndarray = self._found(panel.clock())
        return values

    def step(self, state: State, now: State) -> Array:
        return self._found(now["time"])

    def _found(self, seconds: Array) -> Array:
        xp, last = namespace(seconds), len(self.index) - 1
        at = (seconds + self.shift) // DAY - self.first
        place = xp.take(xp.asarray(self.index), xp.clip(at, 0, last), axis=0)
        place = xp.where((at < 0) | (at > last), len(self.rows) - 1, place)
        return xp.take(xp.asarray(self.rows), place, axis=0)
