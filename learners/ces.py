"""Ces: complex exponential smoothing, whose states are a value and a hidden potential beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from featurizers.arrays import Array, State, namespace, scan
from featurizers.panel import Panel
from featurizers.whole import whole
from learners.attribution import Attribution
from learners.bands import check_levels
from learners.components import of_ces
from learners.learner import Learner
from learners.local import LocalModel, filtered, state_without_windows
from learners.student import student_bands

SHORTEST = 5  # values that two weights and their criterion need
MODELS = ("none", "simple", "partial", "full")


@dataclass(frozen=True)
class Ces(Learner):
    """Complex exponential smoothing: trends and levels in one form, without a choice between them.

    `model`: "none" (no season), "simple" (each place of the season is smoothed by itself), "partial" (a level and terms
    of the season), "full" (a level, and terms smoothed in the complex way too), or "auto", that with the lowest AICc.
    Shorter than two seasons: "none"; under five values or constant: the last value. `levels`: bands. Source: Svetunkov,
    Kourentzes & Ord (2022), Complex exponential smoothing, Naval Research Logistics 69(8).
    """

    season: int = 1
    model: str = "auto"
    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> CesModel:
        whole(self.season, "The season of Ces")
        if self.model not in ("auto", *MODELS):
            raise ValueError(f"Ces has no model {self.model!r}: choose from {['auto', *MODELS]}.")
        check_levels(self.levels)
        from learners.ces_fit import fitted

        return fitted(panel, self)


@dataclass(frozen=True, eq=False)
class CesModel(LocalModel):
    """Memory: the level and its hidden part, the season's next terms, each with its hidden part; how both pairs move
    (hidden to real, error to real, real to hidden, hidden to hidden, error to hidden).

    `chosen` names the model of each series, "" for one that repeats its last value.
    """

    turning: ClassVar[dict[str, int]] = {"ces.season": 2}

    chosen: tuple[str, ...] = field(default=(), repr=False)
    levels: tuple[float, ...] = ()

    def remember(self, state: State, now: State) -> State:
        y = now["target"][:, None]
        xp = namespace(y, state["ces.level"])
        error = xp.where(xp.isnan(y), 0.0, y - _mean(state))
        return state_without_windows(state) | _moved(state, error)

    def _run(self, state: State, panel: Panel, row: np.ndarray) -> State:
        """`remember` over all rows, natively."""
        from learners._kernels import ces_filter

        return filtered(ces_filter, ("ces.moves", "ces.turns"), ("ces.level", "ces.season"), state, panel, row)

    def predict(self, state: State, future: State) -> State:
        level = state["ces.level"]
        xp = namespace(level)
        still = {n: state[n] for n in ("ces.moves", "ces.turns")}
        nothing = xp.zeros_like(level[:, :1])
        carry = {"level": level, "season": state["ces.season"]}
        if self.levels:  # what one unit of an error leaves
            empty = {"ces.level": xp.zeros_like(level), "ces.season": xp.zeros_like(state["ces.season"])}
            left = _moved(still | empty, nothing + 1.0)
            carry |= {"left level": left["ces.level"], "left season": left["ces.season"]}

        def step(carry: State, now: State) -> tuple[State, State]:
            later: State = {}
            out: State = {}
            for name, prefix in (("mean", ""), ("left", "left "))[: len(carry) // 2]:
                here = still | {"ces.level": carry[f"{prefix}level"], "ces.season": carry[f"{prefix}season"]}
                moved = _moved(here, nothing)
                out[name] = _mean(here)[:, 0]
                later |= {f"{prefix}level": moved["ces.level"], f"{prefix}season": moved["ces.season"]}
            return later, out

        found = scan(step, carry, {"time": future["time"]})[1]
        if not self.levels:
            return {"forecast": found["mean"]}
        deviation = state["ces.deviation"] * xp.sqrt(_variance(state, found["left"]))
        return {"forecast": found["mean"]} | student_bands(found["mean"], deviation, state["ces.freedom"], self.levels)

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        return of_ces(self, state, future, typical)


def _mean(state: State) -> Array:
    """What is expected next, (series, 1)."""
    return state["ces.level"][:, :1] + state["ces.season"][:, :1]


def _moved(state: State, error: Array) -> State:
    """Level and season after an `error` (series, 1)."""
    season = state["ces.season"]
    xp = namespace(season, error)
    level = _pair(state["ces.moves"], state["ces.level"], error)
    term = _pair(state["ces.turns"], season[:, :2], error)
    return {"ces.level": level, "ces.season": xp.concat([season[:, 2:], term], axis=1)}


def _pair(moves: Array, pair: Array, error: Array) -> Array:
    xp = namespace(moves, pair, error)
    real, hidden = pair[:, :1], pair[:, 1:2]
    newer = real + moves[:, :1] * hidden + moves[:, 1:2] * error
    return xp.concat([newer, moves[:, 2:3] * real + moves[:, 3:4] * hidden + moves[:, 4:5] * error], axis=1)


def _variance(state: State, left: Array) -> Array:
    """Of the forecast errors, in squares of `ces.deviation`, (series, horizon).

    1 + c_1^2 + ... + c_{h-1}^2, where c_i = `left` is what one unit of an error leaves in the forecast i steps later:
    Hyndman, Koehler, Ord & Snyder (2008), Forecasting with Exponential Smoothing, equation 6.1; and `doubt`, what the
    estimated weights add: each of them one error in as many as there were.
    """
    xp, doubt = namespace(left), state["ces.doubt"]
    squares = 1.0 + xp.cumulative_sum(left * left, axis=1) - left * left
    return squares * (1.0 + doubt)
