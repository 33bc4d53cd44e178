"""The series of a panel as an ARIMA fit sees them: each in units of its own, and what it finds in theirs again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from featurizers.arrays import State
from featurizers.panel import Panel
from learners.local import interpolated
from learners.place import name_of
from learners.spans import Spans

SHORTEST = 4  # values that a difference, a weight and a variance need


@dataclass(frozen=True, eq=False)
class Scaled:
    """The `learnable` series of a panel one behind the other, from the first known value to the last, with mean 0 and
    deviation 1; so are their columns, those that say nothing are 0 and have width 0."""

    panel: Panel
    spans: Spans
    learnable: np.ndarray  # (series,), whether there is anything to fit
    y: np.ndarray  # (rows,), NaN where missing
    x: np.ndarray  # (rows, columns)
    indptr: np.ndarray  # (learnable + 1,)
    center: np.ndarray  # (learnable,)
    scale: np.ndarray  # (learnable,)
    middle: np.ndarray  # (learnable, columns)
    width: np.ndarray  # (learnable, columns)
    notes: dict[int, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, panel: Panel, columns: tuple[str, ...]) -> Scaled:
        spans = Spans.of(panel)
        learnable = spans.learnable(SHORTEST)
        at = np.flatnonzero(learnable)
        sizes = spans.rows[at]
        indptr = np.concatenate([[0], np.cumsum(sizes)])
        row = np.arange(indptr[-1]) + np.repeat(spans.begin[at] - indptr[:-1], sizes)
        y, center, scale = _standard(spans, at, spans.values[row], indptr)
        x = np.stack([panel.column(name)[row].astype(np.float64) for name in columns] or [np.zeros((0, len(y)))], -1)
        shape = (len(at), len(columns))
        x = np.ascontiguousarray(x.reshape(len(y), len(columns)))
        made = cls(panel, spans, learnable, y, x, indptr, center, scale, np.zeros(shape), np.zeros(shape))
        if columns:
            for j, i in enumerate(at.tolist()):
                made._scale_columns(j, i)
        return made

    def _scale_columns(self, j: int, i: int) -> None:
        """Scales the columns of series `i`, the `j`-th of those that are learnable."""
        inside = slice(self.indptr[j], self.indptr[j + 1])
        table = np.stack([interpolated(column) for column in self.x[inside].T], 1)
        if self.spans.known[i] > 2 * table.shape[1] + SHORTEST:
            with np.errstate(all="ignore"):
                middle, width = np.nan_to_num(table.mean(axis=0)), np.nan_to_num(table.std(axis=0))
            self.middle[j], self.width[j] = middle, np.where(width > 1e-12 * np.abs(middle), width, 0.0)
        used = self.width[j] > 0
        self.x[inside] = 0.0
        self.x[inside, used] = (table[:, used] - self.middle[j, used]) / self.width[j, used]
        if not used.all():
            out = f"{int((~used).sum())} of {len(used)} columns"
            self.note(i, f"{self.name(i)}: {out} do not vary (or the series is too short) and are left out.")

    @property
    def at(self) -> np.ndarray:
        """Where in the panel the learnable series are."""
        return np.flatnonzero(self.learnable)

    @property
    def gaps(self) -> int:
        """The gaps of the series that has most."""
        if (self.spans.known == self.spans.rows).all():
            return 0
        missing = np.isnan(self.spans.values)
        begin = np.flatnonzero(missing[1:] & ~missing[:-1]) + 1
        owner = self.panel.owner[begin]
        inside = (begin > self.spans.begin[owner]) & (begin < (self.spans.begin + self.spans.rows)[owner])
        return int(np.bincount(owner[inside]).max(initial=0))

    def name(self, i: int) -> str:
        return name_of(self.panel, i)

    def note(self, i: int, text: str) -> None:
        """Remembers what is to be said of series `i`."""
        self.notes.setdefault(i, []).append(text)

    def report(self) -> list[str]:
        """What is to be said of each series."""
        return [" ".join(self.notes[i]) for i in sorted(self.notes)]

    def numbers(
        self, found: State, slopes: np.ndarray, mean: np.ndarray, fits: np.ndarray, why: Mapping[int, str]
    ) -> State:
        """The numbers of all series, (series, k) each, in their own units, from those `found` of the learnable ones.

        A random walk where nothing can be learned, or where nothing `fits` (learnable,): `why` says so of some, by
        their place. `slopes` (learnable, columns) and `mean` (learnable,) are in the units of `y`.
        """
        fits = fits.copy()
        for values in (*found.values(), slopes):
            fits &= np.isfinite(values).all(axis=1)
        slopes = np.divide(slopes * self.scale[:, None], self.width, out=np.zeros(slopes.shape), where=self.width > 0)
        center = self.center + mean * self.scale - (slopes * self.middle).sum(axis=1)
        found = found | {"arima.center": center[:, None], "arima.scale": self.scale[:, None]}
        if slopes.shape[1]:
            found |= {"arima.slopes": slopes, "arima.middle": self.middle, "arima.width": self.width}
        for j in np.flatnonzero(~fits).tolist():
            i = int(self.at[j])
            text = f"ARIMA failed ({why.get(j, 'no finite numbers were found')}); it repeats the last value."
            self.note(i, f"{self.name(i)}: {text}")
        good = self.at[fits]
        if len(good) == self.panel.count:
            return found
        return self._with_walks({n: among(v[fits], good, self.panel.count) for n, v in found.items()}, good)

    def _with_walks(self, tables: State, good: np.ndarray) -> State:
        """`tables` with random walks in the rows of all series but those in `good`."""
        for i in np.setdiff1d(np.arange(self.panel.count), good).tolist():
            begin = self.spans.begin[i]
            values = self.spans.values[begin : begin + self.spans.rows[i]]
            for name, own in walk(values[~np.isnan(values)]).items():
                tables[name][i, : len(own)] = own
            if not self.learnable[i]:
                self.note(i, self.spans.repeating(self.panel, i, SHORTEST, "ARIMA").note)
        return tables


def _standard(
    spans: Spans, at: np.ndarray, y: np.ndarray, indptr: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The series with mean 0 and deviation 1, their means and deviations."""
    if len(at) == 0:
        return y, np.zeros(0), np.zeros(0)
    size = np.maximum(np.abs(spans.lowest[at]), np.abs(spans.highest[at]))  # else squares of huge values are lost
    lengths, known, begin = np.diff(indptr), spans.known[at], indptr[:-1]
    shares = y / np.repeat(size, lengths)
    missing = np.isnan(shares)
    mean = np.add.reduceat(np.where(missing, 0.0, shares), begin) / known
    away = shares - np.repeat(mean, lengths)
    deviation = np.sqrt(np.add.reduceat(np.where(missing, 0.0, away * away), begin) / known)
    center, scale = mean * size, deviation * size
    return (y - np.repeat(center, lengths)) / np.repeat(scale, lengths), center, scale


def among(rows: np.ndarray, at: np.ndarray, count: int, missing: float = 0.0) -> np.ndarray:
    """A table of `count` rows that has `rows` in its places `at`, and `missing` in others."""
    table = np.full((count, *rows.shape[1:]), missing, rows.dtype)
    table[at] = rows
    return table


def walk(known: np.ndarray) -> State:
    """The numbers, (k,) each, of a random walk through the `known` values, where they are not zero: its forecast is the
    last one, and the steps so far make its bands.

    Of a single value nothing but its size can be told (see `learners.spread.supposed`).
    """
    one = np.ones(1)
    steps = np.abs(np.diff(known)) if len(known) > 1 else np.abs(known)
    largest = float(steps.max(initial=0.0))
    scale = largest * float(np.sqrt(np.mean(np.square(steps / largest)))) if largest > 0.0 else 1.0
    level = known[:1] if len(known) else np.full(1, np.nan)
    return {
        "arima.ar": one,
        "arima.state": level / scale,
        "arima.gain": one,
        "arima.spread": one,
        "arima.counts": one,
        "arima.variance": one if largest > 0.0 else np.zeros(1),
        "arima.freedom": np.array([max(len(known) - 1.0, 1.0)]),
        "arima.scale": np.array([scale]),
    }
