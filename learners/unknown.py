"""Unknown: known columns that are not known after all, when a forecast is asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from featurizers.findings import Finding
from featurizers.panel import UNKNOWN, Panel
from featurizers.values import absent

REFUSE, LAST = "refuse", "last"


def future_of(
    panel: Panel, rows: int, known: Panel | pd.DataFrame | None, names: tuple[str, ...], unknown: str
) -> Panel:
    """The next `rows` rows of each series with the columns `names`.

    A known column that is not given for all of them is an error, or, if `unknown` is "last", goes on as it was last
    seen in each series, with a finding. ValueError if `unknown` is neither "refuse" nor "last".
    """
    if unknown not in (REFUSE, LAST):
        raise ValueError(f"'unknown' is {REFUSE!r} or {LAST!r}, not {unknown!r}.")
    if unknown == REFUSE:
        return panel.future(rows, known, names)
    wanted = [name for name in panel.by_role("known") if name in names]
    future = panel.future(rows, known, ())
    columns, found = dict(future.columns), list(future.findings)
    for name in wanted:
        try:
            one = panel.future(rows, known, (name,))
            columns[name] = one.columns[name]
            found += one.findings
        except ValueError as error:
            columns[name] = np.repeat(_last(panel, name), rows)
            text = f"{name!r} goes on as it was last seen. {error}"
            found.append(Finding("known_future", "alerted", text, column=name, count=panel.count * rows))
    return replace(future, columns=columns, findings=type(future.findings)(tuple(found)))


def _last(panel: Panel, name: str) -> np.ndarray:
    """The last value of a column that is not missing, (series,)."""
    values = panel.columns[name]
    nothing = UNKNOWN if values.dtype == np.int64 else np.nan
    result = np.full(panel.count, nothing, values.dtype)
    if not len(values):
        return result
    place = np.maximum.accumulate(np.where(absent(values), -1, np.arange(len(values))))
    at = place[np.maximum(panel.indptr[1:] - 1, 0)]
    there = (panel.lengths > 0) & (at >= panel.indptr[:-1])
    result[there] = values[at[there]]
    return result
