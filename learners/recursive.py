"""Recursive: a regressor over features of the past, fed with its own forecasts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from featurizers.arrays import State, column_of, scan, shifted
from featurizers.features import Features
from featurizers.featurizer import Featurizer, Needs
from featurizers.panel import Panel
from featurizers.whole import whole
from learners.attribution import Attribution, typical_row
from learners.carried import attributed
from learners.draws import drawn
from learners.learner import Learner, Model
from learners.regressors import Fitted, fit_regressor


@dataclass(frozen=True)
class Recursive(Learner):
    """One regressor for all series, one step ahead; the forecast of a step is the lag of the next.

    `regressor` is a ready name ("lightgbm"), a `Regressor` with settings, or anything with fit(X, y) and predict(X).
    Training takes every row with a known target, at most `max_rows` of them, drawn evenly (None: all).
    ValueError if there is no row to learn from, or the regressor can't be trained.

    >>> from featurizers import Calendar, Lags, Rolling
    >>> features = (Lags((1, 2, 7)), Rolling("mean", 7), Calendar())
    >>> learner = Recursive("LightGBM", features)  # learner.fit(panel).forecast(panel, horizon=14)
    """

    regressor: object
    features: tuple[Featurizer, ...]
    max_rows: int | None = None

    def train(self, panel: Panel) -> RecursiveModel:
        most = None if self.max_rows is None else whole(self.max_rows, "The max_rows of Recursive")
        features = Features(self.features).resolve(panel)
        usable = drawn(np.flatnonzero(~np.isnan(panel.y)), most)
        if not len(usable):
            raise ValueError("Recursive has no row to learn from: no target is known, or none left where differences "
                             "take the first rows. Give more history, or leave these series out.")  # fmt: skip
        X = features.transform(panel)[usable]
        fitted = fit_regressor(self.regressor, X, panel.y[usable], features)
        return RecursiveModel(fitted, features, typical_row(X, features.categorical))


@dataclass(frozen=True, eq=False)
class RecursiveModel(Model):
    """Asks its regressor about one row after the other. Memory: that of its features."""

    regressor: Fitted
    features: Features
    typical: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)  # (columns,): the mean in training

    @property
    def needs(self) -> Needs:
        return self.features.needs

    @property
    def single(self) -> bool:
        return self.regressor.single

    def memory(self, panel: Panel) -> State:
        return self.features.memory(panel)

    def remember(self, state: State, now: State) -> State:
        return self.features.remember(state, now)

    def predict(self, state: State, future: State) -> State:
        """One forecast after the other."""
        moving, still = self.parted(state, future)

        def step(carry: State, now: State) -> tuple[State, State]:
            y = self.regressor.predict(self.features.step(carry | still, now))
            return self.moved(carry, still, now | {"target": y}), {"forecast": y}

        return scan(step, moving, future)[1]

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """What each feature adds at the step itself; and, by column, what it adds through the forecasts before."""
        return attributed(self, state, future)

    def parted(self, state: State, future: State) -> tuple[State, State]:
        """The target, what is known ahead and the memory, which move on, and the rest, which stays as last seen."""
        moving = {n: v for n, v in state.items() if n == "target" or column_of(n) in future or "." in n}
        return moving, {n: v for n, v in state.items() if n not in moving}

    def moved(self, moving: State, still: State, now: State) -> State:
        """What moves on, after a row `now` with its target."""
        windows = {n: shifted(v, now[column_of(n)]) for n, v in moving.items() if "." not in n}
        return windows | self.features.remember(moving | still, now)
