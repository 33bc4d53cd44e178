"""Alerts: a panel that does not go on from training is told, with the series and the stamps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import forecast as fc
from featurizers.panel import Panel
from tests.panels import daily

WHOLE = daily(*(10.0 + np.arange(60) % 7 + i for i in range(2)))
SHORT, LONG = fc.Recursive("ridge", (fc.Lags((1, 7)),)), fc.Recursive("ridge", (fc.Lags((1, 20)),))
ETS = fc.Ets(trend=None, season=7)


def rows(begin: int, end: int) -> Panel:
    return WHOLE.rows((WHOLE.position >= begin) & (WHOLE.position < end))


def kinds(model: fc.Model, panel: Panel) -> set[str]:
    return {finding.kind for finding in model.forecast(panel, 3).findings}


@pytest.mark.parametrize("learner", [ETS, fc.Blend((ETS, SHORT)), fc.Transformed(ETS, fc.Log1p())], ids=repr)
def test_rows_between_training_and_a_later_panel_are_told_where_they_count_as_missing(learner: fc.Learner) -> None:
    model = learner.fit(rows(0, 30))
    assert not kinds(model, rows(30, 50)) | kinds(model, rows(0, 50)) | kinds(model, rows(25, 40))
    first, second = model.forecast(rows(33, 50), 3).findings.of("unseen_rows")
    assert (first.series, second.series, first.time, first.count) == ("id=0", "id=1", "1970-02-03", 3)
    assert "learned up to 1970-01-30, and the panel begins at 1970-02-03: the 3 rows between count" in first.message
    (one, _) = model.forecast(rows(31, 50), 3).findings.of("unseen_rows")
    assert "the row between counts as missing" in one.message


def test_windows_that_the_panel_fills_miss_nothing() -> None:
    model = SHORT.fit(rows(0, 30))
    assert not kinds(model, rows(35, 50))
    (told, _) = LONG.fit(rows(0, 30)).forecast(rows(35, 50), 3).findings
    assert told.kind == "short_history"
    assert "looks back on 20 rows, but the panel has 15, from 1970-02-05 on" in told.message
    assert not kinds(LONG.fit(rows(0, 10)), rows(0, 15))  # nothing came before


@pytest.mark.parametrize("learner", [ETS, SHORT, fc.Croston()], ids=repr)
def test_a_panel_that_ends_before_training_is_told(learner: fc.Learner) -> None:
    model = learner.fit(rows(0, 30))
    (told, _) = model.forecast(rows(0, 20), 3).findings.of("early_panel")
    assert told.message.startswith("id=0: the panel ends at 1970-01-20, but the model learned up to 1970-01-30")
    assert kinds(model, rows(0, 20).where(np.array([1]))) == {"early_panel"}


def test_series_that_were_not_in_training_are_not_compared_with_it() -> None:
    model, other = SHORT.fit(rows(0, 30)), rows(40, 50)
    assert not kinds(model, replace(other, ids=other.ids + 2))
    assert not kinds(model, replace(other, ids=other.ids.rename(columns={"id": "shop"})))
