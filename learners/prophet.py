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
from learners.learner import Learner
from learners.local import LocalModel, fit_local, state_without_windows
from learners.prophet_terms import Seasonality, Terms, holiday_table, seasonalities_of

Growth = Literal["linear", "logistic", "flat"]
Mode = Literal["additive", "multiplicative"]


@dataclass(frozen=True)
class Prophet(Learner):
    """Each series as trend * (1 + multiplicative terms) + additive terms. The package fits one series at a time.

    `seasonalities` "auto" takes a year (order 10), a week (3) and a day (4) where the longest series holds two of
    them and rows are close enough; all series share what is chosen. `holidays` is a country or subdivision ("US",
    "DE-BY"), several, or a table from dates ("2024-11-29", or every year: "12-24") to names; a row has a holiday if
    its stamp's day is one, or lies in the `window` of (days before, days after) it; only names that occur in training
    count, and 20 years after training are covered (NaN later). `regressors` are known columns. Logistic growth needs
    `cap`, a number or a known column. A series of fewer than ten values, or whose fit fails, repeats its last value.

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

    def train(self, panel: Panel) -> ProphetModel:
        from learners.prophet_fit import fit_series

        self._check(panel)
        terms = Terms(
            seasonalities=seasonalities_of(self.seasonalities, panel),
            holidays=holiday_table(self.holidays, self.window, panel),
            regressors=tuple(self.regressors),
            mode=self.mode,
        )
        cap = self.cap if isinstance(self.cap, str) else None
        columns = (*self.regressors, *((cap,) if cap else ()))
        fit = partial(fit_series, self, terms)
        return fit_local(ProphetModel, fit, panel, columns, growth=self.growth, terms=terms, cap=cap)

    def _check(self, panel: Panel) -> None:
        if self.growth not in ("linear", "logistic", "flat"):
            raise ValueError(f"Growth is 'linear', 'logistic' or 'flat', not {self.growth!r}.")
        if self.mode not in ("additive", "multiplicative"):
            raise ValueError(f"The mode is 'additive' or 'multiplicative', not {self.mode!r}.")
        if self.growth == "logistic" and self.cap is None:
            raise ValueError("Logistic growth needs a cap: a number, or the name of a known column.")
        for name in (*self.regressors, *((self.cap,) if isinstance(self.cap, str) else ())):
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

    @property
    def needs(self) -> Needs:
        return Needs(ahead=(*self.terms.regressors, *((self.cap,) if self.cap else ())))

    @property
    def moves(self) -> bool:
        return False

    def remember(self, state: State, now: State) -> State:
        return state_without_windows(state)

    def predict(self, state: State, future: State) -> State:
        trend = self._trend(state, future)
        if self.terms.count == 0:
            return {"forecast": trend}
        weights = state["prophet.weights"][:, None, :]
        features = self.features(state, future)
        xp = namespace(weights, features)
        effects = xp.where(weights == 0.0, 0.0, weights * features)
        multiplies = self.terms.multiplies[None, None, :]
        times, plus = xp.sum(effects * multiplies, axis=2), xp.sum(effects * (1.0 - multiplies), axis=2)
        return {"forecast": trend * (1.0 + times) + state["prophet.size"] * plus}

    def _trend(self, state: State, future: State) -> Array:
        """The trend, (series, horizon)."""
        time, floor, rate, offset = (
            future["time"], state["prophet.floor"], state["prophet.rate"], state["prophet.offset"],
        )  # fmt: skip
        xp = namespace(time, rate)
        t = (xp.astype(time, np.dtype(np.float64)) - state["prophet.start"]) / state["prophet.span"]
        if self.growth == "flat":
            return floor + state["prophet.size"] * offset + 0.0 * t
        passed = t[:, :, None] >= state["prophet.changes"][:, None, :]
        rate = rate + xp.sum(xp.where(passed, state["prophet.rates"][:, None, :], 0.0), axis=2)
        offset = offset + xp.sum(xp.where(passed, state["prophet.offsets"][:, None, :], 0.0), axis=2)
        if self.growth == "linear":
            return floor + state["prophet.size"] * (rate * t + offset)
        cap = future[self.cap] if self.cap else state["prophet.cap"]
        return floor + (cap - floor) / (1.0 + xp.exp(xp.clip(-rate * (t - offset), -700.0, 700.0)))

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
