"""Harmonic: long and several seasons as waves, what remains forecast by any learner."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.features import tagged, untagged
from featurizers.panel import Panel
from featurizers.whole import numbers, wholes
from learners.arima import AutoArima
from learners.around import Around, Holding, check_learners, reported
from learners.attribution import Attribution
from learners.bands import bounds, levels
from learners.components import own
from learners.harmonic_fit import MOST, SAMPLE, Wave, chosen, fitted, pressed, table, waves_of, width
from learners.learner import Learner
from learners.located import locate
from learners.triangle import CHUNK

PLAIN = AutoArima()
Orders = tuple[int, ...] | None

# Learners of a panel ask for the same waves, and what they then learn from is one panel for all of them:
_FOUND: WeakKeyDictionary[Panel, dict[Any, tuple[HarmonicModel, Panel]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Harmonic(Holding):
    """`learner` learns and forecasts the target without its `seasons`, each described by `order` sines and cosines.

    Seasons are in rows and need not be whole: 168 and 8766 for hours, 365.25 for days. The waves of each series are
    fitted beside a straight line (which stays in the remainder) by least squares of y[t] - r y[t-1], where r is the
    autocorrelation that the fit leaves; rows that are missing do not count. Without `order` each season has as many
    waves as AICc, added up over the series, finds best, ten at most. A series shorter than two of a season does
    without it, and the report names it. Bands are those of `learner`, widened by what is not known of the waves.
    Waves go on for ever as they are, so that no horizon is too long for them. Seasons that multiply:
    Transformed(Harmonic(...), Log1p()). A series that was not in training has no waves.
    Sources: Young, Pedregal & Tych (1999), Dynamic harmonic regression, Journal of Forecasting 18; Prais & Winsten
    (1954), Trend estimators and serial correlation.
    """

    seasons: tuple[float, ...]
    order: tuple[int, ...] | int | None = None  # one for all seasons, or one for each
    learner: Learner = PLAIN

    def train(self, panel: Panel) -> HarmonicModel:
        check_learners(self, self.learner)
        seasons = numbers(self.seasons, "A season of Harmonic")
        for season in seasons:
            if season < 2:
                raise ValueError(f"A season of Harmonic is a number of rows of at least 2, not {season!r}.")
        model, without = _found(panel, seasons, self._orders(seasons))
        inner = self.learner.train(without)
        return replace(model, inner=inner, report=(*model.report, *reported(inner)))

    def _orders(self, seasons: tuple[float, ...]) -> Orders:
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
        return tagged("inner", self.inner.begun(untagged("inner", state), target))

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
        of = [season for season, k in self.waves for _ in range(width(((season, k),)))]
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
        weights, row = self._of(self.weights, at, 0.0), (begin[panel.owner] + panel.position).astype(np.float64)
        season = np.zeros(len(panel))
        for start in range(0, len(panel), CHUNK):
            part = slice(start, start + CHUNK)
            season[part] = (table(self.waves, row[part]) * weights[panel.owner[part]]).sum(axis=1)
        return panel.with_columns(**{panel.target: panel.y - season})

    def _mine(self, panel: Panel) -> State:
        at, begin = locate(panel, self.keys, self.first, self.lengths)
        row = (begin + panel.lengths - 1).astype(np.float64)
        weights, width = self._of(self.weights, at, 0.0), self._of(self.widths, at, 1.0)
        return {"harmonic.weights": weights, "harmonic.width": width, "harmonic.row": row[:, None]}

    def _of(self, values: np.ndarray, at: np.ndarray, new: float) -> np.ndarray:
        """The values of each series, `new` for one that was not in training."""
        known = values[np.maximum(at, 0)] if len(values) else np.zeros((len(at), values.shape[1]))
        return np.where(at[:, None] < 0, new, known)

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
        columns = xp.reshape(table(self.waves, xp.reshape(row, (-1,))), (-1, rows, width(self.waves)))
        return columns * weights[:, None, :]


PLACE: Any = None  # of the inner model, until it is trained


def _found(panel: Panel, seasons: tuple[float, ...], orders: Orders) -> tuple[HarmonicModel, Panel]:
    """A model for `panel` that lacks its inner one, and what that is to be trained on."""
    known = _FOUND.setdefault(panel, {})
    if (seasons, orders) not in known:
        model = _described(panel, seasons, orders)
        known[seasons, orders] = model, model.without(panel)
    return known[seasons, orders]


def _described(panel: Panel, seasons: tuple[float, ...], orders: Orders) -> HarmonicModel:
    tried = tuple((s, k) for s in dict.fromkeys(seasons) for k in range(1, MOST + 1) if 2 * k <= s)
    sample = [] if orders else pressed(panel, range(min(panel.count, SAMPLE)), tried)
    waves = waves_of(seasons, orders or chosen(sample, seasons))
    found = [fitted(one, waves) for one in sample]
    for start in range(len(sample), panel.count, SAMPLE):
        some = range(start, min(start + SAMPLE, panel.count))
        found += [fitted(one, waves) for one in pressed(panel, some, waves)]
    weights = np.array([f[0] for f in found]).reshape(panel.count, width(waves))
    widths = np.array([f[1] for f in found]).reshape(panel.count, 1)
    notes = tuple(f[2] for f in found if f[2])
    return HarmonicModel(PLACE, waves, panel.keys, _first(panel), panel.lengths, weights, widths, notes)


def _first(panel: Panel) -> np.ndarray:
    """The first stamp of each series, UTC seconds; 0 where it has none."""
    first, full = np.zeros(panel.count, np.int64), panel.lengths > 0
    first[full] = panel.times[panel.indptr[:-1][full]].astype("datetime64[s]").astype(np.int64)
    return first
