"""Prophet: trend with changepoints, Fourier seasons, holidays and regressors; the package fits, the formula is ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.clock import DAY
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from featurizers.whole import number, whole
from learners.attribution import Attribution
from learners.bands import check_levels, normal_bands
from learners.blocks import in_blocks
from learners.components import of_prophet
from learners.learner import Learner
from learners.local import LocalModel, fit_local, state_without_windows
from learners.prophet_terms import Seasonality, Terms, holiday_table, seasonalities_of

Growth = Literal["linear", "logistic", "flat"]
Mode = Literal["additive", "multiplicative"]


@dataclass(frozen=True)
class Prophet(Learner):
    """Each series as trend * (1 + multiplicative terms) + additive terms: the most probable one, as the package has it.

    `seasonalities` "auto" takes a year (order 10), a week (3) and a day (4) where the longest series holds two of
    them and rows are close enough; all series share what is chosen. `holidays` is a country or subdivision ("US",
    "DE-BY"), several, or a table from dates ("2024-11-29", or every year: "12-24") to names; a row has a holiday if
    its stamp's day is one, or lies in the `window` of (days before, days after) it; only names that occur in training
    count, and 20 years after training are covered (NaN later). `regressors` are known columns. Logistic growth needs
    `cap`, a number or a known column. A series of fewer than ten values, or whose fit fails, repeats its last value,
    with bands as wide as all others lie around it.

    `engine` is "native", which finds the maximum of the posterior of all series at once, or "prophet", the package,
    which climbs towards it one series at a time. `levels` are coverages in percent of analytic bands: noise, future
    changepoints as frequent and as large as those in training, and, natively, how unsure the fitted trend is.

    Source: Taylor & Letham (2018), Forecasting at Scale.
    """

    growth: Growth = "linear"
    changepoints: int = 25
    changepoint_range: float = 0.8
    changepoint_prior: float = 0.05
    seasonalities: str | tuple[Seasonality, ...] = "auto"
    seasonality_prior: float = 10.0
    mode: Mode = "additive"
    holidays: str | tuple[str, ...] | Mapping[str, str] = ()
    window: tuple[int, int] = (0, 0)
    holidays_prior: float = 10.0
    regressors: tuple[str, ...] = ()
    cap: float | str | None = None
    floor: float = 0.0
    levels: tuple[int, ...] = ()
    engine: Literal["native", "prophet"] = "native"

    @property
    def columns(self) -> tuple[str, ...]:
        """The known columns that it needs: regressors, and a cap that is one."""
        return (*self.regressors, *((self.cap,) if isinstance(self.cap, str) else ()))

    def train(self, panel: Panel) -> ProphetModel:
        self._check(panel)
        terms = Terms(
            seasonalities=seasonalities_of(self.seasonalities, panel),
            holidays=holiday_table(self.holidays, self.window, panel),
            regressors=tuple(self.regressors),
            mode=self.mode,
        )
        if self.engine == "native":
            from learners.prophet_native import by_kernel

            return by_kernel(self, terms, panel)
        from learners.prophet_fit import fit_series

        return fit_local(ProphetModel, partial(fit_series, self, terms), panel, self.columns, **terms.settings(self))

    def _check(self, panel: Panel) -> None:
        if self.growth not in ("linear", "logistic", "flat"):
            raise ValueError(f"Growth is 'linear', 'logistic' or 'flat', not {self.growth!r}.")
        if self.mode not in ("additive", "multiplicative"):
            raise ValueError(f"The mode is 'additive' or 'multiplicative', not {self.mode!r}.")
        if self.growth == "logistic" and self.cap is None:
            raise ValueError("Logistic growth needs a cap: a number, or the name of a known column.")
        if self.engine not in ("native", "prophet"):
            raise ValueError(f"Prophet has no engine {self.engine!r}: it is 'native' or 'prophet'.")
        check_levels(self.levels)
        whole(self.changepoints, "The number of changepoints of Prophet", 0)
        number(self.floor, "The floor of Prophet")
        if not 0 <= number(self.changepoint_range, "The changepoint_range of Prophet") <= 1:
            raise ValueError(f"The changepoint_range of Prophet is a share of the rows, from 0 to 1, not "
                             f"{self.changepoint_range!r}.")  # fmt: skip
        for name in ("changepoint_prior", "seasonality_prior", "holidays_prior"):
            number(getattr(self, name), f"The {name} of Prophet", above=0)
        for name in self.columns:
            if panel.roles.get(name) != "known" or name in panel.levels:
                raise ValueError(f"Prophet needs {name!r} ahead, as a number: the known columns are "
                                 f"{[n for n in panel.by_role('known') if n not in panel.levels]}.")  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class ProphetModel(LocalModel):
    """Memory: the numbers of the formula; observations change nothing.

    t = (time - start) / span; trend = floor + size * (rate * t + offset), both changed at each changepoint passed,
    or floor + (cap - floor) / (1 + exp(-rate * (t - offset))); the weights of the terms are in units of `size`.
    """

    growth: str
    terms: Terms = field(repr=False)
    cap: str | None = None
    levels: tuple[int, ...] = ()

    @property
    def needs(self) -> Needs:
        return Needs(ahead=(*self.terms.regressors, *((self.cap,) if self.cap else ())))

    @property
    def moves(self) -> bool:
        return False

    def remember(self, state: State, now: State) -> State:
        return state_without_windows(state)

    def predict(self, state: State, future: State) -> State:
        return in_blocks(self._predict, state, future)

    def _predict(self, state: State, future: State) -> State:
        t = self._times(state, future)
        trend, steep = self._trend(state, future, t)
        forecast, times = trend, 1.0 + 0.0 * trend
        if self.terms.count:
            weights = state["prophet.weights"][:, None, :]
            features = self.features(state, future)
            xp = namespace(weights, features)
            effects = xp.where(weights == 0.0, 0.0, weights * features)
            multiplies = self.terms.multiplies[None, None, :]
            times = 1.0 + xp.sum(effects * multiplies, axis=2)
            plus = xp.sum(effects * (1.0 - multiplies), axis=2)
            forecast = trend * times + state["prophet.size"] * plus
        if not self.levels:
            return {"forecast": forecast}
        return {"forecast": forecast} | normal_bands(forecast, self._deviation(state, t, steep * times), self.levels)

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        return of_prophet(self, state, future, typical)

    def _times(self, state: State, future: State) -> Array:
        """0 at the first known value in training, 1 at the last, (series, horizon)."""
        time = future["time"]
        xp = namespace(time, state["prophet.start"])
        return (xp.astype(time, np.dtype(np.float64)) - state["prophet.start"]) / state["prophet.span"]

    def _trend(self, state: State, future: State, t: Array) -> tuple[Array, Array]:
        """The trend, and how it moves with what is linear in time, in units of `size`; (series, horizon) each."""
        floor, size, rate, offset = (state[f"prophet.{n}"] for n in ("floor", "size", "rate", "offset"))
        xp = namespace(t, rate)
        if self.growth == "flat":
            return floor + size * offset + 0.0 * t, 0.0 * t
        passed = t[:, :, None] >= state["prophet.changes"][:, None, :]
        rate = rate + xp.sum(xp.where(passed, state["prophet.rates"][:, None, :], 0.0), axis=2)
        offset = offset + xp.sum(xp.where(passed, state["prophet.offsets"][:, None, :], 0.0), axis=2)
        if self.growth == "linear":
            return floor + size * (rate * t + offset), 1.0 + 0.0 * t
        cap = future[self.cap] if self.cap else state["prophet.cap"]
        curve = 1.0 / (1.0 + xp.exp(xp.clip(-rate * (t - offset), -700.0, 700.0)))
        steep = (cap - floor) / xp.where(size == 0.0, 1.0, size) * curve * (1.0 - curve)
        return floor + (cap - floor) * curve, steep

    def _deviation(self, state: State, t: Array, steep: Array) -> Array:
        """Of the noise, and of the trend that `steep` turns into the forecast, (series, horizon)."""
        xp = namespace(t, steep)
        unsure, since = state["prophet.unsure"], t - 1.0
        ahead = xp.where(since > 0.0, since, 0.0)
        trend = unsure[:, 0:1] + 2.0 * unsure[:, 1:2] * since + unsure[:, 2:3] * since * since
        trend = xp.where(trend > 0.0, trend, 0.0) + state["prophet.turning"] * ahead * ahead * ahead
        return state["prophet.size"] * xp.sqrt(state["prophet.noise"] * state["prophet.noise"] + steep * steep * trend)

    def features(self, state: State, future: State) -> Array:
        """The columns of the regression, (series, horizon, columns): seasons, holidays, regressors."""
        time, terms, parts = future["time"], self.terms, []
        xp = namespace(time, state["prophet.start"])
        if terms.seasonalities:
            turns = 2.0 * np.pi * (xp.astype(time, np.dtype(np.float64)) / DAY)
            # cos as a shifted sin: the runtimes lack cos for float64
            parts.append(xp.sin(terms.frequencies[None, None, :] * turns[:, :, None] + terms.phases[None, None, :]))
        if terms.holidays.columns:
            days = terms.holidays
            at = xp.clip(time // DAY - days.first, 0, len(days.codes) - 1)
            code = xp.take(xp.asarray(days.codes), at, axis=0)
            parts.append(xp.take(xp.asarray(days.rows), code, axis=0))
        if terms.regressors:
            values = xp.stack([future[name] for name in terms.regressors], axis=2)
            parts.append((values - state["prophet.middle"][:, None, :]) / state["prophet.width"][:, None, :])
        return xp.concat(parts, axis=2)
