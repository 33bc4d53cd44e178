"""Values: columns of any type as numbers, or as codes of categories."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from featurizers.amounts import advice, amounts, grouped, is_missing

_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[ T]00:00:00(\.0+)?")
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


def check_names(column: pd.Series, name: str) -> None:
    """ValueError for text that is mostly numbers: one wrong cell would make a name of every one of them."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return
    plain = _plain(column)
    counts = plain.value_counts()
    if not all(isinstance(value, str | int | float | np.number) for value in counts.index):
        return
    values = pd.Series(counts.index, dtype=object)
    likely = amounts(values)
    if 2 * counts.to_numpy()[likely].sum() <= counts.sum():
        return
    strange = plain.isin(values[pd.to_numeric(values, errors="coerce").isna()])
    row, total, good = int(np.argmax(strange)), int(plain.notna().sum()), int((plain.notna() & ~strange).sum())
    value = column.iloc[row]
    beside = f"where {good:,} of {total:,} values are numbers" if good else "which is no number"
    raise ValueError(f"The column {name!r} holds {value!r} in row {row}, {beside}{advice(value)}. If the values are "
                     f"names, pass categorical={name!r}.")  # fmt: skip


def _plain(column: pd.Series) -> pd.Series:
    """Text and other objects as objects, of which to_numeric makes numbers, or nothing; words for none are missing."""
    if isinstance(column.dtype, pd.CategoricalDtype) or not pd.api.types.is_numeric_dtype(column.dtype):
        column = column.astype(object)
        found, distinct = pd.factorize(column)
        blank = np.array([*map(is_missing, distinct), False], bool)[found]
        return column.mask(blank, np.nan) if blank.any() else column
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
        value = column.iloc[int(bad[0])]
        raise ValueError(f"The column {name!r} holds {value!r} in row {bad[0]}, which is no number{advice(value)}.")
    if plain.dtype == object and (doubt := grouped(plain)) is not None:
        raise ValueError(f"The column {name!r} holds {doubt}.")
    return np.array(read.to_numpy(np.float64, na_value=np.nan), np.float64)


def codes(column: pd.Series) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes and their categories, as sorted text; -1 where missing."""
    found, values = pd.factorize(column)
    names = text(pd.Series(values)).tolist()
    levels = sorted(set(names))
    place = {level: i for i, level in enumerate(levels)}
    table = np.array([*(place[n] for n in names), -1], np.int64)
    return table[found], tuple(levels)


def recoded(codes: np.ndarray, old: tuple[str, ...], new: tuple[str, ...]) -> np.ndarray:
    """Codes into the categories `old` as codes into `new`, -1 for those that are not among them."""
    place = {level: i for i, level in enumerate(dated(new))}
    table = np.array([*(place.get(level, -1) for level in dated(old)), -1], np.int64)
    return np.asarray(table[codes])


def by_value(values: np.ndarray, at: np.ndarray) -> list[np.ndarray]:
    """The positions `at`, those of each of the `values` (rows,) together, ascending."""
    order = at[np.argsort(values[at], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(values[order])) + 1) if len(at) else []


def text(column: pd.Series) -> np.ndarray:
    """Values as people write them: whole numbers without a point, dates without a time of day."""
    kind: Any = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        column = column.astype(kind.categories.dtype)
    values = column.astype(object).to_numpy()
    return np.array(dated(_word(v) for v in values), object)


def dated(values: Iterable[Any]) -> list[Any]:
    """Text of a date at midnight as the date alone: what a frame holds as a time, its CSV file holds as a date."""
    return [_date(v) if isinstance(v, str) and "00:00:00" in v else v for v in values]


def _date(text: str) -> str:
    found = _MIDNIGHT.fullmatch(text)
    return found[1] if found else text


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
