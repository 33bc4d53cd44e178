"""Bad input, from the table to the graph: finite forecasts that agree, or a sentence that names the culprit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.panel import Panel
from learners.learner import Learner

AHEAD = 4
ROLES: dict[str, Any] = {"id": "id", "time": "t", "target": "y", "known": ["price"]}


def table(
    y: np.ndarray | None = None, price: np.ndarray | None = None, rows: int = 40, series: int = 2
) -> pd.DataFrame:
    """Daily series, the last `AHEAD` rows of which are to be forecast."""
    rng, total = np.random.default_rng(3), rows + AHEAD
    parts = []
    for s in range(series):
        price_ = 2.0 + s + rng.uniform(0, 1, total) if price is None else price
        y_ = 20 + 5 * s + 3 * np.sin(np.arange(total) * 2 * np.pi / 7) - price_ + rng.normal(0, 0.5, total)
        y_ = y_ if y is None else y.copy()
        y_[rows:] = np.nan
        days = pd.date_range("2024-01-01", periods=total)
        parts.append(pd.DataFrame({"id": f"s{s}", "t": days, "y": y_, "price": price_}))
    return pd.concat(parts, ignore_index=True)


def agreed(learner: Learner, rows: pd.DataFrame, folder: Path, roles: dict[str, Any] = ROLES) -> dict[str, np.ndarray]:
    """What is forecast, finite, by the model, the saved one, the graph and, in sum, the explanation."""
    panel = Panel.read(rows, **roles)
    model = learner.fit(panel)
    made = model.forecast(panel, AHEAD)
    again = fc.load(fc.save(model, folder / "model")).forecast(panel, AHEAD)
    fc.to_onnx(model, folder / "model.onnx", AHEAD)
    scored = fc.score(folder / "model.onnx", rows)
    for name, values in made.columns.items():
        assert np.isfinite(values).all(), name
        np.testing.assert_array_equal(again.columns[name], values)
        np.testing.assert_allclose(scored[name], values, rtol=1e-9, atol=1e-9 * max(np.abs(values).max(), 1e-300))
    explained = model.explain(panel, AHEAD, origins=2).made
    total = explained.base + explained.values.sum(axis=2)
    np.testing.assert_allclose(total.ravel(), made.columns["forecast"], rtol=1e-6)
    return dict(made.columns)


def test_harmonic_that_finds_no_wave_is_what_remains(tmp_path: Path) -> None:
    steps = np.r_[np.arange(44.0) // 11]
    found = agreed(fc.Harmonic((7.0,), learner=fc.Naive()), table(steps), tmp_path, ROLES | {"known": ()})
    np.testing.assert_allclose(found["forecast"], 3.0)


def test_a_series_that_says_nothing_of_waves_leaves_them_to_the_others(tmp_path: Path) -> None:
    rows = table(10 + 5 * np.sin(np.arange(44) * 2 * np.pi / 7))
    rows.loc[rows.index < 44, "y"] = np.where(np.arange(44) % 2, np.nan, 1.0)  # no two values follow each other
    model = fc.Harmonic((7.0,), learner=fc.Naive()).fit(Panel.read(rows, **ROLES))
    assert len(model.waves) > 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("bad", [np.inf, -np.inf, 1e300, -1.7e308])
def test_numbers_that_cannot_be_reckoned_with_count_as_unknown(bad: float, tmp_path: Path) -> None:
    rows = table()
    rows.loc[[5, 50], "y"] = rows.loc[[9, 38, 42], "price"] = bad
    found = {(f.column, f.series): f for f in Panel.read(rows, **ROLES).findings.of("infinite")}
    assert f"{bad:g}, beyond 1e+150" in found["price", "id=s0"].message or np.isinf(bad)
    assert {series for _, series in found} == {"id=s0", "id=s1"}
    blank = rows.assign(**{name: rows[name].where(rows[name].abs() < 1e100) for name in ("y", "price")})
    learner = fc.Recursive("ridge", (fc.Lags((1, 7)), fc.Known(("price",)), fc.Relative(("price",))))
    agreed(learner, rows, tmp_path)
    later = [r.assign(y=r["y"].fillna(20.0)).drop(index=[43, 87]) for r in (rows, blank)]
    for r in later:
        r.loc[[42, 86], "y"] = np.nan
    fc.to_onnx(learner.fit(Panel.read(rows, **ROLES)), tmp_path / "one.onnx", 1)
    first, second = (fc.score(tmp_path / "one.onnx", r)["forecast"] for r in later)
    np.testing.assert_array_equal(first, second)


def test_a_price_far_from_all_others_leaves_forecasts_and_explanations_finite(tmp_path: Path) -> None:
    rows = table()
    rows.loc[[42, 86], "price"] = -1e9
    inner = fc.Recursive("ridge", (fc.Lags((1,)), fc.Known(("price",))))
    agreed(fc.Transformed(inner, fc.Log1p()), rows, tmp_path)
    agreed(fc.Bounded(fc.Transformed(inner, fc.Log1p()), AHEAD, 7), rows, tmp_path)


def test_counts_of_the_smallest_numbers_there_are(tmp_path: Path) -> None:
    y = np.random.default_rng(0).poisson(1.0, 44) * 5e-324
    agreed(fc.NegativeBinomial(levels=(80,)), table(y), tmp_path, ROLES | {"known": ()})


def test_bands_of_a_series_that_was_not_in_training_are_missing_with_its_forecast(tmp_path: Path) -> None:
    rows = table()
    model = fc.Harmonic((7.0,), learner=fc.AutoEts(levels=(80,))).fit(Panel.read(rows, **ROLES))
    others = rows.assign(id="new " + rows["id"])
    made = model.forecast(Panel.read(others, **ROLES), AHEAD)
    assert all(np.isnan(values).all() for values in made.columns.values())
    assert len(made.findings.of("no_forecast")) == 2
    fc.to_onnx(model, tmp_path / "model.onnx", AHEAD)
    assert np.isnan(fc.score(tmp_path / "model.onnx", others, strict=False)["hi80"]).all()


RELATIVE = fc.Recursive("ridge", (fc.Lags((1, 7)), fc.Known(("price",)), fc.Relative(("price",))))
MISFITS = {
    "no price": (lambda t: t, {"known": ()}, "no column 'price', which the model looks back on: name it as known"),
    "a price in words": (lambda t: t.assign(price="dear"), {}, "'price' holds text, such as 'dear', but"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_a_panel_that_is_not_the_models_is_refused_in_a_sentence(name: str) -> None:
    change, roles, sentence = MISFITS[name]
    model = RELATIVE.fit(Panel.read(table(), **ROLES))
    with pytest.raises(ValueError, match=sentence):
        model.forecast(Panel.read(change(table()), **ROLES | roles), AHEAD)  # type: ignore[no-untyped-call]


def test_a_panel_without_series_and_one_of_another_frequency_are_told() -> None:
    panel = Panel.read(table(), **ROLES)
    model = RELATIVE.fit(panel)
    with pytest.raises(ValueError, match="no series to forecast"):
        model.forecast(panel.where(np.zeros(0, np.int64)), AHEAD)
    hours = table().assign(t=np.tile(pd.date_range("2024-01-01", periods=44, freq="h"), 2))
    (told,) = model.forecast(Panel.read(hours, **ROLES), AHEAD).findings.of("other_frequency")
    assert "row every h, but the model learned from a row every D" in told.message


def test_names_that_are_all_numbers_later_are_still_names() -> None:
    rows = table().assign(kind=np.where(np.arange(88) % 3, "1", "2"))
    rows.loc[np.arange(88) % 44 < 24, "kind"] = "x"
    roles = ROLES | {"known": ["kind"]}
    model = fc.Recursive("ridge", (fc.Categories(("kind",), onehot=True),)).fit(Panel.read(rows, **roles))
    later = rows.assign(kind=np.where(np.arange(88) % 3, 1, 2))
    want = model.forecast(Panel.read(rows, **roles), AHEAD).columns["forecast"]
    np.testing.assert_array_equal(model.forecast(Panel.read(later, **roles), AHEAD).columns["forecast"], want)
    assert len(np.unique(want)) == 2


@pytest.mark.parametrize("name", ["a.b", ""])
def test_columns_of_any_name(name: str, tmp_path: Path) -> None:
    rows, roles = table().rename(columns={"price": name}), ROLES | {"known": [name]}
    agreed(fc.Recursive("ridge", (fc.Lags((1,)), fc.Known((name,)))), rows, tmp_path, roles)
    agreed(fc.Direct("ridge", (fc.Lags((1,)), fc.Relative((name,))), 2), rows, tmp_path, roles)


def test_blank_text_among_numbers_is_missing() -> None:
    rows = table()
    words = rows.assign(**{n: ["" if v != v else f"{v:.17g}" for v in rows[n]] for n in ("y", "price")})
    words.loc[3, "price"] = "  "
    read, want = Panel.read(words, **ROLES), Panel.read(rows, **ROLES)
    assert read.levels == {}
    np.testing.assert_array_equal(read.y, want.y)
    assert np.isnan(read.columns["price"][3])


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a whole number beyond all floats": ({"y": [10**400] * 88}, "'y' holds a whole number that is too large"),
    "a decimal comma": ({"y": ["2,5"] * 88}, "'y' holds '2,5' in row 0"),
    "a time": ({"y": pd.date_range("2024-01-01", periods=88)}, "'y' holds times"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_target_that_is_no_number_is_named(name: str) -> None:
    columns, sentence = WRONG[name]
    with pytest.raises(ValueError, match=sentence):
        Panel.read(table().assign(**columns), **ROLES)


def test_a_column_that_is_named_by_a_number_is_refused_in_a_sentence() -> None:
    rows = table().set_axis([0, 1, 2, 3], axis=1)
    with pytest.raises(ValueError, match=r"named by text, not by 0 \(id\)"):
        Panel.read(rows, id=0, time=1, target=2, known=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("part", [fc.Known, fc.Relative])
def test_the_target_is_no_known_column(part: Any) -> None:
    with pytest.raises(ValueError, match="'y' is the target, which is not known ahead"):
        part(("y",)).resolve(Panel.read(table(), **ROLES))
    with pytest.raises(ValueError, match="need a column"):
        part(()).resolve(Panel.read(table(), **ROLES))
