"""whole: what a person gives as a number of rows, checked."""

from __future__ import annotations

import operator
from typing import Any


def whole(value: Any, what: str, least: int = 1) -> int:
    """`value` as an int (numpy's are whole numbers, too). ValueError, which says `what` it is, for anything else.

    >>> whole(7, "The horizon")
    7
    >>> whole("7", "The horizon")
    Traceback (most recent call last):
    ValueError: The horizon must be a whole number from 1 on, not '7'.
    """
    try:
        number = least - 1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise ValueError(f"{what} must be a whole number from {least} on, not {value!r}.")
    return number


def wholes(values: Any, what: str, least: int = 1) -> tuple[int, ...]:
    """One or several such numbers (a list, a range, an array ...) as a tuple."""
    several = hasattr(values, "__iter__") and not isinstance(values, str)
    return tuple(whole(value, what, least) for value in (values if several else (values,)))
