"""PerGroup: a model of its own for each group of series. PerSeries: for each series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import UNKNOWN, Panel, positions
from learners.around import Wrapping, reported
from learners.attribution import Attribution, joined
from learners.each import each, reason
from learners.grouped import groups
from learners.learner import Learner, Model, Resuming
from learners.naive import SeasonalNaive

NUMBER = "group.number"
Shelf = tuple[str, str]  # what a model calls a part of its memory, and the key of the table that holds it


@dataclass(frozen=True)
class PerGroup(Resuming):
    """`learner` trained on each group of series alone; groups are the values of the key or static columns `by`.

    A mapping gives each group a learner of its own, by the group's name: "Brand=tropicana". The groups go through
    `each`. Where the training of one fails, `backup` (None: seasonal naive) takes its place and the model's `report`
    says why. A series that was not in training has no forecast (NaN).

    >>> from forecast import Best, RollingOrigin, Theta
    >>> winners = Best((Theta(52), SeasonalNaive(52)), on=RollingOrigin(horizon=20))
    >>> learner = PerGroup(winners, by=("Brand",))  # each brand has its own winner, fitted to its own series
    """

    learner: Learner | Mapping[str, Learner]
    by: tuple[str, ...]
    backup: Learner | None = None

    @property
    def resumes(self) -> bool:
        learners = self.learner.values() if isinstance(self.learner, Mapping) else (self.learner,)
        return any(learner.resumes for learner in learners)

    def retrain(self, panel: Panel, before: Model | None) -> PerGroupModel:
        names, number = groups(panel, self.by)
        known = before.trained_before if isinstance(before, PerGroupModel) else {}
        fitted = each(partial(self._train, panel, number, names, known), range(len(names)))
        return PerGroupModel(
            recipe=self._found(names, [(model, failure) for model, failure, _, _ in fitted]),
            models=tuple(model for model, _, _, _ in fitted),
            names=names,
            failures=tuple(failure for _, failure, _, _ in fitted),
            shelves=tuple(shelves for _, _, shelves, _ in fitted),
            outputs=tuple(name for name in fitted[0][3] if all(name in outputs for _, _, _, outputs in fitted)),
            keys=panel.keys,
            number=number,
        )

    def _train(
        self, panel: Panel, number: np.ndarray, names: tuple[str, ...], before: Mapping[str, Model], g: int
    ) -> tuple[Model, str, tuple[Shelf, ...], tuple[str, ...]]:
        """The model of group `g`, why it is the backup's, if it is, what it keeps in memory and what it predicts."""
        part = panel.where(number == g)
        try:
            model = self._chosen(names[g]).retrain(part, before.get(names[g]))
            return model, "", *_tried(model, part)
        except Exception as error:
            failure = reason(error)
        try:
            model = (SeasonalNaive(panel.freq.season) if self.backup is None else self.backup).train(part)
            return model, failure, *_tried(model, part)
        except Exception as error:
            both = f"Group {names[g]} failed ({failure}), and so did its backup: {reason(error)}"
            raise ValueError(both) from error

    def _found(self, names: tuple[str, ...], fitted: list[tuple[Model, str]]) -> Learner | None:
        """The learner that each group decided on; None where there was nothing to decide."""
        asked = self.learner if isinstance(self.learner, Mapping) else dict.fromkeys(names, self.learner)
        trained = [(n, m) for n, (m, failure) in zip(names, fitted, strict=True) if not failure]
        found = {name: asked[name].decided(model) for name, model in trained}
        same = all(found[name] is asked[name] for name in found)
        return None if same else replace(self, learner={**asked, **found})

    def _chosen(self, name: str) -> Learner:
        if not isinstance(self.learner, Mapping):
            return self.learner
        if name not in self.learner:
            raise ValueError(f"No learner is given for {name!r}; there is one for {', '.join(self.learner)}.")
        return self.learner[name]


@dataclass(frozen=True)
class PerSeries(Wrapping):
    """`learner` trained on each series alone. See `PerGroup`."""

    learner: Learner
    backup: Learner | None = None

    def retrain(self, panel: Panel, before: Model | None) -> PerGroupModel:
        return PerGroup(self.learner, tuple(panel.ids.columns), self.backup).retrain(panel, before)


@dataclass(frozen=True, eq=False)
class PerGroupModel(Model):
    """The model of each group, and the group of each series.

    Memory: the group's number, and what the models keep. Models of different groups that keep something under the
    same name and of the same width share a table, since a series has but one group.
    """

    models: tuple[Model, ...]
    names: tuple[str, ...]
    failures: tuple[str, ...]  # per group, why its learner could not be trained; "" where it could
    shelves: tuple[tuple[Shelf, ...], ...] = field(repr=False)  # per group
    outputs: tuple[str, ...]  # what all models predict
    keys: dict[str, tuple[Any, ...]] = field(repr=False)  # key column -> one value a series
    number: np.ndarray = field(repr=False)  # the group of each series, (series,)

    @property
    def trained_before(self) -> dict[str, Model]:
        """The model of each group that has none of the backup."""
        return {n: m for n, m, failure in zip(self.names, self.models, self.failures, strict=True) if not failure}

    @property
    def report(self) -> tuple[str, ...]:
        """Sentences about the groups that did not go as asked."""
        found = []
        for name, failure, model in zip(self.names, self.failures, self.models, strict=True):
            found += [f"Group {name} has the backup model: {failure}"] if failure else []
            found += [f"Group {name}: {text}" for text in reported(model)]
        return tuple(found)

    def frame(self) -> pd.DataFrame:
        """One row a group: its name, series, model (the winner, where it was chosen) and why it failed."""
        winners = [getattr(m, "winner", type(m).__name__.removesuffix("Model")) for m in self.models]
        sizes = np.bincount(self.number, minlength=len(self.names))
        return pd.DataFrame({"group": self.names, "series": sizes, "model": winners, "failure": self.failures})

    @property
    def needs(self) -> Needs:
        return Needs.of(self.models)

    @property
    def single(self) -> bool:
        return any(m.single for m in self.models)

    def memory(self, panel: Panel) -> State:
        at = positions(self.keys, panel.ids)
        number = np.where(at < 0, UNKNOWN, self.number[np.maximum(at, 0)])
        state: State = {NUMBER: number[:, None]}
        for key in dict.fromkeys(key for shelves in self.shelves for _, key in shelves):
            width, kind = key.partition(".")[0].removeprefix("group").split("_")
            state[key] = np.full((panel.count, int(width)), np.nan if kind == "f" else UNKNOWN, f"{kind}8")
        for g, model in enumerate(self.models):
            rows = np.flatnonzero(number == g)
            if len(rows) and self.shelves[g]:
                memory = model.memory(panel.where(rows))
                for name, key in self.shelves[g]:
                    state[key][rows] = memory[name]
        return state

    def remember(self, state: State, now: State) -> State:
        kept = tuple(name for name in state if "." in name)
        parts, order = [], []
        for g, rows in self._routed(state):
            mine = _rows(state, rows)
            part = {name: mine[name] for name in kept}
            if g != UNKNOWN and self.shelves[g]:
                moved = self.models[g].remember(self._own(mine, g), _rows(now, rows))
                part |= {key: moved[name] for name, key in self.shelves[g]}
            parts.append(part)
            order.append(rows)
        return _back(parts, order, kept)

    def predict(self, state: State, future: State) -> State:
        parts, order = [], []
        for g, rows in self._routed(state):
            if g != UNKNOWN:
                parts.append(self.models[g].predict(self._own(_rows(state, rows), g), _rows(future, rows)))
            else:
                xp, time = namespace(rows), _rows(future, rows)["time"]
                parts.append(dict.fromkeys(self.outputs, xp.astype(time, xp.float64) * xp.nan))
            order.append(rows)
        return _back(parts, order, self.outputs)

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """That of each group's model for its series."""
        shape = future["time"].shape
        found: list[Attribution] = []
        for g, rows in self._routed(state):
            if g == UNKNOWN:
                continue
            own = self._own(_rows(state, rows), g)
            made = self.models[g].attribute(own, _rows(future, rows), _rows(typical, rows))
            found.append(made.placed(rows, shape[0]))
        if not found:
            nothing = np.full(shape, np.nan)
            return Attribution.of(nothing, nothing, {}, "No series belongs to a group that was trained.")
        return joined(found, [np.isfinite(part.forecast).astype(np.float64) for part in found])

    def _routed(self, state: State) -> Iterator[tuple[int, Array]]:
        """Each group and its rows; last, the rows without a group. A graph asks every group: it may be empty."""
        number = state[NUMBER][:, 0]
        xp = namespace(number)
        for g in range(len(self.models)):
            rows = xp.flatnonzero(number == g)
            if xp is not np or len(rows):
                yield g, rows
        yield UNKNOWN, xp.flatnonzero(number < 0)

    def _own(self, state: State, g: int) -> State:
        """What the model of group `g` finds: the windows, and its memory under its own names."""
        windows = {name: values for name, values in state.items() if "." not in name}
        return windows | {name: state[key] for name, key in self.shelves[g]}


def _tried(model: Model, part: Panel) -> tuple[tuple[Shelf, ...], tuple[str, ...]]:
    """What the model keeps in memory and the names of what it predicts, from a trial on the last row of one series."""
    one = part.where(np.flatnonzero(part.lengths)[:1])
    state = model.state(one)
    shelves = tuple((name, _shelf(name, values)) for name, values in state.items() if "." in name)
    return shelves, tuple(model.predict(state, one.tail(1).matrix(model.needs.ahead)))


def _shelf(name: str, values: np.ndarray) -> str:
    """The key under which all groups keep what is called `name` and has this width and type."""
    return f"group{values.shape[1]}_{values.dtype.kind}.{name}"


def _rows(state: State, rows: Array) -> State:
    xp = namespace(rows)
    return {name: xp.take(values, rows, axis=0) for name, values in state.items()}


def _back(parts: list[State], order: list[Array], columns: tuple[str, ...]) -> State:
    """The rows of all parts in the places that they came from."""
    xp = namespace(*order)
    place = xp.argsort(xp.concat(order, axis=0))
    return {name: xp.take(xp.concat([p[name] for p in parts], axis=0), place, axis=0) for name in columns}
