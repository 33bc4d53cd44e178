"""processes: the work of `each` spread over processes of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from featurizers.kernels import cores
from learners.each import engine


@contextmanager
def processes(count: int | None = None) -> Iterator[None]:
    """Inside, `each` runs on `count` processes (None: one for each core that this process may use).

    Workers run serial inside, with one thread each for BLAS and OpenMP, since many processes with many threads are far
    slower than with one. They start fresh, so that neither a guard around the main module nor a module for a
    notebook's classes is needed. Results are those of a serial run, in the same order.
    """
    if count is None:
        count = cores()
    if count < 1:
        raise ValueError(f"There must be at least 1 process, not {count}.")
    if count == 1:
        yield
        return
    before = engine.set(partial(_spread, count))
    try:
        yield
    finally:
        engine.reset(before)


def _spread(count: int, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """The results in order, as they come. Large arrays, as of a panel in `function`, are shared and not copied."""
    from joblib import Parallel, delayed, parallel_config  # type: ignore[import-untyped]
    from joblib.externals.loky.process_executor import TerminatedWorkerError  # type: ignore[import-untyped]

    with parallel_config("loky", n_jobs=count, inner_max_num_threads=1):
        spread = Parallel(return_as="generator")(delayed(function)(item) for item in items)
        try:
            yield from spread
        except TerminatedWorkerError as error:
            raise RuntimeError(
                "A worker process ended before its work was done, most likely for lack of memory. Use fewer processes."
            ) from error
