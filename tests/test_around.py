"""What takes recipes says so to what is none."""

import numpy as np
import pytest

import forecast as fc
from tests.panels import daily


@pytest.mark.parametrize(
    ("learner", "message"),
    [
        (fc.Clipped("ets"), "Clipped takes a recipe such as .*, not 'ets'"),
        (fc.Rounded(fc.Naive), "Rounded takes a recipe"),
        (fc.Recent("ets", 5), "Recent takes a recipe"),
        (fc.Bounded("ets", 3), "Bounded takes a recipe"),
        (fc.Otherwise("ets", fc.Naive()), "Otherwise takes a recipe"),
        (fc.Otherwise(fc.Naive(), "ets"), "Otherwise takes a recipe"),
        (fc.Harmonic((7,), learner="ets"), "Harmonic takes a recipe"),
        (fc.Mstl((7,), "ets"), "Mstl takes a recipe"),
        (fc.Blend(("ets", fc.Naive())), "Blend takes a recipe"),
        (fc.Blend(fc.Naive()), "Blend takes several recipes"),
        (fc.Blend(()), "Blend takes several recipes"),
        (fc.Median(()), "Median takes several recipes"),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_what_is_no_recipe_is_refused(learner, message):
    with pytest.raises(TypeError, match=message):
        learner.fit(daily(np.arange(30.0)))


def test_a_bound_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="A bound of Clipped must be a number, not nan"):
        fc.Clipped(fc.Naive(), float("nan")).fit(daily(np.arange(9.0)))
