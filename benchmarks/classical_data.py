"""The series of classical.py: real ones by group, each with the values to be forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from accuracy_data import DATA


@dataclass(frozen=True)
class Source:
    """A table in long form, how many of its series are drawn, and how many of their last values are used."""

    name: str
    horizon: int
    count: int
    longest: int = 1000


# group -> season, sources. statsforecast's AutoARIMA takes minutes of CPU for each hourly series, hence few short ones.
GROUPS = {
    "yearly": (1, (Source("m1_yearly", 6, 120),)),
    "quarterly": (4, (Source("m1_quarterly", 8, 80), Source("tourism_hier", 8, 40))),
    "monthly": (12, (Source("m1_monthly", 18, 80), Source("cif_2016", 12, 30))),
    "weekly": (1, (Source("electricity_weekly", 8, 30), Source("traffic_weekly", 8, 30))),
    "daily": (7, (Source("us_births", 30, 1, 700), Source("vehicle_trips", 30, 25), Source("covid_mobility", 30, 20))),
    "hourly": (24, (Source("ETTh1", 24, 3, 500), Source("electricity", 24, 3, 500), Source("nyc_energy", 24, 1, 500))),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sample:
    """Series of one season and their tests; `test` (series, longest horizon), NaN where nothing is to be forecast."""

    season: int
    train: list[np.ndarray]
    test: np.ndarray

    @property
    def horizon(self) -> int:
        return self.test.shape[1]


def sample(group: str, share: float, official: bool) -> Sample:
    """Series of `group` drawn at random, a `share` of the usual number. Unless `official` the last horizon of the
    training part is the test, and the official tests are not looked at."""
    season, sources = GROUPS[group]
    rng = np.random.default_rng(0)
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    for source in sources:
        found = [p for p in _pairs(source, official) if _usable(*p, season)]
        count = max(round(source.count * share), 1)
        pairs += [found[i] for i in rng.permutation(len(found))[:count]]
    test = np.full((len(pairs), max(len(t) for _, t in pairs)), np.nan)
    for i, (_, values) in enumerate(pairs):
        test[i, : len(values)] = values
    return Sample(season, [y for y, _ in pairs], test)


def _pairs(source: Source, official: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    train, test = TABLES.get(source.name, _benchmark)(source.name)
    pairs = []
    for name in sorted(train):
        y, later = train[name], test.get(name, np.zeros(0))[: source.horizon]
        if not official:
            y, later = y[: -source.horizon], y[-source.horizon :]
        pairs.append((filled(y)[-source.longest :], later))
    return pairs


def _usable(y: np.ndarray, test: np.ndarray, season: int) -> bool:
    """Long enough to have a season and a scale, varying, and at least half of the test known."""
    long = len(y) >= max(2 * season + 2, 6)
    return long and len(test) > 0 and np.isfinite(test).mean() >= 0.5 and np.ptp(y) > 0


def filled(y: np.ndarray) -> np.ndarray:
    """From the first known value to the last, straight lines across the missing ones: statsforecast takes none."""
    at = np.flatnonzero(np.isfinite(y))
    return np.interp(np.arange(at[0], at[-1] + 1), at, y[at]) if len(at) else np.zeros(0)


def _long(table: pd.DataFrame, key: str, stamp: str, value: str) -> dict[str, np.ndarray]:
    table = table.sort_values([key, stamp])
    return {str(name): part.to_numpy(float) for name, part in table.groupby(key)[value]}


def _benchmark(name: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    tables = (pd.read_parquet(DATA / f"benchmark/{name}_{part}.parquet") for part in ("train", "test"))
    train, test = (_long(table, "unique_id", "ds", "y") for table in tables)
    return train, test


def _electricity(_: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    tables = (pd.read_parquet(DATA / f"seeds/electricity_{part}.parquet") for part in ("train", "test"))
    train, test = (_long(t, "customer_id", "datetime", "usage") for t in tables)
    return {n: y[-2000:] for n, y in train.items()}, test


def _ett(_: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    table, cut = pd.read_csv(DATA / "benchmark/ETTh1.csv").drop(columns="date"), 11_520
    both = {name: table[name].to_numpy(float) for name in table}
    return {n: y[cut - 2000 : cut] for n, y in both.items()}, {n: y[cut : cut + 2880] for n, y in both.items()}


def _energy(_: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    table = pd.read_csv(DATA / "seeds/nyc_energy.csv", parse_dates=["timeStamp"]).sort_values("timeStamp")
    before = table["timeStamp"] <= "2017-08-08 05:00"
    train, test = (table[part]["demand"].to_numpy(float) for part in (before, ~before))
    return {"demand": train[-2000:]}, {"demand": test[:48]}


TABLES = {"electricity": _electricity, "ETTh1": _ett, "nyc_energy": _energy}
