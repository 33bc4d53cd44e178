"""The first job: what the columns of a table seem to be, with reasons, in a file that runs as it stands."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.cli import main
from forecast.first_job import begin
from forecast.folders import fingerprint
from forecast.job import Job
from forecast.tables import read

ROWS = 40


def sales(ahead: int = 0) -> pd.DataFrame:
    """Two stores with two products each; `ahead` rows without sales after the last."""
    at, parts = np.arange(ROWS + ahead), []
    for k, (store, product) in enumerate([("N", 1), ("N", 2), ("S", 1), ("S", 2)]):
        sold = np.where(at < ROWS, 20 + (at * (k + 3)) % 11, np.nan)
        parts.append(pd.DataFrame({
            "week": pd.date_range("2024-01-07", periods=len(at), freq="W"), "store": store, "product_no": product,
            "sales": sold, "price": 2.0 + (at * (k + 1)) % 5, "rain": np.where(at < ROWS, (at * 7) % 13, np.nan),
            "area": 100.0 + k, "note": [f"note {i}" for i in at + 1000 * k], "year": 2024,
            "updated": np.where(at % 2, "2025-01-02", "2025-01-01"),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def spoilt(name: str, new: str | None = None) -> dict[str, object]:
    """The change by which one cell of a column is no number; it is called `new`, and no other has a target's name."""
    values = pd.Series(np.arange(4 * ROWS) * 7 % 13, dtype=object)
    values[7] = "1,406.9"
    return {"sales": 1, name: 1, new: values} if new else {name: values}


def started(table: pd.DataFrame, folder: Path, horizon: int | None = None, **said: object) -> tuple[Job, str]:
    """The job that is begun on a table, and its text."""
    table.to_csv(folder / "table.csv", index=False)
    begin(str(folder / "table.csv"), folder / "job.toml", said, horizon, force=True)
    return Job.read(folder / "job.toml"), (folder / "job.toml").read_text("utf-8")


def test_columns_are_told_by_what_they_hold(tmp_path: Path) -> None:
    job, text = started(sales(), tmp_path)
    told = {name: value for name, value in job.data.items() if name != "source"}
    assert told == {"time": "week", "target": "sales", "id": ["store", "product_no"], "freq": "W-SUN",
                    "past": ["price", "rain"], "static": ["area"]}  # fmt: skip
    assert job.horizon == 10  # a quarter of the rows
    assert "'note'. It is text with 160 values." in text
    assert "'updated'. It holds times." in text
    assert max(map(len, text.splitlines())) <= 120


def test_rows_after_the_target_say_the_horizon_and_what_is_known(tmp_path: Path) -> None:
    job, text = started(sales(ahead=6), tmp_path)
    assert (job.horizon, job.data["known"], job.data["past"]) == (6, ["price"], ["rain"])
    assert "as many as follow the last 'sales'" in text


def test_what_is_said_is_not_guessed(tmp_path: Path) -> None:
    job, text = started(sales(), tmp_path, target="price", past=["sales"], horizon=3)
    assert (job.horizon, job.data["target"], job.data["past"]) == (3, "price", ["sales", "rain"])
    assert "hold numbers" not in text


@pytest.mark.parametrize("name", fc.datasets.names())
def test_the_tables_that_come_with_it_are_read_as_they_are_meant(name: str, tmp_path: Path) -> None:
    begin(f"dataset:{name}", tmp_path / "job.toml", {})
    job, about = Job.read(tmp_path / "job.toml"), fc.datasets.about(name)
    assert (job.data["time"], job.data["target"], tuple(job.data.get("id", ()))) == (about.time, about.target, about.id)
    meant = fc.Panel.read(fc.datasets.load(name), about.id, time=about.time, target=about.target)
    plain = Job.of({"data": {n: v for n, v in job.data.items() if n not in ("past", "static")}, "horizon": 1})
    assert fingerprint(read(plain).train) == fingerprint(meant)


@pytest.mark.parametrize(
    ("changed", "said", "sentence"),
    [
        ({"day": sales()["week"].sample(frac=1, random_state=0).to_numpy()}, {}, "'week', 'day' hold dates: .* --time"),
        ({"week": np.arange(160) % 40}, {}, "No column holds dates for sure: .* as --freq D"),
        ({"demand": sales()["price"]}, {}, "'sales', 'price', 'rain', 'demand' hold numbers: .* --target"),
        ({"store": "N", "product_no": 1}, {}, "Several rows have the same time, as '2024-01-07' in 'week'.*--id"),
        ({"sales": "many", "price": 1, "rain": 1}, {}, "No column that is left .* holds numbers .* --target"),
        (spoilt("sales"), {}, "'sales' may be what is to be .* 'sales' holds '1,406.9' in row 7, where 159 of"),
        (spoilt("rain", "mass"), {}, "'price' hold numbers: .* 'mass' nearly holds numbers: .* '1,406.9' in row 7"),
        ({}, {"target": "slaes"}, "There is no column 'slaes' .did you mean 'sales'"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_asked_for(
    changed: dict[str, object], said: dict[str, object], sentence: str, tmp_path: Path
) -> None:
    table = sales().assign(**changed).drop(columns=["updated"])
    with pytest.raises(ValueError, match=sentence):
        started(table, tmp_path, **said)
    assert not (tmp_path / "job.toml").exists()


def test_step_numbers_are_taken_if_a_step_is_said(tmp_path: Path) -> None:
    table = pd.DataFrame({"step": np.arange(60), "load": (np.arange(60) * 7) % 11})
    job, _ = started(table, tmp_path, time="step", freq="D")
    assert (job.data["freq"], job.horizon) == ("D", 14)


def test_columns_that_give_the_target_away_have_no_role(tmp_path: Path) -> None:
    job, text = started(sales().assign(sales=sales()["sales"] ** 1.5, copy=lambda t: t["sales"] * 2), tmp_path)
    assert "copy" not in job.data["past"]
    assert "# Not used: 'copy'. Column 'copy' follows the target 'sales' exactly" in text


def test_names_of_any_kind_stay_inside_their_comments(tmp_path: Path) -> None:
    name = 'a "b"\nhorizon = 1 # '
    job, text = started(sales().rename(columns={"price": name, "note": name + "2"}), tmp_path)
    assert job.horizon == 10
    assert job.data["past"] == [name, "rain"]
    assert tomllib.loads(text)["data"]["source"] == "table.csv"


def test_the_command_writes_over_nothing_and_says_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sales().to_csv(tmp_path / "my sales.csv", index=False)
    monkeypatch.chdir(tmp_path)
    file = Path("jobs/my job.toml")

    def init(*more: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["forecast", "init", "my sales.csv", "-o", str(file), *more])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    assert init()[1].splitlines()[-1] == "forecast run 'jobs/my job.toml'"
    assert os.path.samefile(Job.read(file).data["source"], "my sales.csv")
    code, _, told = init()
    assert (code, "is there already" in told, "--force" in told) == (2, True, True)
    assert init("--force", "--horizon", "5", "--id", "store", "--id", "product_no")[0] == 0
    assert Job.read(file).horizon == 5
    assert "'my sales.csv' is the name of a table" in init("-o", "my sales.csv", "--force")[2]
