"""Annual: whether the series of a panel have waves of a year."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.special import fdtrc

from featurizers.panel import Panel
from forecast.evidence import MOST, some

ROUNDS = 2  # waves of the year that are looked at
BEYOND = 0.45  # rounds of a year below the first, and above the last, within which other waves lie
APART = 0.75  # of the least distance of waves that a series can tell apart
CHANCE = 0.05  # below which a year is there
ROUNDING = 1e-9  # of the largest value: smaller changes are none
STRAY = 5.0  # spreads beyond which changes are held


def yearly(panel: Panel, year: float, season: int = 1) -> bool:
    """Whether series have the first waves of a year of so many rows: chance seldom makes them explain so much more than
    waves of other lengths do."""
    return chance(panel, year, season) < CHANCE


def chance(panel: Panel, year: float, season: int = 1) -> float:
    """How often chance would make the waves of a year explain so much more of the panel than others: the F test of a
    single series with as many degrees of freedom as series go their own ways; 1 where no series has two years.

    The series are without a line and their `season`; of what remains the first autocorrelation is taken out, so that
    in walks waves of all lengths are alike.
    Sources: Brockwell & Davis (1991), Time Series: Theory and Methods, section 10.2, for the test of a frequency;
    Bretherton et al. (1999), The effective number of spatial degrees of freedom of a time-varying field, Journal of
    Climate 12, for how many series go their own ways.
    """
    panel = some(panel, MOST)
    panel = panel.where(panel.lengths >= 2 * year)
    stamps, place = np.unique(panel.times, return_inverse=True)
    changes, powers = np.zeros((panel.count, len(stamps))), []
    for i, (begin, end) in enumerate(pairwise(panel.indptr.tolist())):
        change = _changes(panel.y[begin:end], season)
        if change.any():
            changes[i, place[begin + 1 : end]] = change
            powers.append(_powers(change, year))
    if not powers:
        return 1.0
    alike = np.corrcoef(changes[changes.any(axis=1)]).reshape(len(powers), -1)
    ways = len(powers) ** 2 / float((alike**2).sum())
    ratio = np.mean([own.mean() for own, _ in powers]) / np.mean([others.mean() for _, others in powers])
    least = min(len(others) for _, others in powers)
    return float(fdtrc(2 * ROUNDS * ways, 2 * least * ways, ratio))


def _changes(y: np.ndarray, season: int) -> np.ndarray:
    """What remains of a series without a line, its season and its first autocorrelation, of unit variance, (rows - 1,);
    zeros where nothing does."""
    row, known = np.arange(len(y)), np.isfinite(y)
    none = np.zeros(len(y) - 1)
    if not known.any():
        return none
    y = np.interp(row, row[known], y[known])
    columns = [np.ones(len(y)), row / len(y), *(row % season == k for k in range(1, season))]
    table = np.stack(columns, axis=1).astype(np.float64)
    left = y - table @ np.linalg.lstsq(table, y)[0]
    squares = float(left[:-1] @ left[:-1])
    change = left[1:] - np.clip(left[1:] @ left[:-1] / squares, 0.0, 1.0) * left[:-1] if squares > 0 else none
    change = change - change.mean()
    spread = float(np.median(np.abs(change)))
    if spread <= ROUNDING * float(np.abs(y).max()):
        return none
    change = np.clip(change / spread, -STRAY, STRAY)
    return np.asarray(change / change.std())


def _powers(change: np.ndarray, year: float) -> tuple[np.ndarray, np.ndarray]:
    """What each wave of the year explains, and each other one that can be told from these."""
    apart, rounds = year / len(change), np.arange(1, ROUNDS + 1)
    places = np.arange(BEYOND, ROUNDS + BEYOND + 1e-9, apart)
    others = places[np.abs(places[:, None] - rounds).min(axis=1) > APART * apart]
    angle = 2 * np.pi / year * np.arange(len(change))[:, None] * np.concatenate([rounds, others])
    power = (change @ np.cos(angle)) ** 2 + (change @ np.sin(angle)) ** 2
    return power[:ROUNDS], power[ROUNDS:]
