"""Recipes as source: the constructors that make one, as Python text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import date, datetime, time
from typing import Any

import numpy as np

from forecast.recipes import name_of, parts, plain, settings


def to_python(recipe: Any) -> str:
    """The recipe as Python source: constructors that can be pasted after the imports above them.

    >>> from learners.naive import SeasonalNaive
    >>> print(to_python(SeasonalNaive(12)))
    from learners import SeasonalNaive
    <BLANKLINE>
    SeasonalNaive(season=12)
    """
    used: dict[str, set[str]] = {}
    body = _source(recipe, "", used)
    imports = [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(used.items())]
    return "\n".join([*imports, "", body]) if imports else body


def _source(value: Any, indent: str, used: dict[str, set[str]]) -> str:
    deeper = indent + "    "
    if isinstance(value, tuple | list):
        open_, close = "()" if isinstance(value, tuple) else "[]"
        items = [_source(item, deeper, used) for item in value]
        return _wrapped(open_, items, close, indent, single=isinstance(value, tuple) and len(items) == 1)
    if isinstance(value, Mapping):
        items = [f"{key!r}: {_source(item, deeper, used)}" for key, item in value.items()]
        return _wrapped("{", items, "}", indent)
    if isinstance(value, float) and not np.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, datetime | date | time):
        used.setdefault("datetime", set()).add(type(value).__name__)
        return repr(value).removeprefix("datetime.")
    name = None if value is None or isinstance(value, bool | str | int | float) else name_of(value)
    if name is None:
        return repr(plain(value, False, type(value).__name__))
    if callable(value) and not is_dataclass(value) and not hasattr(value, "get_params"):
        used.setdefault(str(value.__module__), set()).add(name)
        return name
    module, _, short = name.rpartition(".")
    used.setdefault(module or parts()[name], set()).add(short)
    items = [f"{key}={_source(item, deeper, used)}" for key, item in settings(value).items()]
    return _wrapped(f"{short}(", items, ")", indent)


def _wrapped(start: str, items: list[str], end: str, indent: str, single: bool = False) -> str:
    """One line where it fits, else one item a line."""
    flat = start + ", ".join(items) + ("," if single else "") + end
    if len(indent) + len(flat) <= 100 and "\n" not in flat:
        return flat
    inner = "".join(f"\n{indent}    {item}," for item in items)
    return f"{start}{inner}\n{indent}{end}"
