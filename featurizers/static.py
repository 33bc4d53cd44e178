"""Static: numbers that a series has once and for all, such as the size of a store."""

from __future__ import annotations

from dataclasses import dataclass, replace

from featurizers.featurizer import chosen
from featurizers.known import Known
from featurizers.panel import Panel


@dataclass(frozen=True)
class Static(Known):
    """Numeric static `columns`, the same in every row of a series."""

    def sources(self) -> list[tuple[str, str]]:
        return [(name, "static") for name in self.columns]

    def resolve(self, panel: Panel) -> Static:
        columns = chosen(panel, self.columns)
        for name in columns:
            if panel.roles.get(name) != "static":
                role = panel.roles.get(name)
                is_now = f"its role is {role!r}" if role else "it has no role"
                raise ValueError(f"Column {name!r} is not static in this panel ({is_now}): "
                                 f"give it in static=, or use Known or Past.")  # fmt: skip
            if name in panel.levels:
                raise ValueError(f"Static column {name!r} holds categories, not numbers: use Categories.")
        return replace(self, columns=columns)
