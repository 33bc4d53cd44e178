"""Prophet's two engines on real series: CPU time of a fit, and how far their forecasts are apart.

    .venv/bin/python benchmarks/prophet_engines.py

Both fit the same training rows, in turn, on one thread; the package's time holds that of its optimiser, which is a
process of its own. Differences are means over the horizon in percent of the standard deviation of the series, and the
largest in percent of its range; `gain` is by how many units ours is more probable (log posterior).
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import replace

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
from accuracy_data import DATA

from featurizers.panel import Panel
from learners.prophet import Prophet, ProphetModel

SEEDS = DATA / "seeds"
YEAR = 8766  # hours


def tables(series: int) -> Iterator[tuple[str, pd.DataFrame, str, int]]:
    """Name, training rows (id, time, y and known columns), frequency and horizon of each set."""
    beer = pd.read_csv(SEEDS / "beer_train.csv").rename(columns={"DATE": "time", "BeerProduction": "y"})
    yield "beer, monthly", beer.assign(id="beer"), "MS", 12
    bike = pd.read_csv(SEEDS / "bike_share.csv").rename(columns={"date": "time", "cnt": "y"})
    bike["time"] = pd.to_datetime(bike["time"], format="%m/%d/%Y")
    yield "bike_share, daily", bike[bike["time"] <= "2012-08-31"].assign(id="bike"), "D", 14
    users = pd.read_csv(SEEDS / "github_dau_train.csv").rename(columns={"date": "time", "count": "y"})
    yield "github_dau, daily", users.assign(id="users"), "D", 14
    city = pd.read_csv(SEEDS / "nyc_energy.csv").rename(columns={"timeStamp": "time", "demand": "y"})
    city = city[city["time"] <= "2017-08-08 05:00:00"].sort_values("time").tail(YEAR)
    yield "nyc_energy, a year of hours", city.assign(id="city"), "h", 48
    juice = pd.read_csv(SEEDS / "orange_juice.csv", parse_dates=["WeekStarting"])
    juice = juice.rename(columns={"WeekStarting": "time", "Quantity": "y"})
    juice["id"] = juice["Store"].astype(str) + juice["Brand"]
    juice = juice[juice["time"] <= juice["time"].max() - pd.Timedelta(weeks=20)]
    yield "orange_juice, weekly", drawn(juice, series), "W-THU", 20
    load = pd.read_parquet(SEEDS / "electricity_train.parquet").rename(columns={"datetime": "time", "usage": "y"})
    load = drawn(load.rename(columns={"customer_id": "id"}), max(series // 5, 1)).sort_values(["id", "time"])
    yield "electricity, 120 days of hours", load.groupby("id").tail(120 * 24), "h", 24


def drawn(table: pd.DataFrame, count: int) -> pd.DataFrame:
    names = np.random.default_rng(0).permutation(np.sort(table["id"].unique()))[:count]
    return table[table["id"].isin(names)]


def panel_of(table: pd.DataFrame, freq: str) -> Panel:
    table = table[["id", "time", "y"]].assign(time=pd.to_datetime(table["time"]))
    return Panel.read(table, "id", time="time", target="y", freq=freq)


def fitted(recipe: Prophet, panel: Panel) -> tuple[ProphetModel, float]:
    """The model, and the CPU seconds of this process and of those that it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.process_time()
    model = recipe.train(panel)
    spent, after = time.process_time() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return model, spent + after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def log_posterior(model: ProphetModel, recipe: Prophet, panel: Panel) -> np.ndarray:
    """Without its constants, the noise at its most probable, of each series; see learners/native/prophet.hpp."""
    found = []
    for i in range(panel.count):
        rows = slice(panel.indptr[i], panel.indptr[i + 1])
        state = {name: values[i : i + 1] for name, values in model.start.items()}
        forecast = model.predict(state, {"time": panel.clock()[rows][None]})["forecast"][0]
        errors = (panel.y[rows] - forecast)[np.isfinite(panel.y[rows])] / state["prophet.size"][0, 0]
        count, squares = len(errors), errors @ errors
        noise = 2 * squares / (count + np.sqrt(count**2 + 16 * squares))
        prior = (state["prophet.rate"] ** 2 + state["prophet.offset"] ** 2).sum() / 50
        prior += np.abs(state["prophet.rates"]).sum() / recipe.changepoint_prior
        if model.terms.count:
            prior += (state["prophet.weights"][0] ** 2 / model.terms.priors(recipe) ** 2).sum() / 2
        found.append(-(count / 2 * np.log(noise) + squares / noise / 2 + 2 * noise + prior))
    return np.array(found)


def compare(name: str, recipe: Prophet, panel: Panel, horizon: int) -> None:
    """Prints a row of the table."""
    (ours, fast), (theirs, slow) = (fitted(replace(recipe, engine=e), panel) for e in ("native", "prophet"))
    a, b = (m.forecast(panel, horizon).columns["forecast"].reshape(panel.count, horizon) for m in (ours, theirs))
    parts = [panel.y[i:j] for i, j in zip(panel.indptr[:-1], panel.indptr[1:], strict=True)]
    apart = 100 * np.abs(a - b).mean(axis=1) / np.array([np.nanstd(p) for p in parts])
    most = 100 * np.abs(a - b).max(axis=1) / np.array([np.nanmax(p) - np.nanmin(p) for p in parts])
    gain = log_posterior(ours, recipe, panel) - log_posterior(theirs, recipe, panel)
    times = f"{1000 * fast / panel.count:.2f} | {1000 * slow / panel.count:.1f} | {slow / fast:.0f}x"
    print(f"| {name} | {recipe.mode} | {panel.count} | {times} | {np.median(apart):.2f} | {apart.max():.2f} | "
          f"{most.max():.2f} | {gain.min():.3f} | {np.median(gain):.3f} |", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=20, help="of sets that have many")
    given = parser.parse_args()
    print("| set | mode | series | native: ms a series | prophet: ms | ratio | difference, % of deviation, median | "
          "most | largest, % of range | least gain | median |\n" + "|---" * 11 + "|")  # fmt: skip
    warm = panel_of(pd.DataFrame({"id": "a", "time": pd.date_range("2020", periods=40), "y": np.arange(40.0) % 7}), "D")
    for engine in ("native", "prophet"):  # the first call imports
        replace(Prophet(), engine=engine).fit(warm)
    for name, table, freq, horizon in tables(given.series):
        for mode in ("additive", "multiplicative"):
            compare(name, replace(Prophet(), mode=mode), panel_of(table, freq), horizon)


if __name__ == "__main__":
    main()
