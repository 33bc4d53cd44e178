"""Limits, and what is left of them while a search goes on: the time for what follows it is taken from its own."""

from __future__ import annotations

import pytest

from forecast import limits
from forecast.limits import LATER, MARGIN, Limits, Remaining
from learners.each import engine

NOW = 1000.0


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still."""
    monkeypatch.setattr(limits.time, "monotonic", lambda: NOW)


def test_without_limits_nothing_ends_and_nothing_is_put_aside() -> None:
    remaining, before = Remaining(Limits()), engine.get()
    assert (remaining.timed, remaining.seconds, remaining.trials(7, 4)) == (False, float("inf"), 4)
    assert (remaining.interrupted, remaining.reached([2.0, 1.0, 3.0])) == ("", "")
    for ends in (remaining.sooner(9.0), remaining.training(9.0), remaining.within(0.5, 3)):
        with ends:
            assert engine.get() is before
    assert (remaining.until, remaining.after) == (None, 0.0)


def test_what_follows_a_search_is_taken_from_its_time_and_never_more_than_there_is() -> None:
    asked = Limits(until=NOW + 100.0, after=15.0)
    remaining, before = Remaining(asked), engine.get()
    with remaining.sooner(10.0):
        assert (remaining.until, remaining.after, remaining.seconds) == (NOW + 90.0, 15.0, 105.0)
        assert engine.get() is not before  # which ends work then
        with remaining.training(35.0):
            assert (remaining.until, remaining.after, remaining.seconds) == (NOW + 70.0, 35.0, 105.0)
            assert remaining.at(0.5) == NOW + 35.0
        with remaining.training(30.0):  # there is more time behind it than that
            assert (remaining.until, remaining.after) == (NOW + 70.0, 35.0)
    with remaining.sooner(500.0):
        assert (remaining.until, remaining.interrupted) == (NOW, "time")
    assert engine.get() is before
    assert (asked.until, asked.after) == (NOW + 100.0, 15.0)


def test_a_search_that_is_late_ends_when_it_was_to_end() -> None:
    remaining = Remaining(Limits(until=NOW - 5.0))
    with remaining.sooner(3.0):
        assert remaining.until == NOW - 5.0


def test_a_first_fold_leaves_time_for_the_others_and_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr(limits, "processes", lambda *arguments: given.append(arguments))
    Remaining(Limits(until=NOW + 80.0), workers=2).within(0.5, 3)
    Remaining(Limits(until=NOW + 80.0, after=20.0)).within(0.25, 3)
    whole = 1 + 2 * LATER
    assert given == [(2, NOW + 40.0, 80.0 / whole), (1, NOW + 20.0, 100.0 / (whole + MARGIN))]


def test_trials_scores_and_patience_end_a_search() -> None:
    assert [Remaining(Limits(trials=6)).trials(tried, 4) for tried in (0, 3, 6)] == [4, 3, 0]
    assert Remaining(Limits(trials=2)).reached([1.0, 2.0]) == "trials"
    assert Remaining(Limits(exit_score=1.0)).reached([2.0, 1.0]) == "score"
    assert Remaining(Limits(exit_score=1.0)).reached([]) == ""
    more = Remaining(Limits(exit_score=0.9), sign=-1.0)  # where more is better, scores come with the other sign
    assert (more.reached([-0.8]), more.reached([-0.95])) == ("", "score")
    assert [Remaining(Limits(patience=2)).reached([1.0] + [2.0] * k) for k in (1, 2)] == ["", "patience"]
    assert Remaining(Limits(trials=9, halt=lambda: True)).reached([1.0]) == "stopped"


def test_parts_share_the_time_equally() -> None:
    asked = Limits(trials=3, until=NOW + 60.0, after=12.0)
    assert [(p.until, p.after, p.trials) for p in (asked.part(NOW, k, 3) for k in range(3))] == [
        (NOW + 20.0, 4.0, 3), (NOW + 40.0, 4.0, 3), (NOW + 60.0, 4.0, 3),
    ]  # fmt: skip
    assert Limits(trials=3).part(NOW, 0, 3) == Limits(trials=3)
