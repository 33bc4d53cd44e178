"""The scores of classical.py: errors, their quotient, and AICc of both sides by one exact function."""

from __future__ import annotations

import warnings

import numpy as np
from classical_data import Sample

from learners._kernels import arima_likelihood


def errors(sample: Sample, forecast: np.ndarray) -> np.ndarray:
    """MASE and sMAPE (percent) of each series, (series, 2); MASE by the seasonal differences of the training rows."""
    forecast = forecast[:, : sample.horizon]
    wrong, size = np.abs(sample.test - forecast), np.abs(sample.test) + np.abs(forecast)
    lost = np.isfinite(sample.test) & ~np.isfinite(forecast)
    if lost.any():
        warnings.warn(f"{lost.any(axis=1).sum()} series have no finite forecast.", stacklevel=1)
    relative = np.divide(200 * wrong, size, out=np.where(np.isnan(wrong), np.nan, 0.0), where=size > 0)
    scales = [np.abs(y[lag:] - y[:-lag]).mean() for y in sample.train for lag in (_lag(y, sample.season),)]
    with np.errstate(divide="ignore", invalid="ignore"):
        mase = np.nanmean(wrong, axis=1) / np.array(scales)
    return np.stack([np.where(np.isfinite(mase), mase, np.nan), np.nanmean(relative, axis=1)], axis=1)


def _lag(y: np.ndarray, season: int) -> int:
    return season if len(y) > season else 1


def quotient(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float]:
    """Mean of ours over mean of theirs, (series,) each, with a 95 % bootstrap interval over series."""
    rows = np.random.default_rng(0).integers(0, len(ours), (4000, len(ours)))
    low, high = np.quantile(ours[rows].mean(axis=1) / theirs[rows].mean(axis=1), [0.025, 0.975])
    return float(ours.mean() / theirs.mean()), float(low), float(high)


def arima_criterion(y: np.ndarray, season: int, order: np.ndarray, coefficients: np.ndarray) -> float:
    """AICc of an ARIMA model by its exact likelihood; infinite where there are too few values for it.

    `order` is p, d, q, P, D, Q and whether there is a mean or drift; it is estimated with the variance, as
    generalised least squares do at these `coefficients` (ar, ma, seasonal ar, seasonal ma).
    """
    p, d, q, P, D, Q, constant = (int(v) for v in order)
    scale = float(y.std()) or 1.0
    w = (y - y.mean()) / scale
    for lag in [season] * D + [1] * d:
        w = w[lag:] - w[:-lag]
    n, k = len(w), p + q + P + Q + constant + 1
    if n - k - 1 <= 0:
        return np.inf
    x = np.ones((n, constant))
    orders = np.array([p, q, P, Q, season], np.int64)
    likelihood = arima_likelihood(np.ascontiguousarray(w), x, 0, orders, np.ascontiguousarray(coefficients, float))
    return -2 * (likelihood - n * np.log(scale)) + 2 * k + 2 * k * (k + 1) / (n - k - 1)


def criteria(sample: Sample, model: str, side: dict[str, np.ndarray]) -> np.ndarray:
    """AICc of each series, (series,); NaN where it cannot be compared."""
    if model == "AutoArima":
        pairs = zip(sample.train, side["orders"], side["coefficients"], strict=True)
        return np.array([arima_criterion(y, sample.season, o, c[: o[[0, 2, 3, 5]].sum()]) for y, o, c in pairs])
    return side.get("criterion", np.full(len(sample.train), np.nan))


def comparable(model: str, ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> np.ndarray:
    """The series whose criteria tell of the same values: those differenced alike."""
    if model != "AutoArima":
        return np.ones(len(ours["forecast"]), bool)
    return (ours["orders"][:, [1, 4]] == theirs["orders"][:, [1, 4]]).all(axis=1)
