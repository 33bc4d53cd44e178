"""Series on which classical learners tend to break: finite forecasts or a report, and neighbours that feel nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest

from featurizers.frequency import Frequency
from featurizers.panel import Panel
from learners.arima import Arima, AutoArima
from learners.auto_theta import AutoTheta
from learners.average import Average, SeasonalAverage
from learners.croston import Croston, Sba, Tsb
from learners.drift import RandomWalkWithDrift
from learners.ets import AutoEts, Ets
from learners.learner import Learner
from learners.naive import Naive, SeasonalNaive
from learners.negative_binomial import NegativeBinomial
from learners.theta import Theta

SEASON, HORIZON = 12, 6

LEARNERS: dict[str, Callable[[], Learner]] = {
    "AutoArima": lambda: AutoArima(SEASON),
    "Arima": lambda: Arima((0, 1, 1), (0, 1, 1, SEASON)),
    "Arima with bands": lambda: Arima((1, 1, 1), levels=(80, 95)),
    "AutoEts": lambda: AutoEts(SEASON),
    "Ets": lambda: Ets(season=SEASON),
    "Ets that multiplies": lambda: Ets("mul", "add", "mul", True, SEASON),
    "AutoTheta": lambda: AutoTheta(SEASON),
    "Theta": lambda: Theta(SEASON),
    "Croston": Croston,
    "Sba": Sba,
    "Tsb": Tsb,
    "NegativeBinomial": lambda: NegativeBinomial(levels=(80, 95)),
    "NegativeBinomial, the median": lambda: NegativeBinomial("median"),
    "Average": Average,
    "SeasonalAverage": lambda: SeasonalAverage(SEASON),
    "RandomWalkWithDrift": RandomWalkWithDrift,
    "Naive": Naive,
    "SeasonalNaive": lambda: SeasonalNaive(SEASON),
}


def usual(rows: int = 48) -> np.ndarray:
    rng = np.random.default_rng(1)
    values: np.ndarray = 100 + np.arange(rows) + 15 * np.sin(np.arange(rows) * np.pi / 6) + rng.normal(size=rows)
    return values


def within(values: np.ndarray, at: slice, other: float) -> np.ndarray:
    values = values.copy()
    values[at] = other
    return values


NAN = float("nan")
HOSTILE: dict[str, np.ndarray] = {
    "usual": usual(),
    "constant": np.full(40, 5.0),
    "constant of many digits": np.full(40, 0.1 + 1e15),
    "zero": np.zeros(40),
    "one": np.array([3.0]),
    "two": np.array([3.0, 4.0]),
    "three": np.array([3.0, 4.0, 2.0]),
    "two alike": np.array([3.0, 3.0]),
    "one zero": np.array([0.0]),
    "nothing": np.full(20, NAN),
    "late": within(usual(), slice(0, 20), NAN),
    "early": within(usual(), slice(30, 48), NAN),
    "one known": within(np.full(30, NAN), slice(14, 15), 7.0),
    "every other": within(usual(), slice(0, 48, 2), NAN),
    "tiny": usual() * 1e-12,
    "least": usual() * 1e-300,
    "large": usual() * 1e12,
    "far from zero": usual() + 1e12,
    "negative": -usual(),
    "exploding": 1.5 ** np.arange(60),
    "exploding to the end": 1.5 ** np.linspace(1, 1703, 60),  # 1e300
    "both ends": np.where(np.arange(40) % 2, 1e300, -1e300),
    "overflowing": np.array([2**63 - 1 - 1000 * i for i in range(40)], np.float64),
    "infinite": within(usual(), slice(20, 21), np.inf),
    "infinite last": within(usual(), slice(47, 48), -np.inf),
    "only infinite": np.full(30, np.inf),
    "a step": np.repeat([0.0, 1.0], 20),
    "one demand": within(np.zeros(40), slice(25, 26), 9.0),
    "last differs": within(np.full(40, 2.0), slice(39, 40), 3.0),
    "a line": np.arange(40.0),
    "a square": np.arange(40.0) ** 2,
    "alternating": np.tile([1.0, -1.0], 20),
    "a season alone": np.tile(np.arange(12.0), 4),
    "rounded": np.round(usual() / 50),
}
EMPTY = ("nothing", "only infinite")  # their forecast is missing
SIMPLE = (
    "one",
    "two",
    "three",
    "two alike",
    "one zero",
    "constant",
    "zero",
    "one known",
)  # their last value is repeated
ENDED = ("early", "one known")  # no values in the two rows that Naive looks at
FITTED = ("AutoArima", "Arima", "Arima with bands", "AutoEts", "Ets", "Ets that multiplies", "AutoTheta", "Theta")


def panel_of(series: dict[str, np.ndarray]) -> Panel:
    sizes = [len(y) for y in series.values()]
    start = np.datetime64("2000-01-01", "s")
    times = np.concatenate([start + np.arange(n) * np.timedelta64(86_400, "s") for n in sizes])
    ids = pd.DataFrame({"id": list(series)})
    columns = {"y": np.concatenate(list(series.values()))}
    return Panel(ids, np.r_[0, np.cumsum(sizes)], times, Frequency.parse("D"), "day", "y", columns)


def outputs(learner: Learner, panel: Panel) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """What is reported of the fit and of the forecast, and what is forecast, each (series, horizon)."""
    model = learner.fit(panel)
    found = model.forecast(panel, HORIZON)
    said = (*getattr(model, "report", ()), *(finding.message for finding in found.findings))
    return said, {n: v.reshape(panel.count, HORIZON) for n, v in found.columns.items()}


@cache
def crowd(name: str) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    return outputs(LEARNERS[name](), panel_of(HOSTILE))


@pytest.mark.parametrize("name", LEARNERS)
def test_every_forecast_is_finite_or_the_report_says_why(name: str) -> None:
    said, found = crowd(name)
    for i, series in enumerate(HOSTILE):
        told = any(f"id={series} " in line or f"id={series}:" in line for line in said)
        lost = series in EMPTY or (name == "Naive" and series in ENDED)
        for output, values in found.items():
            assert np.isfinite(values[i]).all() != lost, (series, output, values[i])
        assert told or not (lost or (name in FITTED and series in SIMPLE)), (series, said)


@pytest.mark.parametrize("name", LEARNERS)
def test_alone_a_series_has_the_same_bits_as_in_the_crowd(name: str) -> None:
    _, found = crowd(name)
    for i, (series, values) in enumerate(HOSTILE.items()):
        _, alone = outputs(LEARNERS[name](), panel_of({series: values}))
        for output, expected in alone.items():
            np.testing.assert_array_equal(found[output][i], expected[0], err_msg=f"{series}, {output}")


@pytest.mark.parametrize("name", LEARNERS)
def test_forecasts_have_the_size_of_what_they_forecast(name: str) -> None:
    """Within a few spans of the values, where the series is no explosion: scales are neither lost nor mixed up."""
    _, found = crowd(name)
    for i, (series, values) in enumerate(HOSTILE.items()):
        if series.startswith(("exploding", "both", "a square")) or not np.isfinite(found["forecast"][i]).all():
            continue
        known = values[np.isfinite(values)]
        span = max(float(np.ptp(known)), 1e-9 * float(np.abs(known).max()))
        low, high = (min(known.min(), 0), max(known.max(), 0)) if name in ("Sba", "Tsb") else (known.min(), known.max())
        low, high = low - HORIZON * span, high + HORIZON * span
        forecast = found["forecast"][i]
        assert ((forecast >= low) & (forecast <= high)).all(), (series, forecast, low, high)


@pytest.mark.parametrize("scale", [1e-12, 1e12])
@pytest.mark.parametrize("name", LEARNERS)
def test_forecasts_do_not_depend_on_units(name: str, scale: float) -> None:
    _, found = outputs(LEARNERS[name](), panel_of({"as it is": usual(), "in units": usual() * scale}))
    for output, values in found.items():
        np.testing.assert_allclose(values[1] / scale, values[0], rtol=1e-3, err_msg=output)


@pytest.mark.parametrize("name", [n for n in LEARNERS if n not in ("Arima with bands", "Sba", "SeasonalNaive")])
def test_a_hundred_thousand_rows_are_done_in_seconds(name: str) -> None:
    rows = 100_000
    rng = np.random.default_rng(0)
    y = 50 + 10 * np.sin(np.arange(rows) * np.pi / 6) + rng.normal(size=rows).cumsum() * 0.05 + rng.normal(size=rows)
    begun = time.process_time()
    _, found = outputs(LEARNERS[name](), panel_of({"long": y}))
    assert np.isfinite(found["forecast"]).all()
    assert time.process_time() - begun < 20
