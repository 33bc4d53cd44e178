import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from featurizers.lags import Lags
from learners._kernels import decompose
from learners.arima import Arima
from learners.ets import AutoEts, Ets
from learners.mstl import Mstl
from learners.mstl_fit import noise
from learners.naive import Naive, SeasonalNaive
from learners.recursive import Recursive
from learners.transformed import Transformed
from learners.transforms.log1p import Log1p
from tests.local import AIR, advances, holes, monthly, survives, travels

HOURS = np.arange(24 * 7 * 5)


def hourly(seed: int = 0, rows: int = len(HOURS)) -> np.ndarray:
    """A day and a week over a slow walk."""
    rng, at = np.random.default_rng(seed), np.arange(rows)
    day, week = 5 * np.sin(2 * np.pi * at / 24), 3 * np.cos(2 * np.pi * at / 168)
    return 50 + day + week + rng.normal(scale=0.3, size=rows).cumsum() + rng.normal(size=rows)


def parts_of(y: np.ndarray, seasons: tuple[int, ...], degree: int = 0, robust: bool = False) -> np.ndarray:
    windows = np.array([11 + 4 * i for i in range(len(seasons))])
    settings = np.array([degree, *((2, 15) if robust else (5, 0)), 2])
    return decompose(y, np.array([0, len(y)]), np.array(seasons), windows, settings, 1)


def by_statsmodels(y: np.ndarray, seasons: tuple[int, ...], degree: int = 0, robust: bool = False) -> np.ndarray:
    from statsmodels.tsa.seasonal import MSTL

    windows = [11 + 4 * i for i in range(len(seasons))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = MSTL(y, periods=seasons, windows=windows, stl_kwargs={"seasonal_deg": degree, "robust": robust}).fit()
    return np.vstack([found.seasonal.T.reshape(-1, len(y)), found.trend])


def co2() -> np.ndarray:
    import statsmodels.api as sm

    return sm.datasets.co2.load_pandas().data["co2"].interpolate().to_numpy()[:1100]


@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("degree", [0, 1])
@pytest.mark.parametrize(
    ("name", "seasons"), [("air", (12,)), ("air", (7, 12)), ("co2", (52,)), ("hours", (24, 168)), ("short", (6, 29))]
)
def test_components_equal_those_of_statsmodels(name: str, seasons: tuple[int, ...], degree: int, robust: bool) -> None:
    y = {"air": AIR, "co2": co2(), "hours": hourly(rows=400), "short": AIR[:61]}[name]
    expected = by_statsmodels(y, seasons, degree, robust)
    np.testing.assert_allclose(parts_of(y, seasons, degree, robust), expected, rtol=1e-8, atol=1e-8 * np.abs(y).max())


def test_a_wide_window_is_joined_by_straight_lines() -> None:
    y = hourly(rows=1500)
    got, expected = parts_of(y, (700,)), by_statsmodels(y, (700,))
    np.testing.assert_allclose(got, expected, atol=5e-4 * y.std())


def test_the_forecast_is_that_of_the_remainder_and_the_last_cycles() -> None:
    y, horizon = hourly(), 30
    parts = by_statsmodels(y, (24, 168))
    panel, rest = monthly(y, freq="h"), monthly(y - parts[0] - parts[1], freq="h")
    inner = Ets("add", None, None).fit(rest).forecast(rest, horizon).columns["forecast"]
    season = sum(np.resize(part[-m:], horizon) for part, m in zip(parts, (24, 168), strict=False))
    model = Mstl((168, 24), Ets("add", None, None)).fit(panel)
    np.testing.assert_allclose(model.forecast(panel, horizon).columns["forecast"], inner + season, rtol=1e-6)


@pytest.mark.parametrize("robust", [False, True])
def test_missing_values_become_what_the_components_make_of_them(robust: bool) -> None:
    y = hourly()
    gap = [*range(300, 324), 0, 1, 400, 500, 501, len(y) - 1]
    parts = parts_of(holes(y, *gap), (24, 168), robust=robust)
    full = parts_of(y, (24, 168), robust=robust)
    assert np.isnan(parts[2, [0, 1, -1]]).all()
    assert np.isfinite(parts[2, 2:-1]).all()
    np.testing.assert_array_equal(parts[:2, -1], [parts[0, -25], parts[1, -169]])
    np.testing.assert_array_equal(parts[:2, 0], [parts[0, 24], parts[1, 168]])
    assert np.abs(parts - full)[:2].mean() < 0.3


def test_threads_change_nothing() -> None:
    rng = np.random.default_rng(0)
    series = [rng.normal(size=n).cumsum() for n in rng.integers(1, 90, 40)]
    starts, y = np.r_[0, np.cumsum([len(s) for s in series])], np.concatenate(series)
    numbers = np.array([4, 12]), np.array([11, 15]), np.array([0, 5, 0, 2])
    together = decompose(y, starts, *numbers, 1)
    np.testing.assert_array_equal(decompose(y, starts, *numbers, 3), together)
    for i, s in enumerate(series):
        alone = decompose(s, np.array([0, len(s)]), *numbers, 1)
        np.testing.assert_array_equal(together[:, starts[i] : starts[i + 1]], alone)


@pytest.mark.parametrize(
    "learner",
    [AutoEts(), SeasonalNaive(3), Recursive("ridge", (Lags((1, 2)),)), Arima((1, 0, 0), levels=(80,))],
    ids=lambda learner: type(learner).__name__,
)
def test_promises(learner: object, tmp_path: object) -> None:
    panel = monthly(holes(AIR, 0, 20, 21, -3, -1), AIR[:60], AIR[:40] - 150, AIR[:20])
    travels(advances(Mstl((4, 12), learner), panel), panel, tmp_path, 30)


def test_promises_of_robust_and_of_logarithms(tmp_path: object) -> None:
    panel = monthly(holes(AIR, 20, 21), AIR[:60])
    travels(advances(Mstl(12, robust=True), panel), panel, tmp_path, 14)
    travels(advances(Transformed(Mstl(12, Naive()), Log1p()), panel), panel, tmp_path, 14)


@pytest.mark.parametrize("learner", [AutoEts(), Recursive("ridge", (Lags((1, 2)),))])
def test_a_later_stretch_goes_on_where_training_ended(learner: object) -> None:
    whole = monthly(AIR, AIR[:60])
    model = Mstl((4, 12), learner).fit(whole.rows(whole.position < 55))
    full, late = (model.forecast(p, 6).columns["forecast"] for p in (whole, whole.rows(whole.position >= 50)))
    np.testing.assert_allclose(late, full, rtol=1e-12)
    before = model.state(whole.rows(whole.position < 50))
    assert all(np.isfinite(values).all() for values in before.values())


def test_a_season_that_is_not_there_twice_is_left_out_and_named() -> None:
    panel = monthly(AIR, AIR[:24], AIR[:8], names=["long", "short", "tiny"])
    model = Mstl((4, 12)).fit(panel)
    assert [line for line in model.report if "Mstl" in line] == [
        "id=short has 24 rows, not more than two seasons: Mstl leaves out the season of 12 rows.",
        "id=tiny has 8 rows, not more than two seasons: Mstl leaves out the season of 4, 12 rows.",
    ]
    assert not model.seasonal.cycles[1][1:].any()
    plain = AutoEts().fit(panel.where(np.array([2]))).forecast(panel.where(np.array([2])), 5).columns["forecast"]
    np.testing.assert_array_equal(model.forecast(panel, 5).columns["forecast"][10:], plain)


@pytest.mark.parametrize("rows", [60, 180])
def test_bands_cover_what_they_say(rows: int) -> None:
    rng, season = np.random.default_rng(rows), np.resize(5 * np.sin(np.arange(12) * np.pi / 6), rows + 12)
    moves = rng.normal(size=(500, rows + 13))
    values = 20 + season + moves[:, 1:] + 0.5 * moves[:, :-1]
    panel = monthly(*values[:, :rows])
    found = Mstl(12, Arima((0, 0, 1), levels=(80, 95))).fit(panel).forecast(panel, 12).columns
    for level in (80, 95):
        inside = (found[f"lo{level}"] <= values[:, rows:].ravel()) & (values[:, rows:].ravel() <= found[f"hi{level}"])
        assert abs(100 * inside.mean() - level) < 2.5


def test_the_part_that_a_season_takes_is_that_of_noise() -> None:
    y = np.random.default_rng(0).normal(size=(60, 120))
    season = np.array([parts_of(row, (12,))[0] for row in y])
    taken, added = noise(10, 11)
    np.testing.assert_allclose(1 - ((y - season) ** 2).mean(), taken, atol=0.02)
    np.testing.assert_allclose((season[:, -12:] ** 2).mean(), added, atol=0.03)


def test_unknown_series_have_no_forecast_and_no_season_is_the_learner_itself() -> None:
    panel = monthly(AIR)
    model = Mstl((1,), Ets("add", "add", None)).fit(panel)
    expected = Ets("add", "add", None).fit(panel).forecast(panel, 5).columns["forecast"]
    np.testing.assert_array_equal(model.forecast(panel, 5).columns["forecast"], expected)
    other = replace(panel, ids=pd.DataFrame({"id": ["other"]}))
    assert np.isnan(Mstl(12).fit(panel).forecast(other, 5).columns["forecast"]).all()


def test_hostile_series_fall_back_and_are_named() -> None:
    found, report = survives(Mstl(7))
    np.testing.assert_allclose(found["constant"], 5.0)
    np.testing.assert_allclose(found["huge"], 1e9, rtol=1e-6)
    assert "id=nothing has no values: its forecast is missing." in report


@pytest.mark.parametrize("size", [1e-12, 1e12])
def test_the_unit_of_the_series_does_not_matter(size: float) -> None:
    scaled, plain = (Mstl(12, Naive()).fit(p).forecast(p, 14).columns["forecast"]
                     for p in (monthly(AIR * size), monthly(AIR)))  # fmt: skip
    np.testing.assert_allclose(scaled, plain * size, rtol=1e-9)


def test_wrong_settings_are_refused() -> None:
    panel = monthly(AIR)
    with pytest.raises(ValueError, match="seasons of Mstl must be a whole number"):
        Mstl((0, 12)).fit(panel)
    with pytest.raises(ValueError, match="an odd window for each of its seasons"):
        Mstl((4, 12), windows=(11, 12)).fit(panel)
    with pytest.raises(TypeError, match="Mstl takes a recipe"):
        Mstl(12, "AutoEts").fit(panel)  # type: ignore[arg-type]
