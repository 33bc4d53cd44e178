"""Is any learner unsafe? Each on every set, its MASE over that of the seasonal naive forecast: at most 2 on any set.

Usage: .venv/bin/python benchmarks/safety.py [--series 8] [--sets m1_yearly,fred_md] [--learners Mstl,Tcn]
[--times 1] [--bounded] [--out safety.csv]

Without --learners those of the default sweep of each set are tried; `--learners all` tries every one.
What is forecast is the last horizon of the training parts; the test parts are not looked at. `--times 3` asks for three
times the usual horizon.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy_data import SETS, drawn

import forecast as fc
from featurizers.panel import Panel
from forecast import defaults
from forecast.job import Job
from forecast.leaderboard import compare
from forecast.plan import recipe
from learners.bounded import Bounded
from learners.naive import SeasonalNaive

LEARNERS = (
    *defaults.DEFAULT_LEARNERS, "Arimax", "Naive", "Average", "HistoricAverage", "WindowAverage",
    "SeasonalWindowAverage", "RandomWalkWithDrift", "Arima", "Ets", "Theta", "Mstl", "Croston", "CrostonOptimized",
    "Sba", "Tsb", "Adida", "Imapa", "NegativeBinomial", "NegativeBinomialMedian", "ElasticNet", "DirectRidge",
)  # fmt: skip
LIMIT = 2.0  # times the seasonal naive forecast
ROWS = 1500  # of each series, the last ones, so that it costs little


def panel_of(name: str, series: int, times: int) -> tuple[Panel, int, int]:
    """The sample, its horizon and its season."""
    source = SETS[name]
    train, test = drawn(name, series, official=False)
    table = pd.concat([train, test]).groupby("unique_id").tail(ROWS)
    panel = Panel.read(table, "unique_id", time="ds", target="y", known=source.known, freq=source.freq)
    shortest = int(panel.lengths.min())
    return panel, max(min(times * source.horizon, shortest // 2), 1), source.season


def scores(name: str, learners: list[str], series: int, times: int, bounded: bool) -> Iterator[dict[str, object]]:
    """A row for each learner."""
    panel, horizon, season = panel_of(name, series, times)
    on = fc.RollingOrigin(horizon, folds=1)
    job = Job.of({"data": {"time": "ds", "target": "y"}, "horizon": horizon, "folds": 1}).resolve(panel)
    plan = replace(job.plan(panel), seasons=defaults.seasons(panel, None))
    for learner in learners or job.learners or ():
        if learner == "Arimax" and not plan.known:
            continue
        begun = time.process_time()
        entrant = recipe(learner, plan)
        if bounded:
            entrant = Bounded(entrant, horizon, plan.season)
        entrants = {"yardstick": SeasonalNaive(season), learner: entrant}
        board = compare(panel, entrants, on, "mase", season=season)
        attempt, (outputs,) = next(a for a in board.attempts if a.name == learner), board.outputs[learner]
        yield {
            "set": name, "learner": learner, "series": panel.count, "horizon": horizon,
            "mase": board.totals[learner]["mase"], "naive": board.totals["yardstick"]["mase"],
            "ratio": board.totals[learner]["mase"] / board.totals["yardstick"]["mase"],
            "seconds": round(time.process_time() - begun, 2), "failure": attempt.failure,
            "missing": int(np.isnan(outputs["forecast"]).any(axis=1).sum()) if outputs else panel.count,
        }  # fmt: skip


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--series", type=int, default=8)
    reader.add_argument("--times", type=int, default=1)
    reader.add_argument("--sets", default=",".join(SETS))
    reader.add_argument("--learners", default="", help="their names; or all")
    reader.add_argument("--bounded", action="store_true", help="put every learner into Bounded")
    reader.add_argument("--out", type=Path, default=Path("runs/safety.csv"))
    given = reader.parse_args()
    learners = list(LEARNERS) if given.learners == "all" else [n for n in given.learners.split(",") if n]
    rows: list[dict[str, object]] = []
    for name in given.sets.split(","):
        for row in scores(name, learners, given.series, given.times, given.bounded):
            rows.append(row)
            print(f"{row['set']:20} {row['learner']:22} {row['ratio']:8.3f} {row['seconds']:7.2f} s {row['failure']}")
            pd.DataFrame(rows).to_csv(given.out, index=False)
    table = pd.DataFrame(rows)
    worst = table.loc[table.groupby("learner")["ratio"].idxmax(), ["learner", "ratio", "set"]]
    print(worst.sort_values("ratio", ascending=False).to_string(index=False))
    over = table[~(table["ratio"] <= LIMIT)]
    print("Every learner is safe." if over.empty else f"Over {LIMIT:g}:\n{over.to_string(index=False)}")


if __name__ == "__main__":
    main()
