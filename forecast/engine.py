"""processes: the work of `each` spread over processes of this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from itertools import takewhile
from threading import Event, Thread
from typing import Any

from featurizers.kernels import cores
from featurizers.whole import whole
from forecast.locks import is_there
from learners.each import UNFINISHED, engine

STARTING = 5.0  # seconds that a fresh process may take before it begins with an item
LOOK = 0.5  # seconds after which a worker looks again whether it is still worked for


@contextmanager
def processes(count: int | None = None, until: float | None = None, longest: float | None = None) -> Iterator[None]:
    """Inside, `each` runs on `count` processes (None: one for each core that this process may use), but on no more than
    there are cores, or items.

    Workers run serial inside, with one thread each for BLAS and OpenMP, since many processes with many threads are far
    slower than with one. They start fresh, so that neither a guard around the main module nor a module for a
    notebook's classes is needed. Results are those of a serial run, in the same order. At `until` (seconds of
    `time.monotonic`) what is still at work is ended, and its result is `UNFINISHED`; so is, on one process, an item
    that takes more than `longest` seconds, so that it does not keep the others waiting. Workers whose process is
    killed end within a second. ValueError if `count` is no whole number from 1 on.
    """
    count = cores() if count is None else useful(whole(count, "The number of processes"))
    serial = map if count == 1 else partial(_spread, count)
    before = engine.set(serial if until is None else partial(_spread_until, count, until, longest))
    try:
        yield
    finally:
        engine.reset(before)


def useful(count: int) -> int:
    """How many of `count` processes are of use: one for each core. Two always are: what fails in one of its own, as for
    lack of memory, does not end this one."""
    return min(count, max(cores(), 2))


def _started(count: int, items: int) -> int:
    """How many of `count` processes have something to do. Those that are there stay: to start one takes seconds."""
    from joblib.externals.loky import reusable_executor  # type: ignore[import-untyped]

    there = getattr(reusable_executor._executor, "_max_workers", 0)  # to ask for the executor would make one
    return min(count, max(items, there, 2))


def _spread(count: int, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """The results in order, as they come. Large arrays, as of a panel in `function`, are shared and not copied."""
    from joblib import Parallel, delayed, parallel_config  # type: ignore[import-untyped]
    from joblib.externals.loky.process_executor import TerminatedWorkerError  # type: ignore[import-untyped]

    function, items = partial(_attended, os.getpid(), function), list(items)
    with parallel_config("loky", n_jobs=_started(count, len(items)), inner_max_num_threads=1):
        spread = Parallel(return_as="generator")(delayed(function)(item) for item in items)
        try:
            yield from spread
        except TerminatedWorkerError as error:
            raise RuntimeError(
                "A worker process ended before its work was done, most likely for lack of memory. Use fewer processes."
            ) from error


def _spread_until(
    count: int, until: float, longest: float | None, function: Callable[[Any], Any], items: Iterable[Any]
) -> Iterator[Any]:
    """The same, with workers that are ended at `until`."""
    import joblib.executor  # type: ignore[import-untyped]  # noqa: F401 - here, not by two threads at once

    function = partial(_attended, os.getpid(), function)
    items, found, given, ended, killed = list(items), {}, 0, Event(), list[Any]()
    numbered = takewhile(lambda _: time.monotonic() < until, enumerate(items))  # nothing is begun after it
    some = 1 if count == 1 else _started(count, len(items))
    spread = _beside(function, numbered, longest) if some == 1 else _unordered(some, function, numbered)
    watch = Thread(target=_end, args=(until, ended, killed), daemon=True)
    watch.start()
    try:
        for i, result in spread:
            found[i] = result
            while given in found:
                yield found.pop(given)
                given += 1
    except Exception:
        if time.monotonic() < until:  # it is the item that failed, not the time that is over
            raise
    finally:
        ended.set()
        watch.join()
        for executor in killed:
            executor.terminate(kill_workers=True)  # deletes the files of arrays that they shared
    for i in range(given, len(items)):
        yield found.pop(i, UNFINISHED)


def _end(until: float, ended: Event, killed: list[Any]) -> None:
    """At `until` end the workers, again and again if they were still starting, up to where the work has `ended`; whose
    they were goes to `killed`."""
    from joblib.externals.loky import reusable_executor
    from joblib.externals.loky.backend.utils import kill_process_tree  # type: ignore[import-untyped]

    wait = max(until - time.monotonic(), 0.0)
    while not ended.wait(wait):
        executor = reusable_executor._executor  # None if there is none yet; to ask for it would make one
        for worker in list((getattr(executor, "_processes", None) or {}).values()):
            kill_process_tree(worker)  # a shutdown may leave the traceback of a thread
        if executor is not None and executor not in killed:
            killed.append(executor)
        wait = 0.5


def _unordered(
    count: int, function: Callable[[Any], Any], items: Iterable[tuple[int, Any]]
) -> Iterator[tuple[int, Any]]:
    from joblib import Parallel, delayed, parallel_config

    with parallel_config("loky", n_jobs=count, inner_max_num_threads=1):
        spread = Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch=count)
        yield from spread(delayed(_numbered)(function, i, item) for i, item in items)


def _beside(
    function: Callable[[Any], Any], items: Iterable[tuple[int, Any]], longest: float | None
) -> Iterator[tuple[int, Any]]:
    """On one process beside this one, which could not be ended itself. (joblib's one process is this one.)"""
    from joblib.executor import get_memmapping_executor

    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    executor, fresh = get_memmapping_executor(1, env=threads), True
    for i, item in items:
        most = None if longest is None else longest + STARTING * fresh
        try:
            yield executor.submit(_numbered, function, i, item).result(most)
            fresh = False
        except TimeoutError:
            executor.terminate(kill_workers=True)
            executor, fresh = get_memmapping_executor(1, env=threads), True
            yield i, UNFINISHED


def _numbered(function: Callable[[Any], Any], number: int, item: Any) -> tuple[int, Any]:
    return number, function(item)


def _attended(parent: int, function: Callable[[Any], Any], item: Any) -> Any:
    """`function(item)`, in a worker that ends when its process does, be it killed."""
    _attend(parent)
    return function(item)


@cache  # one thread a worker
def _attend(parent: int) -> None:
    # Linux could send a signal by itself (PR_SET_PDEATHSIG), but does so when the thread that started the worker ends.
    if parent != os.getpid():
        Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent and is_there(parent):  # an orphan is given another one; on Windows it is not
        time.sleep(LOOK)
    os._exit(1)
