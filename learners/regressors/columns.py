"""Columns: how a regressor wants its columns, as settings: filled, encoded, scaled and reduced, learned from the rows.

`Regressor("Ridge", {"alpha": 1.0}, scaling="robust", reduction=Pca(10))` encodes categories, fills what is missing,
scales and reduces, in that order. Each function here gives the stage that does one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeGuard

import numpy as np

from featurizers.whole import whole
from learners.regressors.fitted import Fitted
from learners.regressors.linear import Linear
from learners.regressors.stages import Encoded, Filled, Marked, Normalized, Projected, Scaled, Stage

Make = Callable[[Fitted], Stage]  # puts the stage in front of what follows it
SCALINGS = ("none", "standard", "minmax", "maxabs", "robust", "normalizer")
ENCODINGS = ("ordinal", "onehot", "hashed", "target")
WIDEST = 32  # categories that get a column each if nothing is asked for
MOST_HASHED = 100_000
IMPUTATIONS = ("median", "mean")
NOTHING = Linear(np.zeros(0), 0.0)


@dataclass(frozen=True)
class Impute:
    """What is missing becomes the column's "median" or "mean" over the training rows, or a number; with `indicator` a
    column of 0 and 1 for each column that has gaps in training says where it was missing."""

    value: str | float = "median"
    indicator: bool = False


@dataclass(frozen=True)
class Hashed:
    """Categories in `columns` columns by their hash, so that thousands of them do not take a column each.

    Source: Weinberger et al. (2009), Feature hashing for large scale multitask learning, ICML.
    """

    columns: int = 16


@dataclass(frozen=True)
class TargetMean:
    """A category as the mean target of its rows, mixed with `smoothing` rows of the overall mean. In training, a row
    has the mean over the other `folds`, of which its own target is no part.

    Source: Micci-Barreca (2001), A preprocessing scheme for high-cardinality categorical attributes, SIGKDD
    Explorations 3, 27-32.
    """

    smoothing: float = 20.0
    folds: int = 5


@dataclass(frozen=True)
class Pca:
    """The columns, less their means, as principal components: so many, or, below 1, as many as hold this share of the
    variance."""

    components: float = 0.99


@dataclass(frozen=True)
class TruncatedSvd:
    """The columns as they are, in the directions of the largest singular values."""

    components: int = 10


Encoding = str | Hashed | TargetMean
Reduction = Pca | TruncatedSvd


def imputing(how: str | float | Impute, X: np.ndarray, left: tuple[int, ...] = ()) -> Make:
    """`left` are the columns whose gaps stay: of codes of categories there is no median."""
    asked = how if isinstance(how, Impute) else Impute(how)
    empty = np.isnan(X).all(axis=0)
    full = np.where(empty[None, :], 0.0, X)
    if not _number(asked.value):
        _check("imputation", asked.value, IMPUTATIONS, " or a number")
        values = np.nanmedian(full, axis=0) if asked.value == "median" else np.nanmean(full, axis=0)
    else:
        values = np.full(X.shape[1], float(asked.value))
    values[list(left)] = np.nan
    gaps = np.flatnonzero(np.isnan(X).any(axis=0))
    if asked.indicator and len(gaps):
        return partial(Marked, values=values, places=gaps)
    return partial(Filled, values=values)


def encoding(how: Encoding, X: np.ndarray, y: np.ndarray, places: np.ndarray) -> tuple[Make, np.ndarray]:
    """The stage for the codes at `places`, and the columns to train on, where a row's own target is no part of the mean
    that stands for its category. "auto" is a column for each category or, where there are many, their mean target."""
    named: dict[str, Encoding] = {"hashed": Hashed(), "target": TargetMean()}
    asked = named.get(how, how) if isinstance(how, str) else how
    _check_encoding(asked)
    amounts = np.setdiff1d(np.arange(X.shape[1]), places)
    columns, tables = [X[:, amounts]], []
    for place in places:
        code = np.where(X[:, place] >= 0, X[:, place], -1).astype(np.int64)  # NaN is not >= 0
        size = int(code.max(initial=-1)) + 1
        mine = TargetMean() if asked == "auto" and size > WIDEST else asked
        if isinstance(mine, TargetMean):
            tables.append(means(code, y, size, mine.smoothing))
            columns.append(out_of_fold(code, y, size, mine)[:, None])
            continue
        known = _hashes(size, mine.columns) if isinstance(mine, Hashed) else np.eye(size)
        tables.append(np.vstack([known, np.zeros((1, known.shape[1]))]))
        columns.append(tables[-1][code])  # -1 is the last
    return partial(Encoded, amounts=amounts, places=places, tables=tuple(tables)), np.column_stack(columns)


def _hashes(size: int, columns: int) -> np.ndarray:
    from sklearn.feature_extraction import FeatureHasher

    table = FeatureHasher(columns, input_type="string").transform([[str(code)] for code in range(size)])
    return np.asarray(table.toarray())


def means(code: np.ndarray, y: np.ndarray, size: int, smoothing: float) -> np.ndarray:
    """(size + 1, 1): the smoothed mean target of each code, and last that of all rows."""
    known = code >= 0
    count = np.bincount(code[known], minlength=size)
    total = np.bincount(code[known], weights=y[known], minlength=size)
    middle = float(y.mean())
    mean = (total + smoothing * middle) / np.maximum(count + smoothing, 1e-300)
    return np.append(np.where(count + smoothing > 0, mean, middle), middle)[:, None]


def out_of_fold(code: np.ndarray, y: np.ndarray, size: int, asked: TargetMean) -> np.ndarray:
    """(rows,): the smoothed mean target of each row's code over the folds that the row is not in."""
    folds = max(2, min(asked.folds, len(y)))
    fold = np.random.default_rng(0).permutation(len(y)) % folds
    found = np.empty(len(y))
    for i in range(folds):
        mine = fold == i
        rest = ~mine if (~mine).any() else mine  # a single row has no others
        found[mine] = means(code[rest], y[rest], size, asked.smoothing)[code[mine], 0]  # -1 is the last
    return found


def scaling(how: str, X: np.ndarray) -> Make | None:
    """NaN in X counts for nothing; a constant column is left in its unit."""
    _check("scaling", how, SCALINGS)
    if how == "none":
        return None
    if how == "normalizer":
        return Normalized
    X = np.where(np.isnan(X).all(axis=0)[None, :], 0.0, X)
    if how == "standard":
        centre, scale = np.nanmean(X, axis=0), np.nanstd(X, axis=0)
    elif how == "minmax":
        centre = np.nanmin(X, axis=0)
        scale = np.nanmax(X, axis=0) - centre
    elif how == "maxabs":
        centre, scale = np.zeros(X.shape[1]), np.nanmax(np.abs(X), axis=0)
    else:
        low, centre, high = np.nanquantile(X, (0.25, 0.5, 0.75), axis=0)
        scale = high - low
    constant = ~(scale > 1e-12 * np.maximum(1.0, np.abs(centre)))
    return partial(Scaled, centre=centre, scale=np.where(constant, 1.0, scale))


def reducing(how: Reduction, X: np.ndarray) -> Make:
    """X without NaN. ValueError for a number of components that cannot be."""
    if not isinstance(how, Reduction):
        raise ValueError(f"The reduction of a Regressor is None, Pca(10), Pca(0.99) or TruncatedSvd(10), not {how!r}.")
    size = how.components if _number(how.components) else 0
    whole = isinstance(how, TruncatedSvd) or size >= 1
    if not size > 0 or (whole and size != int(size)):
        raise ValueError(f"{how} keeps no columns: give a number of components from 1 on, or to Pca a share below 1.")
    centre = X.mean(axis=0) if isinstance(how, Pca) else np.zeros(X.shape[1])
    centred = X - centre
    # The eigenvectors of X'X are the right singular vectors of X; there are fewer columns than rows.
    values, vectors = np.linalg.eigh(centred.T @ centred)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    vectors = vectors * np.where(vectors[np.abs(vectors).argmax(axis=0), np.arange(len(values))] < 0, -1.0, 1.0)
    if whole:
        count = min(int(how.components), X.shape[1])
    else:
        share = np.cumsum(values) / max(float(values.sum()), 1e-300)
        count = int(np.searchsorted(share, how.components)) + 1
    return partial(Projected, centre=centre, matrix=np.ascontiguousarray(vectors[:, : min(count, X.shape[1])]))


def _check_encoding(asked: object) -> None:
    if isinstance(asked, Hashed):
        whole(asked.columns, "The columns of Hashed", 1, MOST_HASHED)
    elif isinstance(asked, TargetMean):
        whole(asked.folds, "The folds of TargetMean", 2)
        if not _number(asked.smoothing) or asked.smoothing < 0:
            raise ValueError(f"{asked} cannot mix in so many rows of the mean: give a number from 0 on, as "
                             "smoothing=20.")  # fmt: skip
    elif asked != "auto":
        _check("encoding", asked, ENCODINGS, ", Hashed(16) or TargetMean(20)")


def _number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and bool(np.isfinite(value))


def _check(setting: str, value: object, choices: tuple[str, ...], others: str = "") -> None:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"The {setting} of a Regressor is one of 'auto', {', '.join(map(repr, choices))}{others}, "
                         f"not {value!r}.")  # fmt: skip
