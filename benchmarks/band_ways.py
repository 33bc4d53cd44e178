"""Which bands lose least? Quantile loss and coverage of several ways to make them, each measured on earlier folds.

    .venv/bin/python benchmarks/band_ways.py [--series 40] [--sets m1_yearly,fred_md]

All folds lie inside the training parts; the forecasts are those of the ensemble of the learners of `ensembles.py`.
Bands of 20, 40, 60 and 80 % of a fold come from up to three folds before it. What is printed are geometric means over
the sets: the loss (of each series over its scale; and pooled) over that of the way that is used, and the
share of the values that lie inside the band of 80 %.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from accuracy_data import SETS
from ensembles import BEFORE, board_of, of_folds
from scipy.stats import pmean

from featurizers.arrays import State
from forecast.conformal import banded, errors, finished
from forecast.ensemble import TRIM, vote
from forecast.leaderboard import Leaderboard
from forecast.metrics import find
from forecast.stretch import stretch
from forecast.truth import Truth
from forecast.widths import Widths, truth_rest, truth_scale
from learners.bands import bounds
from learners.blend import blended

LEVELS = (20, 40, 60, 80)
TINY = 1e-60  # the power -4 of which is a number
NOW = "mean of precisions (now)"


def mixed(own: State, usual: State, mean: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> State:
    """The bands whose distances from the forecast are a mean of those of two others."""
    middle = usual["forecast"]
    outputs = {name: middle + np.sign(own[name] - middle) * mean(abs(own[name] - middle), abs(usual[name] - middle))
               for name in own if name != "forecast"}  # fmt: skip
    return outputs | {"forecast": middle}


def ways(board: Leaderboard, k: int) -> dict[str, State]:
    """The forecasts of fold `k` with each way's bands, from the folds before it."""
    names = [n for n in board.recipes if all(board.outputs[n])]
    before = of_folds(board, range(max(0, k - BEFORE), k), names).board.only(names)
    voted = vote(before, per="panel")
    joint = before.joined("joint", voted.recipe, voted.outputs)
    found = blended([dict(board.outputs[n][k]) for n in voted.weights], list(voted.weights.values()), TRIM)
    scale, rest = truth_scale(board.truths[k]), truth_rest(board.truths[k])
    least = 0.0 if np.nanmin(board.panel.y) >= 0 else None

    alike, apart = (banded(joint, "joint", LEVELS, least, symmetric=symmetric).widths for symmetric in (True, False))
    seen = errors(joint, "joint", LEVELS)
    stretched = stretch(seen, LEVELS) if seen[0].own else None  # None: where no member has bands of its own

    def bands(widths: Widths, share: float) -> State:
        own = stretched and replace(stretched, share=share)
        return finished(found, widths.bands(found["forecast"], scale, rest=rest), scale, own, least)

    own, usual = bands(alike, 1.0), bands(alike, 0.0)
    return {
        NOW: bands(alike, 0.5),
        "the same, sides apart": bands(apart, 0.5),
        "harmonic mean": mixed(own, usual, lambda a, b: 2 * a * b / np.maximum(a + b, TINY)),
        "arithmetic mean": mixed(own, usual, lambda a, b: (a + b) / 2),
        "geometric mean": mixed(own, usual, lambda a, b: np.sqrt(a * b)),
        "mean of the power -4": mixed(own, usual, lambda a, b: pmean(np.maximum([a, b], TINY), -4)),
        "the narrower": mixed(own, usual, np.minimum),
        "the learners' own, stretched": own,
        "errors over scales": usual,
        "errors over scales, sides apart": bands(apart, 0.0),
    }


def scores(truth: Truth, outputs: State) -> np.ndarray:
    """Quantile loss by series, pooled quantile loss, and the share inside 80 %."""
    seen, low, high = np.isfinite(truth.actual), *(outputs[name] for name in bounds(80))
    inside = ((truth.actual >= low) & (truth.actual <= high))[seen].mean()
    scale = truth_scale(truth)
    by_series = truth.score(find("pinball"), outputs) / np.where(scale > 0, scale, np.nan)
    return np.array([np.nanmean(by_series), truth.total(find("wql"), outputs), inside])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=40)
    parser.add_argument("--sets", default=",".join(name for name in SETS if name != "nyc_energy"))
    given = parser.parse_args()
    tables: dict[str, dict[str, np.ndarray]] = {}
    for name in given.sets.split(","):
        board = board_of(name, given.series, levels=LEVELS)
        last = len(board.truths)
        folds = [(board.truths[k], ways(board, k)) for k in range(max(1, min(2, last - 1)), last)]
        tables[name] = {way: np.mean([scores(t, w[way]) for t, w in folds], axis=0) for way in folds[0][1]}
        print(name, {way: np.round(v, 3).tolist() for way, v in tables[name].items()}, flush=True)
    for way in next(iter(tables.values())):
        loss = np.exp(np.mean([np.log(t[way][:2] / t[NOW][:2]) for t in tables.values()], axis=0))
        inside = 100 * np.mean([t[way][2] for t in tables.values()])
        print(f"{way:40} by series {loss[0]:.3f}  pooled {loss[1]:.3f}  inside 80 % {inside:.1f}")


if __name__ == "__main__":
    main()
