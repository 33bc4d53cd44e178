"""Encoding: a fitted model as a tree that is JSON, with its arrays beside it, and the model again from both.

The tree is that of our own frozen dataclasses. What is not JSON by itself is an object with a key "$":
`{"$": "list"}`, `{"$": "array", "name": "a0"}`, `{"$": "learners.naive:SeasonalNaiveModel", "season": 12}`; a JSON
array is a tuple. Only dataclasses of our packages are made, and only from their declared fields, so that a file can
hold wrong numbers but never run anything.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd

from learners.learner import Learner

KINDS = "biufmMU"  # of the arrays that are kept: bool, integers, floats, durations, stamps, text
DEEPEST = 200  # levels of nesting
CLASS = re.compile(r"(featurizers|learners|forecast)(\.[a-z_][a-z0-9_]*)+:_?[A-Z][A-Za-z0-9]*")
MOVED: dict[str, str] = {}  # old "module:Class" -> new, so that older files find it


@dataclass
class Writer:
    """Makes the tree, and collects the arrays that it names."""

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)  # id of an array -> its name, so that it is kept once
    kept: list[Any] = field(default_factory=list)  # what these ids belong to, so that none is used again
    within: bool = False  # a recipe

    def encode(self, value: Any, where: str, depth: int) -> Any:
        if depth > DEEPEST:
            raise TypeError(f"{where[:80]}... is nested more than {DEEPEST} levels deep.")
        if isinstance(value, np.generic):
            return self._scalar(value, where)
        if value is None or isinstance(value, bool | str | int):
            return value
        if isinstance(value, float):
            return value if np.isfinite(value) else {"$": "float", "value": str(value)}
        if isinstance(value, bytes):
            return self._array(np.frombuffer(value, np.uint8), where) | {"$": "bytes"}
        if isinstance(value, np.ndarray):
            return self._array(value, where)
        if isinstance(value, tuple | list):
            items = [self.encode(item, f"{where}[{i}]", depth + 1) for i, item in enumerate(value)]
            return items if isinstance(value, tuple) else {"$": "list", "items": items}
        if isinstance(value, Mapping):
            return self._mapping(value, where, depth)
        if isinstance(value, pd.DataFrame):
            return self._table(value, where)
        if isinstance(value, Learner) and not self.within:
            return self._recipe(value, where, depth)
        return self._part(value, where, depth)

    def _recipe(self, value: Learner, where: str, depth: int) -> Any:
        """A recipe whole, or None: one with something of the user's own in it, which the model does not need."""
        before, self.within = len(self.kept), True
        try:
            return self._part(value, where, depth)
        except TypeError:
            while len(self.kept) > before:
                del self.arrays[self.names.pop(id(self.kept.pop()))]
            return None
        finally:
            self.within = False

    def _scalar(self, value: np.generic, where: str) -> Any:
        if isinstance(value, float | str | np.bool_ | np.int64):  # the same number in Python
            return self.encode(value.item(), where, 0)
        return self._array(np.asarray(value), where) | {"$": "scalar"}

    def _array(self, value: np.ndarray, where: str) -> dict[str, Any]:
        if value.dtype == object:
            flat = [self.encode(item, f"{where}[{i}]", 0) for i, item in enumerate(value.ravel().tolist())]
            return {"$": "objects", "shape": list(value.shape), "items": flat}
        if value.dtype.kind not in KINDS:
            raise TypeError(f"{where} is an array of {value.dtype}, which is not kept: a model holds numbers and text.")
        if id(value) not in self.names:
            self.names[id(value)] = f"a{len(self.arrays)}"
            self.kept.append(value)
            self.arrays[self.names[id(value)]] = value
        return {"$": "array", "name": self.names[id(value)]}

    def _mapping(self, value: Mapping[Any, Any], where: str, depth: int) -> dict[str, Any]:
        encoded = [
            (self.encode(k, f"{where} key {k!r}", depth + 1), self.encode(v, f"{where}[{k!r}]", depth + 1))
            for k, v in value.items()
        ]
        if all(type(key) is str and key != "$" for key in value):
            return dict(encoded)
        return {"$": "dict", "items": [list(pair) for pair in encoded]}

    def _table(self, value: pd.DataFrame, where: str) -> dict[str, Any]:
        columns = []
        for i, name in enumerate(value.columns):
            cells = value.iloc[:, i].to_numpy()
            cells = cells if cells.dtype.kind in KINDS else cells.astype(object)
            columns.append([str(name), self._array(cells, f"{where}[{name!r}]")])
        return {"$": "table", "rows": len(value), "columns": columns}

    def _part(self, value: Any, where: str, depth: int) -> dict[str, Any]:
        kind = f"{type(value).__module__}:{type(value).__qualname__}"
        if isinstance(value, type) or not is_dataclass(value) or not CLASS.fullmatch(kind):
            raise TypeError(f"{where} is a {kind.replace(':', '.')}, which is not made of numbers, text and our own "
                            "parts: it cannot be saved.")  # fmt: skip
        given = {f.name: getattr(value, f.name) for f in fields(value) if f.init}
        return {"$": kind} | {n: self.encode(v, f"{where}.{n}", depth + 1) for n, v in given.items()}


@dataclass(frozen=True)
class Reader:
    """Makes the model of a tree whose arrays are these; errors name the file that it came from."""

    arrays: Mapping[str, np.ndarray]
    file: str

    def decode(self, value: Any, where: str, depth: int) -> Any:
        if depth > DEEPEST:
            raise self.damaged(where[:80], f"is nested more than {DEEPEST} levels deep")
        if isinstance(value, list):
            return tuple(self.decode(item, f"{where}[{i}]", depth + 1) for i, item in enumerate(value))
        if not isinstance(value, dict):
            return value
        if "$" not in value:
            return {key: self.decode(item, f"{where}[{key!r}]", depth + 1) for key, item in value.items()}
        kind = value["$"]
        if isinstance(kind, str) and ":" in kind:
            return self._part(kind, value, where, depth)
        try:
            return self._special(kind, value, where, depth)
        except (KeyError, TypeError, AttributeError) as error:
            raise self.damaged(where, f"is not understood ({error})") from None

    def damaged(self, where: str, what: str) -> ValueError:
        return ValueError(f"{self.file!r} is damaged or not a model: {where} {what}.")

    def _special(self, kind: Any, value: dict[str, Any], where: str, depth: int) -> Any:
        if kind == "float":
            return {"nan": np.nan, "inf": np.inf, "-inf": -np.inf}[value["value"]]
        if kind == "list":
            return list(self.decode(value["items"], where, depth))
        if kind == "dict":
            return dict(self.decode(value["items"], where, depth))
        if kind == "array":
            return self.arrays[value["name"]]
        if kind == "scalar":
            return self.arrays[value["name"]][()]
        if kind == "bytes":
            return self.arrays[value["name"]].astype(np.uint8).tobytes()
        if kind == "objects":
            return self._objects(value, where, depth)
        if kind == "table":
            return self._table(value, where, depth)
        raise self.damaged(where, f"is of a kind {kind!r} that does not exist")

    def _objects(self, value: dict[str, Any], where: str, depth: int) -> np.ndarray:
        result = np.empty(len(value["items"]), object)
        for i, item in enumerate(value["items"]):
            result[i] = self.decode(item, f"{where}[{i}]", depth + 1)
        return result.reshape(value["shape"])

    def _table(self, value: dict[str, Any], where: str, depth: int) -> pd.DataFrame:
        table = pd.DataFrame(index=pd.RangeIndex(int(value["rows"])))
        for name, cells in value["columns"]:
            column = self.decode(cells, f"{where}[{name!r}]", depth + 1)
            table[name] = column.tolist() if column.dtype == object else column  # a list gets the version's text type
        return table

    def _part(self, kind: str, value: dict[str, Any], where: str, depth: int) -> Any:
        made = self._class(kind, where)
        declared = {f.name: f for f in fields(made) if f.init}
        given = {name: self.decode(v, f"{where}.{name}", depth + 1) for name, v in value.items() if name != "$"}
        for name in given:
            if name not in declared:
                raise self.damaged(where, f"gives {kind!r} a field {name!r} that it does not have")
        for name, f in declared.items():
            if name not in given and f.default is MISSING and f.default_factory is MISSING:
                raise self.damaged(where, f"lacks the field {name!r} of {kind!r}")
        try:
            return made(**given)
        except TypeError as error:
            raise self.damaged(where, f"is not understood ({error})") from None

    def _class(self, kind: str, where: str) -> type:
        kind = MOVED.get(kind, kind)
        module, _, name = kind.partition(":")
        if not CLASS.fullmatch(kind) or importlib.util.find_spec(module.split(".")[0]) is None:
            raise self.damaged(where, f"asks for {kind!r}, which is not a part of this library")
        try:
            made = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            raise self.damaged(where, f"asks for {kind!r}, which this version does not have") from None
        ours = isinstance(made, type) and is_dataclass(made) and made.__module__ == module
        if not ours or not made.__dataclass_params__.frozen:
            raise self.damaged(where, f"asks for {kind!r}, which is not a part that holds data")
        return made
