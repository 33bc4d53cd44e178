"""Stamps: a column of times in any notation, as seconds."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from featurizers.counted import of_steps, told
from featurizers.findings import Finding
from featurizers.frequency import Frequency
from featurizers.periods import first_day

# Notations that are not ISO 8601, tried in this order: month first, as the commoner in published tables.
_DATES = ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%m-%d-%Y", "%d-%m-%Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y",
          "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%b %Y", "%B %Y", "%b-%y",
          "%Y.%m.%d", "%m/%Y", "%m-%Y")  # fmt: skip
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_OFFSET = r"\s*(Z|[+-]\d{2}:?\d{2})$"
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SHEET = (14_611, 73_051)  # 1940 and 2100, as the days that spreadsheets count from the end of 1899
_EARLY, _LATE = 315_532_800, 4_102_444_800  # 1980 and 2100: epoch numbers are believed between these


@dataclass(frozen=True, eq=False)
class Stamps:
    """A column of times, and what had to be said about it."""

    times: np.ndarray  # datetime64[s], (rows,), NaT where missing; UTC where zone is set
    zone: str | None
    findings: tuple[Finding, ...] = ()
    wall: np.ndarray | None = None  # the wall clock as written, where the zone's name is not known
    swapped: np.ndarray | None = None  # the times day first, where the text could be read month or day first
    day_first: bool | None = None  # whether day or month came first in the text; None where it cannot be mistaken
    counted: np.ndarray | None = None  # the times if the numbers were those of steps, where they could be dates too

    @property
    def local(self) -> np.ndarray:
        """The wall clock of each stamp, datetime64[s]."""
        if self.wall is not None:
            return self.wall
        if self.zone is None:
            return self.times
        return _naive(pd.DatetimeIndex(self.times).tz_localize("UTC").tz_convert(self.zone).tz_localize(None))

    def among(self, wanted: np.ndarray) -> Stamps:
        """Read day first, or as step numbers, if more of the times are among `wanted` by that."""
        other = self.counted if self.swapped is None else self.swapped
        if other is None:
            return self
        met, more = (np.isin(times, wanted.astype("datetime64[s]")).sum() for times in (self.times, other))
        return replace(self, times=other, swapped=self.times, counted=None) if more > met else self


def read_stamps(column: pd.Series, name: str, asked: str | Frequency | None = None) -> Stamps:
    """Dates, times, periods, text or unmistakable numbers; other whole numbers count steps of the frequency `asked`.
    ValueError, with the row, for what is no time."""
    column = column.reset_index(drop=True)
    if column.dtype == object and pd.api.types.infer_dtype(column) in ("integer", "floating", "mixed-integer-float"):
        column = pd.to_numeric(column)  # pandas would take them for nanoseconds
    kind: Any = column.dtype
    if isinstance(kind, pd.PeriodDtype):
        return Stamps(_naive(column.dt.to_timestamp()), None)
    if isinstance(kind, pd.CategoricalDtype):
        column = column.astype(kind.categories.dtype)
        kind = column.dtype
    if isinstance(kind, pd.ArrowDtype) and not pd.api.types.is_numeric_dtype(kind):
        text = pd.api.types.is_string_dtype(kind)
        column = column.astype(object if text else kind) if text else pd.Series(column.array.to_numpy())
        if getattr(kind.pyarrow_dtype, "tz", None):
            column = pd.to_datetime(column, utc=True).dt.tz_convert(kind.pyarrow_dtype.tz)
        kind = column.dtype
    if pd.api.types.is_bool_dtype(kind):
        raise ValueError(f"The time column {name!r} holds true and false, not times.")
    if pd.api.types.is_numeric_dtype(kind):
        return _from_numbers(column, name, asked)
    if not pd.api.types.is_datetime64_any_dtype(kind):
        read, findings, swapped, shape = _from_text(column, name)
        first = {"%d": True, "%m": False}.get(shape[:2])
        stamps = replace(_written(column, _whole(read, name, findings), name), day_first=first)
        return stamps if swapped is None else replace(stamps, swapped=_whole(swapped, name, ()).times)
    return _whole(column, name, ())


def _naive(values: Any) -> np.ndarray:
    return np.asarray(values, dtype="datetime64[us]").astype("datetime64[s]")


def _whole(column: pd.Series, name: str, findings: tuple[Finding, ...]) -> Stamps:
    """Whole seconds in UTC, and the zone."""
    zone = getattr(column.dtype, "tz", None)
    _believable(column, name)
    exact = (column.dt.tz_convert("UTC").dt.tz_localize(None) if zone is not None else column).to_numpy()
    times = exact.astype("datetime64[s]")
    findings += _cut((times != exact) & ~np.isnat(exact), exact if zone is None else column.array, name)
    return Stamps(times, None if zone is None else str(zone), findings)


def _cut(broken: np.ndarray, exact: Any, name: str) -> tuple[Finding, ...]:
    """What is said of the rows whose `exact` times are `broken` seconds, if there are any; all (rows,)."""
    if not broken.any():
        return ()
    row, count = int(broken.argmax()), int(broken.sum())
    message = f"Row {row} has the time {exact[row]}: fractions of a second are cut off."
    return (Finding("sub_second", "fixed", message, row=row, column=name, count=count),)


def _believable(column: pd.Series, name: str) -> None:
    """ValueError for a year that calendars of 64-bit nanoseconds do not reach, mostly a stand-in for 'never'."""
    first, last = column.min(), column.max()  # far faster than every row's year
    if not pd.isna(first) and (first.year < 1700 or last.year > 2250):
        year = column.dt.year
        strange = np.flatnonzero(((year < 1700) | (year > 2250)).to_numpy(bool))
        raise ValueError(
            f"The time column {name!r} holds {column.iloc[int(strange[0])]} in row {strange[0]}, outside the years "
            "1700 to 2250. Leave such rows out."
        )


def _written(column: pd.Series, stamps: Stamps, name: str) -> Stamps:
    """The stamps with their wall clock as written, if they are text with several offsets from UTC."""
    text = column.astype("string").str.strip()
    offsets = text.str.extract(_OFFSET)[0]
    if stamps.zone != "UTC" or not offsets.notna().any():
        return stamps
    bare = offsets.isna().to_numpy(bool) & ~np.isnat(stamps.times)
    if bare.any():
        row, other = int(np.argmax(bare)), int(np.argmax(offsets.notna()))
        raise ValueError(
            f"The time column {name!r} holds {column.iloc[row]!r} in row {row}, without an offset from UTC, beside "
            f"{column.iloc[other]!r} in row {other}, with one: write all times with their offset, or all without."
        )
    if offsets.nunique() < 2:
        return stamps
    wall = _whole(_from_text(text.str.replace(_OFFSET, "", regex=True).astype(object), name)[0], name, ())
    row = int(np.flatnonzero((offsets != offsets.iloc[0]).to_numpy(bool, na_value=False))[0])
    message = (
        f"Row {row}: the times in {name!r} have several offsets from UTC ({offsets.iloc[0]}, {offsets.iloc[row]} ...), "
        "as of a place whose clocks change. Steps below a day are kept in UTC, as the place is not known; days and "
        "longer go by the dates as written."
    )
    found = Finding("time_zone", "alerted", message, row=row, column=name, count=int(offsets.notna().sum()))
    return Stamps(stamps.times, stamps.zone, (*stamps.findings, found), wall.times)


def _from_numbers(column: pd.Series, name: str, asked: str | Frequency | None) -> Stamps:
    numbers = pd.to_numeric(column).to_numpy(np.float64, na_value=np.nan)
    fine = np.isfinite(numbers)
    whole = bool((numbers[fine] == np.floor(numbers[fine])).all())
    freq = Frequency.parse(asked) if asked is not None and whole else None
    dates = _from_dates(numbers, fine, whole, name)
    counted = None if freq is None else of_steps(numbers, freq)
    if dates is not None:
        return dates if counted is None or np.isnat(counted[fine]).any() else replace(dates, counted=counted)
    low, high = numbers[fine].min(), numbers[fine].max()
    if freq is None or counted is None:
        steps = "If they count steps, pass freq, what one step stands for (as freq='MS'; no 'aggregate'). Else turn"
        sheet = _SHEET[0] <= low and high <= _SHEET[1]
        raise ValueError(
            f"The time column {name!r} holds numbers ({low:g} to {high:g}) that are no dates that one can be sure of. "
            f"{steps if whole else 'Turn'} them into dates, "
            + ("as days of a spreadsheet with pandas.to_datetime(numbers, unit='D', origin='1899-12-30')." if sheet else
               f"for example with pandas.to_datetime({name}, unit='s').")
        )  # fmt: skip
    beyond = np.flatnonzero(fine & np.isnat(counted))
    if len(beyond):
        row = int(beyond[0])
        raise ValueError(
            f"The time column {name!r} holds {numbers[row]:.0f} in row {row}, no date for sure, and, as a "
            f"number of steps of freq={str(asked)!r} from 1970 on, outside the years 1700 to 2250. Leave them out, "
            "count from a number near 0, or write dates."
        )
    row = int(np.flatnonzero(fine)[0])
    return Stamps(counted, None, (told(name, numbers[row], counted[row], freq, int(fine.sum())),))


def _from_dates(numbers: np.ndarray, fine: np.ndarray, whole: bool, name: str) -> Stamps | None:
    """Numbers that are dates for sure: 2024, 202412, 20241231, or the time since 1970; None for others."""
    there, low, high = numbers[fine], numbers[fine].min(initial=np.inf), numbers[fine].max(initial=-np.inf)
    times = np.full(len(numbers), np.datetime64("NaT"), "datetime64[s]")
    if len(there) == 0:
        return Stamps(times, None)
    if whole:
        digits = {"%Y": (1700, 2250), "%Y%m": (170001, 225012), "%Y%m%d": (17000101, 22501231)}
        shape = next((s for s, (a, b) in digits.items() if a <= low and high <= b), None)
        if shape is not None:
            read = pd.to_datetime(pd.Series(there.astype(np.int64).astype(str)), format=shape, errors="coerce")
            if read.notna().all():
                times[fine] = _naive(read)
                return Stamps(times, None)
    unit = next((u for u, size in _UNITS.items() if _EARLY * size <= low and high <= _LATE * size), None)
    if unit is None:
        return None
    times[fine] = (there // _UNITS[unit]).astype(np.int64).astype("datetime64[s]")
    message = f"The numbers in {name!r} are read as time since 1970 in {unit}: {there[0]:.0f} is {times[fine][0]}."
    found = Finding("epoch", "fixed", message, column=name, count=len(there))
    broken = fine.copy()
    broken[fine] = there % _UNITS[unit] != 0
    return Stamps(times, None, (found, *_cut(broken, numbers, name)))


Read = tuple[pd.Series, tuple[Finding, ...], pd.Series | None, str]  # the last is the notation, if it is not ISO 8601


def _from_text(column: pd.Series, name: str) -> Read:
    """Each distinct value is read once, all in the same notation; then the same day first, if that is possible too."""
    codes, values = pd.factorize(column.astype(object))
    texts = pd.Series([v.strip() if isinstance(v, str) else v for v in values], dtype=object)
    empty = texts.isin(["", "NaT", "nan", "None", "NA"])
    read, findings, swapped, shape = _notation(texts[~empty], name, column, codes)

    def spread(values: pd.Series) -> pd.Series:
        full = values.reindex(range(len(texts) + 1))  # the last is for missing values, whose code is -1
        return full.iloc[np.where(codes < 0, len(texts), codes)].reset_index(drop=True)

    return spread(read), findings, None if swapped is None else spread(swapped), shape


def _notation(texts: pd.Series, name: str, column: pd.Series, codes: np.ndarray) -> Read:
    written = bool(texts.map(lambda v: isinstance(v, str)).all())
    best = _attempt(texts, format="ISO8601")
    if best.notna().all():
        return best if written else _placed(best, texts), (), None, ""
    if not written:  # python dates, datetimes, periods
        plain = texts.map(lambda v: v.to_timestamp() if isinstance(v, pd.Period) else v)
        best = _placed(_attempt(plain), plain)
    elif len(texts) and first_day(texts.iloc[0]) is not None:
        best = pd.to_datetime(texts.map(first_day), errors="coerce")
    else:
        for shape in (date + clock for clock in _CLOCKS for date in _DATES):
            read = _attempt(texts, format=shape)
            if read.notna().all():
                return read, *_ambiguous(texts, shape, read, name), shape
            best = read if read.notna().sum() > best.notna().sum() else best
    if best.notna().all():
        return best, (), None, ""
    bad = texts.index[best.isna().to_numpy()][0]
    row = int(np.flatnonzero(codes == bad)[0])
    one = best.notna().any()
    which = "the notation of the others. Write all times in one" if one else "a notation that is known. Write times"
    raise ValueError(
        f"The time column {name!r} holds {column.iloc[row]!r} in row {row}, which is no time in {which}, best as "
        "2024-12-31 or 2024-12-31 23:00:00."
    )


def _placed(read: pd.Series, values: pd.Series) -> pd.Series:
    """Python's aware datetimes, brought to UTC in reading, back in their zone if they share one."""
    zones = {str(v.tzinfo) for v in values if getattr(v, "tzinfo", None) is not None}
    return read.dt.tz_convert(zones.pop()) if len(zones) == 1 and read.dt.tz is not None else read


def _ambiguous(
    texts: pd.Series, shape: str, read: pd.Series, name: str
) -> tuple[tuple[Finding, ...], pd.Series | None]:
    if not shape.startswith(("%m/%d", "%m-%d")):
        return (), None
    other = shape.replace("%m", "%_").replace("%d", "%m").replace("%_", "%d")
    swapped = _attempt(texts, format=other)
    if not swapped.notna().all() or (swapped == read).all():
        return (), None
    message = (
        f"{texts.iloc[0]!r} in {name!r} could be month or day first; month first is taken: {read.iloc[0]:%Y-%m-%d}. "
        "If the day is first, write the year first, as in 2024-12-31."
    )
    return (Finding("ambiguous_date", "alerted", message, row=0, column=name, count=len(texts)),), swapped


def _attempt(texts: pd.Series, **how: Any) -> pd.Series:
    """Times with NaT for what can't be read; offsets that differ (a change of the clocks) are brought to UTC."""
    nothing = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]")
    for settings in (how, how | {"utc": True}):
        try:
            with warnings.catch_warnings():  # older pandas announces that it will want utc=True, which is tried next
                warnings.simplefilter("ignore")
                read = pd.to_datetime(texts, errors="coerce", **settings)
        except (ValueError, TypeError, OverflowError):
            continue
        if pd.api.types.is_datetime64_any_dtype(read.dtype):
            return read
    return nothing
