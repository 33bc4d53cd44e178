"""Moments: a stamp of the user's own, read as the stamps of a panel's table were."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from featurizers.counted import counting
from featurizers.panel import Panel
from featurizers.rows import stamp
from featurizers.stamps import read_stamps


def moment_of(given: Any, panel: Panel, refusal: str) -> int:
    """The wall clock at a stamp, in seconds since 1970, as in `Panel.clock`: day first, or as a step number, where the
    table's own stamps are written so; one with an offset is what the table's clocks show then.

    ValueError, the `refusal`, for what is no stamp, and for a date that could be two.
    """
    text = given.isoformat() if isinstance(given, date) else str(given).strip()
    cell: Any = int(text) if text.removeprefix("-").isdecimal() else text
    try:
        stamps = read_stamps(pd.Series([cell]), panel.time, counting(panel))
    except ValueError:
        raise ValueError(refusal) from None
    if np.isnat(stamps.times[0]):
        raise ValueError(refusal)
    if stamps.zone is not None and panel.zone is not None:
        return int(panel.clock(stamps.times)[0])
    local = stamps.local if stamps.counted is None else stamps.counted
    if stamps.swapped is not None:
        if panel.day_first is None:
            raise ValueError(f"The stamp {text!r} could be {stamp(local[0])} or {stamp(stamps.swapped[0])}: write the "
                             "year first, as in 2024-12-31.")  # fmt: skip
        local = stamps.swapped if panel.day_first else local
    return int(local[0].astype(np.int64))
