"""Place: which series of a panel is meant, and what it is called."""

from __future__ import annotations

from typing import Any

import numpy as np

from featurizers.panel import Panel
from featurizers.policy import suggestion


def name_of(panel: Panel, i: int) -> str:
    """What the series `i` of `panel` is called in a sentence, at the beginning of which it stands."""
    return panel.name(i) or "The series"


def position_of(panel: Panel, series: Any) -> int:
    """The position of a series that is given by its position, its name such as "shop=s0", or the value of its only key.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"shop": ["a", "b"], "day": pd.to_datetime(["2024-01-01"] * 2), "sales": [1.0, 2.0]})
    >>> panel = Panel.read(table, id="shop", time="day", target="sales", freq="D")
    >>> position_of(panel, "b"), position_of(panel, "shop=b"), position_of(panel, 1)
    (1, 1, 1)
    """
    if isinstance(series, int | np.integer) and not isinstance(series, bool) and 0 <= series < panel.count:
        return int(series)
    names: list[str] = []
    if isinstance(series, str):
        names = [panel.name(i) for i in range(panel.count)]
        if len(panel.ids.columns) == 1:
            names += panel.ids.iloc[:, 0].astype(str).tolist()
        if series in names:
            return names.index(series) % panel.count
    example = f", or go by name, such as {panel.name(0)!r}" if panel.count and panel.name(0) else ""
    near = suggestion(series, names) if isinstance(series, str) else ""
    raise ValueError(f"There is no series {series!r}{near}: they count from 0 to {panel.count - 1}{example}.")
