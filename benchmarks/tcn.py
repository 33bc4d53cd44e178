"""Tcn against seasonal naive on the real sets, the last folds of their training parts: error and seconds.

    python benchmarks/tcn.py [bike beer electricity energy]

The tables are found through tests/shared_data.py (FORECAST_DATA). MASE is scaled by the seasonal differences in
training; the figures are means over series and folds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from featurizers.panel import Panel
from learners.naive import SeasonalNaive
from learners.tcn import Tcn
from tests.shared_data import shared

# name -> file, id, time, target, known columns, first stamp, cutoff, horizon, rows between folds
SETS = {
    "bike": ("bike_share.csv", None, "date", "cnt", ["temp", "hum", "windspeed"], "2011", "2012-08-31", 14, 14),
    "beer": ("beer_train.csv", None, "DATE", "BeerProduction", [], "1992", "2016-12-01", 12, 12),
    "electricity": ("electricity_train.parquet", "customer_id", "datetime", "usage", [], "2014-06-01", "2014-11-14",
                    24, 79),
    "energy": ("nyc_energy.csv", None, "timeStamp", "demand", ["temp", "precip"], "2015-05-01", "2017-08-05", 48, 151),
}  # fmt: skip


def read(name: str) -> Panel:
    file, identity, stamp, target, known, first, cutoff, _, _ = SETS[name]
    path = shared(f"seeds/{file}")
    if path is None:
        raise SystemExit(f"The table {file} is not there; set FORECAST_DATA.")
    table = pd.read_parquet(path) if file.endswith("parquet") else pd.read_csv(path)
    table[stamp] = pd.to_datetime(table[stamp])
    table = table[(table[stamp] >= first) & (table[stamp] <= cutoff)]
    columns = [c for c in (identity, stamp, target, *known) if c]
    return Panel.read(table[columns], id=identity, time=stamp, target=target, known=known)


def mase(forecast: np.ndarray, actual: np.ndarray, train: Panel, season: int) -> float:
    series = np.split(train.y, train.indptr[1:-1])
    scale = np.array([np.nanmean(np.abs(y[season:] - y[:-season])) for y in series])
    return float(np.nanmean(np.nanmean(np.abs(forecast - actual), axis=1) / scale))


def measure(name: str, folds: int = 4) -> None:
    panel, (horizon, step), rows = read(name), SETS[name][-2:], []
    season = panel.freq.season
    left = panel.lengths[panel.owner] - panel.position
    for fold in range(folds):
        cut = horizon + fold * step
        train, test = panel.rows(left > cut), panel.rows((left <= cut) & (left > cut - horizon))
        began = time.process_time()
        model = Tcn(horizon, known=tuple(panel.by_role("known"))).fit(train)
        seconds = time.process_time() - began
        actual, future = test.y.reshape(test.count, horizon), test.matrix(model.needs.ahead)
        found = model.predict(model.state(train), future)
        naive = SeasonalNaive(season).fit(train)
        before = naive.predict(naive.state(train), future)["forecast"]
        inside = np.mean((actual >= found["lo80"]) & (actual <= found["hi80"]))
        error, usual = mase(found["forecast"], actual, train, season), mase(before, actual, train, season)
        rows.append((error, usual, inside, seconds))
    error, usual, inside, seconds = np.mean(rows, axis=0)
    print(
        f"{name:12} MASE {error:.3f}  seasonal naive {usual:.3f}  inside 80% {inside:.2f}  {seconds:.0f} s of CPU a fit"
    )


if __name__ == "__main__":
    for name in sys.argv[1:] or SETS:
        measure(name)
