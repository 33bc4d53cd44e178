"""threads: how many threads a kernel should use for a piece of work."""

from __future__ import annotations

import os

ENOUGH = 1_000_000  # elementary steps; below that a second thread costs more than it saves


def threads(work: int) -> int:
    """One for small work, else one a processor; OMP_NUM_THREADS limits it. Results never depend on it."""
    if work < ENOUGH:
        return 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(available, int(limit) if limit.isdigit() and int(limit) > 0 else available))
