"""Classical models against statsforecast: CPU time of one thread and accuracy on the official tests of M1.

    make peers && .venv/bin/python benchmarks/classical.py --model AutoArima --series 100

Each side runs in a process of its own, on the same series. Ours fits a group in one call, which is what a run does, and
then each series alone, for the median; statsforecast fits one series after the other, after a first one that is not
counted. Times hold the fit and the forecast. MASE is scaled by the seasonal differences of the training rows.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("FORECAST_DATA", HERE.parents[1] / "shared" / "data")) / "benchmark"
SIDES = {
    "ours": (HERE.parent / ".venv/bin/python", "classical_ours.py"),
    "statsforecast": (HERE.parent / ".peers/bin/python", "classical_statsforecast.py"),
}
GROUPS = {"yearly": (1, 6), "quarterly": (4, 8), "monthly": (12, 18)}  # season, horizon


def sample(group: str, count: int, horizon: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Training values of `count` series drawn at random, and their tests (series, horizon)."""
    train, test = (
        pd.read_parquet(DATA / f"m1_{group}_{part}.parquet").groupby("unique_id")["y"] for part in ("train", "test")
    )
    names = np.random.default_rng(0).permutation(sorted(train.groups))[:count]
    tests = np.array([test.get_group(n).to_numpy(float)[:horizon] for n in names])
    return [train.get_group(n).to_numpy(float) for n in names], tests


def mase(train: list[np.ndarray], test: np.ndarray, forecast: np.ndarray, season: int) -> np.ndarray:
    """One a series; NaN where a training series repeats itself."""
    scales = []
    for y in train:
        lag = season if len(y) > season else 1
        scales.append(np.abs(y[lag:] - y[:-lag]).mean() or np.nan)
    result: np.ndarray = np.abs(test - forecast).mean(axis=1) / np.array(scales)
    return result


def run(side: str, data: Path, model: str) -> dict[str, np.ndarray]:
    python, script = SIDES[side]
    found = data.with_name(f"{side}.npz")
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [str(part) for part in (python, HERE / script, data, model, found)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | single)
    if done.returncode:
        raise SystemExit(f"{script} failed:\n{done.stderr}")
    return dict(np.load(found))


def compare(group: str, model: str, count: int, folder: Path) -> np.ndarray:
    """Prints a row of the table; gives the MASE of both sides, (series, 2)."""
    season, horizon = GROUPS[group]
    train, test = sample(group, count, horizon)
    data = folder / "data.npz"
    np.savez(data, y=np.concatenate(train), indptr=np.cumsum([0, *map(len, train)]), season=season, horizon=horizon)
    results = {side: run(side, data, model) for side in SIDES}
    mine, peer = results["ours"], results["statsforecast"]
    errors = np.stack([mase(train, test, results[s]["forecast"], season) for s in SIDES], 1)
    errors = errors[np.isfinite(errors).all(axis=1)]
    ours, theirs = 1000 * mine["together"] / len(train), 1000 * peer["alone"]
    ratio = f"{theirs.mean() / ours:.0f}x | {np.median(theirs) / np.median(1000 * mine['alone']):.0f}x"
    times = f"{ours:.2f} | {np.median(1000 * mine['alone']):.2f} | {theirs.mean():.1f} | {np.median(theirs):.1f}"
    accuracy = f"{errors[:, 0].mean():.3f} | {errors[:, 1].mean():.3f} | {quotient(errors)}"
    print(f"| {model} | {group} | {len(train)} | {times} | {ratio} | {accuracy} |", flush=True)
    return errors


def quotient(errors: np.ndarray) -> str:
    """Mean error of ours over theirs, with a 95 % bootstrap interval over series."""
    rows = np.random.default_rng(0).integers(0, len(errors), (2000, len(errors)))
    drawn = errors[rows].mean(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    ours, theirs = errors.mean(axis=0)
    return f"{ours / theirs:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="AutoArima")
    parser.add_argument("--series", type=int, default=100)
    parser.add_argument("--groups", nargs="+", default=list(GROUPS), choices=list(GROUPS))
    given = parser.parse_args()
    if not SIDES["statsforecast"][0].exists():
        raise SystemExit("The peers are not installed: run 'make peers' first.")
    print("| model | group | series | ours: ms a series | median of one alone | statsforecast: ms a series | median "
          "| ratio of sums | of medians | MASE ours | theirs | ratio [95 %] |\n" + "|---" * 12 + "|")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        errors = [compare(group, given.model, given.series, Path(folder)) for group in given.groups]
    print(f"All: MASE ratio {quotient(np.concatenate(errors))}")


if __name__ == "__main__":
    main()
