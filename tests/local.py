"""What every local model promises: advancing is filtering, the graph is `predict`, saving changes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from featurizers.frequency import Frequency
from featurizers.panel import Panel
from forecast.export import to_onnx
from forecast.saving import load, save
from learners.learner import Learner, Model

# Monthly airline passengers, thousands, 1949 to 1954 (Box & Jenkins, 1970, series G).
AIR = np.array([
    112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, 115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114,
    140, 145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166, 171, 180, 193, 181, 183, 218, 230, 242, 209, 191,
    172, 194, 196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201, 204, 188, 235, 227, 234, 264, 302, 293, 259,
    229, 203, 229,
], float)  # fmt: skip
HOSTILE: dict[str, list[float]] = {
    "constant": [5.0] * 20,
    "zero": [0.0] * 20,
    "one": [3.0],
    "two": [3.0, 4.0],
    "three": [3.0, 4.0, 2.0],
    "huge": [1e9 + 3 * (i % 5) for i in range(30)],
    "negative": [-100.0 - 7 * (i % 4) + i for i in range(30)],
    "some zeros": [float(i % 3) for i in range(30)],
    "nothing": [np.nan] * 12,
    "empty": [],
}


def monthly(*series: object, names: list[str] | None = None, freq: str = "MS", **known: np.ndarray) -> Panel:
    """Series that all begin in 1949, the target named "y", with known columns, one value a row."""
    arrays = [np.asarray(s, np.float64) for s in series]
    sizes = [len(a) for a in arrays]
    stamps = [np.asarray(pd.date_range("1949-01-01", periods=n, freq=freq)).astype("datetime64[s]") for n in sizes]
    ids = pd.DataFrame({"id": names or [f"s{i}" for i in range(len(arrays))]})
    return Panel(ids, np.r_[0, np.cumsum(sizes)], np.concatenate(stamps), Frequency.parse(freq), "month", "y",
                 {"y": np.concatenate(arrays), **known}, dict.fromkeys(known, "known"))  # fmt: skip


def holes(values: np.ndarray, *at: int) -> np.ndarray:
    values = values.copy()
    values[list(at)] = np.nan
    return values


def advances(learner: Learner, panel: Panel, back: int = 8) -> Model:
    """Fit on all but the last rows, walk through these, and land where filtering the whole panel does."""
    left = np.repeat(panel.lengths, panel.lengths) - panel.position
    model = learner.fit(panel.rows(left > back))
    state = model.state(panel.rows(left > back))
    for i in range(back, 0, -1):
        rows = panel.rows(left == i)
        now = {name: rows.column(name) for name in model.needs.past}
        state = model.advance(state, {"target": rows.y, "time": rows.clock(), **now})
    whole = model.state(panel)
    assert set(whole) == set(state)
    for name, values in whole.items():
        np.testing.assert_allclose(state[name], values, rtol=1e-9, atol=1e-9 * np.nanmax(np.abs(values), initial=1e-9))
    return model


def travels(model: Model, panel: Panel, folder: Path, horizon: int = 5) -> None:
    """The graph agrees to 1e-9, at the end of training and after; a saved model forecasts the same bytes."""
    assert to_onnx(model, folder / "model.onnx", horizon)["worst_relative_difference"] < 1e-9
    save(model, folder / "model")
    again = load(folder / "model")
    state = model.state(panel)
    rows = panel.tail(1)
    future = {"time": np.repeat(rows.clock()[:, None], horizon, 1)}
    future |= {n: np.repeat(rows.column(n)[:, None], horizon, 1) for n in model.needs.ahead}
    assert list(state) == list(again.state(panel))
    for name, values in model.predict(state, future).items():
        np.testing.assert_array_equal(values, again.predict(again.state(panel), future)[name])


def survives(learner: Learner) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Forecasts of the hostile series by their names, and the report: finite, or said why not."""
    panel = monthly(*HOSTILE.values(), names=list(HOSTILE), freq="D")
    model = learner.train(panel)
    known = panel.where(panel.lengths > 0)
    future = {"time": known.clock(known.last)[:, None] + 86_400 * np.arange(1, 8)}
    forecasts = model.predict(model.state(known), future)["forecast"]
    found = dict(zip(known.ids["id"], forecasts, strict=True))
    report = model.report  # type: ignore[attr-defined]
    for name, values in found.items():
        assert np.isfinite(values).all() or name == "nothing", name
    for name in ("one", "two", "three", "nothing", "empty"):
        assert any(f"id={name} " in line for line in report), name
    return found, report
