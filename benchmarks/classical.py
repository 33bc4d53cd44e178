"""Classical models against statsforecast: CPU time of one thread, MASE, sMAPE and AICc on the same real series.

    make peers && .venv/bin/python benchmarks/classical.py --models AutoArima AutoEts AutoTheta --test

Each side runs in a process of its own. Ours fits a group in one call, which is what a run does ("ms a series"), and
then each series alone, tables and all; statsforecast fits one series after the other, after a first one that is not
counted. Times hold the fit and the forecast. Without --test the last horizon of the training parts is forecast: that
is for development; --test takes the official tests, for the figures at the end. --peers keeps what statsforecast said
between runs (times of another hour, then). --first measures what the first call of a fresh process costs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from classical_data import GROUPS, Sample, sample
from classical_scores import comparable, criteria, errors, quotient

HERE = Path(__file__).resolve().parent
OURS, PEERS = HERE.parent / ".venv/bin/python", HERE.parent / ".peers/bin/python"
COLUMNS = {
    "model": "model",
    "group": "group",
    "series": "series",
    "ours": "ours: ms a series",
    "alone": "median of one alone",
    "theirs": "statsforecast: ms a series",
    "median": "median",
    "sums": "ratio of sums",
    "medians": "their median / ours",
    "MASE": "MASE ours / theirs",
    "ratio": "ratio [95 %]",
    "sMAPE": "sMAPE",
    "AICc": "AICc at most theirs + 0.01",
    "difference": "median difference",
}
FIRST = """
import sys, time
import numpy as np
import forecast as fc
sys.path.insert(0, {folder!r})
from classical_ours import panel_of, seconds
y = 100 + 10 * np.sin(np.arange(120) * 0.5236) + np.random.default_rng(0).normal(size=120)
learner, panel = fc.{model}(season=12), panel_of([y])
for _ in range(2):
    print(1000 * seconds(learner, panel, 12)[0])
"""


def run(python: Path, *arguments: object) -> str:
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NIXTLA_NUMBA_CACHE"), "1")
    command = [str(part) for part in (python, *arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | single)
    if done.returncode:
        raise SystemExit(f"{command[1]} failed:\n{done.stderr}")
    return done.stdout


def results(series: Sample, model: str, folder: Path, kept: Path | None) -> list[dict[str, np.ndarray]]:
    """What both sides found: ours, theirs."""
    data, mine = folder / "data.npz", folder / "ours.npz"
    values = np.concatenate(series.train)
    np.savez(
        data, y=values, indptr=np.cumsum([0, *map(len, series.train)]), season=series.season, horizon=series.horizon
    )
    key = hashlib.sha256(values.tobytes() + repr((model, series.season, series.horizon)).encode()).hexdigest()[:16]
    theirs = (kept or folder) / f"{model}-{key}.npz"
    if not theirs.exists() or kept is None:
        run(PEERS, HERE / "classical_statsforecast.py", data, model, theirs)
    run(OURS, HERE / "classical_ours.py", data, model, mine)
    return [dict(np.load(file)) for file in (mine, theirs)]


def compare(series: Sample, model: str, sides: list[dict[str, np.ndarray]]) -> tuple[dict[str, Any], np.ndarray]:
    """A row of the table, and the errors of both sides: (series, ours and theirs, MASE and sMAPE)."""
    mine, peer = sides
    scores = np.stack([errors(series, side["forecast"]) for side in sides], 1)
    scores = scores[np.isfinite(scores).all(axis=(1, 2))]
    ours, alone, theirs = 1000 * mine["together"] / len(series.train), 1000 * mine["alone"], 1000 * peer["alone"]
    aicc = [criteria(series, model, side) for side in sides]
    with np.errstate(invalid="ignore"):
        lower = (aicc[0] - aicc[1])[comparable(model, *sides) & np.isfinite(aicc[0]) & np.isfinite(aicc[1])]
    (mase, smape), (their_mase, their_smape) = scores.mean(axis=0)
    return {
        "series": len(series.train), "ours": float(ours), "alone": float(np.median(alone)),
        "theirs": float(theirs.mean()), "median": float(np.median(theirs)), "sums": float(theirs.mean() / ours),
        "medians": float(np.median(theirs) / ours), "MASE": [mase, their_mase],
        "ratio": quotient(scores[:, 0, 0], scores[:, 1, 0]), "sMAPE": [smape, their_smape],
        "AICc": float(np.mean(lower <= 0.01)) if len(lower) else None,
        "difference": float(np.median(lower)) if len(lower) else None,
    }, scores  # fmt: skip


def line(row: dict[str, Any]) -> str:
    """A row as the table shows it."""
    shown = {
        "ours": "{:.3f}", "alone": "{:.2f}", "theirs": "{:.1f}", "median": "{:.1f}", "sums": "{:.0f}x",
        "medians": "{:.0f}x", "AICc": "{:.0%}", "difference": "{:.2f}",
    }  # fmt: skip
    cells = {name: "-" if row[name] is None else text.format(row[name]) for name, text in shown.items()}
    cells |= {"MASE": "{:.3f} / {:.3f}".format(*row["MASE"]), "sMAPE": "{:.2f} / {:.2f}".format(*row["sMAPE"])}
    cells["ratio"] = "{:.3f} [{:.3f}, {:.3f}]".format(*row["ratio"])
    return f"| {' | '.join(str(cells.get(name, row[name])) for name in COLUMNS)} |"


def first(model: str) -> None:
    """Prints what the first fit and forecast of fresh processes cost above the second, in ms of CPU."""
    code = FIRST.format(folder=str(HERE), model=model)
    times = np.array([[float(t) for t in run(OURS, "-c", code).split()] for _ in range(5)])
    more = np.median(times[:, 0] - times[:, 1])
    print(f"{model}: first call {np.median(times[:, 0]):.1f} ms, second {np.median(times[:, 1]):.1f}, {more:.1f} more")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["AutoArima", "AutoEts", "AutoTheta"])
    parser.add_argument("--groups", nargs="+", default=list(GROUPS), choices=list(GROUPS))
    parser.add_argument("--share", type=float, default=1.0, help="of the usual number of series")
    parser.add_argument("--test", action="store_true", help="forecast the official tests")
    parser.add_argument("--peers", type=Path, help="a folder that keeps statsforecast's results")
    parser.add_argument("--json", type=Path, help="where the figures go as JSON")
    parser.add_argument("--first", action="store_true", help="only measure first calls")
    given = parser.parse_args()
    if given.first:
        for model in given.models:
            first(model)
        return
    if not PEERS.exists():
        raise SystemExit("The peers are not installed: run 'make peers' first.")
    if given.peers:
        given.peers.mkdir(parents=True, exist_ok=True)
    print(f"| {' | '.join(COLUMNS.values())} |\n" + "|---" * len(COLUMNS) + "|")
    rows, totals = [], {}
    for model in given.models:
        scores = []
        for group in given.groups:
            series = sample(group, given.share, given.test)
            with tempfile.TemporaryDirectory() as folder:
                sides = results(series, model, Path(folder), given.peers)
            row, found = compare(series, model, sides)
            rows.append({"model": model, "group": group} | row)
            scores.append(found)
            print(line(rows[-1]), flush=True)
        every = np.concatenate(scores)
        totals[model] = quotient(every[:, 0, 0], every[:, 1, 0])
        ratio = "{:.3f} [{:.3f}, {:.3f}]".format(*totals[model])
        print(f"{model}, all {len(every)}: MASE ratio {ratio}")
    if given.json:
        given.json.write_text(json.dumps({"test": given.test, "rows": rows, "all": totals}, indent=1))


if __name__ == "__main__":
    main()
