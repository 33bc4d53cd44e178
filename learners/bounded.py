"""Bounded: no forecast farther away than the history of its series supports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.features import tagged, untagged
from featurizers.featurizer import Needs
from featurizers.findings import Finding
from featurizers.panel import Panel
from featurizers.rows import stamp
from featurizers.whole import number, whole
from learners.around import Around, Wrapping, check_learners, inside
from learners.bands import bounds, levels
from learners.learner import Learner, Model
from learners.naive import last_cycle, repeated
from learners.spread import earlier

FEW = 8  # changes from cycle to cycle: of fewer the largest says little, and the size of the series counts too
FARTHEST = 512  # rows back that changes are measured over
LOOSE = 2.0  # bands may reach so many times farther than forecasts

# All learners of a panel ask for the same, which reads every row:
_SEEN: WeakKeyDictionary[Panel, dict[tuple[int, tuple[int, ...]], State]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Bounded(Wrapping):
    """The forecasts of `learner`, held within `widest` times the largest change that the series has seen.

    The middle of the rails is the last cycle of `season` rows, repeated. Their distance at a step s cycles ahead is the
    largest |y[t] - y[t - k season]| so far for k = 1, 2, 4 ... up to s, times the root of s / k: past `horizon`, the
    longest forecast that is meant, it grows like the root of the step, whatever the learner does. Bands may reach twice
    as far and always hold the forecast. Of a series with fewer than eight such changes the largest value counts as a
    change too. Every observation moves the rails; findings of `forecast` name the series that were held, unless what
    stands around it changes their forecasts.

    >>> from learners import AutoEts
    >>> learner = Bounded(AutoEts(12), horizon=24, season=12)
    """

    learner: Learner
    horizon: int
    season: int | str = "auto"  # rows; "auto": that of the frequency
    widest: float = 1.0

    def retrain(self, panel: Panel, before: Model | None) -> BoundedModel:
        check_learners(self, self.learner)
        number(self.widest, "The 'widest' of Bounded", above=0)
        season = panel.freq.season if self.season == "auto" else whole(self.season, "The season of Bounded")
        horizon = whole(self.horizon, "The horizon of Bounded")
        most = max(min(-(-horizon // season), FARTHEST // season), 1)
        cycles = tuple(2**i for i in range((most - 1).bit_length() + 1))
        return BoundedModel(self.learner.retrain(panel, inside(before)), season, cycles, float(self.widest))


@dataclass(frozen=True, eq=False)
class BoundedModel(Around):
    """Memory: the largest changes so far over each number of cycles, how many over one, and the largest value."""

    season: int
    cycles: tuple[int, ...]
    widest: float

    @property
    def needs(self) -> Needs:
        return self.inner.needs | Needs(lookback=self.season * max(2, *self.cycles))

    def memory(self, panel: Panel) -> State:
        return self._mine(panel) | tagged("inner", self.inner.memory(panel))

    def trained(self, panel: Panel) -> State:
        return self._mine(panel) | tagged("inner", self.inner.trained(panel))

    def remember(self, state: State, now: State) -> State:
        y, past = now["target"][:, None], state["target"]
        xp = namespace(y, past)
        changes = xp.concat([xp.abs(y - past[:, -self.season * k][:, None]) for k in self.cycles], axis=1)
        first = xp.where(xp.isnan(changes[:, :1]), 0.0, 1.0)
        mine = {
            "bounded.change": _larger(state["bounded.change"], changes),
            "bounded.count": state["bounded.count"] + first,
            "bounded.size": _larger(state["bounded.size"], xp.abs(y)),
        }
        return mine | tagged("inner", self.inner.remember(self.within(state), now))

    def begun(self, state: State, target: Array) -> State:
        return tagged("inner", self.inner.begun(self.within(state), target))

    def within(self, state: State) -> State:
        return untagged("inner", state)

    def predict(self, state: State, future: State) -> State:
        outputs = self.inner.predict(self.within(state), future)
        middle, reach = self._rails(state, future["time"].shape[1])
        forecast = _within(outputs["forecast"], middle - reach, middle + reach)
        held = {n: _within(v, middle - LOOSE * reach, middle + LOOSE * reach) for n, v in outputs.items()}
        held["forecast"], xp = forecast, namespace(forecast)
        for level in levels(outputs):
            lower, upper = bounds(level)
            held[lower] = xp.where(held[lower] > forecast, forecast, held[lower])
            held[upper] = xp.where(held[upper] < forecast, forecast, held[upper])
        return held

    def remarks(self, panel: Panel, outputs: Mapping[str, np.ndarray]) -> list[Finding]:
        """The series whose forecast lies on a rail."""
        forecast = outputs["forecast"]
        past = {"target": panel.window(panel.target, self.needs.lookback)}
        middle, reach = self._rails(past | self._mine(panel), forecast.shape[1])
        away = np.abs(np.abs(forecast - middle) - reach)
        on = (away <= 1e-12 * (np.abs(middle) + reach)) & (reach > 0)
        found, times = [], panel.upcoming(forecast.shape[1])
        for i in np.flatnonzero(on.any(axis=1)).tolist():
            step, name = int(np.argmax(on[i])), panel.name(i)
            when = stamp(times[i, step], panel.zone)
            text = (f"{name or 'The series'}: {int(on[i].sum())} forecasts, the first at {when}, are held at "
                    f"{forecast[i, step]:.4g}: from the last values none goes farther than {self.widest:g} times the "
                    "largest change of the series over as many rows, but the learner went beyond.")  # fmt: skip
            found.append(Finding("bounded", "fixed", text, name, time=when, count=int(on[i].sum())))
        return [*found, *super().remarks(panel, outputs)]

    def _mine(self, panel: Panel) -> State:
        seen = _SEEN.setdefault(panel, {})
        if (self.season, self.cycles) not in seen:
            seen[self.season, self.cycles] = self._changes(panel)
        return dict(seen[self.season, self.cycles])

    def _changes(self, panel: Panel) -> State:
        y = np.where(np.isfinite(panel.y), panel.y, np.nan)
        changes = [np.abs(y - earlier(panel, self.season * k)) for k in self.cycles]
        return {
            "bounded.change": np.stack([_largest(panel, c) for c in changes], axis=1),
            "bounded.count": np.bincount(panel.owner, ~np.isnan(changes[0]), panel.count)[:, None],
            "bounded.size": _largest(panel, np.abs(y))[:, None],
        }

    def _rails(self, state: State, horizon: int) -> tuple[Array, Array]:
        """The middle and the distance of the rails from it, (series, horizon)."""
        change, few = state["bounded.change"], state["bounded.count"] < FEW
        xp = namespace(change, few)
        ahead = np.floor(np.arange(horizon) / self.season) + 1.0  # cycles
        first = xp.where(few, xp.maximum(change[:, :1], state["bounded.size"]), change[:, :1])
        reach = first * np.sqrt(ahead)[None, :]
        for i, cycles in enumerate(self.cycles[1:], 1):
            growth = np.where(ahead >= cycles, np.sqrt(ahead / cycles), 0.0)
            reach = xp.maximum(reach, change[:, i : i + 1] * growth[None, :])
        middle = repeated(last_cycle(state["target"][:, -2 * self.season :], self.season), horizon)
        return middle, self.widest * reach


def _within(values: Array, low: Array, high: Array) -> Array:
    """`values` between the rails; what is missing stays so, and rails that are missing hold nothing."""
    xp = namespace(values, low)
    values = xp.where(values > high, high, values)
    return xp.where(values < low, low, values)


def _larger(so_far: Array, values: Array) -> Array:
    xp = namespace(so_far, values)
    return xp.where(xp.isnan(values), so_far, xp.maximum(so_far, xp.where(xp.isnan(values), 0.0, values)))


def _largest(panel: Panel, values: np.ndarray) -> np.ndarray:
    """The largest of `values` (rows,), none below 0, in each series; 0 where there is none."""
    largest = np.zeros(panel.count)
    full = panel.lengths > 0
    if full.any():
        largest[full] = np.maximum.reduceat(np.where(np.isnan(values), 0.0, values), panel.indptr[:-1][full])
    return largest
