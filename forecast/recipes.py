"""Recipes as data: a tree of constructors as plain values or TOML, and back.

`Recursive(Ridge(alpha=2.0), (Lags((1, 7)),))` is
`{"Recursive": {"regressor": {"Ridge": {"alpha": 2.0}}, "features": [{"Lags": {"lags": [1, 7]}}]}}`.
A setting that stands alone is the first one: `{"Lags": [1, 7]}`, `{"SeasonalNaive": 12}`; and where a part is
expected its name alone will do: `"Calendar"`. Names are looked up among the public parts of our packages, and
among the estimators of a few libraries ("sklearn.linear_model.Ridge"); nothing else is ever imported or called.
"""

from __future__ import annotations

import difflib
import importlib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, time
from functools import cache
from typing import Any

import numpy as np

PACKAGES = ("featurizers", "learners", "forecast")
FOREIGN = ("sklearn", "lightgbm", "xgboost")  # libraries whose estimators may stand in a recipe
PART = re.compile(r"Learner|Featurizer|Regressor|Transform")  # annotations of settings that hold parts
ANY = "**"  # stands for every setting, where a constructor takes whatever it is given
DEEPEST = 100  # levels of nesting


# ---- names ----------------------------------------------------------------------------------------


@cache
def parts() -> dict[str, str]:
    """The name of every public constructor, and the package it is taken from."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        for name in getattr(importlib.import_module(package), "__all__", ()):
            if name[:1].isupper():
                found.setdefault(name, package)
    return found


def constructor(name: str) -> Callable[..., Any]:
    """What makes the part called `name`. ValueError, with the close names, where there is none."""
    packages = parts()
    if name in packages:
        kind = getattr(importlib.import_module(packages[name]), name)
        if not isinstance(kind, type) or (is_dataclass(kind) and kind.__dataclass_params__.eq):  # type: ignore[attr-defined]
            return kind
        raise ValueError(f"{name!r} holds data: it is not a part that a recipe can be made of.")
    if name.split(".")[0] in FOREIGN:
        return _estimator(name)
    near = difflib.get_close_matches(name, packages, n=3, cutoff=0.5)
    lower = {n.lower(): n for n in packages}
    near = near or [lower[n] for n in difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.6)]
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are {', '.join(sorted(packages))}."
    raise ValueError(f"There is no part called {name!r}: {hint}")


def _estimator(name: str) -> Callable[..., Any]:
    """A foreign regressor by its public name, "sklearn.linear_model.Ridge"."""
    module, _, last = name.rpartition(".")
    if not module or not all(re.fullmatch(r"[a-z][a-z0-9_]*", word) for word in module.split(".")):
        raise ValueError(f"{name!r} is not the public name of an estimator, such as 'sklearn.linear_model.Ridge'.")
    try:
        kind = getattr(importlib.import_module(module), last)
    except (ImportError, AttributeError):
        raise ValueError(f"There is no estimator {name!r} in the installed libraries.") from None
    if not (isinstance(kind, type) and hasattr(kind, "get_params") and hasattr(kind, "predict")):
        raise ValueError(f"{name!r} is not an estimator with fit and predict.")
    return kind


def _foreign_name(value: object) -> str | None:
    """The shortest public name of a foreign estimator, None where the value is none."""
    words = type(value).__module__.split(".")
    if words[0] not in FOREIGN or not hasattr(value, "get_params"):
        return None
    for size in range(1, len(words) + 1):
        if words[size - 1].startswith("_"):
            break
        module = ".".join(words[:size])
        if getattr(importlib.import_module(module), type(value).__name__, None) is type(value):
            return f"{module}.{type(value).__name__}"
    return None


# ---- from a recipe to data ------------------------------------------------------------------------


def describe(recipe: Any, full: bool = False) -> Any:
    """The recipe as plain values: dicts, lists, text, numbers, dates, None.

    Settings that have their default value are left out, unless `full`. ValueError for what cannot be data.
    """
    return plain(recipe, full, type(recipe).__name__)


def settings(recipe: Any, full: bool = False) -> dict[str, Any]:
    """The settings of one part by name, those with their default left out unless `full`, or the part speaks of all."""
    full = full or getattr(recipe, "spoken", False)
    if is_dataclass(recipe):
        given = {f.name: (getattr(recipe, f.name), _default(f)) for f in fields(recipe) if f.init}
    else:
        defaults = type(recipe)().get_params(deep=False)
        given = {n: (v, defaults.get(n, MISSING)) for n, v in recipe.get_params(deep=False).items()}
    return {name: value for name, (value, default) in given.items() if full or not _same(value, default)}


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _same(value: Any, default: Any) -> bool:
    if isinstance(value, np.ndarray) or isinstance(default, np.ndarray):
        return False
    both_nan = isinstance(value, float) and isinstance(default, float) and value != value and default != default
    return both_nan or (type(value) is type(default) and bool(value == default))


def plain(value: Any, full: bool, where: str) -> Any:
    """`value` as plain values, see `describe`; `where` names it in an error."""
    if value is None or isinstance(value, bool | str | int | float | date | time):
        return value.item() if isinstance(value, np.generic) else value
    if isinstance(value, np.generic):
        return plain(value.item(), full, where)
    if isinstance(value, np.ndarray):
        return plain(value.tolist(), full, where)
    if isinstance(value, tuple | list):
        return [plain(item, full, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError(f"{where} is keyed by something that is not text: it cannot be written as data.")
        inner = {key: plain(item, full, f"{where}.{key}") for key, item in value.items()}
        return {"dict": inner} if len(inner) == 1 and _is_name(next(iter(inner))) else inner
    name = name_of(value)
    if name is None:
        raise ValueError(f"{where} is a {type(value).__module__}.{type(value).__qualname__}, which is not a public "
                         "part: it cannot be written as data.")  # fmt: skip
    if callable(value) and not is_dataclass(value) and not hasattr(value, "get_params"):
        return name  # a public function, such as a metric, goes by its name
    given = settings(value, full)
    return {name: {key: plain(item, full, f"{where}.{key}") for key, item in given.items()}}


def name_of(value: Any) -> str | None:
    """The public name of a part or function, None where it has none."""
    if is_dataclass(value) and not isinstance(value, type):
        name = type(value).__name__
        known = parts()
        return name if name in known and constructor(name) is type(value) else None
    if callable(value) and hasattr(value, "__name__") and not isinstance(value, type):
        own = str(getattr(value, "__module__", "")).split(".")[0] in PACKAGES
        return str(value.__name__) if own and str(value.__name__).isidentifier() else None
    return _foreign_name(value)


# ---- from data to a recipe ------------------------------------------------------------------------


def build(data: Any) -> Any:
    """The recipe that plain values describe. ValueError names the part and the setting at fault."""
    return _build(data, expected=True, depth=0)


def _build(data: Any, expected: bool, depth: int, named: bool = False) -> Any:
    """`expected`: a part stands here, or several; `named`: these may have names of the user's own."""
    if depth > DEEPEST:
        raise ValueError(f"The recipe is nested more than {DEEPEST} levels deep.")
    if isinstance(data, str):
        return _call(data, {}, depth) if expected and _is_name(data) else data
    if isinstance(data, list | tuple):
        return tuple(_build(item, expected, depth + 1) for item in data)
    if not isinstance(data, Mapping):
        return data
    if len(data) == 1:
        ((name, given),) = data.items()
        if name == "dict" and isinstance(given, Mapping):
            return {key: _build(item, False, depth + 1) for key, item in given.items()}
        if name == "None":
            return None
        if named and not _is_name(name) and isinstance(given, Mapping) and _is_part(given):
            return {name: _build(given, True, depth + 1)}
        if expected or _is_name(name):
            return _call(name, given, depth)
    return {key: _build(item, False, depth + 1) for key, item in data.items()}


def _is_name(text: str) -> bool:
    return text in ("None", "dict") or text in parts() or text.split(".")[0] in FOREIGN


def _call(name: str, given: Any, depth: int) -> Any:
    kind = constructor(name)
    wanted = {f.name: str(f.type) for f in fields(kind) if f.init} if is_dataclass(kind) else _parameters(kind)
    if ANY in wanted:  # a ready regressor, which knows its settings itself
        if not isinstance(given, Mapping):
            raise ValueError(f"{name!r} takes settings by name, not {given!r} alone.")
        return kind(**{key: _build(value, False, depth + 1) for key, value in given.items()})
    if not isinstance(given, Mapping) or (len(given) == 1 and next(iter(given)) not in wanted):
        if not wanted:
            raise ValueError(f"{name!r} takes no settings, not even {given!r}.")
        given = given if isinstance(given, Mapping) and not _is_part(given) else {next(iter(wanted)): given}
    for key in given:
        if key not in wanted:
            near = difflib.get_close_matches(str(key), wanted, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(wanted) or 'none'}."
            raise ValueError(f"{name!r} has no setting {key!r}: {hint}")
    values = {
        k: _build(v, PART.search(wanted[k]) is not None, depth + 1, "Mapping" in wanted[k]) for k, v in given.items()
    }
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"{name!r} cannot be made: {error}.") from None


def _is_part(given: Mapping[str, Any]) -> bool:
    return len(given) == 1 and _is_name(next(iter(given)))


def _parameters(kind: Callable[..., Any]) -> dict[str, str]:
    from inspect import signature

    found = signature(kind).parameters
    return {ANY if p.kind is p.VAR_KEYWORD else name: str(p.annotation) for name, p in found.items()}


# ---- text -----------------------------------------------------------------------------------------


def to_toml(recipe: Any, name: str = "learner", full: bool = False) -> str:
    """The recipe as TOML text, under the key `name`; a dict of plain values as it stands.

    Settings that have their default value are left out, unless `full`. ValueError for a part that is not ours.

    >>> from forecast import Log1p, SeasonalNaive, Transformed
    >>> recipe = Transformed(SeasonalNaive(12), Log1p())
    >>> print(to_toml(recipe).strip())
    [learner.Transformed.learner.SeasonalNaive]
    season = 12
    <BLANKLINE>
    [learner.Transformed.transform.Log1p]
    >>> from_toml(to_toml(recipe)) == recipe
    True
    """
    return write_toml(recipe if isinstance(recipe, Mapping) else {name: describe(recipe, full)})


def from_toml(text: str, name: str = "learner") -> Any:
    """The recipe that TOML text holds under the key `name`. ValueError names the part and the setting at fault."""
    data = tomllib.loads(text)
    if name not in data:
        raise ValueError(f"The text has no {name!r}; it has {', '.join(map(repr, data)) or 'nothing'}.")
    return build(data[name])


def write_toml(data: Mapping[str, Any]) -> str:
    """Plain values as TOML; what is None at the end of a key is left out, inside a list it is {None = {}}."""
    import tomli_w

    return tomli_w.dumps(_without_none(dict(data)), indent=2)


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return {"None": {}} if value is None else value
