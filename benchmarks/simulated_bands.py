"""How many values of simulated processes lie inside the bands that were asked for: 80 and 95 in 100 should.

    python benchmarks/simulated_bands.py --series 2000 --model AutoArima --seed 1

Each process, an ARIMA or for AutoEts an exponential smoothing, draws its own coefficients and a length from 30 to 200
for every series; the model sees all but the last twelve values. Prints the coverage in percent by process and by
horizon. Another model is a line in MODELS, another process one in PROCESSES or SMOOTHINGS.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from featurizers.frequency import Frequency
from featurizers.panel import Panel
from learners.arima import Arima, AutoArima
from learners.arimax import Arimax
from learners.auto_theta import AutoTheta
from learners.ces import Ces
from learners.ets import AutoEts
from learners.learner import Learner

HORIZON, SHORTEST, LONGEST = 12, 30, 200
LEVELS = 80, 95
BURN = 300  # rows before the first that is kept
Range = tuple[float, float]


@dataclass(frozen=True)
class Process:
    """A seasonal ARIMA whose coefficients are drawn from ranges, for each series anew."""

    d: int = 0
    D: int = 0
    season: int = 1
    ar: tuple[Range, ...] = ()
    ma: tuple[Range, ...] = ()
    seasonal_ar: tuple[Range, ...] = ()
    seasonal_ma: tuple[Range, ...] = ()
    constant: bool = False

    @property
    def order(self) -> tuple[int, int, int]:
        return len(self.ar), self.d, len(self.ma)

    @property
    def seasonal(self) -> tuple[int, int, int, int]:
        return len(self.seasonal_ar), self.D, len(self.seasonal_ma), self.season

    def simulate(self, rng: np.random.Generator, rows: int) -> np.ndarray:
        """A series of `rows` values, with normal innovations."""
        from scipy.signal import lfilter

        draw = [np.array([rng.uniform(*r) for r in part]) for part in (self.ar, self.seasonal_ar)]
        phi = np.convolve(_factor(-draw[0], 1), _factor(-draw[1], self.season))
        draw = [np.array([rng.uniform(*r) for r in part]) for part in (self.ma, self.seasonal_ma)]
        theta = np.convolve(_factor(draw[0], 1), _factor(draw[1], self.season))
        values: np.ndarray = lfilter(theta, phi, rng.normal(size=rows + BURN))[BURN:]
        if self.constant:
            values = values + rng.uniform(-0.5, 0.5) * (1 if self.d + self.D else 20)
        for lag in [1] * self.d + [self.season] * self.D:
            values = lfilter([1.0], _factor(np.array([-1.0]), lag), values)
        return values + (0.0 if self.d + self.D == 0 else 10 * rng.normal())


def _factor(coefficients: np.ndarray, lag: int) -> np.ndarray:
    made = np.zeros(len(coefficients) * lag + 1)
    made[0], made[lag::lag] = 1.0, coefficients
    return made


PROCESSES: dict[str, Process] = {
    "AR(1)": Process(ar=((-0.6, 0.9),), constant=True),
    "MA(1)": Process(ma=((-0.8, 0.8),), constant=True),
    "AR(2)": Process(ar=((0.2, 1.0), (-0.8, -0.2)), constant=True),
    "ARMA(1, 1)": Process(ar=((0.3, 0.9),), ma=((-0.6, 0.6),), constant=True),
    "IMA(1, 1)": Process(d=1, ma=((-0.9, 0.3),)),
    "walk with drift": Process(d=1, constant=True),
    "ARI(1, 1)": Process(d=1, ar=((-0.5, 0.7),)),
    "IMA(2, 2)": Process(d=2, ma=((-1.2, -0.8), (0.2, 0.4))),
    "airline, 12": Process(d=1, D=1, season=12, ma=((-0.8, 0.2),), seasonal_ma=((-0.8, -0.2),)),
    "SAR, 12": Process(season=12, ar=((0.0, 0.8),), seasonal_ar=((0.3, 0.8),), constant=True),
    "airline, 4": Process(d=1, D=1, season=4, ma=((-0.8, 0.2),), seasonal_ma=((-0.8, -0.2),)),
    "SIMA with drift, 4": Process(D=1, season=4, ar=((0.0, 0.7),), seasonal_ma=((-0.8, -0.2),), constant=True),
}


@dataclass(frozen=True)
class Smoothing:
    """An exponential smoothing model (error, trend, season: "add", "mul" or None) whose weights are drawn for each
    series. Source: Hyndman, Koehler, Ord & Snyder (2008), tables 2.2 and 2.3."""

    error: str = "add"
    trend: bool = False
    damped: bool = False
    seasonal: str | None = None
    season: int = 1

    def simulate(self, rng: np.random.Generator, rows: int) -> np.ndarray:
        """A series of `rows` values around 100, with normal errors of 1 to 5."""
        alpha, phi = rng.uniform(0.05, 0.95), rng.uniform(0.8, 0.98) if self.damped else 1.0
        beta, gamma = alpha * rng.uniform(0.0, 0.3) * self.trend, (1 - alpha) * rng.uniform(0.0, 0.5)
        size, level, slope = rng.uniform(1.0, 5.0), 100.0, rng.normal(0.0, 0.5) * self.trend
        shape = rng.normal(0.0, 0.1, self.season) * (self.seasonal is not None)
        multiplies = self.seasonal == "mul"
        terms = 1.0 + shape - shape.mean() if multiplies else 100.0 * (shape - shape.mean())
        values = np.empty(rows)
        for t in range(rows):
            place, base = t % self.season, level + phi * slope
            term = terms[place]
            mean = base * term if multiplies else base + term
            error = size * rng.normal() * (mean / 100.0 if self.error == "mul" else 1.0)
            values[t] = mean + error
            moved = error / term if multiplies else error
            level, slope = base + alpha * moved, phi * slope + beta * moved
            if self.seasonal is not None:
                terms[place] = term + gamma * (error / base if multiplies else error)
        return values


SMOOTHINGS: dict[str, Smoothing] = {
    "A, N, N": Smoothing(),
    "M, N, N": Smoothing("mul"),
    "A, A, N": Smoothing(trend=True),
    "A, Ad, N": Smoothing(trend=True, damped=True),
    "A, N, A, 4": Smoothing(seasonal="add", season=4),
    "A, A, A, 12": Smoothing(trend=True, seasonal="add", season=12),
    "M, N, M, 4": Smoothing("mul", seasonal="mul", season=4),
    "M, Ad, M, 12": Smoothing("mul", True, True, "mul", 12),
}
# Others, for whoever has something to choose: what is chosen is not checked on these.
REHEARSAL: dict[str, Process] = {
    "AR(1), near one": Process(ar=((0.7, 0.97),), constant=True),
    "AR(3)": Process(ar=((0.2, 0.6), (-0.2, 0.2), (-0.3, 0.3)), constant=True),
    "MA(2)": Process(ma=((-0.5, 0.5), (-0.4, 0.4)), constant=True),
    "noise": Process(constant=True),
    "walk": Process(d=1),
    "ARIMA(1, 1, 1)": Process(d=1, ar=((0.2, 0.8),), ma=((-0.7, -0.2),)),
    "IMA(1, 2) with drift": Process(d=1, ma=((-0.5, 0.3), (-0.3, 0.3)), constant=True),
    "IMA(2, 1)": Process(d=2, ma=((-0.9, -0.3),)),
    "ARI, SMA, 12": Process(d=1, D=1, season=12, ar=((-0.5, 0.5),), seasonal_ma=((-0.8, 0.0),)),
    "SMA, 7": Process(season=7, ma=((-0.3, 0.6),), seasonal_ma=((0.2, 0.7),), constant=True),
    "SARI, 4": Process(D=1, season=4, ar=((0.3, 0.9),), seasonal_ar=((-0.5, 0.3),)),
    "SIMA, 12": Process(D=1, season=12, seasonal_ma=((-0.7, 0.1),), constant=True),
}
# A learner for the series of a process; columns are those of `panel_of`.
MODELS: dict[str, Callable[[Any], Learner]] = {
    "Arima": lambda p: Arima(p.order, p.seasonal, p.constant, levels=LEVELS),
    "AutoArima": lambda p: AutoArima(season=p.season, levels=LEVELS),
    "AutoEts": lambda p: AutoEts(season=p.season, levels=LEVELS),
    "AutoTheta": lambda p: AutoTheta(p.season, levels=LEVELS),
    "Ces": lambda p: Ces(p.season, levels=LEVELS),
    "Arimax": lambda p: Arimax(p.order, p.seasonal, ("x", "step"), p.constant, levels=LEVELS),
}
WITH_COLUMNS = ("Arimax",)
SMOOTHED = ("AutoEts",)  # whose processes are SMOOTHINGS


def panel_of(series: list[np.ndarray], columns: dict[str, np.ndarray]) -> Panel:
    """Daily stamps do: the models see rows."""
    sizes = [len(y) for y in series]
    stamps = [np.datetime64("1950-01-01", "s") + np.arange(n) * np.timedelta64(86400, "s") for n in sizes]
    ids, rows = pd.DataFrame({"id": [f"s{i}" for i in range(len(series))]}), np.r_[0, np.cumsum(sizes)]
    values = {"y": np.concatenate(series), **columns}
    freq, roles = Frequency.parse("D"), dict.fromkeys(columns, "known")
    return Panel(ids, rows, np.concatenate(stamps), freq, "day", "y", values, roles)


def inside(process: Process | Smoothing, model: str, count: int, seed: int) -> np.ndarray:
    """Whether each value lay in its band, (levels, series, horizon)."""
    rng = np.random.default_rng(seed)
    shortest = max(SHORTEST, 3 * process.season + 4)
    sizes = rng.integers(shortest, LONGEST + 1, count) + HORIZON
    series = [process.simulate(rng, int(n)) for n in sizes]
    columns: dict[str, np.ndarray] = {}
    if model in WITH_COLUMNS:
        columns = {"x": rng.normal(size=sizes.sum()), "step": np.concatenate([_step(rng, n) for n in sizes])}
        explained = np.split(2 * columns["x"] + 3 * columns["step"], np.cumsum(sizes)[:-1])
        series = [y + part for y, part in zip(series, explained, strict=True)]
    whole = panel_of(series, columns)
    left = np.repeat(whole.lengths, whole.lengths) - whole.position
    past, ahead = whole.rows(left > HORIZON), whole.rows(left <= HORIZON)
    found = MODELS[model](process).fit(past).forecast(past, HORIZON, ahead).columns
    tables = [(found[f"lo{n}"] <= ahead.y) & (ahead.y <= found[f"hi{n}"]) for n in LEVELS]
    return np.stack(tables).reshape(len(LEVELS), count, HORIZON)


def _step(rng: np.random.Generator, rows: int) -> np.ndarray:
    """A column that is 1 from some row on, and 0 now and then."""
    made = (np.arange(rows) > rng.integers(5, rows - HORIZON - 5)).astype(float)
    made[rng.random(rows) < 0.1] = 0.0
    return made


def coverage(
    model: str, count: int, seed: int, processes: Mapping[str, Process | Smoothing] | None = None
) -> pd.DataFrame:
    """Percent of values inside, by process (rows; the last is all of them) and by level and horizon (columns)."""
    usual: Mapping[str, Process | Smoothing] = SMOOTHINGS if model in SMOOTHED else PROCESSES
    chosen = usual if processes is None else processes
    size = max(count // len(chosen), 1)
    each = {name: inside(p, model, size, seed + i) for i, (name, p) in enumerate(chosen.items())}
    each["all"] = np.concatenate(list(each.values()), axis=1)
    table = {name: 100 * hits.mean(axis=1) for name, hits in each.items()}
    columns = pd.MultiIndex.from_product([LEVELS, range(1, HORIZON + 1)], names=["level", "horizon"])
    return pd.DataFrame({name: values.ravel() for name, values in table.items()}, index=columns).T


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--series", type=int, default=2000)
    arguments.add_argument("--model", choices=MODELS, action="append", help="all of them if none is named")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--rehearsal", action="store_true", help="the processes on which choices are made")
    given = arguments.parse_args()
    for model in given.model or MODELS:
        table = coverage(model, given.series, given.seed, REHEARSAL if given.rehearsal else None)
        wide = {n: pd.DataFrame(table.xs(n, axis=1, level="level")) for n in LEVELS}
        parts = {n: t.assign(mean=t.mean(axis=1))[[1, 2, 4, 8, 12, "mean"]] for n, t in wide.items()}
        shown = pd.concat(parts, axis=1)
        print(f"\n{model}, {given.series} series, seed {given.seed}\n{shown.round(1).to_string()}", flush=True)


if __name__ == "__main__":
    main()
