"""Output: the folder of a run, written aside and renamed when it is whole."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from featurizers.findings import Finding, Findings
from featurizers.panel import Panel
from forecast.export import to_onnx
from forecast.files import forget_broken, whole_folder
from forecast.folders import BOARD, CANCELLED, DONE, HALT, JOB, MARK, PAUSED, SEARCH, Keeping, fingerprint
from forecast.job import Job
from forecast.metrics import find
from forecast.recipes import describe, write_toml
from forecast.report import write_report
from forecast.running import GIVEN, TABLES, Run
from forecast.saving import save
from forecast.sweep import Sweep
from forecast.tables import Tables
from forecast.versions import versions
from learners.each import reason
from learners.learner import Learner
from learners.regressors.foreign import foreign

LIMITS = {"trials", "time_limit", "exit_score", "patience", "workers", "output"}  # leave the trials what they are
PLAIN = (str, int, float, bool, list, tuple, Mapping)  # kinds of values that TOML holds
DEEPEST = 20  # levels of a part of the user's own that are told: its attributes may lead back to it


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
            check = to_onnx(run.model, folder / "model.onnx", run.job.horizon, gap=run.job.gap)
        except Exception as error:  # whatever a part, or the runtime, says of a graph
            told(f"model.onnx could not be written: {error if isinstance(error, ValueError) else reason(error)}")
    return replace(run, findings=Findings((*run.findings, *lost)), check=check)


def keeping(job: Job, sweep: Sweep, tables: Tables, ahead: Any, again: bool = False) -> Keeping:
    """Where the trials of a resolved job are kept; those of an earlier, broken run of the same job are there. `ahead`
    is what is known of the next rows. ValueError if it has to be `again` the same, but is not."""
    told = settings(job, sweep.recipes, sweep.season)
    same = {name: value for name, value in told.items() if name not in {*LIMITS, *TABLES, "left_out"}}
    same["data"] = {name: value for name, value in same["data"].items() if name != "source"}  # wherever it lies
    prints = [_print(table) for table in (tables.train, tables.whole, ahead)]
    identity = " ".join([sha256(write_toml(same).encode()).hexdigest(), *prints])
    higher = bool(find(job.metric).higher)
    return Keeping.open(str(job.output), identity, write_toml(told), higher=higher, again=again)


def _print(table: Panel | pd.DataFrame | None) -> str:
    """The fingerprint of a table, "-" of none."""
    if isinstance(table, pd.DataFrame):
        return sha256(table.to_csv(index=False).encode()).hexdigest()
    return "-" if table is None else fingerprint(table)


def settings(job: Job, entered: Mapping[str, Learner], season: int | None) -> dict[str, Any]:
    """The job as resolved, its learners as recipes, so that it can be read, edited and run again; `season` is that of
    mase and of the seasonal naive forecast."""
    values = vars(job) | {"season": season, "left_out": dict(job.left_out) or None}
    values |= {name: _lasting(values[name]) for name in TABLES if values[name] is not None}
    given = {n: v for n, v in values.items() if v is not None and n not in ("data", "learners")}
    plain = {n: v for n, v in job.data.items() if isinstance(v, PLAIN) and n != "source"}
    source = _lasting(job.data.get("source"))
    if source != GIVEN:
        plain = {"source": source, **plain}
    learners = {name: _described(recipe) for name, recipe in entered.items()}
    return given | {"metric": find(job.metric).name, "data": plain, "learners": learners}


def _lasting(table: Any) -> Any:
    """What a file can hold of a table: its path from the root, a query, a stamp or a number; GIVEN for a frame."""
    table = str(table) if isinstance(table, Path) else table
    if not isinstance(table, int | str):
        return GIVEN
    return os.path.realpath(table) if isinstance(table, str) and os.path.exists(table) else table


def _described(recipe: Learner) -> Any:
    try:
        return describe(recipe)
    except ValueError:  # a part of the user's own: it is named, but can't be made again from its name
        return _named(recipe)


def _named(value: Any, depth: int = 0) -> str:
    """A part by its class and settings, as `repr` tells it, but without addresses, which no two processes share."""
    if isinstance(value, tuple | list):
        return f"({', '.join(_named(item, depth + 1) for item in value)})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {_named(item, depth + 1)}' for key, item in value.items())}}}"
    known = is_dataclass(value) and not isinstance(value, type)
    if not known and " at 0x" not in repr(value):
        return repr(value)
    names = [f.name for f in fields(value)] if known else [*getattr(value, "__dict__", ())]
    names = names if depth < DEEPEST else []
    inner = ", ".join(f"{name}={_named(getattr(value, name), depth + 1)}" for name in names)
    return f"{getattr(value, '__qualname__', type(value).__qualname__)}({inner})"


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
