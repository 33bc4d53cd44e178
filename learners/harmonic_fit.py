"""The waves of Harmonic: their columns, how many a season has, and their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, namespace
from featurizers.panel import Panel
from learners.place import name_of
from learners.triangle import Triangle, triangles

MOST = 10  # waves of a season that are tried
SAMPLE = 50  # series that the number of waves is chosen on
EXACT = 1e-26  # of the mean square of the values: smaller errors are of rounding, and say nothing of waves
Wave = tuple[float, int]  # a season in rows, and how many rounds in it


def waves_of(seasons: tuple[float, ...], orders: Sequence[int]) -> tuple[Wave, ...]:
    """The first waves of each season, without those shorter than two rows and those that another season has already."""
    found: dict[float, Wave] = {}
    for season, order in zip(seasons, orders, strict=True):
        for k in range(1, order + 1):
            if 2 * k <= season:
                found.setdefault(round(season / k, 9), (season, k))
    return tuple(found.values())


def width(waves: tuple[Wave, ...]) -> int:
    """The number of their columns."""
    return sum(1 if 2 * k == season else 2 for season, k in waves)


def table(waves: tuple[Wave, ...], row: Array) -> Array:
    """The columns of all waves in rows (rows,): (rows, columns). The sine of every half round is 0: left out."""
    xp, parts = namespace(row), []
    for season, k in waves:
        rounds = row * (k / season)
        angle = 2 * np.pi * (rounds - xp.floor(rounds))  # small arguments: every runtime's sine is exact there
        parts += [xp.sin(angle + np.pi / 2)] + ([] if 2 * k == season else [xp.sin(angle)])
    return xp.stack(parts, axis=1) if parts else row[:, None][:, :0]


@dataclass(frozen=True, eq=False)
class Pressed:
    """A series as small as the waves of any of its seasons can be found from."""

    name: str
    rows: int
    known: int  # values
    columns: dict[Wave, list[int]]  # of each wave that may be asked for, in `triangle`
    triangle: Triangle

    def live(self, waves: tuple[Wave, ...]) -> np.ndarray:
        """Which columns of the waves are not of a season that the series is too short for, (columns,)."""
        return np.array([self.known >= 2 * wave[0] for wave in waves for _ in self.columns[wave]], bool)

    def least(self, waves: tuple[Wave, ...]) -> tuple[np.ndarray, float]:
        """The weights of the waves, beside a constant and a line, (columns,), and the sum of squared residuals."""
        live, weights = self.live(waves), np.zeros(width(waves))
        at = np.array([column for wave in waves for column in self.columns[wave]], np.int64)
        found, squares = self.triangle.least([*at[live], -2, -1])
        weights[live] = found[:-2]
        return weights, squares


def pressed(panel: Panel, some: range, waves: tuple[Wave, ...]) -> list[Pressed]:
    """Some series, for these waves and less."""
    series = [panel.y[panel.indptr[i] : panel.indptr[i + 1]] for i in some]
    last = np.cumsum([0, *(width((wave,)) for wave in waves)]).tolist()
    columns = {wave: list(range(last[i], last[i + 1])) for i, wave in enumerate(waves)}
    found = triangles(series, lambda row: table(waves, row), _shift(waves))
    return [
        Pressed(name_of(panel, i), len(y), int(np.isfinite(y).sum()), columns, triangle)
        for i, y, triangle in zip(some, series, found, strict=True)
    ]


def _shift(waves: tuple[Wave, ...]) -> np.ndarray:
    """What turns the columns of the waves in a row into those of the row before, (columns, columns)."""
    result, at = np.zeros((width(waves), width(waves))), 0
    for season, k in waves:
        cos, sin = np.cos(2 * np.pi * k / season), np.sin(2 * np.pi * k / season)
        turn = np.array([[-1.0]]) if 2 * k == season else np.array([[cos, -sin], [sin, cos]])
        result[at : at + len(turn), at : at + len(turn)] = turn
        at += len(turn)
    return result


def chosen(sample: Sequence[Pressed], seasons: tuple[float, ...]) -> tuple[int, ...]:
    """The number of waves of each season, one season after the other, by AICc added up over the series."""
    orders = [0] * len(seasons)
    for at, season in enumerate(seasons):
        best = _criterion(sample, waves_of(seasons, orders))
        for order in range(1, min(MOST, int(season // 2)) + 1):
            tried = [*orders[:at], order, *orders[at + 1 :]]
            score = _criterion(sample, waves_of(seasons, tried))
            if score < best:
                best, orders = score, tried
            elif order - orders[at] >= 2:  # two waves in vain
                break
    return tuple(orders)


def _criterion(sample: Sequence[Pressed], waves: tuple[Wave, ...]) -> float:
    k, total = width(waves) + 3, 0.0  # parameters: a constant, a line and the autocorrelation too
    for one in sample:
        n = one.triangle.pairs
        if one.rows > k + 2 and n:  # else no two values follow each other, which says nothing
            _, squares = one.least(waves)
            spread = max(squares, EXACT * float(one.triangle.target @ one.triangle.target), 1e-300) / n
            total += n * np.log(spread) + 2 * k * n / max(n - k - 1, 1)
    return total


def fitted(one: Pressed, waves: tuple[Wave, ...]) -> tuple[np.ndarray, float, str]:
    """The weights of the waves of a series, how much wider its bands are, and what is to be said of it."""
    name, known, used = one.name, one.known, int(one.live(waves).sum())
    short = dict.fromkeys(f"{season:g}" for season, _ in waves if known < 2 * season)
    note = f"{name} has {known} values, less than two seasons: Harmonic leaves out those of {', '.join(short)} rows."
    if known < used + 4:
        weights = np.zeros(width(waves))
        return weights, 1.0, note if short else f"{name} has {known} values: Harmonic gives it no season."
    weights, _ = one.least(waves)
    wider = np.sqrt((1 + used / known) / max(1 - used / known, 0.25))
    return weights, float(wider), note if short else ""
