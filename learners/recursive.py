"""Recursive: a regressor over features of the past, fed with its own forecasts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from featurizers.arrays import State, scan, shifted
from featurizers.features import Features
from featurizers.featurizer import Featurizer, Needs
from featurizers.panel import Panel
from learners.attribution import Attribution, described, typical_row
from learners.learner import Learner, Model
from learners.regressors import Fitted, fit_regressor


@dataclass(frozen=True)
class Recursive(Learner):
    """One regressor for all series, one step ahead; the forecast of a step is the lag of the next.

    `regressor` is a ready name ("lightgbm"), a `Regressor` with settings, or anything with fit(X, y) and predict(X).
    ValueError if there is no row to learn from, or the regressor can't be trained.

    >>> from featurizers import Calendar, Lags, Rolling
    >>> features = (Lags((1, 2, 7)), Rolling("mean", 7), Calendar())
    >>> learner = Recursive("LightGBM", features)  # learner.fit(panel).forecast(panel, horizon=14)
    """

    regressor: object
    features: tuple[Featurizer, ...]

    def train(self, panel: Panel) -> RecursiveModel:
        features = Features(self.features).resolve(panel)
        X, usable = features.transform(panel), ~np.isnan(panel.y)
        if not usable.any():
            raise ValueError("Recursive has no row to learn from: every target is missing. Drop these series, or give "
                             "more history.")  # fmt: skip
        fitted = fit_regressor(self.regressor, X[usable], panel.y[usable], features)
        return RecursiveModel(fitted, features, typical_row(X[usable], features.categorical))


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
        return self._walked(state, future)

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """What each feature adds at the step itself; a lag that reaches past the origin is a forecast by then."""
        found = self._walked(state, future, seen=True)
        shape, X = found["forecast"].shape, found["row"].reshape(-1, found["row"].shape[2])
        middle = self.typical if len(self.typical) else typical_row(X, self.features.categorical)
        base, values = self.regressor.contributions(X, middle)
        note = ("Features at the step itself: a lag that lies after the end of the history is the forecast of that "
                "row, and is named as the lag that it is.")  # fmt: skip
        values = values.reshape(*shape, -1)
        return Attribution(found["forecast"], base.reshape(shape), described(self.features), values, (note,))

    def _walked(self, state: State, future: State, seen: bool = False) -> State:
        """One forecast after the other and, if asked, the row of features that it was made of."""
        # The target and what is known ahead move on; other columns stay as they were last seen.
        windows = [n for n in state if n == "target" or (n in future and "." not in n)]
        moving = {n: v for n, v in state.items() if n in windows or "." in n}
        still = {n: v for n, v in state.items() if n not in moving}

        def step(carry: State, now: State) -> tuple[State, State]:
            before = carry | still
            row = self.features.step(before, now)
            y = self.regressor.predict(row)
            now = now | {"target": y}
            moved = {n: shifted(carry[n], now[n]) for n in windows}
            told = {"forecast": y, "row": row} if seen else {"forecast": y}
            return moved | self.features.remember(before, now), told

        return scan(step, moving, future)[1]
