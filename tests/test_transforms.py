"""Transforms of the target: there and back, exactly; missing stays missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurizers.graph import Graph
from featurizers.panel import Panel
from learners.transforms import BoxCox, Difference, Log1p, Scale, SeasonalDifference, Transform
from learners.transforms.boxcox import guerrero
from learners.transforms.scale import statistics
from tests.graphs import outputs
from tests.panels import daily
from tests.stepping import every

TRANSFORMS: list[Transform] = [
    Log1p(), Log1p(signed=True), BoxCox(), BoxCox(0.0), BoxCox(0.5), BoxCox(2.0), BoxCox(-0.5), Difference(),
    Difference(2), SeasonalDifference(5), Scale(), Scale("robust"), Scale("mean"), Scale(over="window", window=9),
    Scale("robust", "window", 12), Scale("mean", "window", 6),
]  # fmt: skip


def series(rows: int = 40) -> Any:
    rng = np.random.default_rng(3)
    return 30 + np.arange(rows) + 5 * np.sin(np.arange(rows)) + rng.normal(size=rows)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=repr)
def test_what_follows_is_inverted_exactly(transform: Transform) -> None:
    whole = daily(series(), 100 * series(30), np.full(35, 7.0))
    there = transform.resolve(whole)
    before = whole.rows(whole.position < np.repeat(whole.lengths - 8, whole.lengths))
    state = there.memory(before)
    past = before.window("y", there.reach(0))
    after = whole.window("y", 8)
    values = there.forward(np.concatenate([past, after], axis=1), state)[:, -8:]
    if there.floating:  # the scale is that of the window before
        values = (after - there.inverse(np.zeros((3, 8)), past, state)) / (
            there.inverse(np.ones((3, 8)), past, state) - there.inverse(np.zeros((3, 8)), past, state)
        )
    np.testing.assert_allclose(there.inverse(values, past, state), after, rtol=1e-12)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=repr)
def test_windows_and_whole_panels_agree(transform: Transform) -> None:
    values = series()
    values[[4, 20, 21, 39]] = np.nan
    whole = daily(values, 100 * series(30), np.full(40, 7.0))
    there = transform.resolve(whole)
    changed = there.panel(whole)
    np.testing.assert_array_equal(changed.times, whole.times)
    assert np.isnan(changed.y[changed.position < there.lost]).all()
    window = there.forward(whole.window("y", 20 + there.lost), there.memory(whole))
    if not there.floating:
        np.testing.assert_allclose(window, changed.window("y", 20), rtol=1e-12, atol=1e-12)
    if there.lost == 0:
        np.testing.assert_array_equal(np.isnan(changed.y), np.isnan(whole.y))
        np.testing.assert_array_equal(np.isnan(window), np.isnan(whole.window("y", 20)))


@given(st.lists(st.floats(0.01, 1e9) | st.just(np.nan), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_pointwise_transforms_come_back(values: list[float]) -> None:
    panel = daily(values)
    for transform in (Log1p(), Log1p(signed=True), BoxCox(), Scale(), Scale("robust"), Scale("mean")):
        there = transform.resolve(panel)
        state = there.memory(panel)
        back = there.inverse(there.whole(panel)[None, :], panel.window("y", len(panel)), state)[0]
        size = np.nanmax(np.abs(panel.y), initial=1)
        np.testing.assert_allclose(
            back, panel.y, rtol=0, atol=size * (1e-9 if isinstance(transform, BoxCox) else 1e-12)
        )


def test_what_cannot_be_transformed_names_series_and_row() -> None:
    panel = daily([1, 2, 3.0], [4, -5, 6])
    with pytest.raises(ValueError, match=r"'y' is -5 in series 'id=1', row 4 .*Log1p takes no negative values"):
        Log1p().resolve(panel)
    with pytest.raises(ValueError, match=r"row 4 .*BoxCox takes no negative values"):
        BoxCox().resolve(panel)
    with pytest.raises(ValueError, match="takes no zeros"):
        BoxCox(0.0).resolve(daily([1, 0.0]))
    wrong_ones = (Scale("odd"), "'odd'"), (Scale(over="all"), "'all'"), (Scale(over="window"), "from 2 on, not None")  # type: ignore[arg-type]
    for wrong, message in wrong_ones:
        with pytest.raises(ValueError, match=message):
            wrong.resolve(panel)
    with pytest.raises(ValueError, match="from 1 on, not 0"):
        Difference(0).resolve(panel)


def test_a_constant_series_has_width_one() -> None:
    for how in ("standard", "robust"):
        there = Scale(how).resolve(daily(np.full(30, 1e9 + 0.1), np.full(10, 0.0)))  # type: ignore[arg-type]
        np.testing.assert_array_equal(there.memory(daily([], []))["scale.width"], [[1.0], [1.0]])


@pytest.mark.parametrize("how", ["standard", "robust", "mean"])
def test_statistics_leave_missing_values_out(how: str) -> None:
    rows = np.random.default_rng(0).normal(5, 3, (6, 21))
    rows[np.random.default_rng(1).random(rows.shape) < 0.3] = np.nan
    rows[5] = np.nan
    location, width = statistics(rows, how)
    some = rows[:5]
    want = {
        "standard": (np.nanmean(some, axis=1), np.nanstd(some, axis=1)),
        "robust": (np.nanmedian(some, axis=1), np.subtract(*np.nanpercentile(some, [75, 25], axis=1))),
        "mean": (np.zeros(5), np.nanmean(np.abs(some), axis=1)),
    }[how]
    np.testing.assert_allclose(location, [*want[0], 0], rtol=1e-12)
    np.testing.assert_allclose(width, [*want[1], 1], rtol=1e-12)


def test_a_scale_of_quartiles_falls_back_where_they_meet() -> None:
    values = np.zeros(40)
    values[::10] = 8.0
    assert Scale("robust").resolve(daily(values)).memory(daily(values))["scale.width"][0, 0] == pytest.approx(2.4)


def test_scales_of_new_series_come_from_their_history() -> None:
    there = Scale().resolve(daily([1, 2, 3.0]))
    new = daily([0.0, 0, 0], [10, 20, 30])
    assert there.memory(new)["scale.location"].ravel().tolist() == [2, 20]


@pytest.mark.parametrize("power", [0.0, 0.3, 0.5, 1.0])
def test_guerrero_finds_the_power_that_steadies_the_swings(power: float) -> None:
    rng = np.random.default_rng(0)
    level = np.repeat(np.linspace(10, 200, 40), 12)
    y = level + 0.3 * level ** (1 - power) * rng.normal(size=480)
    found = guerrero(every("MS", "1980-01-01", 480).with_columns(y=np.maximum(y, 0.01)))
    assert abs(found - power) < 0.1


def test_guerrero_on_known_data() -> None:
    # AirPassengers, 1949 to 1950 and 1959 to 1960 put end to end, piece by piece as the paper does it.
    y = np.array([
        112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, 115, 126, 141, 135, 125, 149, 170, 170, 158, 133,
        114, 140, 360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405, 417, 391, 419, 461, 472, 535, 622, 606,
        508, 461, 390, 432.0,
    ])  # fmt: skip
    pieces = y.reshape(4, 12)
    powers = np.arange(101) / 100
    ratios = [pieces.std(axis=1, ddof=1) / pieces.mean(axis=1) ** (1 - p) for p in powers]
    want = powers[np.argmin([r.std(ddof=1) / r.mean() for r in ratios])]
    panel = every("MS", "1949-01-01", 48).with_columns(y=y)
    assert BoxCox().resolve(panel) == BoxCox(float(want))


def test_a_panel_without_two_seasons_stays_as_it_is() -> None:
    assert guerrero(daily([1, 2, 3.0])) == 1
    assert guerrero(daily([5.0] * 40)) == 1


def test_a_power_with_zeros_stays_away_from_the_logarithm() -> None:
    y = np.exp(np.random.default_rng(0).normal(size=200) * np.linspace(0.1, 2, 200))
    y[3] = 0
    assert 0.1 <= float(BoxCox().resolve(daily(y)).power) <= 1


def test_a_forecast_below_every_target_becomes_zero() -> None:
    back = BoxCox(0.5).inverse(np.array([[-3.0, np.nan]]), np.zeros((1, 0)), {})
    np.testing.assert_array_equal(back, [[0, np.nan]])


def test_sums_begin_at_the_last_value_that_is_there() -> None:
    past = np.array([[1.0, 2, 3, np.nan], [np.nan] * 4])
    got = Difference().inverse(np.ones((2, 3)), past, {})
    np.testing.assert_array_equal(got, [[4, 5, 6], [np.nan] * 3])
    past = np.array([[1.0, 2, 3, 10, np.nan, 30]])
    np.testing.assert_array_equal(SeasonalDifference(3).inverse(np.ones((1, 4)), past, {}), [[11, 3, 31, 12]])


def test_bands_of_sums_widen_with_the_root() -> None:
    outputs = {"forecast": np.zeros((1, 4)), "lo80": np.full((1, 4), -2.0), "hi80": np.full((1, 4), 1.0)}
    got = Difference().invert(outputs, np.array([[10.0]]), {})
    np.testing.assert_allclose(got["lo80"], 10 - 2 * np.sqrt([[1, 2, 3, 4]]))
    np.testing.assert_allclose(got["hi80"], 10 + np.sqrt([[1, 2, 3, 4]]))
    got = SeasonalDifference(3).invert(outputs, np.array([[9.0, 9, 9, 10.0, 20, 30]]), {})
    np.testing.assert_allclose(got["hi80"], [[11, 21, 31, 10 + np.sqrt(2)]])


def write_protect(panel: Panel) -> None:
    """From here on, whoever writes into the panel raises."""
    for values in panel.columns.values():
        values.flags.writeable = False


def test_a_panel_is_left_as_it_was() -> None:
    panel = daily(series(), series(12))
    write_protect(panel)
    for transform in TRANSFORMS:
        transform.resolve(panel).panel(panel)


def test_a_graph_takes_logarithms_near_one_as_numpy_does() -> None:
    sizes = np.geomspace(1e-300, 1e300, 2001)
    x = np.concatenate([sizes, -sizes, [0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, -0.5, 709.7, 710.0]])
    graph = Graph()
    symbol = graph.input("x", np.float64, ("rows",))
    graph.output("log1p", graph.xp.log1p(symbol), ("rows",))
    graph.output("expm1", graph.xp.expm1(symbol), ("rows",))
    log1p, expm1 = outputs(graph, {"x": x})
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(log1p, np.log1p(x), rtol=4e-16)
        np.testing.assert_allclose(expm1, np.expm1(x), rtol=4e-16)
