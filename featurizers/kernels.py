"""Kernels: the native code, or a sentence that says how to get it; and how many threads it may use."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from featurizers import _kernels as native
else:
    try:
        from featurizers import _kernels as native
    except ImportError as error:
        raise ImportError(
            "The native part of featurizers is missing or does not fit this Python: build it with "
            f"'pip install -e .' in the root of the repository (it needs a C++ compiler). [{error}]"
        ) from error

SMALL = 100_000  # values that one thread has done before a second has started

__all__ = ["contiguous", "cores", "native", "threads"]


def threads(values: int, small: int = SMALL) -> int:
    """How many threads `values` numbers are worth: OMP_NUM_THREADS where it is set, else the cores we may use.

    Each gets at least `small` of them. The results do not depend on it. Set it to 1 in workers that already share the
    cores.
    """
    given = os.environ.get("OMP_NUM_THREADS", "")
    allowed = int(given) if given.isdigit() and int(given) > 0 else cores()
    return max(min(allowed, values // small), 1)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def contiguous(values: np.ndarray) -> np.ndarray:
    """As the kernels take them: side by side in memory, float64 or float32."""
    return np.ascontiguousarray(values, None if values.dtype in (np.float32, np.float64) else np.float64)
