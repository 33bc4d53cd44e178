"""Settings that are no numbers of their kind are refused in a sentence that names them."""

import numpy as np
import pytest

import forecast as fc
from learners.transforms import Transform
from tests.panels import daily

FEATURES = (fc.Lags((1, 7)),)


def transformed(transform: Transform) -> fc.Transformed:
    return fc.Transformed(fc.Naive(), transform)


@pytest.mark.parametrize(
    ("learner", "message"),
    [
        (fc.Ets(season=1.5), "season of Ets must be a whole number from 1 on, not 1.5"),
        (fc.AutoEts("7"), "season of AutoEts must be a whole number from 1 on, not '7'"),
        (fc.Theta(1.5), "season of Theta"),
        (fc.AutoTheta(1.5), "season of AutoTheta"),
        (fc.AutoTheta(1, models=()), "choose from"),
        (fc.Ces(1.5), "season of Ces"),
        (fc.AutoArima(7.5), "season of AutoArima"),
        (fc.AutoArima(7, max_p=-1), "max_p of AutoArima must be a whole number from 0 on, not -1"),
        (fc.Arima((1, 1.5, 0)), "order of ARIMA must be a whole number from 0 on, not 1.5"),
        (fc.Arima(1), "An order is"),
        (transformed(fc.Difference(1.5)), "order of Difference"),
        (transformed(fc.SeasonalDifference("7")), "season of SeasonalDifference"),
        (transformed(fc.Scale(over="window", window=2.5)), "window of Scale"),
        (transformed(fc.BoxCox("log")), "power of BoxCox is a number or 'auto', not 'log'"),
        (transformed(fc.BoxCox(float("nan"))), "power of BoxCox"),
        (fc.Direct("Ridge", FEATURES, 7, seasons="weekly"), "seasons of Direct .*, not 'weekly'"),
        (fc.Direct("Ridge", FEATURES, 7, seasons=(0,)), "seasons of Direct"),
        (fc.Direct("Ridge", FEATURES, 7, max_rows=0), "max_rows of Direct"),
        (fc.Croston("low"), "alpha above 0 and at most 1, or None, not 'low'"),
        (fc.Harmonic((7,), 0), "order of Harmonic"),
        (fc.Harmonic((7,), (1, 2)), "one order, or one for each of its seasons"),
        (fc.Tcn(horizon=1.5), "horizon of a network"),
        (fc.Tcn(horizon=3, batch=0), "batch of a network"),
        (fc.Tcn(horizon=3, layers=-1), "layers of a network"),
        (fc.Tcn(horizon=3, window="long"), "window of a network"),
        (fc.Tcn(horizon=3, dropout=1.0), "dropout of a network"),
        (fc.Tcn(horizon=3, calendar="weekday"), "calendar of a network"),
        (fc.Mlp(horizon=3, hidden=2.5), "hidden units of Mlp"),
    ],
    ids=repr,
)
def test_they_are_refused(learner, message):
    with pytest.raises(ValueError, match=message):
        learner.fit(daily(10.0 + np.arange(40) % 7))


def test_whole_numbers_of_numpy_and_one_season_for_several_are_taken():
    panel = daily(10.0 + np.arange(40) % 7)
    for learner in (fc.Harmonic((7,), np.int64(2)), fc.Ets(season=np.int64(7)), fc.Arima((np.int64(1), 0, 0)),
                    fc.Direct("Ridge", FEATURES, 7, seasons=7)):  # fmt: skip
        assert np.isfinite(learner.fit(panel).forecast(panel, 3).columns["forecast"]).all()
