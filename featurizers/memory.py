"""Memory: whether what follows will fit."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from featurizers.findings import Finding
from featurizers.panel import Panel

_FACTOR = 10  # what features, a model's copy of them and forecasts take, as a multiple of the table


def available() -> int | None:
    """Bytes of memory that programs may still take, None where the system does not say."""
    limits = []
    with contextlib.suppress(OSError, ValueError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        limits += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")]
    with contextlib.suppress(OSError, ValueError):  # the limit of a container; "max" where it has none
        limits.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    if not limits and hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(limits, default=None)


def memory(panel: Panel) -> list[Finding]:
    """A finding where ten times the panel is more than what is free."""
    size = sum(values.nbytes for values in panel.columns.values()) + panel.times.nbytes
    free = available()
    if free is None or size * _FACTOR <= free:
        return []
    text = (
        f"The panel takes {size / 2**30:.1f} GiB, and about {_FACTOR} times as much may be needed to learn from it; "
        f"{free / 2**30:.1f} GiB are free. Read fewer series or columns, or a coarser frequency."
    )
    return [Finding("memory", "alerted", text, count=len(panel))]
