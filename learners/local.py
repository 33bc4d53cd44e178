"""Local models: one set of numbers for each series, looked up by its keys and kept in memory."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from featurizers.arrays import State
from featurizers.kernels import threads
from featurizers.panel import Panel, positions
from learners.each import each
from learners.learner import Model

LocalKind = TypeVar("LocalKind", bound="LocalModel")

WALKED = 10  # a filter's step costs about that many times what reading a value does


@dataclass(frozen=True, eq=False)
class Series:
    """One series as its fit sees it: from its first known value to its last."""

    name: str
    values: np.ndarray  # (rows,), NaN where missing inside
    clock: np.ndarray  # (rows,), wall-clock seconds
    columns: np.ndarray  # (rows, columns)

    @property
    def filled(self) -> np.ndarray:
        """The values, straight lines across the missing ones."""
        return interpolated(self.values)

    @property
    def known(self) -> np.ndarray:
        """The values that are not missing."""
        known: np.ndarray = self.values[~np.isnan(self.values)]
        return known


@dataclass(frozen=True, eq=False)
class Fit:
    """What fitting one series gave: its numbers before its first row, and a sentence where it fell back."""

    numbers: dict[str, np.ndarray]
    note: str = ""


@dataclass(frozen=True, eq=False)
class LocalModel(Model):
    """Numbers of each series. Memory is these numbers, moved on row by row by `remember`.

    `start` is the memory before the row at `first`, where a series has its first known value in training; `ended`
    the memory after its last training row, at `last` (only what differs from `start`). A panel that holds a series
    from its first row is filtered from there; one that begins later is taken as a continuation, so that its rows
    after `last` count. A series that was not in training has NaN throughout. `report` names every series whose fit
    fell back to something simpler.
    """

    keys: dict[str, tuple[Any, ...]]  # key column -> one value a series
    count: int
    first: np.ndarray = field(repr=False)  # (series,), UTC seconds
    start: State = field(repr=False)  # (series, k) each
    last: np.ndarray = field(repr=False)  # (series,), UTC seconds
    ended: State = field(repr=False)
    report: tuple[str, ...] = ()

    def find(self, ids: pd.DataFrame) -> np.ndarray:
        """The row of each series in the tables of numbers, -1 where it was not in training."""
        return positions(self.keys, ids)

    def memory(self, panel: Panel) -> State:
        same = panel.keys == self.keys  # as in training, where nothing needs to be looked up
        at = np.arange(self.count) if same else self.find(panel.ids)
        if self.count == 0 or panel.count == 0:
            return {n: np.full((panel.count, v.shape[1]), np.nan) for n, v in self.start.items()}
        unknown, at = (at < 0)[:, None], np.maximum(at, 0)
        state = dict(self.start) if same else {n: np.where(unknown, np.nan, v[at]) for n, v in self.start.items()}
        origin, begin = self.first[at], _begin(panel, self.first[at])
        later = (begin > origin) & (_end(panel, self.last[at]) >= self.last[at])
        if later.any():
            state |= {n: np.where(later[:, None] & ~unknown, v[at], state[n]) for n, v in self.ended.items()}
        # The row in the panel at which the filter starts; before 0 there are missing rows to walk through.
        row = _rows_between(panel, begin, np.where(later, self.last[at], origin)) + later
        return self._run(state, panel, row)

    def trained(self, panel: Panel) -> State:
        return self.start | self.ended

    def _run(self, state: State, panel: Panel, row: np.ndarray) -> State:
        """Advance each series over its rows from `row` on."""
        columns = {"target": finite(panel)} | {n: panel.column(n) for n in self.needs.past}
        steps, starts = panel.lengths - row, panel.indptr[:-1] + row
        if not self.moves or len(panel) == 0:
            return state
        for j in range(int(steps.max(initial=0))):
            index = np.clip(starts + j, 0, len(panel) - 1)
            inside, active = row + j >= 0, (j < steps)[:, None]
            now = {n: np.where(inside, v[index].astype(np.float64), np.nan) for n, v in columns.items()}
            with np.errstate(all="ignore"):
                moved = self.remember(state, now)
            state = {n: v if v is state[n] else np.where(active, v, state[n]) for n, v in moved.items()}
        return state

    @property
    def moves(self) -> bool:
        """Whether observations change the memory."""
        return True

    @abstractmethod
    def remember(self, state: State, now: State) -> State: ...


def fit_local(
    kind: Callable[..., LocalKind],
    fit: Callable[[Series], Fit],
    panel: Panel,
    columns: Iterable[str] = (),
    /,
    **settings: Any,
) -> LocalKind:
    """Fit each series of `panel` on its own, through `each`; `kind` is then made of all numbers, padded with zeros."""
    fits = each(fit, all_series(panel, tuple(columns)))
    return assembled(kind, panel, stacked([f.numbers for f in fits]), (f.note for f in fits), **settings)


def all_series(panel: Panel, columns: tuple[str, ...] = ()) -> list[Series]:
    """Each series of `panel`, with its values in `columns`."""
    return [_series(panel, i, columns) for i in range(panel.count)]


def assembled(
    kind: Callable[..., LocalKind], panel: Panel, start: State, notes: Iterable[str], /, **settings: Any
) -> LocalKind:
    """The model of the numbers `start` before the first known value of each series of `panel`, walked to its end."""
    known = np.bincount(panel.owner[np.isfinite(panel.y)], minlength=panel.count) > 0
    begun = _stamps(panel, known)
    model = kind(
        keys=panel.keys,
        count=panel.count,
        first=begun,
        start=start,
        last=np.where(panel.lengths > 0, panel.last.astype(np.int64), begun),
        ended={},
        report=tuple(note for note in notes if note),
        **settings,
    )
    ended = model.memory(panel) if model.moves else {}
    kept = {n: v for n, v in ended.items() if v is not start[n] and not np.array_equal(v, start[n], True)}
    return replace(model, ended=kept)


def stacked(parts: list[dict[str, np.ndarray]]) -> State:
    """The numbers of all series as (series, k), padded with zeros to the longest; square matrices stay square."""
    result: State = {}
    for name in parts[0] if parts else ():
        arrays = [np.asarray(p[name], np.float64) for p in parts]
        alike: dict[tuple[int, ...], list[int]] = {}
        for i, array in enumerate(arrays):
            alike.setdefault(array.shape, []).append(i)
        table = np.zeros((len(parts), *np.max(list(alike), axis=0)))
        for shape, members in alike.items():
            block = np.stack([arrays[i] for i in members])
            inside: tuple[Any, ...] = (np.array(members), *(slice(n) for n in shape))
            table[inside] = block
            lost = np.isnan(block.reshape(len(members), -1)).all(axis=1)
            if lost.any():
                table[np.array(members)[lost]] = np.nan
        result[name] = table.reshape(len(parts), -1)
    return result


def finite(panel: Panel) -> np.ndarray:
    """The target of `panel`, (rows,), NaN wherever it is not a finite number."""
    return np.where(np.isfinite(panel.y), panel.y, np.nan).astype(np.float64, copy=False)


def filtered(
    kernel: Callable[..., np.ndarray], still: Sequence[str], moving: Sequence[str],
    state: State, panel: Panel, row: np.ndarray,
) -> State:  # fmt: skip
    """`state` after the rows of `panel` from `row` (series,) on, natively.

    The kernel reads the numbers of the keys `still` and moves those of `moving`, of which the last is the season.
    """
    reading, moved = (np.concatenate([state[n] for n in names], axis=1) for names in (still, moving))
    steps, before = panel.lengths - row, np.maximum(-row, 0)
    starts = panel.indptr[:-1] + np.maximum(row, 0)
    workers = threads(WALKED * int(steps.clip(0).sum()))
    moved = kernel(reading, moved, finite(panel), starts, before, steps, workers)
    ends = np.cumsum([state[n].shape[1] for n in moving])
    parts = np.split(moved, ends[:-1], axis=1)
    return state | {n: np.ascontiguousarray(part) for n, part in zip(moving, parts, strict=True)}


def interpolated(values: np.ndarray) -> np.ndarray:
    """`values` (rows,) with straight lines across missing ones, and the nearest value at the ends."""
    missing = np.isnan(values)
    if missing.all() or not missing.any():
        return values
    rows = np.arange(len(values))
    filled: np.ndarray = np.interp(rows, rows[~missing], values[~missing])
    return filled


@contextmanager
def quiet() -> Iterator[None]:
    """One thread for BLAS and OpenMP, which small fits need, and no warnings: what fails is reported by name."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


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


def state_without_windows(state: State) -> State:
    """The memory in a state."""
    return {name: values for name, values in state.items() if "." in name}


def _series(panel: Panel, i: int, columns: tuple[str, ...]) -> Series:
    rows = slice(panel.indptr[i], panel.indptr[i + 1])
    y = np.where(np.isfinite(panel.y[rows]), panel.y[rows], np.nan)
    known = np.flatnonzero(~np.isnan(y))
    inside = slice(known[0], known[-1] + 1) if len(known) else slice(0, 0)
    table = [panel.column(c)[rows][inside].astype(np.float64) for c in columns]
    name = panel.name(i) or "The series"
    matrix = np.array(table).reshape(len(columns), len(y[inside])).T
    return Series(name, y[inside], panel.clock(panel.times[rows][inside]), matrix)


def _stamps(panel: Panel, known: np.ndarray) -> np.ndarray:
    """The stamp of the first finite value of each series, UTC seconds; of the panel's first row where it has none."""
    rows = np.where(np.isfinite(panel.y), np.arange(len(panel)), len(panel))
    stamps = panel.times.astype("datetime64[s]").astype(np.int64)
    result = np.full(panel.count, stamps.min(initial=np.iinfo(np.int64).max) if len(panel) else 0)
    full = np.flatnonzero(known)
    if len(full):
        result[full] = stamps[np.minimum.reduceat(rows, panel.indptr[full])]
    return result


def _begin(panel: Panel, default: np.ndarray) -> np.ndarray:
    """The stamp of the first row of each series, UTC seconds."""
    full, result = panel.lengths > 0, default.copy()
    result[full] = panel.times[panel.indptr[:-1][full]].astype("datetime64[s]").astype(np.int64)
    return result


def _end(panel: Panel, default: np.ndarray) -> np.ndarray:
    return np.where(panel.lengths > 0, panel.last.astype(np.int64), default - 1)


def _rows_between(panel: Panel, begin: np.ndarray, stamp: np.ndarray) -> np.ndarray:
    """How many rows after `begin` each stamp lies."""
    if (begin == stamp).all():
        return np.zeros(len(begin), np.int64)
    steps, _ = panel.freq.steps(begin.astype("datetime64[s]"), stamp.astype("datetime64[s]"))
    return steps
