"""A model moved on by hand: lists are arrays, and what is no row, or no state, is answered in a sentence."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.arrays import State
from tests.examples import continued, panel
from tests.test_contracts import row

WHOLE = panel()
BEFORE, AFTER = continued(WHOLE, 3)
COUNT = WHOLE.count
FEATURES = (fc.Lags((1, 7)), fc.Known(("promo",)), fc.Categories(("kind",)))
ETS, RIDGE = fc.Ets(season=7).fit(BEFORE), fc.Recursive("ridge", FEATURES).fit(BEFORE)
AHEAD = AFTER.matrix(RIDGE.needs.ahead)


@pytest.mark.parametrize("model", [ETS, RIDGE], ids=lambda model: type(model).__name__)
def test_lists_and_columns_of_tables_do_as_arrays_do(model: fc.Model) -> None:
    state, now = model.state(BEFORE), row(AFTER, 0)
    expected = model.predict(model.advance(state, now), AHEAD)["forecast"]
    for kind in (np.ndarray.tolist, pd.Series):
        moved = model.advance(state, {name: kind(values) for name, values in now.items()})
        ahead = {name: values.tolist() for name, values in AHEAD.items()}
        np.testing.assert_array_equal(model.predict(moved, ahead)["forecast"], expected)


HELD = r"it is what model.state\(panel\) gives"
STATE = ETS.state(BEFORE)
SLIPS: dict[str, tuple[Callable[[], State], str]] = {
    "its own name": (lambda: ETS.advance(STATE, {"sales": np.ones(COUNT)}),
                     r"lacks 'target', given are 'sales': expected are 'target' \(the values of 'sales'\), \(ser"),
    "nothing": (lambda: ETS.advance(STATE, {}), "The next row lacks 'target': expected are"),
    "a number": (lambda: ETS.advance(STATE, {"target": 5.0}), r"'target' of the next row has the shape \(\), not \(6,"),
    "too few": (lambda: ETS.advance(STATE, {"target": [5.0]}), r"has the shape \(1,\), not \(6,\): a value for each"),
    "text": (lambda: ETS.advance(STATE, {"target": ["much"] * COUNT}), "'target' of the next row holds 'much'"),
    "no state": (lambda: ETS.advance({}, {"target": np.ones(COUNT)}), f"The state lacks 'target', .*: {HELD}"),
    "half a state": (lambda: ETS.advance({"target": np.ones((COUNT, 0))}, {"target": np.ones(COUNT)}),
                     f"The state lacks 'ets.*: {HELD}"),
    "no rows": (lambda: ETS.predict(STATE, {}), r"rows to forecast lack 'time': .* panel.future\(horizon\).matrix"),
    "one row": (lambda: ETS.predict(STATE, {"time": AHEAD["time"][0]}), r"has the shape \(3,\), not \(6, 3\): a row"),
    "ragged rows": (lambda: ETS.predict(STATE, {"time": [[1, 2], [3]]}), "'time' of .* has rows of different lengths"),
    "dates": (lambda: ETS.predict(STATE, {"time": AFTER.times.reshape(COUNT, 3)}), r"holds dates: .* panel.clock"),
    "no state to predict": (lambda: ETS.predict({}, AHEAD), f"The state lacks 'target', .*: {HELD}"),
    "a column less": (lambda: RIDGE.predict(RIDGE.state(BEFORE), {"time": AHEAD["time"]}), r"lack 'promo'"),
    "names": (lambda: RIDGE.predict(RIDGE.state(BEFORE), {**AHEAD, "kind": np.full((COUNT, 3), "a")}),
              "'kind' of the rows to forecast holds 'a': its categories are numbers, of which 'a' is 0, 'b' is 1"),
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_what_is_no_row_or_no_state_is_told_in_a_sentence(slip: str) -> None:
    call, sentence = SLIPS[slip]
    with pytest.raises(ValueError, match=sentence):
        call()


@pytest.mark.parametrize("given", [(STATE, AFTER), (BEFORE, {"target": np.ones(COUNT)}), (STATE, AFTER.frame())])
def test_a_panel_is_not_advanced_by(given: tuple[object, object]) -> None:
    with pytest.raises(TypeError, match=r"{'target': panel.y}; .* model.state\(panel\)"):
        ETS.advance(*given)  # type: ignore[arg-type]


def test_errors_of_the_model_itself_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> State:
        raise KeyError("mine")

    monkeypatch.setattr(type(ETS), "remember", broken)
    with pytest.raises(KeyError, match="mine"):
        ETS.advance(STATE, {"target": np.ones(COUNT)})
