"""Sets of counts for accuracy.py: new deaths by day, and two made-up shops; there are none among the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd


def new_deaths(data: Path) -> pd.DataFrame:
    """By day and country, from the first one on."""
    table = pd.read_parquet(data / "benchmark/covid_deaths_train.parquet").sort_values(["unique_id", "ds"])
    table["y"] = table.groupby("unique_id")["y"].diff().clip(lower=0)
    return table[table.groupby("unique_id")["y"].cummax() > 0].assign(unique_id=table["unique_id"].astype(str))


def spare_parts(series: int = 150, rows: int = 63) -> pd.DataFrame:
    """Months with few demands, which come more or less often as time goes on."""
    rng, tables = np.random.default_rng(11), []
    for i in range(series):
        often = rng.beta(1.3, 3) * np.exp(np.cumsum(rng.normal(0, 0.06, rows)))
        size = 1 + rng.poisson(np.exp(rng.normal(0, 0.8)), rows)
        y = (rng.random(rows) < np.clip(often, 0, 1)) * size
        tables.append(_table(f"p{i}", pd.date_range("2010", periods=rows, freq="MS"), y))
    return pd.concat(tables)


def promotions(series: int = 100, rows: int = 540) -> pd.DataFrame:
    """Days of five shops with weeks, levels that drift, promotions at lower prices; a third of the sales are zero."""
    rng, tables = np.random.default_rng(12), []
    week = np.exp(rng.normal(0, 0.3, (5, 7)))
    for i in range(series):
        start = int(rng.integers(0, 300)) if rng.random() < 0.4 else 0
        level = np.exp(rng.uniform(-1.5, 2.2) + np.cumsum(rng.normal(0, 0.015, rows)))
        promo = np.repeat(rng.random(rows // 7 + 1) < 0.12, 7)[:rows]
        price = np.where(promo, 0.8, 1.0) * np.round(rng.uniform(1, 9), 2)
        mean = level * week[i % 5][np.arange(rows) % 7] * np.exp(promo * rng.normal(0.8, 0.3))
        spread = rng.uniform(0.8, 4)
        y = rng.poisson(mean * rng.gamma(spread, 1 / spread, rows))
        days = pd.date_range("2021", periods=rows)
        tables.append(_table(f"r{i}", days, y).assign(price=price, promo=promo.astype(float)).iloc[start:])
    return pd.concat(tables)


def _table(name: str, stamps: pd.DatetimeIndex, y: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"unique_id": name, "ds": stamps, "y": y.astype(float)})
