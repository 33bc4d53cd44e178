"""A likely slip is answered by one sentence that says what was wrong and what to do; a likely wish is granted."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.job import Job
from forecast.running import TABLE
from forecast.settings import Settings
from tests import examples

DAYS, AHEAD = 60, 7
NAMES = {"id": "store", "time": "day", "target": "sales", "known": ["price"]}
FOLDS = fc.RollingOrigin(AHEAD, folds=1)


def table(rows: int = DAYS) -> pd.DataFrame:
    days, at = pd.date_range("2024-01-01", periods=rows), np.arange(rows)
    parts = [pd.DataFrame({"store": s, "day": days, "sales": 20 + 5 * np.sin(at * 2 * np.pi / 7) + (at * k) % 5,
                           "price": 2.0 + (at * k) % 3}) for k, s in ((3, "A"), (7, "B"))]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


PANEL = fc.Panel.read(table(), **NAMES)


def read(*columns: str, **roles: object) -> fc.Panel:
    """The table, or some columns of it, with the price in another role."""
    given = {**NAMES, "known": [], **roles}
    return fc.Panel.read(table()[list(columns)] if columns else table(), **given)


PRICES = table(DAYS + AHEAD).groupby("store").tail(AHEAD).drop(columns="sales")
FEATURES = (fc.Lags((1, 7)), fc.Known(("price",)))
RIDGE = fc.Recursive("ridge", FEATURES).fit(PANEL)
NAIVE = fc.SeasonalNaive(7).fit(PANEL)


class Mine:
    """A regressor of the user's own."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> Mine:
        self.mean = y.mean()
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.full(len(X), self.mean)


def off_by(actual: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    return np.abs(np.nanmean(forecast - actual, axis=-1))


def run(**settings: object) -> fc.Run:
    given = {"learners": ["Naive"], "folds": 1, "horizon": AHEAD, "progress": False, **NAMES, **settings}
    return fc.run(given.pop("source", table()), **given)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"source": None}, "does not say 'source'"),
        ({"target": "slaes"}, "no column 'slaes' .did you mean 'sales'"),
        ({"source": table().assign(day="31/31/24")}, "'31/31/24' in row 0"),
        ({"id": None}, "pass id="),
        ({"known": ["sales"]}, "can't be both target and known"),
        ({"past": ["price"]}, "can't be both known and past"),
        ({"known_future": PRICES.rename(columns={"price": "p"})}, "no column 'price'"),
        ({"horizon": "7"}, "whole number from 1 on, not '7'"),
        ({"horizon": True}, "whole number from 1 on, not True"),
        ({"horizon": -1}, "whole number from 1 on, not -1"),
        ({"lags": "1,2"}, "Each of lags must be a whole number"),
        ({"lags": [0, 1]}, "Each of lags must be a whole number from 1 on, not 0"),
        ({"windows": [0]}, "Each of windows"),
        ({"season": 0}, "The season"),
        ({"folds": "3"}, "The folds"),
        ({"workers": 1.5}, "The workers"),
        ({"seed": "a"}, "The seed"),
        ({"levels": 0.8}, "0.8 is written 80"),
        ({"levels": "80"}, "percents"),
        ({"ensemble": "no"}, "true or false"),
        ({"output": 3}, "path of a folder"),
        ({"by": 3}, "is text"),
        ({"learners": [fc.Naive]}, "not <function Naive"),
        ({"learners": Mine()}, "Recursive.regressor, features."),
        ({"learners": []}, "names no learner"),
        ({"learners": "LightGMB"}, "Did you mean 'LightGBM'"),
        ({"metric": "maes"}, "no metric 'maes'"),
        ({"metric": lambda actual, forecast: None}, "cannot be measured: TypeError: it returned nothing"),
        ({"by": "area", "source": table().query("store == 'A'"), "id": None}, "there is no key or static column"),
    ],
)
def test_a_job_with_a_slip_is_refused_in_a_sentence(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        run(**settings)


MISTAKES = {
    "a table for a panel": (lambda: NAIVE.forecast(table(), 7), "'forecast' takes a Panel, not a DataFrame"),
    "fit on a table": (lambda: fc.Naive().fit(table()), "'fit' takes a Panel"),
    "compare on a table": (lambda: fc.compare(table(), [fc.Naive()], FOLDS), "'compare' takes a Panel"),
    "no prices": (lambda: RIDGE.forecast(PANEL, 7), "needs .'price'. of the next rows"),
    "other prices": (lambda: RIDGE.forecast(PANEL, 7, PRICES.rename(columns={"price": "p"})), "no column 'price'"),
    "a text for a horizon": (lambda: NAIVE.forecast(PANEL, "7"), "whole number from 1 on, not '7'"),
    "half a day": (lambda: NAIVE.forecast(PANEL, 7.5), "whole number from 1 on, not 7.5"),
    "forecast of a forecast": (lambda: NAIVE.forecast(NAIVE.forecast(PANEL, 7), 7), "such as a forecast"),
    "season 0": (lambda: fc.SeasonalNaive(0).fit(PANEL), "season of SeasonalNaive"),
    "season of text": (lambda: fc.SeasonalNaive("7").fit(PANEL), "season of SeasonalNaive"),
    "lag 0": (lambda: fc.Recursive("ridge", (fc.Lags((0,)),)).fit(PANEL), "Each of the lags"),
    "names for features": (lambda: fc.Recursive("ridge", ("lag1",)).fit(PANEL), "not 'lag1'"),
    "no such column": (lambda: fc.Recursive("ridge", fc.Known("prices")).fit(PANEL), "did you mean 'price'"),
    "no such static": (lambda: fc.Recursive("ridge", fc.Static("area")).fit(PANEL), "no column 'area'"),
    "no such past": (lambda: fc.Recursive("ridge", fc.Past("rain")).fit(PANEL), "no column 'rain'"),
    "no such regressor": (lambda: fc.Recursive("rigde", FEATURES).fit(PANEL), "did you mean 'Ridge'"),
    "a text for a transform": (lambda: fc.Transformed(fc.Naive(), "log").fit(PANEL), "not .* and 'log'"),
    "a class for a transform": (lambda: fc.Transformed(fc.Naive(), fc.Log1p).fit(PANEL), "such as Log1p"),
    "a number for folds": (lambda: fc.compare(PANEL, [fc.Naive()], 7), "RollingOrigin.*not on 7"),
    "a text in folds": (lambda: fc.compare(PANEL, [fc.Naive()], fc.RollingOrigin("7")), "'horizon' must be"),
    "names to compare": (lambda: fc.compare(PANEL, ["Naive"], FOLDS), "Recipes are compared.*not 'Naive'"),
    "names in a sweep": (lambda: fc.Sweep({"mine": "Naive"}, FOLDS).fit(PANEL), "Recipes are compared.*not 'Naive'"),
    "a model to compare": (lambda: fc.compare(PANEL, [NAIVE], FOLDS), "not SeasonalNaiveModel"),
    "shares for levels": (lambda: fc.Conformal(fc.Naive(), FOLDS, levels=0.8).fit(PANEL), "0.8 is written 80"),
    "shares for levels of one": (lambda: fc.Naive(levels=(0.8,)).fit(PANEL), "0.8 is written 80"),
    "one level": (lambda: fc.AutoEts(7, levels=80).fit(PANEL), "such as .80, 95., not 80"),
    "nothing to fit": (lambda: fc.Naive().fit(PANEL.where(np.arange(0))), "no series to learn from"),
    "a table to explain": (lambda: NAIVE.explain(table(), 7), "takes a Panel, not a DataFrame"),
    "a recipe to roll": (lambda: fc.rolling_forecast(fc.Naive(), PANEL, 7), "not a SeasonalNaive: fit the recipe"),
    "no prices in the past": (lambda: RIDGE.forecast(read("store", "day", "sales"), 7, PRICES), "no column 'price'"),
    "prices as past": (lambda: RIDGE.forecast(read(past=["price"]), 7, PRICES), "'price' is past here"),
    "export of a recipe": (lambda: fc.to_onnx(fc.Naive(), "x.onnx", 7), "not a SeasonalNaive: fit the recipe"),
    "export of a text": (lambda: fc.to_onnx(NAIVE, "x.onnx", "7"), "whole number from 1 on"),
    "save of a recipe": (lambda: fc.save(fc.Naive(), "x"), "Only a fitted model is saved"),
    "score without a file": (lambda: fc.score("nowhere.onnx", table()), "'nowhere.onnx' can't be opened"),
    "score of no graph": (lambda: fc.score(__file__, table()), "can't be opened as an ONNX file"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_slip_is_refused_in_a_sentence(name: str) -> None:
    slip, sentence = MISTAKES[name]
    with pytest.raises((ValueError, TypeError), match=sentence):
        slip()


def test_one_value_does_for_several() -> None:
    job = run(horizon=np.int64(7), lags=np.arange(1, 3), windows=7, levels=80, learners="Ridge").job
    assert (job.horizon, job.lags, job.windows, job.levels, job.learners) == (7, (1, 2), (7,), (80,), ("Ridge",))
    one = fc.Recursive("ridge", fc.Lags(7)).fit(PANEL).forecast(PANEL, 3).columns["forecast"]
    several = fc.Recursive("ridge", (fc.Lags(np.array([7])),)).fit(PANEL).forecast(PANEL, 3)
    np.testing.assert_array_equal(one, several.columns["forecast"])
    assert fc.compare(PANEL, fc.Naive(), FOLDS).names == ["SeasonalNaive"]
    assert "lo80" in fc.Conformal(fc.Naive(), FOLDS, levels=80).fit(PANEL).forecast(PANEL, 3).columns


def test_lists_in_a_recipe_do_not_keep_its_model_from_being_saved(tmp_path: Path) -> None:
    model = fc.Recursive("ridge", [fc.Lags([1, 7]), fc.Rolling("mean", [7]), fc.Known(["price"])]).fit(PANEL)
    again = fc.load(fc.save(model, tmp_path / "model"))
    np.testing.assert_array_equal(*(m.forecast(PANEL, 7, PRICES).columns["forecast"] for m in (model, again)))


@pytest.mark.parametrize("learner", examples.LEARNERS[:6] + examples.LEARNERS[15:18] + examples.LEARNERS[-7:], ids=type)
def test_a_model_says_in_a_line_what_it_is(learner: object) -> None:
    text = repr(learner.fit(examples.panel()))
    assert len(text) < 1200
    assert "array" not in text
    assert "fitted on 6 series up to 2023-04-29" in text


def test_what_every_learner_said_when_it_failed_is_a_finding() -> None:
    broken = fc.Recursive("ridge", (fc.Lags((1,)), fc.Holidays("XX")))
    found = run(learners=[broken, "Ridge"], lags=[1, 70]).findings
    (failed,) = found.of("learner_failed")
    assert "no country 'XX'" in failed.message
    with pytest.raises(ValueError, match="no country 'XX'"):
        run(holidays="XX")
    (long,) = found.of("too_long")
    assert "lag of 70 rows" in long.message


def test_forecasts_that_are_far_off_in_sum_are_a_finding() -> None:
    """The median of counts that are mostly zero is the best by MASE, and orders nothing."""
    random, months = np.random.default_rng(5), pd.date_range("2020-01-01", periods=60, freq="MS")
    used = (random.random((20, 60)) < 0.3) * random.poisson(5, (20, 60))
    rare = pd.concat([pd.DataFrame({"part": p, "month": months, "used": used[p]}) for p in range(20)])
    asked = {"id": "part", "time": "month", "target": "used", "horizon": 6, "progress": False, "ensemble": False}
    by_mase, by_means = (fc.run(rare, metric=metric, learners=[learner], **asked).findings.of("bias")
                         for metric, learner in (("mase", "NegativeBinomialMedian"), ("rmsse", "Croston")))  # fmt: skip
    (found,) = by_mase
    assert "less than came" in found.message
    assert "metric='rmsse'" in found.message
    assert found.column == "NegativeBinomialMedian"
    assert not len(by_means)


def test_a_season_that_does_not_fit_is_a_finding() -> None:
    (told,) = run(season=365).findings.of("too_long")
    assert "The season of 365 rows is left out: the median series has 60 rows" in told.message


def test_a_metric_that_fails_is_named() -> None:
    def wide(actual: np.ndarray, forecast: np.ndarray) -> np.ndarray:
        return np.abs(actual - forecast).mean(axis=1)

    with pytest.raises(ValueError, match=r"Metric .wide. cannot be measured: AxisError.*one series"):
        run(metric=wide)


def test_a_series_without_a_forecast_is_a_finding() -> None:
    others = fc.Panel.read(table().replace({"store": {"A": "C"}}), **NAMES)
    future = fc.Theta(7).fit(PANEL).forecast(others, 3)
    (lost,) = future.findings.of("no_forecast")
    assert lost.series == "store=C"
    assert len(NAIVE.forecast(others, 3).findings.of("no_forecast")) == 0


def test_a_run_with_parts_of_the_users_own_keeps_all_that_can_be_kept(tmp_path: Path) -> None:
    mine = {"mine": fc.Recursive(Mine(), FEATURES)}
    made = run(metric=off_by, learners=mine, ensemble=False, output=str(tmp_path / "run"))
    assert made.leaderboard.metric.name == "off_by"
    if made.winner == "mine":
        (lost,) = made.findings.of("not_exported")
        assert "'Mine' predicts in Python but cannot be saved or exported" in lost.message
    assert json.loads((tmp_path / "run" / "run.json").read_text())["metric"] == "off_by"
    assert fc.trials(tmp_path / "run")["off_by"].is_monotonic_increasing
    model = fc.Recursive(Mine(), FEATURES).fit(PANEL)
    with pytest.raises(TypeError, match="'Mine' predicts in Python but cannot be saved"):
        fc.save(model, tmp_path / "model")
    with pytest.raises(ValueError, match="'Mine' predicts in Python but cannot be exported"):
        fc.to_onnx(model, tmp_path / "model.onnx", 7)


def test_a_run_is_looked_at_and_its_model_loaded_from_its_folder(tmp_path: Path) -> None:
    made = run(output=tmp_path / "run")
    assert repr(fc.load(tmp_path / "run")).split("(")[0] == type(made.model).__name__
    with pytest.raises(ValueError, match="count from 0 to 1"):
        made.plot(99)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["export", "nowhere", "--horizon", "3"], "no saved model in 'nowhere'"),
        (["score", "nowhere.onnx", "t.csv"], "'nowhere.onnx' can't be opened"),
        (["run", "bad.toml"], "The folds must be a whole number from 1 on, not '3'."),
        (["run", "t.csv"], "'t.csv' is a table, not a job: 'forecast init t.csv' writes one"),
        (["run", "slip.toml"], "no setting 'traget' of the job's 'data' (did you mean 'target'?); there are 'source'"),
        (["run", "below.toml"], "'horizon' is a setting of the job, not of its table: it stands above [data]"),
        (["compare", "part.toml"], "'mine' is only a part of one: wrap a regressor in Recursive"),
        (["pause", "nowhere"], "There is no run 'nowhere'"),
        (["score", ".", "t.csv"], "'.' holds no model.onnx"),
    ],
    ids=str,
)
def test_the_command_line_answers_in_a_line(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    data = '[data]\nsource = "t.csv"\nid = "store"\ntime = "day"\ntarget = "sales"\n'
    table().to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "bad.toml").write_text('horizon = 3\nfolds = "3"\n' + data)
    (tmp_path / "below.toml").write_text(data + "horizon = 3\n")
    (tmp_path / "slip.toml").write_text("horizon = 3\n" + data.replace("target", "traget"))
    (tmp_path / "part.toml").write_text("horizon = 3\n" + data + "[learners.mine.Ridge]\nalpha = 1.0\n")
    code = "from forecast.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("forecast: ")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_on_the_command_line_says_what_it_saw_and_keeps_its_graph(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from forecast import cli

    table().drop(index=7).to_csv(tmp_path / "t.csv", index=False)
    data = '[data]\nsource = "t.csv"\nid = "store"\ntime = "day"\ntarget = "sales"\n'
    (tmp_path / "job.toml").write_text('horizon = 3\nfolds = 100\nlearners = ["Naive"]\n' + data)
    cli.compare(tmp_path / "job.toml")
    told = capsys.readouterr().out
    assert "after it 1 stamp is missing, from 2024-01-08" in told
    assert "compared on 19 of the 100 folds that were asked for" in told
    assert told.index("fewer_folds") < told.index("mase")
    cli.run(tmp_path / "job.toml", tmp_path / "run")
    capsys.readouterr()
    cli.compare(tmp_path / "job.toml", "rmse")
    assert capsys.readouterr().out.partition("learner")[2].split()[0] == "rmse"
    own = (tmp_path / "run" / "model.onnx").read_bytes()
    cli.export(tmp_path / "run", 5)
    assert str(tmp_path / "run" / "model_5.onnx") in capsys.readouterr().out
    assert (tmp_path / "run" / "model.onnx").read_bytes() == own


def test_a_panel_counts_what_was_found() -> None:
    assert repr(read()).endswith("target 'sales', 21 checks passed)")
    assert repr(fc.Panel.read(table().drop(index=7), **NAMES)).endswith("known ['price'], 1 finding)")


def test_editors_are_offered_every_setting_of_a_run() -> None:
    of_job = {f.name for f in fields(Job)} - {"data", "horizon", "left_out"}
    assert set(Settings.__annotations__) == of_job | set(TABLE)
    assert all(f"`{name}`" in str(Job.__doc__) for name in of_job)
    assert all(f"{name}=" in str(fc.Panel.read.__doc__) for name in set(TABLE) - {"aggregate"})


def test_a_graph_that_is_refused_is_a_finding_and_the_rest_of_the_run_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise ValueError("The graph disagrees with Python.")

    monkeypatch.setattr("forecast.output.to_onnx", refused)
    made = run(output=str(tmp_path / "run"))
    (lost,) = made.findings.of("not_exported")
    assert "could not be written: The graph disagrees" in lost.message
    assert "not_exported" in (tmp_path / "run" / "findings.json").read_text("utf-8")
    assert repr(fc.load(tmp_path / "run")) == repr(made.model)


def test_targets_near_zero_are_exported_through_a_logarithm(tmp_path: Path) -> None:
    tiny = fc.Panel.read(table().assign(sales=lambda t: t["sales"] * 1e-11), **NAMES)
    model = fc.Transformed(fc.SeasonalNaive(7), fc.Log1p()).fit(tiny)
    assert fc.to_onnx(model, tmp_path / "model.onnx", 3)["worst_relative_difference"] < 1e-12


def test_columns_of_a_table_may_be_called_as_those_of_rolling_forecasts() -> None:
    renamed = table().rename(columns={"store": "actual", "day": "cutoff"})
    panel = fc.Panel.read(renamed, "actual", time="cutoff", target="sales")
    found = fc.rolling_forecast(fc.Naive().fit(panel.rows(panel.position < 50)), panel, 2)
    assert list(found) == ["actual_", "cutoff", "cutoff_", "forecast", "actual"]
    assert (found["cutoff"] < found["cutoff_"]).all()
