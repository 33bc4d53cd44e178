import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from learners._kernels import ets_likelihood, fit_ets
from learners.ets import AutoEts, Ets
from learners.ets_fit import EtsFit as NativeFit
from learners.ets_fit import all_forms, form_bit, letters
from learners.ets_statsmodels import as_tabled
from tests.local import AIR, advances, holes, monthly, survives, travels
from tests.shared_data import shared

FORMS = [
    Ets("add", "add", "add", False, 12),
    Ets("mul", "add", "mul", True, 12),
    Ets("add", None, "mul", False, 12),
    Ets("mul", "add", None, False, 1),
    Ets("add", None, None, False, 1),
]


def reference(y: np.ndarray, form: Ets) -> ETSModel:
    model = ETSModel(
        pd.Series(y), error=form.error, trend=form.trend, damped_trend=form.damped,
        seasonal=form.seasonal, seasonal_periods=form.season if form.seasonal else None,
    )  # fmt: skip
    as_tabled(model)
    return model


def native(y: np.ndarray, form: Ets) -> np.ndarray:
    """The kernel's numbers in this form."""
    trend = 0 if form.trend is None else 2 if form.damped else 1
    bits = form_bit(int(form.error == "mul"), trend, [None, "add", "mul"].index(form.seasonal))
    return fit_ets(y, np.array([0, len(y)]), bits.reshape(1), form.season, 1)[0]


def parameters(numbers: np.ndarray, form: Ets) -> np.ndarray:
    """The kernel's numbers in the order of statsmodels."""
    alpha, beta, gamma, phi, level, trend = numbers[:6]
    found = [alpha] + [beta] * (form.trend is not None) + [gamma] * (form.seasonal is not None)
    found += [phi] * form.damped + [level] + [trend] * (form.trend is not None)
    return np.r_[found, numbers[11:][::-1] if form.seasonal else []]


@pytest.mark.parametrize("form", FORMS)
def test_the_oracle_forecasts_as_statsmodels_does(form):
    panel, scale = monthly(AIR), AIR.mean()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = reference(AIR / scale, form).fit(disp=False, maxiter=200).forecast(20).to_numpy() * scale
    model = replace(form, engine="statsmodels").fit(panel)
    np.testing.assert_allclose(model.forecast(panel, 20).columns["forecast"], expected, rtol=1e-8)
    assert model.report == ()


@pytest.mark.parametrize("form", FORMS)
def test_likelihood_and_forecasts_equal_those_of_statsmodels_at_the_same_parameters(form):
    numbers, model = native(AIR, form), form.fit(monthly(AIR))
    expected = reference(AIR, form)
    at = parameters(numbers, form)
    np.testing.assert_allclose(numbers[7], expected.loglike(at), rtol=1e-10)
    np.testing.assert_allclose(ets_likelihood(AIR, numbers, form.season), numbers[7], rtol=1e-12)
    forecast = model.forecast(monthly(AIR), 20).columns["forecast"]
    np.testing.assert_allclose(forecast, expected.smooth(at).forecast(20), rtol=1e-8)


@pytest.mark.parametrize("form", FORMS)
def test_no_fit_of_statsmodels_is_likelier(form):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for y in (AIR, AIR[:30], 300 - AIR[10:50]):
            theirs = reference(y / y.mean(), form).fit(disp=False, maxiter=1000).llf - len(y) * np.log(y.mean())
            assert native(y, form)[7] >= theirs - 1e-5


@pytest.mark.parametrize("group", ["m1_yearly", "m1_quarterly"])
def test_no_fit_of_statsmodels_is_likelier_on_real_series(group):
    path = shared(f"benchmark/{group}_train.parquet")
    if path is None:
        return
    season = 1 if group == "m1_yearly" else 4
    series = [rows["y"].to_numpy(float) for _, rows in pd.read_parquet(path).groupby("unique_id")][::30]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for y in series:
            form = Ets("mul", "add", None if season == 1 else "mul", True, season)
            theirs = reference(y / y.mean(), form).fit(disp=False, maxiter=1000).llf - len(y) * np.log(y.mean())
            assert native(y, form)[7] >= theirs - 1e-3


def test_auto_chooses_the_form_with_the_lowest_criterion():
    fit = NativeFit.of(monthly(AIR), 12, "AutoEts")
    bits, notes = all_forms(fit)
    each = [fit_ets(AIR, np.array([0, len(AIR)]), np.array([1 << i]), 12, 1)[0] for i in range(18) if bits[0] >> i & 1]
    best = min(each, key=lambda numbers: numbers[8])
    model = AutoEts(12).fit(monthly(AIR))
    assert len(each) == 15
    assert notes == {}
    assert model.forms == (letters(int(best[6])),) == ("MAM",)
    np.testing.assert_allclose(model.start["ets.alpha"][0], best[0], rtol=1e-3)


def test_neighbours_and_threads_change_nothing():
    rng = np.random.default_rng(0)
    parts = [rng.normal(size=n).cumsum() + 20 for n in rng.integers(5, 80, 30)]
    parts[3][2:5] = np.nan
    starts = np.r_[0, np.cumsum([len(y) for y in parts])]
    bits = all_forms(NativeFit.of(monthly(*parts), 4, ""))[0]
    together = fit_ets(np.concatenate(parts), starts, bits, 4, 1)
    np.testing.assert_array_equal(fit_ets(np.concatenate(parts), starts, bits, 4, 3), together)
    for y, one, row in zip(parts, bits, together, strict=True):
        np.testing.assert_array_equal(fit_ets(y, np.array([0, len(y)]), np.array([one]), 4, 1)[0], row)


@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_the_unit_of_the_series_does_not_matter(size):
    model, scaled = AutoEts(12).fit(monthly(AIR)), AutoEts(12).fit(monthly(AIR * size))
    assert model.forms == scaled.forms
    forecast, expected = (m.forecast(p, 5).columns["forecast"] for m, p in
                          ((scaled, monthly(AIR * size)), (model, monthly(AIR))))  # fmt: skip
    np.testing.assert_allclose(forecast, expected * size, rtol=1e-6)


@pytest.mark.parametrize("form", [FORMS[0], FORMS[1], AutoEts(12)])
def test_promises(form, tmp_path):
    panel = monthly(holes(AIR, 0, 20, 21, -3, -1), AIR[:40], 100 - AIR[:60], AIR[:9])
    travels(advances(form, panel), panel, tmp_path, 14)


def test_a_missing_value_is_predicted_through():
    model = Ets(trend=None, seasonal=None).fit(monthly(AIR))
    known, unknown = monthly(AIR[:-1]), monthly(holes(AIR, -1))
    np.testing.assert_array_equal(model.memory(known)["ets.level"], model.memory(unknown)["ets.level"])


@pytest.mark.parametrize("engine", ["native", "statsmodels"])
def test_hostile_series_fall_back_and_are_named(engine):
    found, report = survives(Ets("mul", "add", "mul", False, 7, engine))
    np.testing.assert_allclose(found["constant"], 5.0)
    np.testing.assert_allclose(found["zero"], 0.0)
    np.testing.assert_allclose(found["three"], 2.0)
    np.testing.assert_allclose(found["huge"], 1e9, rtol=1e-7)
    assert any("id=negative has values of zero or less: Ets is additive" in line for line in report)


def test_auto_survives():
    found, report = survives(AutoEts(7))
    np.testing.assert_allclose(found["huge"], 1e9, rtol=1e-7)
    assert "id=constant is constant: AutoEts repeats its last value." in report


def test_what_cannot_be_fitted_is_simply_smoothed():
    rng = np.random.default_rng(0)
    few = np.where(np.arange(100) % 9 == 0, rng.random(100), np.nan)
    panel = monthly(few, AIR[:4] * 1e300, np.exp(np.arange(60.0) * 9), names=["few", "four", "exploding"])
    model = Ets(season=12).fit(panel)
    assert model.forms == ("ANN", "ANN", "AAA")
    assert model.report[0] == "id=few: Ets failed; it is simple exponential smoothing."
    for learner in (model, AutoEts(12).fit(panel)):
        assert np.isfinite(learner.forecast(panel, 5).columns["forecast"]).all()


@pytest.mark.parametrize("engine", ["native", "statsmodels"])
def test_too_short_for_a_season(engine):
    model = Ets(season=12, engine=engine).fit(monthly(AIR[:20]))
    assert model.report == ("id=s0 is shorter than two seasons: Ets without a season.",)


def test_a_long_season_begins_at_its_decomposition():
    y = 10 + np.sin(np.arange(200) * 2 * np.pi / 48) + np.arange(200) * 0.01
    forecast = AutoEts(48).fit(monthly(y)).forecast(monthly(y), 48).columns["forecast"]
    np.testing.assert_allclose(forecast, 10 + np.sin(np.arange(200, 248) * 2 * np.pi / 48) + 2.2, atol=0.4)


def test_a_series_unknown_in_training_has_no_forecast():
    model = FORMS[4].fit(monthly(AIR))
    forecast = model.forecast(monthly(AIR, AIR), 2).columns["forecast"]
    assert np.isfinite(forecast[:2]).all()
    assert np.isnan(forecast[2:]).all()


def test_a_panel_that_begins_later_is_a_continuation():
    model, whole = FORMS[0].fit(monthly(AIR[:60])), monthly(AIR)
    apart = monthly(holes(AIR, *range(60, 67)))  # rows between training and the table count as missing
    for size, same in ((20, whole), (5, apart)):
        expected = model.forecast(same, 6).columns["forecast"]
        np.testing.assert_allclose(model.forecast(whole.tail(size), 6).columns["forecast"], expected, rtol=1e-12)


def test_impossible_forms_are_refused():
    with pytest.raises(ValueError, match="trend='mul'"):
        Ets(trend="mul").fit(monthly(AIR))
    with pytest.raises(ValueError, match="cannot be damped"):
        Ets(trend=None, damped=True).fit(monthly(AIR))
    with pytest.raises(ValueError, match="engine 'R'"):
        Ets(engine="R").fit(monthly(AIR))
    with pytest.raises(ValueError, match="whole number from 1 on, not 0"):
        AutoEts(0).fit(monthly(AIR))
