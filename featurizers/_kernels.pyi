"""What featurizers/native/module.cpp defines."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64] | NDArray[np.float32]

def windows(
    values: Floats,
    indptr: NDArray[np.int64],
    specs: list[tuple[str, int, int, int, int, float, int]],
    out: NDArray[Any],
    threads: int,
) -> None: ...
def expanding(
    values: NDArray[np.float64],
    indptr: NDArray[np.int64],
    stats: list[str],
    out: NDArray[np.float64],
    memory: NDArray[np.float64],
    threads: int,
) -> None: ...
def ewm(
    values: NDArray[np.float64],
    indptr: NDArray[np.int64],
    alphas: list[float],
    out: NDArray[np.float64],
    memory: NDArray[np.float64],
    threads: int,
) -> None: ...
