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
FITS, INTERPOLATED = 7, 8
LEVEL, VARIANCE = 0, 1  # among its measures
STILL = 1e-12  # variance of a series that differences explain wholly


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
            return Fit(walk(simple.level, series.columns.shape[1]), simple.note)
        center, scale = float(series.known.mean()), float(series.known.std())
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
        return Fit(numbers | ({"arima.slopes": slopes} if len(slopes) else {}), " ".join(self.notes))

    def failed(self, why: str) -> Fit:
        self.notes.append(f"{self.series.name}: ARIMA failed ({why}); it repeats the last value.")
        return Fit(walk(float(self.series.known[0]), len(self.width)), " ".join(self.notes))


def searched(recipe: AutoArima, series: Sequence[Series]) -> list[Fit]:
    """The orders that AICc chooses for each series."""
    limits = (recipe.season, recipe.max_p, recipe.max_q, recipe.max_P, recipe.max_Q, recipe.max_order)
    parts, own = [], []
    for one in series:
        short = recipe.season > 1 and len(one.values) < 2 * recipe.season + 5
        note = f"{one.name} is shorter than two seasons: AutoArima without one." if short else ""
        parts.append(Scaled.of(one, note))
        own.append((1, *limits[1:]) if short else limits)
    return _together(parts, own, [()] * len(parts))


def fixed(order: Order, seasonal: Seasonal, constant: bool | None, series: Sequence[Series]) -> list[Fit]:
    """The same orders for all series; (0, 1, 1), with a note, where there are too few values for them."""
    last = -1 if constant is None else int(constant)
    limits, choice = (seasonal[3], 0, 0, 0, 0, 0), (*order, *seasonal[:3], last)
    simple = (0, 1, 1, 0, 0, 0, 0)
    parts, choices = [], []
    for one in series:
        short = len(one.known) < fewest(order, seasonal) and order != (0, 1, 1)
        parts.append(Scaled.of(one, too_short(one) if short else ""))
        choices.append(simple if short else choice)
    return _together(parts, [limits] * len(parts), choices)


def fewest(order: Order, seasonal: Seasonal) -> int:
    """How many values an order needs."""
    return sum(order) + sum(seasonal[:3]) * seasonal[3] + 3


def too_short(series: Series) -> str:
    return f"{series.name} is too short for the order: ARIMA (0, 1, 1) in its place."


def walk(level: float, columns: int) -> dict[str, np.ndarray]:
    """A random walk from `level`: its forecast is the last value."""
    one, zero = np.ones(1), np.zeros(1)
    numbers = {
        "arima.ar": one,
        "arima.ma": one,
        "arima.state": np.array([level]),
        "arima.covariance": np.full((1, 1), 1e12),
        "arima.intercept": zero,
        "arima.variance": one,
        "arima.center": zero,
        "arima.scale": one,
    }
    return numbers | ({"arima.slopes": np.zeros(columns)} if columns else {})


def _together(
    parts: Sequence[Scaled | Fit], limits: Sequence[tuple[int, ...]], choices: Sequence[tuple[int, ...]]
) -> list[Fit]:
    """The fits of `parts`, those with the same limits and choices in one call of the kernel."""
    groups: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
    fits: list[Fit | None] = [part if isinstance(part, Fit) else None for part in parts]
    for i, part in enumerate(parts):
        if isinstance(part, Scaled):
            groups.setdefault((limits[i], choices[i]), []).append(i)
    for (limit, choice), members in groups.items():
        scaled = [part for i in members if isinstance(part := parts[i], Scaled)]
        for i, fit in zip(members, _kernel(scaled, limit, choice), strict=True):
            fits[i] = fit
    return [fit for fit in fits if fit is not None]


def _kernel(parts: list[Scaled], limits: tuple[int, ...], choice: tuple[int, ...]) -> list[Fit]:
    from learners._kernels import arima_fit, arima_numbers

    indptr = np.cumsum([0, *(len(part.y) for part in parts)])
    y = np.concatenate([part.y for part in parts])
    x = np.ascontiguousarray(np.concatenate([part.columns for part in parts]))
    workers = threads(len(y) * EVALUATIONS)
    choices, weights, slopes, measures = arima_fit(y, x, indptr, np.array(limits), np.array(choice, np.int64), workers)
    differenced = choices[:, DIFFERENCED].sum(axis=1) > 0
    level, variance = measures[:, LEVEL], np.maximum(measures[:, VARIANCE], STILL)
    drift, mean = np.where(differenced, level, 0.0), np.where(differenced, 0.0, level)
    ar, ma, state, covariance, intercept = arima_numbers(choices, weights, drift, variance, limits[0])
    fits = []
    for i, part in enumerate(parts):
        numbers = {"arima.ar": ar[i], "arima.ma": ma[i], "arima.state": state[i], "arima.covariance": covariance[i],
                   "arima.intercept": intercept[i], "arima.variance": variance[i : i + 1]}  # fmt: skip
        if choices[i, INTERPOLATED]:
            part.notes.append(f"{part.series.name}: too many values are missing; the fit took lines across them.")
        fitted = part.fit(numbers, slopes[i], mean[i]) if choices[i, FITS] else part.failed("no model fits")
        fits.append(fitted)
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
