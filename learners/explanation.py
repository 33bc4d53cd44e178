"""Explanation: what the forecasts of a model are made of, and what matters overall, in units of the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import numpy as np
import pandas as pd

from featurizers.arrays import State, window_of
from featurizers.panel import UNKNOWN, Panel
from featurizers.whole import whole
from learners.attribution import Attribution, Feature
from learners.learner import Model, clocked
from learners.place import position_of
from learners.unknown import future_of

LEVELS = {"feature": "name", "column": "column", "kind": "kind"}
GIVEN = ("known", "past", "static", "category")  # kinds of what comes from columns of the table beside the target
REPEATS = 5  # shuffles of each column


@dataclass(frozen=True, eq=False)
class Explanation:
    """Contributions to each forecast of each series, in units of the target: with the base they add up to it.

    `frame()` is a row a forecast, `importance()` a row a feature, column or kind: the mean of the absolute
    contributions over these forecasts and those from earlier places of the panel. Where a model has no formula that
    can be followed, `losses` tell by how much its mean absolute error grows if a column is shuffled.

    >>> from featurizers import Lags
    >>> from learners import Recursive
    >>> days = pd.date_range("2024-01-01", periods=60)
    >>> table = pd.DataFrame({"day": days, "sales": np.arange(60) % 7 * 2.0})
    >>> panel = Panel.read(table, time="day", target="sales")
    >>> explanation = Recursive("Ridge", (Lags((1, 7)),)).fit(panel).explain(panel, horizon=6)
    >>> explanation.frame().columns.tolist()
    ['day', 'forecast', 'base', 'lag7', 'lag1']
    """

    panel: Panel = field(repr=False)  # the rows that are forecast, horizon rows a series
    by: str  # the level of detail that is shown
    made: Attribution = field(repr=False)  # of the forecasts, (series, horizon)
    before: Attribution = field(repr=False)  # of these and of those from earlier places, (places, horizon)
    losses: Mapping[str, float] = field(default_factory=dict, repr=False)  # column -> growth of the error

    @property
    def target(self) -> str:
        return self.panel.target

    @property
    def notes(self) -> tuple[str, ...]:
        """How the contributions were found."""
        return self.made.notes

    @property
    def weights(self) -> tuple[tuple[str, float], ...]:
        """Of the members, where the model is a weighted mean."""
        return self.made.weights

    def frame(self, by: str | None = None) -> pd.DataFrame:
        """Keys, time, forecast, base, then a column for each contribution, those that matter most first."""
        names, values = grouped(self.made, self._checked(by))
        order = self.importance(by)["name"].tolist()
        flat = {name: values[:, :, names.index(name)].ravel() for name in order}
        keys = self.panel.frame()[[*self.panel.ids.columns, self.panel.time]]
        keys = keys.rename(columns={"base": _of_table("base")})
        known = {*keys, "forecast", "base"}
        numbers = {"forecast": self.made.forecast.ravel(), "base": self.made.base.ravel()}
        numbers |= {_of_table(name) if name in known else name: values for name, values in flat.items()}
        return pd.concat([keys, pd.DataFrame(numbers, index=keys.index)], axis=1)

    def importance(self, by: str | None = None) -> pd.DataFrame:
        """Name, importance (mean absolute contribution), its share, and the loss where that was measured."""
        by = self._checked(by)
        names, values = grouped(self.before, by)
        known = np.isfinite(values).all(axis=2)
        sizes = np.abs(values[known]).mean(axis=0) if known.any() else np.full(len(names), np.nan)
        table = pd.DataFrame({"name": names, "importance": sizes})
        table["share"] = sizes / sizes.sum() if sizes.sum() > 0 else 0.0
        if self.losses and by != "kind":
            told = zip(self.before.features, labels(self.before, by), strict=True)
            loss = {label: self.losses.get(f.column, np.nan) for f, label in told if f.kind in GIVEN}
            table["loss"] = [loss.get(name, np.nan) for name in names]
        return table.sort_values("importance", ascending=False, kind="stable").reset_index(drop=True)

    def plot(self, series: int | str | None = None, by: str | None = None, most: int = 12) -> Any:
        """A matplotlib figure: what matters overall, or for one series (by its position or its name, such as
        "shop=s0") what each forecast is made of."""
        from learners.explanation_chart import figure

        at = None if series is None else position_of(self.panel, series)
        return figure(self, at, by, whole(most, "'most' of the names that are shown"))

    def __repr__(self) -> str:
        rows = self.importance()[["name", "importance"]].head(10).itertuples(index=False, name=None)
        top = "\n".join(f"  {name}: {size:.4g}" for name, size in rows)
        size = f"{self.panel.count} series, {self.made.forecast.shape[1]} steps"
        return f"Explanation of {self.target!r} ({size}); mean absolute contributions by {self.by}:\n{top}"

    def _repr_html_(self) -> str:
        from html import escape

        head = f"<p>What the forecasts of {escape(repr(self.target))} are made of, by {self.by}.</p>"
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return head + self.importance().head(20).to_html(index=False, float_format="{:.4g}".format) + notes

    def _checked(self, by: str | None) -> str:
        return level_of_detail(self.by if by is None else by)


def level_of_detail(by: str) -> str:
    if by not in LEVELS:
        raise ValueError(f"Explanations are by {', '.join(map(repr, LEVELS))}, not by {by!r}.")
    return by


def grouped(made: Attribution, by: str) -> tuple[list[str], np.ndarray]:
    """Names, and contributions (rows, horizon, names) added up over what has the same name."""
    found = labels(made, by)
    shown = [by != "feature" or not feature.moved for feature in made.features]
    names = list(dict.fromkeys(compress(found, shown)))
    values = np.zeros((*made.forecast.shape, len(names)))
    for i, (label, here) in enumerate(zip(found, shown, strict=True)):
        if here:
            values[:, :, names.index(label)] += made.values[:, :, i]
    return names, values


def labels(made: Attribution, by: str) -> list[str]:
    """What each feature is called; a column of the table that is called as a component of the model is told from it."""
    names = [str(getattr(feature, LEVELS[by])) for feature in made.features]
    if by == "kind":
        return names
    given = [feature.kind in GIVEN for feature in made.features]
    own = {name for name, other in zip(names, given, strict=True) if not other}
    return [_of_table(name) if other and name in own else name for name, other in zip(names, given, strict=True)]


def _of_table(name: str) -> str:
    return f"{name} (column)"


def explained(
    model: Model, panel: Panel, horizon: int, known: Any, *, by: str, origins: int, most: int, seed: int,
    unknown: str = "refuse",
) -> Explanation:  # fmt: skip
    """See `Model.explain`."""
    level_of_detail(by)
    origins, seed = whole(origins, "The number of origins", 0), whole(seed, "The seed", 0)
    most = whole(most, "'most' of the earlier rows", 0)
    state = model.state(panel)
    future = future_of(panel, horizon, known, model.needs.ahead, unknown)
    if model.origin is not None:
        panel, future = (p.encoded(model.origin.tail.levels) for p in (panel, future))
    usual = typical(panel)
    made = model.attribute(state, clocked(model, future).matrix(model.needs.ahead), usual)
    states, futures, series, actual = earlier(model, clocked(model, panel), horizon, origins, most)
    before = made
    losses: dict[str, float] = {}
    if len(series):
        past = model.attribute(states, futures, {n: v[series] for n, v in usual.items()})
        before = together(made, past)
        made = made.spelled(before.features)
        if not made.exact:
            losses = shuffled(model, states, futures, actual, made.features, seed)
    return Explanation(future, by, made, before, losses)


def typical(panel: Panel) -> State:
    """The mean of the target and of every amount, and the commonest code of every category, of each series."""
    found: State = {}
    for name, values in panel.columns.items():
        label = "target" if name == panel.target else name
        if panel.roles.get(name) == "static":
            found[label] = np.full(panel.count, _middle(values), values.dtype)
        elif values.dtype == np.int64:
            found[label] = _commonest(panel, values)
        else:
            there = np.isfinite(values)
            count = np.bincount(panel.owner[there], minlength=panel.count)
            total = np.bincount(panel.owner[there], values[there], panel.count)
            found[label] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return found


def _commonest(panel: Panel, codes: np.ndarray) -> np.ndarray:
    """The code that most rows of each series have, (series,), the lowest of several; UNKNOWN where it has no rows."""
    (owner, code), count = np.unique(np.stack([panel.owner, codes]), axis=1, return_counts=True)
    last = np.lexsort((-code, count, owner))  # of each series the commonest comes last, and stays
    commonest = np.full(panel.count, UNKNOWN)
    commonest[owner[last]] = code[last]
    return commonest


def _middle(values: np.ndarray) -> float:
    """The mean of amounts, the commonest of codes; 0 where nothing is known."""
    if values.dtype == np.int64:
        return float(np.bincount(values[values >= 0]).argmax()) if (values >= 0).any() else 0.0
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0


def earlier(
    model: Model, panel: Panel, horizon: int, origins: int, most: int
) -> tuple[State, State, np.ndarray, np.ndarray]:
    """States at earlier places of the panel and the futures that followed, one below the other; whose they are
    (places,), and what came (places, horizon). At most `most` rows, of places spread evenly over the second half of
    each series: after a few rows a filter has hardly found its state."""
    least = np.maximum(max(model.needs.lookback, 1), (panel.lengths + 1) // 2)
    room = int((panel.lengths - least).max(initial=0)) // horizon
    places = max(min(origins, room, most // horizon), 0)
    states, futures, series, actual = [], [], [], []
    left = np.repeat(panel.lengths, panel.lengths) - panel.position
    share = max(most // (horizon * max(places, 1)), 1)
    for back in np.unique(np.linspace(1, room, places).round().astype(int)) * horizon if places else ():
        at = np.flatnonzero(panel.lengths - back >= least)
        at = at[np.unique(np.linspace(0, len(at) - 1, min(share, len(at))).astype(int))]
        mine = np.isin(panel.owner, at)
        cut = panel.rows(mine & (left > back)).where(at)
        next_rows = panel.rows(mine & (left <= back) & (left > back - horizon)).where(at)
        states.append(model.state(cut))
        futures.append(next_rows.matrix(model.needs.ahead))
        series.append(at)
        actual.append(next_rows.y.reshape(len(at), horizon))
    if not states:
        return {}, {}, np.zeros(0, np.int64), np.zeros((0, horizon))
    return stacked(states), stacked(futures), np.concatenate(series), np.concatenate(actual)


def stacked(states: list[State]) -> State:
    return {name: np.concatenate([s[name] for s in states]) for name in states[0]}


def together(made: Attribution, past: Attribution) -> Attribution:
    """Both, one below the other; a feature that one lacks is 0 there."""
    features = tuple(dict.fromkeys((*made.features, *past.features)))
    parts = [one.spelled(features).values for one in (made, past)]
    forecast = np.concatenate([made.forecast, past.forecast])
    return Attribution(forecast, np.concatenate([made.base, past.base]), features, np.concatenate(parts), made.notes)


def shuffled(
    model: Model, state: State, future: State, actual: np.ndarray, features: tuple[Feature, ...], seed: int
) -> dict[str, float]:
    """By how much the mean absolute error grows if a column is another place's, the mean over some shuffles.

    Source: Breiman, Random forests, 2001; Fisher, Rudin & Dominici, All models are wrong, but many are useful, 2019.
    """

    def error(state: State, future: State) -> float:
        gap = np.abs(np.asarray(model.predict(state, future)["forecast"]) - actual)
        return float(gap[np.isfinite(gap)].mean()) if np.isfinite(gap).any() else float("nan")

    rng, usual, found = np.random.default_rng(seed), error(state, future), {}
    orders = [rng.permutation(len(actual)) for _ in range(REPEATS)]
    for name in dict.fromkeys(f.column for f in features if f.kind in ("known", "past")):

        def moved(values: State, key: str, order: np.ndarray) -> State:
            return values | {key: values[key][order]} if key in values else values

        window = window_of(name)
        grown = [error(moved(state, window, order), moved(future, name, order)) - usual for order in orders]
        found[name] = float(np.mean(grown))
    return found
