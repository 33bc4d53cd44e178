"""Tables of the next rows: what is amiss with one is said with what it holds, by every command alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast import cli

ROLES: dict[str, Any] = {"id": "store", "time": "day", "target": "sales", "known": ["price"]}


def both() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A table of two stores, and a plan of their next four days."""
    days = pd.date_range("2024-01-01", periods=44).strftime("%Y-%m-%d")
    whole = pd.concat([pd.DataFrame({"store": s, "day": days, "price": 2.0 + np.arange(44) % 3,
                                     "sales": 5.0 + np.arange(44) % 7}) for s in ("S00", "S01")])  # fmt: skip
    return whole[whole["day"] < "2024-02-10"], whole[whole["day"] >= "2024-02-10"].drop(columns="sales")


def moved(plan: pd.DataFrame, by: str) -> pd.DataFrame:
    return plan.assign(day=(pd.to_datetime(plan["day"]) + pd.Timedelta(by)).dt.strftime("%Y-%m-%d %H:%M"))


@pytest.mark.parametrize(
    ("change", "there"),
    [
        (lambda plan: plan.assign(store=plan["store"].str.lower()),
         "there are no rows of it, but of 'store=s00', which is not among those to forecast"),
        (lambda plan: plan[plan["store"] != "S00"], "there are no rows of it"),
        (lambda plan: moved(plan, "366D"), "of it there are rows from 2025-02-10 to 2025-02-13"),
        (lambda plan: moved(plan, "12h"), "of it there are rows from 2024-02-10 12:00:00 to 2024-02-13 12:00:00"),
        (lambda plan: plan[plan["day"] < "2024-02-12"], "of it there are rows from 2024-02-10 to 2024-02-11"),
    ],
)  # fmt: skip
def test_a_plan_that_does_not_match_is_told_by_what_it_holds(change: Any, there: str) -> None:
    table, plan = both()
    panel = fc.Panel.read(table, **ROLES)
    with pytest.raises(ValueError, match=rf"series store=S00 at 2024-02-1. \(\d of 8 rows are missing\); {there}\."):
        panel.future(4, change(plan))


def test_series_that_are_not_forecast_are_found() -> None:
    table, plan = both()
    more = pd.concat([plan, plan.assign(store=plan["store"] + "x"), plan.assign(store=None)])
    (found,) = fc.Panel.read(table, **ROLES).future(4, more).findings.of("other_series")
    assert found.message == ("The table of the next rows has 2 series that are not among those to forecast, the first "
                             "'store=S00x'; their rows are left out.")  # fmt: skip
    assert not fc.Panel.read(table, **ROLES).future(4, plan).findings.of("other_series")


def test_compare_refuses_the_plan_that_a_run_refuses(tmp_path: Path) -> None:
    both()[0].to_csv(tmp_path / "t.csv", index=False)
    data = '[data]\nsource = "t.csv"\nid = "store"\ntime = "day"\ntarget = "sales"\nknown = "price"\n'
    for name, line in (("plan", 'known_future = "plann.csv"\n'), ("test", "gap = 3\ntest = 3\n")):
        (tmp_path / f"{name}.toml").write_text('horizon = 4\nlearners = ["Naive"]\n' + line + data)
        said = []
        for command in (cli.run, cli.compare):
            with pytest.raises((ValueError, OSError)) as refused:
                command(tmp_path / f"{name}.toml")
            said.append(str(refused.value))
        assert said[0] == said[1]
