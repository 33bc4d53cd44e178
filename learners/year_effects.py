"""Which days of the year stand out in a panel, and by how much: each day is compared with the same weekday of the weeks
around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, namespace
from featurizers.clock import DAY, Clock
from featurizers.frequency import Frequency
from featurizers.panel import Panel
from learners.draws import evenly
from learners.year_days import NONE, families, holding, named

STILL = 0.3  # of its usual value: a day with less tells nothing of other days
WEEKS = (-3, -2, -1, 1, 2, 3)  # with whose days a day is compared
FINEST = 900  # seconds: below them a year has too many rows
YEARS = 2.0  # of which a day can be known
LEAST = 3  # times that a day has been seen; twice, where there are less than three years
CLEAR, DRAWS = 4.0, 12  # the least t statistic, and made-up calendars that it has to be over all of
PRIOR = 3.0  # how many days the usual spread counts for in that of a day
CALM = 0.3  # of the spread of the year, which that of a month is at least
MOST = 60  # days
RIDGE = 0.1  # days without an effect that count with each: days that fall together share theirs
SMALL = 0.2  # of the mean of a series, below which a value is no measure of another
SEVERAL = 5  # series, of which it can be told how much they differ
SIGMA = 1.4826  # times the median of what is farther and nearer: a standard deviation
FAR = 5.0  # spreads
SQUARED = 0.455  # the median of the square of a standard normal
ROWS = 500_000  # of a panel, beyond which some series speak for all


@dataclass(frozen=True, eq=False)
class Effects:
    """How far days of the year are from what they else would be: as a share of that, or, where a panel has negative
    values, in units of the target."""

    rules: tuple[str, ...]
    relative: bool
    sizes: np.ndarray  # (series, rules)
    profile: np.ndarray  # (rules, rows of a day), times the size


@dataclass(frozen=True, eq=False)
class Departures:
    """The days of a panel's series (entries,), and how far they were from the same weekdays around them."""

    series: np.ndarray
    day: np.ndarray  # since 1970
    away: np.ndarray
    relative: bool
    scale: np.ndarray  # (series,) units of the target that 1 of `away` is: the spread of each series; 1 for shares
    spread: np.ndarray  # (series,) of `away`, as a standard deviation

    def pooled(self) -> tuple[np.ndarray, np.ndarray]:
        """The days that occur, and the mean of all series on each, (days,); those that vary little count for more."""
        usual = np.nanmedian(self.spread) if np.isfinite(self.spread).any() else 0.0
        weight = 1.0 / np.maximum(self.spread, max(SMALL * usual, 1e-100)) ** 2
        weight = np.where(np.isfinite(weight), weight, 0.0)[self.series]
        used = np.isfinite(self.away) & (weight > 0)
        days, at = np.unique(self.day[used], return_inverse=True)
        total = np.bincount(at, weight[used], len(days))
        return days, np.bincount(at, weight[used] * self.away[used], len(days)) / total


def week(freq: Frequency) -> int:
    """The rows of a week, 0 where weekdays cannot be told apart or a day has too many rows."""
    if freq.unit == "B":
        return 5 if freq.step == 1 else 0
    seconds = freq.seconds
    return 7 * DAY // seconds if seconds and FINEST <= seconds <= DAY and DAY % seconds == 0 else 0


def plain(values: Array, effect: Array, relative: bool) -> Array:
    """Values as they would be without an effect; NaN where too little of them is left to tell."""
    if not relative:
        return values - effect
    xp, times = namespace(values, effect), 1.0 + effect
    return xp.where(times >= STILL, values / xp.maximum(times, STILL), xp.nan)


def usual(panel: Panel, rows: int) -> np.ndarray:
    """What the same weekdays of the three weeks before and after had, the median, (rows,); `rows` are those of a week.
    NaN where fewer than two are known."""
    y, at, length = panel.y, np.arange(len(panel)), panel.lengths[panel.owner]
    around = np.full((len(WEEKS), len(panel)), np.nan)
    for i, k in enumerate(WEEKS):
        place = panel.position + k * rows
        there = (place >= 0) & (place < length)
        around[i, there] = y[at[there] + k * rows]
    around.sort(axis=0)  # NaN come last
    count = np.isfinite(around).sum(axis=0)
    middle = [np.take_along_axis(around, np.maximum(half, 0)[None, :], 0)[0] for half in ((count - 1) // 2, count // 2)]
    return np.where(count >= 2, 0.5 * (middle[0] + middle[1]), np.nan)


def departures(panel: Panel, base: np.ndarray) -> Departures:
    """Of a panel whose rows have the usual values `base` (rows,)."""
    y, owner, day = panel.y, panel.owner, panel.clock() // DAY
    known = np.isfinite(y) & np.isfinite(base)
    relative = bool(np.nanmin(y, initial=0.0) >= 0)
    first = np.flatnonzero(np.r_[True, (np.diff(owner) != 0) | (np.diff(day) != 0)]) if len(y) else np.zeros(0, int)

    def total(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(np.where(known, values, 0.0), first) if len(first) else np.zeros(0)

    series, count = owner[first], total(np.ones(len(y)))
    sums, numbers = np.bincount(owner, np.where(known, y, 0.0), panel.count), np.bincount(owner, known, panel.count)
    level = sums / np.maximum(numbers, 1)
    unit = np.maximum(total(base), SMALL * level[series] * count) if relative else count
    away = (total(y) - total(base)) / np.where(unit > 0, unit, np.nan)
    usually = _centres(series, away, panel.count)[series]  # above 0 where values are skewed, as the base is a median
    away = (away - usually) / np.maximum(1.0 + usually, SMALL) if relative else away - usually
    scale = np.ones(panel.count) if relative else SIGMA * _medians(series, np.abs(away), panel.count)
    away = away / np.where(scale > 0, scale, np.nan)[series]
    return Departures(series, day[first], away, relative, scale, SIGMA * _medians(series, np.abs(away), panel.count))


def _centres(series: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """The mean of each series, (count,), single values far away held within five spreads of the median."""
    middle = _medians(series, values, count)
    reach = FAR * SIGMA * _medians(series, np.abs(values - middle[series]), count)
    held, some = np.clip(values, (middle - reach)[series], (middle + reach)[series]), np.isfinite(values)
    number = np.bincount(series[some], minlength=count)
    return np.where(number > 0, np.bincount(series[some], held[some], count) / np.maximum(number, 1), 0.0)


def _medians(series: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """The (lower) median of the known values of each series, (count,), NaN where it has none."""
    some = np.isfinite(values)
    series, values = series[some], values[some]
    order = np.lexsort((values, series))
    number = np.bincount(series, minlength=count)
    middle = np.cumsum(number) - number + np.maximum(number - 1, 0) // 2
    found = values[order][np.minimum(middle, max(len(values) - 1, 0))] if len(values) else np.full(count, np.nan)
    return np.where(number > 0, found, np.nan)


def standing_out(days: np.ndarray, away: np.ndarray) -> tuple[str, ...]:
    """The days of the year on which `away`, of each of `days`, is farther from 0 than chance makes it, in spreads of
    the time of the year, one after the other, each without what the ones before explain.

    What chance makes is what is found in the same numbers where every year is moved by some weeks of its own, which
    leaves weekdays and all that lasts as they are.
    """
    if not len(days) or days[-1] - days[0] < YEARS * 365.25:
        return ()
    spread = _by_season(days, away)
    if not (spread > 0).all():
        return ()
    least, left = LEAST if days[-1] - days[0] >= LEAST * 365.25 else 2, away / spread
    rng, year = np.random.default_rng(0), days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
    needed = CLEAR
    for _ in range(DRAWS):
        moves = rng.integers(4, 23, np.ptp(year) + 1) * rng.choice((-7, 7), np.ptp(year) + 1)
        made_up = families(days + moves[year - year.min()])
        needed = max(needed, *(float(np.abs(_tested(c, left, least)[1]).max(initial=0.0)) for c in made_up.values()))
    found: list[str] = []
    mine = families(days)
    while len(found) < MOST:
        best = (0.0, "", NONE, 0.0)
        for family, codes in mine.items():
            code, t, mean = _tested(codes, left, least)
            top = int(np.argmax(np.abs(t)))
            if abs(t[top]) > abs(best[0]):
                best = (float(t[top]), family, int(code[top]), float(mean[top]))
        if abs(best[0]) <= needed:
            break
        found.append(named(best[1], best[2]))
        left[mine[best[1]] == best[2]] -= best[3]
    return tuple(found)


def _by_season(days: np.ndarray, away: np.ndarray) -> np.ndarray:
    """The usual size of `away` at the time of the year of each day, as a standard deviation: from the month, the one
    before and the one after."""
    month, whole = Clock(days * DAY).month, SIGMA * float(np.median(np.abs(away)))
    sizes = np.full(12, whole or float(away.std()))
    for m in range(12):
        near = np.isin((month - 1 - m) % 12, (0, 1, 11))
        if near.any():
            sizes[m] = max(SIGMA * float(np.median(np.abs(away[near]))), CALM * sizes[m])
    return sizes[month - 1]


def _tested(codes: np.ndarray, away: np.ndarray, least: int) -> tuple[np.ndarray, ...]:
    """The codes that there are, the t statistic of the mean of `away` (of unit spread) at each, 0 for fewer days than
    `least`, and the mean."""
    count = np.bincount(codes - NONE)
    code = np.flatnonzero(count)
    code = code[code > 0]  # NONE is the first
    n, total, squares = count[code], np.bincount(codes - NONE, away)[code], np.bincount(codes - NONE, away**2)[code]
    mean = total / n
    own = np.sqrt((np.maximum(squares - n * mean**2, 0.0) + PRIOR) / (n - 1 + PRIOR))
    return code + NONE, np.where(n >= least, mean / own * np.sqrt(n), 0.0), mean


def effects(panel: Panel, rules: tuple[str, ...] | None = None) -> Effects:
    """The effects of these days of the year; None: of those that stand out.

    The effect of a day is that on the mean of all series, by ridge regression; where these are five and more, each
    moves towards what it has itself seen, as far as they differ by more than chance (James & Stein). Within a day each
    row has its own, as far as that differs by more than chance. Of very large panels some series speak for all.
    """
    some = panel.where(evenly(panel.count, max(int(ROWS * panel.count / max(len(panel), 1)), 1)))
    rows, search = week(panel.freq), rules is None
    base = usual(some, rows) if rows else np.full(len(some), np.nan)
    seen = departures(some, base)
    rules = standing_out(*seen.pooled()) if rules is None else tuple(map(str, rules))
    if rules and rows:  # again, measured against weeks without them
        base = usual(some.with_columns(**{some.target: _without(some, seen, rules)}), rows)
        seen = departures(some, base)
        rules = standing_out(*seen.pooled()) if search else rules
    if not rules:
        return Effects((), seen.relative, np.zeros((panel.count, 0)), np.zeros((0, 1)))
    days, away = seen.pooled()
    held = holding(rules, days).astype(np.float64)
    size = regressed(held, away)
    sizes = np.tile(size, (panel.count, 1))
    if SEVERAL <= panel.count == some.count:
        sizes += _own(seen, days, held, size)
    profile = _profile(some, base, rules, size, seen)
    if seen.relative:
        return Effects(rules, True, np.maximum(sizes, -1.0), profile)
    scale = seen.scale if panel.count == some.count else np.full(panel.count, np.nanmedian(seen.scale))
    return Effects(rules, False, sizes * np.nan_to_num(scale)[:, None], profile)


def regressed(held: np.ndarray, away: np.ndarray) -> np.ndarray:
    """The effect of each rule, from the days (days, rules) that it holds on."""
    return np.linalg.solve(held.T @ held + RIDGE * np.eye(held.shape[1]), held.T @ away)


def _without(panel: Panel, seen: Departures, rules: tuple[str, ...]) -> np.ndarray:
    """The target without the effects on the mean of all series, (rows,)."""
    days, away = seen.pooled()
    stamps, at = np.unique(panel.clock() // DAY, return_inverse=True)
    effect = (holding(rules, stamps) @ regressed(holding(rules, days).astype(np.float64), away))[at]
    return np.asarray(plain(panel.y, effect * seen.scale[panel.owner], seen.relative))


def _own(seen: Departures, days: np.ndarray, held: np.ndarray, size: np.ndarray) -> np.ndarray:
    """How far each series is from the effects of all, (series, rules)."""
    at = np.clip(np.searchsorted(days, seen.day), 0, len(days) - 1)
    some = np.asarray(held.any(axis=1))
    used = np.isfinite(seen.away) & (days[at] == seen.day) & some[at]
    series, at, count = seen.series[used], at[used], len(seen.spread)
    left, found = seen.away[used] - held[at] @ size, np.zeros((count, len(size)))
    for k in range(len(size)):
        mine = held[at, k] > 0
        n = np.bincount(series[mine], minlength=count)
        mean = np.bincount(series[mine], left[mine], count) / np.maximum(n, 1)
        noise = np.where(n > 0, seen.spread**2 / np.maximum(n, 1), np.nan)
        there = np.isfinite(noise)
        if there.sum() >= SEVERAL:
            apart = max(np.median(mean[there] ** 2) / SQUARED - np.median(noise[there]), 0.0)
            share = apart / np.maximum(apart + noise, 1e-300)
            found[:, k] = np.where(there, share * mean, 0.0)
    return found


def _profile(panel: Panel, base: np.ndarray, rules: tuple[str, ...], size: np.ndarray, seen: Departures) -> np.ndarray:
    """The effect of each row of a day over that of the day, (rules, rows of a day)."""
    slots = max(DAY // panel.freq.seconds, 1) if panel.freq.seconds else 1
    found = np.ones((len(rules), slots))
    if slots == 1:
        return found
    clock = panel.clock()
    slot, day = clock % DAY // (DAY // slots), clock // DAY
    mean = np.bincount(panel.owner, np.nan_to_num(base), panel.count) / np.maximum(panel.lengths, 1)
    unit = np.maximum(base, SMALL * mean[panel.owner]) if seen.relative else seen.scale[panel.owner]
    away = (panel.y - base) / np.where(unit > 0, unit, np.nan)
    known = np.asarray(np.isfinite(away))
    noise = np.array([SIGMA * np.median(np.abs(away[known & (slot == s)])) if (known & (slot == s)).any() else 0.0
                      for s in range(slots)]) ** 2  # fmt: skip
    stamps, at = np.unique(day, return_inverse=True)
    held = holding(rules, stamps)
    for k in range(len(rules)):
        mine = known & held[at, k]
        n = np.maximum(np.bincount(slot[mine], minlength=slots), 1)
        apart = np.bincount(slot[mine], away[mine], slots) / n - size[k]
        signal = max(float(np.mean(apart**2 - noise / n)), 0.0)
        share = signal / np.maximum(signal + noise / n, 1e-300)
        if abs(size[k]) > 0:
            found[k] = 1.0 + share * apart / size[k]
    return found
