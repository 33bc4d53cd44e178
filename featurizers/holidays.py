"""Holidays: which holiday a row falls on, and how far the next and the last one are."""

from __future__ import annotations

import datetime
import re
from calendar import isleap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from featurizers.arrays import Array, State
from featurizers.clock import DAY
from featurizers.featurizer import Featurizer, Needs
from featurizers.frequency import Frequency
from featurizers.holiday_table import HolidayTable
from featurizers.panel import UNKNOWN, Panel
from featurizers.policy import names_of
from featurizers.ruler import Ruler
from featurizers.whole import wholes

BEFORE, AFTER = 1, 20  # years that the table reaches beyond training
FAR = 30  # days after which "to the next" and "since the last" no longer grow


@dataclass(frozen=True)
class Holidays(Featurizer):
    """Holidays of `places`: countries and subdivisions of the holidays package ("US", "DE-BY", ("GB-ENG", "FR")),
    and of a `custom` table from dates ("2024-11-29", or every year: "12-24") to names.

    Columns for each place (with "DE-BY_" and so on in front where there are several):
    `holiday`: the name as a category: 0 is none, -1 (UNKNOWN) a name that training did not have;
    `holiday_any`: 1 on a holiday, else 0; `holiday_count` where a row spans several days: how many there are in it;
    `holiday_paid`: how many of them are public, on which most people have paid time off; custom ones are not;
    `days_to_holiday` from the row's first day, `days_since_holiday` from its last, both 0 on it and 30 at most;
    `holiday_near`: the name of the holiday at most `around` days (before it, after it) away, for rows up to a week.

    A row stands for the day, week or month that begins at its stamp, or that ends with it if `label` is "end"; "auto"
    takes "end" for month, quarter and year ends ("ME"), else "start", weeks included ("W-THU": Thursday to Wednesday).
    Hours go by the local date. A custom table is taken as complete. The names are those of the package, in English.

    `resolve` looks all days up, from a year before training to 20 years after it: a `HolidayTable`, which works
    without the package. Rows outside it, and years that the package does not cover, have NaN and UNKNOWN.
    """

    places: str | tuple[str, ...] = ()
    custom: Mapping[str, str] = field(default_factory=dict)
    categories: tuple[str, ...] = ("public",)
    around: tuple[int, int] = (1, 1)
    label: str = "auto"
    onehot: bool = False  # one column of 0 and 1 for each name instead of the code, and no holiday_near

    @property
    def needs(self) -> Needs:
        return Needs()

    def resolve(self, panel: Panel) -> HolidayTable:
        if self.label not in ("auto", "start", "end"):
            raise ValueError(f"The label of holidays is 'auto', 'start' or 'end', not {self.label!r}.")
        if len(wholes(self.around, "Each of the days `around` holidays", 0)) != 2:
            raise ValueError(f"`around` is a pair, the days before and after a holiday, not {self.around!r}.")
        ends = self.label == "end" or (self.label == "auto" and panel.freq.unit.endswith("E"))
        shift = -1 if ends and not panel.freq.daily else 0
        clock = panel.clock() + shift if len(panel) else np.zeros(1, np.int64)
        trained = (int(clock.min()) // DAY, int(clock.max()) // DAY)
        years = (_year(trained[0]) - BEFORE, _year(trained[1]) + AFTER)
        days = np.arange(_day(f"{years[0]}-01-01"), _day(f"{years[1]}-12-31") + 1)
        spans, seen = periods(panel.freq, days, ends), (trained[0] - days[0], trained[1] - days[0])
        groups = self._groups((years[0] - 1, years[1] + 1))
        levels: dict[str, tuple[str, ...]] = {}
        columns: dict[str, np.ndarray] = {}
        owners: dict[str, str] = {}
        for place, events in groups.items():
            prefix = f"{place}_" if len(groups) > 1 else ""
            begin, end = int(spans[0][seen[0]]) - self.around[1], int(spans[1][seen[1]]) + self.around[0]
            names = events.names_within(begin, end)
            for name, values in self._describe(events, spans, names).items():
                columns[prefix + name] = np.where(events.covers(days), values, np.nan)
                owners[prefix + name] = place
                if name in ("holiday", "holiday_near"):
                    levels[prefix + name] = ("", *names)
                    columns[prefix + name] = np.where(events.covers(days), values, UNKNOWN)
        table = np.stack(list(columns.values()), axis=1)
        return HolidayTable.of_days(int(days[0]), table, levels, tuple(columns), shift, tuple(owners.values()))

    def names(self) -> list[str]:
        raise self._unresolved()

    def transform(self, panel: Panel) -> np.ndarray:
        raise self._unresolved()

    def step(self, state: State, now: State) -> Array:
        raise self._unresolved()

    def _unresolved(self) -> ValueError:
        return ValueError("Holidays has not seen a panel yet: call resolve(panel) first.")

    def _groups(self, years: tuple[int, int]) -> dict[str, Events]:
        groups = {place: events_of(place, names_of(self.categories), years) for place in names_of(self.places)}
        if self.custom:
            groups["custom"] = Events.of(custom_days(self.custom, years), {}, years)
        if not groups:
            raise ValueError("Holidays need a place ('US', 'DE-BY') or a custom table of dates and names.")
        return groups

    def _describe(
        self, events: Events, spans: tuple[np.ndarray, np.ndarray], names: list[str]
    ) -> dict[str, np.ndarray]:
        """The columns of one place, (days,) each, for periods from `spans[0]` up to but without `spans[1]`."""
        start, stop = spans
        at, code = events.days, events.codes(names)
        first, after = np.searchsorted(at, start), np.searchsorted(at, stop)
        paid_until = np.r_[0, np.cumsum(events.paid)]
        count, paid = after - first, paid_until[after] - paid_until[first]
        paid_ones = np.flatnonzero(events.paid)
        first_paid = np.r_[paid_ones, 0][np.searchsorted(paid_ones, first)]
        chosen = np.where(paid > 0, first_paid, np.minimum(first, max(len(at) - 1, 0)))
        holiday = np.where(count > 0, np.r_[code, 0][chosen], 0)
        to_next = np.r_[at, start[-1] + 10**6][first] - start
        since = stop - 1 - np.r_[start[0] - 10**6, at][after]
        columns = {f"holiday={name}": holiday == i + 1 for i, name in enumerate(names)} if self.onehot else {}
        columns |= {} if self.onehot else {"holiday": holiday}
        columns |= {"holiday_any": count > 0}
        if (stop - start).max() > 1:
            columns["holiday_count"] = count
        columns |= {"holiday_paid": paid, "days_to_holiday": np.clip(to_next, 0, FAR)}
        columns |= {"days_since_holiday": np.clip(since, 0, FAR)}
        if not self.onehot and (stop - start).max() <= 7:
            ahead, behind = np.r_[at, 10**7][after] - (stop - 1), start - np.r_[-(10**7), at][first]
            near = np.where((ahead <= self.around[0]) & (ahead <= behind), np.r_[code, 0][after],
                            np.where(behind <= self.around[1], np.r_[0, code][first], 0))  # fmt: skip
            columns["holiday_near"] = np.where(count > 0, holiday, near)
        return {name: values.astype(np.float64) for name, values in columns.items()}


@dataclass(frozen=True, eq=False)
class Events:
    """Holidays of one place, in their order."""

    days: np.ndarray  # (holidays,) since 1970
    names: tuple[str, ...]
    paid: np.ndarray  # (holidays,) bool
    span: tuple[int, int]  # the first and the last day that the source covers

    @classmethod
    def of(cls, names: Mapping[int, str], paid: Mapping[int, str], years: tuple[int, int]) -> Events:
        """From days to names; where a day has two, the public one counts."""
        both = {**names, **paid}
        days = sorted(both)
        span = (_day(f"{years[0]:04d}-01-01"), _day(f"{years[1]:04d}-12-31"))
        return cls(np.array(days, np.int64), tuple(both[d] for d in days), np.isin(days, list(paid)), span)

    def names_within(self, first: int, stop: int) -> list[str]:
        return sorted({name for name, day in zip(self.names, self.days, strict=True) if first <= day < stop})

    def codes(self, known: list[str]) -> np.ndarray:
        """1, 2 ... for `known` names, UNKNOWN for others."""
        code = {name: i + 1 for i, name in enumerate(known)}
        return np.array([code.get(name, UNKNOWN) for name in self.names], np.int64)

    def covers(self, days: np.ndarray) -> np.ndarray:
        return (days >= self.span[0]) & (days <= self.span[1])


def events_of(place: str, categories: tuple[str, ...], years: tuple[int, int]) -> Events:
    """The holidays of "US" or "DE-BY". ValueError for a place or a category that the package does not have."""
    kind, subdivision = check_place(place)
    language = "en_US" if "en_US" in kind.supported_languages else None
    years = (max(years[0], kind.start_year), min(years[1], kind.end_year))
    found: dict[str, dict[int, str]] = {}
    for category in categories:
        if category not in kind.supported_categories:
            raise ValueError(f"Holidays of {place!r} have no category {category!r}; they have "
                             f"{', '.join(kind.supported_categories)}.")  # fmt: skip
        listed = kind(subdiv=subdivision or None, years=range(years[0], years[1] + 1), categories=(category,),
                      language=language, expand=False)  # fmt: skip
        found[category] = {_day(date): name for date, name in listed.items()}
    paid = found.pop("public", {})
    return Events.of({day: name for days in reversed(found.values()) for day, name in days.items()}, paid, years)


def check_place(place: str) -> tuple[Any, str]:
    """What the holidays package knows of the country of "DE-BY", and the subdivision, "" for none. ValueError for a
    place that it does not have."""
    import holidays

    country, _, subdivision = place.partition("-")
    kind = getattr(holidays, country, None) if country in holidays.list_supported_countries() else None
    if kind is None:
        raise ValueError(f"The holidays package has no country {country!r}: give a code such as 'US' or 'DE-BY'.")
    if subdivision and subdivision not in kind.subdivisions:
        raise ValueError(f"{country!r} has no subdivision {subdivision!r}; it has {', '.join(kind.subdivisions)}.")
    return kind, subdivision


def custom_days(table: Mapping[str, str], years: tuple[int, int]) -> dict[int, str]:
    """Days since 1970 and names; "12-24" is every year. ValueError for what is no date."""
    if not isinstance(table, Mapping):
        raise ValueError(f"Custom holidays are named by their dates, as {{'2024-11-29': 'sale'}}, not {table!r}.")
    days: dict[int, str] = {}
    for key, name in table.items():
        text = str(key)
        yearly = re.fullmatch(r"\d\d-\d\d", text) is not None
        try:
            date = datetime.date.fromisoformat(f"2000-{text}" if yearly else text)
        except ValueError:
            raise ValueError(f"{text!r} in the custom holidays is no date: write '2024-11-29', or '12-24' for every "
                             f"year.") from None  # fmt: skip
        for year in range(years[0], years[1] + 1) if yearly else (date.year,):
            if (date.month, date.day) != (2, 29) or isleap(year):
                days[_day(date.replace(year=year))] = name
    return days


def periods(frequency: Frequency, days: np.ndarray, ends: bool) -> tuple[np.ndarray, np.ndarray]:
    """The first day of the period that a stamp on each of `days` stands for, and the day after its last."""
    months = frequency.months
    if months is not None:
        month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        bounds = (month + 1 - months, month + 1) if ends else (month, month + months)
        start, stop = (b.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) for b in bounds)
        return start, stop
    width = 1
    if frequency.daily and frequency.unit not in ("B", "C"):
        ruler = Ruler.of(frequency)
        width = max(round(ruler.width / DAY), 1)
    return (days + 1 - width, days + 1) if ends else (days, days + width)


def _day(date: str | datetime.date) -> int:
    return int(np.datetime64(date, "D").astype(np.int64))


def _year(day: int) -> int:
    return int(np.datetime64(day, "D").astype("datetime64[Y]").astype(np.int64)) + 1970
