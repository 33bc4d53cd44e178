"""Files are written whole or not at all: aside first, then renamed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

WRITING = ".writing."  # in the name of a folder that is being filled


def write_whole(path: str | Path, content: bytes | str) -> None:
    """Write `content` to `path`; whoever reads meanwhile sees the old file or the new one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(aside, 0o644)
        os.replace(aside, path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


@contextmanager
def whole_folder(path: str | Path) -> Iterator[Path]:
    """A new folder to fill; it takes the place of `path`, and of what is there, once all is written; where `path` is a
    symbolic link, of the folder that it leads to."""
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}{WRITING}"))
    old = aside.with_name(aside.name + ".old")
    try:
        yield aside
        os.chmod(aside, 0o755)
        if path.exists():
            os.replace(path, old)
        os.replace(aside, path)
    except BaseException:
        if old.exists() and not path.exists():
            os.replace(old, path)
        shutil.rmtree(aside, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


def discard(path: Path) -> None:
    """Remove the folder `path`: first out of sight, so that nobody finds a part of it, then from the disk."""
    if path.exists():
        doomed = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}{WRITING}"))
        os.replace(path, doomed / path.name)
        shutil.rmtree(doomed, ignore_errors=True)


def forget_broken(path: str | Path) -> None:
    """Remove what processes left that were killed while they filled or removed the folder `path`; none may be at it
    now."""
    path = Path(os.path.abspath(path))
    for left in path.parent.glob(f".{escape(path.name)}{WRITING}*"):
        shutil.rmtree(left, ignore_errors=True)
