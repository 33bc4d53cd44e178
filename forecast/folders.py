"""Folders of runs: what is kept of a run that is under way, and the list of runs.

While a run searches, its trials lie beside the folder that it will fill: `runs/.x.search` for `runs/x`. They move
into the folder, as `search`, once the results are written; a run that was killed finds them where they were.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from featurizers.panel import Panel
from forecast.attempts import at_work
from forecast.files import discard, forget_broken, whole_folder, write_whole
from forecast.locks import alone, is_there
from forecast.store import Store

BOARD = "leaderboard.parquet"
SEARCH, JOB, MARK, STATE, HALT = "search", "job.toml", "run.json", "search.json", "halt"
DONE, RUNNING, PAUSED, CANCELLED, BROKEN = "done", "running", "paused", "cancelled", "broken off"
OURS = set[Path]()  # the folders at which threads of this process are at work
GUARD = threading.Lock()  # held while it is seen whether one is


def aside(folder: str | Path) -> Path:
    """Where the trials of a run lie while it is under way."""
    folder = Path(os.path.realpath(folder))  # '.' has no name, and a link leads to the same run
    return folder.with_name(f".{folder.name}.{SEARCH}")


def check(path: str | Path) -> None:
    """ValueError if `path` holds something that is not a run: only a folder of an earlier run is replaced."""
    folder = Path(path)
    if folder.is_file() or (folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists()):
        raise ValueError(f"The output folder {str(folder)!r} holds something that is not a run: choose another.")


def fingerprint(panel: Panel) -> str:
    """The same for the same data, whatever they were read from."""
    digest = hashlib.sha256()
    for name, values in {"times": panel.times, "indptr": panel.indptr, **panel.columns}.items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    digest.update(panel.ids.to_csv(index=False).encode())
    return digest.hexdigest()


@dataclass(eq=False)
class Keeping:
    """The trials of a run that is under way, and whether it was asked to end."""

    folder: Path
    store: Store
    signalled: bool = False

    @classmethod
    def open(cls, output: str | Path, identity: str, job: str, *, higher: bool = False, again: bool = False) -> Keeping:
        """Go on with the trials of the same job on the same data, or begin anew, unless it has to be `again` the same;
        `higher`: more of the metric is better. ValueError if a process or a thread is at work on the folder, or it is
        not the same."""
        folder = aside(output)
        with alone(folder.with_name(f"{folder.name}.lock")):  # until its process is told of in the folder
            with GUARD:
                state = _state(output)
                if folder in OURS or (state.get("pid") != os.getpid() and _alive(state)):
                    number = os.getpid() if folder in OURS else state["pid"]
                    raise ValueError(f"The run {str(output)!r} is under way (process {number}): wait for it, or end it "
                                     f"with 'forecast pause {output}'.")  # fmt: skip
                OURS.add(folder)
            try:
                return cls._begun(output, identity, job, higher, again)
            except BaseException:
                OURS.discard(folder)
                raise

    @classmethod
    def _begun(cls, output: str | Path, identity: str, job: str, higher: bool, again: bool) -> Keeping:
        folder = aside(output)
        own = Path(output) / SEARCH
        if _over(output):
            discard(folder)
        forget_broken(folder)
        copied = again and not folder.exists()
        state = _read(own) if copied else _state(output)
        if again and state and state.get("identity") != identity:
            raise ValueError(f"The run {str(output)!r} cannot go on: its table, or what it was asked for, is not what "
                             "it was. Run the job anew, or with the table as it was.")  # fmt: skip
        if state.get("identity") != identity:
            discard(folder)
        elif copied:
            with whole_folder(folder) as filling:
                shutil.copytree(own, filling, dirs_exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / HALT).unlink(missing_ok=True)
        write_whole(folder / JOB, job)
        mark = {"identity": identity, "pid": os.getpid(), "boot": _boot(), "higher": higher, "begun": time.time_ns()}
        write_whole(folder / STATE, json.dumps(mark))
        store = Store(folder)
        store.begun = time.monotonic() - store.spent
        return cls(folder, store)

    def halt(self) -> bool:
        """Whether the run is to end with what it has."""
        return self.signalled or (self.folder / HALT).exists()

    @property
    def spent(self) -> float:
        """The seconds that the run had taken before."""
        return time.monotonic() - self.store.begun

    @property
    def cancelled(self) -> bool:
        """Whether it was not only paused."""
        file = self.folder / HALT
        return file.exists() and file.read_text("utf-8") == CANCELLED

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Inside, SIGTERM and the first Ctrl-C ask the run to end with what it has; a learner that is being tried is
        not waited for. After it others may work on the folder."""
        try:
            with self._signals():
                yield
        finally:
            OURS.discard(self.folder)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = [signal.getsignal(number) for number in numbers]

        def asked(number: int, frame: object) -> None:
            for one, old in zip(numbers, before, strict=True):
                signal.signal(one, old)  # the second one ends the process, as always
            self.signalled = True
            if at_work:
                raise KeyboardInterrupt

        for number in numbers:
            signal.signal(number, asked)
        try:
            yield
        finally:
            for one, old in zip(numbers, before, strict=True):
                signal.signal(one, old)

    def close(self) -> None:
        """Forget the trials, which lie in the run's folder now."""
        self.store.close()
        discard(self.folder)


def reopened(output: str | Path) -> Path:
    """The folder with the job of a run to go on with. ValueError if there is none."""
    folder = Path(output)
    kept = aside(output)
    if (kept / JOB).exists() and not _over(output):
        return kept
    if not (folder / MARK).exists():
        raise ValueError(f"There is no run {str(folder)!r}. 'forecast runs' lists those in 'runs'.")
    status = _about(folder)["status"]
    if status != PAUSED:
        raise ValueError(f"The run {str(folder)!r} is {status}: there is nothing to go on with.")
    return folder


def ask_to_end(output: str | Path, how: str) -> None:
    """Ask the process of a run to end it as `how` says: "paused" or "cancelled". ValueError if none is at work."""
    if not Path(output).exists() and not aside(output).exists():
        raise ValueError(f"There is no run {str(output)!r}.")
    if not _alive(_state(output)):
        raise ValueError(f"The run {str(output)!r} is not under way.")
    write_whole(aside(output) / HALT, how)


def runs(folder: str | Path = "runs") -> pd.DataFrame:
    """The runs in a folder, the latest first: run, status, winner, metric, score, trials, seconds, started."""
    folder = Path(folder)
    begun = {p.name[1 : -len(SEARCH) - 1] for p in folder.glob(f".*.{SEARCH}") if (p / STATE).exists()}
    begun |= {p.name for p in folder.glob("*") if p.is_symlink() and (aside(p) / STATE).exists()}
    begun -= {name for name in begun if _over(folder / name)}
    names = begun | {p.parent.name for p in folder.glob(f"*/{MARK}")}
    rows = []
    for name in sorted(names):
        about = _about(folder / name)
        if name in begun:
            store = Store(aside(folder / name))
            about |= {"status": status(folder / name), "trials": len(store), "seconds": round(store.spent, 1)}
            store.close()
        rows.append({"run": str(folder / name), **about})
    columns = ["run", "status", "winner", "metric", "score", "trials", "seconds", "started"]
    found = pd.DataFrame(rows, columns=columns).astype({"score": float})  # None where it is undefined
    return found.sort_values(["started", "run"], ascending=[False, True], na_position="first", ignore_index=True)


def status(output: str | Path) -> str:
    """ "running", "broken off" (go on with resume), "paused" (the same), "cancelled" or "done"."""
    if (aside(output) / STATE).exists() and not _over(output):
        return RUNNING if _alive(_state(output)) else BROKEN
    return str(_about(Path(output))["status"])


def _about(folder: Path) -> dict[str, Any]:
    if not (folder / MARK).exists():
        return {"status": BROKEN}
    return {"status": DONE} | json.loads((folder / MARK).read_text("utf-8"))


def _state(output: str | Path) -> dict[str, Any]:
    return _read(aside(output))


def _over(output: str | Path) -> bool:
    """Whether what lies aside is in the run's folder: its process was killed when it had only to remove it."""
    return (Path(output) / MARK).exists() and bool(_state(output)) and _state(output) == _read(Path(output) / SEARCH)


def _read(folder: Path) -> dict[str, Any]:
    file = folder / STATE
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def _alive(state: dict[str, Any]) -> bool:
    """Whether the process of a state is there; after the machine was started again its number may be another's."""
    return "pid" in state and state.get("boot") == _boot() and is_there(state["pid"])


def _boot() -> str:
    file = Path("/proc/sys/kernel/random/boot_id")
    return file.read_text("ascii").strip() if file.exists() else ""
