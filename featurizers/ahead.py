"""Ahead: the known columns of the rows to forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd

from featurizers.findings import Finding
from featurizers.panel import Panel


def known_columns(
    panel: Panel, times: np.ndarray, given: Panel | pd.DataFrame | None, names: list[str]
) -> tuple[dict[str, np.ndarray], list[Finding]]:
    """The known columns `names` at `times` (series, horizon), each (series * horizon,), and what was amiss."""
    if not names:
        return {}, []
    assert isinstance(given, Panel)
    return {n: given.columns[n] for n in names}, []
