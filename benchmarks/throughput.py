"""AutoEts, AutoTheta and AutoArima over many short monthly series: wall and CPU seconds, peak memory.

    .venv/bin/python benchmarks/throughput.py --series 100000 --threads 2
    .venv/bin/python benchmarks/throughput.py --series 5000 --threads 1 2

Series of 60 months with a level, a trend, a season and noise of all sizes, some of them intermittent, some short. Each
model is fitted to all of them in one call and forecasts 12 months with bands of 80 and 95 %. Each number of threads is
a process of its own, whose import and data are not counted in time but are in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

MODELS = ("AutoEts", "AutoTheta", "AutoArima")
ROWS, SEASON, HORIZON, LEVELS = 60, 12, 12, (80, 95)


def simulated(series: int) -> tuple[np.ndarray, np.ndarray]:
    """Values end to end, and where each series begins, (series + 1,)."""
    rng = np.random.default_rng(0)
    t = np.arange(ROWS)[None, :]
    level = 10 ** rng.uniform(0.5, 5, (series, 1))
    trend = level * rng.normal(0, 0.006, (series, 1)) * (rng.random((series, 1)) < 0.6)
    shape = rng.normal(size=(series, SEASON))
    season = (shape - shape.mean(axis=1, keepdims=True))[:, np.arange(ROWS) % SEASON]
    season *= rng.choice([0, 0.05, 0.1, 0.3], (series, 1))
    walk = rng.normal(size=(series, ROWS)).cumsum(axis=1) * rng.choice([0, 0.01, 0.05], (series, 1))
    noise = rng.normal(size=(series, ROWS)) * rng.choice([0.01, 0.05, 0.2], (series, 1))
    y = np.maximum((level + trend * t) * (1 + season + walk + noise), 0)
    rare = rng.random(series) < 0.1
    y[rare] *= rng.random((int(rare.sum()), ROWS)) < rng.uniform(0.2, 0.6, (int(rare.sum()), 1))
    counts = rng.random(series) < 0.3
    y[counts] = y[counts].round()
    lengths = np.where(rng.random(series) < 0.05, rng.integers(8, ROWS, series), ROWS)
    keep = np.arange(ROWS)[None, :] >= (ROWS - lengths)[:, None]
    return y[keep], np.r_[0, lengths.cumsum()]


def measure(series: int, models: list[str]) -> dict[str, Any]:
    """Seconds of each model in this process, and its peak memory."""
    import pandas as pd

    import forecast as fc
    from featurizers.frequency import Frequency
    from featurizers.panel import Panel

    y, indptr = simulated(series)
    months = np.datetime64("2019-01", "M") + np.arange(ROWS)
    times = np.concatenate([months[ROWS - n :] for n in np.diff(indptr)]).astype("datetime64[s]")
    ids = pd.DataFrame({"id": [f"series {i}" for i in range(series)]})
    panel = Panel(ids, indptr, times, Frequency.parse("MS"), "month", "sales", {"sales": y})
    small = panel.where(np.arange(3))
    spent: dict[str, Any] = {"base": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    for name in models:
        kind = getattr(fc, name)
        banded = any(f.name == "levels" for f in fields(kind))
        learner = kind(season=SEASON, levels=LEVELS) if banded else kind(season=SEASON)
        learner.fit(small).forecast(small, HORIZON)  # the code is loaded
        wall, cpu = time.perf_counter(), time.process_time()
        found = learner.fit(panel).forecast(panel, HORIZON)
        spent[name] = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "bands": banded}
        missing = int(np.isnan(found.columns["forecast"]).reshape(series, -1).any(axis=1).sum())
        if missing:
            raise SystemExit(f"{name} has no forecast of {missing} series.")
    spent["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=5000)
    parser.add_argument("--threads", type=int, nargs="+", default=[2])
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        print(json.dumps(measure(given.series, given.models)))
        return
    print("| threads | series | model | bands | wall s | CPU s | wall s of 100,000 | peak MB |\n" + "|---" * 8 + "|")
    for threads in given.threads:
        command = [sys.executable, str(Path(__file__)), "--inside", "--series", str(given.series), "--models"]
        done = subprocess.run(
            command + given.models, capture_output=True, text=True, check=False,
            env=os.environ | {"OMP_NUM_THREADS": str(threads)},
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(done.stderr)
        spent = json.loads(done.stdout.splitlines()[-1])
        rows = {name: spent[name] for name in given.models}
        rows["together"] = {
            "wall": sum(r["wall"] for r in rows.values()), "cpu": sum(r["cpu"] for r in rows.values()),
            "bands": all(r["bands"] for r in rows.values()),
        }  # fmt: skip
        for name, row in rows.items():
            figures = f"{row['wall']:.2f} | {row['cpu']:.2f} | {row['wall'] * 100_000 / given.series:.0f}"
            bands = "yes" if row["bands"] else "no"
            print(f"| {threads} | {given.series} | {name} | {bands} | {figures} | {spent['peak']:.0f} |", flush=True)


if __name__ == "__main__":
    main()
