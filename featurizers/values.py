"""Values: columns of any type as numbers, or as codes of categories."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

LARGEST = 1e150  # of which the square is a number: what is beyond it counts as infinite


def absent(values: np.ndarray) -> np.ndarray:
    """Where a column of a panel has no value: NaN among numbers, below 0 among codes."""
    return np.asarray(np.isnan(values) if values.dtype == np.float64 else values < 0)


def is_category(column: pd.Series) -> bool:
    """Whether a column holds names rather than amounts."""
    kind: Any = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return True
    if pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
        return False
    there = _plain(pd.Series(column.dropna().unique())).dropna()
    return not len(there) or bool(pd.isna(pd.to_numeric(there, errors="coerce")).any())


def _plain(column: pd.Series) -> pd.Series:
    """Text and other objects as objects, of which to_numeric makes numbers, or nothing; blank text is missing."""
    if isinstance(column.dtype, pd.CategoricalDtype) or not pd.api.types.is_numeric_dtype(column.dtype):
        column = column.astype(object)
        blank = [isinstance(value, str) and not value.strip() for value in column]
        return column.mask(np.array(blank, bool), np.nan) if any(blank) else column
    return column


def numbers(column: pd.Series, name: str) -> np.ndarray:
    """Float64, NaN where missing. ValueError, with the row, for what is no number."""
    kind: Any = column.dtype
    if pd.api.types.is_datetime64_any_dtype(kind) or pd.api.types.is_timedelta64_dtype(kind):
        raise ValueError(f"The column {name!r} holds times; turn them into numbers or text first.")
    if pd.api.types.is_complex_dtype(kind):
        raise ValueError(f"The column {name!r} holds complex numbers.")
    if isinstance(kind, np.dtype) and kind.kind != "O":
        return np.array(column.to_numpy(), np.float64)
    plain = _plain(column)
    try:
        read = pd.to_numeric(plain, errors="coerce")
    except OverflowError:  # whole numbers beyond every float
        raise ValueError(f"The column {name!r} holds a whole number that is too large: write it as text or a float, "
                         "and it counts as unknown.") from None  # fmt: skip
    if pd.api.types.is_complex_dtype(read.dtype):
        raise ValueError(f"The column {name!r} holds complex numbers.")
    bad = np.flatnonzero(read.isna().to_numpy() & plain.notna().to_numpy())
    if len(bad):
        raise ValueError(f"The column {name!r} holds {column.iloc[int(bad[0])]!r} in row {bad[0]}, which is no number.")
    return np.array(read.to_numpy(np.float64, na_value=np.nan), np.float64)


def codes(column: pd.Series) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes and their categories, as sorted text; -1 where missing."""
    found, values = pd.factorize(column)
    names = text(pd.Series(values)).tolist()
    levels = sorted(set(names))
    place = {level: i for i, level in enumerate(levels)}
    table = np.array([*(place[n] for n in names), -1], np.int64)
    return table[found], tuple(levels)


def text(column: pd.Series) -> np.ndarray:
    """Values as people write them: whole numbers without a point."""
    kind: Any = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        column = column.astype(kind.categories.dtype)
    values = column.astype(object).to_numpy()
    return np.array([_word(v) for v in values], object)


def _word(value: Any) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def keys(column: pd.Series) -> tuple[np.ndarray, pd.Series]:
    """Codes of a key column, -1 where missing, and its distinct values in order: int64, or text."""
    found, values = pd.factorize(column)
    distinct = pd.Series(values)
    kind: Any = distinct.dtype
    whole: np.ndarray | None = None
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind) and len(distinct):
        exact: np.ndarray = distinct.to_numpy(np.float64)
        if np.isfinite(exact).all() and (exact == np.floor(exact)).all() and bool((np.abs(exact) < 2**53).all()):
            whole = distinct.to_numpy(np.int64)
    named = whole if whole is not None else text(distinct)
    unique, place = np.unique(np.asarray(named, None if whole is not None else object), return_inverse=True)
    table = np.r_[place.reshape(-1), -1].astype(np.int64)
    return table[found], pd.Series(unique) if whole is not None else pd.Series(unique, dtype=str)
