"""Accuracy of `fc.run` with defaults against the peers: MASE, WQL and seconds on real sets.

    make peers && .venv/bin/python benchmarks/accuracy.py --limit 120

Each side runs in a process of its own, one thread for BLAS and OpenMP, with the same time limit. What it found is kept
in runs/accuracy, so that only what is new, or named with --again, is run; every call prints the whole table. --holdout
train forecasts the last horizon of the training parts: that is for development; --holdout test takes the official
tests, for the figures at the end. --clock cpu measures the limit in CPU seconds, for machines that others use too
(ours then runs as long as its defaults take, and the table says how long that was).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy_data import HOURS, SETS, drawn
from accuracy_scores import naive, scores

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
# name -> environment, program
SIDES = {
    "ours": (".venv", "accuracy_ours.py"),
    "statsforecast": (".peers", "accuracy_statsforecast.py"),
    "autogluon": (".autogluon", "accuracy_autogluon.py"),
    "mlforecast": (".peers", "accuracy_mlforecast.py"),
    "autogluon_mase": (".autogluon", "accuracy_autogluon.py"),
    "nhits": (".peers", "accuracy_neuralforecast.py"),
    "tcn": (".peers", "accuracy_neuralforecast.py"),
}
PEERS = ("median", "AutoETS", "DynamicOptimizedTheta", "AutoCES", "AutoARIMA", "LightGBM", "NHITS", "TCN", "AutoGluon",
         "AutoGluon (MASE)")  # fmt: skip


def prepared(name: str, given: argparse.Namespace) -> Path:
    """The folder of a set, with its task in it."""
    what = f"{given.holdout}-{given.limit:g}{given.clock}-{given.series}{f'-{given.hours}' if given.hours else ''}"
    folder = given.kept / what / name
    if not (folder / "task.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        train, test = drawn(name, given.series, given.holdout == "test", given.hours or HOURS)
        source = SETS[name]
        train.to_parquet(folder / "train.parquet")
        test.to_parquet(folder / "test.parquet")
        test.drop(columns="y").to_parquet(folder / "future.parquet")
        task = {"season": source.season, "horizon": source.horizon, "freq": source.freq, "known": source.known,
                "limit": given.limit, "clock": given.clock}  # fmt: skip
        (folder / "task.json").write_text(json.dumps(task))
    return folder


def run(side: str, folder: Path, name: str, tree: Path) -> None:
    """Let a side do its task, and keep what it says."""
    environment, program = SIDES[side]
    python = (tree if side == "ours" else ROOT) / environment / "bin/python"
    if not python.exists():
        raise SystemExit(f"{python} is not there: run 'make peers' first.")
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    setting = os.environ | dict.fromkeys(threads, "1") | {"NIXTLA_NUMBA_CACHE": "1", "PYTHONPATH": str(tree)}
    with (folder / f"{name}.log").open("w") as log:
        command = [str(python), str(HERE / program), str(folder), name]
        done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False, env=setting)
    if done.returncode and not (folder / f"{name}.json").exists():
        failure = {"wall": np.nan, "cpu": np.nan, "failure": f"ended with {done.returncode}; see {folder / name}.log"}
        (folder / f"{name}.json").write_text(json.dumps(failure))


def scored(folder: Path, name: str) -> list[dict[str, object]]:
    """A row for each model of each side that has run."""
    train, test = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
    season = json.loads((folder / "task.json").read_text())["season"]
    point = naive(train, test, season)
    plain = point.assign(**{f"{k / 10:.1f}": point["naive"] for k in range(1, 10)}).drop(columns="naive")
    rows: list[dict[str, object]] = [{"set": name, "model": "SeasonalNaive", **scores(plain, train, test, season)}]
    for file in sorted(folder.glob("*.json")):
        found = folder / f"{file.stem}.parquet"
        if file.stem == "task" or "." in file.stem or not found.exists():
            continue
        seconds = json.loads(file.read_text())
        for model, table in pd.read_parquet(found).groupby("model"):
            title = file.stem if file.stem.startswith("ours") else str(model)
            table = table.drop(columns="model").assign(unique_id=table["unique_id"].astype(str))
            rows.append({"set": name, "model": title, "side": file.stem, **scores(table, train, test, season),
                         "wall": seconds["wall"], "cpu": seconds["cpu"]})  # fmt: skip
    return rows


def compared(table: pd.DataFrame, ours: str) -> str:
    """Our scores over those of the best peer and of each peer: by set, and their geometric means."""
    lines = []
    for metric in ("mase", "wql", "sql"):
        wide = table.pivot_table(index="set", columns="model", values=metric, sort=False)
        peers = [p for p in PEERS if p in wide]
        if ours not in wide or not peers:
            continue
        wide = wide[wide[ours].notna()]
        best = wide[peers].min(axis=1)
        shown = wide[peers].rdiv(wide[ours], axis=0)
        shown.insert(0, "best peer", wide[peers].fillna(np.inf).idxmin(axis=1))
        shown.insert(1, "its ratio", wide[ours] / best)
        shown.insert(0, ours, wide[ours])
        numbers = [c for c in shown if c not in ("best peer", ours)]
        means = np.exp(np.log(shown[numbers].astype(float)).mean())
        shown.loc["geometric mean", numbers] = means
        lines.append(f"{metric}: {ours}, and it over each peer\n{shown.round(3).to_string()}")
    return "\n\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--sides", nargs="*", default=list(SIDES), choices=list(SIDES))
    parser.add_argument("--holdout", choices=["train", "test"], default="train")
    parser.add_argument("--limit", type=float, default=120, help="seconds")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument("--series", type=int, default=200, help="at most so many of a set")
    parser.add_argument("--hours", type=int, help=f"rows of hourly series that are kept, in place of {HOURS}")
    parser.add_argument("--again", action="store_true", help="run what was run before once more")
    parser.add_argument("--label", default="", help="a name for this version of ours, which is kept beside the others")
    parser.add_argument("--tree", type=Path, default=ROOT, help="the working tree that is measured as ours")
    parser.add_argument("--kept", type=Path, default=ROOT / "runs" / "accuracy")
    given = parser.parse_args()
    rows, ours = [], f"ours{given.label and '-'}{given.label}"
    for name in given.sets:
        if given.holdout == "test" and not SETS[name].follows:
            continue
        folder = prepared(name, given)
        for side in given.sides:
            label = ours if side == "ours" else side
            if given.again or not (folder / f"{label}.json").exists():
                run(side, folder, label, given.tree)
                done = json.loads((folder / f"{label}.json").read_text())
                said = done["failure"].strip().splitlines()[-1:] or ["done"]
                print(f"{name} {label}: {done['wall']:.0f} s, {done['cpu']:.0f} s of CPU: {said[0]}", file=sys.stderr)
        rows += scored(folder, name)
    table = pd.DataFrame(rows)
    print(table.round(4).to_string(index=False))
    print(f"\n{compared(table, ours)}")


if __name__ == "__main__":
    main()
