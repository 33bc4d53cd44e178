"""RollingOrigin: the past replayed, each fold forecast from its own cutoff."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from featurizers.findings import Finding
from featurizers.panel import Panel
from featurizers.whole import whole
from learners.draws import evenly


@dataclass(frozen=True, eq=False)
class Fold:
    """One replay: what was known at the cutoff, and what came."""

    number: int  # 0 is the earliest
    train: Panel
    ahead: Panel  # the gap + horizon rows after the cutoff: static and known columns, no target
    actual: Panel  # the last `horizon` of these rows with their target, the same number in every series
    series: np.ndarray  # the position in the whole panel of each series here, (series,)

    @property
    def cutoff(self) -> np.ndarray:
        """The last stamp of training of each series, (series,) datetime64[s]."""
        return self.train.last

    @property
    def horizon(self) -> int:
        return len(self.actual) // self.actual.count

    @property
    def gap(self) -> int:
        return len(self.ahead) // self.ahead.count - self.horizon


@dataclass(frozen=True)
class RollingOrigin:
    """`folds` cutoffs, `step` rows apart, counted back from each series' own end; the last fold ends with the series.

    `gap` rows lie between training and the first scored row: models forecast gap + horizon rows, the last `horizon`
    are scored. Without `refit` a model is fitted in the first fold alone, and later folds bring its state up to date.
    A series with fewer than `min_train` observed values before a cutoff is left out of that fold. Of very many series
    at most `series` take part, spread evenly over those that are long enough for every fold.

    >>> on = RollingOrigin(horizon=12, folds=3)
    >>> [on.rows(number) for number in range(3)]  # rows of each series after the cutoff of each fold
    [36, 24, 12]
    """

    horizon: int
    folds: int = 3
    step: int | None = None  # None: as long as the horizon, so that folds do not overlap
    gap: int = 0
    refit: bool = True
    min_train: int = 1
    series: int | None = None  # None: all
    spoken: ClassVar[bool] = True  # written with every value, be it the default

    def check(self) -> None:
        """ValueError if a setting makes no sense."""
        least = {"horizon": 1, "folds": 1, "gap": 0, "min_train": 1, "step": 1, "series": 1}
        for name, low in least.items():
            value = getattr(self, name)
            if value is not None:
                whole(value, f"RollingOrigin: {name!r}", low)

    @property
    def apart(self) -> int:
        """The rows between two cutoffs."""
        return self.horizon if self.step is None else self.step

    def rows(self, number: int = 0) -> int:
        """How many rows fold `number` holds back after its cutoff."""
        return (self.folds - 1 - number) * self.apart + self.horizon + self.gap

    def within(self, rows: int) -> RollingOrigin:
        """With as many of the folds as hold back so many rows at most; with one, if none does."""
        return replace(self, folds=max(1, min(self.folds, 1 + (rows - self.rows(self.folds - 1)) // self.apart)))

    def places(self, panel: Panel) -> np.ndarray:
        """The series that take part, where they are long enough."""
        if self.series is None or panel.count <= self.series:
            return np.arange(panel.count)
        long = np.flatnonzero(self._usable(panel, _to_end(panel), self.rows()))
        return long[evenly(len(long), self.series)] if len(long) >= self.series else evenly(panel.count, self.series)

    def fold(self, panel: Panel, number: int) -> Fold | None:
        """Fold `number` (0 is the earliest), None where every series is too short for it."""
        return self._fold(*self._replayed(panel), number)

    def _replayed(self, panel: Panel) -> tuple[Panel, np.ndarray]:
        """The series that take part, and their places."""
        places = self.places(panel)
        return (panel if len(places) == panel.count else panel.where(places)), places

    def _fold(self, panel: Panel, places: np.ndarray, number: int) -> Fold | None:
        """Fold `number` of the series that take part, whose `places` these are in the whole panel."""
        held, to_end = self.rows(number), _to_end(panel)
        before = to_end > held
        usable = self._usable(panel, to_end, held)
        if not usable.any():
            return None
        series = np.flatnonzero(usable)
        within = (to_end <= held) & (to_end > held - self.gap - self.horizon)
        scored = within & (to_end <= held - self.gap)
        ahead = panel.rows(within).where(series)
        given = {n: v for n, v in ahead.columns.items() if ahead.roles.get(n) in ("known", "static")}
        return Fold(
            number=number,
            train=panel.rows(before).where(series),
            ahead=replace(ahead, columns=given),
            actual=panel.rows(scored).where(series),
            series=places[series],
        )

    def _usable(self, panel: Panel, to_end: np.ndarray, held: int) -> np.ndarray:
        """Whether there is enough to train on before the last `held` rows, (series,)."""
        seen = np.bincount(panel.owner, weights=(to_end > held) & ~np.isnan(panel.y), minlength=panel.count)
        return np.asarray(seen >= self.min_train)

    def missed(self, panel: Panel) -> np.ndarray:
        """For how many folds each series is too short, (series,)."""
        to_end = _to_end(panel)
        return np.sum([~self._usable(panel, to_end, self.rows(k)) for k in range(self.folds)], axis=0)

    def split(self, panel: Panel) -> Iterator[Fold]:
        """The folds, the earliest first; those for which every series is too short are skipped.

        ValueError if that is every fold.
        """
        self.check()
        found, replayed = 0, self._replayed(panel)
        for number in range(self.folds):
            fold = self._fold(*replayed, number)
            if fold is not None:
                found += 1
                yield fold
        if not found:
            longest = int(panel.lengths.max(initial=0))
            raise ValueError(
                f"No series is long enough to be validated: {self.folds} folds of horizon {self.horizon} hold back "
                f"{self.rows(self.folds - 1)} rows or more and need {self.min_train} observed before them, but the "
                f"longest series has {longest} rows. Ask for a shorter horizon."
            )


def _to_end(panel: Panel) -> np.ndarray:
    """How many rows of its series come from each row on, (rows,): 1 in the last."""
    return np.asarray(np.repeat(panel.lengths, panel.lengths) - panel.position)


def partly_validated(panel: Panel, on: RollingOrigin, places: np.ndarray) -> tuple[Finding, ...]:
    """What is to be said of the series at these `places` that are too short for some of the folds."""
    missed = on.missed(panel.where(places))
    if not missed.any():
        return ()
    first, count = int(places[(missed > 0).argmax()]), int((missed > 0).sum())
    name, known = panel.name(first), int((~np.isnan(panel.y[panel.indptr[first] : panel.indptr[first + 1]])).sum())
    most = int(missed.max())
    folds = "the one fold" if on.folds == 1 else f"{'up to ' if most > 1 else ''}{most} of the {on.folds} folds"
    message = (
        f"{count:,} of {len(places):,} series are too short for {folds}, on which learners are compared without them: "
        f"the first, {name!r}, has {known} observed rows, and the earliest fold holds back {on.rows()} and needs "
        f"{on.min_train} observed before them. Fewer folds, or a smaller 'step' between them, would have more in."
    )
    return (Finding("partly_validated", "alerted", message, name, count=count),)
