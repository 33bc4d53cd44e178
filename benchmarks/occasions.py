"""What do days of the year that stand out gain, and weekdays of months? MASE of learners with `Occasions` over without.

    .venv/bin/python benchmarks/occasions.py [--sets us_births,beer] [--folds 24]

Folds spread over the last years of training parts, the last horizon with them; geometric means over the folds.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from accuracy_data import SETS, drawn

import forecast as fc
from forecast.job import Job
from forecast.leaderboard import Leaderboard, compare
from forecast.plan import recipe

LEARNERS = ("AutoEts", "Ridge", "LightGBM", "Harmonic")
APART = 19  # days from fold to fold, horizons and all: every time of the year comes, hours begin at the same time
MONTHS = 5  # the same for months, which are few


def print_ratios(board: Leaderboard, learners: Sequence[str], other: str) -> None:
    """MASE of each learner and of its `other` version, and the geometric mean of their ratio over the folds."""
    for learner in learners:
        before, after = (np.nanmean(board.scores[n]["mase"], axis=1) for n in (learner, f"{learner} {other}"))
        ratio = np.exp(np.nanmean(np.log(after / before)))
        print(f"  {learner:10} {np.nanmean(before):.3f} {np.nanmean(after):.3f}, ratio {ratio:.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="us_births,github_dau,nyc_energy,electricity,beer")
    parser.add_argument("--folds", type=int, default=24)
    asked = parser.parse_args()
    for name in asked.sets.split(","):
        source = SETS[name]
        table = pd.concat(drawn(name, 40, False, 10**9))[["unique_id", "ds", "y"]]
        panel = fc.Panel.read(table, "unique_id", time="ds", target="y", freq=source.freq)
        job = Job.of({"data": {"time": "ds", "target": "y"}, "horizon": source.horizon}).resolve(panel)
        plan = replace(job.plan(panel), occasions=False)
        plain = {learner: recipe(learner, plan) for learner in LEARNERS}
        known = {f"{learner} with": fc.Occasions(found) for learner, found in plain.items()}
        step = MONTHS if source.freq == "MS" else max(APART * (24 if source.freq == "h" else 1), source.horizon)
        on = fc.RollingOrigin(source.horizon, asked.folds, step=step)
        board = compare(panel, plain | known, on, "mase", season=source.season)
        print(f"{name}: {', '.join(fc.Occasions(fc.Naive()).fit(panel).days)}")
        print_ratios(board, LEARNERS, "with")


if __name__ == "__main__":
    main()
