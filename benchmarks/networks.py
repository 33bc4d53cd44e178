"""How good are networks that have seconds to learn? MASE of `Mlp` and `Tcn` on the last fold of the training parts.

    .venv/bin/python benchmarks/networks.py [--series 60] [--seconds 1 2 4 8] [--sets cif_2016,traffic_weekly]

One thread. Both read the same columns and windows; what is printed is the MASE of each, the mean of the last two folds,
and the geometric mean over the sets over that of Tcn with the most seconds.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from accuracy_data import SETS, drawn

import forecast as fc
from featurizers.panel import Panel
from forecast.job import Job
from forecast.leaderboard import compare
from forecast.plan import recipe

NAMES = ("m1_yearly", "m1_quarterly", "m1_monthly", "cif_2016", "electricity_weekly", "traffic_weekly", "vehicle_trips",
         "covid_mobility", "fred_md", "hierarchy", "electricity", "ETTh1")  # fmt: skip
ROWS = 600


def measured(name: str, series: int, seconds: list[float]) -> dict[tuple[str, float], float]:
    """MASE of each network that had so many seconds."""
    source = SETS[name]
    table = pd.concat(drawn(name, series, official=False)).sort_values(["unique_id", "ds"])
    table = table.groupby("unique_id").tail(ROWS)
    panel = Panel.read(table, "unique_id", time="ds", target="y", known=source.known, freq=source.freq)
    plan = Job.of({"data": {"time": "ds", "target": "y"}, "horizon": source.horizon}).resolve(panel).plan(panel)
    folds, found = fc.RollingOrigin(source.horizon, 2), {}
    for network, share in (("Mlp", 0.5), ("Tcn", 1.0)):  # the share of the seconds that its recipe takes
        for limit in seconds:
            entered = {network: recipe(network, replace(plan, seconds=limit / share))}
            board = compare(panel, entered, folds, "mase", season=source.season)
            found[network, limit] = board.totals[network]["mase"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=60)
    parser.add_argument("--seconds", type=float, nargs="+", default=[1.0, 2.0, 4.0, 8.0])
    parser.add_argument("--sets", default=",".join(NAMES))
    given = parser.parse_args()
    torch.set_num_threads(1)
    tables = {}
    for name in given.sets.split(","):
        tables[name] = measured(name, given.series, given.seconds)
        print(name, {f"{n} {s:g} s": round(v, 3) for (n, s), v in tables[name].items()}, flush=True)
    table = pd.DataFrame(tables).T
    print(np.exp(np.log(table.div(table["Tcn", max(given.seconds)], axis=0)).mean()).round(3).unstack().to_string())


if __name__ == "__main__":
    main()
