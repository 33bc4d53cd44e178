"""Limits: when a sweep ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MARGIN = 1.3  # on the seconds that a learner took on the folds, for its training on everything


def never() -> bool:
    """No: go on."""
    return False


@dataclass(frozen=True)
class Limits:
    """Each that is None is no limit; without any, every recipe is tried once and no more.

    Scores are given so that less is better.
    """

    trials: int | None = None  # in all, the first one of each recipe included
    until: float | None = None  # seconds of time.monotonic
    after: float = 0.0  # seconds behind it in which the winner is trained
    exit_score: float | None = None  # as good as is wanted
    patience: int | None = None  # trials in a row that are no better
    halt: Callable[[], bool] = never  # asked after each fit; True ends the sweep

    @property
    def none(self) -> bool:
        return self.trials is None and self.until is None and self.exit_score is None and self.patience is None

    @property
    def interrupted(self) -> str:
        """Why even a trial that is running is not waited for, "" if it is."""
        if self.halt():
            return "stopped"
        return "time" if self.until is not None and time.monotonic() >= self.until else ""

    def reached(self, scores: Sequence[float]) -> str:
        """Why the sweep ends after trials with these scores, "" if it goes on."""
        best = min(range(len(scores)), key=scores.__getitem__, default=0)
        if self.trials is not None and len(scores) >= self.trials:
            return "trials"
        if self.exit_score is not None and scores and scores[best] <= self.exit_score:
            return "score"
        if self.patience is not None and len(scores) - 1 - best >= self.patience:
            return "patience"
        return self.interrupted
