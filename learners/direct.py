"""Direct: one regressor for all steps ahead, with the step as a feature; nothing is fed back."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from featurizers.arrays import Array, State, column_of, namespace, shifted
from featurizers.features import Features, tagged, untagged
from featurizers.featurizer import Featurizer, Needs
from featurizers.panel import Panel
from featurizers.whole import whole, wholes
from learners.attribution import HISTORY, Attribution, Feature, described, typical_row
from learners.bands import bounds, check_levels
from learners.draws import drawn
from learners.learner import Learner, Model
from learners.regressors import Fitted, fit_regressor
from learners.regressors.quantile import of_quantile

OWN = "own"  # before the memory of the features of the row's own columns


@dataclass(frozen=True)
class Direct(Learner):
    """One regressor that answers for steps 1 to `horizon`, which is a column of its own.

    Features that look back are those of the first row after the origin, whatever the step; the others are the
    forecasted row's own, by what is remembered of the series at the origin where they need that. For each of `seasons`
    the last target at the same place in that season joins as a column, ("auto": the season of the frequency; () for
    none). A longer forecast goes on from its own last values, block by block. Training takes every origin and step, at
    most `max_rows` of them, drawn evenly. `levels` asks for bands, in percent: one more regressor for each bound, of
    that quantile, which LightGBM, XGBoost, HistGradientBoosting and GradientBoosting can be.

    >>> from featurizers import Calendar, Lags
    >>> learner = Direct("LightGBM", (Lags((1, 2, 7)), Calendar()), horizon=14)
    """

    regressor: object
    features: tuple[Featurizer, ...]
    horizon: int
    seasons: tuple[int, ...] | str = "auto"
    max_rows: int = 100_000
    levels: tuple[float, ...] = ()

    def train(self, panel: Panel) -> DirectModel:
        whole(self.horizon, "The horizon of Direct")
        check_levels(self.levels)
        levels = tuple(sorted(self.levels))
        tails = [of_quantile(self.regressor, 0.5 + side * level / 200) for level in levels for side in (-1, 1)]
        most = whole(self.max_rows, "The max_rows of Direct")
        usual = (panel.freq.season,) if panel.freq.season > 1 else ()
        seasons = usual if self.seasons == "auto" else wholes(self.seasons, "Each of the seasons of Direct")
        features = Features(self.features).resolve(panel)
        past, own = _parted(features, panel)
        rows, steps = pairs(panel, self.horizon, most)
        if len(rows) == 0:
            raise ValueError("Direct has no row to learn from: every series is too short, or its target is missing. "
                             "Give longer series, or forecast with Naive.")  # fmt: skip
        columns = [past.transform(panel)[rows - steps + 1], own.transform(panel)[rows], steps[:, None].astype(float)]
        columns += [panel.y[_season_ago(rows, steps, k)][:, None] for k in seasons]
        for values, k in zip(columns[3:], seasons, strict=True):
            values[panel.position[rows] < _back(steps, k)] = np.nan
        every = Features((*past.parts, *own.parts))
        X = np.concatenate(columns, axis=1)
        fitted, *bounding = (
            fit_regressor(regressor, X, panel.y[rows], every) for regressor in (self.regressor, *tails)
        )
        typical = typical_row(X, every.categorical)
        return DirectModel(fitted, past, own, seasons, self.horizon, typical, levels, tuple(bounding))


def _parted(features: Features, panel: Panel) -> tuple[Features, Features]:
    """The parts that look back from the origin, and those of the row's own columns."""
    one = panel.where(np.arange(min(panel.count, 1)))
    back = [bool(p.needs.lookback or (p.memory(one) and not p.needs.ahead)) for p in features.parts]
    past, own = (tuple(p for p, b in zip(features.parts, back, strict=True) if b is looks) for looks in (True, False))
    return Features(past), Features(own)


def _further(before: State, block: State) -> State:
    """A block whose bands also hold how unsure the last step `before` it was."""
    xp, forecast = namespace(block["forecast"]), block["forecast"]
    result = {"forecast": forecast}
    for name, values in block.items():
        if name != "forecast":
            last = (before[name] - before["forecast"])[:, -1:]
            reach = xp.sqrt((values - forecast) * (values - forecast) + last * last)
            result[name] = forecast - reach if name.startswith("lo") else forecast + reach
    return result


def pairs(panel: Panel, horizon: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to forecast and how many steps after their origin they lie, each step as often as the others if it can."""
    position, present = panel.position, ~np.isnan(panel.y)
    share = max(most // horizon, 1)
    rows, steps = [], []
    for step in range(1, horizon + 1):
        found = drawn(np.flatnonzero(present & (position >= step)), share, seed=step)  # other rows for each step
        rows.append(found)
        steps.append(np.full(len(found), step))
    return np.concatenate(rows), np.concatenate(steps)


def _back(step: np.ndarray, season: int) -> np.ndarray:
    """The smallest multiple of the season that reaches from `step` after the origin to the origin or before it."""
    return np.asarray(-(-step // season) * season)


def _season_ago(rows: np.ndarray, steps: np.ndarray, season: int) -> np.ndarray:
    return np.asarray(np.maximum(rows - _back(steps, season), 0))


@dataclass(frozen=True, eq=False)
class DirectModel(Model):
    """Asks its regressor about all steps of a block at once."""

    regressor: Fitted
    past: Features  # of the first row after the origin
    own: Features  # of the forecasted row itself
    seasons: tuple[int, ...]
    horizon: int
    typical: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)  # (columns,): the mean in training
    levels: tuple[float, ...] = ()  # ascending
    bounding: tuple[Fitted, ...] = ()  # of the lower and the upper bound of each level

    @property
    def needs(self) -> Needs:
        return self.past.needs | self.own.needs | Needs(lookback=max(self.seasons, default=0))

    @property
    def single(self) -> bool:
        return any(fitted.single for fitted in (self.regressor, *self.bounding))

    def memory(self, panel: Panel) -> State:
        return self.past.memory(panel) | tagged(OWN, self.own.memory(panel))

    def remember(self, state: State, now: State) -> State:
        return self.past.remember(state, now) | tagged(OWN, self.own.remember(untagged(OWN, state), now))

    def predict(self, state: State, future: State) -> State:
        """Past the horizon of training, where each block goes on from the forecasts of the one before, the bands reach
        as far as the root of the sum of the squares of both."""
        horizon = future["time"].shape[1]
        blocks: list[State] = []
        for start in range(0, horizon, self.horizon):
            rows = {name: values[:, start : start + self.horizon] for name, values in future.items()}
            block = self._block(state, rows)
            blocks.append(_further(blocks[-1], block) if blocks else block)
            if start + self.horizon < horizon:
                state = self._after(state, rows, block["forecast"])
        xp = namespace(*blocks[0].values())
        return {name: xp.concat([block[name] for block in blocks], axis=1) for name in blocks[0]}

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """What each feature adds, step by step; past the trained horizon the history holds forecasts."""
        horizon, tables, forecasts = future["time"].shape[1], [], []
        for start in range(0, horizon, self.horizon):
            block = {name: values[:, start : start + self.horizon] for name, values in future.items()}
            tables.append(self._table(state, block))
            forecasts.append(self._answers(tables[-1], block))
            if start + self.horizon < horizon:
                state = self._after(state, block, forecasts[-1])
        table, forecast = np.concatenate(tables, axis=1), np.concatenate(forecasts, axis=1)
        X, every = table.reshape(-1, table.shape[2]), Features((*self.past.parts, *self.own.parts))
        middle = self.typical if len(self.typical) else typical_row(X, every.categorical)
        base, values = self.regressor.contributions(X, middle)
        features = (*described(every), Feature("step", "step ahead", "step"))
        features += tuple(Feature(f"season{k}", f"season{k}", HISTORY) for k in self.seasons)
        note = ("The base is the forecast of a typical row of the training. Features are as the regressor saw them, "
                "step by step; lags count back from the first row of their block, and past the first block hold "
                "forecasts, which are not traced further.")  # fmt: skip
        values = values.reshape(*forecast.shape, -1)
        return Attribution(forecast, base.reshape(forecast.shape), features, values, (note,))

    def _block(self, state: State, future: State) -> State:
        """The forecasts and bounds of a block; each level holds the one before, so that quantiles never cross."""
        table = self._table(state, future)
        forecast = low = high = self._answers(table, future)
        outputs = {"forecast": forecast}
        for i, level in enumerate(self.levels):
            below, above = (self._answers(table, future, fitted) for fitted in self.bounding[2 * i : 2 * i + 2])
            xp = namespace(forecast)
            low, high = xp.minimum(low, below), xp.maximum(high, above)
            outputs |= dict(zip(bounds(level), (low, high), strict=True))
        return outputs

    def _answers(self, table: Array, future: State, fitted: Fitted | None = None) -> Array:
        """What the regressor, or another, makes of the columns (series, steps, columns): (series, steps)."""
        fitted = self.regressor if fitted is None else fitted
        xp, size = namespace(table), future["time"].shape[1]
        return xp.reshape(fitted.predict(xp.reshape(table, (-1, table.shape[2]))), (-1, size))

    def _table(self, state: State, future: State) -> Array:
        """The columns of steps 1 to `size` after the origin that `state` stands at, all rows of all series at once."""
        xp, size = namespace(*state.values(), *future.values()), future["time"].shape[1]
        zeros = xp.astype(future["time"] * 0, np.float64)[:, :, None]
        steps = np.arange(1, size + 1)
        columns = []
        if self.past.parts:
            first = {name: values[:, 0] for name, values in future.items()}
            columns.append(self.past.step(state, first)[:, None, :] + zeros)
        if self.own.parts:
            flat = {name: xp.reshape(values, (-1,)) for name, values in future.items()}
            kept = {n: v for n, v in untagged(OWN, state).items() if "." in n}  # of each series, for each of its rows
            kept = {n: xp.reshape(v[:, None, :] + zeros, (-1, v.shape[1])) for n, v in kept.items()}
            columns.append(xp.reshape(self.own.step(kept, flat), (-1, size, len(self.own.names()))))
        columns.append(zeros + steps.astype(np.float64)[None, :, None])
        for season in self.seasons:
            at = steps - _back(steps, season) + season - 1
            columns.append(xp.take(state["target"][:, -season:], at, axis=1)[:, :, None])
        return xp.concat(columns, axis=2)

    def _after(self, state: State, future: State, forecast: Array) -> State:
        """The state after a block, as if its forecasts had been observed; unknown columns stay as last seen."""
        for i in range(forecast.shape[1]):
            now = {name: values[:, i] for name, values in future.items()} | {"target": forecast[:, i]}
            kept = {column_of(name): v[:, -1] for name, v in state.items() if "." not in name and v.shape[1]}
            memory = self.remember(state, kept | now)
            moved = {name: shifted(state[name], forecast[:, i]) for name in ("target",) if name in state}
            state = state | moved | memory
        return state
