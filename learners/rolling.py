"""rolling_forecast and fitted: forecasts from many origins of one panel, without fitting again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from featurizers.arrays import State
from featurizers.moments import moment_of
from featurizers.panel import Panel, expected
from featurizers.whole import whole
from learners.learner import Model, clocked, prepared
from learners.transformed import TransformedModel
from learners.unknown import REFUSE, future_of

_OWN = ("cutoff", "actual")  # columns beside keys, time and outputs
BATCH = 20_000  # series times origins that are forecast at once


@dataclass(frozen=True, eq=False)
class Replay:
    """Forecasts from many origins: each has a series, and the number of its rows that were known."""

    series: np.ndarray  # (origins,)
    rows: np.ndarray  # (origins,)
    outputs: Mapping[str, np.ndarray]  # (origins, horizon) each


def rolling_forecast(
    model: Model, panel: Panel, horizon: int, step: int = 1, *, gap: int = 0, start: str | None = None,
    known: Panel | pd.DataFrame | None = None, inside: bool = False, unknown: str = REFUSE,
) -> pd.DataFrame:  # fmt: skip
    """What `model` would have forecast as the rows of `panel` came in: the next `horizon` rows, every `step` rows.

    The first origin of a series is the end of its training, or the last row up to the stamp `start`; a series that was
    not in training begins after as many rows as the model looks back, at least one. The last is its last row, or, with
    `inside`, the last one after which the panel has the whole gap and horizon. Nothing is fitted: the state of the
    model moves on row by row (`advance`), and many origins are forecast at once. `gap`, `known` and `unknown` are as in
    `Model.forecast`; the gap follows each origin.

    One row a series, origin and step: the keys, "cutoff" (the last row that was known), the time, every output of the
    model, and "actual", as far as the panel has it. A key or time of such a name gets a "_" behind it.

        model = fc.AutoEts(12).fit(panel)
        found = fc.rolling_forecast(model, longer, horizon=3)
    """
    if not isinstance(model, Model):
        raise TypeError(f"'rolling_forecast' takes a fitted model, not a {type(model).__name__}: fit the recipe first, "
                        "as in recipe.fit(panel).")  # fmt: skip
    asked, panel = panel, prepared(model, expected(panel, "rolling_forecast"))
    horizon, step = whole(horizon, "The horizon"), whole(step, "The step of rolling_forecast")
    gap = whole(gap, "The gap", 0)
    reach = gap + horizon
    ahead = Ahead.of(model, asked, 0 if inside else reach, known, unknown)
    found = replay(model, panel, begins(model, asked, start), reach, step, ahead, inside)
    owner = np.repeat(found.series, horizon)
    position = (found.rows[:, None] + np.arange(gap, reach)).ravel()
    times = panel.freq.add(panel.last[owner], position - panel.lengths[owner] + 1)
    there = position < panel.lengths[owner]
    row = np.where(there, panel.indptr[owner] + position, 0)
    cutoff = panel.times[panel.indptr[found.series] + found.rows - 1]
    ids = panel.ids.iloc[owner].reset_index(drop=True).rename(columns=partial(apart, taken=_OWN))
    columns: dict[str, Any] = {"cutoff": _stamps(asked, np.repeat(cutoff, horizon)),
                               apart(panel.time, _OWN): _stamps(asked, times)}  # fmt: skip
    columns |= {name: values[:, gap:].ravel() for name, values in found.outputs.items()}
    actual = np.where(there, panel.y[row], np.nan) if len(panel) else np.full(len(owner), np.nan)
    return pd.concat([ids, pd.DataFrame({**columns, "actual": actual}, index=ids.index)], axis=1)


def apart(name: str, taken: Iterable[str]) -> str:
    """A column's name where a table has columns of its own."""
    return f"{name}_" if name in set(taken) else name


def fitted(model: Model, panel: Panel) -> Panel:
    """`panel` with a column for each output: what the model forecast for each row from all rows before it, NaN in the
    first row of a series. The target stands beside it; nothing is fitted again."""
    zone, panel = expected(panel, "fitted").zone, prepared(model, panel)
    first = np.minimum(panel.lengths, 1)
    ahead = Ahead.of(model, panel, 0, None)
    found = replay(model, panel, first, 1, 1, ahead, True, batch=1)  # sums over more rows may differ in the last bit
    at = panel.indptr[found.series] + found.rows
    columns = {panel.target: panel.y}
    for name, values in found.outputs.items():
        columns[name] = np.full(len(panel), np.nan)
        columns[name][at] = values[:, 0]
    return replace(panel, columns=columns, roles={}, levels={}, zone=zone, ahead=None)


def begins(model: Model, panel: Panel, start: str | None) -> np.ndarray:
    """How many rows of each series are known at its first origin, (series,); 0 for one without any."""
    lookback = np.full(panel.count, max(model.needs.lookback, 1))
    if start is not None:
        last = moment_of(start, panel, f"The start is a stamp such as '2024-01-31', not {start!r}.")
        before = panel.clock() <= last
        known = np.bincount(panel.owner, before, panel.count).astype(np.int64)
    elif model.origin is None:
        known = lookback
    else:
        tail = model.origin.tail
        at = tail.find(panel.ids)
        ended = tail.last[np.maximum(at, 0)] if tail.count else np.full(panel.count, np.datetime64("NaT"))
        before = panel.times <= ended[panel.owner]
        known = np.where(at < 0, lookback, np.bincount(panel.owner, before, panel.count).astype(np.int64))
    begun: np.ndarray = np.minimum(np.maximum(known, 1), panel.lengths)
    return begun


def replay(
    model: Model, panel: Panel, first: np.ndarray, horizon: int, step: int, ahead: Ahead, inside: bool,
    batch: int = BATCH,
) -> Replay:  # fmt: skip
    """The forecasts of every `step`-th origin from `first` (series,) known rows on, at least `batch` at once."""
    limit = panel.lengths - horizon if inside else panel.lengths
    state = model.state(panel.rows(panel.position < first[panel.owner]))
    columns = {"target": panel.y} | {n: panel.column(n) for n in ("time", *model.needs.past, *model.needs.ahead)}
    series, rows, waiting, outputs = [], [], [], []
    anew = np.flatnonzero(_measured(model, panel))
    for j in range(int((limit - first).max(initial=-1)) + 1):
        if j % step == 0:
            if j and len(anew):
                part = panel.where(anew)
                now = model.state(part.rows(part.position < (first[anew] + j)[part.owner]))
                state = {n: _with(v, anew, now[n]) for n, v in state.items()}
            at = np.flatnonzero((first > 0) & (first + j <= limit))
            series.append(at)
            rows.append(first[at] + j)
            waiting.append({n: v[at] for n, v in state.items()})
            if sum(map(len, series[-len(waiting) :])) >= batch:
                outputs.append(_forecast(model, ahead, waiting, series, rows, horizon))
                waiting = []
        row = np.minimum(panel.indptr[:-1] + first + j, max(len(panel) - 1, 0))
        with np.errstate(all="ignore"):
            state = model.advance(state, {n: v[row] for n, v in columns.items()})
    if waiting:
        outputs.append(_forecast(model, ahead, waiting, series, rows, horizon))
    if not outputs:
        raise ValueError(f"No series has {f'{horizon} rows' if inside else 'a row'} after the first origin: give a "
                         "longer panel, or an earlier start.")  # fmt: skip
    joined = {n: np.concatenate([o[n] for o in outputs]) for n in outputs[0]}
    places, known_rows = np.concatenate(series), np.concatenate(rows)
    order = np.lexsort((known_rows, places))
    return Replay(places[order], known_rows[order], {n: v[order] for n, v in joined.items()})


def _measured(model: Model, panel: Panel) -> np.ndarray:
    """The series (a mask) in units of their own history, which `advance` leaves as they were when it began; what is
    forecast from all rows is in those of all rows."""
    found = [_measured(part, panel) for part in model.parts]
    if isinstance(model, TransformedModel):
        found.append(model.transform.measures(panel))
    return np.any(found, axis=0) if found else np.zeros(panel.count, bool)


def _with(values: np.ndarray, at: np.ndarray, others: np.ndarray) -> np.ndarray:
    values = np.array(values)
    values[at] = others
    return values


@dataclass(frozen=True, eq=False)
class Ahead:
    """What is known of each row before it comes: those of the panel, and as many after it as a forecast needs."""

    panel: Panel
    inner: dict[str, np.ndarray]  # (rows,) each
    beyond: dict[str, np.ndarray]  # (series, rows after the panel) each

    @classmethod
    def of(
        cls, model: Model, panel: Panel, horizon: int, known: Panel | pd.DataFrame | None, unknown: str = REFUSE
    ) -> Ahead:
        names, mine = tuple(dict.fromkeys(("time", *model.needs.ahead))), prepared(model, panel)
        beyond = {}
        if horizon:
            future = future_of(panel, horizon, known, names, unknown)
            beyond = clocked(model, future.encoded(mine.levels)).matrix(names)
        return cls(mine, {name: mine.column(name) for name in names}, beyond)

    def rows(self, series: np.ndarray, known: np.ndarray, horizon: int) -> State:
        """The `horizon` rows after the first `known` of `series`, (origins,) each: (origins, horizon)."""
        position = known[:, None] + np.arange(horizon)
        length = self.panel.lengths[series][:, None]
        inside = position < length
        row = np.where(inside, self.panel.indptr[series][:, None] + position, 0)
        found = {name: values[row] for name, values in self.inner.items()}
        for name, values in self.beyond.items():
            late = values[series[:, None], np.clip(position - length, 0, values.shape[1] - 1)]
            found[name] = np.where(inside, found[name], late)
        return found


def _forecast(
    model: Model, ahead: Ahead, states: list[State], series: list[np.ndarray], rows: list[np.ndarray], horizon: int
) -> State:
    """The outputs of the last `states`, all at once."""
    count = len(states)
    state = {n: np.concatenate([s[n] for s in states]) for n in states[0]}
    future = ahead.rows(np.concatenate(series[-count:]), np.concatenate(rows[-count:]), horizon)
    with np.errstate(all="ignore"):
        return {n: np.asarray(v, np.float64) for n, v in model.predict(state, future).items()}


def _stamps(panel: Panel, times: np.ndarray) -> pd.DatetimeIndex:
    stamps = pd.DatetimeIndex(times)
    return stamps if panel.zone is None else stamps.tz_localize("UTC").tz_convert(panel.zone)
