"""Coverage and quantile loss of the bands that a sweep deploys, on real series.

    python benchmarks/bands.py [--series 40] [--sets m1_monthly,us_births]

From the training part of each set the last horizons are taken away, one after the other: bands are measured on the
folds before, as a sweep does, and scored on it. The test parts are not looked at. Shown are the share of values inside
the bands of 80 and 95 % and WQL (0.1 to 0.9), for the learners and their ensemble: native bands where there are some,
those of residuals alone, and what is deployed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from accuracy_data import SETS, drawn

import forecast as fc
from forecast.conformal import banded, errors, finished
from forecast.defaults import nonnegative
from forecast.ensemble import vote, without
from forecast.leaderboard import Leaderboard, compare
from forecast.plan import recipe
from forecast.truth import Outputs
from forecast.widths import truth_rest, truth_scale
from learners.asked import asked
from learners.bands import bounds
from learners.blend import blended

LEVELS = (20.0, 40.0, 60.0, 80.0, 95.0)
LEARNERS = ("SeasonalNaive", "AutoEts", "AutoTheta", "AutoArima", "Ridge")
FOLDS = 3
NAMES = ("m1_yearly", "m1_quarterly", "m1_monthly", "cif_2016", "tourism_hier", "electricity_weekly", "traffic_weekly",
         "vehicle_trips", "covid_mobility", "covid_deaths", "fred_md", "us_births")  # fmt: skip


def board_of(name: str, series: int, rounds: int) -> Leaderboard:
    """The forecasts of the folds, the last `rounds` of which are what bands are scored on."""
    source = SETS[name]
    table = pd.concat(drawn(name, series, False)).sort_values(["unique_id", "ds"])
    panel = fc.Panel.read(table, id="unique_id", time="ds", target="y", freq=source.freq)
    job = fc.Job.of({"data": {"time": "ds", "target": "y"}, "horizon": source.horizon, "folds": FOLDS}).resolve(panel)
    recipes = {n: asked(recipe(n, job.plan(panel)), LEVELS) for n in LEARNERS}
    return compare(panel, recipes, fc.RollingOrigin(source.horizon, folds=FOLDS + rounds))


def deployed(past: Leaderboard, name: str, board: Leaderboard, at: int) -> dict[str, Outputs]:
    """The bands of one learner in fold `at`, measured on the folds of `past`."""
    least = 0.0 if nonnegative(past.panel) else None
    ready, truth, outputs = banded(past, name, LEVELS, least), board.truths[at], dict(board.outputs[name][at])
    scale = truth_scale(truth)
    around = ready.widths.bands(outputs["forecast"], scale, rest=truth_rest(truth))
    bare = {"forecast": outputs["forecast"]}
    found = {"residuals": finished(bare, around, scale, None, ready.least),
             "deployed": finished(outputs, around, scale, ready.stretch, ready.least)}  # fmt: skip
    return found | ({"native": outputs} if errors(past, name, LEVELS)[0].own else {})


def scores(actual: np.ndarray, outputs: Outputs) -> dict[str, float]:
    known = np.isfinite(actual) & np.isfinite(outputs["lo80"])
    y, found = actual[known], {n: v[known] for n, v in outputs.items()}
    losses = [np.abs(y - found["forecast"])]
    for level in LEVELS[:-1]:
        for name, q in zip(bounds(level), (0.5 - level / 200, 0.5 + level / 200), strict=True):
            losses.append(2 * np.maximum(q * (y - found[name]), (q - 1) * (y - found[name])))
    inside = {f"inside{n}": 100 * float(((found[f"lo{n}"] <= y) & (y <= found[f"hi{n}"])).mean()) for n in (80, 95)}
    return inside | {"wql": float(np.mean(losses, axis=0).sum() / np.abs(y).sum())}


def measured(names: Sequence[str], series: int, rounds: int) -> pd.DataFrame:
    rows = []
    for name in names:
        board, start = board_of(name, series, rounds), time.process_time()
        for at in range(len(board.truths) - rounds, len(board.truths)):
            past = board
            for k in reversed(range(at, len(board.truths))):
                past = without(past, k)
            if len(past.truths) < 2:
                continue
            voted = vote(past)
            parts = [board.outputs[n][at] for n in voted.weights]
            own = voted.recipe.own
            table = [own.get(board.panel.name(int(i)), voted.recipe.weights) for i in board.truths[at].series]
            mixed = blended([dict(p) for p in parts], list(np.array(table).T[:, :, None]))
            past = past.joined("Ensemble", voted.recipe, voted.outputs)
            every = replace(board, outputs={**board.outputs, "Ensemble": (mixed,) * len(board.truths)})
            for learner in (*LEARNERS, "Ensemble"):
                if all(past.outputs[learner]) and every.outputs[learner][at]:
                    for how, outputs in deployed(past, learner, every, at).items():
                        found = scores(board.truths[at].actual, outputs)
                        rows.append({"set": name, "learner": learner, "bands": how, "fold": at} | found)
        print(f"{name}: {time.process_time() - start:.1f} s for the ensembles and bands", flush=True)
    return pd.DataFrame(rows)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--series", type=int, default=40)
    arguments.add_argument("--rounds", type=int, default=2)
    arguments.add_argument("--sets", default=",".join(NAMES))
    given = arguments.parse_args()
    table = measured(given.sets.split(","), given.series, given.rounds)
    each = table.groupby(["set", "learner", "bands"])[["inside80", "inside95", "wql"]].mean()
    print(each.xs("Ensemble", level="learner").unstack().round(3).to_string())
    means = each.assign(wql=np.log(each["wql"])).groupby(["learner", "bands"]).mean()
    print(means.assign(wql=np.exp(means["wql"])).round(3).to_string())


if __name__ == "__main__":
    main()
