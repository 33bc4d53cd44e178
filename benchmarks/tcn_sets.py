"""The sets of tcn.py: two of hourly loads, and the rolling origins on which both sides forecast."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy_data import DATA


@dataclass(frozen=True)
class Rolling:
    """Values to train on, the values after them, and where in these the forecasts begin."""

    horizon: int
    window: int  # rows before an origin that the peers read
    train: np.ndarray  # (series, rows)
    later: np.ndarray  # (series, rows): history and actual values of the origins
    start: str  # the first stamp of `train`
    later_start: str
    origins: np.ndarray  # rows of `later`

    def actual(self) -> np.ndarray:
        """(series, origins, horizon)"""
        return np.stack([self.later[:, o : o + self.horizon] for o in self.origins], axis=1)


def rolling(name: str, test: bool) -> Rolling:
    """The set, its own test part or, where development looks, the last rows of its training part."""
    return {"electricity": _electricity, "ett": _ett}[name](test)


def _electricity(test: bool) -> Rolling:
    """24 hours ahead; the test begins a month after training ends, its first week is history."""
    horizon, window = 24, 168
    train, start = _wide(pd.read_parquet(_file("seeds/electricity_train.parquet")))
    if test:
        later, later_start = _wide(pd.read_parquet(_file("seeds/electricity_test.parquet")))
        origins = np.arange(window, later.shape[1] - horizon + 1, 12)
        return Rolling(horizon, window, train, later, start, later_start, origins)
    held = 28 * 24
    cut = train.shape[1] - held
    origins = np.arange(672, 672 + held - horizon + 1, 31)
    return Rolling(
        horizon, window, train[:, :cut], train[:, cut - 672 :], start, str(_after(start, cut - 672)), origins
    )


def _ett(test: bool) -> Rolling:
    """96 hours ahead, every column a series; 8,640 hours to train, 2,880 to validate, 2,880 to test."""
    table = pd.read_csv(_file("benchmark/ETTh1.csv"))
    values = table.drop(columns="date").to_numpy(np.float64).T
    cut = 11520 if test else 8640
    origins = np.arange(672, 672 + 2880 - 96 + 1, 58)
    start = str(table["date"][0])
    later = values[:, cut - 672 : cut + 2880]
    return Rolling(96, 480, values[:, :cut], later, start, str(_after(start, cut - 672)), origins)


def _wide(table: pd.DataFrame) -> tuple[np.ndarray, str]:
    wide = table.pivot(index="datetime", columns="customer_id", values="usage")
    return wide.to_numpy(np.float64).T, str(wide.index[0])


def _after(start: str, hours: int) -> pd.Timestamp:
    return pd.Timestamp(start) + pd.Timedelta(hours=hours)


def _file(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        raise SystemExit(f"The table {name} is not there; set FORECAST_DATA.")
    return path


def growth(test: bool) -> tuple[pd.DataFrame, str]:
    """Daily users with their holidays, and the last stamp to train on."""
    table = pd.read_csv(_file("seeds/github_dau_train.csv"))
    cut = table["date"].iloc[-1 if test else -455]
    if test:
        table = pd.concat([table, pd.read_csv(_file("seeds/github_dau_test.csv"))])
    return table[["date", "count", "holiday"]].assign(date=pd.to_datetime(table["date"])), cut
