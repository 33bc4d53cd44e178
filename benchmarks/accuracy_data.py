"""The sets of accuracy.py: real tables, drawn down to a number of series, and the rows that are to be forecast."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy_counts import new_deaths, promotions, spare_parts

HOURS = 3000  # rows of each hourly series with which every side can do its work in a minute
DATA = Path(os.environ.get("FORECAST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@dataclass(frozen=True)
class Source:
    """How a table is read. `season` is that of MASE, which every side is told too."""

    season: int
    horizon: int
    freq: str  # as pandas writes it
    known: tuple[str, ...] = ()  # columns whose values to come are given
    follows: bool = True  # the official test begins where training ends; else there is none that a forecast reaches


# From the one that costs least to the one that costs most.
SETS = {
    "m1_yearly": Source(1, 6, "YS"),
    "m1_quarterly": Source(4, 8, "QS"),
    "tourism_hier": Source(4, 8, "QS"),
    "cif_2016": Source(12, 12, "MS"),
    "m1_monthly": Source(12, 18, "MS"),
    "electricity_weekly": Source(1, 8, "W-SUN"),
    "traffic_weekly": Source(1, 8, "W-THU"),
    "vehicle_trips": Source(7, 30, "D"),
    "covid_mobility": Source(7, 30, "D"),
    "covid_deaths": Source(7, 30, "D"),
    "fred_md": Source(12, 12, "MS"),
    "us_births": Source(7, 30, "D"),
    "beer": Source(12, 12, "MS"),
    "bike_share": Source(7, 14, "D"),
    "github_dau": Source(7, 14, "D", ("holiday",)),
    "hierarchy": Source(7, 30, "D", ("price",)),
    "orange_juice": Source(1, 20, "W-THU", ("Price", "Advert")),
    "electricity": Source(24, 24, "h", follows=False),
    "nyc_energy": Source(24, 48, "h"),
    "ETTh1": Source(24, 96, "h"),
    "new_deaths": Source(7, 30, "D", follows=False),
    "spare_parts": Source(12, 12, "MS", follows=False),
    "promotions": Source(7, 28, "D", ("price", "promo"), follows=False),
}


def drawn(name: str, series: int, official: bool, hours: int = HOURS) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What may be learned from, and what is to be forecast: unique_id, ds, y and the known columns.

    At most `series` series, drawn with a fixed seed; of hourly ones the last `hours` rows. Unless `official` the last
    horizon of the training part is what is to be forecast, and the test part is not looked at. Series with little more
    than that horizon are left out.
    """
    source = SETS[name]
    train, test = TABLES.get(name, _benchmark)(name)
    columns = ["unique_id", "ds", "y", *source.known]
    train = train[columns].sort_values(["unique_id", "ds"])
    left = train.groupby("unique_id").cumcount(ascending=False)
    if not official:
        train, test = train[left >= source.horizon], train[left < source.horizon]
    elif not source.follows:
        raise ValueError(f"{name!r} has no test that begins where its training part ends.")
    else:
        ahead = test[columns].sort_values(["unique_id", "ds"])
        test = ahead[ahead.groupby("unique_id").cumcount() < source.horizon]
    known = train.dropna(subset="y").groupby("unique_id").size()
    enough = sorted(set(known[known >= source.horizon + max(source.season, 3)].index) & set(test["unique_id"]))
    if not enough:
        enough = sorted(set(known.index) & set(test["unique_id"]))
    chosen = np.random.default_rng(0).permutation(enough)[:series]
    if source.freq == "h":
        train = train.groupby("unique_id").tail(hours)
    return tuple(part[part["unique_id"].isin(chosen)].reset_index(drop=True) for part in (train, test))  # type: ignore[return-value]


def _benchmark(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    parts = [pd.read_parquet(DATA / "benchmark" / f"{name}_{part}.parquet") for part in ("train", "test")]
    return tuple(p.assign(unique_id=p["unique_id"].astype(str)) for p in parts)  # type: ignore[return-value]


def _long(table: pd.DataFrame, stamp: str, target: str, identity: list[str] | None = None) -> pd.DataFrame:
    """The table in long form, every stamp of its series there."""
    names = table[identity].astype(str).agg("|".join, axis=1) if identity else "one"
    return table.assign(unique_id=names, ds=pd.to_datetime(table[stamp]), y=table[target].astype(float))


def _cut(table: pd.DataFrame, rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The last `rows` of each series apart."""
    table = table.sort_values(["unique_id", "ds"])
    left = table.groupby("unique_id").cumcount(ascending=False)
    return table[left >= rows], table[left < rows]


def _whole(table: pd.DataFrame, freq: str, filled: tuple[str, ...] = ()) -> pd.DataFrame:
    """Every stamp from the first to the last of each series; `filled` columns as last seen."""
    parts = []
    for name, part in table.drop_duplicates(["unique_id", "ds"]).groupby("unique_id"):
        stamps = pd.date_range(part["ds"].min(), part["ds"].max(), freq=freq)
        part = part.set_index("ds").reindex(stamps).rename_axis("ds").reset_index().assign(unique_id=name)
        part[list(filled)] = part[list(filled)].ffill()
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _beer(_: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    parts = (pd.read_csv(DATA / f"seeds/beer_{part}.csv") for part in ("train", "test"))
    train, test = (_long(part, "DATE", "BeerProduction") for part in parts)
    return train, test


def _bike(_: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = _long(pd.read_csv(DATA / "seeds/bike_share.csv"), "date", "cnt")
    return table[table["ds"] <= "2012-08-31"], table[table["ds"] > "2012-08-31"]


def _users(_: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    parts = (pd.read_csv(DATA / f"seeds/github_dau_{part}.csv") for part in ("train", "test"))
    train, test = (_whole(_long(p, "date", "count"), "D", ("holiday",)) for p in parts)
    return train, test


def _hierarchy(_: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = pd.read_csv(DATA / "seeds/hierarchy.csv")
    names = ["state", "store_id", "product_category", "SKU"]
    return _cut(_whole(_long(table, "date", "quantity", names), "D", ("price",)), 30)


def _juice(_: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = pd.read_csv(DATA / "seeds/orange_juice.csv")
    return _cut(_whole(_long(table, "WeekStarting", "Quantity", ["Store", "Brand"]), "W-THU", ("Price", "Advert")), 20)


def _load(_: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    parts = (pd.read_parquet(DATA / f"seeds/electricity_{part}.parquet") for part in ("train", "test"))
    train, test = (_whole(_long(p, "datetime", "usage", ["customer_id"]), "h") for p in parts)
    return train, test


def _energy(_: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = _whole(_long(pd.read_csv(DATA / "seeds/nyc_energy.csv"), "timeStamp", "demand"), "h")
    return table[table["ds"] <= "2017-08-08 05:00"], table[table["ds"] > "2017-08-08 05:00"]


def _transformer(_: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    wide = pd.read_csv(DATA / "benchmark/ETTh1.csv").iloc[: 11_520 + 2_880]
    long = wide.melt("date", var_name="unique_id", value_name="y")
    long["ds"] = pd.to_datetime(long["date"])
    at = long.groupby("unique_id").cumcount()
    return long[at < 11_520], long[at >= 11_520]


def _alone(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Without a test."""
    return table, table.iloc[:0]


TABLES = {
    "beer": _beer,
    "bike_share": _bike,
    "github_dau": _users,
    "hierarchy": _hierarchy,
    "orange_juice": _juice,
    "electricity": _load,
    "nyc_energy": _energy,
    "ETTh1": _transformer,
    "new_deaths": lambda _: _alone(new_deaths(DATA)),
    "spare_parts": lambda _: _alone(spare_parts()),
    "promotions": lambda _: _alone(promotions()),
}
