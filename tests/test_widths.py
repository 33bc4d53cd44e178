"""Widths and Stretch: how far bands reach, from the errors of folds."""

import numpy as np
import pytest
from scipy.stats import pmean

from forecast.stretch import Stretch, stretch
from forecast.widths import Errors, Widths, adapted, growth, quantiles, recent_scale, resting, widths
from learners.student import student

MANY = 10**6  # paths, for which Student's t is the normal distribution


def made(rng, series=300, steps=6, scale=None, power=0.5, folds=3, tail=None):
    """Errors that grow with a power of the step."""
    sizes = np.ones(series) if scale is None else scale
    grown = np.arange(1, steps + 1) ** power
    noise = (lambda shape: rng.normal(size=shape)) if tail is None else tail
    return [
        Errors(np.zeros((series, steps)), sizes[:, None] * grown * noise((series, steps)), sizes) for _ in range(folds)
    ]


def test_quantiles_are_corrected_for_the_error_to_come():
    values = np.arange(1.0, 100.0)
    found = quantiles(values, np.ones(99), (80, 95), MANY)
    np.testing.assert_allclose(found, [80, 95], rtol=1e-5)  # the ceil(100 x level)-th smallest of 99


def test_a_level_beyond_the_largest_error_is_that_of_a_normal_distribution():
    found = quantiles(np.array([1.0, 2.0, 3.0]), np.ones(3), (75, 95), MANY)
    np.testing.assert_allclose(found, [3.0, 3.0 * 1.959964 / 1.150349], rtol=1e-4)


def test_few_paths_are_wider_by_students_t():
    values = np.arange(1.0, 1000.0)
    few, many = (quantiles(values, np.ones(999), (80,), paths)[0] for paths in (3, MANY))
    assert few / many == pytest.approx(float(student(0.9, np.array([[3.0]]))[0, 0]) / 1.281552, rel=1e-3)


def test_older_folds_can_count_less():
    old, new = np.full(100, 10.0), np.ones(100)
    weights = np.r_[np.full(100, 0.01), np.ones(100)]
    assert quantiles(np.r_[old, new], weights, (90,), MANY)[0] == pytest.approx(1.0, rel=1e-3)
    rng = np.random.default_rng(0)
    errors = made(rng, scale=np.full(300, 1.0), folds=1) + made(rng, folds=1)
    errors[0] = Errors(errors[0].forecast, 5 * errors[0].actual, errors[0].scale)
    assert widths(errors, (80,), 1, decay=0.01).below[0][0] < 0.5 * widths(errors, (80,), 1).below[0][0]


def test_growth_is_the_power_of_the_step():
    rng = np.random.default_rng(0)
    for power in (0.0, 0.5, 1.0):
        found = growth(np.abs(rng.normal(size=(4000, 12))) * np.arange(1, 13) ** power)
        np.testing.assert_allclose(found, np.sqrt(2 / np.pi) * np.arange(1, 13) ** power, rtol=0.06)
    np.testing.assert_array_equal(growth(np.full((3, 4), np.nan)), np.ones(4))
    np.testing.assert_array_equal(growth(np.zeros((3, 4))), np.ones(4))


def test_errors_that_are_nearly_always_zero_have_widths():
    """Of fewer than one in a hundred the quantile is zero: nothing was left to tell a growth, and every bound NaN."""
    actual = np.zeros((100, 12))
    actual[3, 4] = 1.0
    found = widths([Errors(np.zeros((100, 12)), actual, np.ones(100))], (80, 99.95), season=7)
    assert np.isfinite([*found.below, *found.above]).all()
    assert found.above[0] == (0.0,) * 12
    assert 0.5 < found.above[1][4] < 3


def test_widths_find_the_quantiles_of_each_step_in_units_of_the_series():
    rng = np.random.default_rng(1)
    found = widths(made(rng, series=2000, scale=10.0 ** rng.integers(-3, 4, 2000)), (50, 80, 95), 7)
    expected = np.outer([0.6745, 1.2816, 1.9600], np.arange(1, 7) ** 0.5)
    np.testing.assert_allclose(np.array(found.below), expected, rtol=0.05)
    assert found.below == found.above
    assert (found.window, found.recent) == (107, 27)


def test_sides_of_skewed_errors_differ():
    rng = np.random.default_rng(1)
    errors = made(rng, power=0.0, tail=lambda shape: rng.exponential(size=shape) - np.log(2))
    found = widths(errors, (80,), 1, symmetric=False)
    np.testing.assert_allclose(found.below[0], -np.log(0.9) * -1 + np.log(2), rtol=0.15)
    np.testing.assert_allclose(found.above[0], -np.log(0.1) - np.log(2), rtol=0.15)


def test_series_without_a_scale_have_the_errors_of_their_like():
    zeros = Errors(np.zeros((100, 3)), np.zeros((100, 3)), np.zeros(100))
    assert widths([zeros], (80, 95), 1).still == (0.0, 0.0)
    woken = np.zeros((100, 3))
    woken[:8] = 4.0  # 8 % of what never changed does
    found = widths([Errors(zeros.forecast, woken, zeros.scale)], (80, 95), 1)
    assert found.still == (0.0, 4.0)
    bands = found.bands(np.zeros((1, 3)), np.zeros(1))
    np.testing.assert_array_equal(bands["hi95"], [[4.0] * 3])


def test_a_series_that_wakes_has_a_width_and_one_that_sleeps_has_none():
    """Of a window without a change the width was 0, whatever the forecast: a shop that was closed all winter."""
    rng = np.random.default_rng(0)
    moving = rng.lognormal(0, 0.1, (200, 4)) * 100.0
    seen = [Errors(np.full((200, 4), 100.0), moving, np.full(200, 10.0))]
    asleep = Errors(np.zeros((200, 4)), np.zeros((200, 4)), np.zeros(200), rest=np.zeros(200))
    found = widths([*seen, asleep], (80, 95), 7)
    assert found.below == widths(seen, (80, 95), 7).below  # nights in which nothing came make no band narrower
    np.testing.assert_allclose(found.waking, [0.128, 0.196], rtol=0.15)  # of what came, 1.28 and 1.96 times a tenth
    past = np.c_[np.full((2, 1), 9.0), np.full((2, 107), 5.0), [[np.nan], [5.0]]]
    np.testing.assert_array_equal(resting(past, 107), [5.0, 5.0])
    np.testing.assert_array_equal(found.scale(past), [0.0, 0.0])
    bands = found.bands(np.array([[5.0, 1005.0], [5.0, -995.0]]), np.zeros(2), rest=resting(past, 107))
    reach = 1000 * found.waking[1]
    np.testing.assert_allclose(bands["lo95"], [[5.0, 1005 - reach], [5.0, -995 - reach]])
    np.testing.assert_allclose(bands["hi95"], [[5.0, 1005 + reach], [5.0, -995 + reach]])
    unknown = found.bands(np.ones((1, 2)), np.zeros(1), rest=resting(np.full((1, 107), np.nan), 107))
    np.testing.assert_array_equal(unknown["hi95"], np.ones((1, 2)))


def test_a_waking_series_is_measured_where_others_woke_and_not_known_where_none_did():
    woken = np.zeros((50, 4))
    woken[:, 2:] = 100.0
    seen = Errors(woken * 0.8, woken, np.zeros(50), rest=np.zeros(50))  # every cutoff lies in the winter
    np.testing.assert_allclose(widths([seen], (80, 95), 7).waking, 0.2, rtol=0.1)
    nothing = Errors(np.zeros((50, 4)), np.full((50, 4), 5.0), np.zeros(50), rest=np.full(50, 5.0))
    assert widths([nothing], (80, 95), 7).waking == (1.0, 1.0)  # back to where it rests


def test_levels_follow_what_was_covered():
    rng = np.random.default_rng(0)
    calm, wild = rng.normal(size=(500, 4)), 3 * rng.normal(size=(500, 4))
    assert adapted([calm, wild], (80,), 0.1)[0] > 83
    assert adapted([wild, calm], (80,), 0.1)[0] < 79
    assert adapted([calm, calm, calm], (80,), 0.1)[0] == pytest.approx(80, abs=1)


def test_past_the_measured_steps_the_width_grows_with_the_root():
    below, above = Widths((80,), ((1.0, 2.0),), ((1.0, 3.0),), 1, 5).reach(8)
    np.testing.assert_allclose(below[0, [0, 1, 7]], [1, 2, 4])
    np.testing.assert_allclose(above[0, 7], 6)


def test_the_scale_skips_what_is_missing_and_is_steady():
    past = np.array([[9, 1, np.nan, 3, 6], [9, 4, 4, 4, 4], [9, np.nan, np.nan, np.nan, 1.0], [0, 0, 1, 0, 1]])
    np.testing.assert_allclose(recent_scale(past, 2, 4), [2, 0, 0, 1])
    again = np.sin(np.arange(56) * 2 * np.pi / 7)[None, :]  # a season later it differs by rounding alone
    assert recent_scale(again, 7, 50)[0] == recent_scale(again, 1, 50)[0] > 0.1
    assert recent_scale(np.array([[0.3, 0.1 + 0.2, 0.3]]), 1, 3)[0] == 0
    asleep = np.r_[np.tile([0.0, 2.0], 20), np.zeros(10)][None, :]  # nothing lately
    assert Widths((80,), ((1.0,),), ((1.0,),), 1, 50, 5).scale(asleep)[0] > 1.5


# ---- Stretch -------------------------------------------------------------------------------------


def own(size, actual, width):
    forecast = np.zeros_like(actual)
    return Errors(forecast, actual, np.ones(len(actual)), {"lo80": forecast - width, "hi80": forecast + width * size})


def test_bands_that_are_right_stay_and_wrong_ones_move_towards_what_came():
    rng = np.random.default_rng(0)
    actual = rng.normal(size=(5000, 4))
    right = stretch([own(1.0, actual, 1.2816)] * 3, (80,)).factors[0]
    narrow = stretch([own(1.0, actual, 1.2816 / 4)] * 3, (80,)).factors[0]
    assert right == pytest.approx(1.0, abs=0.02)
    assert narrow == pytest.approx(2.0, rel=0.05)  # half of the way, in logarithms, on the word of three folds
    one = stretch([own(1.0, actual[:1], 1.2816 / 4)] * 3, (80,)).factors[0]
    assert 1.0 < one < 1.3  # of a single series


def test_stretched_bands_never_cross_and_fall_back_where_there_are_none():
    outputs = {"forecast": np.zeros((2, 1)), "lo50": np.array([[-1.0], [np.nan]]), "hi50": np.array([[1.0], [np.nan]]),
               "lo80": np.array([[-1.1], [np.nan]]), "hi80": np.array([[1.1], [np.nan]])}  # fmt: skip
    around = {n: np.array([[v], [v]]) for n, v in {"lo50": -3.0, "hi50": 3.0, "lo80": -4.0, "hi80": 4.0}.items()}
    found = Stretch((50, 80), (2.0, 1.0), share=1.0).bands(outputs, around, np.ones(len(around["lo80"])))
    np.testing.assert_allclose([found[n][0, 0] for n in ("lo80", "lo50", "hi50", "hi80")], [-2, -2, 2, 2])
    np.testing.assert_allclose([found[n][1, 0] for n in ("lo80", "lo50", "hi50", "hi80")], [-4, -3, 3, 4])


def test_the_precisions_of_both_kinds_of_bands_have_their_mean():
    """So a band that is ten times too wide makes it two fifths wider; one of no width counts as it is."""
    outputs = {"forecast": np.zeros((4, 1)), "lo80": np.array([[-1.0], [-10.0], [0.0], [-1.0]]),
               "hi80": np.array([[2.0], [2.0], [0.0], [np.nan]])}  # fmt: skip
    around = {"lo80": np.array([[-1.0], [-1.0], [-1.0], [-1.0]]), "hi80": np.array([[4.0], [0.0], [1.0], [3.0]])}
    found = Stretch((80,), (1.0,)).bands(outputs, around, np.ones(len(around["lo80"])))
    np.testing.assert_allclose(found["lo80"][:, 0], [-1.0, -pmean([1, 10], -2), -0.5, -1.0])
    np.testing.assert_allclose(found["hi80"][:, 0], [pmean([2, 4], -2), 1.0, 0.5, 3.0])
    quarter = Stretch((80,), (1.0,), share=0.25).bands(outputs, around, np.ones(len(around["lo80"])))
    np.testing.assert_allclose(quarter["hi80"][0, 0], pmean([2, 4], -2, weights=[0.25, 0.75]))
    asleep = Stretch((80,), (1.0,)).bands(outputs, around, np.zeros(4))  # nothing says which of both is too wide
    np.testing.assert_allclose(asleep["hi80"][:, 0], [3.0, 1.0, 0.5, 3.0])
    for share, wanted in ((1.0, outputs), (0.0, around)):
        found = Stretch((80,), (1.0,), share).bands(outputs, around, np.ones(len(around["lo80"])))
        np.testing.assert_allclose(found["lo80"][:2], wanted["lo80"][:2])


def test_mixed_bands_never_cross_where_only_one_level_has_a_width():
    outputs = {"forecast": np.zeros((1, 1)), "lo50": np.zeros((1, 1)), "hi50": np.zeros((1, 1)),
               "lo80": np.full((1, 1), -0.1), "hi80": np.full((1, 1), 0.1)}  # fmt: skip
    around = {n: np.full((1, 1), v) for n, v in {"lo50": -3.0, "hi50": 3.0, "lo80": -4.0, "hi80": 4.0}.items()}
    found = Stretch((50, 80), (1.0, 1.0)).bands(outputs, around, np.ones(len(around["lo80"])))
    assert found["lo80"] <= found["lo50"] < 0 < found["hi50"] <= found["hi80"]
