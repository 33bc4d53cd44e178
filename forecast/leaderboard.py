"""compare: learners on the same folds. Leaderboard: how they did, and every forecast they made."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from featurizers.findings import Finding
from featurizers.panel import Panel, expected
from featurizers.whole import whole
from forecast.attempts import Attempt, Progress, fits, tried
from forecast.backtest import RollingOrigin
from forecast.leaderboard_tables import as_html, as_text, of_failures, of_forecasts, of_learners, of_series
from forecast.metrics import METRICS, Function, Metric, find, together
from forecast.names import entered
from forecast.truth import Outputs, Table, Truth, all_columns, measure
from learners.learner import Learner


@dataclass(frozen=True, eq=False)
class Leaderboard:
    """Learners and how they did on the same folds, the best first.

    Totals are means over the folds, then over series (pooled metrics: over the folds). A forecast that a learner did
    not make counts as the worst that another made of the same series and fold; pooled metrics skip it. A learner that
    failed on every fold stands last.
    """

    panel: Panel = field(repr=False)
    on: RollingOrigin
    metric: Metric  # ranks
    measures: tuple[Metric, ...] = field(repr=False)
    recipes: dict[str, Learner]
    truths: tuple[Truth, ...] = field(repr=False)
    outputs: dict[str, tuple[Outputs, ...]] = field(repr=False)  # per learner and truth; {} where it failed
    scores: dict[str, Table] = field(repr=False)  # learner -> metric -> (truths, series of the panel)
    totals: dict[str, dict[str, float]] = field(repr=False)  # learner -> metric -> over all series
    attempts: tuple[Attempt, ...] = field(repr=False)  # seconds and failures; the forecasts are in `outputs`
    families: Mapping[str, str] = field(default_factory=dict, repr=False)  # learner -> the recipe it is a trial of

    @property
    def names(self) -> list[str]:
        """The learners, the best first."""
        return self.ranked(self.metric)

    @property
    def best(self) -> str:
        """The name of the best learner. ValueError if every learner failed."""
        return self.best_by(self.metric)

    def best_by(self, metric: str | Function | Metric) -> str:
        """The name of the best learner by another metric."""
        wanted = find(metric)
        together(*self.measures, wanted)  # an error, if another one is called so
        best = self.ranked(wanted)[0]
        if not any(self.outputs[best]):
            reasons = "; ".join(f"{a.name}: {a.failure}" for a in self.attempts[:5])
            raise ValueError(f"No learner could be fitted. {reasons}")
        return best

    def ranked(self, metric: Metric) -> list[str]:
        """The learners by a metric, the best first; by mae where the metric is defined for no series."""
        if metric.higher is None:
            raise ValueError(f"Metric {metric.name!r} does not rank learners: neither more nor less of it is better.")
        if self.undefined(metric):
            metric = METRICS["mae"]
        values = self._totals(metric)
        sign = -1 if metric.higher else 1
        score = {name: np.inf if np.isnan(v) else sign * v for name, v in values.items()}
        return sorted(self.recipes, key=lambda n: (not any(self.outputs[n]), score[n], self.missing(n)))

    def undefined(self, metric: Metric) -> bool:
        """Whether a metric is NaN for every learner: defined for no series, as mase of constant ones."""
        return bool(np.isnan(list(self._totals(metric).values())).all())

    def _totals(self, metric: Metric) -> dict[str, float]:
        """Each learner's total; of a metric that needs a band, the mean over the levels."""
        wanted = {name: [c for c, _ in all_columns(metric, self.outputs[name])] for name in self.recipes}
        totals = self.totals
        if any(c not in totals[name] for name, found in wanted.items() for c in found):
            totals = measure(self.truths, self.outputs, [metric], self.panel.count)[1]
        return {n: float(np.mean([totals[n][c] for c in found])) if found else np.nan for n, found in wanted.items()}

    @cached_property
    def tries(self) -> dict[str, list[Attempt]]:
        """The attempts of each learner, one a fold."""
        found: dict[str, list[Attempt]] = {name: [] for name in self.recipes}
        for attempt in self.attempts:
            found.setdefault(attempt.name, []).append(attempt)
        return found

    def family(self, name: str) -> str:
        """The recipe that a learner is a trial of: itself, where nothing was searched."""
        return self.families.get(name, name)

    def missing(self, name: str) -> int:
        """How many times the learner had no forecast for a series of a fold, failures aside."""
        return sum(t.missing(o) for t, o in zip(self.truths, self.outputs[name], strict=True) if o)

    def residuals(self, name: str) -> tuple[tuple[Truth, np.ndarray], ...]:
        """actual - forecast of the learner in each fold that it forecast: (series, horizon)."""
        pairs = zip(self.truths, self.outputs[self._known(name)], strict=True)
        return tuple((t, t.actual - o["forecast"]) for t, o in pairs if o)

    def _known(self, name: str | None) -> str:
        name = self.best if name is None else name
        if name not in self.recipes:
            raise ValueError(f"There is no learner {name!r} on this leaderboard; there are {', '.join(self.recipes)}.")
        return name

    def joined(self, name: str, learner: Learner, outputs: tuple[Outputs, ...]) -> Leaderboard:
        """The same with one more learner, whose forecasts of each fold are known already: a blend of others."""
        scores, totals = measure(self.truths, {name: outputs}, self.measures, self.panel.count)
        attempts = tuple(Attempt(name, t.number) for t in self.truths)
        return replace(
            self, recipes={**self.recipes, name: learner}, outputs={**self.outputs, name: outputs},
            scores={**self.scores, **scores}, totals={**self.totals, **totals}, attempts=self.attempts + attempts,
        )  # fmt: skip

    def only(self, names: Sequence[str]) -> Leaderboard:
        """The same with these learners alone."""
        return replace(
            self,
            recipes={n: self.recipes[n] for n in names},
            outputs={n: self.outputs[n] for n in names},
            scores={n: self.scores[n] for n in names},
            totals={n: self.totals[n] for n in names},
            attempts=tuple(a for a in self.attempts if a.name in names),
        )

    def frame(self, seconds: bool = True) -> pd.DataFrame:
        """One row a learner, the best first: every metric, missing forecasts, seconds, and why it failed.

        Without `seconds` it is the same whenever the same learners are compared.
        """
        names = self.names
        totals = {name: self.totals[name] for name in names}
        missing = {name: self.missing(name) for name in names}
        return of_learners(totals, self._measured(), missing=missing, tries=self.tries, seconds=seconds)

    def series(self) -> pd.DataFrame:
        """One row a learner and series: the keys, and every metric as its mean over the folds."""
        return of_series(self.panel, {name: self.scores[name] for name in self.names}, self._measured())

    def forecasts(self, name: str | None = None) -> pd.DataFrame:
        """The learner's forecasts (None: the best one's) beside what came: keys, fold, cutoff, time, actual, ..."""
        return of_forecasts(self.panel, self.truths, self.outputs[self._known(name)])

    def failures(self) -> pd.DataFrame:
        """learner, fold (from 0, as in `forecasts`), reason: one row for each fold on which a learner failed."""
        return of_failures(self.attempts)

    def _measured(self) -> list[str]:
        """The columns of scores, the one that ranks first."""
        found = dict.fromkeys(m for totals in self.totals.values() for m in totals)
        return sorted(found, key=lambda m: not self.metric.owns(m))

    def __str__(self) -> str:
        shown = self.frame().drop(columns=["failure"])
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        failed = [f"{a.name} failed on fold {a.fold + 1}: {a.failure}" for a in self.attempts if a.failure]
        return "\n".join([as_text(shown, width), *failed])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return as_html(self.frame())


def compare(
    panel: Panel, learners: Mapping[str, Learner] | Sequence[Learner] | Learner, on: RollingOrigin,
    metric: str | Function = "mase", *, metrics: Iterable[str | Function] = (), season: int | None = None,
    progress: Progress | None = None,
) -> Leaderboard:  # fmt: skip
    """Fit and score every learner on every fold; a learner that fails is a row with its reason.

    All known metrics are measured, and `metrics` besides; `metric` ranks. `season` (of mase and rmsse) is the
    frequency's own unless given. `progress(done, total, what)` is called as results come in. The work runs through
    `each`, so `with processes(n):` spreads it; the result is the same, the seconds aside. ValueError if there is no
    learner or metric of such a name, or no series is long enough for a fold.

    >>> from forecast import Naive, SeasonalNaive, datasets
    >>> table = datasets.load("air_passengers_monthly")
    >>> panel = Panel.read(table, **table.attrs["roles"])
    >>> board = compare(panel, {"last": Naive(), "seasonal": SeasonalNaive(12)}, RollingOrigin(horizon=12))
    >>> board.best, round(board.totals["seasonal"]["mase"], 2)
    ('seasonal', 1.21)
    """
    expected(panel, "compare")
    if not isinstance(on, RollingOrigin):
        raise TypeError(f"Learners are compared on RollingOrigin(horizon=..., folds=...), not on {on!r}.")
    recipes = entered(learners)
    if not recipes:
        raise ValueError("There is no learner to compare.")
    first = find(metric)
    wanted = together(first, *metrics)
    folds = tuple(on.split(panel))
    season = panel.freq.season if season is None else whole(season, "The season")
    truths = tuple(Truth.of(fold, season) for fold in folds)
    items = [(name, k) for name, recipe in recipes.items() for k in fits(recipe, on.refit, range(len(folds)))]
    attempts = tried(folds, recipes, items, progress)
    return scored(panel, on, first, wanted, recipes, truths, attempts)


def scored(
    panel: Panel, on: RollingOrigin, metric: Metric, metrics: tuple[Metric, ...], recipes: dict[str, Learner],
    truths: tuple[Truth, ...], attempts: Sequence[Attempt], families: Mapping[str, str] | None = None,
) -> Leaderboard:  # fmt: skip
    """The leaderboard of what was tried; a fold that a learner did not try is one without forecasts."""
    by_fold = {(a.name, a.fold): a.outputs for a in attempts}
    outputs = {name: tuple(by_fold.get((name, truth.number), {}) for truth in truths) for name in recipes}
    scores, totals = measure(truths, outputs, metrics, panel.count)
    slim = tuple(replace(a, outputs={}) for a in attempts)
    return Leaderboard(panel, on, metric, metrics, recipes, truths, outputs, scores, totals, slim, families or {})


def failed(board: Leaderboard) -> list[Finding]:
    """The learners that failed, each with its first reason."""
    first = {a.name: a for a in reversed(board.attempts) if a.failure}
    count = Counter(a.name for a in board.attempts if a.failure)
    return [
        Finding("learner_failed", "alerted", f"{name} failed on fold {a.fold + 1}: {a.failure}", column=name,
                count=count[name])
        for name, a in sorted(first.items())
    ]  # fmt: skip


def unranked(board: Leaderboard, where: str = "") -> list[Finding]:
    """That another metric than the one asked for ranks."""
    if not board.undefined(board.metric):
        return []
    text = f"The metric {board.metric.name!r} is NaN for every learner{where}: 'mae' ranks them in its place."
    return [Finding("undefined_metric", "alerted", text)]
