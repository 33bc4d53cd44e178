"""Zone: one panel's stamps on the wall clock of another."""

from __future__ import annotations

from dataclasses import replace

from featurizers.panel import Panel


def on_clock_of(other: Panel, panel: Panel) -> Panel:
    """`panel` on the wall clock of `other`, its moments as they were.

    ValueError where just one of them has a time zone: nobody can say then which moments are the same.
    """
    if panel.zone == other.zone or panel.freq.daily or other.freq.daily:
        return panel
    if panel.zone is None:
        raise ValueError(f"The stamps of {panel.time!r} have no time zone, but the model learned from stamps in "
                         f"{other.zone!r}: give them theirs before the table is read.")  # fmt: skip
    if other.zone is None:
        raise ValueError(f"The stamps of {panel.time!r} are in the time zone {panel.zone!r}, but the model learned "
                         "from stamps without one: take it off before the table is read.")  # fmt: skip
    ahead = None if panel.ahead is None else replace(panel.ahead, zone=other.zone)
    return replace(panel, zone=other.zone, ahead=ahead)
