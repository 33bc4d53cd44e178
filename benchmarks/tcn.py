"""Tcn against neuralforecast's TCN and NHITS: MASE over rolling origins, and CPU seconds of training on one thread.

    python benchmarks/tcn.py [electricity ett github_dau] [--test] [--steps 1000] [--peers folder]
                             [--settings channels=64 epochs=60 patience=20]

Without --test the last rows of the training parts are forecast, which is what development looks at; with it the same
networks, which saw no more, forecast the test parts. MASE is scaled by the differences from day to day in training.
--steps: of the peers' training, 1000 by default as theirs is; --peers keeps their forecasts, which cost many minutes.
github_dau has no peer: its figure is the MAPE of forecasts of 14 days from every day, the comparison point a cloud
service's 15.1 % (with --test).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from measure import measure
from tcn_sets import Rolling, growth, rolling

from featurizers.panel import Panel
from learners.learner import Model
from learners.tcn import Tcn

HERE = Path(__file__).parent
PEERS = HERE.parent / ".peers" / "bin" / "python"
SEASON = 24


def hourly(values: np.ndarray, start: str) -> Panel:
    series, rows = values.shape
    stamps = np.tile(pd.date_range(start, periods=rows, freq="h"), series)
    names = np.repeat(np.arange(series), rows)
    table = pd.DataFrame({"series": names, "time": stamps, "load": values.ravel()})
    return Panel.read(table, id="series", time="time", target="load")


def forecast(model: Model, panel: Panel, task: Rolling) -> dict[str, np.ndarray]:
    """(series, origins, horizon) each, of the series in `panel`; what lies before `task.later` is missing."""
    look, origins = model.needs.lookback, task.origins
    padded = np.pad(task.later, ((0, 0), (look, 0)), constant_values=np.nan)
    past = np.concatenate([padded[i][origins[:, None] + np.arange(look)] for i in range(len(padded))])
    first = int(pd.Timestamp(task.later_start).timestamp()) + 3600 * np.tile(origins, len(padded))
    behind, ahead = first[:, None] + 3600 * np.arange(-look, 0), first[:, None] + 3600 * np.arange(task.horizon)
    kept = {name: np.repeat(values, len(origins), axis=0) for name, values in model.memory(panel).items()}
    found = model.predict({"target": past, "time": behind} | kept, {"time": ahead})
    return {name: values.reshape(len(padded), len(origins), -1) for name, values in found.items()}


def mase(found: np.ndarray, task: Rolling) -> float:
    scale = np.abs(task.train[:, SEASON:] - task.train[:, :-SEASON]).mean(axis=1)
    return float((np.abs(found - task.actual()).mean(axis=(1, 2)) / scale).mean())


def ours(task: Rolling, judged: Rolling, settings: dict[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    panel = hourly(task.train, task.start)
    model, spent = measure(lambda: Tcn(task.horizon, device="cpu", **settings).fit(panel))
    return forecast(model, panel, judged), spent


def theirs(name: str, on: str, folder: Path, steps: int) -> Any:
    path = folder / f"{name}-{on}-{steps}.npz"
    if not path.exists():
        command = [str(PEERS), str(HERE / "tcn_neuralforecast.py"), name, on, str(path), str(steps)]
        subprocess.run(command, check=True, capture_output=True, env=os.environ)
    return np.load(path)


def compare(on: str, folder: Path, steps: int, test: bool, settings: dict[str, Any]) -> None:
    task = rolling(on, test)
    actual, (found, spent) = task.actual(), ours(rolling(on, False), task, settings)
    inside = np.mean((actual >= found["lo80"]) & (actual <= found["hi80"]))
    print(f"{on:12} Tcn    MASE {mase(found['forecast'], task):.3f}  {spent['cpu']:.0f} s of CPU, "
          f"{spent['wall']:.0f} s; inside 80 %: {inside:.3f}", flush=True)  # fmt: skip
    latest = task.origins[:, None] - SEASON + np.arange(task.horizon) % SEASON
    print(f"{on:12} naive  MASE {mase(task.later[:, latest], task):.3f}", flush=True)
    for name in ("TCN", "NHITS"):
        peer = theirs(name, on, folder, steps)
        reached = mase(peer["test" if test else "forecast"], task)
        print(f"{on:12} {name:6} MASE {reached:.3f}  {peer['cpu']:.0f} s of CPU, "
              f"{peer['wall']:.0f} s; {steps} steps of neuralforecast", flush=True)  # fmt: skip


def users(test: bool) -> None:
    """Daily users of a site, 14 days ahead from every day after training."""
    table, cut = growth(test)
    panel = Panel.read(table, time="date", target="count", known=["holiday"])
    train = panel.rows(panel.times <= np.datetime64(cut))
    model, spent = measure(lambda: Tcn(14, known=("holiday",), device="cpu").fit(train))
    origins = np.arange(len(train), len(panel) - 14 + 1)
    columns = {"time": panel.clock(), "target": panel.y, "holiday": panel.columns["holiday"]}
    look = model.needs.lookback
    state = {n: columns[n][origins[:, None] + np.arange(-look, 0)] for n in ("target", *model.needs.past)}
    state |= {n: np.repeat(values, len(origins), axis=0) for n, values in model.memory(train).items()}
    future = {n: columns[n][origins[:, None] + np.arange(14)] for n in (*model.needs.ahead, "time")}
    actual = panel.y[origins[:, None] + np.arange(14)]
    usual = panel.y[origins[:, None] - 7 + np.arange(14) % 7]
    found = model.predict(state, future)["forecast"]
    error, naive = (100 * np.nanmean(np.abs(values - actual) / actual) for values in (found, usual))
    print(f"github_dau   Tcn    MAPE {error:.2f} %  {spent['cpu']:.0f} s of CPU; seasonal naive {naive:.2f} %")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sets", nargs="*", default=["electricity", "ett", "github_dau"])
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--settings", nargs="*", default=[], help="of our network, whole numbers")
    given = parser.parse_args()
    settings = {name: int(value) for name, _, value in (text.partition("=") for text in given.settings)}
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as temporary:
        for name in given.sets:
            if name == "github_dau":
                users(given.test)
            else:
                compare(name, given.peers or Path(temporary), given.steps, given.test, settings)


if __name__ == "__main__":
    sys.exit(main())
