"""The native fit of Ets: which forms each series allows, and the numbers that the kernel finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np

from featurizers.arrays import State
from featurizers.panel import Panel
from learners.ets import SHORTEST, Ets, EtsModel
from learners.ets_bands import TURNING, widening
from learners.local import assembled
from learners.place import name_of
from learners.spans import Spans

NUMBERS = ("alpha", "beta", "gamma", "phi", "level", "trend", "form", "likelihood", "criterion", "variance", "spare")
JUDGED = 4  # the last of them may be infinite
DOUBTS = 12  # numbers behind the season, before those of each of its terms
TREND = 10  # values that a trend needs in a form that is not chosen by its criterion

# Bits of forms: error * 9 + trend * 3 + season.
ADDITIVE = sum(1 << trend * 3 + season for trend in range(3) for season in (0, 1))
POSITIVE = sum(1 << 9 + form for form in range(9))
SEASONLESS = sum(1 << form for form in range(0, 18, 3))
SIMPLE = 1  # neither trend nor season, additive errors

SHORT = "is shorter than two seasons: {} without a season."

Notes: TypeAlias = dict[int, list[str]]  # series -> what was left out of its form


def form_bit(error: np.ndarray | int, trend: np.ndarray | int, season: np.ndarray | int) -> np.ndarray:
    """The kernel's bit of a form: error 0 add, 1 mul; trend 0 none, 1 add, 2 damped; season 0 none, 1 add, 2 mul."""
    bits: np.ndarray = np.left_shift(1, np.asarray(error) * 9 + np.asarray(trend) * 3 + np.asarray(season))
    return bits


@cache
def letters(form: int) -> str:
    """A form as the taxonomy writes it.

    >>> letters(9 + 2 * 3 + 1)
    'MAdA'
    """
    return "" if form < 0 else "AM"[form // 9] + ("N", "A", "Ad")[form // 3 % 3] + "NAM"[form % 3]


@dataclass(frozen=True, eq=False)
class EtsFit:
    """A panel to be fitted, and what is to be known of its series."""

    panel: Panel
    spans: Spans
    season: int
    learner: str
    levels: tuple[float, ...] = ()
    searched: bool = False  # whether the form is to be found

    @classmethod
    def of(
        cls, panel: Panel, season: int, learner: str, levels: Iterable[float] = (), searched: bool = False
    ) -> EtsFit:
        return cls(panel, Spans.of(panel), season, learner, tuple(levels), searched)

    def name(self, i: int) -> str:
        return name_of(self.panel, i)

    def model(self, allowed: Callable[[EtsFit], tuple[np.ndarray, Notes]]) -> EtsModel:
        """`allowed` gives the bits of the forms that each series may have."""
        learnable = self.spans.learnable(SHORTEST)
        bits, notes = allowed(self)
        bits = np.where(learnable, bits, 0)
        table = self._fitted(bits)
        usable = self._usable(table)
        simple = learnable & ~usable & (bits != SIMPLE)
        if simple.any():
            table[simple] = self._fitted(np.where(simple, SIMPLE, 0))[simple]
            usable = self._usable(table)
            for i in np.flatnonzero(simple & usable).tolist():
                text = f"{self.name(i)}: {self.learner} failed; it is simple exponential smoothing."
                notes.setdefault(i, []).append(text)
        for i in np.flatnonzero(~usable).tolist():
            table[i] = np.pad(self._repeats(i, bool(learnable[i]), notes), (0, table.shape[1] - len(NUMBERS)))
        forms = tuple(map(letters, table[:, NUMBERS.index("form")].astype(np.int64).tolist()))
        report = (" ".join(notes[i]) for i in sorted(notes))
        memory = self._memory(table)
        return assembled(EtsModel, self.panel, memory, report, forms=forms, levels=self.levels)

    def _fitted(self, bits: np.ndarray) -> np.ndarray:
        """The kernel's numbers of each series, NaN where it has no bits."""
        from learners._kernels import fit_ets

        y, starts, threads = self.spans.values, self.spans.starts, self.spans.threads
        return fit_ets(y, starts, bits, self.season, threads, doubts=bool(self.levels), searched=self.searched)

    def _memory(self, table: np.ndarray) -> State:
        """The kernel's numbers as the memory of `EtsModel`."""
        season = self.season
        columns = {name: np.ascontiguousarray(table[:, i : i + 1]) for i, name in enumerate(NUMBERS)}
        multiplies = (columns["form"] >= 0) & (columns["form"] % 3 == 2)
        memory = {f"ets.{name}": columns[name] for name in ("alpha", "beta", "gamma", "phi")}
        memory |= {
            "ets.multiplies": multiplies.astype(np.float64),
            "ets.level": columns["level"],
            "ets.trend": columns["trend"],
            "ets.season": np.ascontiguousarray(table[:, len(NUMBERS) : len(NUMBERS) + season]),
        }
        if not self.levels:
            return memory
        behind = np.split(table[:, len(NUMBERS) + season :], DOUBTS + season * np.arange(len(TURNING)), axis=1)
        memory |= {
            "ets.relative": (columns["form"] >= 9).astype(np.float64),
            "ets.variance": columns["variance"],
            "ets.spare": columns["spare"],
            "ets.widening": np.where(
                columns["form"] < 0,
                0.0,
                widening(np.maximum(columns["form"].astype(np.int64), 0) // 3 % 3, columns["spare"], self.searched),
            ),
        }
        return memory | {
            f"ets.{n}": np.ascontiguousarray(part) for n, part in zip(("doubt", *TURNING), behind, strict=True)
        }

    def _usable(self, table: np.ndarray) -> np.ndarray:
        """Whether each series has numbers to forecast from."""
        numbers, season = table[:, : len(NUMBERS) - JUDGED], table[:, len(NUMBERS) : len(NUMBERS) + self.season]
        usable: np.ndarray = np.isfinite(numbers).all(axis=1) & np.isfinite(season).all(axis=1)
        return usable & (table[:, NUMBERS.index("form")] >= 0)

    def _repeats(self, i: int, learnable: bool, notes: Notes) -> np.ndarray:
        """The numbers of a random walk from the first known value.

        Of a single value nothing but its size can be told (see `learners.spread.supposed`).
        """
        if learnable:
            notes.setdefault(i, []).append(f"{self.name(i)}: {self.learner} failed; it repeats its last value.")
        else:
            notes[i] = [self.spans.repeating(self.panel, i, SHORTEST, self.learner).note]
        values = self.spans.values[self.spans.starts[i] : self.spans.starts[i + 1]]
        known = values[~np.isnan(values)]
        moves = np.diff(known) if len(known) > 1 else known
        numbers = {"alpha": 1.0, "phi": 1.0, "level": self.spans.first[i], "form": -1.0}
        numbers |= {"variance": float(np.mean(moves**2)) if len(moves) else 0.0, "spare": float(max(len(moves), 1))}
        return np.array([numbers.get(name, 0.0) for name in NUMBERS])


def one_form(recipe: Ets) -> Callable[[EtsFit], tuple[np.ndarray, Notes]]:
    """The form of `recipe`, without what the series does not allow."""

    def allowed(fit: EtsFit) -> tuple[np.ndarray, Notes]:
        spans, notes = fit.spans, Notes()
        shape = spans.rows.shape
        error = np.full(shape, int(recipe.error == "mul"))
        trend = np.full(shape, 0 if recipe.trend is None else 2 if recipe.damped else 1)
        asked = recipe.season > 1 and recipe.seasonal is not None
        season = np.full(shape, 0 if not asked else 2 if recipe.seasonal == "mul" else 1)
        learnable = spans.learnable(SHORTEST)

        def left_out(where: np.ndarray, why: str) -> np.ndarray:
            for i in np.flatnonzero(where & learnable).tolist():
                notes.setdefault(i, []).append(f"{fit.name(i)} {why}")
            return where

        short = left_out((season > 0) & (spans.rows < max(2 * recipe.season, TREND)), SHORT.format("Ets"))
        season[short] = 0
        multiplies = (error == 1) | (season == 2)
        negative = left_out(multiplies & ~(spans.lowest > 0), "has values of zero or less: Ets is additive.")
        error[negative], season[negative] = 0, np.minimum(season[negative], 1)
        few = left_out((trend > 0) & (spans.rows < TREND), f"is shorter than {TREND} rows: Ets without a trend.")
        trend[few] = 0
        return form_bit(error, trend, season), notes

    return allowed


def all_forms(fit: EtsFit) -> tuple[np.ndarray, Notes]:
    """Every form that a series allows."""
    spans, notes = fit.spans, Notes()
    positive, seasons = spans.lowest > 0, (spans.rows >= 2 * fit.season) & (fit.season > 1)
    bits = np.where(positive, POSITIVE | ADDITIVE, ADDITIVE) & np.where(seasons, -1, SEASONLESS)
    bits[spans.known == SHORTEST] = SIMPLE  # too few for the criterion
    if fit.season > 1:
        for i in np.flatnonzero(~seasons & spans.learnable(SHORTEST)).tolist():
            notes[i] = [f"{fit.name(i)} {SHORT.format(fit.learner)}"]
    return bits, notes
