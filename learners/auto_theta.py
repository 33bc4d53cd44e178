"""AutoTheta: the mean of two Theta models, one with a line that stands and one with a line that moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar

import numpy as np

from featurizers.arrays import Array, State, namespace, scan
from featurizers.kernels import threads
from featurizers.panel import Panel
from featurizers.whole import whole
from learners.attribution import Attribution
from learners.bands import check_levels
from learners.components import of_theta
from learners.learner import Learner
from learners.local import LocalModel, assembled, finite, state_without_windows
from learners.theta_bands import TOO_SMALL, spread_of, theta_outputs

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
        whole(self.season, "The season of AutoTheta")
        unknown = [name for name in self.models if name not in KINDS]
        if unknown or not self.models:
            raise ValueError(f"AutoTheta has no models {unknown}: choose from {list(KINDS)}, as in models={KINDS[:1]}.")
        check_levels(self.levels)
        from learners._kernels import fit_theta
        from learners.theta_fit import LINE, fitted

        choice = sum(1 << KINDS.index(name) for name in set(self.models))
        columns, notes = fitted(panel, self.season, "AutoTheta", fit_theta, choice, bool(self.levels))
        lines = [k for k in range(2) if choice >> 2 * k & 3]
        if len(lines) < 2:
            columns |= {n: columns[n][:, lines] for n in LINE}
        memory = {f"theta.{n}": columns[n] for n in ("weight", "share", "intercept", "slope", "multiplies", "season")}
        memory |= spread_of(columns, self.levels) | {
            "theta.moves": np.tile(np.array(lines, np.float64), (panel.count, 1)),
            "theta.level": columns["start"],
            "theta.mean": columns["intercept"],
            "theta.count": np.zeros((panel.count, 1)),
        }
        chosen = tuple(_named(tuple(row)) for row in columns["kind"].tolist())
        levels = tuple(self.levels)
        return assembled(AutoThetaModel, panel, memory, notes, chosen=chosen, levels=levels)


@dataclass(frozen=True, eq=False)
class AutoThetaModel(LocalModel):
    """Memory: for each line the weight of the smoothing, the share of the line, whether it moves, level, intercept and
    slope, the mean that moves it; whether the season multiplies, rows so far, the season's next terms.

    `chosen` names the models of each series, "" for one that repeats its last value.
    """

    turning: ClassVar[dict[str, int]] = {"theta.season": 1}

    chosen: tuple[str, ...] = field(default=(), repr=False)
    levels: tuple[float, ...] = ()

    def remember(self, state: State, now: State) -> State:
        y, season = now["target"][:, None], state["theta.season"]
        xp = namespace(y, season)
        multiplies, term = state["theta.multiplies"] > 0.5, season[:, :1]
        y = xp.where(multiplies, y / xp.where(multiplies, term, 1.0), y - term)
        seen = xp.where(xp.isnan(y), _mean(state), y)  # a missing value is what was expected
        turned = {"theta.season": xp.concat([season[:, 1:], term], axis=1)}
        return state_without_windows(state) | _moved(state, seen) | turned

    def _run(self, state: State, panel: Panel, row: np.ndarray) -> State:
        """`remember` over all rows, natively: each line of a series is walked as if it were a series."""
        from learners._kernels import auto_theta_filter

        count, lines = state["theta.level"].shape
        apart = [state[f"theta.{n}"] for n in ("weight", "share", "moves", *MOVING)]
        shared = [np.broadcast_to(state[f"theta.{n}"], (count, lines)) for n in ("multiplies", "count")]
        still = np.stack([*apart[:3], shared[0]], axis=2).reshape(-1, 4)
        moving = np.stack([*apart[3:], shared[1]], axis=2).reshape(-1, 5)
        moving = np.concatenate([moving, np.repeat(state["theta.season"], lines, axis=0)], axis=1)
        steps, before = panel.lengths - row, np.maximum(-row, 0)
        first, before, rows = (np.repeat(v, lines) for v in (panel.indptr[:-1] + np.maximum(row, 0), before, steps))
        workers = threads(lines * int(steps.clip(0).sum()))
        moved = auto_theta_filter(still, moving, finite(panel), first, before, rows, workers)
        tables = moved.reshape(count, lines, -1)
        found = {f"theta.{name}": np.ascontiguousarray(tables[:, :, i]) for i, name in enumerate(MOVING)}
        counted, season = tables[:, 0, 4:5], tables[:, 0, 5:]
        return state | found | {"theta.count": counted.copy(), "theta.season": season.copy()}

    def predict(self, state: State, future: State) -> State:
        """The forecasts are what the lines expect, each as if the one before it had come true.

        Of a line at its next row L, with slope S, after n rows, Fiorucci et al.'s recursions leave for an error e, by
        which a value lies above the line: L + S + 4 e / (n + 1) and S + 6 e / ((n + 1) (n + 2)).
        """
        level, slope = state["theta.level"], state["theta.slope"]
        xp, lines, horizon = namespace(level), level.shape[1], future["time"].shape[1]
        carry = {
            "level": level,
            "line": state["theta.intercept"] + slope * (state["theta.count"] + 1.0),
            "slope": slope,
        }
        rows = state["theta.count"] + np.arange(horizon + 1.0)[None, :]
        columns = _pace(state, rows)
        weight, now = state["theta.weight"], {n: v[:, :horizon] for n, v in columns.items()}
        if self.levels:  # what one unit of an error leaves, one row later, is walked beside them
            left = {"level": weight, "line": columns["lift"][:, 0], "slope": columns["turn"][:, 0]}
            carry = {n: xp.concat([v, left[n]], axis=1) for n, v in carry.items()}
            now = {n: xp.concat([v[:, :horizon], v[:, 1:]], axis=2) for n, v in columns.items()}
            weight = xp.concat([weight, weight], axis=1)

        def step(carry: State, now: State) -> tuple[State, State]:
            line, slope = carry["line"], carry["slope"]
            mean = carry["level"] + now["end"] * line + now["rise"] * slope
            error = mean - line
            later = {"level": carry["level"] + weight * (mean - carry["level"])}
            later |= {"line": line + slope + now["lift"] * error, "slope": slope + now["turn"] * error}
            return later, {"mean": mean}

        found = scan(step, carry, now)[1]["mean"]
        mean = xp.sum(found[:, :, :lines], axis=2) / lines
        left_over = xp.sum(found[:, :, lines:], axis=2) / lines if self.levels else mean
        return theta_outputs(state, mean, left_over, self.levels, too_small=TOO_SMALL)

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        forecast = self.predict(state, future)["forecast"]
        plain = state | {"theta.season": np.where(state["theta.multiplies"] > 0.5, 1.0, 0.0 * state["theta.season"])}
        mean = self.predict(plain, future)["forecast"]
        return of_theta(forecast, mean, state["theta.level"].mean(axis=1, keepdims=True), typical)


@cache
def _named(kinds: tuple[float, ...]) -> str:
    """What a series' kinds are called, -1 for none."""
    return " and ".join(KINDS[int(kind)] for kind in kinds if kind >= 0)


def _pace(state: State, rows: Array) -> State:
    """What each line does after so many `rows` (series, steps), (series, steps, lines) each: the parts of its `end`
    and of its slope (`rise`) in the forecast, and by what part of an error it is lifted and turned."""
    xp, rows = namespace(rows), rows[:, :, None]
    weight, share, moves = (state[f"theta.{n}"][:, None, :] for n in ("weight", "share", "moves"))
    faded = xp.pow(1.0 - weight, rows)
    end = share * faded
    rise = share * ((1.0 - faded * (1.0 - weight)) / weight) - end * (rows + 1.0)
    lift = moves * (4.0 / (rows + 1.0))
    return {"end": end, "rise": rise, "lift": lift, "turn": lift * (1.5 / (rows + 2.0))}


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
