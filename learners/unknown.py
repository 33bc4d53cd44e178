"""Unknown: known columns that are not known after all, when a forecast is asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from featurizers.ahead import known_columns, last_seen
from featurizers.findings import Finding
from featurizers.panel import Panel

REFUSE, LAST = "refuse", "last"


def future_of(
    panel: Panel, rows: int, known: Panel | pd.DataFrame | None, names: tuple[str, ...], unknown: str
) -> Panel:
    """The next `rows` rows of each series with the columns `names`.

    A known column that is not given for all of them is an error, or, if `unknown` is "last", goes on from where it
    ends in each series as it was last seen, with a finding. ValueError if `unknown` is neither "refuse" nor "last".
    """
    if unknown not in (REFUSE, LAST):
        raise ValueError(f"'unknown' is {REFUSE!r} or {LAST!r}, not {unknown!r}.")
    if unknown == REFUSE:
        return panel.future(rows, known, names)
    wanted = [name for name in panel.by_role("known") if name in names]
    future, times = panel.future(rows, known, ()), panel.upcoming(rows)
    columns, found = dict(future.columns), list(future.findings)
    for name in wanted:
        try:
            given = panel.ahead if known is None else known
            one, told = known_columns(panel, times, given, [name], lasting=True)
            columns |= one
            found += told
        except ValueError as error:  # nothing at all is given
            columns[name] = np.repeat(last_seen(panel, name, panel.columns[name].dtype), rows)
            text = f"{name!r} goes on as it was last seen. {error}"
            found.append(Finding("known_future", "alerted", text, column=name, count=panel.count * rows))
    return replace(future, columns=columns, findings=type(future.findings)(tuple(found)))
