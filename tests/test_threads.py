"""Threads of the kernels: what fails in one is an error of the caller, and the work is done where there are few."""

from __future__ import annotations

import sys

import pytest

from tests.run_alone import run_alone

LIMITED = pytest.mark.skipif(sys.platform != "linux", reason="no limit of a process's memory is kept elsewhere")


@LIMITED
@pytest.mark.parametrize("kernel", ["predict", "contributions", "nearest"])
def test_memory_that_ends_inside_a_thread_is_an_error_not_the_end(kernel: str) -> None:
    run_alone(f"""
        import resource
        import numpy as np
        from learners._kernels import Forest, nearest

        whole = np.array([0])
        forest = Forest(whole, np.zeros(1), ~whole, ~whole, ~whole, whole, whole, np.zeros(0), whole, np.ones(1))
        x, points = np.zeros((1024, 20_000)), np.zeros((2_000_000, 1))
        calls = {{
            "predict": lambda threads: forest.predict(x, True, threads),
            "contributions": lambda threads: forest.contributions(x[:256], np.ones(1), False, threads),
            "nearest": lambda threads: nearest(points, points[:2], 2_000_000, threads),
        }}
        call = calls[{kernel!r}]
        room = {{"predict": 20, "contributions": 85, "nearest": 70}}[{kernel!r}]
        held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + (room << 20), -1))
        try:
            call(4)
        except MemoryError:
            print("said")
    """, "said")  # fmt: skip


@LIMITED
def test_where_no_more_threads_are_to_be_had_those_that_are_do_the_work() -> None:
    run_alone(
        """
        import resource
        import numpy as np
        from learners._kernels import Forest

        whole = np.array([0])
        sides = ~whole, np.array([~1])
        forest = Forest(whole, np.zeros(1), ~whole, *sides, whole, whole, np.zeros(0), whole, np.arange(2.0))
        x = np.random.default_rng(0).normal(size=(4096, 1))
        alone = forest.predict(x, False, 1)
        held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + (100 << 20), -1))  # a few stacks of 8 MiB each
        assert np.array_equal(forest.predict(x, False, 30), alone)
        print("done")
    """,
        "done",
    )
