"""whole and number: what a person gives as a number, checked."""

from __future__ import annotations

import operator
from math import isfinite
from typing import Any

MOST = 2**31 - 1  # what kernels and libraries take
FARTHEST = 10_000_000  # rows that are looked back on: of five minutes, almost a century


def whole(value: Any, what: str, least: int = 1, most: int = MOST) -> int:
    """`value` as an int (numpy's are whole numbers, too). ValueError, which says `what` it is, for anything else.

    >>> whole(7, "The horizon")
    7
    >>> whole("7", "The horizon")
    Traceback (most recent call last):
    ValueError: The horizon must be a whole number from 1 on, not '7'.
    """
    try:
        found = least - 1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        found = least - 1
    if found < least:
        raise ValueError(f"{what} must be a whole number from {least} on, not {value!r}.")
    if found > most:
        raise ValueError(f"{what} must be at most {most}, not {value!r}.")
    return found


def wholes(values: Any, what: str, least: int = 1, most: int = MOST) -> tuple[int, ...]:
    """One or several such numbers (a list, a range, an array ...) as a tuple."""
    several = hasattr(values, "__iter__") and not isinstance(values, str)
    return tuple(whole(value, what, least, most) for value in (values if several else (values,)))


def number(value: Any, what: str, above: float | None = None) -> float:
    """`value` as a float. ValueError, which says `what` it is, for text, NaN, what is infinite or not `above`.

    >>> number("7", "The period", above=0)
    Traceback (most recent call last):
    ValueError: The period must be a number above 0, not '7'.
    """
    found: Any = getattr(value, "item", lambda: value)() if getattr(value, "ndim", 0) == 0 else None
    fits = isinstance(found, int | float) and not isinstance(found, bool) and isfinite(found)
    if not fits or (above is not None and found <= above):
        raise ValueError(f"{what} must be a number{'' if above is None else f' above {above:g}'}, not {value!r}.")
    return float(found)


def numbers(values: Any, what: str, alone: bool = True) -> tuple[float, ...]:
    """Several such numbers as a tuple; or, where it may stand `alone`, one."""
    several = hasattr(values, "__iter__") and not isinstance(values, str) and getattr(values, "ndim", 1) > 0
    if not several and not alone:
        raise ValueError(f"{what} must be a number, and they stand in a tuple, unlike {values!r}.")
    return tuple(number(value, what) for value in (values if several else (values,)))
