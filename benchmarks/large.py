"""Large panels in little time: made-up panels of the shapes that public sets have, `fc.run` with a time limit.

    .venv/bin/python benchmarks/large.py --limit 60 [--shapes wiki traffic ...]

Each run is a process of its own with one worker and one thread for BLAS and OpenMP; the last horizon of each series is
kept aside. A row of the table: the seconds that the whole call took, the report and the graph included, and the MASE
on the rows kept aside, of the winner and of the seasonal naive forecast.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Shape:
    """A panel: `rows` in each series, or between two numbers; `kind` of values: levels that wander, with seasons;
    daylight; or counts."""

    series: int
    rows: int | tuple[int, int]
    freq: str
    seasons: tuple[int, ...]
    horizon: int
    kind: str = "wandering"


SHAPES = {
    "half_hourly": Shape(5, 60_000, "30min", (48, 336), 60),
    "ten_minutes": Shape(137, 20_000, "10min", (144,), 1008, "daylight"),
    "minutes": Shape(3, 200_000, "min", (1440,), 60),
    "four_seconds": Shape(1, 1_000_000, "4s", (900,), 900),
    "long_days": Shape(50, 14_000, "D", (365,), 30),
    "months": Shape(20_000, (60, 300), "MS", (12,), 18),
    "hours": Shape(414, 900, "h", (24, 168), 48),
    "wiki": Shape(10_000, 803, "D", (7,), 59),
    "traffic": Shape(862, 4_000, "h", (24, 168), 168),
    "years": Shape(3_000, (13, 60), "YS", (), 6),
    "weeks": Shape(359, 2_000, "W", (52,), 13),
    "parts": Shape(2_674, 51, "MS", (), 12, "counts"),
    "business_days": Shape(300, 2_500, "B", (5,), 10),
    "quarter_hours": Shape(20, 10_000, "15min", (96, 672), 96),
}


def made(shape: Shape, seed: int = 7) -> pd.DataFrame:
    """The table: id, time, y."""
    rng, parts = np.random.default_rng(seed), []
    for i in range(shape.series):
        rows = shape.rows if isinstance(shape.rows, int) else int(rng.integers(*shape.rows))
        times = pd.date_range("1960" if shape.freq == "YS" else "2001", periods=rows, freq=shape.freq)
        parts.append(pd.DataFrame({"id": f"s{i}", "time": times, "y": _values(shape, rows, rng)}))
    return pd.concat(parts, ignore_index=True)


def _values(shape: Shape, rows: int, rng: np.random.Generator) -> np.ndarray:
    at, level = np.arange(rows), np.exp(rng.uniform(2, 8))
    if shape.kind == "counts":
        return rng.poisson(rng.gamma(0.5, 1), rows).astype(float)
    if shape.kind == "daylight":
        (day,) = shape.seasons
        clouds = (0.4 + 0.6 * rng.random(rows // day + 1)).repeat(day)[:rows]
        return np.asarray(level * np.maximum(0, np.sin(2 * np.pi * (at % day) / day - 1.2)) * clouds)
    logarithm = np.log(level) + np.cumsum(rng.normal(0, 0.005, rows)) + rng.normal(0, 0.08, rows)
    for season in shape.seasons:
        logarithm += 0.25 * np.sin(2 * np.pi * at / season + rng.uniform(0, 6)) + 0.1 * np.sin(4 * np.pi * at / season)
    return np.exp(logarithm)


def measured(name: str, limit: float) -> dict[str, float | str]:
    """One run, in this process."""
    import forecast as fc

    shape = SHAPES[name]
    with tempfile.TemporaryDirectory() as folder:
        made(shape).to_parquet(Path(folder) / "table.parquet")
        begun = time.perf_counter()
        run = fc.run(
            Path(folder) / "table.parquet", id="id", time="time", target="y", horizon=shape.horizon, test=shape.horizon,
            time_limit=limit, workers=1, progress=False, output=Path(folder) / "run",
        )  # fmt: skip
        seconds = time.perf_counter() - begun
    assert run.test is not None
    scores = {name: run.test.totals[name]["mase"] for name in run.test.names}
    return {"seconds": seconds, "winner": run.winner, "mase": scores[run.winner], "naive": scores["SeasonalNaive"]}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--limit", type=float, default=60.0, help="seconds")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)  # in the process of one run
    asked = parser.parse_args(arguments)
    if asked.alone:
        print(json.dumps(measured(asked.shapes[0], asked.limit)))
        return
    print("| shape | series x rows | seconds | winner | MASE | seasonal naive |\n|---|---|---|---|---|---|")
    one = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    for name in asked.shapes:
        command = [sys.executable, __file__, "--alone", "--shapes", name, "--limit", str(asked.limit)]
        done = subprocess.run(command, env=one, capture_output=True, text=True, check=True)
        found, shape = json.loads(done.stdout.splitlines()[-1]), SHAPES[name]
        rows = f"{shape.rows:,}" if isinstance(shape.rows, int) else "-".join(map(str, shape.rows))
        print(f"| {name} | {shape.series:,} x {rows} | {found['seconds']:.0f} | {found['winner']} | "
              f"{found['mase']:.3f} | {found['naive']:.3f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
