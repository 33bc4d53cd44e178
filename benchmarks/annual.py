"""What do learners that know one season gain where the waves of a year are taken out? MASE with them out over without.

    .venv/bin/python benchmarks/annual.py [--sets us_births,electricity:D] [--folds 16]

":D" and ":W-SUN" ask for the means of days and weeks. Folds spread over the last years of training parts.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import pandas as pd
from accuracy_data import SETS, drawn
from occasions import print_ratios

import forecast as fc
from forecast.annual import chance
from forecast.job import Job
from forecast.leaderboard import compare
from forecast.plan import recipe

LEARNERS = ("AutoTheta", "AutoArima", "Ces", "Ridge")
HORIZONS = {"D": (14, 31), "W-SUN": (8, 5)}  # rows ahead, and from fold to fold


def table_of(name: str, freq: str) -> pd.DataFrame:
    """A set by days or weeks, those with every row only."""
    table = pd.concat(drawn(name, 60, False, 10**9))[["unique_id", "ds", "y"]]
    if freq == SETS[name].freq:
        return table
    table = table.set_index("ds").groupby("unique_id")["y"].resample(freq).agg(["mean", "count"]).reset_index()
    return table[table["count"] == table["count"].max()].rename(columns={"mean": "y"})[["unique_id", "ds", "y"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="us_births,github_dau,nyc_energy:D,electricity:D,electricity_weekly")
    parser.add_argument("--folds", type=int, default=16)
    asked = parser.parse_args()
    for name, _, given in (text.partition(":") for text in asked.sets.split(",")):
        freq = given or SETS[name].freq
        horizon, step = HORIZONS[freq]
        panel = fc.Panel.read(table_of(name, freq), "unique_id", time="ds", target="y", freq=freq)
        job = Job.of({"data": {"time": "ds", "target": "y"}, "horizon": horizon}).resolve(panel)
        plan = job.plan(panel)
        season = 7 if freq == "D" else 1
        print(f"{name} {freq}: chance gives such a year in {chance(panel, plan.year, season):.2g} of cases")
        plain = {learner: recipe(learner, replace(plan, yearly=False)) for learner in LEARNERS}
        without = {f"{learner} without": recipe(learner, replace(plan, yearly=True)) for learner in LEARNERS}
        folds = min(asked.folds, int((panel.lengths.min() - 2.1 * plan.year) // step))
        board = compare(panel, plain | without, fc.RollingOrigin(horizon, folds, step=step), "mase", season=season)
        print_ratios(board, LEARNERS, "without")


if __name__ == "__main__":
    main()
