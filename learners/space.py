"""Open settings: values of a recipe that a sweep is to choose, written where the value would stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from featurizers.whole import number


@dataclass(frozen=True)
class Choose:
    """One of `options`, the first of them tried first.

    >>> Choose((1.0, 10.0)).first
    1.0
    """

    options: tuple[Any, ...]

    @property
    def first(self) -> Any:
        """The value to begin with. ValueError if there is no option."""
        if not self.options:
            raise ValueError("Choose(()) has no options: give at least one.")
        return self.options[0]


@dataclass(frozen=True)
class Between:
    """A number from `low` to `high`, both included; with `log` by its logarithm, with `whole` an integer.

    `start` is tried first (None: the middle, of the logarithms where `log`).

    >>> Between(0.01, 1.0, log=True).first
    0.1
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False
    start: float | None = None

    @property
    def first(self) -> float:
        """The value to begin with. ValueError if the range is none."""
        for value in (self.low, self.high, *(() if self.start is None else (self.start,))):
            number(value, f"Each bound, and the start, of {self}")
        low, high = self.low, self.high
        if not low < high or (self.log and low <= 0):
            raise ValueError(f"{self} is no range: it needs low < high, and 0 < low for a logarithm.")
        middle = (low * high) ** 0.5 if self.log else (low + high) / 2
        start = middle if self.start is None else self.start
        if not low <= start <= high:
            raise ValueError(f"{self} starts outside its range.")
        return round(start) if self.whole else start


Open = Choose | Between
_PLAIN = (str, int, float, type(None))  # what holds nothing, looked at first: most settings are such


def openings(recipe: Any) -> dict[str, Open]:
    """The open settings of a recipe by their path, such as "regressor.learning_rate"; also those inside options."""
    return dict(_found(recipe, ()))


def closed(recipe: Any, values: Mapping[str, Any]) -> Any:
    """The recipe with each open setting at the value that its path has in `values`, or else at its first.

    Settings that are held by name are in the order of their names: one that was written as TOML, where open ones come
    last, and read again gives the same bytes.

    >>> closed(Choose((3, 5)), {})
    3
    """
    return _closed(recipe, (), values)


def check_closed(recipe: Any) -> None:
    """ValueError, naming the settings, if some are open."""
    found = openings(recipe)
    if found:
        named = ", ".join(repr(path or "the recipe itself") for path in found)
        raise ValueError(f"{type(recipe).__name__} cannot be fitted while settings are open ({named}): put it into a "
                         "Sweep, which chooses their values, or give them values.")  # fmt: skip


def settings_of(value: Any) -> Iterator[tuple[str, Any]]:
    """What a recipe holds, by name: the settings of a part, the items of a tuple or mapping.

    A part that searches, which a Sweep does, closes what is open inside it by itself.
    """
    if getattr(value, "searches", False):
        return
    if is_dataclass(value) and not isinstance(value, type):
        yield from ((f.name, getattr(value, f.name)) for f in fields(value) if f.init)
    elif isinstance(value, tuple | list):
        yield from ((str(i), item) for i, item in enumerate(value))
    elif isinstance(value, Mapping):
        yield from ((str(key), item) for key, item in value.items())


def _found(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Open]]:
    if isinstance(value, _PLAIN):
        return
    if isinstance(value, Open):
        yield ".".join(path), value
    if not isinstance(value, Between):
        inner = (("options", value.options),) if isinstance(value, Choose) else settings_of(value)
        for name, part in inner:
            yield from _found(part, (*path, name))


def _closed(value: Any, path: tuple[str, ...], values: Mapping[str, Any]) -> Any:
    if isinstance(value, Open):
        name = ".".join(path)
        chosen = values.get(name, value.first)
        if isinstance(value, Choose) and chosen in value.options:
            path = (*path, "options", str(value.options.index(chosen)))
        return _closed(chosen, path, values)
    if isinstance(value, tuple | list):
        return tuple(_closed(item, (*path, str(i)), values) for i, item in enumerate(value))
    if isinstance(value, Mapping):
        return {key: _closed(value[key], (*path, str(key)), values) for key in sorted(value, key=str)}
    if not is_dataclass(value) or isinstance(value, type) or getattr(value, "searches", False):
        return value
    changed = {name: _closed(part, (*path, name), values) for name, part in settings_of(value)}
    different = {name: part for name, part in changed.items() if part is not getattr(value, name)}
    return replace(value, **different) if different else value
