"""Locks: whether a process is there, as Windows tells it too."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from forecast import engine, locks
from forecast.folders import BROKEN, RUNNING, Keeping, status

WORKING, ENDED, FOREIGN, NEVER = 4, 8, 12, 16  # numbers of processes


class Kernel(SimpleNamespace):
    """What CPython asks of Windows."""

    SYNCHRONIZE, WAIT_OBJECT_0, WAIT_TIMEOUT = 0x100000, 0, 0x102

    def __init__(self) -> None:
        super().__init__(held=set[int]())

    def OpenProcess(self, access: int, inherit: bool, number: int) -> int:
        assert (access, inherit) == (self.SYNCHRONIZE, False)
        if number == FOREIGN:
            raise PermissionError(13, "Access is denied", None, 5)
        if number == NEVER:
            raise OSError(22, "The parameter is incorrect", None, 87)
        self.held.add(number)
        return number

    def WaitForSingleObject(self, handle: int, milliseconds: int) -> int:
        assert milliseconds == 0
        return self.WAIT_TIMEOUT if handle == WORKING else self.WAIT_OBJECT_0

    def CloseHandle(self, handle: int) -> None:
        self.held.remove(handle)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as it is there, where a signal of any number ends a process."""
    kernel = Kernel()
    monkeypatch.setitem(sys.modules, "_winapi", kernel)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace())  # type: ignore[arg-type]
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "kill", lambda number, signal: pytest.fail(f"process {number} was ended"))
    spec = importlib.util.spec_from_file_location("locks_of_windows", locks.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.kernel = kernel  # type: ignore[attr-defined]
    return module


def test_on_windows_to_ask_for_a_process_does_not_end_it(windows: ModuleType) -> None:
    assert [windows.is_there(number) for number in (WORKING, ENDED, FOREIGN, NEVER)] == [True, False, True, False]
    assert not windows.kernel.held


def test_a_run_on_windows_is_under_way_while_its_process_is(
    windows: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forecast.folders.is_there", windows.is_there)
    for number, expected in ((WORKING, RUNNING), (ENDED, BROKEN)):
        with monkeypatch.context() as there:
            there.setattr(os, "getpid", lambda number=number: number)
            with Keeping.open(tmp_path / str(number), "a", "").listening():
                pass
        assert status(tmp_path / str(number)) == expected


def test_a_process_is_there_up_to_its_end() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert locks.is_there(child.pid)
    child.communicate(b"\n")
    assert not locks.is_there(child.pid)
    assert locks.is_there(os.getpid())


def test_a_worker_ends_with_its_process_though_it_is_given_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where the number of the parent stays what it was."""

    class Over(Exception):
        pass

    def over(code: int) -> None:
        raise Over

    answers = iter([True, True, False])
    monkeypatch.setattr(os, "getppid", lambda: WORKING)
    monkeypatch.setattr(os, "_exit", over)
    monkeypatch.setattr(engine, "is_there", lambda number: number == WORKING and next(answers))
    monkeypatch.setattr(engine, "LOOK", 0.0)
    with pytest.raises(Over):
        engine._end_with(WORKING)
    assert not list(answers)
