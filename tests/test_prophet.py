import logging
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.datasets import co2

from featurizers.frequency import Frequency
from featurizers.panel import Panel
from learners.local import _series, quiet
from learners.prophet import Prophet
from learners.prophet_fit import complete, fitted_reference, silent, with_limits
from learners.prophet_terms import Seasonality, holiday_table, seasonalities_of
from tests.local import AIR, HOSTILE, advances, holes, monthly, survives, travels

RNG = np.random.default_rng(1)
ROWS = 420
HEAT = RNG.normal(size=ROWS)
DAILY = 50 + np.arange(ROWS) / 20 + 8 * np.sin(np.arange(ROWS) * 2 * np.pi / 7) + 3 * HEAT + RNG.normal(size=ROWS)


def daily(*series, **known):
    return monthly(*series, freq="D", **known)


def measured():
    """Weekly carbon dioxide at Mauna Loa, 1990 to 1995, with its gaps filled by NaN."""
    table = co2.load_pandas().data["co2"]["1990":"1995"]
    times = table.index.to_numpy().astype("datetime64[s]")
    y = holes(table.to_numpy(float), 7, 8)
    return Panel(
        pd.DataFrame(index=[0]), np.array([0, len(y)]), times, Frequency.parse("W-SAT"), "week", "co2", {"co2": y}
    )


def by_the_package(recipe, model, panel, future):
    """What the package's own predict says of each series, fitted as ours was."""
    names = (*model.terms.regressors, *([recipe.cap] if isinstance(recipe.cap, str) else []))
    rows = []
    for i in range(panel.count):
        table, _ = complete(_series(panel, i, names), names)
        with quiet(), silent():
            fitted = fitted_reference(recipe, model.terms, table)
            ahead = {f"r{k:03d}": future[name][i] for k, name in enumerate(names)}
            ahead["ds"] = future["time"][i].astype("datetime64[s]").astype("datetime64[ns]")
            rows.append(fitted.predict(with_limits(recipe, model.terms, pd.DataFrame(ahead)))["yhat"].to_numpy())
    return np.array(rows)


MONTHLY = (Seasonality(30.5, 2, "multiplicative"), Seasonality(7, 3))
CASES = [
    (Prophet(mode="multiplicative"), measured()),
    (
        Prophet(holidays="US", window=(1, 1), regressors=("heat",)),
        daily(DAILY, 1e6 * DAILY[:200], heat=np.r_[HEAT, HEAT[:200]]),
    ),
    (
        Prophet(growth="logistic", cap="most", floor=10, mode="multiplicative", changepoints=5),
        daily(DAILY, most=90 + 0 * DAILY),
    ),
    (Prophet(growth="logistic", cap=100.0, changepoints=3), daily(DAILY)),
    (Prophet(growth="flat", seasonalities=MONTHLY), daily(DAILY)),
    (Prophet(seasonalities=(), changepoints=0), daily(holes(DAILY, 0, 5, -1))),
    (Prophet(holidays={"12-24": "eve", "1950-01-09": "odd"}, seasonalities=()), daily(DAILY)),
]


@pytest.mark.parametrize(("recipe", "panel"), CASES)
def test_forecasts_equal_those_of_the_package(recipe, panel, tmp_path):
    recipe = replace(recipe, engine="prophet", levels=(80,))
    model = recipe.fit(panel)
    steps = np.arange(-20, 40)  # also inside training, between changepoints and on holidays
    time = panel.clock(panel.freq.add(panel.last[:, None], 10 * steps if panel.freq.daily else steps))
    future = {"time": time, "heat": np.sin(time / 1e6), "most": 95.0 + 0.0 * time}
    got = model.predict(model.state(panel), future)["forecast"]
    expected = by_the_package(recipe, model, panel, future)
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())
    assert model.report == ()
    travels(model, panel, tmp_path)


def test_seasons_are_chosen_by_length_and_spacing():
    def chosen(panel):
        return [s.period for s in seasonalities_of("auto", panel)]

    assert chosen(measured()) == [365.25]
    assert chosen(daily(DAILY)) == [7.0]
    assert chosen(daily(DAILY, DAILY[:5], np.tile(DAILY, 2))) == [365.25, 7.0]
    assert chosen(monthly(DAILY[:100], freq="h")) == [1.0]
    assert chosen(monthly(DAILY[:20])) == []


def test_holidays_that_occur_in_training_count_with_their_days_around():
    days = holiday_table("US", (1, 0), daily(DAILY[:60]))  # January and February 1949
    assert days.names == ("New Year's Day", "Washington's Birthday")
    assert days.columns[:2] == (("New Year's Day", -1), ("New Year's Day", 0))
    assert {"1949-01-01", "1950-01-01"} <= set(days.dates("New Year's Day").astype(str))
    assert np.isnan(days.rows[days.codes[[0, -1]]]).all()


def test_a_holiday_is_learned():
    panel = daily(DAILY[:300] + 100.0 * np.isin(np.arange(300), [10, 130, 250]))
    marked = {str(np.datetime64("1949-01-01") + k): "sale" for k in (10, 130, 250, 305)}
    forecast = Prophet(holidays=marked, seasonalities=()).fit(panel).forecast(panel, 8).columns["forecast"]
    assert forecast[5] - forecast[4] == pytest.approx(100, abs=12)


def test_observations_change_nothing():
    model = advances(Prophet(changepoints=3), daily(DAILY[:60], HOSTILE["three"] * 8))
    assert not model.moves
    assert model.ended == {}


@pytest.mark.parametrize("engine", ["native", "prophet"])
def test_hostile_series_fall_back_and_are_named(engine):
    found, _ = survives(Prophet(changepoints=3, engine=engine))
    np.testing.assert_allclose(found["three"], 2.0)
    np.testing.assert_allclose(found["huge"], 1e9, rtol=1e-6)
    np.testing.assert_allclose(found["zero"], 0.0)


@pytest.mark.parametrize("engine", ["native", "prophet"])
def test_a_fit_that_fails_is_named_and_has_a_forecast(engine):
    panel = daily(DAILY[:50])
    model = Prophet(growth="logistic", cap=-5.0, engine=engine).fit(panel)
    assert re.match("id=s0: Prophet failed .*cap must be greater than (the )?floor", model.report[0])
    np.testing.assert_allclose(model.forecast(panel, 3).columns["forecast"], DAILY[49])


@pytest.mark.parametrize("engine", ["native", "prophet"])
def test_missing_regressors_are_filled_for_the_fit_and_named(engine):
    recipe = Prophet(regressors=("heat",), seasonalities=(), engine=engine)
    model = recipe.fit(daily(DAILY[:50], heat=holes(HEAT[:50], 3, 4)))
    assert model.report == ("id=s0: missing values of 'heat' were interpolated for the fit.",)


def test_nothing_is_logged_and_loggers_are_left_alone(capfd):
    Prophet(seasonalities=(), engine="prophet").fit(daily(DAILY[:50]))
    assert capfd.readouterr() == ("", "")
    assert not logging.getLogger("prophet").disabled


@pytest.mark.parametrize("engine", ["native", "prophet"])
def test_the_same_data_give_the_same_numbers(engine):
    first, second = (Prophet(holidays="US", engine=engine).fit(daily(DAILY[:90])).start for _ in range(2))
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name])


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (Prophet(growth="cubic"), "Growth is"),
        (Prophet(mode="both"), "The mode is"),
        (Prophet(engine="stan"), "no engine 'stan'"),
        (Prophet(levels=(120,)), "levels of bands are percents"),
        (Prophet(growth="logistic"), "needs a cap"),
        (Prophet(regressors=("price",)), "needs 'price' ahead"),
        (Prophet(seasonalities="yearly"), "Seasonalities are"),
        (Prophet(seasonalities=(Seasonality(0, 1),)), "period .* above 0"),
        (Prophet(seasonalities=(Seasonality(7, 1.5),)), "order of a seasonality must be a whole number"),
        (Prophet(seasonalities=(Seasonality(7, 1, mode="both"),)), "mode of a seasonality"),
        (Prophet(seasonalities=(Seasonality(7, 1, prior=-1.0),)), "prior of a seasonality"),
        (Prophet(seasonalities=((7, 3),)), "Seasonalities are"),
        (Prophet(seasonalities=Seasonality(7, 3)), "Seasonalities are"),
        (Prophet(changepoints=-1), "whole number from 0 on, not -1"),
        (Prophet(changepoints=2.5), "whole number from 0 on, not 2.5"),
        (Prophet(changepoint_range=2.0), "from 0 to 1, not 2.0"),
        (Prophet(changepoint_prior=0.0), "changepoint_prior of Prophet must be a number above 0"),
        (Prophet(holidays_prior=float("nan")), "holidays_prior of Prophet must be a number above 0"),
        (Prophet(holidays="US", window=1), "window"),
        (Prophet(holidays="XX"), "no country 'XX'"),
        (Prophet(holidays="US", window=(-1, 0)), "window"),
    ],
)
def test_impossible_settings_are_refused(recipe, message):
    """Of changepoints beyond the last row the kernel would read what is not there."""
    with pytest.raises(ValueError, match=message):
        recipe.fit(daily(DAILY[:30]))


@pytest.mark.parametrize("engine", ["native", "prophet"])
def test_a_series_of_few_values_has_wide_bands(engine: str) -> None:
    few = monthly(AIR[:8], AIR[:1], np.full(8, 3.0), freq="D")
    recipe = Prophet(changepoints=3, levels=(80, 95), engine=engine)  # type: ignore[arg-type]
    found = {n: v.reshape(3, 2) for n, v in recipe.fit(few).forecast(few, 2).columns.items()}
    np.testing.assert_array_equal(found["forecast"][:, 0], [AIR[7], AIR[0], 3.0])
    assert (found["hi80"] - found["lo80"])[0, 0] > 2 * AIR[:8].std()
    assert (found["hi95"] - found["forecast"])[1, 0] > 10 * AIR[0]
    assert (found["hi95"] == found["forecast"])[2].all()
