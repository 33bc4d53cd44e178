"""Amounts: numbers as people write them in text, and what is said of those that can't be read for sure."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

# Words for a missing value among numbers, in any case; key columns know only the empty cell, as "NA" may be Namibia.
MISSING = frozenset(("", "nan", "-nan", "na", "#na", "n/a", "#n/a", "null", "none", "<na>", "-"))
_AMOUNT = re.compile(r"[-+]?[$€£¥]?\s?[-+]?(\d+|\d{1,3}([., '\u00a0\u202f]\d{3})+)([.,]\d*)?\s?[%$€£¥]?")
_SHORT, _GROUPED = re.compile(r"[-+]?\d{1,3}"), re.compile(r"[-+]?[1-9]\d{0,2}(\.\d{3})+")
_COMMAS = re.compile(r"[-+]?(?=,?\d)(\d+|\d{1,3}([. \u00a0\u202f]\d{3})+)?(,\d*)?")
_LEAST = 100  # whole numbers below it say little about points of thousands


def is_missing(value: object) -> bool:
    """Whether a value is text that stands for none."""
    return isinstance(value, str) and value.strip().lower() in MISSING


def amounts(texts: pd.Series) -> np.ndarray:
    """Which values are numbers, or are written as numbers are somewhere: "1,99", "$1,017", "10.2%"."""
    read = pd.to_numeric(texts, errors="coerce").notna().to_numpy(bool)
    return read | np.array([isinstance(t, str) and bool(_AMOUNT.fullmatch(t.strip())) for t in texts], bool)


def advice(value: object) -> str:
    """What to do about a value that is no number, after a comma."""
    text = str(value).strip()
    if not _AMOUNT.fullmatch(text):
        return ": correct it, or leave it empty if it is not known"
    if re.search(r"[%$€£¥]", text):
        return ": take the sign off, and any commas between thousands"
    if re.fullmatch(r"[-+]?\d*,\d*", text):
        return ": if its comma is that of decimals, decimal=',' reads such a CSV file; in a frame write a point"
    return ": write nothing between thousands (decimal=',' reads a CSV file with numbers such as 1.234,5)"


def grouped(column: pd.Series) -> str | None:
    """What is said of text such as 995 and then 1.000, of which no one can tell if the points are those of thousands,
    with the row of the first; None where it is clear."""
    texts = pd.Series([t.strip() if isinstance(t, str) else t for t in column.dropna()], dtype=object)
    rows = np.flatnonzero(column.notna())
    known = np.array([isinstance(t, str) and not is_missing(t) for t in texts], bool)
    words = texts[known]
    points = np.array([bool(_GROUPED.fullmatch(t)) for t in words], bool)
    if not points.any() or not all(_SHORT.fullmatch(t) for t in words[~points]):
        return None
    largest = max(words[~points], key=lambda t: abs(int(t)), default="0")
    if abs(int(largest)) < _LEAST:
        return None
    first = int(np.argmax(points))
    return (f"{words.iloc[first]!r} in row {rows[known][first]} beside {largest!r}: its point may be that of thousands "
            "or of decimals. Of a CSV file, decimal=',' says that it is that of thousands, decimal='.' that it is not; "
            "in a frame make the column numbers")  # fmt: skip


def decimal_commas(column: pd.Series) -> pd.Series:
    """Text such as "1.234,5" as numbers, if most of the column is such (what is not stays text); else the column."""
    there = column[[isinstance(t, str) and not is_missing(t) for t in column]].str.strip()
    fits = np.array([bool(_COMMAS.fullmatch(t)) for t in there], bool)
    if 2 * fits.sum() <= len(there):
        return column
    plain = there[fits].str.replace(r"[. \u00a0\u202f]", "", regex=True).str.replace(",", ".").astype(np.float64)
    return plain.astype(object if not fits.all() else np.float64).reindex(column.index).fillna(there[~fits])
