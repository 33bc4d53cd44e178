"""network_settings: what a network may be told, checked before anything is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featurizers.panel import Panel
from featurizers.whole import number, whole
from learners.bands import check_levels
from learners.cycles import CYCLES

if TYPE_CHECKING:
    from learners.tcn import Tcn

LEAST = {
    "horizon": 1, "window": 1, "layers": 0, "kernel": 2, "channels": 1, "epochs": 1, "batch": 1, "seed": 0,
    "patience": 0,
}  # fmt: skip


def check_network(recipe: Tcn, panel: Panel) -> None:
    """ValueError if a setting makes no sense, or no series of the panel is longer than the horizon by two rows."""
    for name, least in LEAST.items():
        if getattr(recipe, name) != "auto":
            whole(getattr(recipe, name), f"The {name} of a network", least)
    if not 0 < number(recipe.learning_rate, "The learning_rate of a network") <= 1:
        raise ValueError(f"The learning_rate of a network is above 0 and at most 1, not {recipe.learning_rate!r}.")
    if not 0 <= number(recipe.dropout, "The dropout of a network") < 1:
        raise ValueError(f"The dropout of a network is from 0 to less than 1, not {recipe.dropout!r}.")
    if recipe.max_seconds is not None:
        number(recipe.max_seconds, "The max_seconds of a network")
    check_levels(recipe.levels)
    if recipe.calendar != "auto" and not set(recipe.calendar) <= set(CYCLES):
        raise ValueError(f"The calendar of a network is 'auto' or some of {CYCLES}, not {recipe.calendar!r}.")
    longest = int(panel.lengths.max(initial=0))
    if longest < recipe.horizon + 2:
        raise ValueError(f"Horizon {recipe.horizon} of a network needs a series of at least {recipe.horizon + 2} rows; "
                         f"the longest has {longest}. Shorten the horizon or use a simpler learner.")  # fmt: skip
