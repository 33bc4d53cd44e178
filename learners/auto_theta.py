"""AutoTheta: the best of four Theta models, with a fixed or a free share of the line, and a line that may move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, State, namespace, scan
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from learners.learner import Learner
from learners.local import LocalModel, assembled, state_without_windows
from learners.naive import repeated

KINDS = ("standard", "optimised", "dynamic standard", "dynamic optimised")


@dataclass(frozen=True)
class AutoTheta(Learner):
    """Of the Theta `models` named, the one with the smallest errors, for each series.

    "standard": the straight line and exponential smoothing, half each; "optimised": in the share that fits best;
    "dynamic ...": the line is drawn again with every value. The series is deseasonalised where a test finds a `season`,
    multiplicative where all values are positive, else additive; under four values or constant: the last value. Source:
    Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler (2016), Models for optimising the theta method and their
    relationship to state space models, International Journal of Forecasting 32(4).
    """

    season: int = 1
    models: tuple[str, ...] = KINDS

    def train(self, panel: Panel) -> AutoThetaModel:
        if self.season < 1:
            raise ValueError(f"AutoTheta needs a season of at least 1 row, not {self.season}.")
        unknown = [name for name in self.models if name not in KINDS]
        if unknown or not self.models:
            raise ValueError(f"AutoTheta has no models {unknown}: choose from {list(KINDS)}.")
        from learners._kernels import fit_theta
        from learners.theta_fit import fitted

        choice = sum(1 << KINDS.index(name) for name in set(self.models))
        columns, notes = fitted(panel, self.season, "AutoTheta", fit_theta, choice)
        kind = columns["kind"]
        memory = {f"theta.{n}": columns[n] for n in ("weight", "share", "intercept", "slope", "multiplies", "season")}
        memory |= {
            "theta.moves": (kind >= 2).astype(np.float64),
            "theta.level": columns["start"],
            "theta.mean": columns["intercept"],
            "theta.count": np.zeros((panel.count, 1)),
        }
        chosen = tuple(KINDS[int(k)] if k >= 0 else "" for k in kind[:, 0])
        return assembled(AutoThetaModel, panel, memory, notes, chosen=chosen)


@dataclass(frozen=True, eq=False)
class AutoThetaModel(LocalModel):
    """Memory: weight of the smoothing, share of the line, whether it moves, whether the season multiplies; level, the
    line's intercept and slope, the mean that moves it, rows so far, the season's next terms.

    `chosen` names the model of each series, "" for one that repeats its last value.
    """

    chosen: tuple[str, ...] = ()

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

    def predict(self, state: State, future: State) -> State:
        horizon = future["time"].shape[1]
        xp = namespace(state["theta.level"])
        still = {n: state[f"theta.{n}"] for n in ("weight", "share", "moves")}
        moving = {n: state[f"theta.{n}"] for n in ("level", "intercept", "slope", "mean", "count")}

        def step(carry: State, now: State) -> tuple[State, State]:
            everything = {f"theta.{n}": v for n, v in (still | carry).items()}
            mean = _mean(everything)
            moved = _moved(everything, mean)
            return {n: moved[f"theta.{n}"] for n in carry}, {"mean": mean[:, 0]}

        mean = scan(step, moving, {"time": future["time"]})[1]["mean"]
        term = repeated(state["theta.season"], horizon)
        return {"forecast": xp.where(state["theta.multiplies"] > 0.5, mean * term, mean + term)}


def _mean(state: State) -> Array:
    """What is expected next, (series, 1), without the season."""
    weight = state["theta.weight"]
    xp = namespace(weight)
    faded = xp.pow(1.0 - weight, state["theta.count"])
    line = state["theta.intercept"] * faded + state["theta.slope"] * (1.0 - faded * (1.0 - weight)) / weight
    return state["theta.level"] + state["theta.share"] * line


def _moved(state: State, seen: Array) -> State:
    """Level, line and count after the value `seen`, (series, 1) each."""
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
