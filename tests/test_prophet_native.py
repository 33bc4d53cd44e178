from dataclasses import replace

import numpy as np
import pytest

from learners.prophet import Prophet, ProphetModel
from learners.prophet_numbers import turning
from learners.prophet_terms import Seasonality
from tests.local import holes, travels
from tests.test_prophet import CASES, DAILY, HEAT, daily

RNG = np.random.default_rng(2)


def history(model, panel, i):
    """The future of series i that is its past, its values, and which of them are known."""
    rows = slice(panel.indptr[i], panel.indptr[i + 1])
    future = {"time": panel.clock()[rows][None]} | {n: panel.column(n)[rows][None] for n in model.needs.ahead}
    return future, panel.y[rows], np.isfinite(panel.y[rows])


def log_posterior(model: ProphetModel, recipe, panel):
    """Without its constants, by the formula of prophet.stan, the noise at its most probable, of each series."""
    found = []
    for i in range(panel.count):
        state = {n: v[i : i + 1] for n, v in model.start.items()}
        future, y, known = history(model, panel, i)
        errors = ((y - model.predict(state, future)["forecast"][0]) / state["prophet.size"][0, 0])[known]
        rows, squares = len(errors), errors @ errors
        noise = 2 * squares / (rows + np.sqrt(rows**2 + 16 * squares))
        trend = (state["prophet.rate"][0, 0] ** 2 + state["prophet.offset"][0, 0] ** 2) / 50
        weights = state.get("prophet.weights", np.zeros((1, 0)))[0]
        prior = trend + np.abs(state["prophet.rates"]).sum() / recipe.changepoint_prior
        prior += (weights**2 / model.terms.priors(recipe) ** 2).sum() / 2
        found.append(-(rows / 2 * np.log(noise) + squares / noise / 2 + 2 * noise + prior))
    return np.array(found)


@pytest.mark.parametrize(("recipe", "panel"), CASES)
def test_it_is_more_probable_than_what_the_package_finds_and_forecasts_the_same(recipe, panel, tmp_path):
    recipe = replace(recipe, levels=(80, 95))
    model, peer = recipe.fit(panel), replace(recipe, engine="prophet").fit(panel)
    assert (log_posterior(model, recipe, panel) > log_posterior(peer, recipe, panel) - 1e-6).all()
    for name, values in peer.start.items():
        assert model.start[name].shape == values.shape, name
    for i in range(panel.count):
        rows = slice(panel.indptr[i], panel.indptr[i + 1])
        time = panel.clock()[rows][-1] + 86_400 * np.arange(1, 15)[None]
        future = {"time": time, "heat": np.sin(time / 1e6), "most": 95.0 + 0.0 * time}
        ours, theirs = (m.predict({n: v[i : i + 1] for n, v in m.start.items()}, future) for m in (model, peer))
        spread = np.nanmax(panel.y[rows]) - np.nanmin(panel.y[rows])
        np.testing.assert_allclose(ours["forecast"], theirs["forecast"], atol=0.01 * spread, rtol=0)
    travels(model, panel, tmp_path)


def test_no_slope_leads_up():
    """The conditions of Karush, Kuhn and Tucker: the slope of the squares is that of the priors."""
    recipe = Prophet(changepoints=10, holidays="US", regressors=("heat",), changepoint_prior=0.5)
    panel = daily(holes(DAILY, 4, 9), heat=HEAT)
    model = recipe.fit(panel)
    state, (future, y, known) = model.start, history(model, panel, 0)
    t = model._times(state, future)[0][known]
    ahead = np.maximum(t[:, None] - state["prophet.changes"], 0.0)
    columns = np.column_stack([t, np.ones(len(t)), model.features(state, future)[0][known], ahead])
    errors = ((y - model.predict(state, future)["forecast"][0]) / state["prophet.size"][0, 0])[known]
    squares = errors @ errors
    noise = np.sqrt(2 * squares / (len(t) + np.sqrt(len(t) ** 2 + 16 * squares)))
    up = columns.T @ errors / noise**2
    smooth = np.concatenate([state["prophet.rate"][0], state["prophet.offset"][0], state["prophet.weights"][0]])
    priors = np.concatenate([[5.0, 5.0], model.terms.priors(recipe)])
    np.testing.assert_allclose(up[: len(smooth)], smooth / priors**2, atol=1e-5)
    changes, slopes = state["prophet.rates"][0], up[len(smooth) :]
    assert 0 < (changes != 0).sum() < 10
    np.testing.assert_allclose(slopes[changes != 0], np.sign(changes[changes != 0]) / 0.5, atol=1e-5)
    assert (np.abs(slopes) <= 1 / 0.5 + 1e-5).all()


@pytest.mark.parametrize("mode", ["additive", "multiplicative"])
def test_neighbours_and_threads_change_no_bit(mode, monkeypatch):
    recipe = Prophet(mode=mode, seasonalities=(Seasonality(7, 3),))
    series = [50 + 5 * RNG.normal(size=n) + 9 * np.sin(np.arange(n) * 0.9) for n in (900, 60, 400, 35, 1200)]
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    one = recipe.fit(daily(*series)).start
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    three = recipe.fit(daily(*series)).start
    alone = [recipe.fit(daily(s)).start for s in series]
    for name, values in one.items():
        np.testing.assert_array_equal(values, three[name])
        np.testing.assert_array_equal(values, np.concatenate([a[name] for a in alone]))


@pytest.mark.parametrize("growth", ["linear", "logistic"])
@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_the_scale_does_not_matter(growth, scale):
    def forecast(factor):
        recipe = Prophet(growth=growth, cap=100.0 * factor, mode="multiplicative", seasonalities=(Seasonality(7, 2),))
        panel = daily(DAILY * factor)
        return recipe.fit(panel).forecast(panel, 9).columns["forecast"] / factor

    np.testing.assert_allclose(forecast(scale), forecast(1.0), rtol=1e-6)


def test_a_hundred_thousand_rows():
    n = np.arange(100_000)
    panel = daily(10 + n / 5e4 + np.sin(n * 2 * np.pi / 7))
    forecast = Prophet().fit(panel).forecast(panel, 7).columns["forecast"]
    np.testing.assert_allclose(forecast, 12 + np.sin((n[-1] + 1 + np.arange(7)) * 2 * np.pi / 7), atol=0.01)


def test_as_many_numbers_as_rows_do_not_make_the_noise_vanish():
    y = 10 + np.arange(24) / 4 + RNG.normal(size=24)
    recipe = Prophet(seasonalities=(Seasonality(30.5, 10),))
    model = recipe.fit(daily(y))
    apart = np.std(y - np.polyval(np.polyfit(np.arange(24), y, 1), np.arange(24)))
    noise = (model.start["prophet.noise"] * model.start["prophet.size"])[0, 0]
    assert 0.2 * apart <= noise * (1 + 1e-9)


@pytest.mark.parametrize("growth", ["linear", "logistic"])
def test_bands_are_as_wide_as_futures_drawn_at_random(growth):
    """Changepoints of a Poisson process, Laplace changes, normal noise: as the package draws them."""
    recipe = Prophet(growth=growth, cap=400.0, changepoint_prior=5.0, seasonalities=(Seasonality(7, 2),), levels=(80,))
    model = recipe.fit(daily(DAILY))
    state = model.start | {"prophet.unsure": np.zeros((1, 3))}
    span, size, noise = (float(state[f"prophet.{n}"][0, 0]) for n in ("span", "size", "noise"))
    time = state["prophet.start"].astype(np.int64) + np.int64(span) + 86_400 * np.array([[1, 30, 120]])
    found = model.predict(state, {"time": time})
    t, scale = 1 + np.array([1, 30, 120]) * 86_400 / span, np.abs(state["prophet.rates"]).mean()
    draws = []
    for _ in range(6000):
        at = RNG.uniform(1, t[-1], RNG.poisson(25 * (t[-1] - 1)))
        draws.append(np.maximum(t[:, None] - at, 0) @ RNG.laplace(0, scale, len(at)))
    shift = np.array(draws)
    if growth == "logistic":  # the trend is 400 / (1 + exp(-shift - z)), where z gives today's forecast of the trend
        trend = model._trend(state, {"time": time}, t[None])[0][0]
        z = -np.log(400 / trend - 1)
        shift = (400 / (1 + np.exp(-np.clip(z + 0.02 * shift, -50, 50))) - trend) / 0.02 / size
    expected = size * np.sqrt(shift.var(axis=0) + noise**2)
    np.testing.assert_allclose((found["hi80"] - found["forecast"])[0] / 1.2815516, expected, rtol=0.06)


def test_flat_growth_has_the_band_of_its_noise():
    panel = daily(DAILY)
    model = Prophet(growth="flat", levels=(95,)).fit(panel)
    assert model.start["prophet.unsure"][0, 1:].tolist() == [0, 0]
    state = model.state(panel) | {"prophet.unsure": np.zeros((1, 3))}
    found = model.predict(state, {"time": model.origin.tail.clock()[-1:, None] + 86_400 * np.arange(1, 300)})
    width = 1.959964 * (model.start["prophet.noise"] * model.start["prophet.size"])[0, 0]
    np.testing.assert_allclose(found["hi95"] - found["forecast"], width, rtol=1e-6)


def test_without_changepoints_the_future_hardly_turns():
    numbers = turning(np.zeros((2, 1)), np.ones((2, 1)), "linear")
    assert (numbers < 1e-12).all()


def test_many_series_are_forecast_a_block_at_a_time(monkeypatch):
    panel = daily(*(DAILY[:60] + i for i in range(5)))
    model = Prophet(changepoints=3, levels=(80,)).fit(panel)
    whole = model.forecast(panel, 4).columns
    monkeypatch.setattr("learners.blocks.BLOCK", 2)
    for name, values in model.forecast(panel, 4).columns.items():
        np.testing.assert_array_equal(values, whole[name])
