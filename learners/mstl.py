"""Mstl: several seasons taken out, what remains forecast by any learner, the seasons put back."""

from __future__ import annotations

from dataclasses import dataclass

from featurizers.arrays import Array, State, namespace
from featurizers.features import tagged, untagged
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from featurizers.whole import wholes
from learners.around import Holding, check_learners, reported
from learners.attribution import Attribution
from learners.components import own
from learners.ets import AutoEts
from learners.learner import Learner, Model
from learners.mstl_fit import Seasonal
from learners.naive import repeated

PLAIN = AutoEts()


@dataclass(frozen=True)
class Mstl(Holding):
    """`learner` learns and forecasts the target without its `seasons`, of so many rows each; these go on as their last
    cycles were.

    The seasons are found one by one, the shortest first, by loess over 11, 15, 19 ... of their cycles, or over
    `windows` of them (odd numbers); `robust` lets outliers count less. A series that is not longer than two of a season
    does without it, and the report names it. Bands are those of `learner`, widened by what is not known of the seasons,
    as if the remainder were white noise. Seasons that multiply: Transformed(Mstl(...), Log1p()).
    Source: Bandara, Hyndman & Bergmeir (2021), MSTL: A seasonal-trend decomposition algorithm for time series with
    multiple seasonal patterns.
    """

    seasons: tuple[int, ...] | int
    learner: Learner = PLAIN
    windows: tuple[int, ...] | int = ()
    robust: bool = False

    def train(self, panel: Panel) -> MstlModel:
        check_learners(self, self.learner)
        seasonal = Seasonal.of(panel, self._windows, self.robust)
        return MstlModel(self.learner.train(_without(panel, seasonal)), seasonal)

    @property
    def _windows(self) -> dict[int, int]:
        """The window of each season, the shortest first. A season of one row is none."""
        seasons = sorted(set(wholes(self.seasons, "Each of the seasons of Mstl")) - {1})
        windows = wholes(self.windows, "Each of the windows of Mstl", 3)
        if not windows:
            return {season: 11 + 4 * i for i, season in enumerate(seasons)}
        given = wholes(self.seasons, "Each of the seasons of Mstl")
        if len(windows) != len(given) or any(w % 2 == 0 for w in windows):
            raise ValueError(f"Mstl needs an odd window for each of its seasons {given}, not {windows}.")
        asked = dict(zip(given, windows, strict=True))
        return {season: asked[season] for season in seasons}


@dataclass(frozen=True, eq=False)
class MstlModel(Model):
    """Memory: the terms of each season, the next one first; the sum of the seasons in the rows of the window; how much
    wider the bands are than those of `inner`; and the memory of that, which lives in a world without seasons."""

    inner: Model
    seasonal: Seasonal

    @property
    def needs(self) -> Needs:
        return self.inner.needs

    @property
    def single(self) -> bool:
        return self.inner.single

    @property
    def report(self) -> tuple[str, ...]:
        """The seasons that were left out, and what `inner` says."""
        return self.seasonal.report + reported(self.inner)

    def predict(self, state: State, future: State) -> State:
        horizon = future["time"].shape[1]
        season = self._sum(state, horizon)
        outputs = self.inner.predict(self._within(state), future)
        middle, width = outputs["forecast"], state["mstl.width"]
        bands = {n: middle + width * (v - middle) + season for n, v in outputs.items() if n != "forecast"}
        return {"forecast": middle + season} | bands

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """That of what remains, and each season."""
        made = self.inner.attribute(self._within(state), future, typical)
        for name in self.seasonal.names:
            season = repeated(state[name], future["time"].shape[1])
            made = made.with_part(own(f"season of {state[name].shape[1]} rows"), season)
        return made

    def memory(self, panel: Panel) -> State:
        mine = self.seasonal.memory(panel, self.needs.lookback)
        return mine | tagged("inner", self.inner.memory(_without(panel, self.seasonal)))

    def remember(self, state: State, now: State) -> State:
        season = self._sum(state, 1)
        xp = namespace(season)
        inner = self.inner.remember(self._within(state), now | {"target": now["target"] - season[:, 0]})
        mine = {n: xp.concat([state[n][:, 1:], state[n][:, :1]], axis=1) for n in self.seasonal.names}
        mine["mstl.width"] = state["mstl.width"]
        if "mstl.past" in state:
            mine["mstl.past"] = xp.concat([state["mstl.past"][:, 1:], season], axis=1)
        return mine | tagged("inner", inner)

    def _sum(self, state: State, horizon: int) -> Array:
        """The sum of the seasons in the rows to come, (series, horizon)."""
        first, *others = (repeated(state[name], horizon) for name in self.seasonal.names)
        return sum(others, start=first)

    def _within(self, state: State) -> State:
        """The state of `inner`."""
        past, size = state["target"], self.needs.lookback
        without = past[:, -size:] - state["mstl.past"] if "mstl.past" in state else past[:, :0]
        return untagged("inner", state) | {"target": without}


def _without(panel: Panel, seasonal: Seasonal) -> Panel:
    return panel.with_columns(**{panel.target: panel.y - seasonal.rows(panel)})
