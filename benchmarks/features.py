"""Lags and rolling windows against mlforecast: time, memory and agreement on the same panel.

    make peers && .venv/bin/python benchmarks/features.py --series 10000 --rows 1000 --repeats 3

Lags 1-7, 14, 28 and rolling mean, std, min, max over 7, 14, 28. Each measurement is a process of its own, both sides
take turns, what counts is the ratio of the medians. Data and imports are loaded before the clock starts. mlforecast's
`preprocess` takes a long pandas table and gives one (no row dropped); ours is measured twice: from the panel (what a
training run pays each time it makes features), and from the same pandas table, with all that `Panel.read` checks.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from itertools import product
from pathlib import Path
from statistics import median

import numpy as np

HERE = Path(__file__).parent
OURS, PEERS = HERE.parent / ".venv/bin/python", HERE.parent / ".peers/bin/python"
SIDES = {
    "panel": (OURS, "features_ours.py"),
    "table": (OURS, "features_ours.py"),
    "mlforecast": (PEERS, "features_mlforecast.py"),
}


def generated(series: int, rows: int) -> np.ndarray:
    """Random walks around levels between 10 and 1000, (series, rows)."""
    rng = np.random.default_rng(0)
    return rng.uniform(10, 1000, (series, 1)) + rng.normal(size=(series, rows)).cumsum(axis=1)


def run(side: str, data: Path, dtype: str, threads: int) -> tuple[dict[str, float], np.ndarray]:
    python, script = SIDES[side]
    sample = data.with_name("sample.npy")
    command = [python, HERE / script, data, dtype, str(threads), side, sample]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{script} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1]), np.load(sample)


def compare(data: Path, dtype: str, threads: int, repeats: int) -> None:
    spent: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    samples = {}
    for _, side in product(range(repeats), SIDES):
        cost, samples[side] = run(side, data, dtype, threads)
        spent[side].append(cost)
    medians = {s: {k: median(c[k] for c in costs) for k in costs[0]} for s, costs in spent.items()}
    peer = medians["mlforecast"]
    for side, cost in medians.items():
        ratios = (
            ", ".join(f"{peer[k] / cost[k]:.1f}x" for k in ("wall", "cpu", "peak")) if side != "mlforecast" else "-"
        )
        figures = f"{cost['wall']:.2f} | {cost['cpu']:.2f} | {cost['peak']:.0f} | {ratios}"
        print(f"| {dtype} | {threads} | {side} | {figures} |", flush=True)
    for side in ("panel", "table"):
        check(samples[side], samples["mlforecast"], dtype)


def check(ours: np.ndarray, theirs: np.ndarray, dtype: str) -> None:
    """Equal to 1e-6 of the level (in float32: to what it resolves), NaN in the same places."""
    if not np.array_equal(np.isnan(ours), np.isnan(theirs)):
        raise SystemExit("The two sides have NaN in different places.")
    worst = float(np.nanmax(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1)))
    print(f"  worst difference {worst:.1e}", flush=True)
    if dtype == "float64" and worst > 1e-6:
        raise SystemExit("The two sides disagree.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    if not PEERS.exists():
        raise SystemExit("The peers are not installed: run 'make peers' first.")
    print(
        "| dtype | threads | side | wall s | CPU s | peak MB | mlforecast / ours: wall, CPU, peak |\n"
        + "|---" * 7
        + "|"
    )
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.npy"
        np.save(data, generated(given.series, given.rows))
        for dtype, threads in product(("float64", "float32"), (1, 2)):
            compare(data, dtype, threads, given.repeats)


if __name__ == "__main__":
    main()
