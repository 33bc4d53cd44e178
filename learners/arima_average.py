"""Candidates of an ARIMA search: as a table, and the forecasts of the best few together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from featurizers.arrays import Array, State, namespace
from featurizers.whole import whole
from learners.arima_fit import HIGHEST, Found
from learners.attribution import Attribution, joined
from learners.bands import bounds, levels
from learners.blocks import in_blocks
from learners.together import Together

if TYPE_CHECKING:
    from learners.arima import ArimaModel, AutoArima

COLUMNS = ("p", "q", "P", "Q", "constant", "admitted", "converged", "log_likelihood", "aicc")
AICC = 8
AVERAGED = 3  # models of a series that are averaged if nothing is said
MOST = 12  # that can be
TINY = 1e-300


def checked(recipe: AutoArima) -> tuple[int, int]:
    """How many models are averaged and how many candidates are kept. ValueError if they are not whole numbers."""
    native = recipe.engine == "native"
    usual = AVERAGED if native else 1
    average = usual if recipe.average is None else whole(recipe.average, "'average'", 1)
    ranked = whole(recipe.ranked, "'ranked'", 0, HIGHEST)
    if not native and (average > 1 or ranked):
        raise ValueError(f"The engine {recipe.engine!r} keeps no candidates: take average=1 and ranked=0, or 'native'.")
    if average > MOST:
        raise ValueError(f"AutoArima averages up to {MOST} candidates, not {average}.")
    return average, ranked


def table_of(model: ArimaModel) -> pd.DataFrame:
    """One row a candidate, the lowest AICc of each series first.

    `admitted` says whether its roots are far enough from the unit circle to be chosen, `converged` whether it was
    fitted to the end: one that could not become the best is given up before.
    """
    known = ~np.isnan(model.ranking[:, :, AICC])
    series, _ = np.nonzero(known)
    table = pd.DataFrame({name: np.array(values, object)[series] for name, values in model.keys.items()})
    table = table.infer_objects()
    d, D = model.choices[:, 1], model.choices[:, 4]
    values = dict(zip(COLUMNS, model.ranking[known].T, strict=True))
    whole_numbers = {n: values[n].astype(np.int64) for n in COLUMNS[:4]}
    flags = {n: values[n] > 0 for n in COLUMNS[4:7]}
    orders = {"p": whole_numbers["p"], "d": d[series], "q": whole_numbers["q"],
              "P": whole_numbers["P"], "D": D[series], "Q": whole_numbers["Q"]}  # fmt: skip
    return table.assign(**orders, **flags, log_likelihood=values["log_likelihood"], aicc=values["aicc"])


def averaged(models: Sequence[ArimaModel], found: Sequence[Found]) -> ArimaAverage:
    """The models of each series together, each with its weight in memory: exp(-AICc / 2), and 0 for one that is there
    only because there was no other. Source: Burnham & Anderson (2002), Model Selection and Multimodel Inference."""
    best = found[0]
    weights = np.zeros((len(best.aicc), len(found)))
    weights[:, 0] = 1.0
    for i, other in enumerate(found[1:], 1):
        differs = (other.choices[:, :7] != best.choices[:, :7]).any(axis=1)
        weights[differs, i] = np.exp(-0.5 * np.maximum(other.aicc[differs] - best.aicc[differs], 0.0))
    weights /= weights.sum(axis=1, keepdims=True)
    made = (replace(m, start=m.start | {"arima.weight": weights[:, i : i + 1]}) for i, m in enumerate(models))
    return ArimaAverage(tuple(made), models[0].report)


@dataclass(frozen=True, eq=False)
class ArimaAverage(Together):
    """Several ARIMA models of each series, the best one first; their weights are in their memory."""

    report: tuple[str, ...] = ()

    def candidates(self) -> pd.DataFrame:
        """The best candidates of each series, as many as the recipe asked for with `ranked`."""
        return table_of(self.models[0])  # type: ignore[arg-type]

    def _weights(self, state: State) -> list[Array]:
        return [state[f"m{i}.arima.weight"] for i in range(len(self.models))]

    def predict(self, state: State, future: State) -> State:
        return in_blocks(self._predict, state, future)

    def _predict(self, state: State, future: State) -> State:
        """The variance is the mean of the models', and of the squares by which their forecasts lie apart. Source:
        Buckland, Burnham & Augustin (1997), Model selection: an integral part of inference, Biometrics 53."""
        answers, weights = self.answers(state, future), self._weights(state)
        forecast = _sum([w * a["forecast"] for w, a in zip(weights, answers, strict=True)])
        outputs = {"forecast": forecast}
        for level in levels(answers[0]):
            lower, upper = bounds(level)
            far = NormalDist().inv_cdf(0.5 + level / 200)
            parts = [a[upper] - a["forecast"] for a in answers] + [far * (a["forecast"] - forecast) for a in answers]
            width = _root(parts, weights * 2)
            outputs |= {lower: forecast - width, upper: forecast + width}
        return outputs

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        return joined(self.attributions(state, future, typical), [np.asarray(w) for w in self._weights(state)])


def _sum(parts: Sequence[Array]) -> Array:
    return sum(parts[1:], parts[0])


def _root(parts: Sequence[Array], weights: Sequence[Array]) -> Array:
    """The root of the weighted sum of squares, of numbers of any size."""
    xp = namespace(*parts)
    unit = TINY
    for part in parts:
        unit = xp.maximum(unit, xp.abs(part))
    return unit * xp.sqrt(_sum([w * (part / unit) * (part / unit) for w, part in zip(weights, parts, strict=True)]))
