"""Which weights make the best ensemble? MASE and WAPE of several ways, each chosen on earlier folds, on the next one.

    .venv/bin/python benchmarks/ensembles.py [--series 40] [--sets m1_yearly,fred_md]

All folds lie inside the training parts; the learners are those of the default sweep, with their first settings. The
weights for a fold are chosen on up to three folds before it. What is printed are geometric means over the sets, over
the first way: greedy weights, nothing trimmed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from accuracy_data import SETS, drawn

import forecast as fc
from featurizers.panel import Panel
from forecast.job import Job
from forecast.leaderboard import Leaderboard, compare
from forecast.metrics import find
from forecast.plan import recipe
from forecast.selection import Candidates, greedy, steady
from learners.asked import asked
from learners.blend import central

ROWS, FOLDS, BEFORE = 600, 5, 3
TRIMS = (0.0, 0.1, 0.2, 0.3)


def inverse(found: Candidates, power: int, both: bool = False) -> np.ndarray:
    """By a power of the error, of learners at most half behind the best; by MASE, or by WAPE too."""
    views = found.views if both else found.views[:1]
    apart = np.exp(np.mean([np.log(view.alone / view.alone.min()) for view in views], axis=0))
    weights = np.where(apart <= 1.5, apart**-power, 0.0)
    return weights / weights.sum()


def even(found: Candidates) -> np.ndarray:
    """The best six, if they are at most half behind the best."""
    weights = np.zeros(len(found.names))
    close = [i for i in np.argsort(found.alone, kind="stable")[:6] if found.alone[i] <= 1.5 * found.alone.min()]
    weights[close] = 1 / len(close)
    return weights


def caruana(found: Candidates) -> np.ndarray:
    return greedy(found, 15)


WAYS: dict[str, Callable[[Candidates], np.ndarray]] = {
    "greedy": caruana,
    "even": even,
    "half greedy, half even": lambda found: (caruana(found) + even(found)) / 2,
    "inverse eighth power": lambda found: inverse(found, 8),
    "a quarter greedy, else that": lambda found: caruana(found) / 4 + 3 * inverse(found, 8) / 4,
    "inverse fourth power": lambda found: inverse(found, 4),
    "inverse fourth power, by MASE and WAPE": lambda found: inverse(found, 4, both=True),
    "inverse second power, by MASE and WAPE": lambda found: inverse(found, 2, both=True),
    "a tenth greedy, else fourth power (now)": lambda found: steady(found, 15),
}


def board_of(name: str, series: int, levels: tuple[float, ...] = ()) -> Leaderboard:
    """The learners on the last folds of a training part, with bands of their own at `levels`."""
    source = SETS[name]
    train, test = drawn(name, series, official=False)
    table = pd.concat([train, test]).sort_values(["unique_id", "ds"]).groupby("unique_id").tail(ROWS)
    panel = Panel.read(table, "unique_id", time="ds", target="y", known=source.known, freq=source.freq)
    horizon = source.horizon
    early = panel.rows(panel.position < np.repeat(panel.lengths - horizon, panel.lengths))
    job = Job.of({"data": {"time": "ds", "target": "y"}, "horizon": horizon, "time_limit": 60}).resolve(early)
    plan = replace(job.plan(early), seconds=3.0)
    folds = int(np.clip((np.median(panel.lengths) - horizon) // horizon, 2, FOLDS))
    entered = {learner: asked(recipe(learner, plan), levels) for learner in job.learners or ()}
    return compare(panel, entered, fc.RollingOrigin(horizon, folds), "mase", season=source.season)


def of_folds(board: Leaderboard, folds: range, names: list[str]) -> Candidates:
    part = replace(
        board,
        truths=tuple(board.truths[k] for k in folds),
        outputs={n: tuple(o[k] for k in folds) for n, o in board.outputs.items()},
        scores={n: {m: v[list(folds)] for m, v in t.items()} for n, t in board.scores.items()},
    )
    return Candidates.of(part, names, find("mase"))


def scores(board: Leaderboard) -> dict[tuple[str, float], np.ndarray]:
    """MASE and WAPE of each way and trim, the mean over the folds that have one before them."""
    names = [n for n in board.recipes if all(board.outputs[n])]
    last = len(board.truths)
    found: dict[tuple[str, float], list[np.ndarray]] = {}
    for k in range(max(1, min(2, last - 1)), last):
        before, now = of_folds(board, range(max(0, k - BEFORE), k), names), of_folds(board, range(k, k + 1), names)
        size = now.size[now.path]
        for way, weights in ((way, choose(before)) for way, choose in WAYS.items()):
            for trim in TRIMS:
                mean = central([row[None] for row in now.forecasts], weights, trim)[0]
                error = np.where(now.there.all(axis=0), np.abs(now.actual - mean), np.nan)
                each = pd.Series(error / size).groupby(now.path).mean()
                wape = np.nansum(error) / np.abs(now.actual[np.isfinite(error)]).sum()
                found.setdefault((way, trim), []).append(np.array([each.mean(), wape]))
    return {way: np.mean(values, axis=0) for way, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=40)
    parser.add_argument("--sets", default=",".join(name for name in SETS if name != "nyc_energy"))
    given = parser.parse_args()
    tables = {}
    for name in given.sets.split(","):
        tables[name] = scores(board_of(name, given.series))
        shown = {way: np.round(v, 3).tolist() for way, v in tables[name].items() if way[1] in (0.0, 0.2)}
        print(name, shown, flush=True)
    for way in next(iter(tables.values())):
        over = np.log([t[way] / next(iter(t.values())) for t in tables.values()])
        mase, wape = np.exp(over.mean(axis=0))
        print(f"{way[0]:40} trim {way[1]:.1f}  MASE {mase:.3f}  WAPE {wape:.3f}  better on {(over[:, 0] < 0).sum()}")


if __name__ == "__main__":
    main()
