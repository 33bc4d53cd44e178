"""Sines that trees can be parted by, the same in Python and in graphs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.featurizer import Featurizer
from featurizers.waves import cosine, sine


def test_waves_do_not_hang_on_the_last_digit() -> None:
    angle = 2 * np.pi * np.arange(24) / 24
    for wave in (sine, cosine):
        values = wave(angle)
        np.testing.assert_array_equal(values, wave(angle * (1 + 2e-16)))
        assert len(np.unique(values)) == 13
    np.testing.assert_allclose(cosine(angle), np.cos(angle), atol=1e-9)


@pytest.mark.parametrize("wave", [fc.Fourier((12.0,), 1), fc.Calendar(cyclic=True)])
def test_trees_on_waves_agree_with_their_graph(wave: Featurizer, tmp_path: Path) -> None:
    rng, days = np.random.default_rng(0), pd.date_range("2012-01-01", periods=60, freq="MS")
    levels = 50 + 10 * np.arange(4)[:, None] + 8 * np.sin(np.arange(60) * np.pi / 6) + rng.normal(size=(4, 60))
    table = pd.concat([pd.DataFrame({"id": i, "day": days, "y": y}) for i, y in enumerate(levels)])
    learner = fc.Recursive(fc.LightGBM(n_estimators=15), (fc.Lags((1, 2, 12)), wave))
    model = learner.fit(fc.Panel.read(table, "id", time="day", target="y"))
    assert fc.to_onnx(model, tmp_path / "model.onnx", 8)["worst_relative_difference"] <= 1e-9
