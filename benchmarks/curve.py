"""Accuracy over seconds: what `accuracy.py` found with several time limits, as a table and a picture.

    .venv/bin/python benchmarks/accuracy.py --sides ours autogluon --limit 30 --series 100 --holdout test
    .venv/bin/python benchmarks/curve.py --limits 30 60 120 [--out docs/accuracy_over_seconds.png]

A point is a side with a limit: the geometric mean, over the sets that both sides have at all of the limits, of its
score over that of the seasonal naive forecast, and the mean CPU seconds that it took.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy import ROOT, scored

SIDES = {"ours": "forecast", "AutoGluon": "AutoGluon"}


def points(kept: Path, holdout: str, series: int, limits: list[float], ours: str) -> pd.DataFrame:
    """A row for each limit and side: sets, scores over the seasonal naive forecast, seconds."""
    tables = {}
    for limit in limits:
        folders = sorted((kept / f"{holdout}-{limit:g}wall-{series}").iterdir())
        table = pd.DataFrame([row for folder in folders for row in scored(folder, folder.name)])
        table["model"] = table["model"].replace(ours, "ours")
        wide = {m: table.pivot_table(index="set", columns="model", values=m) for m in ("mase", "wql", "wall", "cpu")}
        tables[limit] = {m: w.dropna(subset=list(SIDES)) for m, w in wide.items()}
    both = sorted(set.intersection(*(set(wide["mase"].index) for wide in tables.values())))
    rows = []
    for limit, wide in tables.items():
        for side in SIDES:
            row = {"side": side, "limit": limit, "sets": len(both)}
            for metric in ("mase", "wql"):
                ratio = wide[metric].loc[both, side] / wide[metric].loc[both, "SeasonalNaive"]
                row[metric] = float(np.exp(np.log(ratio).mean()))
            row |= {clock: float(wide[clock].loc[both, side].mean()) for clock in ("wall", "cpu")}
            rows.append(row | {"longest": float((wide["wall"].loc[both, side] / limit).max())})
    return pd.DataFrame(rows).sort_values(["side", "limit"], ignore_index=True)


def drawn(table: pd.DataFrame, out: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, both = plt.subplots(1, 2, figsize=(9, 3.4), sharex=True)
    for axes, metric in zip(both, ("mase", "wql"), strict=True):
        for side, rows in table.groupby("side", sort=False):
            axes.plot(rows["cpu"], rows[metric], marker="o", label=SIDES[str(side)])
            for cpu, score, limit in rows[["cpu", metric, "limit"]].itertuples(index=False):
                axes.annotate(f"{limit:g} s", (cpu, score), textcoords="offset points", xytext=(4, 5), fontsize=8)
        axes.set(xscale="log", xlabel="CPU seconds a set", ylabel=f"{metric.upper()} / seasonal naive")
        limits = sorted(table["limit"].unique())
        axes.set_xticks(limits, [f"{limit:g}" for limit in limits])
        axes.minorticks_off()
        axes.margins(x=0.15, y=0.1)  # room for the words at the points
        axes.grid(alpha=0.3)
    both[0].legend()
    figure.tight_layout()
    figure.savefig(out, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kept", type=Path, default=ROOT / "runs" / "accuracy")
    parser.add_argument("--holdout", choices=["train", "test"], default="test")
    parser.add_argument("--series", type=int, default=100)
    parser.add_argument("--limits", type=float, nargs="+", default=[30, 60, 120])
    parser.add_argument("--ours", default="ours", help="the name of our version, as accuracy.py kept it")
    parser.add_argument("--out", type=Path, help="where the picture goes")
    given = parser.parse_args()
    table = points(given.kept, given.holdout, given.series, given.limits, given.ours)
    print(table.round(3).to_string(index=False))
    if given.out:
        drawn(table, given.out)


if __name__ == "__main__":
    main()
