"""Steps: what is handed to `Model.advance` and `Model.predict`, checked; symbols pass as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from featurizers.arrays import State, column_of
from featurizers.policy import listed

if TYPE_CHECKING:
    from learners.learner import Model

_HELD = {"target": "the values of {!r}", "time": "the wall clock in seconds since 1970"}


def next_row(model: Model, state: State, now: State) -> State:
    """`now` of `Model.advance`, (series,) each. TypeError or ValueError, in a sentence, for what is no next row."""
    _arrays(state, now)
    if _traced(state, now):
        return now
    names = [column_of(name) for name in state if "." not in name]
    _all_there(model, names, now, "The next row lacks {}", "(series,) each")
    size = _series(model, state)
    return {**now, **{name: _values(model, name, now[name], (size,), "the next row") for name in names}}


def rows_ahead(model: Model, state: State, future: State) -> State:
    """`future` of `Model.predict`, (series, horizon) each. ValueError, in a sentence, for what are no rows ahead."""
    if _traced(state, future):
        return future
    names = ("time", *model.needs.ahead)
    form = "(series, horizon) each, as panel.future(horizon).matrix(model.needs.ahead) gives them"
    _all_there(model, names, future, "The rows to forecast lack {}", form)
    where, time = "the rows to forecast", future["time"]
    shape = (_series(model, state), *(_array("time", time, where).shape[-1:] or (1,)))
    return {**future, **{name: _values(model, name, future[name], shape, where) for name in names}}


def _arrays(state: Any, now: Any) -> None:
    """TypeError for what is no dict, such as a panel."""
    if not isinstance(state, Mapping) or not isinstance(now, Mapping):
        kinds = f"not a {type(state).__name__} and a {type(now).__name__}"
        raise TypeError(f"'advance' takes a state and the next row as arrays, {kinds}: of a panel with one row a "
                        "series that is {'target': panel.y}; of a panel that holds all rows up to the new ones "
                        "model.state(panel) is the state after them.")  # fmt: skip


def _traced(*given: State) -> bool:
    """Whether a graph is being written."""
    return any(
        hasattr(values, "__array_namespace__") and not isinstance(values, np.ndarray)
        for part in given for values in part.values()
    )  # fmt: skip


@contextmanager
def reading(model: Model, state: State) -> Iterator[None]:
    """What is missing in `state` where something is not found there."""
    try:
        yield
    except KeyError:
        kept = () if model.origin is None else model.origin.memory
        lost = [name for name in ("target", *kept) if name not in state]
        if not lost:
            raise
        raise ValueError(f"The state lacks {listed(lost, 3)}: it is what model.state(panel) gives, or 'advance' after "
                         "that.") from None  # fmt: skip


def _series(model: Model, state: State) -> int:
    with reading(model, state):
        return len(state["target"] if "target" in state or not state else next(iter(state.values())))


def _all_there(model: Model, names: Iterable[str], given: State, what: str, form: str) -> None:
    """ValueError where one of `names` is not `given`."""
    lost = [name for name in names if name not in given]
    if not lost:
        return
    target = "the target" if model.origin is None else model.origin.tail.target
    held = [f"{n!r} ({_HELD[n].format(target)})" if n in _HELD else repr(n) for n in dict.fromkeys(names)]
    instead = f", given are {listed(given, 3)}" if given else ""
    raise ValueError(f"{what.format(listed(lost, 3))}{instead}: expected are {', '.join(held)}, {form}.")


def _array(name: str, given: Any, where: str) -> np.ndarray:
    try:
        return given if isinstance(given, np.ndarray) else np.asarray(given)
    except ValueError:
        raise ValueError(f"{name!r} of {where} has rows of different lengths.") from None


def _values(model: Model, name: str, given: Any, shape: tuple[int, ...], where: str) -> np.ndarray:
    """What is `given` under a name, lists and columns of tables too, as numbers of this shape."""
    values = _array(name, given, where)
    levels = () if model.origin is None else model.origin.tail.levels.get(name, ())
    if values.dtype.kind not in "fiu":
        if values.dtype.kind == "M":
            raise ValueError(f"{name!r} of {where} holds dates: it is seconds of the wall clock since 1970, as "
                             "panel.clock(times) gives them.")  # fmt: skip
        try:
            values = values.astype(np.float64)
        except (TypeError, ValueError):
            coded = ", ".join(f"{level!r} is {i}" for i, level in enumerate(levels[:3]))
            meant = f"its categories are numbers, of which {coded}" if levels else "numbers are expected"
            raise ValueError(f"{name!r} of {where} holds {values.ravel().tolist()[0]!r}: {meant}.") from None
    if name == "target" and values.dtype.kind != "f":
        values = values.astype(np.float64)
    if values.shape != shape:
        each = "a value" if len(shape) == 1 else "a row, as long as the others,"
        raise ValueError(f"{name!r} of {where} has the shape {values.shape}, not {shape}: {each} for each of the "
                         f"{shape[0]} series of the state.")  # fmt: skip
    return values
