"""Bands: whether they cover what they say, and whether hostile series have them."""

from __future__ import annotations

import numpy as np

from learners.learner import Learner
from tests.local import HOSTILE, monthly

STEPS = 6
HARDER: dict[str, list[float]] = {
    "tiny": [1e-12 * (1 + i % 3) for i in range(30)],
    "large": [1e12 * (1 + i % 3) for i in range(30)],
    "exploding": [10.0 ** (10 * i) for i in range(31)],
    "one demand": [0.0] * 20 + [4.0] + [0.0] * 5,
    "last demand": [0.0] * 20 + [4.0],
    "ends in gaps": [3.0, 0.0, 5.0, 2.0, np.nan],
}


def covered(learner: Learner, rows: np.ndarray, over: float = 1.5) -> None:
    """The bands at 80 and 95 % of the last steps of `rows` (series, rows) cover within 1.5 points; `over`: how many
    points more they may."""
    panel, ahead = monthly(*rows[:, :-STEPS]), rows[:, -STEPS:]
    model = learner.train(panel)
    found = model.predict(model.state(panel), {"time": np.zeros(ahead.shape)})
    for level in (80, 95):
        inside = (found[f"lo{level}"] <= ahead) & (ahead <= found[f"hi{level}"])
        assert level - 1.5 <= 100 * inside.mean() <= level + over, (level, inside.mean())


def hostile_bands(learner: Learner) -> dict[str, dict[str, np.ndarray]]:
    """Every output of each hostile series by its name: finite, except where nothing is known, and in order."""
    series = HOSTILE | HARDER
    panel = monthly(*series.values(), names=list(series), freq="D")
    model = learner.train(panel)
    known = panel.where(panel.lengths > 0)
    with np.errstate(over="raise", divide="raise"):
        found = model.predict(model.state(known), {"time": np.zeros((known.count, 9))})
    named = {}
    for i, name in enumerate(known.ids["id"]):
        one = named[name] = {output: values[i] for output, values in found.items()}
        if name == "nothing":
            assert np.isnan(one["forecast"]).all()
            continue
        assert all(np.isfinite(values).all() for values in one.values()), name
        ordered = [one[n] for n in ("lo95", "lo80", "forecast", "hi80", "hi95")]
        assert (np.diff(ordered, axis=0) >= 0).all(), name
    return named
