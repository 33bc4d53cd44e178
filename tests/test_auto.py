"""auto: a recipe that can be printed, edited, written and fitted; what is searched starts at the defaults."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast import defaults
from forecast.backtest import RollingOrigin
from forecast.job import Job
from forecast.plan import Plan, recipe
from forecast.recipes import from_toml, to_toml
from forecast.spaces import REGRESSORS, opened
from learners.space import closed, openings
from tests.examples import panel
from tests.panels import daily

PANEL = panel()
PLAN = Plan.of(PANEL, horizon=7, seasons=(7,), lags=(1, 7), windows=(7,))
UNSAID = {"min_child_weight": 1.0, "colsample_bytree": 1.0, "max_leaf_nodes": 31}  # of XGBoost, which documents them
SEARCHED = [*REGRESSORS, "DirectLightGBM", "Mlp", "Tcn", "Prophet"]


def test_the_recipe_shows_every_value_and_comes_back_from_toml() -> None:
    sweep = fc.auto(PANEL, 7, learners=["AutoEts", "Ridge"], levels=80)
    assert isinstance(sweep, fc.Sweep)
    assert list(sweep.recipes) == ["SeasonalNaive", "AutoEts", "Ridge"]
    assert sweep.season == 7
    assert from_toml(to_toml(sweep)) == sweep


def test_the_recipe_can_be_edited_and_fitted() -> None:
    sweep = replace(fc.auto(PANEL, 7, learners=["AutoEts"], levels=()), on=fc.RollingOrigin(7, folds=1))
    model = sweep.fit(PANEL)
    assert model.forecast(PANEL, 7).column("forecast").shape == (7 * PANEL.count,)
    assert model.winner in (*sweep.recipes, "Ensemble", "Stack")  # type: ignore[attr-defined]


def test_blocked_learners_do_not_take_part_and_slips_are_named() -> None:
    whole = fc.auto(PANEL, 7)
    assert "LightGBM" in whole.recipes
    assert set(whole.recipes) - set(fc.auto(PANEL, 7, block=["lightgbm", "Tcn"]).recipes) == {"LightGBM", "Tcn"}
    with pytest.raises(ValueError, match="'LightGMB'"):
        fc.auto(PANEL, 7, block="LightGMB")


@pytest.mark.parametrize("name", SEARCHED)
def test_a_search_starts_at_the_default(name: str) -> None:
    usual = recipe(name, PLAN)
    space = opened(usual)
    assert openings(space)
    first, made = closed(space, {}), usual
    for path, opening in openings(space).items():
        if ".settings." in path:  # a setting of a regressor: what the library would take anyway
            setting = path.rsplit(".", 1)[1]
            default = _regressor(made).make().get_params()[setting]
            default = UNSAID.get(setting) if default is None else default
            assert default == pytest.approx(opening.first), (path, default)
        else:
            name = path.rsplit(".", 1)[-1]
            owner = _regressor(made) if ".regressor." in f".{path}" else None
            assert name == "features" or opening.first == (getattr(owner, name) if owner else _at(made, path))
    assert type(first) is type(made)


def test_a_search_chooses_scaling_reduction_and_encoding() -> None:
    found = openings(opened(recipe("Ridge", PLAN)))
    assert {"scaling", "reduction"} <= {path.rsplit(".", 1)[-1] for path in found}
    trees = opened(fc.Recursive("LightGBM", (fc.Lags((1,)), fc.SeriesId())))
    assert {path.rsplit(".", 1)[-1] for path in openings(trees)} >= {"encoding", "learning_rate"}
    assert not any("scaling" in path or "reduction" in path for path in openings(trees))
    values = {"regressor.encoding": "target"}
    assert closed(trees, values).regressor.encoding == "target"
    network = {path.rsplit(".", 1)[-1] for path in openings(opened(recipe("Tcn", PLAN)))}
    assert network == {"channels", "layers", "kernel", "dropout", "learning_rate"}  # width, depth ...
    kept = opened(fc.Recursive(fc.Ridge(scaling="minmax"), (fc.Lags((1,)),)))
    assert kept.regressor.scaling == "minmax"


def _at(value: object, path: str) -> object:
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _regressor(learner: object) -> fc.Regressor:
    while not hasattr(learner, "regressor"):
        learner = learner.learner  # type: ignore[attr-defined]
    found = learner.regressor
    return found if isinstance(found, fc.Regressor) else fc.Regressor(str(found))


@pytest.mark.parametrize(
    ("series", "rows", "horizon", "folds"),
    [(1, 200, 7, 6), (2, 200, 7, 6), (3, 200, 7, 4), (4, 200, 7, 3), (50, 200, 7, 3), (1, 70, 7, 5), (1, 30, 7, 3),
     (1, 16, 7, 1), (4, 20, 7, 1)],
)  # fmt: skip
def test_few_series_have_more_folds_as_far_as_they_reach(series: int, rows: int, horizon: int, folds: int) -> None:
    found = daily(*(np.arange(rows, dtype=float) for _ in range(series)))
    assert defaults.origins(found, horizon) == RollingOrigin(horizon, folds, horizon)
    assert defaults.origins(found, horizon, 1).folds == 1


def test_where_time_is_limited_folds_are_made_of_as_many_series_as_there_is_time_for() -> None:
    many = daily(*(np.arange(1000.0) for _ in range(60)))
    assert defaults.fold_series(many, 50, None, 1) is None
    assert defaults.fold_series(many, 50, 20.0, 1) == 40 == 2 * defaults.FEWEST  # 2,000 steps
    assert defaults.fold_series(many, 50, 20.0, 2) is None  # 60,000 rows in 40 seconds of a core
    assert defaults.fold_series(many, 50, 30.0, 1) == 45
    assert defaults.fold_series(many, 500, 1.0, 1) == defaults.FEWEST
    sweep = fc.auto(many, 50, time_limit=30, workers=1, learners=["AutoTheta"])
    assert sweep.on.series == 45
    assert from_toml(to_toml(sweep)) == sweep
    assert fc.auto(many, 50, time_limit=30, workers=1, fold_series=7, learners=["AutoTheta"]).on.series == 7


@pytest.mark.parametrize("rows", [40, 62, 90, 300])
def test_every_default_learner_has_features_however_short_the_series(rows: int) -> None:
    """Twenty weeks ahead of 62 no usual window fits."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({
        "id": np.repeat(np.arange(4), rows), "week": np.tile(pd.date_range("2020-01-06", periods=rows, freq="7D"), 4),
        "y": rng.normal(10, 1, 4 * rows),
    })  # fmt: skip
    sweep = fc.auto(fc.Panel.read(table, id="id", time="week", target="y"), 20, learners=["Ridge", "LightGBM"])
    panel = fc.Panel.read(table, id="id", time="week", target="y")
    for name in ("Ridge", "LightGBM"):
        assert np.isfinite(sweep.recipes[name].fit(panel).forecast(panel, 20).column("forecast")).all()


def test_several_seasons_are_taken_out_first() -> None:
    plan = replace(PLAN, seasons=(24, 168))
    assert recipe("AutoEts", plan) == fc.Bounded(fc.Mstl((24, 168), fc.AutoEts()), 7, 24)
    assert recipe("AutoTheta", plan) == fc.Bounded(fc.Mstl((24, 168), fc.AutoTheta()), 7, 24)
    assert recipe("AutoEts", PLAN) == fc.Bounded(fc.AutoEts(7), 7, 7)


def test_two_years_of_days_have_waves_of_the_year() -> None:
    days = np.arange(800)
    yearly = daily(100 + 20 * np.sin(days * 2 * np.pi / 365.25) + np.random.default_rng(1).normal(size=800))
    sweep = fc.auto(yearly, 30)
    assert "Harmonic" in sweep.recipes
    assert sweep.recipes["Harmonic"].learner.seasons[-1] == 365.25  # type: ignore[attr-defined]
    assert "Harmonic" not in fc.auto(yearly.tail(700), 30).recipes


def test_arimax_is_chosen_by_auto_arima_and_needs_known_columns() -> None:
    assert recipe("Arimax", PLAN).learner == fc.AutoArima(7, columns=("promo",))  # type: ignore[attr-defined]
    in_logarithms = recipe("Arimax", replace(PLAN, log=True)).learner  # type: ignore[attr-defined]
    assert in_logarithms == fc.Transformed(fc.AutoArima(7, columns=("promo",)), fc.Log1p())
    with pytest.raises(ValueError, match="needs known columns"):
        recipe("Arimax", replace(PLAN, known=())).fit(PANEL)


def test_over_many_seasons_no_differences_are_added_up() -> None:
    for horizon, inner in ((14, fc.SeasonalDifference(7)), (15, fc.Scale("mean"))):
        plan = replace(PLAN, horizon=horizon, difference=7)
        assert recipe("DirectRidge", plan).learner.transform == inner  # type: ignore[attr-defined]
        assert recipe("Ridge", plan).learner.transform == fc.SeasonalDifference(7)  # type: ignore[attr-defined]


def test_weeks_have_waves_of_the_year_too() -> None:
    weeks = np.arange(160)
    values = 100 + 20 * np.sin(weeks * 2 * np.pi / 52.18) + np.random.default_rng(1).normal(size=160)
    table = pd.DataFrame({"week": pd.date_range("2020-01-06", periods=160, freq="7D"), "sales": values})
    panel = fc.Panel.read(table, time="week", target="sales")
    harmonic = fc.auto(panel, 8).recipes["Harmonic"].learner  # type: ignore[attr-defined]
    assert harmonic.seasons == pytest.approx((365.25 / 7,))  # the 52 weeks that are found as well are the same
    assert harmonic.learner.season == 1
    assert "Harmonic" not in fc.auto(panel.tail(100), 8).recipes


def test_networks_are_given_a_share_of_the_time() -> None:
    assert network_of(fc.auto(PANEL, 7, learners=["Tcn"])).max_seconds is None
    both = fc.auto(PANEL, 7, learners=["Tcn", "Mlp"], time_limit=60, workers=1)
    assert [network_of(both, name).max_seconds for name in ("Tcn", "Mlp")] == [5.0, 2.5]
    assert network_of(fc.auto(PANEL, 7, learners=["Tcn"], time_limit=6, folds=5, workers=1)).max_seconds == 0.5
    for limit, there in ((60, False), (120, True)):  # by default Tcn takes part where it has time to learn
        entered = set(fc.auto(PANEL, 7, time_limit=limit, workers=1).recipes)
        assert entered & {"Mlp", "Tcn"} == ({"Mlp", "Tcn"} if there else {"Mlp"})


def network_of(sweep: fc.Sweep, name: str = "Tcn") -> fc.Tcn:
    return sweep.recipes[name].learner  # type: ignore[attr-defined, no-any-return]


def test_learners_that_are_named_can_be_blocked_and_share_a_type() -> None:
    named = fc.auto(PANEL, 7, learners=["Ridge", "LightGBM", "seasonalnaive"], block=["lightgbm", "Tcn"])
    assert list(named.recipes) == ["Ridge", "SeasonalNaive"]
    assert list(fc.auto(PANEL, 7, learners=["Ridge"], block="SeasonalNaive").recipes) == ["Ridge"]
    both = [fc.Recursive("ridge", (fc.Lags((k,)),)) for k in (1, 7)]
    assert list(fc.auto(PANEL, 7, learners=both).recipes) == ["SeasonalNaive", "Recursive", "Recursive 2"]
    assert list(fc.auto(PANEL, 7, learners={"mine": "Ridge", "ets": "AutoEts"}, block="ridge").recipes)[1:] == ["ets"]
    with pytest.raises(ValueError, match="Every learner is blocked"):
        fc.auto(PANEL, 7, learners="SeasonalNaive", block="SeasonalNaive")
    for block in ("LightGMB", ["Ridge", "nothing"]):
        with pytest.raises(ValueError, match="There is no learner"):
            fc.auto(PANEL, 7, learners=["Ridge", "AutoEts"], block=block)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"metric": "masee"}, "no metric 'masee'"),
        ({"holidays": "USX"}, "no country 'USX'"),
        ({"holidays": "auto"}, "no country 'auto'"),
        ({"by": "shop"}, "'shop'"),
        ({"learners": "Ligthgbm"}, "Did you mean .*'LightGBM'"),
        ({"output": "runs/x"}, "'output' is a setting of forecast.run"),
        ({"test": 7}, "'test' is a setting of forecast.run"),
    ],
)
def test_slips_are_told_before_anything_is_fitted(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fc.auto(PANEL, 7, **wrong)  # type: ignore[arg-type]


def test_values_that_were_chosen_are_written_though_they_are_the_defaults() -> None:
    text = to_toml(fc.auto(PANEL, 7, learners="AutoEts"))
    for line in ("folds = 3", "step = 7", "gap = 0", 'metric = "mase"', "ensemble = true", "seed = 0"):
        assert line in text.splitlines()


def test_what_failed_is_in_the_report_of_the_model() -> None:
    sweep = fc.auto(PANEL, 7, learners=[fc.Arimax((1, 0, 0), columns=("nothing",))], levels=(), folds=1)
    assert "Arimax failed on fold 1" in sweep.fit(PANEL).report[0]  # type: ignore[attr-defined]


def test_no_lags_and_no_windows_are_none() -> None:
    sweep = fc.auto(PANEL, 7, learners=["LightGBM", "DirectRidge"], lags=(), windows=(), levels=(), folds=1)
    assert not any(word in repr(sweep.of) for word in ("Lags(", "Rolling("))
    model = sweep.fit(PANEL)
    assert not any("failed" in line for line in model.report)  # type: ignore[attr-defined]


def test_text_that_is_not_known_ahead_is_looked_back_on() -> None:
    table = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=80), "weather": ["sun", "rain"] * 40})
    table["sales"] = 10.0 + 5 * (table["weather"].shift(1) == "sun")  # the day after a sunny one
    seen = fc.Panel.read(table, time="day", target="sales", past="weather")
    sweep = fc.auto(seen, 1, learners=["Ridge", "LightGBM", "Mlp"], levels=(), folds=1)
    assert all("'weather'" in repr(sweep.recipes[name]) for name in ("Ridge", "LightGBM", "Mlp"))
    assert fc.summary(sweep, seen).set_index("column").loc["weather", "features"] == ["weather_lag1"]


def test_learners_for_which_there_is_no_trial_are_told() -> None:
    sweep = fc.auto(PANEL, 7, learners=["AutoEts", "Ridge"], levels=(), folds=1, trials=2)
    assert sweep.fit(PANEL).report == ("Ridge did not take part: there are fewer trials than learners.",)  # type: ignore[attr-defined]


def test_auto_may_be_said_in_a_job_too() -> None:
    roles = {"data": {"time": "day", "target": "sales"}, "horizon": 7}
    said = dict.fromkeys(("lags", "windows", "season", "learners", "folds", "step", "nonnegative"), "auto")
    assert Job.of(roles | said) == Job.of(roles)
    assert fc.auto(PANEL, 7, **said) == fc.auto(PANEL, 7)  # type: ignore[arg-type]


def test_the_rules_know_the_step_and_the_gap_of_the_folds() -> None:
    """A fold that no series is long enough for is none; lags have the room that overlapping folds leave them."""
    season = 10 + 5 * np.sin(np.arange(120) * 2 * np.pi / 12)
    sixty = daily(season[:60], season[:60])
    assert [defaults.origins(sixty, 6, 3, step, gap).folds for step, gap in ((30, 0), (6, 0), (None, 40))] == [2, 3, 2]
    job = Job.of({"data": {"time": "day", "target": "y"}, "horizon": 6, "folds": 3, "step": 30}).resolve(sixty)
    assert (job.folds, len(list(job.origins(sixty)[0].split(sixty)))) == (2, 2)
    whole = daily(season, season)
    assert {24, 36} <= set(defaults.lags(whole, RollingOrigin(36, 3, step=1), 12))
    assert not {24, 36} & set(defaults.lags(whole, RollingOrigin(36, 3), 12))


def test_what_is_said_of_series_that_are_sampled_counts_those_of_every_group() -> None:
    whole = daily(*(np.arange(40.0) + i for i in range(9)))
    whole.ids["kind"] = ["a", "b", "b"] * 3
    data = {"time": "day", "target": "y"}
    job = Job.of({"data": data, "horizon": 4, "fold_series": 4, "by": "kind"}).resolve(whole)
    (told,) = job.origins(whole)[1]
    assert "on 7 of 9 series" in told.message
    assert job.origins(whole.where(np.arange(6)))[1] == ()
