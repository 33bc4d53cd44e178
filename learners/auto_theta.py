"""AutoTheta: the mean of two Theta models, one with a line that stands and one with a line that moves."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from featurizers.arrays import Array, State, namespace, scan
from featurizers.featurizer import Needs
from featurizers.kernels import threads
from featurizers.panel import Panel
from learners.bands import check_levels
from learners.learner import Learner
from learners.local import LocalModel, assembled, state_without_windows
from learners.theta_bands import spread_of, theta_outputs

MOVING = ("level", "intercept", "slope", "mean")  # of each line; the kernel's order
KINDS = ("standard", "optimised", "dynamic standard", "dynamic optimised")


@dataclass(frozen=True)
class AutoTheta(Learner):
    """The mean of two Theta models: of those `models` whose line stands the one with the smallest errors, and of those
    whose line moves.

    "standard": the straight line and exponential smoothing, half each; "optimised": in the share that fits best;
    "dynamic ...": the line is drawn again with every value. The mean of both is more accurate than the better one: on
    short series their errors say little about which that is. The series is deseasonalised where a test finds a
    `season`, multiplicative where all values are positive, else additive; under four values or constant: the last
    value. `levels`: bands. Source: Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler (2016), Models for optimising
    the theta method and their relationship to state space models, International Journal of Forecasting 32(4).
    """

    season: int = 1
    models: tuple[str, ...] = KINDS
    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> AutoThetaModel:
        if self.season < 1:
            raise ValueError(f"AutoTheta needs a season of at least 1 row, not {self.season}.")
        unknown = [name for name in self.models if name not in KINDS]
        if unknown or not self.models:
            raise ValueError(f"AutoTheta has no models {unknown}: choose from {list(KINDS)}.")
        check_levels(self.levels)
        from learners._kernels import fit_theta
        from learners.theta_fit import LINE, fitted

        choice = sum(1 << KINDS.index(name) for name in set(self.models))
        columns, notes = fitted(panel, self.season, "AutoTheta", fit_theta, choice)
        lines = [k for k in range(2) if choice >> 2 * k & 3]
        columns |= {n: np.ascontiguousarray(columns[n][:, lines]) for n in LINE}
        memory = {f"theta.{n}": columns[n] for n in ("weight", "share", "intercept", "slope", "multiplies", "season")}
        memory |= spread_of(columns, self.levels) | {
            "theta.moves": np.tile(np.array(lines, np.float64), (panel.count, 1)),
            "theta.level": columns["start"],
            "theta.mean": columns["intercept"],
            "theta.count": np.zeros((panel.count, 1)),
        }
        chosen = tuple(" and ".join(KINDS[int(k)] for k in row if k >= 0) for row in columns["kind"])
        levels = tuple(self.levels)
        return assembled(AutoThetaModel, panel, memory, notes, chosen=chosen, levels=levels)


@dataclass(frozen=True, eq=False)
class AutoThetaModel(LocalModel):
    """Memory: for each line the weight of the smoothing, the share of the line, whether it moves, level, intercept and
    slope, the mean that moves it; whether the season multiplies, rows so far, the season's next terms.

    `chosen` names the models of each series, "" for one that repeats its last value.
    """

    chosen: tuple[str, ...] = field(default=(), repr=False)
    levels: tuple[float, ...] = ()

    @property
    def needs(self) -> Needs:
        return Needs()

    def remember(self, state: State, now: State) -> State:
        y, season = now["target"][:, None], state["theta.season"]
        xp = namespace(y, season)
        multiplies, term = state["theta.multiplies"] > 0.5, season[:, :1]
        y = xp.where(multiplies, y / xp.where(multiplies, term, 1.0), y - term)
        seen = xp.where(xp.isnan(y), _mean(state), y)  # a missing value is what was expected
        turned = {"theta.season": xp.concat([season[:, 1:], term], axis=1)}
        return state_without_windows(state) | _moved(state, seen) | turned

    def _run(self, state: State, panel: Panel, row: np.ndarray) -> State:
        """`remember` over all rows, natively, one line after the other."""
        from learners._kernels import auto_theta_filter

        y, before, steps = panel.y.astype(np.float64), np.maximum(-row, 0), panel.lengths - row
        starts, result = panel.indptr[:-1] + np.maximum(row, 0), dict(state)
        for k in range(state["theta.level"].shape[1]):
            still = [state[f"theta.{n}"][:, k : k + 1] for n in ("weight", "share", "moves")]
            moving = [state[f"theta.{n}"][:, k : k + 1] for n in MOVING]
            numbers = np.concatenate([*moving, state["theta.count"], state["theta.season"]], axis=1)
            still_numbers = np.concatenate([*still, state["theta.multiplies"]], axis=1)
            workers = threads(int(steps.clip(0).sum()))
            moved = auto_theta_filter(still_numbers, numbers, y, starts, before, steps, workers)
            for i, name in enumerate(MOVING):
                column = [result[f"theta.{name}"][:, :k], moved[:, i : i + 1], result[f"theta.{name}"][:, k + 1 :]]
                result[f"theta.{name}"] = np.concatenate(column, axis=1)
            result |= {"theta.count": moved[:, 4:5], "theta.season": np.ascontiguousarray(moved[:, 5:])}
        return result

    def predict(self, state: State, future: State) -> State:
        level = state["theta.level"]
        xp, lines = namespace(level), level.shape[1]
        still = {n: state[f"theta.{n}"] for n in ("weight", "share", "moves")}
        moving = {n: state[f"theta.{n}"] for n in (*MOVING, "count")}
        none = {n: xp.zeros_like(v) for n, v in moving.items()} | {"count": moving["count"]}
        left = _next(still, none, xp.zeros_like(level) + 1.0)[1]  # what one unit of an error leaves
        carry = moving | ({f"left {n}": v for n, v in left.items()} if self.levels else {})

        def step(carry: State, now: State) -> tuple[State, State]:
            mean, later = _next(still, {n: carry[n] for n in moving})
            out = {"mean": xp.sum(mean, axis=1) / lines}
            if self.levels:
                left, after = _next(still, {n: carry[f"left {n}"] for n in moving})
                later, out = (
                    later | {f"left {n}": v for n, v in after.items()},
                    out | {"left": xp.sum(left, axis=1) / lines},
                )
            return later, out

        found = scan(step, carry, {"time": future["time"]})[1]
        return theta_outputs(state, found["mean"], found.get("left", found["mean"]), self.levels)


def _next(still: State, moving: State, seen: Array | None = None) -> tuple[Array, State]:
    """What is expected, (series, lines), and what `moving` becomes when that, or `seen`, is the next value."""
    state = {f"theta.{n}": v for n, v in (still | moving).items()}
    mean = _mean(state)
    moved = _moved(state, mean if seen is None else seen)
    return mean, {n: moved[f"theta.{n}"] for n in moving}


def _mean(state: State) -> Array:
    """What each line expects next, (series, lines), without the season."""
    weight = state["theta.weight"]
    xp = namespace(weight)
    faded = xp.pow(1.0 - weight, state["theta.count"])
    line = state["theta.intercept"] * faded + state["theta.slope"] * (1.0 - faded * (1.0 - weight)) / weight
    return state["theta.level"] + state["theta.share"] * line


def _moved(state: State, seen: Array) -> State:
    """Level, line and count after the value `seen`, (series, lines)."""
    xp = namespace(seen)
    count, mean, slope = state["theta.count"], state["theta.mean"], state["theta.slope"]
    steeper = ((count - 1.0) * slope + 6.0 * (seen - mean) / (count + 1.0)) / (count + 2.0)
    newer = (count * mean + seen) / (count + 1.0)
    moves = state["theta.moves"] > 0.5
    return {
        "theta.level": state["theta.level"] + state["theta.weight"] * (seen - state["theta.level"]),
        "theta.slope": xp.where(moves, steeper, slope),
        "theta.intercept": xp.where(moves, newer - 0.5 * steeper * (count + 2.0), state["theta.intercept"]),
        "theta.mean": newer,
        "theta.count": count + 1.0,
    }
