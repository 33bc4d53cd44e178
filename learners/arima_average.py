"""Candidates of an ARIMA search: as a table, and the forecasts of the best few together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from featurizers.arrays import State
from featurizers.panel import Panel
from featurizers.whole import whole
from learners.arima_fit import CANDIDATES, chosen
from learners.together import Together, shared

if TYPE_CHECKING:
    from learners.arima import ArimaModel, AutoArima

COLUMNS = ("p", "q", "P", "Q", "constant", "admitted", "converged", "log_likelihood", "aicc")
ADMITTED, AICC = 5, 8
FAR = 10.0  # AICc beyond that of the best at which a candidate has no weight


def checked(recipe: AutoArima) -> tuple[int, int]:
    """How many candidates are averaged and how many are kept. ValueError if they are not whole numbers."""
    average, ranked = whole(recipe.average, "'average'", 1), whole(recipe.ranked, "'ranked'", 0)
    if recipe.engine != "native" and (average > 1 or ranked):
        raise ValueError(f"The engine {recipe.engine!r} keeps no candidates: take average=1 and ranked=0, or 'native'.")
    if average > CANDIDATES:
        raise ValueError(f"AutoArima averages up to {CANDIDATES} candidates, not {average}.")
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


def averaged(recipe: AutoArima, best: ArimaModel, panel: Panel) -> ArimaAverage:
    """The model of each series' best candidate, and others beside it, each with its weight in memory."""
    from learners.arima import fit_arima

    orders, weights = _weighted(best, recipe.average)
    models = [best]
    for i in range(1, recipe.average):
        fit = partial(chosen, recipe, orders[:, i])
        models.append(fit_arima(fit, panel, recipe.columns, recipe.levels))
    ranking = best.ranking[:, : recipe.ranked]
    made = (
        replace(
            m, start=m.start | {"arima.weight": weights[:, i : i + 1]}, ranking=ranking if i == 0 else ranking[:, :0]
        )
        for i, m in enumerate(models)
    )
    return ArimaAverage(tuple(made), best.report)


def _weighted(best: ArimaModel, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Orders p, d, q, P, D, Q, constant of the `count` best candidates (series, count, 7), and their weights.

    Source: Burnham & Anderson (2002), Model Selection and Multimodel Inference, 2.9.
    """
    own = best.choices[:, :7]
    orders, weights = np.repeat(own[:, None], count, axis=1), np.zeros((len(own), count))
    weights[:, 0] = 1.0
    for s in range(len(own)):
        place, lowest = 1, np.nanmin(best.ranking[s, :, AICC], initial=np.inf)
        for row in best.ranking[s]:
            if place == count or not row[AICC] < lowest + FAR or not row[ADMITTED]:
                continue
            p, q, P, Q, constant = row[:5].astype(np.int64)
            order = np.array([p, own[s, 1], q, P, own[s, 4], Q, constant])
            if (order == own[s]).all():
                continue
            orders[s, place], weights[s, place] = order, np.exp(-0.5 * max(row[AICC] - lowest, 0.0))
            place += 1
    return orders, weights / weights.sum(axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class ArimaAverage(Together):
    """Several ARIMA models of each series; their weights are in their memory."""

    report: tuple[str, ...] = ()

    def candidates(self) -> pd.DataFrame:
        """The best candidates of each series, as many as the recipe asked for with `ranked`."""
        return table_of(self.models[0])  # type: ignore[arg-type]

    def predict(self, state: State, future: State) -> State:
        answers = self.answers(state, future)
        weights = [state[f"m{i}.arima.weight"] for i in range(len(answers))]
        return {
            name: sum(
                (w * a[name] for w, a in zip(weights[1:], answers[1:], strict=True)), weights[0] * answers[0][name]
            )
            for name in shared(answers)
        }
