import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX

from learners.arimax import Arimax
from tests.local import AIR, advances, holes, monthly, travels

RNG = np.random.default_rng(5)
PRICE, PROMO = 3 + RNG.normal(size=72), (RNG.random(72) < 0.3).astype(float)
SALES = 50 - 6 * PRICE + 10 * PROMO + np.convolve(RNG.normal(size=72), [1, 0.6], "same")


def ahead(panel, horizon):
    """The known columns of the next rows: two months ago again."""
    months = [pd.date_range(t, periods=horizon + 1, freq="MS")[1:] for t in panel.last]
    keys = np.repeat(panel.ids["id"].to_numpy(), horizon)
    table = {n: np.tile(np.linspace(0, 2, horizon), panel.count) for n in panel.by_role("known")}
    return pd.DataFrame({"id": keys, "month": np.concatenate(months), **table})


def test_forecasts_equal_those_of_statsmodels():
    panel = monthly(SALES, price=PRICE, promo=PROMO)
    learner = Arimax((1, 0, 1), columns=("price", "promo"), engine="statsmodels")
    got = learner.fit(panel).forecast(panel, 6, ahead(panel, 6))
    X = np.stack([PRICE, PROMO], 1)
    middle, width, center, scale = X.mean(0), X.std(0), SALES.mean(), SALES.std()
    reference = SARIMAX((SALES - center) / scale, exog=(X - middle) / width, order=(1, 0, 1), trend="c")
    later = (np.linspace(0, 2, 6)[:, None] - middle) / width
    expected = reference.fit(disp=False, maxiter=50).forecast(6, exog=later)
    np.testing.assert_allclose(got.columns["forecast"], center + scale * expected, rtol=1e-8)


def test_slopes_are_found_beside_differences():
    panel = monthly(SALES + np.cumsum(np.ones(72)), price=PRICE, promo=PROMO)
    slopes = Arimax((0, 1, 1), columns=["price", "promo"]).fit(panel).start["arima.slopes"][0]
    np.testing.assert_allclose(slopes, [-6, 10], atol=1.0)


def test_promises(tmp_path):
    rows = np.arange(144) % 72
    panel = monthly(holes(SALES, 0, 30, -2), SALES * 1e6, price=PRICE[rows], promo=PROMO[rows])
    travels(advances(Arimax((1, 0, 0), columns=("price", "promo"), levels=(90,)), panel), panel, tmp_path)


def test_a_column_that_does_not_vary_is_left_out_and_named():
    panel = monthly(SALES, price=PRICE, promo=np.ones(72))
    model = Arimax((1, 0, 0), columns=("price", "promo")).fit(panel)
    assert model.start["arima.slopes"][0, 1] == 0.0
    assert "id=s0: 1 of 2 columns do not vary" in model.report[0]
    missing = ahead(panel, 3).assign(promo=np.nan)
    assert np.isfinite(model.forecast(panel, 3, missing).columns["forecast"]).all()


def test_missing_columns_in_history_do_not_stop_it():
    panel = monthly(SALES, price=holes(PRICE, 4, 5, 71), promo=PROMO)
    model = Arimax((1, 0, 0), columns=("price", "promo")).fit(panel)
    assert np.isfinite(model.forecast(panel, 3, ahead(panel, 3)).columns["forecast"]).all()


def test_without_columns_it_is_refused():
    with pytest.raises(ValueError, match="needs known columns"):
        Arimax().fit(monthly(AIR))
