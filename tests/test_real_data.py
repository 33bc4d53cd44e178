"""The jobs in examples/ on real tables, with a few quick learners: what they must reach, wherever the tables are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forecast.job import Job
from forecast.running import Run, execute
from tests.shared_data import shared

EXAMPLES = Path(__file__).parent.parent / "examples"
TABLES = {
    "orange_juice": "seeds/orange_juice.csv",
    "orange_juice_by_brand": "seeds/orange_juice.csv",
    "nyc_energy": "seeds/nyc_energy.csv",
    "beer": "seeds/beer_train.csv",
    "bike_share": "seeds/bike_share.csv",
}
QUICK = {
    "beer": ("SeasonalNaive", "AutoEts", "AutoTheta", "AutoArima", "Ridge"),
    "orange_juice": ("SeasonalNaive", "LightGBM"),
}
# The best of a cloud service's learners on the same folds, with the weather known ahead, which it is not here.
CLOUD = {"nyc_energy": 0.0684, "bike_share": 0.1139}
LEAKS = {"orange_juice": "logQuantity", "orange_juice_by_brand": "logQuantity", "bike_share": "casual"}


def ran(name: str) -> Run:
    job = Job.read(EXAMPLES / f"{name}.toml")
    table = str(shared(TABLES[name]))
    test = str(shared("seeds/beer_test.csv")) if name == "beer" else job.test
    learners = QUICK.get(name, ("SeasonalNaive", "Ridge", "LightGBM"))
    return execute(replace(job, data={**job.data, "source": table}, test=test, learners=learners, output=None), False)


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if shared(table)])
def test_the_winner_beats_the_seasonal_naive_forecast_on_rows_it_never_saw(name: str) -> None:
    run = ran(name)
    assert run.test is not None
    metric = run.job.metric
    assert run.test.totals[run.winner][metric] < run.test.totals["SeasonalNaive"][metric]
    assert np.isfinite(run.forecasts["forecast"]).all()
    if name in CLOUD:
        assert run.leaderboard.totals[run.winner]["nrmse"] < CLOUD[name]
    if name in LEAKS:
        assert any(LEAKS[name] in finding.message for finding in run.findings.of("leak"))
    if run.job.by:
        assert len(run.selection.groups) == 3


def test_every_example_is_a_job() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.toml")}
    assert names == {*TABLES, "retail"}
    for name in names:
        assert Job.read(EXAMPLES / f"{name}.toml").horizon > 0
