"""The native filters of smoothing models: what `remember` does row by row, over all rows at once."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from learners.auto_theta import AutoTheta
from learners.ets import AutoEts, Ets
from learners.learner import Learner
from learners.local import LocalModel
from learners.theta import Theta
from tests.local import AIR, monthly

LEARNERS = [
    Ets(season=12), Ets("mul", "add", "mul", True, 12), Ets("add", None, None), AutoEts(12), Theta(12), Theta(),
    AutoTheta(12), AutoTheta(12, models=("dynamic optimised",)),
]  # fmt: skip


@pytest.mark.parametrize("learner", LEARNERS, ids=str)
def test_a_filter_walks_as_remember_steps(learner: Learner) -> None:
    """Gaps, a first value that is late, series in another order, ones that begin later than in training."""
    gaps = AIR.copy()
    gaps[[0, 1, 7, 30, 31]] = np.nan
    turning = 100 + 10 * np.sin(np.arange(50)) + np.random.default_rng(0).normal(size=50)
    panel = monthly(AIR, gaps, turning - 110, turning)
    model = learner.train(panel)
    assert isinstance(model, LocalModel)
    slow = type("Slow", (type(model),), {"_run": LocalModel._run})
    stepping = slow(**{f.name: getattr(model, f.name) for f in fields(model)})
    later = panel.rows(panel.position >= np.array([0, 3, 0, 5])[panel.owner])
    for rows in (panel, later, panel.where(np.array([2, 0])), panel.rows(panel.position < 20)):
        native, stepped = model.memory(rows), stepping.memory(rows)
        assert list(native) == list(stepped)
        for name, values in stepped.items():
            np.testing.assert_allclose(
                native[name], values, rtol=1e-12, atol=1e-12 * np.abs(values).max(), err_msg=name
            )
