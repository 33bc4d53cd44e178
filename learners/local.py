"""Local models: one set of numbers for each series, looked up by its keys and kept in memory."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeVar

import numpy as np
import pandas as pd

from featurizers.arrays import State
from featurizers.featurizer import Needs
from featurizers.kernels import threads
from featurizers.panel import Panel, positions
from learners.each import each
from learners.learner import Model
from learners.located import begin_of, end_of, first_rows, rows_between, stamps_of
from learners.place import name_of

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
    after `last` count; one that ends before `first` is filtered from `start` with its seasons turned back. A
    series that was not in training has NaN throughout. `report` names every series whose fit fell back to something
    simpler.
    """

    turning: ClassVar[dict[str, int]] = {}  # memory of seasons, the next term first -> its numbers in each row

    keys: dict[str, tuple[Any, ...]]  # key column -> one value a series
    count: int
    first: np.ndarray = field(repr=False)  # (series,), UTC seconds
    start: State = field(repr=False)  # (series, k) each
    last: np.ndarray = field(repr=False)  # (series,), UTC seconds
    ended: State = field(repr=False)
    report: tuple[str, ...] = ()

    @property
    def needs(self) -> Needs:
        return Needs()

    def find(self, ids: pd.DataFrame) -> np.ndarray:
        """The row of each series in the tables of numbers, -1 where it was not in training."""
        return positions(self.keys, ids)

    def memory(self, panel: Panel) -> State:
        if self.count == 0 or panel.count == 0:
            return {n: np.full((panel.count, v.shape[1]), np.nan) for n, v in self.start.items()}
        if not self.moves:
            return self._found(self.start, panel)
        state, origin, last = self._found(self.start, panel), self.first, self.last
        if panel.keys != self.keys:
            at = np.maximum(self.find(panel.ids), 0)
            origin, last = origin[at], last[at]
        begin = begin_of(panel, origin)
        later = (begin > origin) & (end_of(panel, last) >= last)
        if later.any():
            ended = self._found(self.ended, panel)
            state |= {n: np.where(later[:, None], v, state[n]) for n, v in ended.items()}
        # The row in the panel at which the filter starts; before 0 there are missing rows to walk through.
        row = rows_between(panel, begin, np.where(later, last, origin)) + later
        early = row > panel.lengths
        return self._run(self._turned_back(state, np.where(early, row, 0)), panel, np.where(early, 0, row))

    def _turned_back(self, state: State, rows: np.ndarray) -> State:
        """`state` with the seasons of so many rows (series,) earlier."""
        if not rows.any():
            return state
        turned = {}
        for name in self.turning.keys() & state.keys():
            width = state[name].shape[1]
            places = (np.arange(width) - rows[:, None] * self.turning[name]) % width
            turned[name] = np.take_along_axis(state[name], places, axis=1)
        return state | turned

    def _found(self, tables: State, panel: Panel) -> State:
        """The rows of `tables` that belong to the series of `panel`, NaN for one that was not in training."""
        if panel.keys == self.keys:  # as in training, where nothing needs to be looked up
            return dict(tables)
        at = self.find(panel.ids)
        return {n: np.where((at < 0)[:, None], np.nan, v[np.maximum(at, 0)]) for n, v in tables.items()}

    def trained(self, panel: Panel) -> State:
        return self.start | self.ended

    def _run(self, state: State, panel: Panel, row: np.ndarray) -> State:
        """Advance each series over its rows from `row` on."""
        columns = {"target": finite(panel)} | {n: panel.column(n) for n in self.needs.past}
        steps, starts = panel.lengths - row, panel.indptr[:-1] + row
        if len(panel) == 0:
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
    def parts(self) -> tuple[Model, ...]:
        """None; what else is held is not looked through, since much of it has an entry for every series."""
        return ()

    @property
    def moves(self) -> bool:
        """Whether observations change the memory."""
        return True

    @property
    def follows(self) -> bool:
        return self.moves

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
    row = first_rows(panel)
    begun = stamps_of(panel, row)
    model = kind(
        keys=panel.keys,
        count=panel.count,
        first=begun,
        start=start,
        last=end_of(panel, begun + 1),
        ended={},
        report=tuple(note for note in notes if note),
        **settings,
    )
    if not model.moves or panel.count == 0:
        return model
    ended = model._run(dict(start), panel, row)
    return replace(model, ended={n: v for n, v in ended.items() if v is not start[n] and not _same(v, start[n])})


def stacked(parts: list[dict[str, np.ndarray]]) -> State:
    """The numbers of all series as (series, k), padded with zeros to the longest, tables along each of their axes."""
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


def state_without_windows(state: State) -> State:
    """The memory in a state."""
    return {name: values for name, values in state.items() if "." in name}


def _series(panel: Panel, i: int, columns: tuple[str, ...]) -> Series:
    rows = slice(panel.indptr[i], panel.indptr[i + 1])
    y = np.where(np.isfinite(panel.y[rows]), panel.y[rows], np.nan)
    known = np.flatnonzero(~np.isnan(y))
    inside = slice(known[0], known[-1] + 1) if len(known) else slice(0, 0)
    table = [panel.column(c)[rows][inside].astype(np.float64) for c in columns]
    name = name_of(panel, i)
    matrix = np.array(table).reshape(len(columns), len(y[inside])).T
    return Series(name, y[inside], panel.clock(panel.times[rows][inside]), matrix)


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two tables hold the same bits."""
    return a.shape == b.shape and bool((a.view(np.int64) == b.view(np.int64)).all())
