"""carried: what earlier forecasts carry into later ones through lags, told by what they were made of themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from featurizers.arrays import State
from learners.attribution import Attribution, Feature, described, taken, typical_row

if TYPE_CHECKING:
    from learners.recursive import RecursiveModel

NUMBERS = 4_000_000  # that the worlds of one block of series hold, for the memory's sake
NOTE = (
    "The base is the forecast of a typical row of the training. By column, what a forecast of an earlier step carries "
    "on through a lag is told by what that forecast was made of; as engineered, a lag after the end of the history is "
    "named as the lag that it is."
)


def attributed(model: RecursiveModel, state: State, future: State) -> Attribution:
    """Of a recursion: each step's features as its regressor saw them and, as `moved`, what moves from
    the lags that are forecasts to the columns behind these, which is nothing in sum.

    A forecast is its row's features, with earlier forecasts at the base, and what these change in it by lying
    elsewhere. The parts that they are made of are put in one after the other, in every earlier step at once, in the
    order of the columns and in its reverse; the mean of the two changes is what a part carries on. It adds up exactly,
    whatever the regressor; for one that is linear in its features of the target (lags, means, differences) it is plain
    bookkeeping, and else the Shapley value, if no more than two parts act together. Sources: Chen, Lundberg & Lee,
    Explaining a series of models by propagating Shapley values, 2022, which passes values on in proportion and divides
    by what may be 0; Mitchell, Cooper, Frank & Holmes, Sampling permutations for Shapley value estimation, 2022.
    """
    features = described(model.features)
    columns = tuple(dict.fromkeys((f.column, f.kind) for f in features))
    of = np.array([[(f.column, f.kind) == column for column in columns] for f in features], np.float64)
    rows = len(future["time"])
    width = len(features) + sum(values.shape[1] for values in state.values())
    block = max(NUMBERS // max(2 * len(columns) * width, 1), 1)
    middle = model.typical if len(model.typical) else _usual(model, state, future)
    starts = range(0, max(rows, 1), block)
    blocks = [np.arange(start, min(start + block, rows)) for start in starts]
    parts = [_walked(model, taken(state, at), taken(future, at), of, middle) for at in blocks]
    forecast, base, values, made = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    moved = tuple(Feature(column, column, kind, moved=True) for column, kind in columns)
    every = np.concatenate([values, made - values @ of], axis=2)
    return Attribution(forecast, base, (*features, *moved), every, (NOTE,))


@dataclass(frozen=True)
class Worlds:
    """In each, some of the columns have made the earlier forecasts what they are: the first 0, 1 .. all of them, then
    the last ones, without the first 1, 2 .. of them."""

    count: int  # columns

    @property
    def made_by(self) -> np.ndarray:
        """(worlds, columns): 0 or 1."""
        at, column = np.arange(self.count), np.arange(self.count)[None, :]
        first = column < np.arange(self.count + 1)[:, None]
        return np.concatenate([first, column >= at[1:, None]]).astype(np.float64)

    def shares(self, forecast: np.ndarray) -> np.ndarray:
        """What each column changes (columns, rows) in forecasts (worlds, rows)."""
        n = self.count
        onwards = forecast[1 : n + 1] - forecast[:n]
        last = np.concatenate([forecast[n : n + 1], forecast[n + 1 :], forecast[:1]])
        return np.asarray((onwards + last[:-1] - last[1:]) / 2)


def _walked(
    model: RecursiveModel, state: State, future: State, of: np.ndarray, middle: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The forecast and the base (rows, steps), what the features add to it as they were seen (rows, steps, features),
    and what the columns do, `of` (features, columns) which they are, with all that they carry on."""
    worlds = Worlds(of.shape[1])
    made_by, real = worlds.made_by, worlds.count
    many, rows = len(made_by), len(future["time"])
    moving, still = ({n: np.tile(v, (many, 1)) for n, v in part.items()} for part in model.parted(state, future))
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
    for i in range(future["time"].shape[1]):
        now = {name: np.tile(values[:, i], many) for name, values in future.items()}
        X = model.features.step(moving | still, now)
        forecast = model.regressor.predict(X).reshape(many, rows)
        X = X.reshape(many, rows, -1)
        base, values = model.regressor.contributions(np.concatenate([X[real], X[0]]), middle)
        base, seen, alone = base[:rows], values[:rows], values[rows:]
        made = alone @ of + worlds.shares(forecast).T
        told = base + made_by @ made.T
        told[real] = forecast[real]  # not the sum, whose last digit could turn a tree
        moving = model.moved(moving, still, now | {"target": told.reshape(-1)})
        found.append((forecast[real], base, seen, made))
    forecasts, bases, seens, mades = (np.stack(each, axis=1) for each in zip(*found, strict=True))
    return forecasts, bases, seens, mades


def _usual(model: RecursiveModel, state: State, future: State) -> np.ndarray:
    """A typical first row, for models of older files, which hold none of training."""
    first = model.features.step(state, {name: values[:, 0] for name, values in future.items()})
    return typical_row(first, model.features.categorical)
