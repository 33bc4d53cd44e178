"""The numbers of a Prophet model, whichever engine found them."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from learners.prophet_terms import Terms
from learners.spread import spread_of_window, supposed
from learners.student import student

if TYPE_CHECKING:
    from learners.prophet import Prophet

SHORTEST = 10  # values; with fewer, seasons and changepoints fit anything and forecast nonsense


def named(numbers: dict[str, Any], recipe: Prophet, terms: Terms) -> dict[str, np.ndarray]:
    """The memory of one series, (k,) each, or of many, (series, k)."""
    kept = dict(numbers)
    if isinstance(recipe.cap, int | float):
        kept["cap"] = np.full_like(np.asarray(kept["floor"], np.float64), recipe.cap)
    if not terms.regressors:
        del kept["middle"], kept["width"]
    if not terms.count:
        del kept["weights"]
    return {f"prophet.{name}": np.atleast_1d(np.asarray(value, np.float64)) for name, value in kept.items()}


def constant_numbers(recipe: Prophet, terms: Terms, known: np.ndarray) -> dict[str, np.ndarray]:
    """A floor at the last of the `known` values and nothing above it, and noise as they are spread around that."""
    last = known[-1] if len(known) else np.nan
    far = 1e6 if recipe.growth == "logistic" else 0.0
    count = len(terms.regressors)
    numbers = {
        "start": 0.0, "span": 1e6, "size": _spread(known, recipe.levels), "floor": last, "rate": 1.0 if far else 0.0,
        "offset": 1e9 * far,
        "changes": [0.0], "rates": [0.0], "offsets": [0.0], "weights": np.zeros(terms.count),
        "middle": np.zeros(count), "width": np.ones(count), "noise": 1.0, "turning": 0.0, "unsure": np.zeros(3),
    }  # fmt: skip
    return named(numbers, recipe, terms)


def _spread(known: np.ndarray, levels: tuple[int, ...]) -> float:
    """The deviation with which normal bands are as wide as those of so few values must be, at the widest level."""
    if not len(known):
        return 0.0
    last = np.array([[known[-1]]])
    deviation, freedom = supposed(*spread_of_window(known[None, :], last), last)
    chances = [0.5 + level / 200 for level in levels]
    wider = [float(student(c, freedom)[0, 0]) / NormalDist().inv_cdf(c) for c in chances]
    return max(wider, default=1.0) * float(deviation[0, 0])


def logistic_offsets(rate: np.ndarray, offset: np.ndarray, rates: np.ndarray, changes: np.ndarray) -> np.ndarray:
    """How the offset moves at each changepoint, so that the logistic trend has no jumps (Taylor & Letham, 3.1.1).

    `rate` and `offset` (series, 1), the others and the result (series, changepoints).
    """
    steps = rate + np.concatenate([np.zeros_like(rate), np.cumsum(rates, axis=1)], axis=1)
    moves, passed = np.zeros_like(rates), offset[:, 0].copy()
    for i in range(rates.shape[1]):
        changed = rates[:, i] != 0.0
        moves[:, i] = np.where(changed, (changes[:, i] - passed) * (1.0 - steps[:, i] / steps[:, i + 1]), 0.0)
        passed += moves[:, i]
    return moves


def turning(rates: np.ndarray, count: np.ndarray | int, growth: str) -> np.ndarray:
    """How fast the variance of the trend grows after training, (series, 1): times (t - 1)^3 it is that variance.

    Changepoints come `count` in a time of 1, each with a Laplace change of the scale of those in training (the mean of
    their sizes); a change at u moves the trend at t by t - u, so its variance is the integral of
    count * 2 scale^2 (t - u)^2 (Taylor & Letham 2018, 3.1.4).
    """
    scale = np.abs(rates).sum(axis=1, keepdims=True) / count + 1e-8
    return np.zeros_like(scale) if growth == "flat" else 2.0 / 3.0 * count * scale**2


def too_short(name: str, known: int) -> str:
    """What is said of a series of too few values; "" of one that has enough."""
    if known == 0:
        return f"{name} has no values: its forecast is missing."
    return f"{name} has only {known} values: Prophet repeats its last value." if known < SHORTEST else ""
