"""Counts: learners of intermittent demand on simulated series and on real ones, three folds inside training parts.

`python benchmarks/counts.py` prints, for each set, MASE, RMSSE, WQL over 2.5, 10, 50, 90 and 97.5 %, where the forecast
is the median, and the share of the values inside the bands of 80 and 95 %.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from accuracy_counts import new_deaths
from accuracy_data import DATA, drawn

import forecast as fc
from forecast.intermittent import classified, sparse
from learners.learner import Learner

LEVELS = (80, 95)
LEARNERS: dict[str, Learner] = {
    "Croston": fc.Croston(None, LEVELS),
    "Sba": fc.Sba(None, LEVELS),
    "Tsb": fc.Tsb(None, None, LEVELS),
    "Adida": fc.Adida(LEVELS),
    "NegativeBinomial": fc.NegativeBinomial(levels=LEVELS),
    "its median": fc.NegativeBinomial("median", LEVELS),
}
QUANTILES = {"lo95": 0.025, "lo80": 0.1, "forecast": 0.5, "hi80": 0.9, "hi95": 0.975}


def lumpy(rng: np.random.Generator, rows: int) -> np.ndarray:
    there = rng.random(rows) < rng.uniform(0.05, 0.5)
    return there * (1 + rng.geometric(1 / np.exp(rng.uniform(0, 4)), rows))


def drifting(rng: np.random.Generator, rows: int) -> np.ndarray:
    level = np.cumsum(rng.normal(0, 0.07, rows)) + rng.uniform(-1.5, 0.5)
    return rng.poisson(np.minimum(np.exp(level), 50))


def weekly(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Sales with a week, a level that drifts, and times out of stock."""
    week = np.exp(rng.normal(0, 0.25, 7))[np.arange(rows) % 7]
    level = np.exp(rng.uniform(-2, 1) + np.cumsum(rng.normal(0, 0.02, rows)))
    out = (np.cumsum(rng.random(rows) < 0.02) % 2) * (rng.random() < 0.4) > 0
    return rng.negative_binomial(np.where(out, 0.02, level * week) * 1.5 + 1e-9, 0.6)


def ending(rng: np.random.Generator, rows: int) -> np.ndarray:
    there = (rng.random(rows) < rng.uniform(0.1, 0.6)) & (np.arange(rows) < rng.integers(rows // 2, 2 * rows))
    return there * rng.poisson(2, rows)


def simulated(kind: Callable[[np.random.Generator, int], np.ndarray], series: int = 200) -> pd.DataFrame:
    rng, parts = np.random.default_rng(3), []
    for i in range(series):
        y = kind(rng, int(rng.integers(60, 300))).astype(float)
        parts.append(pd.DataFrame({"unique_id": f"s{i}", "ds": pd.date_range("2020", periods=len(y)), "y": y}))
    return pd.concat(parts)


def deaths() -> pd.DataFrame:
    """Of each day, without the last thirty."""
    table = new_deaths(DATA)
    return table[table.groupby("unique_id").cumcount(ascending=False) >= 30]


def scores(learner: Learner, panel: fc.Panel, horizon: int, season: int) -> np.ndarray:
    rows = []
    for fold in fc.RollingOrigin(horizon, 3).split(panel):
        model = learner.train(fold.train)
        found = model.predict(model.state(fold.train), fold.ahead.matrix(model.needs.ahead))
        y, lost = fold.actual.y.reshape(fold.actual.count, -1), {}
        for name, q in QUANTILES.items():
            lost[name] = np.maximum(q * (y - found[name]), (q - 1) * (y - found[name]))
        past = [fold.train.y[fold.train.indptr[i] : fold.train.indptr[i + 1]] for i in range(fold.train.count)]
        scale = np.array([np.nanmean(np.abs(p[season:] - p[:-season])) if len(p) > season else np.nan for p in past])
        scale[~(scale > 0)] = np.nan
        error = y - found["forecast"]
        inside = [np.nanmean(np.where(np.isnan(y), np.nan, (found[f"lo{k}"] <= y) & (y <= found[f"hi{k}"])))
                  for k in LEVELS]  # fmt: skip
        wql = 2 * np.mean([np.nansum(part) for part in lost.values()]) / np.nansum(np.abs(y))
        mase = np.nanmean(np.nanmean(np.abs(error), axis=1) / scale)
        rows.append([mase, np.nanmean(np.sqrt(np.nanmean(error**2, axis=1)) / scale), wql, *np.multiply(inside, 100)])
    mean: np.ndarray = np.mean(rows, axis=0)
    return mean


def main() -> None:
    tables = {
        "covid_deaths by day": (deaths(), 14, 7, "D"),
        "tourism_hier": (drawn("tourism_hier", 9999, False)[0], 8, 4, "QS"),
    }
    tables |= {kind.__name__: (simulated(kind), 14, 7, "D") for kind in (lumpy, drifting, weekly, ending)}
    for name, (table, horizon, season, freq) in tables.items():
        panel = fc.Panel.read(table[["unique_id", "ds", "y"]], id="unique_id", time="ds", target="y", freq=freq)
        panel = panel.where(sparse(classified(panel)))
        print(f"{name}: {panel.count} intermittent series, {np.nanmean(panel.y == 0):.0%} zeros")
        for label, learner in LEARNERS.items():
            began = time.process_time()
            mase, rmsse, wql, *inside = scores(learner, panel, horizon, season)
            seconds = time.process_time() - began
            print(f"  {label:18} MASE {mase:.3f}  RMSSE {rmsse:.3f}  WQL {wql:.3f}", end="  ")
            print(f"inside {inside[0]:.1f} {inside[1]:.1f}  {seconds:.1f} s")


if __name__ == "__main__":
    main()
