import numpy as np
import pandas as pd
import pytest

from featurizers.panel import Panel
from featurizers.stl import Stl, weights
from tests.examples import panel as example
from tests.local import AIR, holes, monthly
from tests.stepping import check, frame


def parts(window: np.ndarray, season: int) -> tuple[float, float, float]:
    """Trend, season and strength by statsmodels, where `window` ends."""
    from statsmodels.tsa.seasonal import STL

    found = STL(window, period=season, seasonal=11, seasonal_deg=0).fit()
    detrended = found.seasonal + found.resid
    return found.trend[-1], found.seasonal[-season], max(0.0, 1 - found.resid.var() / detrended.var())


@pytest.mark.parametrize(("season", "cycles"), [(12, 3), (7, 2), (4, 6), (24, 2)])
def test_features_equal_those_of_statsmodels_in_every_window(season: int, cycles: int) -> None:
    got, size = frame(Stl(season, cycles), monthly(AIR)).to_numpy(), season * cycles
    for row in range(size, len(AIR)):
        np.testing.assert_allclose(got[row], parts(AIR[row - size : row], season), rtol=1e-9, atol=1e-9)
    assert np.isnan(got[: 2 * season]).all()


def test_step_equals_transform_with_missing_values_and_in_the_graph() -> None:
    check(Stl(7), example())
    matrix = check(Stl(7, 2), example(holes=False))
    assert np.isfinite(matrix).any()


def test_a_repeating_season_is_found_and_is_strong() -> None:
    season = np.array([3.0, -1.0, 0.0, -2.0])
    y = 10 + np.tile(season, 12)
    found = frame(Stl(4, 5), monthly(y)).iloc[20:]
    np.testing.assert_allclose(found["stl_trend_4"], 10, atol=1e-9)
    np.testing.assert_allclose(found["stl_season_4"], np.tile(season, 7), atol=1e-9)
    np.testing.assert_allclose(found["stl_strength_4"], 1, atol=1e-9)


def test_a_season_beyond_the_window_of_noise_is_weak() -> None:
    noise = np.random.default_rng(0).normal(size=400)
    wave = 5 * np.sin(2 * np.pi * np.arange(400) / 8)
    weak, strong = (frame(Stl(8, 5), monthly(y))["stl_strength_8"].mean() for y in (noise, noise + wave))
    assert weak < 0.6 < 0.9 < strong


def test_missing_values_are_filled_and_too_many_are_not() -> None:
    full = frame(Stl(12), monthly(AIR))
    few = frame(Stl(12), monthly(holes(AIR, 40, 50)))
    assert few.iloc[36:].notna().all().all()
    assert (few["stl_season_12"] - full["stl_season_12"]).iloc[36:].abs().mean() < 2
    many = frame(Stl(12), monthly(holes(AIR, *range(30, 44))))
    assert many.iloc[44].isna().all()
    place = frame(Stl(12, 2), monthly(holes(AIR, 30, 42)))  # nothing known of one month
    assert place.iloc[43:54].isna().all().all()
    assert place.iloc[67].notna().all()


def test_a_constant_has_no_season() -> None:
    found = frame(Stl(4), monthly(np.full(30, 0.1), np.zeros(30))).dropna()
    np.testing.assert_allclose(found["stl_trend_4"], [0.1] * 22 + [0.0] * 22, atol=1e-12)
    np.testing.assert_allclose(found[["stl_season_4", "stl_strength_4"]], 0, atol=1e-12)


def test_long_panels_in_blocks_are_as_their_series() -> None:
    series = [np.random.default_rng(i).normal(size=n) for i, n in enumerate((3000, 5, 0, 2500, 4000))]
    together = Stl(24, 8).transform(monthly(*series, freq="D"))
    alone = [Stl(24, 8).transform(monthly(s, freq="D")) for s in series if len(s)]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-10, atol=1e-12)


def test_weights_sum_to_the_whole() -> None:
    size = 36
    table = weights(12, 3)
    constant = np.ones(size) @ table
    np.testing.assert_allclose(constant[: 2 * size], 0, atol=1e-12)
    np.testing.assert_allclose(constant[2 * size :], [1, 0], atol=1e-12)


@pytest.mark.parametrize("wrong", [Stl(1), Stl(12, 1), Stl("12")])
def test_seasons_and_cycles_are_checked(wrong: Stl) -> None:
    empty: Panel = monthly(AIR)
    with pytest.raises(ValueError, match=r"The (season|cycles) of Stl must be a whole number from 2 on"):
        wrong.transform(empty)
    assert isinstance(empty.ids, pd.DataFrame)
