"""Each: the only map over work that could run side by side. Serial unless an engine is set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

engine: ContextVar[Callable[..., Iterable[Any]]] = ContextVar("engine", default=map)


def each(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """`[function(item) for item in items]`, in this order, wherever the engine runs it."""
    return list(engine.get()(function, items))
