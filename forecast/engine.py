"""processes: the work of `each` spread over processes of this machine."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from learners.each import engine

# Many processes with many threads each are far slower than with one: it is set before a library can read it.
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "RAYON_NUM_THREADS",
        "POLARS_MAX_THREADS",
    ),
    "1",
)


@contextmanager
def processes(count: int | None = None) -> Iterator[None]:
    """Inside, `each` runs on `count` processes (None: one for each core that this process may use).

    Workers run serial inside, with one thread, and start fresh, so that neither a guard around the main module nor a
    module for a notebook's classes is needed. Results are those of a serial run, in the same order.
    """
    if count is None:
        count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if count < 1:
        raise ValueError(f"There must be at least 1 process, not {count}.")
    if count == 1:
        yield
        return
    from joblib.externals.loky import ProcessPoolExecutor  # type: ignore[import-untyped]

    executor = ProcessPoolExecutor(max_workers=count, env=ONE_THREAD)
    before = engine.set(partial(_spread, executor, count))
    try:
        yield
    finally:
        engine.reset(before)
        executor.shutdown(wait=True, kill_workers=True)


def _spread(executor: Any, count: int, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """The results in order. The function, which may hold a whole panel, travels once, through a file."""
    from joblib.externals.loky.backend.reduction import dumps  # type: ignore[import-untyped]
    from joblib.externals.loky.process_executor import BrokenProcessPool  # type: ignore[import-untyped]

    listed = list(items)
    size = max(1, len(listed) // (count * 16))  # tiny items go in handfuls
    with tempfile.TemporaryDirectory(prefix="forecast-") as folder:  # readable by this user alone
        path = Path(folder) / "work"
        path.write_bytes(dumps(function))
        futures = [executor.submit(_work, str(path), listed[i : i + size]) for i in range(0, len(listed), size)]
        try:
            for future in futures:
                yield from future.result()
        except BrokenProcessPool as error:
            raise RuntimeError(
                "A worker process ended before its work was done, most likely for lack of memory. Use fewer processes."
            ) from error
        finally:
            for future in futures:
                future.cancel()


_loaded: dict[str, Callable[[Any], Any]] = {}  # of this worker: the file it read last


def _work(path: str, items: list[Any]) -> list[Any]:
    if path not in _loaded:
        _loaded.clear()
        _loaded[path] = pickle.loads(Path(path).read_bytes())  # written by our own parent a moment ago
    return [_loaded[path](item) for item in items]
