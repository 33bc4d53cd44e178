"""Hostile arrays: what a model file of any origin may hand to the kernels is refused in a sentence, never walked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from learners import _kernels as kernels
from learners.regressors.planting import Tree, planted
from learners.regressors.trees import Trees

FAR = 2**62


def grove() -> Trees:
    """Two trees: one that asks for an amount and a set, and one that is a stump."""
    whole = Tree(np.array([0, 1]), np.array([0.5, 0.0]), np.array([1, ~1]), np.array([~0, ~2]), np.array([1, 0]),
                 np.array([1.0, 2.0, 3.0]), {1: np.array([0.0, 70.0])}, np.array([5.0, 3.0, 2.0]))  # fmt: skip
    stump = Tree(np.array([1]), np.array([3.0]), np.array([~0]), np.array([~1]), np.array([0]), np.array([4.0, 5.0]),
                 cover=np.array([6.0, 4.0]))  # fmt: skip
    return planted([whole, stump])


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"threshold": np.zeros(1)}, "differ in length"),
        ({"yes": np.zeros(0, np.int64)}, "differ in length"),
        ({"feature": np.array([0, -1, 1])}, "a column that cannot be"),
        ({"feature": np.array([0, FAR, 1])}, "a column that cannot be"),
        ({"sets": np.array([-1, 1, -1])}, "a set that is not there"),
        ({"sets": np.array([-2, 0, -1])}, "a set that is not there"),
        ({"yes": np.array([3, ~1, ~3])}, "leads to what is not there"),
        ({"no": np.array([~0, ~9, ~4])}, "leads to what is not there"),
        ({"yes": np.array([0, ~1, ~3])}, "two ways lead to the same"),
        ({"yes": np.array([1, 0, ~3])}, "two ways lead to the same"),
        ({"no": np.array([1, ~2, ~4])}, "two ways lead to the same"),
        ({"roots": np.array([0, 0])}, "two ways lead to the same"),
        ({"roots": np.array([0, 3])}, "a root is not there"),
        ({"roots": np.array([0, ~5])}, "a root is not there"),
        ({"starts": np.zeros(0, np.int64)}, "the sets have no end"),
        ({"starts": np.array([0, FAR])}, "a set lies outside"),
        ({"starts": np.array([-1, 2])}, "a set lies outside"),
        ({"members": np.array([0.0, np.nan])}, "no whole number"),
        ({"members": np.array([0.0, 1e18])}, "no whole number"),
        ({"members": np.array([-1.0, 2.0])}, "no whole number"),
        ({"leaves": np.array(["a"] * 5)}, "an array is of another kind"),
        ({"roots": np.zeros((2, 2))}, "an array is of another kind"),
    ],
)
def test_arrays_that_are_no_trees_are_refused(changed: dict[str, np.ndarray], why: str) -> None:
    rows = np.zeros((3, 2))
    assert grove().predict(rows).shape == (3,)
    with pytest.raises(ValueError, match=f"These are not trees: .*{why}"):
        replace(grove(), **changed).predict(rows)
    with pytest.raises(ValueError, match=f"These are not trees: .*{why}"):
        replace(grove(), **changed)._attributes  # noqa: B018, of a graph


def test_a_chain_of_questions_is_walked_but_not_explained() -> None:
    size = 3000
    at = np.arange(size)
    chain = Tree(at * 0, at / size, ~at, np.r_[at[1:], ~size], at * 0, np.r_[at, size] / 1.0)
    trees = planted([chain])
    assert trees.predict(np.array([[2.0]])) == size
    with pytest.raises(ValueError, match="2000 questions in a row are not explained"):
        trees.contributions(np.zeros((1, 1)), np.zeros((1, 1)))


def prophet(**changed: Any) -> np.ndarray:
    given: dict[str, Any] = {
        "y": np.arange(30.0), "clock": np.arange(30) * 86400, "starts": np.array([0, 10, 30]),
        "days": np.zeros(30, np.int64), "holidays": np.zeros((1, 1)), "columns": np.ones((30, 1)),
        "trend": np.array([1.0, 5.0, 0.8, 0.05, 0.0, 50.0]), "periods": np.array([604800.0]), "orders": np.array([2]),
        "priors": np.full(6, 10.0), "multiplies": np.zeros(6, np.int64), "threads": 1,
    }  # fmt: skip
    return kernels.fit_prophet(**given | changed)


def trend(place: int, value: float) -> dict[str, np.ndarray]:
    values = np.array([1.0, 5.0, 0.8, 0.05, 0.0, 50.0])
    values[place] = value
    return {"trend": values}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (trend(0, 3.0), "no such growth"),
        (trend(0, np.nan), "no such growth"),
        (trend(1, -1.0), "changepoints"),
        (trend(1, 1e12), "changepoints"),
        (trend(1, np.nan), "changepoints"),
        (trend(2, 40.0), "changepoints"),
        (trend(3, 0.0), "prior above 0"),
        (trend(4, np.inf), "The floor of Prophet"),
        (
            trend(5, np.nan)
            | {"columns": np.ones((30, 0)), "priors": np.full(4, 1.0), "multiplies": np.zeros(4, np.int64)},
            "no column of its cap",
        ),
        ({"starts": np.zeros(0, np.int64)}, "rows of Prophet do not fit"),
        ({"starts": np.array([0, -5, 30])}, "one behind the other"),
        ({"starts": np.array([0, 40, 30])}, "one behind the other"),
        ({"days": np.full(30, 1)}, "not in the table of holidays"),
        ({"periods": np.array([0.0])}, "A season of Prophet"),
        ({"orders": np.array([-2])}, "A season of Prophet"),
        ({"priors": np.full(5, 10.0)}, "do not fit each other"),
        ({"priors": np.full(7, 10.0), "multiplies": np.zeros(7, np.int64)}, "one prior a weight"),
        ({"priors": np.zeros(6)}, "prior of Prophet is above 0"),
    ],
)
def test_settings_that_prophet_cannot_have_are_refused(changed: dict[str, Any], why: str) -> None:
    assert np.isfinite(prophet()).all()
    with pytest.raises(ValueError, match=why):
        prophet(**changed)


def filtered(kernel: Callable[..., np.ndarray], still: int, moving: int, **changed: np.ndarray) -> np.ndarray:
    rows = {"starts": np.array([0]), "before": np.array([0]), "steps": np.array([4])} | changed
    return kernel(np.ones((1, still)), np.ones((1, moving)), np.arange(4.0), **rows, threads=1)


@pytest.mark.parametrize(
    ("kernel", "still", "moving"),
    [(kernels.ets_filter, 5, 3), (kernels.theta_filter, 2, 3), (kernels.auto_theta_filter, 4, 6),
     (kernels.ces_filter, 10, 4)],
)  # fmt: skip
@pytest.mark.parametrize(
    "changed",
    [{"starts": np.array([FAR * 2 - 1])}, {"starts": np.array([1])}, {"before": np.array([-1])},
     {"starts": np.array([2**63 - 4]), "steps": np.array([8])}],
)  # fmt: skip
def test_series_outside_of_the_values_are_refused(
    kernel: Callable[..., np.ndarray], still: int, moving: int, changed: dict[str, np.ndarray]
) -> None:
    assert filtered(kernel, still, moving).shape == (1, moving)
    with pytest.raises(ValueError, match="end before they begin, or after the values do"):
        filtered(kernel, still, moving, **changed)


def test_a_season_in_pairs_has_no_odd_length() -> None:
    with pytest.raises(ValueError, match="do not hold the same series"):
        filtered(kernels.ces_filter, 10, 5)


def test_a_neighbour_at_least_is_asked_for() -> None:
    with pytest.raises(ValueError, match="At least one neighbour"):
        kernels.nearest(np.zeros((2, 1)), np.zeros((2, 1)), 0, 1)


def test_orders_that_cannot_be_are_refused() -> None:
    rows = np.array([0, 20])
    for place, value in ((0, -3), (1, 10**12), (4, 10**6)):
        choices = np.zeros((1, 11), np.int64)
        choices[0, place] = value
        with pytest.raises(ValueError, match="An order lies between"):
            kernels.arima_numbers(np.arange(20.0), np.zeros((20, 0)), rows, choices, np.zeros((1, 4)), np.zeros((1, 0)),
                                  np.zeros(1), 7, 1)  # fmt: skip


def test_what_would_leave_the_arrays_is_harmless() -> None:
    """A gap that goes on, of a model that holds no gaps; sums that overflow; a bucket of all rows there could be."""
    ones = np.ones((1, 1))
    moved = {n: ones.copy() for n in ("state", "gain", "spread", "change", "weights")}
    moved |= {"gaps": np.zeros((1, 0)), "counts": np.array([[0.0, 1.0]]), "lever": np.zeros((1, 0))}
    at = {"starts": np.array([0]), "before": np.array([2]), "steps": np.array([4])}
    kernels.arima_filter(ones, ones, ones, **moved, y=np.full(2, np.nan), x=np.zeros((2, 0)), **at, threads=1)
    assert np.isfinite(moved["state"]).all()
    wild = np.where(np.arange(80) % 3, 1.7e308, -1.7e308)
    robust = np.array([1, 2, 15, 2])
    kernels.decompose(wild, np.array([0, 80]), np.array([7]), np.array([7]), robust, 1)
    for rows in (np.nan, np.inf, 1e300):
        found = kernels.bucket_weights(np.arange(9.0), np.array([0, 9]), np.array([[rows]]), 0.1, 0.3, 1)
        assert found == 0.1
