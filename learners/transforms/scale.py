"""Scale: every series in units of its own level and spread."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.panel import Panel, positions
from featurizers.whole import whole
from featurizers.windows import quantile
from learners.transforms.transform import Transform

FLAT = 1e-12  # a spread below this part of the level is rounding: the series is constant
RECENT = 100  # rows by which quartiles are taken of a series that was not in training


@dataclass(frozen=True)
class Scale(Transform):
    """(y - location) / width: "standard" by mean and standard deviation, "robust" by median and quartile distance
    (the standard deviation where that is 0), "mean" by nothing and the mean of |y|. A constant series has width 1.

    Over "series" the two numbers are those of the training rows of each series, kept as its memory. A series that was
    not in training takes those of the history it comes with ("robust": of its last 100 rows); where the learner keeps
    more of a series than a window, `advance` leaves them as they are, and rolling forecasts measure them again.
    Over "window" they are those of the last `window` rows before the forecast, whatever the series; training then
    scales each series as a whole, and the learner inside may keep nothing of a series but a window.
    """

    how: Literal["standard", "robust", "mean"] = "standard"
    over: Literal["series", "window"] = "series"
    window: int | None = None  # rows; for over="window"

    def resolve(self, panel: Panel) -> Transform:
        if self.how not in ("standard", "robust", "mean"):
            raise ValueError(f"A scale is 'standard', 'robust' or 'mean', not {self.how!r}.")
        if self.over == "window":
            return WindowScale(self.how, whole(self.window, "The window of Scale(over='window'), as in window=28,", 2))
        if self.over != "series":
            raise ValueError(f"A scale is over 'series' or 'window', not {self.over!r}.")
        location, width = measured(panel, self.how)
        return SeriesScale(self.how, panel.keys, location, width)

    def whole(self, panel: Panel) -> np.ndarray:
        raise self._unresolved()

    def forward(self, past: Array, state: State) -> Array:
        raise self._unresolved()

    def inverse(self, values: Array, past: Array, state: State) -> Array:
        raise self._unresolved()

    def _unresolved(self) -> ValueError:
        return ValueError("Scale has not seen a panel yet: call resolve(panel) first.")


@dataclass(frozen=True, eq=False)
class SeriesScale(Transform):
    """`Scale` over series, with what it measured in training."""

    how: str
    keys: dict[str, tuple[Any, ...]] = field(repr=False)  # key column -> one value a series
    location: np.ndarray = field(repr=False)  # (series,)
    width: np.ndarray = field(repr=False)  # (series,)
    follows: bool = False  # a series that was not in training is measured as its rows come
    recent: bool = False  # a series that was not in training is measured by its last rows, whenever it is forecast

    def inside(self, kept: bool) -> Transform:
        robust = self.how == "robust"
        return replace(self, follows=not robust and not kept, recent=robust and not kept)

    @property
    def straight(self) -> bool:
        return True

    def reach(self, lookback: int) -> int:
        return max(lookback, RECENT) if self.recent else lookback

    def whole(self, panel: Panel) -> np.ndarray:
        location, width = self._of(panel)
        return scaled(panel, location, width)

    def forward(self, past: Array, state: State) -> Array:
        location, width = self._now(past, state)
        return (past - location) / width

    def inverse(self, values: Array, past: Array, state: State) -> Array:
        location, width = self._now(past, state)
        return values * width + location

    def _now(self, past: Array, state: State) -> tuple[Array, Array]:
        """Location and width of each series, (series, 1) each: those kept, or those of the last rows of `past`."""
        location, width = state["scale.location"], state["scale.width"]
        if not self.recent:
            return location, width
        xp = namespace(past, width)
        kept, last = ~xp.isnan(width), statistics(past[:, -RECENT:], self.how)
        return xp.where(kept, location, last[0][:, None]), xp.where(kept, width, last[1][:, None])

    def measures(self, panel: Panel) -> np.ndarray:
        new: np.ndarray = (positions(self.keys, panel.ids) < 0) & (not self.follows) & (not self.recent)
        return new

    def memory(self, panel: Panel) -> State:
        """`scale.seen` of a series that is measured as its rows come: how many values, their mean (of "mean" that of
        |y|), and the sum of their squared distances from it; NaN for all others. A width that is not kept, or not
        measured yet, is NaN."""
        location, width = self._of(panel)
        new = positions(self.keys, panel.ids) < 0
        seen = np.where(new[:, None] & self.follows, self._seen(panel), np.nan)
        width = np.where(new & (self.recent | ((panel.lengths == 0) & (not self.follows))), np.nan, width)
        return {"scale.location": location[:, None], "scale.width": width[:, None], "scale.seen": seen}

    def _seen(self, panel: Panel) -> np.ndarray:
        known = np.isfinite(panel.y)
        owner, values = panel.owner[known], np.abs(panel.y[known]) if self.how == "mean" else panel.y[known]
        count = np.bincount(owner, minlength=panel.count)
        mean = np.bincount(owner, values, panel.count) / np.maximum(count, 1)
        return np.stack([count, mean, np.bincount(owner, (values - mean[owner]) ** 2, panel.count)], axis=1)

    def remember(self, state: State, now: State) -> State:
        y, seen = now["target"][:, None], state["scale.seen"]
        xp = namespace(y, seen)
        value = xp.abs(y) if self.how == "mean" else y
        away = value - seen[:, 1:2]
        count = seen[:, :1] + 1.0  # Welford's update
        mean = seen[:, 1:2] + away / count
        after = xp.concat([count, mean, seen[:, 2:3] + away * (value - mean)], axis=1)
        after = xp.where(xp.isnan(y), seen, after)
        width, centre = after[:, 1:2], xp.zeros_like(y)
        some = width > 0.0
        if self.how != "mean":
            centre = after[:, 1:2]
            width = xp.sqrt(after[:, 2:3] / xp.maximum(after[:, :1], 1.0))
            some = width > FLAT * xp.abs(centre)
        fixed = xp.isnan(seen[:, :1])
        return {
            "scale.location": xp.where(fixed, state["scale.location"], centre),
            "scale.width": xp.where(fixed, state["scale.width"], xp.where(some, width, 1.0)),
            "scale.seen": after,
        }

    def begun(self, state: State, target: Array) -> State:
        """A learner inside keeps the target in units that must not change: they are measured before the first row."""
        if self.follows or self.recent:
            return {}
        xp = namespace(target)
        some = xp.concat([target[:, 0][:, None] * np.full((1, RECENT), np.nan), target], axis=1)[:, -RECENT:]
        location, width = statistics(some if self.how == "robust" else target, self.how)
        new = xp.isnan(state["scale.width"])
        return {
            "scale.location": xp.where(new, location[:, None], state["scale.location"]),
            "scale.width": xp.where(new, width[:, None], state["scale.width"]),
        }

    def _of(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        """Location and width of each series of `panel`, (series,) each."""
        at = positions(self.keys, panel.ids)
        new = at < 0
        if not len(self.location):
            return measured(panel, self.how)
        location, width = self.location[np.maximum(at, 0)], self.width[np.maximum(at, 0)]
        if new.any():
            some = panel.where(new)
            location[new], width[new] = measured(some.tail(RECENT) if self.how == "robust" else some, self.how)
        return location, width


@dataclass(frozen=True)
class WindowScale(Transform):
    """`Scale` over the last `window` rows."""

    how: str
    window: int

    @property
    def floating(self) -> bool:
        return True

    @property
    def straight(self) -> bool:
        return True

    def reach(self, lookback: int) -> int:
        return max(lookback, self.window)

    def whole(self, panel: Panel) -> np.ndarray:
        location, width = measured(panel, self.how)
        return scaled(panel, location, width)

    def forward(self, past: Array, state: State) -> Array:
        location, width = statistics(past[:, -self.window :], self.how)
        return (past - location[:, None]) / width[:, None]

    def inverse(self, values: Array, past: Array, state: State) -> Array:
        location, width = statistics(past[:, -self.window :], self.how)
        return values * width[:, None] + location[:, None]


def scaled(panel: Panel, location: np.ndarray, width: np.ndarray) -> np.ndarray:
    """The target in units of its series, (rows,)."""
    values: np.ndarray = (panel.y - np.repeat(location, panel.lengths)) / np.repeat(width, panel.lengths)
    return values


def measured(panel: Panel, how: str) -> tuple[np.ndarray, np.ndarray]:
    """Location and width of each series, (series,) each; 0 and 1 where it has no value."""
    location, width = np.zeros(panel.count), np.ones(panel.count)
    for length in np.unique(panel.lengths[panel.lengths > 0]):  # series of one length side by side
        series = np.flatnonzero(panel.lengths == length)
        values = panel.y[panel.indptr[series][:, None] + np.arange(length)]
        location[series], width[series] = statistics(values, how)
    return location, width


def statistics(values: Array, how: str) -> tuple[Array, Array]:
    """Location and width of each row of `values` (series, n), of which NaN do not count."""
    xp = namespace(values)
    seen = ~xp.isnan(values)
    count = xp.sum(xp.where(seen, 1.0, 0.0), axis=1)
    many = xp.maximum(count, 1.0)
    if how == "mean":
        width = xp.sum(xp.where(seen, xp.abs(values), 0.0), axis=1) / many
        return xp.zeros_like(width), xp.where(width > 0.0, width, 1.0)
    mean = xp.sum(xp.where(seen, values, 0.0), axis=1) / many
    away = xp.where(seen, values - mean[:, None], 0.0)
    width, location = xp.sqrt(xp.sum(away * away, axis=1) / many), mean
    if how == "robust":
        ordered = xp.sort(xp.where(seen, values, xp.inf), axis=1)
        location = xp.where(count > 0.0, quantile(ordered, count, 0.5), 0.0)
        between = quantile(ordered, count, 0.75) - quantile(ordered, count, 0.25)
        width = xp.where(between > FLAT * xp.abs(mean), between, width)
    return location, xp.where(width > FLAT * xp.abs(mean), width, 1.0)
