"""Stack: an elastic net, or another regressor, on what the learners forecast."""

import numpy as np
import pytest

from forecast.backtest import RollingOrigin
from forecast.elastic_net import elastic_net
from forecast.export import to_onnx
from forecast.leaderboard import compare
from forecast.stack import Stack, Stacked, guarded, stacked
from learners.average import HistoricAverage
from learners.blend import BlendModel
from learners.naive import Naive, SeasonalNaive
from tests.examples import HORIZON, LINEAR, continued, panel
from tests.panels import daily

ON = RollingOrigin(HORIZON, folds=3)
MEMBERS = (SeasonalNaive(7, levels=(80,)), LINEAR, HistoricAverage(levels=(80,)))


@pytest.mark.parametrize("nonnegative", [True, False])
def test_the_elastic_net_is_that_of_the_reference(nonnegative):
    from sklearn.linear_model import ElasticNet

    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6))
    X[:, 5] = X[:, 4] + 0.1 * rng.normal(size=300)
    y = X @ np.array([1.0, -0.5, 0.0, 0.02, 0.7, 0.0]) + rng.normal(size=300)
    expected = ElasticNet(alpha=0.1, l1_ratio=0.3, fit_intercept=False, positive=nonnegative, tol=1e-12, max_iter=10**5)
    np.testing.assert_allclose(elastic_net(X, y, 0.1, 0.3, nonnegative), expected.fit(X, y).coef_, atol=1e-7)


def board(whole=None, learners=MEMBERS):
    return compare(panel() if whole is None else whole, learners, ON)


@pytest.mark.parametrize("nonnegative", [True, False])
def test_coefficients_sum_to_one(nonnegative):
    found = board()
    names = list(found.recipes)
    coefficients = Stack(MEMBERS, ON, nonnegative=nonnegative).coefficients(found, names)
    assert sum(coefficients) == pytest.approx(1)
    assert not nonnegative or min(coefficients) >= 0


def biased(series=20, rows=80):
    """Series that grow from week to week: the truth lies beyond the seasonal naive forecast."""
    rng = np.random.default_rng(0)
    season = np.arange(rows) % 7
    return daily(
        *(1.15 ** (np.arange(rows) // 7) * (20 + 5 * season) + rng.normal(size=rows) * 0.2 for _ in range(series))
    )


def test_negative_coefficients_reach_beyond_the_members():
    found = board(biased(), (SeasonalNaive(7), SeasonalNaive(14)))
    names = list(found.recipes)
    free = Stack((), ON, nonnegative=False, alpha=1e-4).coefficients(found, names)
    assert free[0] > 1.5 > -0.5 > free[1]  # the trend from one season to the next goes on
    outputs = stacked(found, names, Stack((), ON, nonnegative=False, alpha=1e-4))[1]
    scores = found.joined("Stack", Stacked(tuple(found.recipes.values()), free), outputs).totals
    assert scores["Stack"]["mase"] < 0.5 * min(scores[n]["mase"] for n in names)


def test_a_stack_that_does_not_win_is_not_taken():
    rng = np.random.default_rng(0)
    walks = daily(*(rng.normal(size=80).cumsum() for _ in range(20)))
    found = board(walks, (Naive(), SeasonalNaive(7)))
    best = found.best
    assert guarded(found, found.totals[best], found.scores[best]) is None
    trend = board(biased(), (SeasonalNaive(7), SeasonalNaive(14)))
    totals, scores = {n: 2 * v for n, v in trend.totals[trend.best].items()}, trend.scores[trend.best]
    easy = {n: 2 * v for n, v in scores.items()}
    assert guarded(trend, totals, easy) is not None
    assert guarded(trend, totals | {"wape": 0.0}, easy) is None  # better by the metric, worse on the large series
    uneven = {"mase": np.where(np.arange(scores["mase"].size).reshape(scores["mase"].shape) == 0, 1e6, 0.0)}
    assert guarded(trend, totals, uneven) is None  # better on average, by a single series of a single fold
    one = RollingOrigin(HORIZON, folds=1)  # no fold is left to judge it on
    assert isinstance(Stack((Naive(), SeasonalNaive(7)), one).fit(walks), BlendModel)


@pytest.mark.parametrize("regressor", [None, "LightGBM"])
def test_the_graph_agrees_and_bands_hold_the_forecast(regressor, tmp_path):
    from learners import LightGBM

    recipe = Stack(MEMBERS, ON, LightGBM(n_estimators=10) if regressor else None, guard=False)
    before, after = continued(panel(), HORIZON)
    model = recipe.fit(before)
    assert to_onnx(model, tmp_path / "m.onnx", HORIZON)["worst_relative_difference"] < 1e-9
    found = model.forecast(before, HORIZON, after).columns
    assert (found["lo80"] <= found["forecast"]).all()
    assert (found["forecast"] <= found["hi80"]).all()


def test_coefficients_are_checked():
    with pytest.raises(ValueError, match="3 learners and 2 coefficients"):
        Stacked(MEMBERS, (0.5, 0.5)).fit(panel())
