"""Each: the only map over work that could run side by side. Serial unless an engine is set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

UNFINISHED = "unfinished"  # the result of an item that an engine with a time limit ended

engine: ContextVar[Callable[..., Iterable[Any]]] = ContextVar("engine", default=map)


def each(
    function: Callable[[Item], Result], items: Iterable[Item], done: Callable[[Result], None] | None = None
) -> list[Result]:
    """`[function(item) for item in items]`, in this order, wherever the engine runs it.

    `done` is called here with each result, in this order, as soon as it is there; results may be `UNFINISHED` if the
    engine has a time limit. What is heavy belongs into `function` (a `partial`), which a worker gets once, and not
    into the items.
    """
    results = []
    for result in engine.get()(function, items):
        results.append(result)
        if done is not None:
            done(result)
    return results


def reason(error: BaseException) -> str:
    """Why something failed, in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
