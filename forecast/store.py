"""Trials: what a sweep tried, and the table of them in a run's folder."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast.attempts import Attempt
from forecast.files import write_whole
from forecast.metrics import Metric

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

COMPLETE, PRUNED, FAILED = "complete", "pruned", "failed"
TABLE, FORECASTS = "trials.db", "trials"  # the files of a store
STUDY = "trials"
PART = "group"  # the folders of the stores of groups


@dataclass(frozen=True, eq=False)
class Trial:
    """One recipe on the folds, or on the first of them where it was clearly behind: `pruned`."""

    number: int
    learner: str  # the recipe, by its name among those of the sweep
    values: Mapping[str, float | int]  # its open settings by path: numbers, and the places of options
    state: str
    attempts: tuple[Attempt, ...] = field(repr=False)  # with their forecasts, one for each fold that was tried
    scores: Mapping[str, float] = field(default_factory=dict)  # metric -> mean over the folds tried
    group: str = ""  # of series, whose own sweep tried it
    shown: Mapping[str, str] = field(default_factory=dict)  # the values for people

    @property
    def seconds(self) -> float:
        """Of fitting and forecasting, all folds together."""
        return sum(a.fit_seconds + a.predict_seconds for a in self.attempts)

    @property
    def failure(self) -> str:
        """The first reason why a fold has no forecast."""
        return next((a.failure for a in self.attempts if a.failure), "")


class Store:
    """The trials of a run in its folder: `trials.db`, an Optuna study in SQLite, and the forecasts of each trial.

    A trial is in the table only once its forecasts are written, so that a run that is killed has whole trials.
    """

    def __init__(self, folder: str | Path, group: str = "") -> None:
        self.folder, self.group, self.begun = Path(folder), group, time.monotonic()
        self._opened: dict[Path, Store] = {}

    def load(self) -> dict[int, Trial]:
        """The trials by number."""
        found = [self._trial(frozen) for frozen in self._kept]
        return {trial.number: trial for trial in found}

    def every(self) -> list[Trial]:
        """The trials of all groups."""
        found = list(self.load().values())
        for part in self.parts:
            found += part.load().values()
        return found

    def __len__(self) -> int:
        return len(self._kept) + sum(len(part._kept) for part in self.parts)

    @property
    def spent(self) -> float:
        """The seconds that the run had taken when its last trial was kept."""
        kept = [t for part in (self, *self.parts) for t in part._kept]
        return max((float(t.user_attrs.get("spent", 0.0)) for t in kept), default=0.0)

    @property
    def parts(self) -> list[Store]:
        """Those of the groups."""
        return [self._open(folder) for folder in sorted(self.folder.glob(f"{PART}*"))]

    def _open(self, folder: Path) -> Store:
        """The store of a group, the same one each time, so that its files are opened once."""
        if folder not in self._opened:
            self._opened[folder] = Store(folder)
        return self._opened[folder]

    def close(self) -> None:
        """Let go of the files, those of the groups too."""
        for part in self._opened.values():
            part.close()
        if "_study" in self.__dict__:
            self._storage.engine.dispose()
            del self.__dict__["_study"]

    def save(self, trial: Trial, frozen: FrozenTrial) -> None:
        """Keep a trial; `frozen` is what Optuna knows of it."""
        arrays = {f"{a.fold}/{name}": v for a in trial.attempts for name, v in a.outputs.items()}
        stream = io.BytesIO()
        np.savez(stream, allow_pickle=False, **arrays)
        write_whole(self._forecasts(trial.number), stream.getvalue())
        told = {"trial": trial.number, "learner": trial.learner, "state": trial.state, "values": dict(trial.values),
                "scores": {n: v for n, v in trial.scores.items() if np.isfinite(v)}, "seconds": trial.seconds,
                "attempts": [[a.fold, a.fit_seconds, a.predict_seconds, a.failure]
                             for a in trial.attempts],
                "spent": time.monotonic() - self.begun, "group": self.group,
                "shown": dict(trial.shown)}  # fmt: skip
        frozen.user_attrs.update(json.loads(json.dumps(told)))
        self._study.add_trial(frozen)

    def part(self, number: int, group: str = "") -> Store:
        """A store of its own for a group of series, by its place and its name."""
        part = self._open(self.folder / f"{PART}{number:05d}")
        part.group, part.begun = group, self.begun
        return part

    def _forecasts(self, number: int) -> Path:
        return self.folder / FORECASTS / f"{number:06d}.npz"

    @property
    def _kept(self) -> list[FrozenTrial]:
        there = (self.folder / TABLE).exists()
        return self._study.get_trials(deepcopy=False) if there else []

    @cached_property
    def _study(self) -> optuna.Study:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(self.folder, os.W_OK)
        # The file is opened here, as a path may hold what means something else in an address of Optuna.
        file = f"{(self.folder / TABLE).absolute().as_uri()}?mode={'rwc' if writable else 'ro'}"
        opened = partial(sqlite3.connect, file, uri=True, check_same_thread=False)
        self._storage = optuna.storages.RDBStorage(f"sqlite:///{TABLE}", engine_kwargs={"creator": opened})
        if not writable:
            return optuna.load_study(storage=self._storage, study_name=STUDY)
        return optuna.create_study(storage=self._storage, study_name=STUDY, load_if_exists=True)

    def _trial(self, frozen: FrozenTrial) -> Trial:
        told = frozen.user_attrs
        outputs: dict[int, dict[str, np.ndarray]] = {}
        with np.load(self._forecasts(told["trial"]), allow_pickle=False) as archive:
            for key in archive.files:
                fold, name = key.split("/", 1)
                outputs.setdefault(int(fold), {})[name] = archive[key]
        attempts = tuple(
            Attempt(told["learner"], fold, outputs.get(fold, {}), fit, predict, failure)
            for fold, fit, predict, failure in told["attempts"]
        )
        return Trial(told["trial"], told["learner"], told["values"], told["state"], attempts, told["scores"],
                     told.get("group", ""), told.get("shown", {}))  # fmt: skip


def table(trials: Iterable[Trial], metric: Metric) -> pd.DataFrame:
    """The run table, the best by `metric` first, those that were given up last: trial, learner, state, the metric,
    seconds, settings, failure; with the group in front where there are groups, one after the other."""
    columns = ["group", "trial", "learner", "state", metric.name, "seconds", "settings", "failure"]
    rows = [
        (t.group, t.number, t.learner, t.state, metric.total(t.scores), round(t.seconds, 3),
         ", ".join(f"{_short(k)}={v}" for k, v in t.shown.items()), t.failure)
        for t in trials
    ]  # fmt: skip
    found = pd.DataFrame(rows, columns=columns)
    # What was pruned is scored on its first folds alone, which does not compare with whole trials.
    found = found.assign(part=found["state"] == PRUNED).sort_values(
        ["group", "part", metric.name, "trial"], ascending=[True, True, not metric.higher, True], ignore_index=True
    )
    return found.drop(columns=["part"] if found["group"].any() else ["part", "group"])


def _short(path: str) -> str:
    """The name of a setting for people: without the wrappings that its learner is in."""
    while path.startswith("learner."):
        path = path.removeprefix("learner.")
    return path.removeprefix("regressor.").removeprefix("settings.")
