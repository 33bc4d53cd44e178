"""PerGroup: the right model for each series, in Python and in the graph."""

import numpy as np
import pandas as pd
import pytest

from forecast.backtest import RollingOrigin
from forecast.best import Best
from forecast.conformal import Conformal
from forecast.export import to_onnx
from forecast.per_group import PerGroup, PerSeries
from forecast.scorer import score
from learners.arima import Arima
from learners.average import Average
from learners.grouped import groups
from learners.naive import SeasonalNaive
from tests.examples import HORIZON, LINEAR, continued, panel
from tests.learners import Failing
from tests.panels import daily

ON = RollingOrigin(HORIZON, folds=2)
BEST = Best((Average(), SeasonalNaive(7), Conformal(LINEAR, ON)), ON)
REGION = np.array([0, 1, 0, 1, 1, 0])


def test_each_group_is_forecast_by_its_own_model():
    before, after = continued(panel(), HORIZON)
    found = PerGroup(LINEAR, ("region",)).fit(before).forecast(before, HORIZON, after).columns["forecast"]
    for g in (0, 1):
        mine = before.where(g == REGION)
        alone = LINEAR.fit(mine).forecast(mine, HORIZON, after.where(g == REGION)).columns["forecast"]
        np.testing.assert_allclose(found.reshape(6, -1)[g == REGION], alone.reshape(3, -1), rtol=1e-12)


def test_groups_are_named_by_their_values():
    assert groups(panel(), ("region",))[0] == ("region=north", "region=south")
    names, number = groups(panel(), ("item", "region"))
    assert names == ("item=x, region=north", "item=x, region=south", "item=y, region=north", "item=y, region=south")
    assert number.tolist() == [0, 3, 0, 3, 1, 2]
    with pytest.raises(ValueError, match="'promo' are not possible: key and static columns are store, item, area"):
        groups(panel(), ("promo",))


def test_a_group_that_fails_has_the_backup_and_a_row_in_the_report():
    whole = daily(np.arange(30.0), np.arange(10.0))
    model = PerSeries(Failing(20), Average()).fit(whole)
    assert model.frame()["model"].tolist() == ["SeasonalNaive", "Average"]
    assert model.frame()["failure"].tolist() == ["", "ValueError: 10 rows are too few."]
    assert model.report == ("Group id=1 has the backup model: ValueError: 10 rows are too few.",)
    np.testing.assert_array_equal(model.forecast(whole, 2).columns["forecast"], [29, 29, 4.5, 4.5])
    with pytest.raises(ValueError, match=r"Group id=0 failed .* and so did its backup"):
        PerSeries(Failing(), Failing()).fit(whole)


def test_a_mapping_gives_each_group_its_own_learner():
    whole = daily(np.arange(10.0), np.arange(10.0), np.arange(10.0))
    model = PerGroup({"id=0": Average(), "id=2": SeasonalNaive(1)}, ("id",), SeasonalNaive(2)).fit(whole)
    np.testing.assert_array_equal(model.forecast(whole, 2).columns["forecast"], [4.5, 4.5, 8, 9, 9, 9])
    assert model.report == (
        "Group id=1 has the backup model: ValueError: No learner is given for 'id=1'; there is one for id=0, id=2.",
    )


def test_every_group_has_its_own_winner():
    rng = np.random.default_rng(0)
    season = np.tile([0.0, 5, 0, 0, 0, 0, 9], 10)
    whole = daily(season, rng.normal(size=70), season + 1)
    model = PerSeries(Best((Average(), SeasonalNaive(7)), ON, "mae")).fit(whole)
    assert model.frame()["model"].tolist() == ["SeasonalNaive", "HistoricAverage", "SeasonalNaive"]


def test_a_series_that_was_not_in_training_has_no_forecast():
    whole = panel()
    model = PerSeries(Average()).fit(whole.where(np.array([0, 2])))
    found = model.forecast(whole, 3).columns["forecast"].reshape(6, 3)
    assert np.isnan(found).all(axis=1).tolist() == [False, True, False, True, True, True]


def later(history):
    parts = [history.where(np.array([i])).frame().tail(HORIZON) for i in range(history.count)]
    return pd.concat([p.assign(day=p["day"] + pd.Timedelta(days=HORIZON), sales=np.nan) for p in parts])


@pytest.mark.parametrize(
    "learner", [PerGroup(LINEAR, ("region",)), PerGroup(BEST, ("region", "item")), PerSeries(Average())],
    ids=lambda learner: repr(learner)[:30],
)  # fmt: skip
def test_the_graph_agrees_with_any_batch_of_series(learner, tmp_path):
    """All groups, one of them alone (the others have no rows), and a series that none knows; also a week later."""
    before, _ = continued(panel(), HORIZON)
    model = learner.fit(before)
    assert to_onnx(model, tmp_path / "m.onnx", HORIZON)["worst_relative_difference"] < 1e-9
    for history in (before, panel()):
        for chosen in (np.arange(6), np.array([4]), np.flatnonzero(REGION == 0)):
            part = history.where(chosen)
            expected = model.forecast(part, HORIZON, later(part)).columns
            found = score(tmp_path / "m.onnx", pd.concat([part.frame(), later(part)]))
            for name, values in expected.items():
                np.testing.assert_allclose(found[name], values, rtol=1e-9, err_msg=name)


def test_groups_share_the_tables_of_memory():
    whole = daily(*(np.arange(10.0) + i for i in range(5)))
    memory = PerSeries(Average()).fit(whole).origin.memory
    assert sum(values.shape[1] for values in memory.values()) == 3  # the group, and one sum and one count


def test_a_batch_without_series_of_a_group_is_scored(tmp_path):
    """Graphs of groups see no series at all of those that are absent, also in the loop over new rows."""
    whole = panel()
    model = PerGroup(Arima((1, 1, 1)), ("region",)).fit(continued(whole, HORIZON)[0])
    to_onnx(model, tmp_path / "model.onnx", HORIZON)
    south = whole.where(REGION == 1)
    found = score(tmp_path / "model.onnx", pd.concat([south.frame(), later(south)]))["forecast"]
    np.testing.assert_allclose(found, model.forecast(south, HORIZON).columns["forecast"], rtol=1e-9)


def test_the_check_of_a_graph_sees_all_groups(tmp_path, monkeypatch):
    """It scores some of the series, from the first to the last."""
    monkeypatch.setattr("forecast.export.CHECKED", 2)
    whole = continued(panel(), HORIZON)[0].where(np.argsort(REGION))
    check = to_onnx(PerGroup(Arima((1, 1, 0)), ("region",)).fit(whole), tmp_path / "model.onnx", HORIZON)
    assert check["series"] == 2
    assert check["worst_relative_difference"] <= 1e-9
