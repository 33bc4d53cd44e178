"""Metrics against scikit-learn, scipy and numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast import means, metrics
from forecast.means import seasonal_scale
from forecast.metrics import METRICS, find
from forecast.truth import Truth

RNG = np.random.default_rng(0)
ACTUAL, FORECAST = RNG.normal(10, 2, (5, 8)), RNG.normal(10, 2, (5, 8))


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("mae", "mean_absolute_error"),
        ("rmse", "root_mean_squared_error"),
        ("mape", "mean_absolute_percentage_error"),
        ("r2", "r2_score"),
    ],
)
def test_agrees_with_scikit_learn(name, reference):
    import sklearn.metrics

    function = getattr(sklearn.metrics, reference)
    expected = [function(a, f) for a, f in zip(ACTUAL, FORECAST, strict=True)]
    np.testing.assert_allclose(getattr(metrics, name)(ACTUAL, FORECAST), expected, rtol=1e-12)


def test_pinball_agrees_with_scikit_learn():
    from sklearn.metrics import mean_pinball_loss

    quantiles = {0.1: FORECAST - 1, 0.5: FORECAST, 0.9: FORECAST + 1}
    expected = np.mean([[mean_pinball_loss(a, v[i], alpha=q) for i, a in enumerate(ACTUAL)]
                        for q, v in quantiles.items()], axis=0)  # fmt: skip
    np.testing.assert_allclose(metrics.pinball(ACTUAL, quantiles), expected, rtol=1e-12)
    np.testing.assert_allclose(metrics.wql(ACTUAL, quantiles), 2 * expected / ACTUAL.mean(axis=1), rtol=1e-12)


def test_spearman_agrees_with_scipy_and_skips_missing_actuals():
    from scipy.stats import spearmanr

    actual, forecast = np.round(ACTUAL), np.round(FORECAST)  # ties
    actual[0, :3] = np.nan
    expected = [spearmanr(a[~np.isnan(a)], f[~np.isnan(a)])[0] for a, f in zip(actual, forecast, strict=True)]
    np.testing.assert_allclose(metrics.spearman(actual, forecast), expected, rtol=1e-12)


def test_scaled_errors_by_hand():
    train, actual, forecast = np.array([1.0, 2, 4, 4, 7, 3]), np.array([5.0, 6]), np.array([4.0, 9])
    # seasonal differences, season 2: |3|, |2|, |3|, |1| -> mean 9/4, mean square 23/4; errors 1, 3
    assert metrics.mase(actual, forecast, train, season=2) == pytest.approx(2 / (9 / 4))
    assert metrics.rmsse(actual, forecast, train, season=2) == pytest.approx(np.sqrt(5 / (23 / 4)))
    assert metrics.nmae(actual, forecast, train) == pytest.approx(2 / 6)
    assert metrics.nrmse(actual, forecast, train) == pytest.approx(np.sqrt(5) / 6)
    assert metrics.wape(actual, forecast) == pytest.approx(4 / 11)
    assert metrics.smape(actual, forecast) == pytest.approx((2 * 1 / 9 + 2 * 3 / 15) / 2)


def test_bands_by_hand():
    actual, lower, upper = np.array([1.0, 5, 9, np.nan]), np.array([2.0, 4, 4, 0]), np.array([4.0, 6, 8, 0])
    assert metrics.coverage(actual, lower, upper) == pytest.approx(1 / 3)
    # widths 2, 2, 4; outside by 1, 0, 1; 2 / 0.2 = 10
    assert metrics.interval_score(actual, lower, upper, level=80) == pytest.approx((8 + 10 + 10) / 3)


def test_a_metric_that_is_not_defined_is_nan_not_infinite():
    flat, actual, forecast = np.zeros((1, 5)), np.array([[0.0, 1]]), np.array([[1.0, 1]])
    for name in ("mase", "rmsse"):
        assert np.isnan(METRICS[name].function(actual, forecast, flat, 1)).all()
    for name in ("nmae", "nrmse"):
        assert np.isnan(METRICS[name].function(actual, forecast, flat)).all()
    assert np.isnan(metrics.wape([[0.0, 0]], forecast)).all()
    assert np.isnan(metrics.r2([[3.0, 3]], forecast)).all()
    assert metrics.mape(actual, forecast)[0] == 0.0  # the zero is skipped
    assert metrics.smape(np.zeros(2), np.zeros(2)) == 0.0


def test_a_series_shorter_than_a_season_is_scaled_by_steps_of_one():
    train = np.array([[np.nan, np.nan, 1.0, 3.0, 7.0]])
    assert seasonal_scale(train, 12)[0] == 3.0


def test_what_differs_by_rounding_alone_has_no_scale():
    """A series that repeats itself was scaled by 1e-15, and its errors decided for all others."""
    again, sums = np.sin(np.arange(56) * 2 * np.pi / 7), np.array([0.3, 0.1 + 0.2, 0.3])
    for name in ("mase", "rmsse"):
        assert np.isnan(getattr(metrics, name)(np.ones(2), np.zeros(2), again, 7))
    for name in ("nmae", "nrmse"):
        assert np.isnan(getattr(metrics, name)(np.ones(2), np.zeros(2), sums))
    assert metrics.mase(np.ones(2), np.zeros(2), 1e9 + np.arange(9) % 2 * 0.01, 1) == pytest.approx(100, rel=1e-4)


def test_the_bias_is_that_of_sums():
    """By hand: 6 forecast where 4 came is half too much; all series count as one."""
    assert metrics.bias(np.array([1.0, 3.0]), np.array([2.0, 4.0])) == pytest.approx(0.5)
    assert metrics.bias(np.array([1.0, -3.0]), np.array([0.0, -3.0])) == pytest.approx(-0.25)
    assert np.isnan(metrics.bias(np.zeros(2), np.ones(2)))
    assert METRICS["bias"].pooled
    assert METRICS["bias"].higher is None


def test_missing_actuals_are_skipped_and_missing_forecasts_are_not():
    actual, forecast = np.array([[1.0, np.nan, 3]]), np.array([[2.0, 2, 5]])
    for name in ("mae", "rmse", "mape", "smape", "wape", "bias", "r2", "spearman"):
        function = METRICS[name].function
        np.testing.assert_allclose(function(actual, forecast), function(actual[:, [0, 2]], forecast[:, [0, 2]]))
        assert np.isnan(function(actual, np.array([[2.0, 2, np.nan]]))).all(), name


def test_a_scale_is_remembered_for_what_cannot_change():
    train = RNG.normal(size=(3, 30))
    first = seasonal_scale(train, 7)
    train[:] *= 2
    np.testing.assert_allclose(seasonal_scale(train, 7), 2 * first)
    train.setflags(write=False)
    assert seasonal_scale(train, 7) is seasonal_scale(train, 7)
    key = (id(train), 7, 1)
    del train  # and forgotten with it
    assert key not in means._scales


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=2, max_size=20))
def test_a_perfect_forecast_has_no_error(values):
    y = np.array([values])
    for name in ("mae", "rmse", "smape"):
        assert METRICS[name].function(y, y)[0] == 0
    assert METRICS["wape"].function(y, y)[0] == 0 or not y.any()


def test_find_names_what_there_is():
    with pytest.raises(ValueError, match="no metric 'mse'; there are mae, rmse"):
        find("mse")
    with pytest.raises(ValueError, match="asks for 'y_true'; a metric can have actual, forecast"):
        find(lambda y_true: 0.0)
    with pytest.raises(ValueError, match="'max' does not say what it needs: write a function of actual and"):
        find(max)
    assert find("r2").higher
    assert find(metrics.mae) is METRICS["mae"]


def test_a_function_that_is_called_like_a_known_metric_is_refused():
    def mape(actual, forecast):
        return 12345.0

    with pytest.raises(ValueError, match="There is a metric 'mape' already: give your function another name"):
        find(mape)
    with pytest.raises(ValueError, match="There is a metric 'mape' already"):
        metrics.metric()(mape)
    assert find(metrics.mape) is METRICS["mape"]


def test_two_functions_of_one_name_are_refused():
    one, other = (lambda actual, forecast: 1.0), (lambda actual, forecast: 2.0)
    assert [m.name for m in metrics.together(one, one)[:2]] == ["<lambda>", "mae"]
    with pytest.raises(ValueError, match="Two metrics would be called '<lambda>': give one of the functions another"):
        metrics.together(one, other)

    def coverage80(actual, forecast):
        return 0.0

    with pytest.raises(ValueError, match="would be called 'coverage80'"):
        metrics.together(coverage80)


def test_a_metric_knows_its_columns():
    score = METRICS["interval_score"]
    assert [score.owns(n) for n in ("interval_score", "interval_score80", "interval_score99.9")] == [True] * 3
    assert not any(METRICS["coverage"].owns(n) for n in ("coverage_gap", "coverage800", "coverage_80"))
    assert METRICS["mae"].owns("mae")
    assert not METRICS["mae"].owns("mae2")
    assert score.total({"interval_score80": 1.0, "interval_score95": 3.0, "mae": 7.0}) == 2.0
    np.testing.assert_array_equal(
        score.table({"interval_score80": np.ones(2), "interval_score95": np.full(2, 3)}), [2, 2]
    )
    assert score.table({"mae": np.ones(2)}) is None


def test_a_pooled_metric_of_forecasts_needs_no_bands():
    """A row whose band was missing did not count, and without any the metric was NaN."""
    actual, absent = np.array([[1.0, 2.0], [3.0, 4.0]]), np.full((2, 2), np.nan)
    stamps = np.zeros((2, 2), "datetime64[s]")
    truth = Truth(0, np.arange(2), stamps[:, 0], stamps, actual, (), 1)
    outputs = {"forecast": np.array([[1.0, 3.0], [3.0, 3.0]]), "lo80": absent, "hi80": absent}
    assert truth.total(find("wape"), outputs) == pytest.approx(2 / 10)
    assert np.isnan(truth.total(find("wql"), outputs))
