"""The terms of a Prophet model: which seasons, holidays and regressors it has, the same for all series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from featurizers.clock import DAY
from featurizers.panel import Panel
from featurizers.whole import number, whole, wholes
from learners.spans import Spans

if TYPE_CHECKING:
    from learners.prophet import Prophet

NO_SEASONALITIES = "Seasonalities are 'auto' or a tuple of Seasonality(period, order), not {!r}."
YEARS = 20  # that the table of holidays reaches beyond training
MOST_WAVES = 1000  # of a seasonality: a table of more does not fit into memory
MOST_DAYS = 1000  # around a holiday


@dataclass(frozen=True)
class Seasonality:
    """A season of `period` days as `order` sines and cosines; `mode` and `prior` None: those of the Prophet."""

    period: float
    order: int
    mode: Literal["additive", "multiplicative"] | None = None
    prior: float | None = None


@dataclass(frozen=True, eq=False)
class HolidayDays:
    """Which holiday columns each day has: `rows[codes[day - first]]`. The first and last days stand for all beyond."""

    columns: tuple[tuple[str, int], ...]  # (name, days after it; negative: before)
    first: int  # days since 1970
    codes: np.ndarray  # (days,) int64
    rows: np.ndarray  # (different days, columns), 0 and 1, NaN for days beyond the table

    def dates(self, name: str) -> np.ndarray:
        """The days of a holiday, datetime64[D]."""
        found = self.columns.index((name, 0))
        at = np.flatnonzero(self.rows[self.codes, found] == 1.0)
        return (at + self.first).astype("datetime64[D]")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name, _ in self.columns))


@dataclass(frozen=True, eq=False)
class Terms:
    """The columns of the regression, in their order: two for each order of each season, holidays, regressors."""

    seasonalities: tuple[Seasonality, ...]
    holidays: HolidayDays
    regressors: tuple[str, ...]
    mode: str

    @property
    def count(self) -> int:
        return len(self.frequencies) + len(self.holidays.columns) + len(self.regressors)

    @property
    def frequencies(self) -> np.ndarray:
        """Turns a day of each seasonal column."""
        return np.array([(i + 1) / s.period for s in self.seasonalities for i in range(s.order) for _ in range(2)])

    @property
    def phases(self) -> np.ndarray:
        """0 for a sine, a quarter turn for a cosine."""
        return np.array([phase for s in self.seasonalities for _ in range(s.order) for phase in (0.0, np.pi / 2)])

    @property
    def multiplies(self) -> np.ndarray:
        """1 for the columns that multiply the trend, else 0."""
        seasonal = [s.mode or self.mode for s in self.seasonalities for _ in range(2 * s.order)]
        modes = [*seasonal, *[self.mode] * (len(self.holidays.columns) + len(self.regressors))]
        return np.array([float(mode == "multiplicative") for mode in modes])

    def priors(self, recipe: Prophet) -> np.ndarray:
        """The deviation of the normal prior of each column's weight."""
        seasonal = [recipe.seasonality_prior if s.prior is None else s.prior
                    for s in self.seasonalities for _ in range(2 * s.order)]  # fmt: skip
        rest = len(self.holidays.columns) + len(self.regressors)
        return np.array([*seasonal, *[recipe.holidays_prior] * rest], np.float64)

    def settings(self, recipe: Prophet) -> dict[str, Any]:
        """What a model holds beside its numbers."""
        cap = recipe.cap if isinstance(recipe.cap, str) else None
        return {"growth": recipe.growth, "terms": self, "cap": cap, "levels": tuple(recipe.levels)}


def seasonalities_of(wanted: str | tuple[Seasonality, ...], panel: Panel) -> tuple[Seasonality, ...]:
    """`wanted`, or what the package would choose for the longest series: a year, a week, a day where there are two."""
    if isinstance(wanted, tuple | list):
        return tuple(_checked(one) for one in wanted)
    if wanted != "auto":
        raise ValueError(NO_SEASONALITIES.format(wanted))
    spans, clock = Spans.of(panel), panel.clock()
    first, rows = spans.begin[spans.known > 0], spans.rows[spans.known > 0]
    span = int((clock[first + rows - 1] - clock[first]).max(initial=0))
    apart = np.diff(clock)[np.diff(panel.owner) == 0]
    spacing = int(apart[apart > 0].min(initial=np.iinfo(np.int64).max))
    found = []
    if span >= 730 * DAY:
        found.append(Seasonality(365.25, 10))
    if span >= 14 * DAY and spacing < 7 * DAY:
        found.append(Seasonality(7.0, 3))
    if span >= 2 * DAY and spacing < DAY:
        found.append(Seasonality(1.0, 4))
    return tuple(found)


def _checked(asked: object) -> Seasonality:
    if not isinstance(asked, Seasonality):
        raise ValueError(NO_SEASONALITIES.format(asked))
    whole(asked.order, "The order of a seasonality", 1, MOST_WAVES)
    number(asked.period, "The period of a seasonality, in days,", above=0)
    if asked.mode not in (None, "additive", "multiplicative"):
        raise ValueError(f"The mode of a seasonality is 'additive', 'multiplicative' or None, not {asked.mode!r}.")
    if asked.prior is not None:
        number(asked.prior, "The prior of a seasonality", above=0)
    return asked


def holiday_table(
    holidays: str | tuple[str, ...] | Mapping[str, str], window: Sequence[int], panel: Panel
) -> HolidayDays:
    """The days of every holiday whose name occurs in training, from a year before it to 20 years after."""
    if not holidays or len(panel) == 0:
        return HolidayDays((), 0, np.zeros(1, np.int64), np.zeros((1, 0)))
    if not isinstance(window, tuple | list) or len(wholes(window, "Each day of the window", 0, MOST_DAYS)) != 2:
        raise ValueError(f"The window of holidays is (days before, days after), both 0 or more, not {window}.")
    trained = np.unique(panel.clock() // DAY)
    years = tuple(int(np.datetime64(int(d), "D").astype("datetime64[Y]").astype(int)) + 1970 for d in trained[[0, -1]])
    by_name = _days_by_name(holidays, (years[0] - 1, years[1] + YEARS))
    first = _day(years[0] - 1) - 1
    size = _day(years[1] + YEARS + 1) - first + 1
    # A name counts if it, or a day of its window, occurs in training.
    columns = [(name, k) for name, days in sorted(by_name.items()) if np.isin(_around(days, window), trained).any()
               for k in range(-window[0], window[1] + 1)]  # fmt: skip
    dense = np.zeros((size, len(columns)))
    for i, (name, k) in enumerate(columns):
        at = by_name[name] + k - first
        dense[at[(at >= 0) & (at < size)], i] = 1.0
    dense[[0, -1]] = np.nan
    rows, codes = np.unique(dense, axis=0, return_inverse=True, equal_nan=True)
    return HolidayDays(tuple(columns), first, codes.reshape(-1).astype(np.int64), rows)


def _days_by_name(holidays: str | tuple[str, ...] | Mapping[str, str], years: tuple[int, int]) -> dict[str, np.ndarray]:
    from featurizers.holidays import custom_days, events_of

    pairs: list[tuple[str, int]] = []
    if isinstance(holidays, Mapping):
        pairs = [(name, day) for day, name in custom_days(holidays, years).items()]
    else:
        for place in (holidays,) if isinstance(holidays, str) else holidays:
            events = events_of(place, ("public",), years)
            # One day may have two holidays, "A; B".
            pairs += [(part, int(day)) for names, day in zip(events.names, events.days, strict=True)
                      for part in names.split("; ")]  # fmt: skip
    result: dict[str, list[int]] = {}
    for name, day in pairs:
        result.setdefault(name, []).append(day)
    return {name: np.unique(days) for name, days in result.items()}


def _around(days: np.ndarray, window: Sequence[int]) -> np.ndarray:
    return (days[:, None] + np.arange(-window[0], window[1] + 1)).ravel()


def _day(year: int) -> int:
    return int(np.datetime64(f"{year:04d}-01-01", "D").astype(np.int64))
