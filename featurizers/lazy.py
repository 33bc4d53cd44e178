"""Lazy: a package whose parts are imported when they are first named.

What a package offers stands once, in the `__init__.pyi` beside its `__init__.py`, where type checkers and editors
read it too: `from featurizers.lags import Lags as Lags` offers Lags; `from learners import *` offers all of learners.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any


def attach(package: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """`__getattr__`, `__dir__` and `__all__` of the package whose `__init__.py` is `file`."""
    homes = _homes(Path(file).with_suffix(".pyi"))
    names = sorted(homes)

    def __getattr__(name: str) -> Any:
        if homes.get(name) == package:  # a module of the package itself
            return importlib.import_module(f"{package}.{name}")
        if name in homes:
            return getattr(importlib.import_module(homes[name]), name)
        if name.startswith("_"):
            raise AttributeError(name)
        close = get_close_matches(name, names, 3)
        hint = f" Did you mean {', '.join(map(repr, close))}?" if close else ""
        raise AttributeError(f"Package {package!r} has no {name!r}.{hint}")

    return __getattr__, lambda: names, names


def _homes(stub: Path) -> dict[str, str]:
    """Name -> module, as the stub says."""
    found: dict[str, str] = {}
    for node in ast.parse(stub.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if alias.name == "*":
                    found |= _homes(stub.parent.parent / node.module / "__init__.pyi")
                else:
                    found[alias.name] = node.module
    return found
