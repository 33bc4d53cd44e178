"""brief: what something fitted is, in a line; arrays are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

MOST = 4  # parts or settings that are shown of one thing
DEEP = 3  # parts of parts


class Brief:
    """Dataclasses that inherit this print themselves with `brief`, whatever `@dataclass` would have written."""

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if "__repr__" not in vars(cls):
            cls.__repr__ = Brief.__repr__  # type: ignore[method-assign]  # what stands in the class, @dataclass keeps

    def __repr__(self) -> str:
        return brief(self)


def brief(value: object, depth: int = 0) -> str:
    """A part with its parts and settings, the first few of each and three deep; "" for arrays and what is empty."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int | str):
        text = repr(value)
        return text if 2 < len(text) <= 40 or not isinstance(value, str) else ""
    if isinstance(value, tuple):
        shown = [brief(item, depth) for item in value]
        kept = [text for text in shown if text]
        more = [f"... {len(kept)} in all"] if len(kept) > MOST else []
        last = "," if len(kept) == 1 else ""
        return f"({', '.join([*kept[:MOST], *more])}{last})" if kept and len(kept) == len(shown) else ""
    if not is_dataclass(value) or isinstance(value, type):
        return "" if value is None or isinstance(value, np.ndarray | Mapping) else type(value).__name__
    if depth == DEEP:
        return type(value).__name__
    given = {f.name: brief(getattr(value, f.name), depth + 1) for f in fields(value) if f.name != "origin" and f.repr}
    kept = [f"{name}={text}" for name, text in given.items() if text]
    origin = getattr(value, "origin", None)
    fitted = [] if origin is None else [str(origin)]
    return f"{type(value).__name__}({', '.join([*kept[:MOST], *(['...'] if len(kept) > MOST else []), *fitted])})"
