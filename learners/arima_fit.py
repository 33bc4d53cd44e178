"""The native fit of ARIMA models: series in units of their own in, the numbers of their Kalman filters out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from featurizers.kernels import threads
from learners.local import Fit, Series, interpolated, repeating

if TYPE_CHECKING:
    from learners.arima import AutoArima, Order, Seasonal

SHORTEST = 4  # values that a difference, a weight and a variance need
EVALUATIONS = 1000  # about how often a search passes over a series
DIFFERENCED = 1, 4  # where d and D stand among the kernel's choices
FITS, INTERPOLATED, PAIRS, CHOICES = 7, 8, 10, 11
LEVEL, VARIANCE = 0, 1  # among its measures
LIKELIHOOD, AICC = 7, 8  # of a candidate
HORIZONS = 24  # rows ahead for which the kernel says what the coefficients add to the variance
CANDIDATES = 12  # that the search ranks where the best are to be averaged
# A search takes what looks best, which makes its variance too small. 1 + 10 / n is about (n + 5) / (n - 5): as if five
# more coefficients had been estimated (Akaike, 1970, Statistical predictor identification). Found on simulated
# processes, those of REHEARSAL in benchmarks/coverage.py; the same for 30 values and for 200.
SEARCHED = 10.0
STILL = 1e-12  # variance of a series that differences explain wholly


@dataclass(frozen=True, eq=False)
class Found(Fit):
    """A fit and what the kernel chose: p, d, q, P, D, Q, constant, fits, interpolated, tried, pairs of waves."""

    choices: np.ndarray = field(default_factory=lambda: np.zeros(CHOICES, np.int64))
    coefficients: np.ndarray = field(default_factory=lambda: np.zeros(1))
    ranking: np.ndarray = field(default_factory=lambda: np.zeros((0, 9)))  # (candidates, 9), see `candidates`


@dataclass(frozen=True, eq=False)
class Earlier:
    """The models that the same series had when they were shorter, a row for each of them."""

    choices: np.ndarray  # (series, CHOICES), 0 throughout for a series that had none
    coefficients: np.ndarray


@dataclass(frozen=True, eq=False)
class Scaled:
    """A series and its columns with mean 0 and deviation 1; columns that say nothing are 0 and have width 0."""

    series: Series
    y: np.ndarray  # (rows,), NaN where missing
    columns: np.ndarray  # (rows, columns)
    center: float
    scale: float
    middle: np.ndarray  # (columns,)
    width: np.ndarray  # (columns,)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, series: Series, note: str = "") -> Scaled | Fit:
        """What can be fitted, or the fall-back of a series that is too short or constant."""
        simple = repeating(series, SHORTEST, "ARIMA")
        if simple is not None:
            return Fit(walk(series.known, series.columns.shape[1]), simple.note)
        size = float(np.abs(series.known).max())  # without it the squares of tiny or huge values are lost
        center, scale = (float(part) * size for part in ((series.known / size).mean(), (series.known / size).std()))
        columns, middle, width, lost = _regressors(series)
        y = (series.values - center) / scale
        return cls(series, y, columns, center, scale, middle, width, [n for n in (note, *lost) if n])

    def fit(self, numbers: dict[str, np.ndarray], slopes: np.ndarray, mean: float = 0.0) -> Fit:
        """`numbers` in the units of the series; `slopes` (columns,) and the mean are in those of `y`."""
        if not all(np.isfinite(v).all() for v in (*numbers.values(), slopes)):
            return self.failed("no finite numbers were found")
        slopes = np.divide(slopes * self.scale, self.width, out=np.zeros(len(slopes)), where=self.width > 0)
        center = self.center + mean * self.scale - slopes @ self.middle
        numbers |= {"arima.center": np.array([center]), "arima.scale": np.array([self.scale])}
        if len(slopes):
            numbers |= {"arima.slopes": slopes, "arima.middle": self.middle, "arima.width": self.width}
        return Fit(numbers, " ".join(self.notes))

    def failed(self, why: str) -> Fit:
        self.notes.append(f"{self.series.name}: ARIMA failed ({why}); it repeats the last value.")
        return Fit(walk(self.series.known, len(self.width)), " ".join(self.notes))


def what_was_found(fits: Sequence[Fit]) -> dict[str, np.ndarray]:
    """The choices, coefficients and rankings of all series as tables, padded with 0 and NaN."""
    found = [fit if isinstance(fit, Found) else Found(fit.numbers) for fit in fits]
    most = max((len(one.coefficients) for one in found), default=0)
    best = max((len(one.ranking) for one in found), default=0)
    coefficients, ranking = np.zeros((len(found), most)), np.full((len(found), best, 9), np.nan)
    choices = np.zeros((len(found), CHOICES), np.int64)
    for i, one in enumerate(found):
        choices[i] = one.choices
        coefficients[i, : len(one.coefficients)] = one.coefficients
        ranking[i, : len(one.ranking)] = one.ranking
    return {"choices": choices, "coefficients": coefficients, "ranking": ranking}


def searched(
    recipe: AutoArima, series: Sequence[Series], earlier: Earlier | None = None, best: int = 0, longest: int = 24
) -> list[Fit]:
    """The orders that AICc chooses for each series, and its `best` candidates; a season of more than `longest` rows
    becomes waves."""
    most = (recipe.max_p, recipe.max_q, recipe.max_P, recipe.max_Q, recipe.max_order)
    limits = (1, *most, recipe.season) if recipe.season > longest else (recipe.season, *most, 0)
    parts, own = [], []
    for one in series:
        short = recipe.season > 1 and len(one.values) < 2 * recipe.season + 5
        note = f"{one.name} is shorter than two seasons: AutoArima without one." if short else ""
        parts.append(Scaled.of(one, note))
        own.append((1, *most, 0) if short else limits)
    fits = _together(parts, own, [()] * len(parts), earlier, best)
    if any("arima.season" in fit.numbers for fit in fits):
        for fit in fits:
            fit.numbers.setdefault("arima.season", np.zeros(recipe.season))
    return fits


def chosen(recipe: AutoArima, orders: np.ndarray, found: np.ndarray, series: Sequence[Series]) -> list[Fit]:
    """Fits of p, d, q, P, D, Q, constant (series, 7) for each series, the season as in the choices `found`."""
    limits = (recipe.season, 0, 0, 0, 0, 0, 0)
    choices = [tuple(row) for row in orders.tolist()]
    return _together([Scaled.of(one) for one in series], [limits] * len(series), choices)


def fixed(
    order: Order, seasonal: Seasonal, constant: bool | None, series: Sequence[Series], earlier: Earlier | None = None
) -> list[Fit]:
    """The same orders for all series; (0, 1, 1), with a note, where there are too few values for them."""
    last = -1 if constant is None else int(constant)
    limits, choice = (seasonal[3], 0, 0, 0, 0, 0, 0), (*order, *seasonal[:3], last)
    simple = (0, 1, 1, 0, 0, 0, 0)
    parts, choices = [], []
    for one in series:
        short = len(one.known) < fewest(order, seasonal) and order != (0, 1, 1)
        parts.append(Scaled.of(one, too_short(one) if short else ""))
        choices.append(simple if short else choice)
    return _together(parts, [limits] * len(parts), choices, earlier)


def fewest(order: Order, seasonal: Seasonal) -> int:
    """How many values an order needs."""
    return sum(order) + sum(seasonal[:3]) * seasonal[3] + 3


def too_short(series: Series) -> str:
    return f"{series.name} is too short for the order: ARIMA (0, 1, 1) in its place."


def walk(known: np.ndarray, columns: int) -> dict[str, np.ndarray]:
    """A random walk through the `known` values: its forecast is the last one, and the steps so far make its bands.

    Of a single value nothing but its size can be told (see `learners.spread.supposed`).
    """
    one, zero = np.ones(1), np.zeros(1)
    steps = np.abs(np.diff(known)) if len(known) > 1 else np.abs(known)
    largest = float(steps.max(initial=0.0))
    scale = largest * float(np.sqrt(np.mean(np.square(steps / largest)))) if largest > 0.0 else 1.0
    level = known[:1] if len(known) else np.full(1, np.nan)
    numbers = {
        "arima.ar": one,
        "arima.state": level / scale,
        "arima.gain": one,
        "arima.change": zero,
        "arima.lever": np.zeros((columns + 1, 1)),
        "arima.intercept": zero,
        "arima.push": zero,
        "arima.spread": one,
        "arima.counts": np.array([1.0, 0.0]),
        "arima.variance": one if largest > 0.0 else zero,
        "arima.freedom": np.array([max(len(known) - 1.0, 1.0)]),
        "arima.doubt": np.zeros((columns + 1, columns + 1)),
        "arima.unsure": np.zeros(HORIZONS),
        "arima.center": zero,
        "arima.scale": np.array([scale]),
    }
    if columns:
        numbers |= {f"arima.{name}": np.zeros(columns) for name in ("slopes", "middle", "width")}
    return numbers


def filter_numbers(
    y: np.ndarray, x: np.ndarray, indptr: np.ndarray, choices: np.ndarray, weights: np.ndarray, slopes: np.ndarray,
    levels: np.ndarray, variances: np.ndarray, season: int,
) -> list[dict[str, np.ndarray]]:  # fmt: skip
    """The numbers of each series' filter before its first row, and of what is not known about its model.

    `levels` are the means of the differenced series, `variances` those of the innovations, (series,) each.
    """
    from learners._kernels import arima_numbers

    workers = threads(len(y) * EVALUATIONS)
    ar, state, gain, change, lever, single, doubt, unsure = arima_numbers(
        y, x, indptr, choices, weights, slopes, levels, season, workers
    )
    numbers = []
    for i in range(len(choices)):
        intercept, push, spread, wait, freedom = single[i][:, None]
        levers = np.zeros((doubt.shape[1], lever.shape[1]))
        levers[0] = lever[i]
        numbers.append({
            "arima.ar": ar[i], "arima.state": state[i], "arima.gain": gain[i], "arima.change": change[i],
            "arima.lever": levers, "arima.intercept": intercept, "arima.push": push, "arima.spread": spread,
            "arima.counts": np.r_[wait, 0.0], "arima.variance": variances[i : i + 1], "arima.freedom": freedom,
            "arima.doubt": doubt[i], "arima.unsure": unsure[i],
        })  # fmt: skip
    return numbers


def _together(
    parts: Sequence[Scaled | Fit], limits: Sequence[tuple[int, ...]], choices: Sequence[tuple[int, ...]],
    earlier: Earlier | None = None, best: int = 0,
) -> list[Fit]:  # fmt: skip
    """The fits of `parts`, those with the same limits and choices in one call of the kernel."""
    groups: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
    fits: list[Fit | None] = [part if isinstance(part, Fit) else None for part in parts]
    for i, part in enumerate(parts):
        if isinstance(part, Scaled):
            groups.setdefault((limits[i], choices[i]), []).append(i)
    for (limit, choice), members in groups.items():
        scaled = [part for i in members if isinstance(part := parts[i], Scaled)]
        before = earlier and Earlier(earlier.choices[members], earlier.coefficients[members])
        for i, fit in zip(members, _kernel(scaled, limit, choice, before, best), strict=True):
            fits[i] = fit
    return [fit for fit in fits if fit is not None]


def _kernel(
    parts: list[Scaled], limits: tuple[int, ...], choice: tuple[int, ...], earlier: Earlier | None, best: int
) -> list[Found]:
    from learners._kernels import arima_fit

    indptr = np.cumsum([0, *(len(part.y) for part in parts)])
    y = np.concatenate([part.y for part in parts])
    x = np.ascontiguousarray(np.concatenate([part.columns for part in parts]))
    workers = threads(len(y) * EVALUATIONS)
    waves = np.full(len(parts), limits[6]) if limits[6] else None
    before = (earlier.choices, earlier.coefficients) if earlier else (None, None)
    choices, weights, slopes, measures, seasons, ranking = arima_fit(
        y, x, indptr, np.array(limits[:6]), np.array(choice, np.int64), workers, waves, *before, best
    )
    if seasons.shape[1]:
        y = y - np.concatenate([np.resize(own, len(p.y)) for own, p in zip(seasons, parts, strict=True)])
    level, variance = measures[:, LEVEL], np.maximum(measures[:, VARIANCE], STILL)
    mean = np.where(choices[:, DIFFERENCED].sum(axis=1) > 0, 0.0, level)
    numbered = filter_numbers(y, x, indptr, choices, weights, slopes, level, variance, limits[0])
    fits = []
    for i, part in enumerate(parts):
        if choices[i, INTERPOLATED]:
            part.notes.append(f"{part.series.name}: too many values are missing; the fit took lines across them.")
        rows = (len(part.y) if choices[i, INTERPOLATED] else len(part.series.known)) - choices[i, 1]
        rows -= choices[i, 4] * limits[0]
        ranking[i, :, [LIKELIHOOD, AICC]] += np.array([[-1.0], [2.0]]) * rows * np.log(part.scale)
        numbers = numbered[i]
        numbers["arima.freedom"] = np.maximum(numbers["arima.freedom"] - 2.0 * choices[i, PAIRS], 1.0)
        if not choice:
            numbers["arima.variance"] = numbers["arima.variance"] * (1.0 + SEARCHED / len(part.series.known))
        if choices[i, PAIRS]:
            numbers["arima.season"] = part.scale * seasons[i]
        fitted = part.fit(numbers, slopes[i], mean[i]) if choices[i, FITS] else part.failed("no model fits")
        fits.append(Found(fitted.numbers, fitted.note, choices[i], weights[i], ranking[i]))
    return fits


def _regressors(series: Series) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """The columns with mean 0 and deviation 1, their middles and widths (0: left out), and what was left out."""
    table = np.stack([interpolated(c) for c in series.columns.T], 1) if series.columns.size else series.columns
    middle, width = np.zeros(table.shape[1]), np.zeros(table.shape[1])
    if table.size and len(series.known) > 2 * table.shape[1] + SHORTEST:
        with np.errstate(all="ignore"):
            middle, width = np.nan_to_num(table.mean(axis=0)), np.nan_to_num(table.std(axis=0))
        width = np.where(width > 1e-12 * np.abs(middle), width, 0.0)
    used = width > 0
    out = int((~used).sum())
    lost = [f"{series.name}: {out} of {len(used)} columns do not vary (or the series is too short) and are left out."]
    scaled = np.zeros(table.shape)
    scaled[:, used] = (table[:, used] - middle[used]) / width[used]
    return scaled, middle, width, lost if out else []
