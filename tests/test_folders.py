"""Folders of runs: what is left of a run that was killed, who may work on one, where they may lie."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import forecast as fc
from forecast.folders import DONE, PAUSED, SEARCH, Keeping, aside, runs, status
from forecast.run_table import trials


def run_here(output: Path, **more: object) -> fc.Run:
    table = fc.datasets.load("air_passengers_monthly")
    names = {"time": "month", "target": "passengers", "horizon": 6, "learners": ["SeasonalNaive"], "folds": 1}
    return fc.run(table, output=output, progress=False, **names, **more)  # type: ignore[arg-type]


def paused(output: Path) -> None:
    mark = json.loads((output / "run.json").read_text())
    (output / "run.json").write_text(json.dumps(mark | {"status": PAUSED}))


def test_a_run_that_was_killed_while_it_tidied_up_is_done(tmp_path: Path) -> None:
    output = tmp_path / "run"
    run_here(output)
    shutil.copytree(output / SEARCH, aside(output))
    (next((aside(output) / "trials").iterdir())).unlink()  # a part was removed
    assert status(output) == DONE
    assert list(runs(tmp_path)["status"]) == [DONE]
    with pytest.raises(ValueError, match="is done: there is nothing to go on with"):
        fc.resume(output)
    run_here(output)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run"]


def test_a_resume_that_is_refused_or_killed_leaves_the_run_paused(tmp_path: Path) -> None:
    output, table = tmp_path / "run", fc.datasets.load("air_passengers_monthly")
    run_here(output)
    paused(output)
    with pytest.raises(ValueError, match="trials must be a whole number from 1 on"):
        fc.resume(output, table, trials=0)
    (tmp_path / "..run.search.writing.abc" / "trials").mkdir(parents=True)  # as if killed while it copied
    assert status(output) == PAUSED
    assert fc.resume(output, table, progress=False).winner == "SeasonalNaive"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run"]


def test_a_second_run_of_the_same_process_is_refused(tmp_path: Path) -> None:
    kept = Keeping.open(tmp_path / "run", "a", "")
    with pytest.raises(ValueError, match="is under way"):
        Keeping.open(tmp_path / "run", "b", "")
    with kept.listening():
        pass
    with Keeping.open(tmp_path / "run", "b", "").listening(), pytest.raises(ValueError, match="is under way"):
        run_here(tmp_path / "run")


def test_the_folder_of_a_run_may_be_here_and_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "50%20 of {what}?mode=memory#1"
    run_here(output)
    assert (output / SEARCH / "trials.db").exists()
    monkeypatch.chdir(output)
    assert status(".") == DONE
    assert len(trials(".")) == len(trials(output)) == 1


def test_a_link_to_a_folder_is_written_through(tmp_path: Path) -> None:
    far, output = tmp_path / "disk" / "air", tmp_path / "runs" / "run"
    output.parent.mkdir()
    output.symlink_to(far)
    with Keeping.open(output, "a", "").listening():
        assert list(runs(output.parent)["status"]) == ["running"]
        with pytest.raises(ValueError, match="is under way"):
            Keeping.open(far, "a", "")
    for _ in range(2):  # there is nothing yet, then an earlier run
        run_here(output)
        assert output.is_symlink()
        assert status(far) == status(output) == DONE
        assert [p.name for p in (*far.parent.iterdir(), *output.parent.iterdir())] == ["air", "run"]
    assert list(runs(output.parent)["status"]) == [DONE]


def test_a_folder_that_cannot_be_written_to_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "run"
    run_here(output)
    before = {f: f.stat().st_mtime_ns for f in output.rglob("*")}
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and real(path, mode))
    assert list(trials(output)["learner"]) == ["SeasonalNaive"]
    assert {f: f.stat().st_mtime_ns for f in output.rglob("*")} == before


OPENED = """
import sys, time
import forecast.folders as folders
read = folders._state
def slow(output):
    found = read(output)
    time.sleep(0.5)  # for the other process to look too
    return found
folders._state = slow
print("there", flush=True)
sys.stdin.readline()
try:
    folders.Keeping.open(sys.argv[1], "a", "")
    print("won", flush=True)
except ValueError as error:
    print(error, flush=True)
sys.stdin.readline()
"""


def test_of_two_processes_that_open_a_folder_at_once_one_does(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPENED, str(tmp_path / "run")]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]

    def said(word: str) -> list[str]:
        for one in both:
            one.stdin.write(f"{word}\n")  # type: ignore[union-attr]
            one.stdin.flush()  # type: ignore[union-attr]
        return sorted(one.stdout.readline() for one in both)  # type: ignore[union-attr]

    try:
        assert [one.stdout.readline() for one in both] == ["there\n"] * 2  # type: ignore[union-attr]
        refused, won = said("open")
        assert won == "won\n"
        assert "is under way (process" in refused
    finally:
        for one in both:
            one.kill()
            one.communicate()
    assert [p.name for p in tmp_path.iterdir()] == [aside("run").name]


def test_a_lock_that_a_killed_process_left_is_free(tmp_path: Path) -> None:
    (tmp_path / f"{aside('run').name}.lock").touch()
    Keeping.open(tmp_path / "run", "a", "").close()
    assert not list(tmp_path.iterdir())
