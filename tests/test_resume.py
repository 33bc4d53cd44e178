"""Runs that are killed, paused, cancelled and gone on with, by the command line in processes of their own."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.files import write_whole
from forecast.folders import (
    BROKEN,
    CANCELLED,
    DONE,
    PAUSED,
    RUNNING,
    SEARCH,
    STATE,
    Keeping,
    _boot,
    aside,
    runs,
    status,
)
from forecast.recipes import describe, write_toml
from forecast.run_table import trials
from forecast.store import Store
from tests.test_search import RIDGE

APART = (SEARCH, "run.json", "job.toml")  # they hold seconds, or the path of the run


def write_job(folder: Path, count: int) -> Path:
    """A job of `count` trials on a bundled table."""
    job = {"horizon": 12, "folds": 2, "season": 12, "seed": 1, "trials": count,
           "data": {"source": "dataset:air_passengers_monthly", "time": "month", "target": "passengers"},
           "learners": {"SeasonalNaive": {"SeasonalNaive": 12}, "Ridge": describe(RIDGE)}}  # fmt: skip
    path = folder / "job.toml"
    path.write_text(write_toml(job), "utf-8")
    return path


def command(*words: object) -> subprocess.Popen[str]:
    call = [sys.executable, "-c", "from forecast.cli import main; main()", *map(str, words)]
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(*words: object) -> str:
    process = command(*words)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return out


def wait_for_trials(output: Path, count: int) -> None:
    """Until a run has kept so many trials."""
    end = time.monotonic() + 120
    while len(list((aside(output) / "trials").glob("*.npz"))) < count:
        assert time.monotonic() < end, "no trials"
        time.sleep(0.01)


def digest(folder: Path) -> dict[str, str]:
    """Of all that the same trials must give again."""
    files = [f.relative_to(folder) for f in sorted(folder.rglob("*")) if f.is_file()]
    return {str(f): hashlib.sha256((folder / f).read_bytes()).hexdigest() for f in files if f.parts[0] not in APART}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of 14 trials that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    finished("run", write_job(folder, 14), "--output", folder / "run")
    return folder / "run"


@pytest.mark.parametrize("kept", [1, 5, 9])
def test_a_run_that_was_killed_goes_on_to_the_same_bytes(kept: int, whole: Path, tmp_path: Path) -> None:
    output = tmp_path / "run"
    process = command("run", write_job(tmp_path, 14), "--output", output)
    wait_for_trials(output, kept)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (tmp_path / ".run.writing.abc").mkdir(exist_ok=True)  # as if it had been killed while it wrote
    assert not output.exists()
    assert status(output) == BROKEN
    listed = runs(tmp_path)
    assert list(listed["status"]) == [BROKEN]
    assert 0 <= listed["trials"][0] <= 14
    finished("resume", output)
    assert digest(output) == digest(whole)
    assert not list(tmp_path.glob(".run.*"))


def test_a_paused_run_is_valid_and_goes_on_to_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    output = tmp_path / "run"
    process = command("run", write_job(tmp_path, 14), "--output", output)
    wait_for_trials(output, 3)
    os.kill(process.pid, signal.SIGTERM)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    about = json.loads((output / "run.json").read_text())
    assert (about["status"], about["ended"]) == (PAUSED, "stopped")
    assert 2 <= about["trials"] < 14
    assert len(pd.read_parquet(output / "forecasts.parquet")) == 12
    assert fc.load(output).origin is not None
    finished("resume", output)
    assert digest(output) == digest(whole)


def test_a_run_is_ended_from_another_terminal(tmp_path: Path) -> None:
    output = tmp_path / "run"
    process = command("run", write_job(tmp_path, 500), "--output", output)
    wait_for_trials(output, 2)
    assert "running" in finished("runs", tmp_path)
    finished("cancel", output)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert status(output) == CANCELLED
    refused = command("resume", output)
    assert "cancelled" in refused.communicate(timeout=60)[1]
    assert refused.returncode == 2


def test_the_run_table_by_any_metric(whole: Path) -> None:
    assert status(whole) == DONE
    found = trials(whole)
    assert len(found) == 14
    pruned = found["state"] == "pruned"
    assert found.loc[~pruned, "mase"].dropna().is_monotonic_increasing
    assert not pruned[: int((~pruned).sum())].any()  # first folds alone do not compare
    by = trials(whole, "rmse")
    assert by.loc[by["state"] != "pruned", "rmse"].dropna().is_monotonic_increasing
    assert "Ridge" in finished("trials", whole, "--metric", "rmse")
    assert found["settings"].str.contains("features=(Lags", regex=False).any()  # by name, not by place
    with pytest.raises(ValueError, match="no metric"):
        trials(whole, "rmses")


def test_the_run_table_says_whose_trials_they_are(tmp_path: Path) -> None:
    table = fc.datasets.load("air_passengers_monthly").assign(line="a")
    table = pd.concat([table, table.assign(line="b", passengers=table["passengers"] ** 0.5)])
    job = {"id": "line", "time": "month", "target": "passengers", "horizon": 6, "folds": 2, "by": "line"}
    fc.run(table, **job, learners=["SeasonalNaive", "Ridge"], trials=3, output=tmp_path / "run", progress=False)
    found = trials(tmp_path / "run")
    assert list(found["group"]) == ["line=a"] * 3 + ["line=b"] * 3
    assert all(set(part["trial"]) == {0, 1, 2} for _, part in found.groupby("group"))
    assert all(part["mase"].dropna().is_monotonic_increasing for _, part in found.groupby("group"))


def test_other_data_begin_anew_and_the_same_go_on(tmp_path: Path) -> None:
    table = fc.datasets.load("air_passengers_monthly")
    names = {"time": "month", "target": "passengers", "horizon": 12, "learners": {"Ridge": RIDGE}, "folds": 2}
    output = tmp_path / "run"

    def run(frame: pd.DataFrame, **more: object) -> fc.Run:
        return fc.run(frame, output=str(output), progress=False, **names, **more)  # type: ignore[arg-type]

    first = run(table, trials=6)
    other = run(table.assign(passengers=table["passengers"] * 2), trials=6)
    assert other.selection.trials[0].scores != first.selection.trials[0].scores
    with pytest.raises(ValueError, match="there is nothing to go on with"):
        fc.resume(output)


def test_trials_are_sorted_by_bands_as_the_leaderboard_has_them(whole: Path) -> None:
    board = pd.read_parquet(whole / "leaderboard.parquet").set_index("learner")
    found = trials(whole, "wql")
    complete = found[found["state"] == "complete"]
    assert complete["wql"].is_monotonic_increasing
    ridge = found.loc[(found["learner"] == "Ridge") & (found["trial"] == 1), "wql"].item()
    assert ridge == pytest.approx(board.loc["Ridge", "wql"])
    both = trials(whole, "interval_score").set_index("trial").loc[1, "interval_score"]
    assert both == pytest.approx(board.loc["Ridge", ["interval_score80", "interval_score95"]].mean())
    with pytest.raises(ValueError, match="'coverage' does not rank trials"):
        trials(whole, "coverage")


def test_a_run_measured_by_a_function_of_the_users_own_goes_on_with_it(whole: Path, tmp_path: Path) -> None:
    def hits(actual: np.ndarray, forecast: np.ndarray) -> float:
        return float((np.abs(actual - forecast) < 20).mean())

    hits.higher_is_better = True  # type: ignore[attr-defined]
    table, output = fc.datasets.load("air_passengers_monthly"), tmp_path / "run"
    names = {"time": "month", "target": "passengers", "horizon": 12, "learners": {"Ridge": RIDGE}, "folds": 2}
    fc.run(table, metric=hits, trials=4, output=output, progress=False, **names)  # type: ignore[arg-type]
    mark = json.loads((output / "run.json").read_text())
    (output / "run.json").write_text(json.dumps(mark | {"status": PAUSED}))
    assert trials(output)["hits"].dropna().is_monotonic_decreasing
    with pytest.raises(ValueError, match="function of your own, 'hits': give it again"):
        fc.resume(output, table)
    with pytest.raises(ValueError, match="cannot go on: its table, or what it was asked for, is not what it was"):
        fc.resume(output, table.assign(passengers=table["passengers"] * 2), metric=hits, progress=False)
    assert len(fc.resume(output, table, progress=False, metric=hits, trials=6).selection.trials) == 6


def test_a_process_of_another_user_is_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(number: int, sign: int) -> None:
        raise PermissionError

    write_whole(aside(tmp_path / "run") / STATE, json.dumps({"identity": "", "pid": 1, "boot": _boot()}))
    monkeypatch.setattr(os, "kill", refused)
    assert status(tmp_path / "run") == RUNNING
    with pytest.raises(ValueError, match="is under way"):
        Keeping.open(tmp_path / "run", "", "")


def test_the_stores_of_groups_are_opened_once_and_closed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for number in range(3):
        _ = store.part(number, f"g{number}")._study  # its table is there
    assert [part.group for part in store.parts] == ["g0", "g1", "g2"]
    assert store.parts == store.parts
    assert len(store) == 0
    assert store.spent == 0.0
    parts = store.parts
    store.close()
    assert not any("_study" in vars(part) for part in parts)


ASCII = {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}


def test_names_in_any_script_need_no_locale_that_knows_them(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=30).strftime("%Y-%m-%d")
    table = pd.DataFrame({"都市": "東京", "日": days, "販売": np.arange(30) % 7.0})
    table.to_csv(tmp_path / "t.csv", index=False)
    text = 'horizon = 3\nlearners = ["Naive"]\nby = "都市"\nfolds = 1\n'
    text += '[data]\nsource = "t.csv"\nid = "都市"\ntime = "日"\ntarget = "販売"\n'
    (tmp_path / "job.toml").write_text(text, "utf-8")
    run = str(tmp_path / "run")
    for words in (["run", tmp_path / "job.toml", "-o", run], ["trials", run], ["runs", tmp_path], ["export", run],
                  ["score", run, tmp_path / "t.csv", "-o", tmp_path / "scored.csv"]):  # fmt: skip
        call = [sys.executable, "-c", "from forecast.cli import main; main()", *map(str, words)]
        done = subprocess.run(call, env={**os.environ, **ASCII}, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert "東京" in (tmp_path / "scored.csv").read_text("utf-8")
