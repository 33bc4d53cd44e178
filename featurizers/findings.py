"""Findings: what the guardrails saw, in which series, at which row, and what was done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

Status = Literal["passed", "fixed", "dropped", "alerted"]
_ORDER = {"dropped": 0, "fixed": 1, "alerted": 2, "passed": 3}


@dataclass(frozen=True)
class Finding:
    """One observation about one series (or about the whole table, where `series` is empty).

    `row` is the position of the first culprit in the table as it was given, from 0;
    -1 where the finding is about no row in particular.
    """

    kind: str  # gap, duplicate, off_grid, nan_target, infinite, constant, too_short, leak ...
    status: Status
    message: str  # a sentence: what, where, and what was done
    series: str = ""  # the key, "Store=2, Brand=tropicana"
    row: int = -1
    time: str = ""
    column: str = ""
    count: int = 1  # how many rows are concerned


@dataclass(frozen=True)
class Findings:
    """All findings of a panel: iterate, filter with `of`, print as a table, or take `frame()`."""

    items: tuple[Finding, ...] = ()

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __add__(self, more: Iterable[Finding]) -> Findings:
        return Findings((*self.items, *more))

    def of(self, kind: str) -> Findings:
        """The findings of one kind."""
        return Findings(tuple(f for f in self.items if f.kind == kind))

    @property
    def brief(self) -> str:
        """How many there are beside the checks that passed, in words."""
        seen = sum(f.status != "passed" for f in self.items)
        return f"{seen} finding{'s' if seen > 1 else ''}" if seen else f"{len(self.items)} checks passed"

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame([asdict(f) for f in self.items], columns=list(Finding.__dataclass_fields__))

    def summary(self) -> list[tuple[str, str, int, int, str]]:
        """(status, kind, series, rows, first message), the gravest first."""
        groups: dict[tuple[str, str], list[Finding]] = {}
        for f in self.items:
            groups.setdefault((f.status, f.kind), []).append(f)
        rows = [
            (status, kind, len({f.series for f in found}), sum(f.count for f in found), found[0].message)
            for (status, kind), found in groups.items()
        ]
        return sorted(rows, key=lambda r: (_ORDER[r[0]], r[1]))

    def __str__(self) -> str:
        """A table, a line for each kind; the checks that found nothing share the last."""
        if not self.items:
            return "No findings."
        seen = [row for row in self.summary() if row[0] != "passed"]
        passed = sorted({f.kind for f in self.items if f.status == "passed"})
        lines = [f"{'status':8} {'kind':18} {'series':>7} {'rows':>10}  first"] if seen else []
        lines += [f"{s:8} {k:18} {n:7,d} {r:10,d}  {m}" for s, k, n, r, m in seen]
        if passed:
            lines.append(f"passed   {len(passed)} checks: {', '.join(passed)}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.frame().to_html(index=False)  # type: ignore[no-any-return,unused-ignore]
