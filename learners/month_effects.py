"""Trading-day effects: what the weekdays that months and quarters have, leap days and Easter do to a panel.

Source: Bell & Hillmer (1983), Modeling time series with calendar variation, Journal of the American Statistical
Association 78.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from featurizers.clock import DAY, Clock, first_day
from featurizers.frequency import Frequency
from featurizers.panel import Panel
from learners.draws import evenly
from learners.mstl_fit import SHORTEST, decomposed
from learners.spans import Spans
from learners.year_days import WEEKDAYS, easter
from learners.year_effects import FAR, RIDGE, ROWS, Departures, Effects, departures, plain, regressed

TRADING, EASTER = (*WEEKDAYS, "02-29"), "easter"  # the first are told of together, as months have all of them
RULES = (*TRADING, EASTER)
BEFORE = 8  # days before Easter Sunday on which it is prepared for
GREGORIAN = 400  # years after which weekdays and leap days come round
LONGEST = 3  # months: longer periods have nearly the same weekdays
YEARS = 5  # of which so many effects can be told apart
WINDOW = 11  # years that a season is smoothed over
CLEAR, DRAWS = 5.0, 40  # standard deviations by which the calendar explains more than made-up ones
MONTH = 30.436875  # days
# Lengths of their weeks, in days, without those that come round with months as real ones do.
WEEKS = np.linspace(5.0, 12.0, 701)
WEEKS = WEEKS[np.abs(np.abs((MONTH / WEEKS) % 1 - 0.5) - 0.5 + MONTH / 7 % 1) > 0.05]
DOUBT = 2.0  # times what chance explains of a series, which is taken off what its own effects do
PASSES = 3  # that what is usual is found anew, without the effects


def monthly(freq: Frequency) -> bool:
    """Whether rows are months, or two or three of them."""
    return freq.months is not None and freq.months <= LONGEST


def composition(rules: tuple[str, ...], days: np.ndarray, freq: Frequency) -> np.ndarray:
    """What the periods of the stamps `days` (since 1970, int64) have of each rule, less what they have on average at
    that time of the year: (periods, rules). Weekdays: their number less a seventh of all days; "02-29": days; "easter":
    the share of the eight days before Easter Sunday. ValueError for what is none of these.

    >>> days = np.array(["2024-02-01", "2024-03-01"], "datetime64[D]").astype(np.int64)
    >>> composition(("Thu", "02-29", "easter"), days, Frequency.parse("MS")).round(2).tolist()
    [[0.86, 0.76, 0.0], [-0.43, 0.0, 0.62]]
    """
    if wrong := [rule for rule in rules if rule not in RULES]:
        raise ValueError(f"{wrong[0]!r} is nothing that months differ in: write {', '.join(map(repr, RULES))}.")
    return np.asarray(_compositions(_first(days, freq), freq)[:, [RULES.index(rule) for rule in rules]])


def _first(days: np.ndarray, freq: Frequency) -> np.ndarray:
    """The first months of the periods with these stamps, since January 1970."""
    months = Clock(days * DAY).months
    return np.asarray(months - (freq.months - 1 if freq.months and freq.ends else 0))


def _compositions(first: np.ndarray, freq: Frequency, week: float = 7.0) -> np.ndarray:
    """Of the periods that begin with these months, less their average, (periods, all rules)."""
    width = freq.months or 1
    return np.asarray(_measures(first, width, week) - _average(width)[first % 12])


def _measures(first: np.ndarray, width: int, week: float = 7.0) -> np.ndarray:
    """Of the periods of `width` months that begin with the months `first` (since January 1970), (periods, rules). In a
    made-up calendar the seven parts of a `week` are not days."""
    begin, end = (first_day(1970 + month // 12, month % 12 + 1)[:, None] for month in (first, first + width))
    length, sunday = end - begin, easter(1970 + first // 12)[:, None]
    before = np.clip(sunday, begin, end) - np.clip(sunday - BEFORE, begin, end)
    return np.hstack([_passed(end, week) - _passed(begin, week) - length / 7, length, before / BEFORE])


def _passed(days: np.ndarray, week: float) -> np.ndarray:
    """How many of each weekday there were between Monday, 1969-12-29, and `days` (periods, 1): (periods, 7)."""
    part, since = week / 7, days + 3
    return np.asarray(since // week * part + np.clip(since % week - np.arange(7) * part, 0, part))


@lru_cache
def _average(width: int) -> np.ndarray:
    """What periods that begin in each month of the year have on average, (12, rules)."""
    return np.asarray(_measures(np.arange(12 * GREGORIAN), width).reshape(GREGORIAN, 12, -1).mean(axis=0))


def month_effects(panel: Panel, rules: tuple[str, ...] | None = None) -> Effects:
    """The effects of these rules; None: of those that can be told.

    An effect is that on the mean of all series, by ridge regression of what trend and season leave (STL); each series
    moves towards what it has itself seen, as far as that is more than chance (James & Stein, positive part). Of very
    large panels some series speak for all.
    """
    some = panel.where(evenly(panel.count, max(int(ROWS * panel.count / max(len(panel), 1)), 1)))
    seen = _departures(some, some)
    rules = _telling(seen, some.freq) if rules is None else tuple(map(str, rules))
    if not rules:
        return Effects((), seen.relative, np.zeros((panel.count, 0)), np.zeros((0, 1)))
    held = composition(rules, some.clock() // DAY, some.freq)
    sizes = _sizes(seen, rules, some.freq)
    for _ in range(PASSES):  # a season that is smoothed over few years takes a part of them with it
        effect = (held * sizes[some.owner]).sum(axis=1) * seen.scale[some.owner]
        clear = some.with_columns(**{some.target: plain(some.y, effect, seen.relative)})
        seen = _departures(some, clear)
        sizes = _sizes(seen, rules, some.freq)
    if panel.count > some.count:
        sizes = np.tile(_shared(seen, rules, some.freq), (panel.count, 1))
    scale = seen.scale if panel.count == some.count else np.full(panel.count, np.nanmedian(seen.scale))
    return Effects(rules, seen.relative, sizes * np.nan_to_num(scale)[:, None], np.ones((len(rules), 1)))


def _departures(panel: Panel, clear: Panel) -> Departures:
    """How far the rows of `panel` are from trend and season of `clear`, the same one without effects; what is farther
    than five spreads away is held there."""
    positive = bool(np.nanmin(clear.y, initial=1.0) > 0)
    if positive:
        clear = clear.with_columns(**{clear.target: np.log(clear.y)})
    spans = Spans.of(clear)
    usual = decomposed(clear, spans, spans.learnable(SHORTEST), {clear.freq.season: WINDOW}, robust=False).sum(axis=0)
    seen = departures(panel, np.exp(usual) if positive else usual)
    reach = (FAR * seen.spread)[seen.series]
    return replace(seen, away=np.clip(seen.away, -reach, reach))


def _telling(seen: Departures, freq: Frequency) -> tuple[str, ...]:
    """The rules that explain more of what is left than chance does: than weeks of other lengths, and than an Easter of
    another year in each year."""
    days, at = np.unique(seen.day, return_inverse=True)
    if not len(days) or len(days) < YEARS * freq.season:
        return ()
    spread, used = seen.spread[seen.series], np.isfinite(seen.away)
    left = np.zeros((len(seen.spread), len(days)))
    left[seen.series[used], at[used]] = (seen.away / np.where(spread > 0, spread, np.inf))[used]
    rng, first = np.random.default_rng(0), _first(days, freq)
    year = (first - first.min()) // 12
    weeks = rng.choice(WEEKS, DRAWS, replace=False)
    moves = 12 * rng.integers(1, GREGORIAN, (DRAWS, year.max() + 1))
    made_up = {TRADING: [_compositions(first, freq, week) for week in weeks],
               (EASTER,): [_compositions(first + move[year], freq) for move in moves]}  # fmt: skip
    found: tuple[str, ...] = ()
    for rules, others in made_up.items():
        columns = [RULES.index(rule) for rule in rules]
        bases = [_basis(calendar[:, columns]) for calendar in (_compositions(first, freq), *others)]
        mine, *chance = (float(((left @ basis) ** 2).sum()) for basis in bases)
        if mine > max(max(chance), float(np.mean(chance) + CLEAR * np.std(chance))):
            found += rules
            left -= left @ bases[0] @ bases[0].T
    return found


def _basis(columns: np.ndarray) -> np.ndarray:
    """Orthonormal columns that span the same."""
    u, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(u[:, sizes > 1e-9 * max(sizes.max(initial=0.0), 1e-9)])


def _shared(seen: Departures, rules: tuple[str, ...], freq: Frequency) -> np.ndarray:
    """The effects on the mean of all series, (rules,)."""
    days, away = seen.pooled()
    return regressed(composition(rules, days, freq), away)


def _sizes(seen: Departures, rules: tuple[str, ...], freq: Frequency) -> np.ndarray:
    """The effects on each series, (series, rules)."""
    size, count = _shared(seen, rules, freq), len(seen.spread)
    days, at = np.unique(seen.day, return_inverse=True)
    held, used = composition(rules, days, freq), np.isfinite(seen.away)
    there, left = np.zeros((2, count, len(days)))
    there[seen.series[used], at[used]] = 1.0
    left[seen.series[used], at[used]] = (seen.away - held[at] @ size)[used]
    squares = (there @ (held[:, :, None] * held[:, None, :]).reshape(len(days), -1)).reshape(count, len(rules), -1)
    products = (left @ held)[:, :, None]
    own = np.linalg.solve(squares + RIDGE * np.eye(len(rules)), products)
    explained = (own * products)[:, :, 0].sum(axis=1) / np.where(seen.spread > 0, seen.spread, np.inf) ** 2
    share = np.maximum(1.0 - DOUBT * len(rules) / np.maximum(explained, 1e-300), 0.0)
    return np.asarray(size + share[:, None] * own[:, :, 0])
