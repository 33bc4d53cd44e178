"""One call from a table to a validated forecast, a model and an ONNX file that another process scores."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.job import Job
from forecast.running import execute
from forecast.tables import read

QUICK = ["SeasonalNaive", "Ridge", "LightGBM"]
ALONE = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {'pandas', 'forecast', 'learners', 'featurizers', 'onnx', 'sklearn', 'torch'}:
            raise ImportError(name)
sys.meta_path.insert(0, Blocked())
import runpy
sys.path.insert(0, FOLDER)
sys.argv = ['scorer.py', *sys.argv[2:]]
runpy.run_path(sys.argv[0] if False else SCORER, run_name='__main__')
"""


def walk(rows: int, season: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 20 + 5 * np.sin(2 * np.pi * np.arange(rows) / season) + rng.normal(size=rows).cumsum() / 5


def tz_aware_hours() -> tuple[pd.DataFrame, dict[str, object]]:
    stamps = pd.date_range("2024-03-20", periods=24 * 14, freq="h", tz="UTC").tz_convert("Europe/Berlin")
    return pd.DataFrame({"at": stamps, "load": walk(len(stamps), 24)}), {"time": "at", "target": "load"}


def half_hours_over_dst() -> tuple[pd.DataFrame, dict[str, object]]:
    stamps = pd.date_range("2024-10-20", periods=48 * 14, freq="30min", tz="UTC").tz_convert("America/New_York")
    return pd.DataFrame({"at": stamps, "load": walk(len(stamps), 48)}), {"time": "at", "target": "load"}


def weeks_with_two_ids() -> tuple[pd.DataFrame, dict[str, object]]:
    weeks = pd.date_range("2021-01-03", periods=150, freq="W-SUN")
    parts = [pd.DataFrame({"shop": s, "item": i, "week": weeks, "sold": walk(150, 52, s * 7 + ord(i)).clip(0)})
             for s in (1, 2) for i in "xy"]  # fmt: skip
    return pd.concat(parts), {"id": ["shop", "item"], "time": "week", "target": "sold"}


def odd_series() -> tuple[pd.DataFrame, dict[str, object]]:
    """Three points, all zero, levels of 1e9, negative values: months, in one table with usual ones."""
    months = pd.date_range("2015-01-01", periods=72, freq="MS")
    series = {
        "usual": walk(72, 12),
        "zero": np.zeros(72),
        "huge": 1e9 + 1e7 * walk(72, 12, 1),
        "negative": -walk(72, 12, 2),
        "short": walk(72, 12, 3)[-3:],
    }
    parts = [pd.DataFrame({"name": n, "month": months[-len(v) :], "value": v}) for n, v in series.items()]
    return pd.concat(parts), {"id": "name", "time": "month", "target": "value"}


CASES = [tz_aware_hours, half_hours_over_dst, weeks_with_two_ids, odd_series]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.__name__)
def test_any_panel_runs_and_its_graph_scores_alone(case, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    table, names = case()
    run = fc.run(table, horizon=6, learners=QUICK, folds=2, output=str(tmp_path / "run"), progress=False, **names)
    forecast = run.forecasts["forecast"].to_numpy()
    assert np.isfinite(forecast).all()
    assert (run.forecasts["lo80"] <= run.forecasts["hi80"]).all()
    table.to_csv(tmp_path / "table.csv", index=False)
    scorer = Path(fc.score.__code__.co_filename)
    for file in scorer.parent.glob("scorer*.py"):
        shutil.copy(file, tmp_path)
    code = ALONE.replace("SCORER", repr(str(tmp_path / "scorer.py"))).replace("FOLDER", repr(str(tmp_path)))
    command = [sys.executable, "-c", code, "-", str(tmp_path / "run" / "model.onnx"), str(tmp_path / "table.csv"),
               str(tmp_path / "out.csv")]  # fmt: skip
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    scored = pd.read_csv(tmp_path / "out.csv")
    keys = [*([names["id"]] if isinstance(names.get("id"), str) else names.get("id", []))]
    assert len(scored) == len(run.forecasts)
    ours = run.forecasts.sort_values([*keys, str(names["time"])])["forecast"].to_numpy()
    theirs = scored.sort_values([*keys, str(names["time"])])["forecast"].to_numpy()
    np.testing.assert_allclose(theirs, ours, rtol=1e-9)


def test_a_run_is_a_folder_that_can_be_opened(tmp_path: Path) -> None:
    table, names = weeks_with_two_ids()
    run = fc.run(
        table, horizon=4, learners=QUICK, folds=2, test=8, output=str(tmp_path / "run"), progress=False, **names
    )
    folder = tmp_path / "run"
    expected = {"job.toml", "findings.json", "leaderboard.parquet", "forecasts.parquet", "forecasts.csv", "model",
                "model.onnx", "report.html", "run.json", "test.parquet", "leaderboard_series.parquet", "search",
                "featurization.parquet"}  # fmt: skip
    assert {p.name for p in folder.iterdir()} == expected
    about = json.loads((folder / "run.json").read_text())
    assert about["winner"] == run.winner
    assert about["onnx"]["worst_relative_difference"] <= about["onnx"]["tolerance"]
    assert pd.read_parquet(folder / "leaderboard.parquet")["learner"].iloc[0] == run.leaderboard.names[0]
    model = fc.load(folder / "model")
    again = model.forecast(run.panel, 4).frame()
    np.testing.assert_array_equal(again["forecast"], run.forecasts["forecast"])
    assert "<html" in (folder / "report.html").read_text()
    assert run.test is not None
    assert Job.read(folder / "job.toml").horizon == 4


def test_the_same_job_gives_the_same_bytes_on_two_workers(tmp_path: Path) -> None:
    table, names = weeks_with_two_ids()
    for name, workers in (("a", 1), ("b", 2)):
        fc.run(table, horizon=4, learners=QUICK, folds=2, workers=workers, output=str(tmp_path / name), progress=False,
               **names)  # fmt: skip
    apart = {"run.json", "job.toml"}  # they hold seconds, the workers and the path
    files = {f.name for f in (tmp_path / "a").iterdir() if f.is_file()} - apart
    told = {"forecasts.parquet", "forecasts.csv", "findings.json", "leaderboard.parquet", "report.html"}
    assert {"model.onnx", *told} <= files
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_every_group_has_its_own_winner() -> None:
    table, names = weeks_with_two_ids()
    run = fc.run(table, horizon=4, learners=QUICK, folds=2, by="item", progress=False, **names)
    assert set(run.selection.groups) == {"item=x", "item=y"}
    assert run.winner == "PerGroup"
    assert np.isfinite(run.forecasts["forecast"]).all()


def test_a_folder_that_is_no_run_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    table, names = odd_series()
    with pytest.raises(ValueError, match="not a run"):
        fc.run(table, horizon=2, learners=["Naive"], folds=1, output=str(tmp_path), progress=False, **names)
    assert (tmp_path / "precious.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"horizn": 3}, "Did you mean 'horizon'"),
        ({"learners": ["LigthGBM"]}, "Did you mean 'LightGBM'"),
        ({"metric": "maes"}, "no metric 'maes'"),
        ({"horizon": 0}, "horizon"),
    ],
)
def test_a_slip_is_answered_in_a_sentence(settings: dict[str, object], message: str) -> None:
    table, names = odd_series()
    with pytest.raises(ValueError, match=message):
        fc.run(table, **{"horizon": 2, "progress": False, **names, **settings})


def test_the_command_line_runs_a_job(tmp_path: Path) -> None:
    table, _ = weeks_with_two_ids()
    table.to_csv(tmp_path / "sales.csv", index=False)
    (tmp_path / "job.toml").write_text(
        'horizon = 4\ngap = 1\nlearners = ["SeasonalNaive", "Ridge"]\nfolds = 2\n\n'
        '[data]\nsource = "sales.csv"\nid = ["shop", "item"]\ntime = "week"\ntarget = "sold"\n'
    )

    def forecast(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = "from forecast.cli import main; main()"
        return subprocess.run([sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True,
                              check=False)  # fmt: skip

    ran = forecast("run", "job.toml", "--output", "out")
    assert ran.returncode == 0, ran.stderr
    assert "Winner:" in ran.stdout
    assert "compare 1/" in ran.stderr  # one line per result in a pipe
    exported = forecast("export", "out", "--output", "short.onnx", "--horizon", "2")
    assert exported.returncode == 0, exported.stderr
    whole = forecast("export", "out", "--output", "whole.onnx")
    assert whole.returncode == 0, whole.stderr
    assert len(fc.score(tmp_path / "whole.onnx", tmp_path / "sales.csv")["forecast"]) == 4 * 4
    scored = forecast("score", "short.onnx", "sales.csv", "--output", "scored.csv")
    assert scored.returncode == 0, scored.stderr
    assert len(pd.read_csv(tmp_path / "scored.csv")) == 4 * 2
    listed = forecast("datasets")
    assert "generated_retail_weekly" in listed.stdout
    wrong = forecast("run", "nowhere.toml")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("forecast: The job 'nowhere.toml' cannot be read")


def promoted(rows: int = 60, ahead: int = 6) -> tuple[pd.DataFrame, dict[str, object]]:
    """Two daily series with known columns, and rows ahead of the last target."""
    days = pd.date_range("2024-01-01", periods=rows + ahead, freq="D")
    parts = [pd.DataFrame({"name": n, "day": days, "sold": np.r_[walk(rows, 7, i), [np.nan] * ahead],
                           "price": 2 + np.cos(np.arange(rows + ahead)),
                           "advert": np.resize(["no", "yes"], rows + ahead)})
             for i, n in enumerate("ab")]  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    return table, {"id": "name", "time": "day", "target": "sold", "known": ["price", "advert"]}


@pytest.mark.parametrize("value", [0.0, 5.1])
def test_a_panel_that_never_changes_is_forecast_with_bands_of_no_width(value: float, tmp_path: Path) -> None:
    table, names = promoted(ahead=0)
    run = fc.run(table.assign(sold=value), horizon=3, learners=["Ridge"], folds=2, output=str(tmp_path / "run"),
                 progress=False, **{**names, "known": ()})  # fmt: skip
    text = (tmp_path / "run" / "run.json").read_text("utf-8")
    assert json.loads(text, parse_constant=pytest.fail)["score"] is None  # NaN is not JSON
    assert fc.runs(tmp_path)["score"].isna().all()
    np.testing.assert_allclose(run.forecasts[["forecast", "lo80", "hi95"]], value)


def test_known_columns_ahead_may_end_early_and_findings_say_where() -> None:
    table, names = promoted()
    table.loc[table.index[-3:], "advert"] = "never seen"
    table.loc[table.index[-4], "price"] = np.nan
    table = table.drop(index=[64, 65]).reset_index(drop=True)
    run = fc.run(table, horizon=6, learners=["Ridge"], folds=2, progress=False, **names)
    assert np.isfinite(run.forecasts["forecast"]).all()
    (carried,) = run.findings.of("known_future")
    assert (carried.series, carried.time, carried.count) == ("name=a", "2024-03-05", 2)
    unseen = [f for f in run.findings.of("unseen_category") if f.status == "alerted"]
    assert [(f.series, f.row, f.count) for f in unseen] == [("name=b", 127, 3)]
    missing = [f for f in run.findings.of("missing_covariate") if f.status == "fixed"]
    assert [(f.series, f.row, f.count) for f in missing] == [("name=b", 126, 1)]


def test_a_row_that_is_missing_between_those_ahead_is_found() -> None:
    table, names = promoted()
    run = fc.run(table.drop(index=63), horizon=6, learners=["Ridge"], folds=2, progress=False, **names)
    (hole,) = run.findings.of("known_future")
    assert (hole.series, hole.time, hole.count) == ("name=a", "2024-03-04", 1)


def test_one_unknown_end_does_not_ask_the_other_series_for_their_future() -> None:
    table, names = promoted(ahead=0)
    table.loc[58:59, "sold"] = np.nan  # the end of the first series
    run = fc.run(table, horizon=4, learners=["Ridge"], folds=2, progress=False, **names)
    assert {f.series: f.count for f in run.findings.of("known_future")} == {"name=a": 2, "name=b": 4}


def test_the_future_and_the_test_rows_may_be_tables(tmp_path: Path) -> None:
    table, names = promoted()
    ahead = table[table["sold"].isna()].drop(columns="sold")
    run = fc.run(table.dropna(), horizon=6, learners=["Ridge"], folds=2, known_future=ahead, progress=False,
                 output=str(tmp_path / "run"), **names)  # fmt: skip
    whole = fc.run(table, horizon=6, learners=["Ridge"], folds=2, progress=False, **names)
    np.testing.assert_array_equal(run.forecasts["forecast"], whole.forecasts["forecast"])
    with pytest.raises(ValueError, match="not given for series name=b at 2024-03-06"):
        fc.run(table.dropna(), horizon=6, learners=["Failing"], known_future=ahead.iloc[:-1], progress=False, **names)
    late = table["day"] > "2024-02-20"
    run = fc.run(table[~late], horizon=5, learners=["Ridge"], folds=2, test=table[late], progress=False, **names)
    assert run.test is not None


def test_columns_may_have_any_name_that_models_do_not_need(tmp_path: Path) -> None:
    table, names = promoted()
    new = {"name": "learner", "day": "mase", "sold": "v1", "price": "forecast", "advert": "lo80"}
    run = fc.run(table.rename(columns=new), horizon=6, learners=["LightGBM"], ensemble=False, folds=2, id="learner",
                 time="mase", target="v1", known=["forecast", "lo80"], output=str(tmp_path / "run"),
                 progress=False)  # fmt: skip
    scored = fc.score(tmp_path / "run" / "model.onnx", table.rename(columns=new))
    np.testing.assert_allclose(scored["forecast"], run.forecasts["forecast"], rtol=1e-9)
    bad = (("price", "time"), ("price", "target"), ("sold", "time"), ("day", "forecast"), ("name", "hi95"))
    for column, name in bad:
        taken = {k: [name if c == column else c for c in v] if isinstance(v, list) else name if v == column else v
                 for k, v in names.items()}  # fmt: skip
        with pytest.raises(ValueError, match=f"{name!r} has a name that models keep .* Rename it"):
            fc.run(table.rename(columns={column: name}), horizon=6, progress=False, **taken)


@pytest.mark.parametrize("after", ["2024-04-01 12:00", "2024-04-01 12:00+02:00", "2024-04-01T10:00Z"])
def test_test_rows_come_after_a_stamp_of_the_table_or_of_any_place(after: str) -> None:
    table, names = tz_aware_hours()
    tables = read(Job.of({"data": {"source": table, **names}, "horizon": 6, "test": after}))
    assert tables.train.last[0] == np.datetime64("2024-04-01T10:00:00")  # in UTC


def test_a_panel_too_short_for_its_horizon_is_forecast_all_the_same() -> None:
    table = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=5), "y": [3.0, 4, 5, 4, 3]})
    run = fc.run(table, time="day", target="y", horizon=10, learners=["SeasonalNaive", "Average"], progress=False)
    assert len(run.forecasts) == 10
    assert np.isfinite(run.forecasts["forecast"]).all()
    assert any("too short to be validated" in f.message for f in run.findings)
    assert np.isfinite(run.leaderboard.totals["Average"]["mase"])  # half of the rows are left to train on


def test_a_group_that_cannot_be_compared_has_the_fall_back() -> None:
    table, names = odd_series()
    table["kind"] = np.where(table["name"] == "short", "rare", "common")
    run = fc.run(table, horizon=6, learners=QUICK, folds=2, static="kind", by="kind", progress=False, **names)
    assert run.selection.groups["kind=rare"] == "SeasonalNaive"
    assert any(f.kind == "fallback" and "kind=rare" in f.message for f in run.findings)
    assert np.isfinite(run.forecasts["forecast"]).all()


@pytest.mark.parametrize(("cut", "tested", "rows", "told"), [
    ([9, 9, 9, 0], 4, 6, "Tested on no more than these: 1, as name=d with 15."),
    ([0, 0, 9, 12], 2, 15, "Left out, with fewer: 2, as name=c with 6."),
    ([0, 0, 0, 0], 4, 15, None),
])  # fmt: skip
def test_the_test_is_of_most_series_and_a_finding_tells_of_others(
    cut: list[int], tested: int, rows: int, told: str | None
) -> None:
    days = pd.date_range("2024-01-01", periods=75)
    parts = [pd.DataFrame({"name": n, "day": days, "sold": walk(75, 7, i)})[: 75 - k]
             for i, (n, k) in enumerate(zip("abcd", cut, strict=True))]  # fmt: skip
    run = fc.run(pd.concat(parts), id="name", time="day", target="sold", horizon=3, learners=["SeasonalNaive"], folds=1,
                 test="2024-02-29", progress=False)  # fmt: skip
    assert run.test is not None
    assert run.test.panel.count == tested
    assert sum(t.actual.shape[1] for t in run.test.truths) == rows
    assert str(run.test.truths[0].cutoff[-1])[:10] == "2024-02-29"
    found = [f.message for f in run.findings.of("untested")]
    assert (told is None and not found) or (len(found) == 1 and found[0].endswith(str(told)))


def test_the_job_of_a_run_says_its_season_and_is_the_same_job_again(tmp_path: Path) -> None:
    hours = pd.date_range("2024-01-01", periods=24 * 21, freq="h")
    value = walk(len(hours), 24) + 4 * (hours.day_of_week > 4)  # two seasons, of which the job has the first
    pd.DataFrame({"at": hours, "load": value}).to_csv(tmp_path / "t.csv", index=False)
    first = fc.run(str(tmp_path / "t.csv"), time="at", target="load", horizon=6, learners=["Ridge", "Mstl"], folds=2,
                   output=str(tmp_path / "run"), progress=False)  # fmt: skip
    job = Job.read(tmp_path / "run" / "job.toml")
    assert job.season == first.selection.season == 24
    execute(replace(job, output=str(tmp_path / "again")), shown=False)
    for name in ("leaderboard.parquet", "forecasts.parquet", "forecasts.csv", "findings.json"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert (tmp_path / "again" / "job.toml").read_text("utf-8") == (
        (tmp_path / "run" / "job.toml").read_text("utf-8").replace("/run", "/again")
    )
