"""Featurization: what becomes of each column of a table: its type and role, why it is left out, what is made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd

from featurizers.featurizer import Featurizer
from featurizers.findings import Finding
from featurizers.panel import Panel, expected
from learners.learner import Learner, Model

FEWEST = 20  # values below which a column is not judged by how they differ
DISTINCT = 0.9  # of the values of an id-like column, at least, are its only ones
# settings of learners that name columns
TAKEN = ("known", "past", "static", "categories", "columns", "regressors", "by")
ENGINEERED = {"history": "target", "calendar": "time", "holiday": "time"}  # kind of a feature -> attribute of a panel


def useless(panel: Panel) -> dict[str, str]:
    """The known, past and static columns that a default recipe leaves out, and why: those without a value, constant
    ones, and those that only name or count rows. (Leaks are found when the table is read.)"""
    found = {name: _reason(panel, name) for name in panel.columns if name in panel.roles}
    return {name: why for name, why in found.items() if why}


def _reason(panel: Panel, name: str) -> str:
    values = panel.columns[name]
    seen = values[values >= 0] if name in panel.levels else values[~np.isnan(values)]
    if not len(seen):
        return "it has no value"
    if len(seen) == len(values) and seen.min() == seen.max():  # where values are missing, that may say something
        return "it is constant"
    if len(seen) < FEWEST:
        return ""
    if name in panel.levels:
        distinct = np.count_nonzero(np.bincount(seen))
        if distinct > DISTINCT * len(seen):
            one = "series" if panel.roles[name] == "static" else "row"
            return f"it is id-like: {distinct} categories in {len(seen)} values, which only name the {one}"
    elif panel.roles[name] != "static":
        inside = np.diff(panel.owner) == 0
        if inside.sum() >= FEWEST and (np.diff(values)[inside] == 1).all():
            return "it only counts rows"
    return ""


def left_out(panel: Panel) -> list[Finding]:
    """A finding for each useless column."""
    return [
        Finding("useless_column", "dropped", f"Column {name!r} takes no part in the default learners: {why}.",
                column=name, count=len(panel))
        for name, why in useless(panel).items()
    ]  # fmt: skip


def summary(part: Any, panel: Panel) -> pd.DataFrame:
    """A row for each column of the table that has a role, or was refused one: column, type ("time", "number",
    "category"), role, missing (share of the values), categories (their number), used (whether anything is made of
    it), reason (why not), and features: the names of what is made of it.

    `part` is a recipe, a model, or a mapping or tuple of several.

    >>> from forecast import Calendar, Lags, Recursive, datasets
    >>> table = datasets.load("air_passengers_monthly")
    >>> panel = Panel.read(table, **table.attrs["roles"])
    >>> summary(Recursive("Ridge", (Lags((1, 12)), Calendar(("month",)))), panel)["features"].tolist()
    [['month'], ['lag1', 'lag12']]
    """
    if not _made_of_parts(part):
        raise ValueError(f"A summary is of a recipe, a model, or a mapping or tuple of several, not of {part!r}: "
                         "give, for example, Recursive('Ridge', features).")  # fmt: skip
    made, taken = _made(part, expected(panel, "summary"))
    whys = {f.column: f.message for f in panel.findings if f.kind == "leak" and f.column} | useless(panel)
    roles = dict.fromkeys(panel.ids.columns, "key")
    roles |= {panel.time: "time", panel.target: "target"} | dict(panel.roles)
    refused = dict.fromkeys((name for name in whys if name not in roles), "dropped")
    rows = [_row(panel, name, role, made, taken, whys) for name, role in (roles | refused).items()]
    return pd.DataFrame(rows)


def _made_of_parts(value: Any) -> bool:
    several = tuple(value.values()) if isinstance(value, Mapping) else value
    if isinstance(several, tuple | list):
        return all(map(_made_of_parts, several))
    return isinstance(value, Learner | Model | Featurizer)


def _row(
    panel: Panel, name: str, role: str, made: Mapping[str, list[str]], taken: set[str], whys: Mapping[str, str]
) -> dict[str, Any]:
    values = panel.columns.get(name)
    kind = "time" if role == "time" else "category" if name in panel.levels or role == "key" else "number"
    missing = 0.0
    if values is not None and len(values):
        missing = float((values < 0 if name in panel.levels else np.isnan(values)).mean())
    count = panel.ids[name].nunique() if role == "key" else len(panel.levels.get(name, ()))
    used = name in made or name in taken or role in ("time", "target", "key")
    why = "" if name in made or name in taken else whys.get(name, "" if used else "no learner takes it")
    return {"column": name, "type": kind if role != "dropped" else "", "role": role, "missing": missing,
            "categories": int(count), "used": used, "reason": why, "features": made.get(name, [])}  # fmt: skip


def _made(part: Any, panel: Panel) -> tuple[dict[str, list[str]], set[str]]:
    """Column -> the names of the features made of it; and the columns that learners take as they are."""
    made: dict[str, dict[str, None]] = {}
    taken: set[str] = set()
    for found in _parts(part):
        if not isinstance(found, Featurizer):
            named = [getattr(found, name) for name in TAKEN if isinstance(getattr(found, name, None), tuple)]
            taken |= {name for names in named for name in names if isinstance(name, str) and name in panel.roles}
            continue
        try:
            featurizer = found.resolve(panel)
            pairs = list(zip(featurizer.names(), featurizer.sources(), strict=True))
        except ValueError:  # of a column that this panel does not have, say
            continue
        for name, (column, kind) in pairs:
            raw = panel.ids.columns.tolist() if kind == "series" else [_raw(panel, column, kind)]
            for source in raw:
                made.setdefault(source, {})[name] = None
    return {column: list(names) for column, names in made.items()}, taken


def _raw(panel: Panel, column: str, kind: str) -> str:
    return str(getattr(panel, ENGINEERED[kind])) if kind in ENGINEERED else column


def _parts(value: Any) -> Iterator[Any]:
    """Featurizers and learners, at any depth; not what is inside a featurizer."""
    if isinstance(value, Featurizer):
        yield value
    elif is_dataclass(value) and not isinstance(value, type | Panel):
        yield value
        for f in fields(value):
            yield from _parts(getattr(value, f.name))
    elif isinstance(value, tuple | list | Mapping):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _parts(item)
