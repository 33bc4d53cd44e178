"""Croston, Sba and Tsb: intermittent demand, the size of a demand and how often there is one."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Needs
from featurizers.kernels import contiguous, threads
from featurizers.panel import Panel, positions
from learners.attribution import Attribution
from learners.bands import check_levels
from learners.components import of_level
from learners.demand import began, demand_bands, followed, moved
from learners.learner import Learner, Model
from learners.naive import repeated

SIZES = (0.1, 0.3)  # where the weights of sizes and gaps are looked for: Syntetos & Boylan (2005) advise low ones
CHANCES = (0.01, 0.3)  # ... and those of a chance, which moves with every row


@dataclass(frozen=True)
class Croston(Learner):
    """The smoothed size of a demand over the smoothed number of rows between two demands.

    `alpha` is the weight of what is new; None finds one for the sizes and one for the gaps of each series, between 0.1
    and 0.3, with the least squared one-step errors. Before the first demand the forecast is 0; missing rows do not
    count. `levels` asks for bands in percent, see `demand_bands`. Source: Croston (1972), Forecasting and stock control
    for intermittent demands, Operational Research Quarterly 23(3).
    """

    alpha: float | None = 0.1
    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> CrostonModel:
        _check("Croston", alpha=self.alpha)
        return CrostonModel(**_weights(panel, self.alpha, self.alpha, self.levels))


@dataclass(frozen=True)
class Sba(Learner):
    """Croston's forecast times 1 - alpha / 2, which takes most of its bias away; alpha is the weight of a gap.

    See `Croston` for the settings. Source: Syntetos & Boylan (2005), The accuracy of intermittent demand estimates,
    International Journal of Forecasting 21(2).
    """

    alpha: float | None = 0.1
    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> SbaModel:
        _check("Sba", alpha=self.alpha)
        return SbaModel(**_weights(panel, self.alpha, self.alpha, self.levels))


@dataclass(frozen=True)
class Tsb(Learner):
    """The smoothed size of a demand times the smoothed chance of one, which also falls where demand ends.

    `alpha` is the weight of a new size, `beta` that of a new row for the chance; None finds it for each series, alpha
    between 0.1 and 0.3, beta between 0.01 and 0.3, with the least squared one-step errors. Missing rows do not count.
    `levels` asks for bands in percent, see `demand_bands`. Source: Teunter, Syntetos & Babai (2011), Intermittent
    demand: linking forecasting to inventory obsolescence, European Journal of Operational Research 214(3).
    """

    alpha: float | None = 0.1
    beta: float | None = 0.1
    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> TsbModel:
        _check("Tsb", alpha=self.alpha, beta=self.beta)
        return TsbModel(**_weights(panel, self.alpha, self.beta, self.levels, CHANCES))


def _check(learner: str, **weights: float | None) -> None:
    for name, value in weights.items():
        if value is not None and not (isinstance(value, int | float) and 0 < value <= 1):
            raise ValueError(f"{learner} needs {name} above 0 and at most 1, or None, not {value!r}.")


def _weights(
    panel: Panel,
    alpha: float | None,
    beta: float | None,
    levels: tuple[float, ...],
    others: tuple[float, float] = SIZES,
) -> dict[str, Any]:
    """The settings of a model: weights of each series where one is None, else those of all."""
    check_levels(levels)
    given = np.array([np.nan if w is None else w for w in (alpha, beta)])
    if not np.isnan(given).any():
        return {"keys": {}, "weights": np.zeros((0, 2)), "otherwise": tuple(given.tolist()), "levels": tuple(levels)}
    from learners._kernels import demand_weights

    bounds, starts = np.array([*SIZES, *others]), panel.indptr.astype(np.int64)
    found = demand_weights(contiguous(panel.y), starts, others != SIZES, bounds, threads(500 * len(panel)))
    found = np.where(np.isnan(given), found, given)
    middle = np.median(found, axis=0) if len(found) else np.where(np.isnan(given), SIZES[0], given)
    return {"keys": panel.keys, "weights": found, "otherwise": tuple(middle.tolist()), "levels": tuple(levels)}


@dataclass(frozen=True, eq=False)
class IntermittentModel(Model):
    """Memory: see `demand`. A series that was not in training has the weights `otherwise`: those given, or the median
    of those found."""

    keys: dict[str, tuple[Any, ...]]  # key column -> one value a series
    weights: np.ndarray  # (series, 2): of a size, of a gap or chance; no rows where all have the same
    otherwise: tuple[float, float]
    levels: tuple[float, ...] = ()

    @abstractmethod
    def rate(self, state: State) -> tuple[Array, Array]:
        """The forecast of a row, and the chance of a demand in it as the bands see it, (series, 1)."""

    @property
    def needs(self) -> Needs:
        return Needs()

    def memory(self, panel: Panel) -> State:
        weights = np.tile(np.array(self.otherwise), (panel.count, 1))
        if len(self.weights):
            at = positions(self.keys, panel.ids)
            weights = np.where((at < 0)[:, None], weights, self.weights[np.maximum(at, 0)])
        return followed(began(weights[:, 0], weights[:, 1]), panel)

    def remember(self, state: State, now: State) -> State:
        return moved(state, now["target"])

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        return of_level(self.predict(state, future)["forecast"], typical, "smoothed demand")

    def predict(self, state: State, future: State) -> State:
        rate, chance = self.rate(state)
        outputs = {"forecast": rate}
        if self.levels:
            outputs |= demand_bands(state, rate, chance, state["demand.size"], self.levels)
        return {name: repeated(values, future["time"].shape[1]) for name, values in outputs.items()}


@dataclass(frozen=True, eq=False)
class CrostonModel(IntermittentModel):
    def rate(self, state: State) -> tuple[Array, Array]:
        size, gap = state["demand.size"], state["demand.gap"]
        xp = namespace(size)
        begun = ~xp.isnan(size)
        chance = xp.where(begun, 1.0, 0.0) / xp.where(begun, gap, 1.0)
        seen = ~xp.isnan(state["demand.chance"])
        return xp.where(seen, xp.where(begun, size, 0.0) * chance, xp.nan), chance


@dataclass(frozen=True, eq=False)
class SbaModel(CrostonModel):
    def rate(self, state: State) -> tuple[Array, Array]:
        rate, chance = super().rate(state)
        return (1.0 - state["demand.beta"] / 2.0) * rate, chance


@dataclass(frozen=True, eq=False)
class TsbModel(IntermittentModel):
    def rate(self, state: State) -> tuple[Array, Array]:
        size, chance, beta = state["demand.size"], state["demand.chance"], state["demand.beta"]
        xp = namespace(size)
        rate = xp.where(xp.isnan(size), 0.0, size) * chance  # NaN where no row has been seen
        # What is smoothed is worth 2 / beta - 1 rows, with one more of even chances; unless every row had a demand.
        unsure = (chance * (2.0 / beta - 1.0) + 0.5) * beta / 2.0
        return rate, xp.where(chance < 1.0, unsure, chance)
