"""The native fit of ARIMA models: a panel in, the numbers of its series' Kalman filters out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from featurizers.arrays import State
from featurizers.kernels import threads
from featurizers.panel import Panel
from learners.arima_scaled import Scaled, among

if TYPE_CHECKING:
    from learners.arima import AutoArima, Order, Seasonal

EVALUATIONS = 1000  # about how often a search passes over a series
SEASONAL_DIFFERENCES, FITS, INTERPOLATED, PAIRS = 4, 7, 8, 10  # where they stand among the kernel's choices
LEVEL, VARIANCE, CRITERION = 0, 1, 3  # among its measures
LIKELIHOOD, AICC = 7, 8  # of a candidate
# A search takes what looks best, which makes its variance too small. 1 + 10 / n is about (n + 5) / (n - 5): as if five
# more coefficients had been estimated (Akaike, 1970, Statistical predictor identification). Found on simulated
# processes, those of REHEARSAL in benchmarks/simulated_bands.py; the same for 30 values and for 200.
SEARCHED = 10.0
NO_MODEL = "no model fits"
HIGHEST = 100_000  # order that the kernel takes
STILL = 1e-12  # variance of a series that differences explain wholly
SIMPLE = (0, 1, 1, 0, 0, 0, 0)  # the orders of a series that is too short for others


@dataclass(frozen=True, eq=False)
class Earlier:
    """The models that the same series had when they were shorter, a row for each of them."""

    choices: np.ndarray  # (series, 11), 0 throughout for a series that had none
    coefficients: np.ndarray


@dataclass(frozen=True, eq=False)
class Found:
    """What was fitted to the series of a panel: the numbers of their filters, and what was chosen."""

    numbers: State  # (series, k) each
    notes: list[str]
    gaps: int  # of the series that has most
    choices: np.ndarray  # (series, 11): p, d, q, P, D, Q, constant, fits, interpolated, tried, pairs of waves
    coefficients: np.ndarray  # (series, most): ar, ma, seasonal ar, seasonal ma
    ranking: np.ndarray  # (series, candidates, 9), see `ArimaModel.candidates`; NaN where there are not as many
    aicc: np.ndarray  # (series,), comparable among models of one series; NaN where nothing was fitted


@dataclass(frozen=True, eq=False)
class Request:
    """What is asked of the kernel, a row for each series; `choices` is empty where orders are to be found."""

    season: int
    limits: np.ndarray  # (series, 6): season, max_p, max_q, max_P, max_Q, max_order
    choices: np.ndarray  # (series, 7), or (0,); -1 for a constant where nothing is differenced
    waves: np.ndarray | None = None  # (series,), the long season
    best: int = 0  # candidates to be told
    several: int = 1  # models of each series
    earlier: Earlier | None = None


def searched(
    recipe: AutoArima, panel: Panel, columns: tuple[str, ...], earlier: Earlier | None = None, several: int = 1,
    best: int = 0, longest: int = 24,
) -> tuple[Found, ...]:  # fmt: skip
    """The orders that AICc chooses for each series, `several` times: first the best, then what comes next, which is the
    best again where there is nothing; and the `best` candidates. A season of more than `longest` rows becomes waves."""
    from learners._kernels import ARIMA_SEARCHED_ROWS

    scaled, season = Scaled.of(panel, columns), recipe.season
    for i in np.flatnonzero(scaled.spans.rows > max(ARIMA_SEARCHED_ROWS, 4 * season)).tolist():
        if scaled.learnable[i]:
            scaled.note(i, f"{scaled.name(i)} is long: its orders are those of the last {ARIMA_SEARCHED_ROWS} rows.")
    most = (recipe.max_p, recipe.max_q, recipe.max_P, recipe.max_Q, recipe.max_order)
    short = (scaled.spans.rows < 2 * season + 5) & (season > 1)
    for i in np.flatnonzero(short & scaled.learnable).tolist():
        scaled.note(i, f"{scaled.name(i)} is shorter than two seasons: AutoArima without one.")
    own = season if season <= longest else 1
    limits = np.tile(np.array([own, *most]), (panel.count, 1))
    limits[short, 0] = 1
    waves = np.where(short, 0, season) if season > longest else None
    return _fitted(scaled, Request(own, limits, np.zeros(0, np.int64), waves, best, several, earlier))


def fixed(
    order: Order, seasonal: Seasonal, constant: bool | None, panel: Panel, columns: tuple[str, ...],
    earlier: Earlier | None = None,
) -> tuple[Found]:  # fmt: skip
    """The same orders for all series; (0, 1, 1), with a note, where there are too few values for them."""
    scaled = Scaled.of(panel, columns)
    last = -1 if constant is None else int(constant)
    choices = np.tile(np.array([*order, *seasonal[:3], last]), (panel.count, 1))
    short = (scaled.spans.known < fewest(order, seasonal)) & (order != SIMPLE[:3])
    for i in np.flatnonzero(short & scaled.learnable).tolist():
        scaled.note(i, too_short(scaled.name(i)))
    choices[short] = SIMPLE
    limits = np.tile(np.array([seasonal[3], 0, 0, 0, 0, 0]), (panel.count, 1))
    return (_fitted(scaled, Request(seasonal[3], limits, choices, earlier=earlier))[0],)


def fewest(order: Order, seasonal: Seasonal) -> int:
    """How many values an order needs."""
    return sum(order) + sum(seasonal[:3]) * seasonal[3] + 3


def too_short(name: str) -> str:
    return f"{name} is too short for the order: ARIMA (0, 1, 1) in its place."


def filter_numbers(
    y: np.ndarray, x: np.ndarray, indptr: np.ndarray, choices: np.ndarray, weights: np.ndarray, slopes: np.ndarray,
    levels: np.ndarray, variances: np.ndarray, season: int,
) -> State:  # fmt: skip
    """The numbers of each series' filter before its first row, and of what is not known about its model, (series, k).

    `levels` are the means of the differenced series, `variances` those of the innovations, (series,) each.
    """
    from learners._kernels import arima_numbers

    workers = threads(len(y) * EVALUATIONS)
    ar, state, gain, change, lever, single, doubt, unsure = arima_numbers(
        y, x, indptr, choices, weights, slopes, levels, season, workers
    )
    wide, k = doubt.shape[1], lever.shape[1]  # of a lever for the constant and one for each column the first is not 0
    levers = np.concatenate([lever, np.zeros((len(ar), (wide - 1) * k))], axis=1) if wide > 1 else lever
    intercept, push, spread, wait, freedom = (single[:, i : i + 1] for i in range(5))
    return {
        "arima.ar": ar, "arima.state": state, "arima.gain": gain, "arima.change": change, "arima.lever": levers,
        "arima.intercept": intercept, "arima.push": push, "arima.spread": spread,
        "arima.counts": np.concatenate([wait, np.zeros_like(wait)], axis=1), "arima.variance": variances[:, None],
        "arima.freedom": freedom, "arima.doubt": doubt.reshape(len(ar), wide * wide), "arima.unsure": unsure,
    }  # fmt: skip


def _fitted(scaled: Scaled, asked: Request) -> tuple[Found, ...]:
    """The kernel's models of what is learnable; random walks of the rest."""
    from learners._kernels import arima_fit

    at = scaled.at
    choices = np.ascontiguousarray(asked.choices[at] if len(asked.choices) else asked.choices, np.int64)
    limits = np.ascontiguousarray(asked.limits[at], np.int64)
    waves = None if asked.waves is None else np.ascontiguousarray(asked.waves[at], np.int64)
    earlier = asked.earlier
    orders, coefficients = (earlier.choices[at], earlier.coefficients[at]) if earlier else (None, None)
    workers = threads(len(scaled.y) * EVALUATIONS)
    tables = arima_fit(
        scaled.y, scaled.x, scaled.indptr, limits.ravel(), choices.ravel(), workers, waves, orders, coefficients,
        asked.best, asked.several,
    )  # fmt: skip
    apart = (tuple(table[j :: asked.several] for table in tables) for j in range(asked.several))
    first = _found(scaled, asked, limits[:, 0], *next(apart))
    quiet = replace(scaled, notes={})  # what is to be said of a series was said of its first model
    return first, *(_found(quiet, asked, limits[:, 0], *own) for own in apart)


def _found(
    scaled: Scaled, asked: Request, season: np.ndarray, found: np.ndarray, weights: np.ndarray, slopes: np.ndarray,
    measures: np.ndarray, seasons: np.ndarray, ranking: np.ndarray,
) -> Found:  # fmt: skip
    """One model of each series, from what the kernel says of it; `season` (learnable,)."""
    at, count = scaled.at, scaled.panel.count
    lines = found[:, INTERPOLATED] > 0
    for i in at[lines].tolist():
        scaled.note(i, f"{scaled.name(i)}: too many values are missing; the fit took lines across them.")
    numbers = _numbers(scaled, asked, found, weights, slopes, measures, seasons)
    differenced = found[:, 1] + found[:, SEASONAL_DIFFERENCES] > 0
    mean, fits = np.where(differenced, 0.0, measures[:, LEVEL]), found[:, FITS] > 0
    numbers = scaled.numbers(numbers, slopes, mean, fits, dict.fromkeys(np.flatnonzero(~fits).tolist(), NO_MODEL))
    rows = np.where(lines, scaled.spans.rows[at], scaled.spans.known[at])
    rows = rows - found[:, 1] - found[:, SEASONAL_DIFFERENCES] * season
    size = (rows * np.log(scaled.scale))[:, None]  # the likelihood is that of the series in its own units
    ranking[:, :, LIKELIHOOD] -= size
    ranking[:, :, AICC] += 2.0 * size
    tables = among(found, at, count), among(weights, at, count), among(ranking, at, count, np.nan)
    return Found(numbers, scaled.report(), scaled.gaps, *tables, among(measures[:, CRITERION], at, count, np.nan))


def _numbers(
    scaled: Scaled, asked: Request, found: np.ndarray, weights: np.ndarray, slopes: np.ndarray, measures: np.ndarray,
    seasons: np.ndarray,
) -> State:  # fmt: skip
    """The numbers of the filters that the kernel's answers stand for, in the units of `scaled`."""
    y, lengths = scaled.y, np.diff(scaled.indptr)
    found, weights, slopes = (np.ascontiguousarray(table) for table in (found, weights, slopes))
    if seasons.shape[1]:
        place = np.arange(len(y)) - np.repeat(scaled.indptr[:-1], lengths)
        y = y - seasons[np.repeat(np.arange(len(seasons)), lengths), place % seasons.shape[1]]
    level = np.ascontiguousarray(measures[:, LEVEL])
    variance = np.maximum(measures[:, VARIANCE], STILL)
    if not len(asked.choices):
        variance = variance * (1.0 + SEARCHED / scaled.spans.known[scaled.at])
    numbers = filter_numbers(y, scaled.x, scaled.indptr, found, weights, slopes, level, variance, asked.season)
    spent = 2.0 * found[:, PAIRS : PAIRS + 1]
    numbers["arima.freedom"] = np.maximum(numbers["arima.freedom"] - spent, 1.0)
    if seasons.shape[1]:
        numbers["arima.season"] = scaled.scale[:, None] * seasons
    return numbers
