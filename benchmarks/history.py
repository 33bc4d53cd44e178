"""How many of the last rows should learners of single series learn from? MASE and CPU seconds by number of rows.

    .venv/bin/python benchmarks/history.py [--sets us_births,nyc_energy]

Five folds at the ends of training parts, every row of them kept; the learners are those of the default sweep.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import pandas as pd
from accuracy_data import SETS, drawn

import forecast as fc
from forecast.job import Job
from forecast.leaderboard import compare
from forecast.plan import Plan, recipe
from learners.learner import Learner

LEARNERS = ("AutoEts", "AutoTheta", "AutoArima", "Mstl", "Ces", "Prophet", "Harmonic")
ROWS = (500, 1000, 1500, 2500, 5000, 10_000)


def entrants(plan: Plan, longest: int) -> dict[str, Learner]:
    """Each learner on the last rows and on all, by its name and their number."""
    found: dict[str, Learner] = {}
    for name in LEARNERS:
        for rows in (*(r for r in ROWS if r < longest), None):
            seasons = tuple(s for s in plan.seasons if rows is None or 2 * s <= rows) or (1,)
            if name != "Mstl" or len(seasons) > 1:
                found[f"{name} {rows or 'all'}"] = recipe(name, replace(plan, seasons=seasons, history=rows))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="us_births,github_dau,nyc_energy,ETTh1,electricity")
    for name in parser.parse_args().sets.split(","):
        source = SETS[name]
        table = pd.concat(drawn(name, 40, False, 10**9))
        panel = fc.Panel.read(table, "unique_id", time="ds", target="y", freq=source.freq)
        job = Job.of({"data": {"time": "ds", "target": "y"}, "horizon": source.horizon}).resolve(panel)
        longest = int(np.median(panel.lengths))
        step = max(source.horizon, 37) if source.freq == "h" else source.horizon  # hours begin at all times of the day
        on = fc.RollingOrigin(source.horizon, 5, step=step)
        started = time.process_time()
        board = compare(panel, entrants(job.plan(panel), longest), on, "mase", season=source.season)
        print(f"{name}: {panel.count} series of {longest} rows, {time.process_time() - started:.0f} s of CPU")
        for learner in LEARNERS:
            mine = [n for n in board.recipes if n.split()[0] == learner]
            seconds = {n: np.mean([a.fit_seconds for a in board.tries[n]]) for n in mine}
            told = [f"{n.split()[1]}: {board.totals[n].get('mase', np.nan):.3f} ({seconds[n]:.1f} s)" for n in mine]
            if told:
                print(f"  {learner:10} {' | '.join(told)}", flush=True)


if __name__ == "__main__":
    main()
