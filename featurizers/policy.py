"""Policy: what the door does about what it finds."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from featurizers.whole import whole

_CHOICES = {
    "duplicates": ("mean", "last", "sum", "error"),
    "mixed": ("drop", "keep", "error"),
    "short": ("keep", "drop", "pad", "error"),
    "leaks": ("drop", "keep", "error"),
    "gaps": ("fill", "error"),
    "incomplete": ("drop", "keep"),
    "decimal": (None, ".", ","),
}


@dataclass(frozen=True)
class Policy:
    """Settings of `Panel.read` beyond the roles; "error" refuses the table instead of repairing it."""

    duplicates: str = "mean"  # several rows of one stamp: mean, last or sum of the numbers
    mixed: str = "drop"  # a series with a frequency of its own
    short: str = "keep"  # a series with fewer than min_length rows: keep it as it is, drop it, or pad it at the front
    min_length: int = 5
    leaks: str = "drop"  # a known or past column that gives the target away
    gaps: str = "fill"
    incomplete: str = "drop"  # the first and last period of an aggregated series, where only a part of it is there
    categorical: tuple[str, ...] = ()  # columns whose numbers are names: a store type 1, 2, 3
    decimal: str | None = None  # of numbers in a CSV file, "." or ","; None: ".", refused where it may be of thousands
    encoding: str = "utf-8"  # of a CSV file, as "cp1252"
    fill: bool = False  # missing values of known and past columns: carry the last one forward

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Policy:
        """ValueError for a setting that does not exist, or a value that it can't have."""
        known = [f.name for f in fields(cls)]
        for name, value in settings.items():
            if name not in known:
                raise ValueError(f"There is no setting {name!r}{suggestion(name, known)}; there are {listed(known)}.")
            if name in _CHOICES and value not in _CHOICES[name]:
                raise ValueError(f"The setting {name!r} is one of {listed(_CHOICES[name])}, not {value!r}.")
        given: dict[str, Any] = dict(settings)
        if not isinstance(given.get("fill", False), bool):
            raise ValueError(f"The setting 'fill' is true or false, not {given['fill']!r}.")
        if "min_length" in given:
            given["min_length"] = whole(given["min_length"], "The setting 'min_length'")
        if "categorical" in given:
            given["categorical"] = names_of(given["categorical"])
        return cls(**given)


def names_of(given: Any) -> tuple[str, ...]:
    """Column names as given: none, one, or several."""
    if given is None:
        return ()
    return tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)


def listed(names: Iterable[Any], most: int = 20) -> str:
    """Names in quotes, with commas; the rest counted."""
    names = list(names)
    shown = ", ".join(repr(str(n)) for n in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def suggestion(name: str, known: Iterable[str]) -> str:
    """ ", did you mean 'Price'?" where something is spelt alike."""
    known = list(known)
    lower = {n.lower(): n for n in known}
    close = difflib.get_close_matches(name.lower(), list(lower), n=2, cutoff=0.6)
    return f" (did you mean {' or '.join(repr(lower[c]) for c in close)}?)" if close else ""
