"""Running leaks: known columns that add up the target over rows with its own among them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

_WINDOWS = (*range(2, 32), 48, 52, 56, 60, 84, 90, 91, 120, 168, 180, 336, 360, 364, 365)  # rows
_EARLIER = 400  # rows by which an honest column may lie behind
_ROWS, _BLOCK = 3_000, 1_000  # rows looked at, in blocks of neighbours
_FIRST = 300  # rows that most columns are ruled out by
_FEWEST, _SOME = 50, 25  # rows below which an agreement may be chance, and below which nothing is seen
_MOST = 0.9  # of the rows agree; the others may be where a sum begins anew
_CLOSE = 0.05  # of the column's changes, and of what the same sum some rows before leaves, at most


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Rows of a table, sorted, and which of them are neighbours."""

    y: np.ndarray  # the target, (rows,)
    series: np.ndarray
    at: np.ndarray  # their places in the table

    def before(self, values: np.ndarray, rows: int) -> np.ndarray:
        """The value some rows before in the same series (negative: after), NaN where there is none."""
        found, size = np.full(len(values), np.nan), abs(rows)
        if rows == 0 or size >= len(values):
            return values if rows == 0 else found
        late, early = slice(size, None), slice(None, -size)
        same = (self.series[late] == self.series[early]) & (self.at[late] - self.at[early] == size)
        if rows > 0:
            found[late] = np.where(same, values[early], np.nan)
        else:
            found[early] = np.where(same, values[late], np.nan)
        return found

    @classmethod
    def some(cls, y: np.ndarray, series: np.ndarray, at: np.ndarray) -> tuple[Neighbours, np.ndarray]:
        """At most 3,000 of the rows, and which they are: whole blocks spread evenly."""
        blocks = np.array_split(np.arange(len(y)), max(len(y) // _BLOCK, 1))
        places = np.linspace(0, len(blocks) - 1, min(len(blocks), _ROWS // _BLOCK)).astype(np.int64)
        chosen = np.concatenate([blocks[place] for place in places.tolist()])
        return cls(y[chosen], series[chosen], at[chosen]), chosen

    @cached_property
    def sums(self) -> tuple[tuple[str, np.ndarray], ...]:
        """Sums of the target that hold its own row, and what they change by."""
        found = [("changes from row to row in proportion to", self.y)]
        for width in _WINDOWS:
            for ahead in dict.fromkeys((0, (width - 1) // 2, width // 2, width - 1)):
                own = f"those up to {ahead} later" if ahead else "the row's own"
                text = f"is a sum or mean over {width} rows, {own} among them, of"
                found.append((text, self.before(self.y, -ahead) - self.before(self.y, width - ahead)))
        return tuple(found)


def running_sum(rows: Neighbours, values: np.ndarray) -> str | None:
    """What sum or mean of the target `values` (rows,) are, if their changes hold the row's own target or a later one.

    A sum up to the row changes by what comes in less what falls out. An honest one ends some rows before: it changes by
    that of an earlier row, which then fits as well or better, as it does where the target repeats itself.
    """
    change = values - rows.before(values, 1)
    told = change[np.isfinite(change)]
    if len(told) < _FEWEST or (told != 0).mean() < 0.2:
        return None
    close = _CLOSE * float(np.median(np.abs(told[told != 0])))
    for what, part in rows.sums:
        first = _apart(change, part, _FIRST)
        if (first <= close).sum() < 0.8 * len(first):
            continue
        apart = _apart(change, part)
        most = float(np.quantile(apart, _MOST)) if len(apart) >= _FEWEST else np.inf
        if most > close:
            continue
        if not _honest(rows, change, part, max(most, 1e-9 * close) / _CLOSE):
            return what
    return None


def _honest(rows: Neighbours, change: np.ndarray, part: np.ndarray, least: float) -> bool:
    """Whether a sum that ends some rows before leaves as little, or too few rows tell."""
    seen = False
    for k in range(1, _EARLIER):
        other = _apart(change, rows.before(part, k))
        if len(other) >= _SOME:
            seen = True
            if float(np.median(other)) <= least:
                return True
    return not seen


def _apart(change: np.ndarray, part: np.ndarray, most: int | None = None) -> np.ndarray:
    """How far the changes are from being a multiple of `part`, where either is not 0: in `most` rows spread evenly."""
    if most is not None:
        step = max(len(change) // most, 1)
        change, part = change[::step], part[::step]
    fine = np.isfinite(change) & np.isfinite(part) & ((change != 0) | (part != 0))
    change, part = change[fine], part[fine]
    there = part != 0
    if not there.any():
        return np.zeros(0)
    return np.asarray(np.abs(change - np.median(change[there] / part[there]) * part))
