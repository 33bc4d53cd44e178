"""Bands of exponential smoothing: the errors to come, and what the fit does not know of weights and states.

Variances of the errors to come: Hyndman, Koehler, Ord & Snyder (2008), Forecasting with Exponential Smoothing,
chapter 6, exact for their classes 1 and 2 (nothing, or the errors alone, multiply). An error moves the forecast h - i
steps later by
    c = alpha + beta (phi + ... + phi^(h-i)), + gamma where h - i is a whole number of seasons,
so that the mean square of the mean h steps ahead is theta_h = mean_h^2 + variance (c_1^2 theta_{h-1} + ...) and the
variance (1 + variance) theta_h - mean_h^2 where errors multiply, variance (1 + c_1^2 + ...) where they add. Where the
season multiplies (class 3), c is scaled by the terms of both steps, and that of gamma by their levels: right to the
second order of the errors. As weights are estimated, c^2 is its mean, with the variance of c.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from featurizers.arrays import Array, State, namespace, scan, shifted
from learners.naive import repeated
from learners.student import student_bands

# The widening of the bands is rate / (degrees of freedom + offset), for no trend, an additive and a damped one.
GIVEN = np.array([[0.0, 15.0], [2.0, 15.0], [1.0, 15.0]])
SEARCHED = np.array([[1.3, 25.0], [5.0, 20.0], [2.5, 10.0]])
FARTHEST = 18.0  # steps over which it grows
TURNING = ("doubts", "doubts_level", "doubts_trend", "doubts_phi")  # of the next terms of the season, as "season" is


def ets_bands(state: State, base: Array, damping: Array, forecast: Array, levels: Iterable[float]) -> State:
    """The bands of `forecast`; `base`: level and trend; `damping`: phi + ... + phi^h; (series, horizon) each."""
    xp = namespace(forecast)
    to_come = errors_to_come(state, base, damping, forecast)
    deviation = xp.sqrt(xp.maximum(to_come + doubts(state, base, damping), 0.0))
    steps = np.minimum(np.arange(base.shape[1], dtype=np.float64), FARTHEST)[None, :]
    return student_bands(forecast, deviation * (1.0 + state["ets.widening"] * steps), state["ets.spare"], levels)


def widening(trend: np.ndarray, spare: np.ndarray, searched: bool) -> np.ndarray:
    """By what part of itself the deviation grows with each step, for `trend` 0 none, 1 additive, 2 damped.

    What the delta method does not see: a trend that hardly turns is estimated where its weight meets the bound, and a
    form that was chosen among many is not the true one. Fitted on simulated series of all forms, 20 to 200 rows, to
    12 steps; a form without a trend that was not chosen needs none.
    """
    by_kind = SEARCHED if searched else GIVEN
    rate, offset = by_kind[trend, 0], by_kind[trend, 1]
    result: np.ndarray = rate / (np.maximum(spare, 1.0) + offset)
    return result


def errors_to_come(state: State, base: Array, damping: Array, forecast: Array) -> Array:
    """The variance that the errors to come bring about, (series, horizon)."""
    xp, horizon, season = namespace(base), base.shape[1], state["ets.season"].shape[1]
    multiplies, relative = state["ets.multiplies"] > 0.5, state["ets.relative"] > 0.5
    variance = state["ets.variance"]
    whole = (np.arange(1, horizon + 1) % season == 0).astype(np.float64)[None, :]
    backwards = np.arange(horizon)[::-1].copy()
    damping, whole = xp.take(damping, backwards, axis=1), whole[:, ::-1].copy()
    moves, turns = state["ets.alpha"] + state["ets.beta"] * damping, state["ets.gamma"] * whole
    alphas, both, betas, gamma_alpha, gamma_beta, gammas = (state["ets.doubt"][:, i : i + 1] for i in range(6, 12))
    unsure = (  # the variance of c: without the season, across, and of the season
        alphas + damping * (2.0 * both + damping * betas),
        2.0 * whole * (gamma_alpha + damping * gamma_beta),
        gammas * whole,
    )
    terms = xp.where(multiplies, _apart(repeated(state["ets.season"], horizon)), 1.0)
    bases = xp.where(multiplies, _apart(base), 1.0)

    def step(carry: State, now: State) -> tuple[State, State]:
        term, level, mean = now["term"][:, None], now["base"][:, None], now["mean"][:, None]
        by_term, by_base = term / carry["term"], level / carry["base"]
        moved = moves * by_term + turns * by_base
        unknown = by_term * by_term * unsure[0] + by_base * (by_term * unsure[1] + by_base * unsure[2])
        square = moved * moved + unknown
        before = xp.sum(square * carry["variance"], axis=1, keepdims=True)
        own = variance * xp.where(relative, mean * mean + before, 1.0)
        newer = {"term": term, "base": level, "variance": own}
        return {n: shifted(carry[n], v[:, 0]) for n, v in newer.items()}, {"variance": (before + own)[:, 0]}

    one = xp.zeros_like(base) + 1.0
    carry = {"term": one, "base": one, "variance": xp.zeros_like(base)}
    return scan(step, carry, {"term": terms, "base": bases, "mean": forecast})[1]["variance"]


def doubts(state: State, base: Array, damping: Array) -> Array:
    """The variance of the mean, as states, weights and damping are estimated (delta method), (series, horizon)."""
    xp, horizon = namespace(base), base.shape[1]
    level, both, trend, phi_level, phi_trend, phi = (state["ets.doubt"][:, i : i + 1] for i in range(6))
    term = repeated(state["ets.season"], horizon)
    own, with_level, with_trend, with_phi = (repeated(state[f"ets.{name}"], horizon) for name in TURNING)
    steps = np.arange(1.0, horizon + 1)[None, :]
    slope = state["ets.trend"] * xp.cumulative_sum(steps * xp.pow(state["ets.phi"], steps - 1.0), axis=1)  # by phi
    levels = level + damping * (2.0 * both + damping * trend)
    levels = levels + slope * (2.0 * (phi_level + damping * phi_trend) + slope * phi)
    across = with_level + damping * with_trend + slope * with_phi
    multiplies = state["ets.multiplies"] > 0.5
    term, base = xp.where(multiplies, term, 1.0), xp.where(multiplies, base, 1.0)
    return term * term * levels + base * (2.0 * term * across + base * own)


def _apart(divisor: Array) -> Array:
    """`divisor`, and 1 where it is 0."""
    return namespace(divisor).where(divisor == 0.0, 1.0, divisor)
