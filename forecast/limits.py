"""Limits: when a sweep ends. Remaining: what is left of them while it goes on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from forecast.engine import processes, useful

MARGIN = 1.3  # on the seconds that a learner took on the folds, for its training on everything
LATER = 1.2  # times the seconds of the first fold, which is the shortest, that a later one takes


def never() -> bool:
    """No: go on."""
    return False


@dataclass(frozen=True)
class Limits:
    """Each that is None is no limit; without any, every recipe is tried once and no more."""

    trials: int | None = None  # in all, the first one of each recipe included
    until: float | None = None  # seconds of time.monotonic
    after: float = 0.0  # seconds behind it in which the winner is trained
    exit_score: float | None = None  # as good as is wanted
    patience: int | None = None  # trials in a row that are no better
    halt: Callable[[], bool] = never  # asked after each fit; True ends the sweep

    @property
    def none(self) -> bool:
        return self.trials is None and self.until is None and self.exit_score is None and self.patience is None

    def part(self, begun: float, number: int, parts: int) -> Limits:
        """Those of one of so many parts, which share the time from `begun` on equally: up to the end of this one."""
        if self.until is None:
            return self
        end = begun + (number + 1) / parts * (self.until - begun)
        return replace(self, until=end, after=self.after / parts)


class Remaining:
    """What is left of the limits of one search: the one place where its time gets shorter, by what is to follow it.

    It ends at `until` (seconds of time.monotonic; None: time is no limit); `after` seconds behind that are for the
    training of the winner. `sign` is -1 where more of the score is better.
    """

    def __init__(self, limits: Limits, workers: int = 1, sign: float = 1.0) -> None:
        self.asked, self.workers, self.sign = limits, useful(workers), sign
        self.until, self.after = limits.until, limits.after

    @property
    def timed(self) -> bool:
        return self.until is not None

    @property
    def seconds(self) -> float:
        """Up to when the winner has to be trained, infinite if time is no limit."""
        return math.inf if self.until is None else self.until + self.after - time.monotonic()

    def at(self, share: float) -> float:
        """When this share of the time up to the end of the search is over; now, if time is no limit."""
        now = time.monotonic()
        return now if self.until is None else now + share * (self.until - now)

    def trials(self, tried: int, most: int) -> int:
        """How many more there may be after those that were `tried`, at most so many."""
        return most if self.asked.trials is None else min(most, self.asked.trials - tried)

    @property
    def interrupted(self) -> str:
        """Why even a trial that is running is not waited for, "" if it is."""
        if self.asked.halt():
            return "stopped"
        return "time" if self.until is not None and time.monotonic() >= self.until else ""

    def reached(self, scores: Sequence[float]) -> str:
        """Why the search ends after trials with these scores, the less the better; "" if it goes on."""
        best = min(range(len(scores)), key=scores.__getitem__, default=0)
        if self.asked.trials is not None and len(scores) >= self.asked.trials:
            return "trials"
        if self.asked.exit_score is not None and scores and scores[best] <= self.sign * self.asked.exit_score:
            return "score"
        if self.asked.patience is not None and len(scores) - 1 - best >= self.asked.patience:
            return "patience"
        return self.interrupted

    def sooner(self, seconds: float) -> AbstractContextManager[None]:
        """The search ends so much earlier from here on, and so does the work of `each` inside."""
        if self.until is None or seconds <= 0:
            return nullcontext()
        self.until = max(self.until - seconds, min(time.monotonic(), self.until))
        return processes(self.workers, self.until)

    def training(self, seconds: float) -> AbstractContextManager[None]:
        """The same, by what a training of so many seconds lacks behind the search."""
        before = self.until
        ends = self.sooner(seconds - self.after)
        self.after += (before or 0.0) - (self.until or 0.0)
        return ends

    def within(self, share: float, folds: int) -> AbstractContextManager[None]:
        """Work on the first of so many folds, which is ended when this share of the time is over, or when it takes too
        long for the other folds and the training to follow it."""
        if share == 1.0 or self.until is None:
            return nullcontext()
        longest = self.seconds / (1 + LATER * (folds - 1) + MARGIN * (self.after > 0))
        return processes(self.workers, self.at(share), longest)
