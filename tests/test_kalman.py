"""The filter in O(k) numbers against a dense one, and against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import solve_discrete_lyapunov

from learners.kalman import MOVING, columns_of, slots, stepped
from tests.local import AIR, holes

# p, d, q, P, D, Q, season; the coefficients ar, ma, seasonal ar, seasonal ma; the mean of the differences
MODELS = {
    "airline": ((0, 1, 1, 0, 1, 1, 12), [-0.4018, -0.5569], 0.0),
    "almost over-differenced": ((0, 1, 1, 0, 1, 1, 12), [-0.998, -0.995], 0.0),
    "seasonal": ((2, 0, 1, 1, 0, 0, 12), [0.3, 0.5, 0.2, 0.4], 0.0),
    "slow": ((1, 0, 0, 0, 0, 0, 1), [0.99], 0.0),
    "drift": ((1, 1, 2, 0, 0, 0, 1), [0.4, 0.2, -0.3], 0.3),
    "curve": ((1, 2, 1, 1, 1, 1, 4), [0.4, -0.9, 0.3, -0.6], 0.0),
    "walk": ((0, 1, 0, 0, 0, 0, 1), [], 0.0),
    "hourly": ((1, 0, 0, 1, 1, 1, 24), [0.7, 0.2, -0.7], 0.1),
}
GAPS = {
    "none": (),
    "one": (50,),
    "long": (45, 46, 47, 48, 49, 50, 51),
    "two": (40, 52, 53),
    "last": (60, 61, 69, 70, 71),
}


def poly(c, lag, sign):
    out = np.zeros(len(c) * lag + 1)
    out[0] = 1.0
    out[lag::lag] = sign * np.asarray(c)
    return out


def polynomials(order, x):
    """phi, the differences and theta, from lag 0 on."""
    p, d, q, P, D, _, m = order
    parts = np.split(np.asarray(x, float), np.cumsum([p, q, P]))
    delta = np.ones(1)
    for lag in [1] * d + [m] * D:
        delta = np.convolve(delta, poly([1.0], lag, -1))
    phi = np.convolve(poly(parts[0], 1, -1), poly(parts[2], m, -1))
    return phi, delta, np.convolve(poly(parts[1], 1, 1), poly(parts[3], m, 1))


def transition(ar):
    made = np.diag(np.ones(len(ar) - 1), 1)
    made[:, 0] = ar
    return made


class Dense:
    """The filter with its whole covariance, after as many rows of `y` as differences look back."""

    def __init__(self, order, x, drift, y):
        phi, delta, theta = polynomials(order, x)
        k = max(len(phi) + len(delta) - 2, len(theta))
        pad = lambda v: np.pad(v, (0, k - len(v)))  # noqa: E731
        self.ma = pad(theta)
        stationary = transition(-pad(phi[1:])[:k])
        self.P = solve_discrete_lyapunov(stationary, np.outer(self.ma, self.ma))
        self.T, wait = transition(-pad(np.convolve(phi, delta)[1:])), len(delta) - 1
        known = np.array([-(delta[i + 1 :] @ y[wait - len(delta) + 1 + i : wait][::-1]) for i in range(wait)])
        ahead = [-drift * phi[i + 1 :].sum() for i in range(k)]
        self.c = drift * phi.sum()
        self.a = np.array(ahead) + pad(np.convolve(phi, known)[:k]) if wait else np.array(ahead)
        self.a[0] += self.c
        self.wait = wait

    def row(self, y):
        if not np.isnan(y):
            gain = self.P[:, 0] / self.P[0, 0]
            self.a, self.P = self.a + gain * (y - self.a[0]), self.P - np.outer(gain, self.P[0])
        self.a, self.P = self.T @ self.a, self.T @ self.P @ self.T.T + np.outer(self.ma, self.ma)
        self.a[0] += self.c

    def variances(self, horizon):
        P, out = self.P, []
        for _ in range(horizon):
            out.append(P[0, 0])
            P = self.T @ P @ self.T.T + np.outer(self.ma, self.ma)
        return np.array(out)


def numbers(order, x, drift, y, gaps=3):
    """The filter before the first row, as arrays of one series."""
    from learners._kernels import arima_numbers

    p, d, q, P, D, Q, season = order
    choices = np.array([[p, d, q, P, D, Q, drift != 0.0, 1, 0]])
    none = np.zeros((len(y), 0))
    ar, state, gain, change, lever, single, *_ = arima_numbers(
        y, none, np.array([0, len(y)]), choices, np.asarray(x, float)[None], np.zeros((1, 0)), np.array([drift]),
        season, 1,
    )  # fmt: skip
    made = {"ar": ar, "state": state, "gain": gain, "change": change, "lever": lever}
    made |= {n: single[:, i : i + 1] for i, n in enumerate(("intercept", "push", "spread", "counts"))}
    made["counts"] = np.c_[made["counts"], 0.0]
    return {f"arima.{n}": v for n, v in made.items()} | slots(change, made["spread"], gaps)


def spreads(state, horizon):
    """S[h] of the docstring of `learners.arima._unknown`, from L, M, K and F."""
    columns, weights = (v[0] for v in columns_of(state))
    T, K, F = transition(state["arima.ar"][0]), state["arima.gain"][0], state["arima.spread"][0, 0]
    out = [F]
    for _ in range(horizon - 1):
        v = columns[:, 0]
        out.append(out[-1] + v @ weights @ v + F * K[0] ** 2)
        columns, K = columns @ T.T, T @ K
    return np.array(out)


def walked(state, y):
    from learners._kernels import arima_filter

    moved = {n: state[f"arima.{n}"].copy() for n in MOVING}
    still = (state[f"arima.{n}"] for n in ("ar", "intercept", "push"))
    one, none = np.array([len(y)]), np.zeros(1, np.int64)
    arima_filter(*still, *moved.values(), y, np.zeros((len(y), 0)), none, none, one, 1)
    return state | {f"arima.{n}": v for n, v in moved.items()}


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("model", MODELS)
def test_it_is_the_dense_filter(model, gap):
    order, x, drift = MODELS[model]
    y = holes(np.log(AIR).cumsum() / 20 - 3, *GAPS[gap])
    state, dense = numbers(order, x, drift, y), Dense(order, x, drift, y)
    for t, value in enumerate(y):
        if t >= dense.wait:
            size = np.abs(dense.a).max()
            np.testing.assert_allclose(state["arima.state"][0], dense.a, rtol=1e-9, atol=1e-9 * size)
            np.testing.assert_allclose(state["arima.spread"][0, 0], dense.P[0, 0], rtol=1e-9)
            dense.row(value)
        state = state | stepped(state, np.array([[value]]), np.zeros((1, 1)))
    np.testing.assert_allclose(spreads(state, 30), dense.variances(30), rtol=1e-9)
    native = walked(numbers(order, x, drift, y), y)
    for name, values in native.items():
        size = np.abs(values).max(initial=1e-9)
        np.testing.assert_allclose(state[name], values, rtol=1e-9, atol=1e-9 * size, err_msg=name)
