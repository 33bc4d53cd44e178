"""Evidence: planted seasons, lags, trends and logarithms are found, and none in noise or random walks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.stattools import levinson_durbin

from featurizers.panel import Panel
from forecast import defaults, evidence
from forecast.backtest import RollingOrigin


def made(values: np.ndarray, freq: str = "MS") -> Panel:
    """A panel of (series, rows)."""
    count, rows = values.shape
    stamps = pd.date_range("2010-01-01", periods=rows, freq=freq)
    table = pd.DataFrame(
        {"series": np.repeat(np.arange(count), rows), "at": np.tile(stamps, count), "y": values.ravel()}
    )
    return Panel.read(table, id="series", time="at", target="y")


def noise(count: int = 20, rows: int = 120) -> np.ndarray:
    return np.random.default_rng(5).normal(size=(count, rows))


@pytest.mark.parametrize("walk", [True, False])
@pytest.mark.parametrize(("freq", "rows"), [("MS", 60), ("MS", 150), ("QS", 40), ("D", 300), ("h", 500)])
def test_there_are_no_seasons_in_noise_and_random_walks(freq: str, rows: int, walk: bool) -> None:
    values = noise(24, rows)
    assert defaults.seasons(made(values.cumsum(axis=1) if walk else values, freq)) == (1,)


def test_seasons_are_found_also_where_a_part_of_the_series_has_them() -> None:
    wave = 2 * np.sin(2 * np.pi * np.arange(120) / 12)
    assert defaults.seasons(made(noise() + wave)) == (12,)
    some = np.arange(20)[:, None] < 6
    assert defaults.seasons(made(noise() + wave * some)) == (12,)
    assert defaults.seasons(made(noise() + wave), season=4) == (4,)


def test_hours_may_have_days_and_weeks() -> None:
    at = np.arange(24 * 7 * 6)
    day, week = np.sin(2 * np.pi * at / 24), 1.5 * (at // 24 % 7 >= 5)
    some = noise(4, len(at))
    assert defaults.seasons(made(some + 3 * day, "h")) == (24,)
    assert defaults.seasons(made(some + 3 * day + 3 * week, "h")) == (24, 168)


def test_partial_autocorrelations_are_those_of_statsmodels() -> None:
    y = noise(1, 300)[0]
    for k in range(2, 300):
        y[k] += 0.5 * y[k - 1] - 0.4 * y[k - 2]
    found, chance = evidence.partial_autocorrelations(made(y[None, :]), 1, 8)
    np.testing.assert_allclose(found, levinson_durbin(y, 8)[2][1:], rtol=1e-9)
    assert chance == pytest.approx(1.96 / np.sqrt(300))
    assert (np.abs(found[:2]) > 0.3).all()


def test_lags_and_windows_decompose_the_series_once(monkeypatch: pytest.MonkeyPatch) -> None:
    panel, decomposed, count = made(noise() + 2 * np.sin(2 * np.pi * np.arange(120) / 12)), evidence._decomposed, []
    assert defaults.seasons(panel) == (12,)

    def counted(some: Panel, season: int) -> tuple[np.ndarray, np.ndarray]:
        count.append(season)
        return decomposed(some, season)

    monkeypatch.setattr(evidence, "_decomposed", counted)
    assert 12 in defaults.lags(panel, RollingOrigin(12, 3))
    assert 12 in defaults.windows(panel, RollingOrigin(12, 3))
    assert count == [12]


def test_logarithms_are_found_by_likelihood() -> None:
    steps = 0.3 * noise()
    assert evidence.logarithmic(made(np.exp(5 + steps.cumsum(axis=1) / 2)), 1)
    assert not evidence.logarithmic(made(100 + noise()), 1)
    assert not evidence.logarithmic(made(noise()), 1)  # negative
    assert not evidence.logarithmic(made(np.full((2, 30), 3.0)), 1)


def test_large_panels_are_sampled() -> None:
    panel = evidence.sampled(made(noise(450, 12)))
    assert panel.count == evidence.MOST
    assert evidence.sampled(made(noise(1, 3000), "D")).lengths.tolist() == [evidence.ROWS]


def test_lags_are_the_usual_ones_and_those_that_the_series_show() -> None:
    y = noise(12, 400)
    for k in range(17, 400):
        y[:, k] += 0.6 * y[:, k - 17]
    assert set(defaults.lags(made(y, "D"), RollingOrigin(7, 3), season=9)) >= {*range(1, 10), 17, 18, 27}
    assert 17 not in defaults.lags(made(noise(12, 400), "D"), RollingOrigin(7, 3), season=9)


def test_learners_follow_the_panel() -> None:
    at = np.arange(24 * 7 * 6)
    waves = 3 * np.sin(2 * np.pi * at / 24) + 3 * (at // 24 % 7 >= 5)
    hourly, left = defaults.learners(made(noise(4, len(at)) + waves, "h"), RollingOrigin(24, 3))
    assert "Mstl" in hourly
    assert set(left) == {"Naive"}  # which errs far more than the last season
    assert "Naive" in defaults.learners(made(noise(4, len(at)).cumsum(axis=1) + waves, "h"), RollingOrigin(24, 3))[0]
    assert hourly[:3] == ("SeasonalNaive", "AutoEts", "LightGBM")
    sparse = np.random.default_rng(1).poisson(0.3, (10, 200)).astype(float)
    assert set(defaults.INTERMITTENT) <= set(defaults.learners(made(sparse, "D"), RollingOrigin(7, 3))[0][:7])
    walk, left = defaults.learners(made(noise(3, 30).cumsum(axis=1)), RollingOrigin(16, 1))
    assert not set(walk) & {"Mstl", "Mlp", "Tcn", "DirectLightGBM", *defaults.INTERMITTENT}
    assert {"Mlp", "Tcn", "DirectLightGBM"} <= set(left)


def test_windows_are_short_where_series_wander_and_long_where_they_return() -> None:
    walk, level = made(noise(rows=150).cumsum(axis=1)), made(noise(rows=150))
    slow = noise(rows=150)
    for t in range(1, 150):
        slow[:, t] += 0.97 * slow[:, t - 1]
    seen = slow + np.random.default_rng(1).normal(size=slow.shape) * 3  # a level that moves, under noise
    told = [evidence.telling(made(v), 1, 12) for v in (noise(rows=150).cumsum(axis=1), seen)]
    assert told[0] <= 2 < told[1] < 12
    r, best = evidence.autocorrelations(made(seen), 1, 12)[0], []
    for k in range(1, 13):  # the correlation of the mean of k rows with the next one, term by term
        spread = sum(r[abs(i - j)] for i in range(k) for j in range(k))
        best.append(r[1 : k + 1].sum() / np.sqrt(spread))
    assert told[1] == int(np.argmax(best)) + 1
    assert defaults.windows(walk, RollingOrigin(12, 3)) == (12,)
    assert set(defaults.windows(made(seen), RollingOrigin(12, 3))) == {told[1], 12}
    assert defaults.windows(level, RollingOrigin(12, 3))[-1] == 12
