"""Charts of explanations: colours that mean the same everywhere, and notes of what took part."""

from __future__ import annotations

import io

import pytest

import forecast as fc
from learners.explanation_chart import COLOURS, REST, coloured
from tests.examples import HORIZON, LINEAR, TREES, continued, panel


def test_what_matters_most_has_its_colour_in_every_chart_and_no_two_share_one() -> None:
    every = [f"column{i}" for i in range(20)]
    for names in (every[:7], [*every[10:13], *every[1:5], "others"], [*every[6:14]]):
        found = coloured(names, every)
        assert set(found) == set(names)
        assert len(set(found.values())) == len(names)
        assert all(found[name] == COLOURS[every.index(name)] for name in names if name in every[:8])
        assert found.get("others", REST) == REST
    assert coloured(["others"], ["others"])["others"] == COLOURS[0]  # a column of that name


def test_the_layers_of_many_columns_have_a_colour_each() -> None:
    before, after = continued(panel(), HORIZON)
    explanation = TREES.fit(before).explain(before, HORIZON, after)
    assert len(explanation.importance("column")) > len(COLOURS)
    axes = explanation.plot(2).axes[0]
    shown = [tuple(bar.patches[0].get_facecolor()) for bar in axes.containers]
    assert len(shown) == len(set(shown)) == len(COLOURS)
    assert "from 2023-04-23 on" in axes.get_xlabel()


@pytest.mark.parametrize("name", ["_price", "a$^$b", r"$\frac$"])
def test_names_of_any_kind_are_drawn(name: str) -> None:
    before, after = continued(panel(), HORIZON)
    table = before.frame().rename(columns={"promo": name})
    renamed = fc.Panel.read(table, id=["store", "item"], time="day", target="sales", known=[name])
    model = fc.Recursive("Ridge", (fc.Lags((1, 7)), fc.Known((name,)))).fit(renamed)
    explanation = model.explain(renamed, HORIZON, after.frame().rename(columns={"promo": name}))
    for series in (None, 0):
        figure = explanation.plot(series)
        figure.savefig(io.BytesIO(), format="png")
    assert name in [text.get_text().strip() for text in figure.axes[0].get_legend().get_texts()]


def test_who_does_not_take_part_is_not_spoken_of() -> None:
    before, after = continued(panel(), HORIZON)
    alone = LINEAR.fit(before).explain(before, HORIZON, after)
    backed = fc.Otherwise(LINEAR, fc.SeasonalNaive(5)).fit(before).explain(before, HORIZON, after)
    assert backed.notes == alone.notes
    assert backed.frame().columns.tolist() == alone.frame().columns.tolist()
