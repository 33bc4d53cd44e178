"""Our side of classical.py: data.npz and a model in, CPU seconds and forecasts out."""

from __future__ import annotations

import sys
import time
from itertools import pairwise

import numpy as np
import pandas as pd

import forecast as fc
from featurizers.frequency import Frequency
from featurizers.panel import Panel


def panel_of(series: list[np.ndarray]) -> Panel:
    """Daily stamps do: the models see rows."""
    sizes = [len(y) for y in series]
    stamps = [np.datetime64("1950-01-01", "s") + np.arange(n) * np.timedelta64(86400, "s") for n in sizes]
    ids = pd.DataFrame({"id": [f"s{i}" for i in range(len(series))]})
    indptr = np.r_[0, np.cumsum(sizes)]
    return Panel(
        ids, indptr, np.concatenate(stamps), Frequency.parse("D"), "day", "y", {"y": np.concatenate(series)}, {}
    )


def main() -> None:
    data, model, out = sys.argv[1:]
    given = np.load(data)
    y, indptr, season, horizon = given["y"], given["indptr"], int(given["season"]), int(given["horizon"])
    series = [y[a:b] for a, b in pairwise(indptr)]
    learner = getattr(fc, model)(season=season)
    learner.fit(panel_of(series[:1]))  # the first call imports
    panel = panel_of(series)
    begun = time.process_time()
    found = learner.fit(panel).forecast(panel, horizon).columns["forecast"]
    together = time.process_time() - begun
    alone = []
    for one in series:
        single = panel_of([one])
        begun = time.process_time()
        learner.train(single)
        alone.append(time.process_time() - begun)
    np.savez(out, forecast=found.reshape(len(series), horizon), together=together, alone=np.array(alone))


if __name__ == "__main__":
    main()
