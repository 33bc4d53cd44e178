"""Locks: what one process does at a time, by a file that the system frees when its process ends, be it killed;
and whether a process is there."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

RETRY = 0.05  # seconds after which a lock is tried again


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Inside, no other process or thread is inside with the same `path`, a file that is there only meanwhile; it is
    waited for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    while not _locked(handle) or not _is_at(handle, path):  # its last owner has removed it
        os.close(handle)
        time.sleep(RETRY)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield
    finally:
        with suppress(PermissionError):  # Windows leaves it there
            path.unlink(missing_ok=True)
        os.close(handle)


def is_there(number: int) -> bool:
    """Whether a process of this number is at work, be it another user's."""
    try:
        return _works(number)
    except PermissionError:  # it is another user's
        return True
    except OSError:
        return False


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import _winapi
    import msvcrt

    def _locked(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _works(number: int) -> bool:
        # os.kill would end the process, whatever the signal; one that has ended is there as long as it is held on to.
        handle = _winapi.OpenProcess(_winapi.SYNCHRONIZE, False, number)
        try:
            return _winapi.WaitForSingleObject(handle, 0) == _winapi.WAIT_TIMEOUT
        finally:
            _winapi.CloseHandle(handle)
else:
    import fcntl

    def _locked(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            return True
        return True

    def _works(number: int) -> bool:
        os.kill(number, 0)
        return True
