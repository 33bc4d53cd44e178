"""Output: the folder of a run, written aside and renamed when it is whole."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from featurizers.findings import Finding, Findings
from featurizers.panel import Panel
from forecast.export import to_onnx
from forecast.files import forget_broken, whole_folder
from forecast.folders import BOARD, CANCELLED, DONE, HALT, JOB, MARK, PAUSED, SEARCH, Keeping, fingerprint
from forecast.job import Job
from forecast.metrics import find
from forecast.recipes import describe, write_toml
from forecast.report import write_report
from forecast.running import Run
from forecast.saving import save
from forecast.sweep import Sweep
from forecast.versions import versions
from learners.each import reason
from learners.learner import Learner
from learners.regressors.foreign import foreign

LIMITS = {"trials", "time_limit", "exit_score", "patience", "workers", "output"}  # leave the trials what they are


def write(run: Run, started: float, kept: Keeping) -> Run:
    """Write everything that a run gave to `job.output`; a folder of an earlier run is replaced."""
    folder = Path(str(run.job.output))
    with whole_folder(folder) as aside:
        run = _fill(run, aside, started, kept)
    forget_broken(folder)
    kept.close()
    return replace(run, folder=folder)


def _fill(run: Run, folder: Path, started: float, kept: Keeping) -> Run:
    run = _deployed(run, folder)
    (folder / JOB).write_text(write_toml(settings(run.job, run.selection.entered, run.selection.season)), "utf-8")
    shutil.copytree(kept.folder, folder / SEARCH, ignore=shutil.ignore_patterns(JOB, HALT))
    findings = [finding.__dict__ for finding in run.findings]
    (folder / "findings.json").write_text(json.dumps(findings, indent=1, ensure_ascii=False), "utf-8")
    run.leaderboard.frame(seconds=False).to_parquet(folder / BOARD, index=False)
    run.leaderboard.series().to_parquet(folder / "leaderboard_series.parquet", index=False)
    run.forecasts.to_parquet(folder / "forecasts.parquet", index=False)
    run.forecasts.to_csv(folder / "forecasts.csv", index=False, encoding="utf-8", lineterminator="\n")
    run.featurization.to_parquet(folder / "featurization.parquet", index=False)
    if run.test is not None:
        run.test.frame(seconds=False).to_parquet(folder / "test.parquet", index=False)
    write_report(folder / "report.html", run)
    (folder / MARK).write_text(json.dumps(about(run, started, kept), indent=1, allow_nan=False), "utf-8")
    return run


def _deployed(run: Run, folder: Path) -> Run:
    """The model saved and exported; a finding says what could not be, as the rest of the run is worth keeping."""
    lost: list[Finding] = []

    def told(text: str) -> None:
        lost.append(Finding("not_exported", "alerted", text, column=run.winner))

    check: Mapping[str, Any] = {}
    if (stranger := foreign(run.model)) is not None:
        told(stranger.refusal("saved or exported"))
    else:
        try:
            save(run.model, folder / "model")
        except TypeError as error:  # a part of the user's own
            told(f"The model could not be saved: {error}")
        try:
            check = to_onnx(run.model, folder / "model.onnx", run.job.gap + run.job.horizon)
        except Exception as error:  # whatever a part, or the runtime, says of a graph
            told(f"model.onnx could not be written: {error if isinstance(error, ValueError) else reason(error)}")
    return replace(run, findings=Findings((*run.findings, *lost)), check=check)


def keeping(job: Job, sweep: Sweep, panel: Panel, again: bool = False) -> Keeping:
    """Where the trials of a resolved job are kept; those of an earlier, broken run of the same job are there.
    ValueError if it has to be `again` the same, but is not."""
    told = settings(job, sweep.recipes, sweep.season)
    same = {name: value for name, value in told.items() if name not in LIMITS}
    identity = f"{sha256(write_toml(same).encode()).hexdigest()} {fingerprint(panel)}"
    higher = bool(find(job.metric).higher)
    return Keeping.open(str(job.output), identity, write_toml(told), higher=higher, again=again)


def settings(job: Job, entered: Mapping[str, Learner], season: int | None) -> dict[str, Any]:
    """The job as resolved, its learners as recipes, so that it can be read, edited and run again; `season` is that of
    mase and of the seasonal naive forecast."""
    skipped = {"left_out", "data", "learners"}
    skipped |= {n for n in ("test", "known_future") if not isinstance(getattr(job, n), int | str)}  # tables
    values = vars(job) | {"season": season}
    given = {n: v for n, v in values.items() if v is not None and n not in skipped}
    source = job.data.get("source")
    plain = {n: v for n, v in job.data.items() if isinstance(v, str | int | float | bool | list | tuple)}
    if isinstance(source, str) and Path(source).exists():
        plain["source"] = str(Path(source).resolve())
    for name in ("test", "known_future"):
        if isinstance(given.get(name), str) and Path(given[name]).exists():
            given[name] = str(Path(given[name]).resolve())
    learners = {name: _described(recipe) for name, recipe in entered.items()}
    return given | {"metric": find(job.metric).name, "data": plain, "learners": learners}


def _described(recipe: Learner) -> Any:
    try:
        return describe(recipe)
    except ValueError:  # a part of the user's own: it is named, but can't be made again from its name
        return repr(recipe)


def about(run: Run, started: float, kept: Keeping) -> dict[str, Any]:
    """What `run.json` holds: all that differs between two runs of one job; `started` is in seconds since 1970."""
    stopped = CANCELLED if kept.cancelled else PAUSED
    board, metric = run.leaderboard.frame(), run.leaderboard.metric
    score = metric.total(run.leaderboard.totals[run.winner])
    taken = board.set_index("learner")[["fit_seconds", "predict_seconds"]].astype(float).round(3)
    return {
        "status": stopped if run.selection.ended == "stopped" else DONE,
        "ended": run.selection.ended,
        "trials": len(run.selection.trials),
        "winner": run.winner,
        "metric": metric.name,
        "score": score if np.isfinite(score) else None,  # undefined, as mase of series that never change
        "groups": dict(run.selection.groups),
        "seed": run.job.seed,
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
        "seconds": round(time.time() - started, 3),
        "learners": taken.to_dict("index"),
        "onnx": dict(run.check),
        "versions": versions(),
    }
