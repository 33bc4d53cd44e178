"""Charts of explanations: what matters overall, and what one series' forecasts are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from learners.explanation import Explanation

BARS = 100  # steps that are drawn apart; more would be a ribbon all the same, and slow
BAR, REST, SOFT = "#3b82c4", "#80808080", "#808080"
TITLES = {"column": "By column", "feature": "As engineered", "kind": "By kind"}
COLOURS = ("#3b82c4", "#d9622b", "#3a9d6e", "#9a5fc0", "#c9a227", "#c0457a", "#5b8c9e", "#7a6a4f")


def bars(explanation: Explanation, by: str | None = None, most: int = 12) -> Callable[[Axes], None]:
    """What draws the importance of the first `most` names; the rest together are one bar."""
    table = explanation.importance(by)
    names, sizes = table["name"].tolist(), table["importance"].to_numpy()
    if len(names) > most:
        sizes = np.r_[sizes[: most - 1], sizes[most - 1 :].sum()]
        names = [*names[: most - 1], f"{len(names) - most + 1} others"]

    def draw(axes: Axes) -> None:
        places = np.arange(len(names))[::-1]
        colours = [REST if len(table) > most and i == len(names) - 1 else BAR for i in range(len(names))]
        axes.barh(places, sizes, color=colours, height=0.7)
        axes.set_yticks(places, names)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"mean absolute contribution, in units of {explanation.target}")
        axes.set_title(TITLES[explanation.by if by is None else by])

    return draw


def layers(explanation: Explanation, series: int, by: str | None = None, most: int = 8) -> Callable[[Axes], None]:
    """What draws the contributions to one series' forecasts, one on the other, upwards and downwards from the base.

    At most as many names as there are colours, those that matter most to this series; what matters most overall has
    the same colour in the chart of every series.
    """
    table = explanation.frame(by)
    horizon = explanation.made.forecast.shape[1]
    rows = table.iloc[series * horizon : (series + 1) * horizon]
    first, most = len(explanation.panel.ids.columns) + 3, min(most, len(COLOURS))
    every = [str(name) for name in table.columns[first:]]  # those that matter most overall first
    values = rows.iloc[:, first:].to_numpy(np.float64)
    order = np.argsort(-np.abs(values).sum(axis=0), kind="stable")
    values, names = values[:, order], [every[i] for i in order]
    if len(names) > most:
        names = [*names[: most - 1], "others"]
        values = np.c_[values[:, : most - 1], values[:, most - 1 :].sum(axis=1)]
    colours = coloured(names, every)
    start = np.datetime_as_string(explanation.panel.times[series * horizon], "auto").removesuffix("T00:00:00")

    def draw(axes: Axes) -> None:
        from matplotlib import rcParams

        base, steps = rows["base"].to_numpy(), np.arange(1, horizon + 1)
        above, below = base.copy(), base.copy()
        axes.set_axisbelow(True)
        for i, name in enumerate(names):
            begin = np.where(values[:, i] >= 0, above, below)
            # matplotlib leaves names that begin with _ out of the legend
            look: dict[str, Any] = {"color": colours[name], "label": name if name[:1] != "_" else f" {name}"}
            if horizon > BARS:
                axes.fill_between(steps, begin, begin + values[:, i], step="mid", linewidth=0, **look)
            else:
                axes.bar(steps, values[:, i], bottom=begin, width=0.8, **look)
            above, below = above + np.maximum(values[:, i], 0), below + np.minimum(values[:, i], 0)
        axes.plot(steps, base, linestyle=":", color=SOFT, label="base")
        dot = "." if horizon <= BARS else ""
        axes.plot(steps, rows["forecast"].to_numpy(), marker=dot, color=rcParams["text.color"], label="forecast")
        axes.set_xlabel(f"steps ahead, from {start} on")
        axes.set_ylabel(explanation.target)
        axes.locator_params(axis="x", integer=True)
        axes.set_title(explanation.panel.name(series) or explanation.target)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False)

    return draw


def coloured(names: list[str], every: list[str]) -> dict[str, str]:
    """A colour for each of `names`, its own for those that stand first in `every`; "others" are grey."""
    found = {name: COLOURS[i] for i, name in enumerate(every[: len(COLOURS)]) if name in names}
    left = [colour for colour in COLOURS if colour not in found.values()]
    found |= dict(zip((name for name in names if name not in found and name != "others"), left, strict=False))
    return found | ({"others": REST} if "others" in names and "others" not in every else {})


def figure(explanation: Explanation, series: int | None, by: str | None, most: int) -> Any:
    """A figure of one of the charts, on white."""
    import matplotlib
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(9.0, 3.5), layout="constrained")
    draw = bars(explanation, by, most) if series is None else layers(explanation, series, by, most)
    with matplotlib.rc_context({"text.parse_math": False}):  # names may have dollars in them
        draw(drawn.subplots())
    return drawn
