"""measure: what one call costs, in its own process. Standard library alone: it runs in the peers' environment too."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def measure(call: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """The call's result, its wall and CPU seconds, and by how many MB the memory in use rose at its highest (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
    before, wall, cpu = _memory("VmRSS"), time.perf_counter(), time.process_time()
    result = call()
    spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    return result, spent | {"peak": _memory("VmHWM") - before}


def _memory(name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")
