"""explain: the report's part on what the forecasts are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast import charts
from forecast.tables import known_ahead
from learners.each import reason
from learners.explanation import Explanation
from learners.explanation_chart import bars, layers
from learners.learner import Model

if TYPE_CHECKING:
    from forecast.running import Run

ROWS, PLACES = 2_000, 12  # forecasts, and as many from earlier places, that the overall picture is made of
MOST_SERIES = 200  # whose forecasts are explained
SHOWN = 12  # bars


def section(run: Run, order: list[int]) -> dict[str, Any]:
    """What the page shows of an explanation, by its name in the template; `order` holds the positions of series from
    the one that was forecast best to the one that was forecast worst. A model that cannot be explained says why."""
    count = min(run.panel.count, MOST_SERIES, max(ROWS // run.job.horizon, 1))
    spread = np.linspace(0, run.panel.count - 1, count).round()
    at = np.unique(np.r_[order[:1], order[-1:], spread]).astype(np.int64)
    try:
        return _drawn(explanation(run, at), at, order)
    except Exception as error:  # a report without this part is better than none
        return {"importance": "", "parts": [], "explain_note": f"Not explained: {reason(error)}"}


def _drawn(made: Explanation, at: np.ndarray, order: list[int]) -> dict[str, Any]:
    from markupsafe import Markup

    def both(axes: Any) -> None:
        for by, one in zip(("column", "feature"), axes, strict=True):
            bars(made, by, SHOWN)(one)

    ends = {"the worst": order[-1], "the best": order[0]} if order[0] != order[-1] else {"": order[0]}
    parts = [charts.drawn(called(layers(made, int(np.searchsorted(at, i))), name), (9.0, 3.0))
             for name, i in ends.items()]  # fmt: skip
    kinds = made.importance("kind")
    sizes = [f"{name} {share:.0%}" for name, share in zip(kinds["name"], kinds["share"], strict=True) if share]
    told = [f"Of all contributions: {', '.join(sizes)}."] if sizes else []
    members = ", ".join(f"{weight:.2g} {name}" for name, weight in made.weights)
    told += [f"Forecasts are the weighted mean {members}."] if members else []
    names = " and of ".join(name for name in ends if name)
    told += [f"Below: the forecast of {names} series in the folds, from the base up and down."] if names else []
    return {
        "importance": Markup(charts.drawn(both, (9.0, 3.6), columns=2)),
        "parts": [Markup(part) for part in parts],
        "explain_note": " ".join((*told, *made.notes)),
    }


def called(draw: charts.Draw, name: str) -> charts.Draw:
    """The same chart with a name behind its title."""

    def named(axes: Any) -> None:
        draw(axes)
        if name:
            axes.set_title(f"{axes.get_title('left') or axes.get_title()} ({name})")

    return named


def explanation(run: Run, at: np.ndarray) -> Explanation:
    """Of the run's forecasts for the series at the positions `at`."""
    panel = run.panel.where(at)
    whole = None if run.whole is None else run.whole.where(at)
    given = run.job.known_future
    if isinstance(given, pd.DataFrame) and len(panel.ids.columns):
        given = given.merge(panel.ids, on=list(panel.ids.columns))
    horizon = run.job.gap + run.job.horizon
    known, _ = known_ahead(panel, horizon, whole, given, run.job.data)
    model: Model = run.model
    return model.explain(panel, horizon, known, origins=PLACES, most=ROWS)
