"""Groups: series that share their values in some columns."""

from __future__ import annotations

import numpy as np
import pandas as pd

from featurizers.panel import Panel
from featurizers.policy import names_of


def groups(panel: Panel, by: str | tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
    """The names of the groups in the order of their values, and the group of each series, (series,).

    ValueError if a column of `by` has no one value for each series.
    """
    by, usable, columns = names_of(by), [*panel.ids.columns, *panel.by_role("static")], []
    for name in by:
        if name not in usable:
            there = f"key and static columns are {', '.join(usable)}" if usable else "there is no key or static column"
            raise ValueError(f"Groups by {name!r} are not possible: {there}.")
        if name in panel.ids.columns:
            columns.append(panel.ids[name].to_numpy())
        else:
            values = panel.columns[name]
            coded = panel.levels.get(name)
            columns.append(values if coded is None else np.array([*coded, "unknown"], object)[values])
    if not by:
        return ("all",), np.zeros(panel.count, np.int64)
    number = pd.DataFrame(dict(zip(by, columns, strict=True))).groupby(list(by), dropna=False).ngroup().to_numpy()
    first = np.unique(number, return_index=True)[1]
    names = tuple(", ".join(f"{n}={c[i]}" for n, c in zip(by, columns, strict=True)) for i in first)
    return names, number.astype(np.int64)
