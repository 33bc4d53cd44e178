"""Harmonic: long and several seasons as waves, what remains forecast by any learner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.features import tagged, untagged
from featurizers.panel import Panel
from featurizers.whole import wholes
from learners.arima import AutoArima
from learners.around import Around, Holding, check_learners, reported
from learners.attribution import Attribution
from learners.bands import bounds, levels
from learners.components import own
from learners.learner import Learner
from learners.located import locate
from learners.place import name_of
from learners.triangle import CHUNK, Triangle, triangles

PLAIN = AutoArima()
MOST = 10  # waves of a season that are tried
SAMPLE = 50  # series that the number of waves is chosen on
EXACT = 1e-26  # of the mean square of the values: smaller errors are of rounding, and say nothing of waves
Wave = tuple[float, int]  # a season in rows, and how many rounds in it


@dataclass(frozen=True)
class Harmonic(Holding):
    """`learner` learns and forecasts the target without its `seasons`, each described by `order` sines and cosines.

    Seasons are in rows and need not be whole: 168 and 8766 for hours, 365.25 for days. The waves of each series are
    fitted beside a straight line (which stays in the remainder) by least squares of y[t] - r y[t-1], where r is the
    autocorrelation that the fit leaves; rows that are missing do not count. Without `order` each season has as many
    waves as AICc, added up over the series, finds best, ten at most. A series shorter than two of a season does
    without it, and the report names it. Bands are those of `learner`, widened by what is not known of the waves.
    Waves go on for ever as they are, so that no horizon is too long for them. Seasons that multiply:
    Transformed(Harmonic(...), Log1p()). A series that was not in training has no forecast.
    Sources: Young, Pedregal & Tych (1999), Dynamic harmonic regression, Journal of Forecasting 18; Prais & Winsten
    (1954), Trend estimators and serial correlation.
    """

    seasons: tuple[float, ...]
    order: tuple[int, ...] | int | None = None  # one for all seasons, or one for each
    learner: Learner = PLAIN

    def train(self, panel: Panel) -> HarmonicModel:
        check_learners(self, self.learner)
        seasons = tuple(float(s) for s in (self.seasons if isinstance(self.seasons, tuple | list) else (self.seasons,)))
        for season in seasons:
            if not 2 <= season < float("inf"):
                raise ValueError(f"A season of Harmonic is a number of rows of at least 2, not {season!r}.")
        orders = self._orders(seasons)
        tried = tuple((s, k) for s in dict.fromkeys(seasons) for k in range(1, MOST + 1) if 2 * k <= s)
        sample = [] if orders else _pressed(panel, range(min(panel.count, SAMPLE)), tried)
        waves = waves_of(seasons, orders or chosen(sample, seasons))
        found = [_fitted(one, waves) for one in sample]
        for start in range(len(sample), panel.count, SAMPLE):
            some = range(start, min(start + SAMPLE, panel.count))
            found += [_fitted(one, waves) for one in _pressed(panel, some, waves)]
        weights = np.array([f[0] for f in found]).reshape(panel.count, _columns(waves))
        widths = np.array([f[1] for f in found]).reshape(panel.count, 1)
        notes = tuple(f[2] for f in found if f[2])
        model = HarmonicModel(PLACE, waves, panel.keys, _first(panel), panel.lengths, weights, widths, notes)
        inner = self.learner.train(model.without(panel))
        return replace(model, inner=inner, report=(*notes, *reported(inner)))

    def _orders(self, seasons: tuple[float, ...]) -> tuple[int, ...] | None:
        if self.order is None:
            return None
        orders = wholes(self.order, "Each order of Harmonic")
        orders = orders if isinstance(self.order, tuple | list) else orders * len(seasons)
        if len(orders) != len(seasons):
            raise ValueError(f"Harmonic needs one order, or one for each of its seasons {seasons}, not {self.order!r}.")
        return orders


@dataclass(frozen=True, eq=False)
class HarmonicModel(Around):
    """Memory: the weights of the waves of each series, how much wider its bands are, and its last row, counted from its
    first one in training."""

    waves: tuple[Wave, ...]
    keys: dict[str, tuple[Any, ...]]  # key column -> one value a series
    first: np.ndarray = field(repr=False)  # (series,) UTC seconds of row 0
    lengths: np.ndarray = field(repr=False)  # (series,) rows in training
    weights: np.ndarray = field(repr=False)  # (series, columns of the waves)
    widths: np.ndarray = field(repr=False)  # (series, 1)
    report: tuple[str, ...] = ()

    def memory(self, panel: Panel) -> State:
        return self._mine(panel) | tagged("inner", self.inner.memory(self.without(panel)))

    def trained(self, panel: Panel) -> State:
        return self._mine(panel) | tagged("inner", self.inner.trained(self.without(panel)))

    def remember(self, state: State, now: State) -> State:
        season = self._sum(state, 0, 1)
        inner = self.inner.remember(self.within(state), now | {"target": now["target"] - season[:, 0]})
        mine = {name: state[name] for name in ("harmonic.weights", "harmonic.width")}
        return mine | {"harmonic.row": state["harmonic.row"] + 1.0} | tagged("inner", inner)

    def begun(self, state: State, target: Array) -> State:
        return {}  # a series without waves has no forecast

    def predict(self, state: State, future: State) -> State:
        season = self._sum(state, 0, future["time"].shape[1])
        outputs = self.inner.predict(self.within(state), future)
        middle = outputs["forecast"]
        result = {"forecast": middle + season}
        for level in levels(outputs):
            for name in bounds(level):
                result[name] = middle + state["harmonic.width"] * (outputs[name] - middle) + season
        return result

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """That of what remains, and each season."""
        made = self.inner.attribute(self.within(state), future, typical)
        waves = self._waves(state, 0, future["time"].shape[1]) if self.waves else np.zeros((*made.forecast.shape, 0))
        of = [season for season, k in self.waves for _ in range(_columns(((season, k),)))]
        for season in dict.fromkeys(of):
            mine = [i for i, one in enumerate(of) if one == season]
            made = made.with_part(own(f"season of {season:g} rows"), waves[:, :, mine].sum(axis=2))
        return made

    def within(self, state: State) -> State:
        size = self.needs.lookback
        past = state["target"][:, -size:] - self._sum(state, -size, size) if size else state["target"][:, :0]
        return untagged("inner", state) | {"target": past}

    def without(self, panel: Panel) -> Panel:
        """`panel` without the waves of its series."""
        at, begin = locate(panel, self.keys, self.first, self.lengths)
        weights, row = self._of(self.weights, at), (begin[panel.owner] + panel.position).astype(np.float64)
        season = np.zeros(len(panel))
        for start in range(0, len(panel), CHUNK):
            part = slice(start, start + CHUNK)
            season[part] = (table(self.waves, row[part]) * weights[panel.owner[part]]).sum(axis=1)
        return panel.with_columns(**{panel.target: panel.y - season})

    def _mine(self, panel: Panel) -> State:
        at, begin = locate(panel, self.keys, self.first, self.lengths)
        row = (begin + panel.lengths - 1).astype(np.float64)
        weights, width = self._of(self.weights, at), self._of(self.widths, at)
        return {"harmonic.weights": weights, "harmonic.width": width, "harmonic.row": row[:, None]}

    def _of(self, values: np.ndarray, at: np.ndarray) -> np.ndarray:
        """The values of each series, NaN for one that was not in training."""
        known = values[np.maximum(at, 0)] if len(values) else np.zeros((len(at), values.shape[1]))
        return np.where(at[:, None] < 0, np.nan, known)

    def _sum(self, state: State, start: int, rows: int) -> Array:
        """The sum of the waves in so many rows, from `start` rows after the next one on, (series, rows)."""
        if not self.waves:  # no season was found
            return state["harmonic.row"] * 0.0 + np.zeros(rows)[None, :]
        waves = self._waves(state, start, rows)
        return namespace(waves).sum(waves, axis=2)

    def _waves(self, state: State, start: int, rows: int) -> Array:
        """The waves in these rows, (series, rows, columns)."""
        row = state["harmonic.row"] + np.arange(start + 1.0, start + rows + 1.0)[None, :]
        xp, weights = namespace(row), state["harmonic.weights"]
        columns = xp.reshape(table(self.waves, xp.reshape(row, (-1,))), (-1, rows, _columns(self.waves)))
        return columns * weights[:, None, :]


PLACE: Any = None  # of the inner model, until it is trained


def waves_of(seasons: tuple[float, ...], orders: Sequence[int]) -> tuple[Wave, ...]:
    """The first waves of each season, without those shorter than two rows and those that another season has already."""
    found: dict[float, Wave] = {}
    for season, order in zip(seasons, orders, strict=True):
        for k in range(1, order + 1):
            if 2 * k <= season:
                found.setdefault(round(season / k, 9), (season, k))
    return tuple(found.values())


def _columns(waves: tuple[Wave, ...]) -> int:
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
        live, weights = self.live(waves), np.zeros(_columns(waves))
        at = np.array([column for wave in waves for column in self.columns[wave]], np.int64)
        found, squares = self.triangle.least([*at[live], -2, -1])
        weights[live] = found[:-2]
        return weights, squares


def _pressed(panel: Panel, some: range, waves: tuple[Wave, ...]) -> list[Pressed]:
    """Some series, for these waves and less."""
    series = [panel.y[panel.indptr[i] : panel.indptr[i + 1]] for i in some]
    last = np.cumsum([0, *(_columns((wave,)) for wave in waves)]).tolist()
    columns = {wave: list(range(last[i], last[i + 1])) for i, wave in enumerate(waves)}
    found = triangles(series, lambda row: table(waves, row), _shift(waves))
    return [
        Pressed(name_of(panel, i), len(y), int(np.isfinite(y).sum()), columns, triangle)
        for i, y, triangle in zip(some, series, found, strict=True)
    ]


def _shift(waves: tuple[Wave, ...]) -> np.ndarray:
    """What turns the columns of the waves in a row into those of the row before, (columns, columns)."""
    result, at = np.zeros((_columns(waves), _columns(waves))), 0
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
    k, total = _columns(waves) + 3, 0.0  # parameters: a constant, a line and the autocorrelation too
    for one in sample:
        n = one.triangle.pairs
        if one.rows > k + 2 and n:  # else no two values follow each other, which says nothing
            _, squares = one.least(waves)
            spread = max(squares, EXACT * float(one.triangle.target @ one.triangle.target), 1e-300) / n
            total += n * np.log(spread) + 2 * k * n / max(n - k - 1, 1)
    return total


def _first(panel: Panel) -> np.ndarray:
    """The first stamp of each series, UTC seconds; 0 where it has none."""
    first, full = np.zeros(panel.count, np.int64), panel.lengths > 0
    first[full] = panel.times[panel.indptr[:-1][full]].astype("datetime64[s]").astype(np.int64)
    return first


def _fitted(one: Pressed, waves: tuple[Wave, ...]) -> tuple[np.ndarray, float, str]:
    """The weights of the waves of a series, how much wider its bands are, and what is to be said of it."""
    name, known, used = one.name, one.known, int(one.live(waves).sum())
    short = dict.fromkeys(f"{season:g}" for season, _ in waves if known < 2 * season)
    note = f"{name} has {known} values, less than two seasons: Harmonic leaves out those of {', '.join(short)} rows."
    if known < used + 4:
        weights = np.zeros(_columns(waves))
        return weights, 1.0, note if short else f"{name} has {known} values: Harmonic gives it no season."
    weights, _ = one.least(waves)
    width = np.sqrt((1 + used / known) / max(1 - used / known, 0.25))
    return weights, float(width), note if short else ""
