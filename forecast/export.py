"""to_onnx: a fitted model as one ONNX graph, its `predict` traced, checked before it is written."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from featurizers.arrays import State, scan, window_of
from featurizers.graph import Graph
from featurizers.panel import UNKNOWN, Panel
from featurizers.symbols import Symbol
from featurizers.whole import whole
from forecast.files import write_whole
from forecast.metadata import Feed, describe, example, key_kind
from learners.draws import evenly
from learners.finished import undecided
from learners.learner import Model, Origin, where_state

OUTPUT = re.compile(r"forecast|(lo|hi)\d.*")  # what outputs are called
CHECKED = 256  # series that the check scores, spread evenly over the training panel
LATER = 2  # observations after training that the check lets a model with memory see


def to_onnx(model: Model, path: str | Path, horizon: int, *, gap: int = 0) -> dict[str, Any]:
    """Write `model` as an ONNX file that forecasts `horizon` rows without Python; returns what the check measured.

    Inputs have one row a series: the key columns (only if the model keeps something of each series), `past_<target>`
    with the last values (any number, at least the look-back; NaN where missing), `past_<column>` likewise, `new` (how
    many of these values came after training; only if the model keeps memory), `time` and the known columns of the
    rows to forecast (series, horizon), static columns (series, 1). Text columns are fed as text. Where `gap` rows come
    before those to forecast, inputs and outputs begin with them, the metadata say so, and `score` leaves them out.

    A series that was not in training is followed from its first value on, `new` being the number of its values.

    The graph is scored with onnxruntime on the last window of the training data first, and again a few observations
    later. ValueError if it disagrees with `model.predict` by more than 1e-9 relative to the target's size (1e-4 where
    a part computes in float32; where forecasts are rounded, before that). The file's metadata hold, as JSON under
    "forecast", what this check measured, what each input is and an example of inputs and outputs.

        model = fc.Ets(season=12).fit(panel)
        fc.to_onnx(model, "model.onnx", horizon=12)
        fc.score("model.onnx", "history.csv")  # a long table, in any process that has onnxruntime and numpy
    """
    if not isinstance(model, Model):
        raise TypeError(f"Only a fitted model is exported, not a {type(model).__name__}: fit the recipe first, or take "
                        "the model of a run.")  # fmt: skip
    horizon, gap, origin = whole(horizon, "The horizon"), whole(gap, "The gap", 0), model.origin
    horizon += gap
    if origin is None:
        raise ValueError("Only a model that came from `fit` can be exported: this one does not know where it ended.")
    feeds = inputs(model, origin)
    graph = trace(model, origin, feeds, horizon)
    check, shown = verify(graph.model("check", {}), model, origin, feeds, horizon)
    described = describe(model, origin, feeds, horizon, gap) | {"check": check, "example": shown}
    proto = graph.model(type(model).__name__, {"forecast": json.dumps(described, allow_nan=False)})
    write_whole(path, proto.SerializeToString())
    return check


def inputs(model: Model, origin: Origin) -> list[Feed]:
    """The graph's inputs, in their order; two that would be called the same get the name of their part in front."""
    tail, needs = origin.tail, model.needs
    feeds = []
    if origin.memory:
        feeds += [Feed(column, "key", column, key_kind(tail, column)) for column in tail.ids.columns]
        feeds.append(Feed("new", "new", "", "int"))
    if needs.lookback or origin.memory:
        feeds += [_feed(tail, f"past_{column}", "history", column) for column in (tail.target, *needs.past)]
    for column in dict.fromkeys(("time", *needs.ahead)):
        part = "static" if tail.roles.get(column) == "static" else "future"
        feeds.append(_feed(tail, column, part, column))
    names = [f.name for f in feeds]
    for i, name in enumerate(names):
        if not name or name in names[:i] or OUTPUT.fullmatch(name):
            feeds[i] = replace(feeds[i], name=f"{feeds[i].part}_{name}")
    return feeds


def _feed(tail: Panel, name: str, part: str, column: str) -> Feed:
    if column in tail.levels:
        return Feed(name, part, column, "text", tail.levels[column])
    return Feed(name, part, column, "int" if column == "time" else "float")


def trace(model: Model, origin: Origin, feeds: list[Feed], horizon: int) -> Graph:
    """`predict` called with symbols, after the memory has been brought up to date."""
    graph, tail = Graph(), origin.tail
    symbols = {feed: _input(graph, feed, horizon) for feed in feeds}
    by = {(feed.part, feed.column): symbol for feed, symbol in symbols.items()}
    xp, lookback = graph.xp, model.needs.lookback
    history = {f.column: s for f, s in symbols.items() if f.part == "history"}
    if tail.target in history:
        history["target"] = history.pop(tail.target)
    windows = {window_of(name): _last(values, lookback) for name, values in history.items()}
    memory: State = {}
    if origin.memory:
        row = _row(graph, tail, by)
        at = xp.where(row >= 0, row, tail.count)
        for name, start in beginning(model, tail, origin.memory).items():
            table = np.concatenate([np.asarray(origin.memory[name]), start])
            memory[name] = xp.take(xp.asarray(table), at, axis=0)
        memory |= model.begun(memory, history["target"])
        memory = _updated(model, memory, history, windows, by[("new", "")])
    future = {f.column: s for f, s in symbols.items() if f.part == "future"}
    for f, s in symbols.items():
        if f.part == "static":
            future[f.column] = xp.broadcast_like(s, future["time"])
    for name, values in model.predict(windows | memory, future).items():
        graph.output(name, xp.astype(values, np.float64), ("series", horizon))
    return graph


def beginning(model: Model, tail: Panel, memory: State) -> State:
    """What the model keeps of a series that it has never seen and that has no rows yet, (1, k) each."""
    one = tail.where(np.array([0]))
    ids = one.ids.copy()
    for column in ids.columns:
        ids[column] = int(tail.ids[column].max()) + 1 if key_kind(tail, column) == "int" else "\0"
    empty = replace(one.rows(np.zeros(len(one), bool)), ids=ids)
    try:
        return {name: np.asarray(values) for name, values in model.memory(empty).items()}
    except (ValueError, IndexError, KeyError):  # nothing can be said of such a series: its forecast will be NaN
        return {n: np.full_like(v[:1], np.nan if v.dtype.kind == "f" else UNKNOWN) for n, v in memory.items()}


def _input(graph: Graph, feed: Feed, horizon: int) -> Symbol:
    symbol = graph.input(feed.name, feed.dtype, ("series", feed.width(horizon)))
    return graph.xp.lookup(symbol, np.array(feed.levels, object)) if feed.levels else symbol


def _last(values: Symbol, size: int) -> Symbol:
    """The last `size` columns of an open window."""
    if size == 0:
        return values[:, :0]
    window = values[:, -size:]
    return Symbol(window.graph, window.name, window.dtype, (None, size))


def _row(graph: Graph, tail: Panel, by: dict[tuple[str, str], Symbol]) -> Symbol:
    """The row of each series in the tables of memory, -1 if it was not in training."""
    xp = graph.xp
    code: Symbol | None = None
    codes = np.zeros(len(tail.ids), np.int64)
    for column in tail.ids.columns:
        values = tail.ids[column].to_numpy()
        number = key_kind(tail, column) == "int"
        values = values.astype(np.int64) if number else values.astype(str).astype(object)
        keys, inverse = np.unique(values, return_inverse=True)
        found = xp.lookup(by[("key", column)][:, 0], keys)
        code = found if code is None else xp.where((code < 0) | (found < 0), UNKNOWN, code * len(keys) + found)
        codes = codes * len(keys) + inverse
    if code is None:  # no key columns: the one series there is
        return xp.zeros_like(by[("future", "time")][:, 0])
    order = np.argsort(codes, kind="stable")
    place = xp.lookup(code, codes[order])
    return xp.where(place >= 0, xp.take(xp.asarray(order), xp.maximum(place, 0), axis=0), UNKNOWN)


def _updated(model: Model, memory: State, history: State, windows: State, new: Symbol) -> State:
    """The memory after the `new` last columns of the history, which training had not seen: a loop over as many columns
    as are new in any series."""
    graph, xp = new.graph, new.graph.xp
    length = xp.take(graph.node("Shape", [history["target"]], np.int64, (2,)), np.array([1]), axis=0)
    most = xp.max(xp.concat([new, np.zeros((1, 1), np.int64)]), axis=0)
    steps = xp.minimum(most, length)
    late, start, lookback = {}, {}, model.needs.lookback
    for name, values in history.items():
        window = windows[window_of(name)]
        nothing = xp.full_like(window, np.nan if window.dtype.kind == "f" else UNKNOWN)
        late[name] = _columns(values, length - steps, length)
        before = xp.concat([nothing, values], axis=1)
        start[window_of(name)] = _columns(before, length - steps, length - steps + lookback, lookback)

    def step(carry: State, now: State) -> tuple[State, State]:
        at = carry.pop(".at")
        fresh = at >= steps - new[:, 0]
        kept = {n: v for n, v in carry.items() if "." in n}
        moved = model.advance(carry, now)
        windows = {n: v for n, v in moved.items() if "." not in n}
        memory = where_state(fresh, {n: moved[n] for n in kept}, kept)
        return windows | memory | {".at": at + 1}, {}

    ended, _ = scan(step, start | memory | {".at": xp.zeros_like(new[:, 0])}, late)
    return {n: v for n, v in ended.items() if n in memory}


def _columns(values: Symbol, start: Symbol, stop: Symbol, width: int | None = None) -> Symbol:
    """Those from `start` to `stop`, which are known when the graph runs, (1,) each: `width` of them (None: open)."""
    return values.graph.node("Slice", [values, start, stop, np.array([1])], values.dtype, (None, width))


def feed_arrays(model: Model, panel: Panel, feeds: list[Feed], future: Panel) -> State:
    """The graph's inputs from panels, where nothing came after training."""
    result: State = {}
    ahead = future.matrix(model.needs.ahead)
    for f in feeds:
        if f.part == "key":
            values: np.ndarray = panel.ids[f.column].to_numpy()[:, None]
        elif f.part == "new":
            values = np.zeros((panel.count, 1))
        elif f.part == "history":
            values = panel.window(f.column, max(model.needs.lookback, 1))
        elif f.part == "static":
            values = panel.columns[f.column][:, None]
        else:
            values = ahead[f.column]
        if f.levels:
            values = np.array([*f.levels, ""], object)[values]
        result[f.name] = values.astype(f.dtype)
    return result


def verify(
    proto: Any, model: Model, origin: Origin, feeds: list[Feed], horizon: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Score the graph on the last window of the training data and compare it with `predict`: the check, an example."""
    import onnxruntime

    checked = evenly(origin.tail.count, CHECKED)
    tail = origin.tail.where(checked)
    future = rehearsal(tail, horizon)
    ahead = future.matrix(model.needs.ahead)
    state = {"target": tail.window(tail.target, model.needs.lookback)}
    state |= {window_of(name): tail.window(name, model.needs.lookback) for name in model.needs.past}
    state |= {name: values[checked] for name, values in origin.memory.items()}
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options)
    names = [o.name for o in session.get_outputs()]
    fed = feed_arrays(model, tail, feeds, future)
    outputs = dict(zip(names, session.run(None, fed), strict=True))
    tolerance = 1e-4 if model.single else 1e-9
    worst = difference(model, model.predict(state, ahead), outputs, undecided(model, state, ahead, tolerance))
    if origin.memory:
        for _ in range(LATER):
            state = model.advance(state, _repeated(tail, model))
        again = dict(zip(names, session.run(None, _later(fed, feeds)), strict=True))
        ties = undecided(model, state, ahead, tolerance)
        worst = max(worst, difference(model, model.predict(state, ahead), again, ties))
    if not worst <= tolerance:
        raise ValueError(f"The graph of {type(model).__name__} disagrees with Python by {worst:.1e} relative "
                         f"(allowed {tolerance:.0e}); it was not written.")  # fmt: skip
    check = {"series": tail.count, "worst_relative_difference": worst, "tolerance": tolerance}
    return check, example(fed, outputs)


def difference(model: Model, expected: State, outputs: State, ties: State) -> float:
    """The largest difference between two forecasts, relative to their size; next to `ties` of rounding a whole number
    is none. ValueError where only one is NaN."""
    worst = 0.0
    for name, values in expected.items():
        want, got = np.asarray(values, np.float64), outputs[name]
        if not np.array_equal(np.isnan(want), np.isnan(got)):
            raise ValueError(f"The graph of {type(model).__name__} has NaN in {name!r} where Python has none, or the "
                             "other way round; it was not written.")  # fmt: skip
        size = max(float(np.nanmax(np.abs(want), initial=0.0)), 1e-12)
        apart = np.abs(want - got)
        if name in ties:
            apart = np.where(ties[name] & (apart <= 1.0), 0.0, apart)
        worst = max(worst, float(np.nanmax(apart, initial=0.0)) / size)
    return worst


def _later(fed: State, feeds: list[Feed]) -> State:
    """The same inputs, the last row of the history having come again, after training."""
    parts = {f.name: f.part for f in feeds}
    last = {n: np.repeat(v[:, -1:], LATER, axis=1) for n, v in fed.items() if parts[n] == "history"}
    longer = {n: np.concatenate([fed[n], v], axis=1) for n, v in last.items()}
    return fed | longer | {n: np.full_like(v, LATER) for n, v in fed.items() if parts[n] == "new"}


def _repeated(tail: Panel, model: Model) -> State:
    """The last row of each series, as if it came again."""
    now = {name: tail.window(name, 1)[:, 0] for name in model.needs.past}
    return {"target": tail.window(tail.target, 1)[:, 0]} | now


def rehearsal(tail: Panel, horizon: int) -> Panel:
    """Future rows for a check: known columns repeat their last values."""
    times = tail.upcoming(horizon)
    columns = {n: np.repeat(tail.window(n, 1)[:, 0], horizon) for n in tail.by_role("known")}
    columns |= {n: tail.columns[n] for n in tail.by_role("static")}
    indptr = np.arange(tail.count + 1) * horizon
    return replace(tail, indptr=indptr, times=times.ravel(), columns=columns, ahead=None)
