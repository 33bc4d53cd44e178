"""Mlp: the network without convolutions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.panel import Panel
from forecast.attempts import libraries
from learners.mlp import Mlp


def panel(rows: int = 120, count: int = 6) -> Panel:
    """Weeks, a trend, and a known column that the target follows."""
    random = np.random.default_rng(0)
    parts = []
    for i in range(count):
        t, price = np.arange(rows), random.normal(size=rows)
        y = 50 * (i + 1) + t * 0.1 + 8 * np.sin(2 * np.pi * (t + i) / 7) + 6 * price + random.normal(0, 0.5, rows)
        days = pd.date_range("2024-01-01", periods=rows)
        parts.append(pd.DataFrame({"store": f"s{i}", "day": days, "price": price, "y": y}))
    return Panel.read(pd.concat(parts), "store", time="day", target="y", known=["price"])


RECIPE = Mlp(7, hidden=32, epochs=8, known=("price",), learning_rate=5e-3)


def test_it_learns_weeks_and_a_known_column_and_its_bands_hold() -> None:
    given = panel()
    early, late = given.rows(given.position < 113), given.rows(given.position >= 113)
    model = RECIPE.fit(early)
    found = model.predict(model.state(early), late.matrix(("price",)))
    actual = late.y.reshape(6, 7)
    assert np.abs(found["forecast"] - actual).mean() < 2.5  # weeks move it by 5, the column by 5
    naive = fc.SeasonalNaive(7).fit(early).forecast(early, 7).column("forecast").reshape(6, 7)
    assert np.abs(found["forecast"] - actual).mean() < 0.5 * np.abs(naive - actual).mean()
    assert (found["lo80"] < found["forecast"]).all()
    assert 0.5 < ((found["lo80"] <= actual) & (actual <= found["hi80"])).mean() <= 1


@pytest.mark.parametrize("horizon", [3, 7, 16])
def test_the_graph_agrees(tmp_path: Path, horizon: int) -> None:
    model = RECIPE.fit(panel())
    assert fc.to_onnx(model, tmp_path / "model.onnx", horizon)["worst_relative_difference"] < 1e-5


def test_of_past_columns_only_the_last_row_counts() -> None:
    random = np.random.default_rng(1)
    given = panel()
    model = RECIPE.fit(given)
    state = model.state(given)
    future = panel().rows(panel().position >= 113).matrix(("price",))
    usual = model.predict(state, future)["forecast"]
    earlier = state["price"].copy()
    earlier[:, :-1] += random.normal(size=earlier[:, :-1].shape)
    np.testing.assert_array_equal(model.predict({**state, "price": earlier}, future)["forecast"], usual)
    assert np.abs(model.predict({**state, "price": earlier + 1}, future)["forecast"] - usual).max() > 1e-6


def test_same_seed_same_bytes_and_an_odd_layer_is_refused() -> None:
    first, again = (RECIPE.fit(panel()) for _ in range(2))
    for name, values in first.weights.items():  # type: ignore[attr-defined]
        np.testing.assert_array_equal(values, again.weights[name])  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="an even number, not 7"):
        Mlp(7, hidden=7).fit(panel())
    assert libraries(Mlp(7)) == {"learners.descent"}


def test_it_competes_by_default_and_its_settings_are_searched() -> None:
    sweep = fc.auto(panel(), 7)
    assert {"Mlp", "Tcn"} <= set(sweep.recipes)
    assert "Mlp" not in fc.auto(panel(rows=12), 7).recipes
