"""metadata: what a scorer must know about an exported model, as plain JSON inside the ONNX file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from featurizers.arrays import State
from featurizers.counted import counting, step_of
from featurizers.frequency import Frequency
from featurizers.panel import Panel
from forecast import versions
from learners.learner import Model, Origin

FORMAT = 1
YEARS = 40  # that the calendar of an irregular frequency reaches before and after training
EXAMPLES = 3  # series whose inputs and outputs stand in the file


@dataclass(frozen=True)
class Feed:
    """One input of the graph: its name, dtype, what it is fed with, and the categories of text."""

    name: str  # of the graph's input
    part: str  # key, history, new, future or static
    column: str  # of the table; "time" is the wall clock in seconds
    kind: str  # float, int or text
    levels: tuple[str, ...] = ()

    @property
    def dtype(self) -> Any:
        return {"float": np.float64, "int": np.int64, "text": object}[self.kind]

    def width(self, horizon: int) -> int | str:
        """The second size of the input; the first is the number of series."""
        widths: dict[str, int | str] = {"future": horizon, "history": "history"}
        return widths.get(self.part, 1)

    def meaning(self, lookback: int, freq: Frequency) -> str:
        """What to feed, for people."""
        if self.part == "key":
            return f"The key column {self.column!r} of each series."
        if self.part == "new":
            return "How many of the last columns of the history came after training (see 'series')."
        if self.part == "static":
            return f"{self.column!r}, one value a series."
        what = "The wall clock in seconds since 1970" if self.column == "time" else f"{self.column!r}"
        missing = {"int": "", "text": ", '' where missing", "float": ", NaN where missing"}[self.kind]
        if self.part == "future":
            return f"{what} of each row to forecast, one every {freq}{missing}."
        return f"{what}, one value every {freq} without gaps, newest last, at least {lookback} + 'new'{missing}."


def describe(model: Model, origin: Origin, feeds: list[Feed], horizon: int, gap: int = 0) -> dict[str, Any]:
    """Everything that `forecast.scorer` goes by, and what a person should know; of the `horizon` rows of inputs and
    outputs the first `gap` are not part of the forecast."""
    tail = origin.tail
    described = {
        "format": FORMAT,
        "library": f"{versions.NAME} {versions.own()}",
        "model": type(model).__name__,
        "horizon": horizon,
        "lookback": model.needs.lookback,
        "time": tail.time,
        "target": tail.target,
        "ids": {column: key_kind(tail, column) for column in tail.ids.columns},
        "frequency": _calendar(tail),
        "zone": tail.zone,
        "trained_until": str(tail.last.max()),
        "inputs": [_input(feed, model.needs.lookback, horizon, tail.freq) for feed in feeds],
    }
    if gap:
        described["gap"] = gap
    if origin.memory:  # where the memory of each series stands: the model goes on from there
        described["series"] = _cutoffs(tail)
    return described


def key_kind(tail: Panel, column: str) -> str:
    """How a graph is fed with a key column: "int" or "text"."""
    return "int" if tail.ids[column].dtype.kind in "iu" else "text"


def _input(feed: Feed, lookback: int, horizon: int, freq: Frequency) -> dict[str, Any]:
    given = {key: value for key, value in feed.__dict__.items() if value != ()}
    shape = ["series", feed.width(horizon)]
    return given | {"shape": shape, "meaning": feed.meaning(lookback, freq)}


def _calendar(tail: Panel) -> dict[str, Any]:
    """The frequency: `seconds` a step; or, where that varies, `days` that have a stamp, each as the distance to the
    one before (the first: to 1970-01-01), of which every `step`-th counts. `day_first` says how the table's dates were
    written. Where it had step numbers, `counted` is one of them and its stamp, in seconds since 1970."""
    freq = tail.freq
    calendar: dict[str, Any] = {"name": freq.name, "seconds": freq.seconds, "step": freq.step, "ends": freq.ends}
    if freq.seconds is None:
        reach = np.timedelta64(YEARS * 366, "D")
        days = tail.times.astype("datetime64[D]")
        grid = np.unique(freq.grid(days.min() - reach, days.max() + reach).astype(np.int64))
        calendar["days"] = np.diff(grid, prepend=0).tolist()
    if tail.day_first is not None:
        calendar["day_first"] = tail.day_first
    if counting(tail) is not None:
        last = tail.last.max()
        calendar["counted"] = [step_of(last, freq), int(last.astype(np.int64))]
    return calendar


def _cutoffs(tail: Panel) -> list[list[Any]]:
    """[key ..., last stamp] of each series; the stamps are in UTC where there is a zone."""
    keys = [tail.ids[c].tolist() if key_kind(tail, c) == "int" else tail.ids[c].astype(str).tolist()
            for c in tail.ids.columns]  # fmt: skip
    return [list(row) for row in zip(*keys, np.datetime_as_string(tail.last).tolist(), strict=True)]


def example(inputs: State, outputs: State) -> dict[str, Any]:
    """The first series' inputs and outputs, so that any runtime can check itself; null stands for NaN."""
    return {
        "inputs": {name: _rows(values) for name, values in inputs.items()},
        "outputs": {name: _rows(values) for name, values in outputs.items()},
    }


def _rows(values: np.ndarray) -> list[list[Any]]:
    finite = values[:EXAMPLES].astype(object)
    if values.dtype.kind == "f":
        finite[~np.isfinite(values[:EXAMPLES])] = None
    return finite.tolist()
