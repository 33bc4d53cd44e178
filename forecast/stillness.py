"""Stillness: folds on which nothing happens, on which every learner is right, and what is done about them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from featurizers.findings import Finding
from featurizers.panel import Panel
from featurizers.rows import stamp
from forecast.backtest import RollingOrigin
from forecast.evidence import some

SAMPLE = 500  # series that are looked at, spread evenly
NEARLY, EVER = 0.95, 0.5  # of the series that changed before hold still now; and of all series changed at all
REACH = 2 / 3  # of the rows of the median series that folds may hold back, in order to hold changes
USUAL, MOST = 3, 6  # folds that are asked about, and that are made where their number is open


@dataclass(frozen=True, eq=False)
class Changes:
    """The rows of a panel whose target is another than the known one before in its series."""

    panel: Panel
    row: np.ndarray  # (changes,), in the panel
    owner: np.ndarray  # (changes,), the series
    to_end: np.ndarray  # (changes,), how many rows come from there on: 1 in the last

    @classmethod
    def of(cls, panel: Panel) -> Changes:
        known = np.flatnonzero(~np.isnan(panel.y))
        value, owner = panel.y[known], panel.owner[known]
        at = 1 + np.flatnonzero((value[1:] != value[:-1]) & (owner[1:] == owner[:-1]))
        row, owner = known[at], owner[at]
        return cls(panel, row, owner, panel.indptr[owner + 1] - row)

    def still(self, on: RollingOrigin) -> np.ndarray:
        """The series that changed at some time, but in no row after a cutoff of `on`, where some are known."""
        replayed = np.zeros(int(self.panel.lengths.max(initial=0)) + 1, bool)
        for number in range(on.folds):
            after = on.rows(number)
            replayed[after - on.gap - on.horizon + 1 : after + 1] = True
        moved = np.zeros(self.panel.count, bool)
        moved[self.owner[replayed[self.to_end]]] = True
        to_end = np.repeat(self.panel.indptr[1:], self.panel.lengths) - np.arange(len(self.panel))
        seen = np.bincount(self.panel.owner, replayed[to_end] & ~np.isnan(self.panel.y), self.panel.count) > 0
        return np.asarray(self.ever & seen & ~moved)

    @property
    def ever(self) -> np.ndarray:
        """Whether each series changed at some time."""
        return np.asarray(np.bincount(self.owner, minlength=self.panel.count) > 0)

    def telling(self, on: RollingOrigin, steps: np.ndarray) -> np.ndarray:
        """How many of the folds would hold changes, if they were so many `steps` apart: one in every second series."""
        length = int(self.panel.lengths.max(initial=0))
        before = np.r_[0, np.cumsum(np.bincount(self.to_end - 1, minlength=length))]
        ends = np.multiply.outer(steps, np.arange(on.folds))
        changes = before[np.minimum(ends + on.gap + on.horizon, length)] - before[np.minimum(ends, length)]
        return np.asarray((changes >= max(EVER * self.panel.count, 1)).sum(axis=1))


def spread(panel: Panel, on: RollingOrigin, open_folds: bool) -> RollingOrigin:
    """`on`, or, where hardly a series changes after its cutoffs although they did before, the folds of the step with
    which most of them hold changes, the largest of such steps; `MOST` folds, if their number is open."""
    if not _asleep(panel, on):
        return on
    more = replace(on, folds=MOST) if open_folds else on
    step, _ = _best(Changes.of(some(panel, SAMPLE)), more)
    return on if step is None else replace(more, step=step)


def told(panel: Panel, on: RollingOrigin) -> tuple[Finding, ...]:
    """What is to be said where folds hold no changes, or would hold none if they were no further apart than usual."""
    close = replace(on, step=on.horizon, folds=min(on.folds, USUAL))
    asleep, instead = _asleep(panel, on), on.apart > on.horizon and _asleep(panel, close)
    if not (asleep or instead):
        return ()
    changes = Changes.of(panel)
    still = np.flatnonzero(changes.still(on if asleep else close))
    first, name = int(still[0]), panel.name(int(still[0]))
    when = stamp(panel.times[changes.row[changes.owner == first][-1]], panel.zone)
    folds = f"the {on.folds} folds, {on.apart}" if asleep else f"folds {on.horizon}"
    label = f"the first, {name!r}, " if name else ""
    text = (
        f"{len(still):,} of {panel.count:,} series hold still after the cutoffs of {folds} rows apart, though they "
        f"changed before ({label}last on {when}): such folds tell no learner from another"
    )
    if not asleep:
        held = int(changes.telling(on, np.array([on.apart]))[0])
        text += f". The {on.folds} folds are {on.apart} rows apart instead: there are changes in {held} of them."
        return (Finding("still_folds", "alerted", text, name, count=len(still)),)
    step, held = _best(changes, on)
    remedy = f"With step={step} there would be changes in {held} of them." if step else "More 'folds' may."
    return (Finding("still_folds", "alerted", f"{text}, nor how wide bands are. {remedy}", name, count=len(still)),)


def _asleep(panel: Panel, on: RollingOrigin) -> bool:
    """Whether nearly all series that ever changed, most of the panel's, hold still after the cutoffs."""
    changes = Changes.of(some(panel, SAMPLE))
    ever = changes.ever.sum()
    return bool(ever) and ever >= EVER * changes.panel.count and changes.still(on).sum() >= NEARLY * ever


def _best(changes: Changes, on: RollingOrigin) -> tuple[int | None, int]:
    """The step with which most folds hold changes, the largest of those, and how many do; None if none does."""
    room = REACH * float(np.median(changes.panel.lengths)) - on.horizon - on.gap
    steps = np.arange(on.horizon + 1, int(room // max(on.folds - 1, 1)) + 1)
    held = changes.telling(on, steps)
    most = int(held.max(initial=0))
    return (int(steps[held == most].max()) if most else None), most
