"""Triangle: the rows of a regression with autocorrelated errors, made as few as it has columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

PASSES = 3  # of the fit, each with the autocorrelation that the one before left
STRONGEST = 0.99  # autocorrelation that is believed
CHUNK = 2048  # rows at a time, which caches hold


@dataclass(frozen=True, eq=False)
class Triangle:
    """All that least squares can know of y[t] - r y[t-1] on X[t] - r X[t-1], whatever r and for any of the columns.

    y1 and X1 are the rows t whose target is known like that of t - 1, y0 and X0 the rows t - 1. Columns that are waves,
    a constant and a line are, one row earlier, sums of themselves: X0 = X1 S. So with [X1 y1 y0] = Q [R p q], where
    Q'Q = 1, the residuals y1 - r y0 - (X1 - r X0) w are Q (p - r q - (R - r R S) w): sums of their squares and products
    are those of what is in brackets, which has no more rows than columns, and its least squares has the same singular
    values and so the same solution, to rounding. (Normal equations would square the condition.)
    Source: Golub & Van Loan (2013), Matrix Computations, 5.3; the rows come chunk by chunk, each below the triangle of
    those before: Demmel et al. (2012), Communication-optimal QR, SIAM J. Sci. Comput. 34.
    """

    pairs: int  # rows of X1
    now: np.ndarray  # R, (at most columns + 2, columns)
    before: np.ndarray  # R S
    target: np.ndarray  # p
    target_before: np.ndarray  # q

    def least(self, columns: Sequence[int]) -> tuple[np.ndarray, float]:
        """The weights of these columns, and the sum of squared residuals of the last pass.

        Sources: Prais & Winsten (1954); Cochrane & Orcutt (1949), Application of least squares regression to
        relationships containing auto-correlated error terms.
        """
        X1, X0, y1, y0 = self.now[:, columns], self.before[:, columns], self.target, self.target_before
        weights: np.ndarray = np.zeros(len(columns))
        r, residuals = 0.0, y1
        for _ in range(PASSES):
            left, right = y1 - r * y0, X1 - r * X0
            weights = np.linalg.lstsq(right, left, rcond=1e-10)[0]
            residuals = left - right @ weights
            rest, rest_before = y1 - X1 @ weights, y0 - X0 @ weights
            power = float(rest_before @ rest_before)
            r = float(np.clip(rest @ rest_before / power, 0.0, STRONGEST)) if power > 0 else 0.0
        return weights, float(residuals @ residuals)


def triangles(
    series: Sequence[np.ndarray], table: Callable[[np.ndarray], np.ndarray], shift: np.ndarray
) -> Iterator[Triangle]:
    """That of each series, (rows,), NaN where unknown: of the columns that `table` makes of rows, a constant, a line.

    `shift` (columns, columns) makes the columns of a row those of the row before; the line goes from -1 to 1.
    """
    width = len(shift) + 4
    rows: list[np.ndarray] = [np.zeros((0, width)) for _ in series]
    pairs = [0] * len(series)
    longest = max((len(y) for y in series), default=0)
    for start in range(1, longest, CHUNK):
        columns = table(np.arange(start, min(start + CHUNK, longest), dtype=np.float64))
        for i, y in enumerate(series):
            y0, y1 = y[start - 1 : start + CHUNK - 1][: max(len(y) - start, 0)], y[start : start + CHUNK]
            seen = np.flatnonzero(np.isfinite(y1) & np.isfinite(y0))
            line = -1.0 + (start + seen) * (2.0 / (len(y) - 1)) if len(seen) else seen
            parts = [columns[seen], np.ones((len(seen), 1)), line[:, None], y1[seen, None], y0[seen, None]]
            rows[i] = np.asarray(np.linalg.qr(np.concatenate([rows[i], np.concatenate(parts, axis=1)]), mode="r"))
            pairs[i] += len(seen)
    for y, count, held in zip(series, pairs, rows, strict=True):
        yield Triangle(count, held[:, :-2], held[:, :-2] @ _with_line(shift, len(y)), held[:, -2], held[:, -1])


def _with_line(shift: np.ndarray, rows: int) -> np.ndarray:
    """`shift` of a constant and a line too: a row earlier the line is lower by its step."""
    size = len(shift)
    result = np.eye(size + 2)
    result[:size, :size] = shift
    result[size, size + 1] = -2.0 / max(rows - 1, 1)
    return result
