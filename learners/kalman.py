"""The Kalman filter of an ARIMA model, in the companion form of its full autoregression.

y[t] = c + sum_i ar[i] y[t-i] + sum_j ma[j] e[t-j], where `ar` holds the differences as well. The state has
k = max(p, q + 1) numbers; the transition matrix is `ar` in its first column and ones above the diagonal, so that
products with it are a shift and an outer product, whatever the orders. Sources: Harvey (1989), Forecasting, Structural
Time Series Models and the Kalman Filter, 3.3; Durbin & Koopman (2012), Time Series Analysis by State Space Methods,
4.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurizers.arrays import Array, namespace


def next_state(ar: Array, state: Array, intercept: Array) -> Array:
    """The state one row later; `ar` and `state` are (series, k), `intercept` (series, 1)."""
    xp = namespace(ar, state)
    shift = xp.concat([state[:, 1:], xp.zeros_like(state[:, :1])], axis=1)
    pushed = xp.concat([intercept, xp.zeros_like(state[:, 1:])], axis=1)
    return ar * state[:, :1] + shift + pushed


def next_covariance(ar: Array, ma: Array, variance: Array, covariance: Array) -> Array:
    """T P T' + variance * ma ma', of `covariance` (series, k, k)."""
    xp = namespace(ar, covariance)
    below = xp.concat([covariance[:, 1:, :], xp.zeros_like(covariance[:, :1, :])], axis=1)
    rows = ar[:, :, None] * covariance[:, :1, :] + below
    right = xp.concat([rows[:, :, 1:], xp.zeros_like(rows[:, :, :1])], axis=2)
    noise = variance[:, :, None] * ma[:, :, None] * ma[:, None, :]
    return rows[:, :, :1] * ar[:, None, :] + right + noise


def observed(y: Array, state: Array, covariance: Array) -> tuple[Array, Array]:
    """State and covariance once `y` (series, 1) is known; as they were where it is missing."""
    xp = namespace(y, state)
    missing = xp.isnan(y)
    spread = covariance[:, :1, 0]
    gain = covariance[:, :, 0] / xp.where(spread > 0.0, spread, 1.0)
    error = xp.where(missing, 0.0, y - state[:, :1])
    shrunk = covariance - gain[:, :, None] * covariance[:, :1, :]
    return state + gain * error, xp.where(missing[:, :, None], covariance, shrunk)


def companion(results: Any) -> dict[str, np.ndarray]:
    """The numbers of a fitted statsmodels SARIMAX in companion form, with the state before its first row.

    There the state holds the differenced series' ARMA state and the last values side by side; both forms tell the
    same future (the free response of y), which maps one onto the other.
    """
    model = results.model
    ar = _full_autoregression(results)
    ma = np.asarray(results.polynomial_reduced_ma, np.float64)
    k = max(len(ar), len(ma))
    ar, ma = np.pad(ar, (0, k - len(ar))), np.pad(ma, (0, k - len(ma)))
    transition = np.diag(np.ones(k - 1), 1)
    transition[:, 0] = ar
    filtered = results.filter_results
    theirs = _responses(filtered.design[0, :, 0], filtered.transition[:, :, 0], k)
    link = np.linalg.solve(_responses(np.eye(k)[0], transition, k), theirs)
    named = dict(zip(model.param_names, np.asarray(results.params), strict=True))
    return {
        "arima.ar": ar,
        "arima.ma": ma,
        "arima.state": link @ np.asarray(filtered.initial_state),
        "arima.covariance": link @ np.asarray(filtered.initial_state_cov) @ link.T,
        "arima.intercept": np.array([named.get("intercept", 0.0)]),
        "arima.variance": np.array([named["sigma2"]]),
    }


def _full_autoregression(results: Any) -> np.ndarray:
    """The coefficients of y[t-1], y[t-2] ..., with the differences multiplied in."""
    model, polynomial = results.model, np.asarray(results.polynomial_reduced_ar, np.float64)
    seasonal = np.r_[1.0, np.zeros(max(model.seasonal_periods - 1, 0)), -1.0]
    for _ in range(int(model.orig_k_diff)):
        polynomial = np.convolve(polynomial, [1.0, -1.0])
    for _ in range(int(model.orig_k_seasonal_diff)):
        polynomial = np.convolve(polynomial, seasonal)
    return -polynomial[1:]


def _responses(design: np.ndarray, transition: np.ndarray, count: int) -> np.ndarray:
    """design T^h for h = 0, 1 .. count - 1, one row each."""
    rows = [design]
    for _ in range(count - 1):
        rows.append(rows[-1] @ transition)
    return np.array(rows)
