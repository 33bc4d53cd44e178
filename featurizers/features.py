"""Features: several featurizers side by side, as one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Featurizer, Needs
from featurizers.panel import Panel
from featurizers.whole import FARTHEST, whole
from featurizers.windows import Window, Windowed, fill_windows


def tagged(tag: str, memory: State) -> State:
    """Memory under a prefix, so that parts of a whole do not overwrite each other."""
    return {f"{tag}.{name}": values for name, values in memory.items()}


def untagged(tag: str, state: State) -> State:
    """A part's view of the whole's state: the windows, and its own memory without the prefix."""
    windows = {name: values for name, values in state.items() if "." not in name}
    mine = {name[len(tag) + 1 :]: values for name, values in state.items() if name.startswith(f"{tag}.")}
    return windows | mine


class Remembering(Protocol):
    """What keeps something of a series: a featurizer or a model."""

    def memory(self, panel: Panel) -> State: ...

    def remember(self, state: State, now: State) -> State: ...


def memories(tag: str, parts: Iterable[Remembering], panel: Panel) -> State:
    """The memory of every part, each under the tag and its number."""
    return {k: v for i, p in enumerate(parts) for k, v in tagged(f"{tag}{i}", p.memory(panel)).items()}


def remembered(tag: str, parts: Iterable[Remembering], state: State, now: State) -> State:
    """The memory of every part after one more row."""
    moved: State = {}
    for i, part in enumerate(parts):
        moved |= tagged(f"{tag}{i}", part.remember(untagged(f"{tag}{i}", state), now))
    return moved


@dataclass(frozen=True)
class Features(Featurizer):
    """The columns of `parts`, one after the other."""

    parts: tuple[Featurizer, ...]

    @property
    def needs(self) -> Needs:
        return Needs.of(self.parts)

    def names(self) -> list[str]:
        return [name for part in self.parts for name in part.names()]

    def sources(self) -> list[tuple[str, str]]:
        return [source for part in self.parts for source in part.sources()]

    @property
    def categorical(self) -> tuple[int, ...]:
        found, start = [], 0
        for part in self.parts:
            found += [start + i for i in part.categorical]
            start += len(part.names())
        return tuple(found)

    def resolve(self, panel: Panel) -> Features:
        parts = (self.parts,) if isinstance(self.parts, Featurizer) else self.parts
        for part in parts:
            if not isinstance(part, Featurizer):
                raise TypeError(f"Features are parts such as Lags((1, 7)) or Calendar(), not {part!r}.")
        found = Features(tuple(part.resolve(panel) for part in parts))
        whole(found.needs.lookback, "The rows that features look back on", 0, FARTHEST)
        return found

    def transform(self, panel: Panel, *, dtype: Any = np.float64) -> np.ndarray:
        """All rows, in one matrix that the parts fill; what is a window of the target is filled in one pass."""
        out = np.empty((len(panel), len(self.names())), dtype)
        windows: dict[int, Window] = {}
        start = 0
        for part in self.parts:
            end = start + len(part.names())
            if isinstance(part, Windowed):
                windows |= dict(zip(range(start, end), part.windows, strict=True))
            else:
                out[:, start:end] = part.transform(panel)
            start = end
        if windows:
            fill_windows(panel.y, panel.indptr, windows, out)
        return out

    def step(self, state: State, now: State) -> Array:
        columns = [p.step(untagged(f"f{i}", state), now) for i, p in enumerate(self.parts)]
        return namespace(*columns).concat(columns, axis=1)

    def memory(self, panel: Panel) -> State:
        return memories("f", self.parts, panel)

    def remember(self, state: State, now: State) -> State:
        return remembered("f", self.parts, state, now)
