"""Occasions: what the calendar does to days and months, taken out; what remains is forecast by any learner."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.clock import DAY
from featurizers.features import tagged, untagged
from featurizers.frequency import Frequency
from featurizers.panel import Panel
from learners.around import Around, Wrapping, inside
from learners.attribution import Attribution, Feature
from learners.learner import Learner, Model
from learners.located import locate
from learners.month_effects import composition, month_effects, monthly
from learners.year_days import WEEKDAYS, holding
from learners.year_effects import Effects, effects, plain

REACH, BRIEF = 20, 5  # years after training that the calendar goes on for; for rows shorter than a day
SMALL = 0.1  # a share below which tenths of a percent are told
DAY_OF_YEAR, TRADING = "day of the year", "trading days"

# All learners of a panel ask for the same, and what they then learn from is one panel for all of them:
_FOUND: WeakKeyDictionary[Panel, dict[tuple[str, ...] | None, tuple[OccasionsModel, Panel]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Occasions(Wrapping):
    """`learner` learns and forecasts the target as it would be without `days` of the year: "12-25", "11-Thu-4" (the
    fourth Thursday of November), "05-Mon-last", "easter-2", "*-15" and "*-last" of every month. None: those that stand
    out in training, whatever the country, see `learners.year_effects`; there may be none. Months and quarters differ in
    how many of each weekday they have ("Mon", ..., "Sun"), by leap days ("02-29") and in what they have of the days
    before Easter ("easter"), see `learners.month_effects`.

    What a day does is a share of what it would else be (or an amount, where the panel has negative values), measured
    against the same weekdays of the three weeks before and after, for each series as far as that can be told; what one
    more weekday does to a month is measured against trend and season. A row of which less than 30 % is left counts as
    missing for `learner`. The calendar goes 20 years beyond training, for rows shorter than a day 5. Rows are days,
    parts of them of 15 minutes at least, months, or two or three of these; panels of other frequencies, and series that
    were not in training, are as `learner` has them.

    >>> from learners import AutoEts
    >>> learner = Occasions(AutoEts(7), days=("12-24", "12-25", "easter+1"))
    """

    learner: Learner
    days: tuple[str, ...] | None = None

    def retrain(self, panel: Panel, before: Model | None) -> OccasionsModel:
        model, without = _found(panel, None if self.days is None else tuple(self.days))
        return replace(model, inner=self.learner.retrain(without, inside(before)))


@dataclass(frozen=True, eq=False)
class OccasionsModel(Around):
    """Memory: the effect of each day on the series, and the place of its last row in the calendar."""

    days: tuple[str, ...]
    relative: bool
    keys: dict[str, tuple[Any, ...]] = field(repr=False)  # key column -> one value a series
    first: np.ndarray = field(repr=False)  # (series,) UTC seconds of the first row
    lengths: np.ndarray = field(repr=False)  # (series,) rows in training
    start: np.ndarray = field(repr=False)  # (series,) places of the first rows in the calendar
    sizes: np.ndarray = field(repr=False)  # (series, days)
    calendar: np.ndarray = field(repr=False)  # (rows + 2,) which of `shapes` each row has; the first and last have none
    shapes: np.ndarray = field(repr=False)  # (kinds of rows, days), times the size

    def memory(self, panel: Panel) -> State:
        return self._mine(panel) | tagged("inner", self.inner.memory(self.without(panel)))

    def trained(self, panel: Panel) -> State:
        return self._mine(panel) | tagged("inner", self.inner.trained(self.without(panel)))

    def remember(self, state: State, now: State) -> State:
        y = now["target"][:, None]
        inner = self.inner.remember(self.within(state), now | {"target": self._plain(y, self._sum(state, 0, 1))[:, 0]})
        mine = {"occasions.sizes": state["occasions.sizes"], "occasions.row": state["occasions.row"] + 1.0}
        return mine | tagged("inner", inner)

    def begun(self, state: State, target: Array) -> State:
        return tagged("inner", self.inner.begun(untagged("inner", state), target))

    def predict(self, state: State, future: State) -> State:
        outputs = self.inner.predict(self.within(state), future)
        if not self.days:
            return outputs
        effect = self._sum(state, 0, future["time"].shape[1])
        if not self.relative:
            return {name: values + effect for name, values in outputs.items()}
        times = namespace(effect).maximum(1.0 + effect, 0.0)
        return {name: values * times for name, values in outputs.items()}

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """That of what remains, and each day that there is."""
        made = self.inner.attribute(self.within(state), future, typical)
        before = made.forecast
        if not self.days:
            return made
        effect = self._each(state, 0, before.shape[1])
        total = effect.sum(axis=2)
        least = np.maximum(total, -1.0) if self.relative else total  # days that fall together may ask for less than 0
        effect = effect * (least / np.where(total == 0.0, 1.0, total))[:, :, None]
        for i, day in enumerate(self.days):
            part = effect[:, :, i] * (before if self.relative else 1.0)
            if (part != 0.0).any():
                made = made.with_part(Feature(day, TRADING if day in WEEKDAYS else DAY_OF_YEAR, "calendar"), part)
        return made

    def within(self, state: State) -> State:
        size = self.needs.lookback
        past = state["target"][:, -size:] if size else state["target"][:, :0]
        return untagged("inner", state) | {"target": self._plain(past, self._sum(state, -size, size)) if size else past}

    def without(self, panel: Panel) -> Panel:
        """`panel` as it would be without these days."""
        if not self.days:
            return panel
        at, begin = self._places(panel)
        kind = self._kinds(begin[panel.owner] + panel.position)
        effect, some = np.zeros(len(panel)), self.shapes[kind].any(axis=1)
        effect[some] = (self.shapes[kind[some]] * self._sizes(at)[panel.owner[some]]).sum(axis=1)
        return panel.with_columns(**{panel.target: self._plain(panel.y, effect)})

    def _plain(self, values: Array, effect: Array) -> Array:
        """Values as they would be without an effect."""
        return plain(values, effect, self.relative) if self.days else values

    def _mine(self, panel: Panel) -> State:
        at, begin = self._places(panel)
        row = (begin + panel.lengths - 1).astype(np.float64)
        return {"occasions.sizes": self._sizes(at), "occasions.row": row[:, None]}

    def _places(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        """Which series of training each one of `panel` is, -1 for none, and the place of its first row."""
        at, begin = locate(panel, self.keys, self.first, self.lengths)
        return at, begin + (np.where(at < 0, 0, self.start[at]) if len(self.start) else 0)

    def _sizes(self, at: np.ndarray) -> np.ndarray:
        """The effects on these series, none for one that was not in training."""
        known = self.sizes[np.maximum(at, 0)] if len(self.sizes) else np.zeros((len(at), len(self.days)))
        return np.where(at[:, None] < 0, 0.0, known)

    def _kinds(self, row: Array) -> Array:
        """Which of `shapes` rows of the calendar have."""
        xp = namespace(row)
        return xp.take(xp.asarray(self.calendar), xp.clip(row + 1, 0, len(self.calendar) - 1), axis=0)

    def _sum(self, state: State, start: int, rows: int) -> Array:
        """The effect in so many rows, from `start` rows after the next one on, (series, rows)."""
        if not self.days:
            return state["occasions.row"] * 0.0 + np.zeros(rows)[None, :]
        each = self._each(state, start, rows)
        return namespace(each).sum(each, axis=2)

    def _each(self, state: State, start: int, rows: int) -> Array:
        """The effect of each day in these rows, (series, rows, days)."""
        row = state["occasions.row"] + np.arange(start + 1.0, start + rows + 1.0)[None, :]
        xp = namespace(row)
        kind = self._kinds(xp.astype(xp.reshape(row, (-1,)), np.int64))
        shape = xp.reshape(xp.take(xp.asarray(self.shapes), kind, axis=0), (-1, rows, len(self.days)))
        return shape * state["occasions.sizes"][:, None, :]


PLACE: Any = None  # of the inner model, until it is trained


def standing_out(panel: Panel) -> tuple[str, ...]:
    """The days of the year that stand out."""
    return _found(panel, None)[0].days


def taken_out(model: Model) -> dict[str, str]:
    """The days of the year that a model takes out, and the mean of what they do to the series, in words."""
    if not isinstance(model, OccasionsModel):
        return {day: told for part in model.parts for day, told in taken_out(part).items()}
    sizes = zip(model.days, model.sizes.mean(axis=0).tolist(), strict=True)
    if not model.relative:
        return {day: f"{size:+.4g}" for day, size in sizes}
    return {day: f"{size:+.1%}" if abs(size) < SMALL else f"{size:+.0%}" for day, size in sizes}


def _found(panel: Panel, days: tuple[str, ...] | None) -> tuple[OccasionsModel, Panel]:
    """A model for `panel` that lacks its inner one, and what that is to be trained on."""
    known = _FOUND.setdefault(panel, {})
    if days not in known:
        known[days] = _described(panel, (month_effects if monthly(panel.freq) else effects)(panel, days))
    return known[days]


def _described(panel: Panel, found: Effects) -> tuple[OccasionsModel, Panel]:
    full = panel.lengths > 0
    stamps = panel.times[panel.indptr[:-1][full]].astype("datetime64[s]")
    first, start = np.zeros(panel.count, np.int64), np.zeros(panel.count, np.int64)
    calendar, shapes = np.zeros(2, np.int64), np.zeros((1, len(found.rules)))
    if full.any() and found.rules:
        first[full] = stamps.astype(np.int64)
        start[full] = panel.freq.steps(np.broadcast_to(stamps.min(), stamps.shape), stamps)[0]
        years, year = REACH if panel.freq.daily else BRIEF, panel.freq.year or panel.freq.season
        rows = int((start + panel.lengths).max() + years * year)
        clock = panel.clock(panel.freq.add(stamps.min(), np.arange(rows)))
        calendar, shapes = _calendar(clock, found, panel.freq)
    model = OccasionsModel(PLACE, found.rules, found.relative, panel.keys, first, panel.lengths, start, found.sizes,
                           calendar, shapes)  # fmt: skip
    return model, model.without(panel)


def _calendar(clock: np.ndarray, found: Effects, freq: Frequency) -> tuple[np.ndarray, np.ndarray]:
    """The kind of each row of the seconds `clock`, with one that has none before and after, and the kinds."""
    days, at = np.unique(clock // DAY, return_inverse=True)
    each = composition(found.rules, days, freq) if monthly(freq) else holding(found.rules, days)
    held = np.vstack([np.zeros((1, len(found.rules))), each])
    kinds, of_day = np.unique(held, axis=0, return_inverse=True)
    slots = found.profile.shape[1]
    shapes = (kinds[:, None, :] * found.profile.T[None, :, :]).reshape(-1, len(found.rules))
    rows = of_day.ravel()[1:][at] * slots + clock % DAY // (DAY // slots)
    return np.concatenate([[0], rows, [0]]).astype(np.int64), shapes
