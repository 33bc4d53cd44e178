"""Which learner wins: random walks have the last value for their forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.panel import Panel
from forecast.evidence import walks
from forecast.winner import last_value


def table(values: np.ndarray, freq: str) -> pd.DataFrame:
    """Series (series, rows) as a table."""
    stamps = pd.date_range("2010-01-04", periods=values.shape[1], freq=freq)
    parts = [pd.DataFrame({"id": f"i{i:02d}", "at": stamps, "y": row}) for i, row in enumerate(values)]
    return pd.concat(parts, ignore_index=True)


def read(values: np.ndarray, freq: str = "D") -> Panel:
    return Panel.read(table(values, freq), id="id", time="at", target="y", freq=freq)


SHAPES = [(4, 300, "D"), (6, 600, "h"), (20, 140, "MS"), (1, 400, "D"), (1, 250, "W")]


@pytest.mark.parametrize(("count", "rows", "freq"), SHAPES)
def test_random_walks_are_recognised(count: int, rows: int, freq: str) -> None:
    """Chance makes one of 25 look like something else."""
    found = [
        walks(read(500 + np.random.default_rng(s).normal(size=(count, rows)).cumsum(axis=1), freq)) for s in range(12)
    ]
    assert np.mean(found) >= 10 / 12


def test_what_is_no_walk_is_none() -> None:
    noise, row = np.random.default_rng(0).normal(size=(4, 300)), np.arange(300)
    smooth = np.apply_along_axis(lambda e: np.convolve(e, 0.7 ** np.arange(20))[:300], 1, noise)
    assert not walks(read(noise))  # returns to its level
    assert not walks(read(smooth))
    assert not walks(read(noise.cumsum(axis=1) + 0.3 * row))  # drifts
    assert not walks(read(noise.cumsum(axis=1) + 2.0 * (row % 7 == 0)))  # has a week
    assert not walks(read(noise[:, :40].cumsum(axis=1)))  # too little of it
    assert not walks(read(np.zeros((3, 200))))


@pytest.mark.parametrize(("count", "rows", "freq", "seed"), [(4, 300, "D", 5), (6, 200, "h", 0), (20, 140, "MS", 1)])
def test_a_run_on_random_walks_repeats_the_last_value(count: int, rows: int, freq: str, seed: int) -> None:
    values = 500 + np.random.default_rng(seed + 100).normal(size=(count, rows)).cumsum(axis=1)
    run = fc.run(table(values, freq), id="id", time="at", target="y", horizon=6, progress=False,
                 learners=["SeasonalNaive", "AutoEts", "AutoTheta", "Ridge", "SeasonalAverage"])  # fmt: skip
    wanted = np.repeat(values[:, -1], 6)
    np.testing.assert_allclose(run.forecasts["forecast"], wanted, rtol=0.02)
    assert run.winner == "SeasonalNaive"
    assert len(run.findings.of("random_walk")) == 1


def test_what_is_surely_better_wins_all_the_same() -> None:
    """Steps that a known column tells: nothing in the target alone foresees them."""
    rng = np.random.default_rng(0)
    steps, more = rng.normal(size=(2, 4, 206))
    told = table(500 + (steps + 0.3 * more).cumsum(axis=1), "D").assign(step=steps.ravel())
    panel = Panel.read(told, id="id", time="at", target="y", known="step")
    board = fc.compare(panel, {"SeasonalNaive": fc.Naive(), "Theta": fc.Theta(1)}, fc.RollingOrigin(6, 3), "mase")
    assert walks(panel)
    assert last_value(board, "Theta") == "Theta"
    alone = Panel.read(told.drop(columns="step"), id="id", time="at", target="y")
    plain = fc.compare(alone, {"SeasonalNaive": fc.Naive(), "Theta": fc.Theta(1)}, fc.RollingOrigin(6, 3), "mase")
    assert last_value(plain, "Theta") == "SeasonalNaive"
