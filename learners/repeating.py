"""Repeating: what a series is forecast by of which nothing can be learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from learners.local import Series


@dataclass(frozen=True)
class Repeating:
    """The value that a series repeats where nothing can be learned of it, and why."""

    level: float
    note: str


def repeating(series: Series, shortest: int, learner: str) -> Repeating | None:
    """What a series of fewer than `shortest` values, or of one value only, is forecast by; None for all others."""
    known = series.known
    if len(known) >= shortest and known.min() < known.max():
        return None
    first = float(known[0]) if len(known) else float("nan")
    return repeating_first(series.name, len(known), first, shortest, learner)


def repeating_first(name: str, known: int, first: float, shortest: int, learner: str) -> Repeating:
    """The same for a series of `known` values, of which nothing can be learned."""
    if known == 0:
        return Repeating(float("nan"), f"{name} has no values: its forecast is missing.")
    why = "is constant" if known >= shortest else f"has only {known} values"
    return Repeating(first, f"{name} {why}: {learner} repeats its last value.")
