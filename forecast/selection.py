"""Selection: Caruana's greedy choice of weights, on forecasts that are there already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from forecast.leaderboard import Leaderboard
from forecast.means import mean_of, seasonal_scale
from forecast.metrics import Metric, find
from forecast.truth import Truth, filled, measure
from learners.draws import evenly

POWER = {"mae": 1, "mase": 1, "wape": 1, "rmse": 2, "rmsse": 2}  # metrics that are means of powers of the error
MOST = 50_000  # points of which weights are made
SCALED = ("mase", "rmsse")
START, NEAR = 5, 0.05  # learners that greedy choice begins with at most, and how far behind the best they may be
GREEDY = 0.1  # of the weights are chosen greedily
LEAST = 0.03  # a weight below that is none: each costs a training
POWER_OF_ERROR, CLOSE = 4, 0.5  # of which the others are the inverse, and how far a learner may be behind to have one


@dataclass(frozen=True, eq=False)
class Candidates:
    """The forecasts of learners on the folds, end to end.

    A point is a step of a series of a fold; points whose actual is not known are left out.
    """

    board: Leaderboard
    names: list[str]
    metric: Metric
    forecasts: np.ndarray = field(repr=False)  # (learners, points), 0 where missing
    there: np.ndarray = field(repr=False)  # (learners, points) bool
    actual: np.ndarray = field(repr=False)  # (points,)
    path: np.ndarray = field(repr=False)  # (points,): fold x series of the panel
    size: np.ndarray = field(repr=False)  # (paths,): what the error of a path is divided by; NaN: it does not count
    worst: np.ndarray = field(repr=False)  # (paths,): the score of a path without forecasts
    share: np.ndarray | None = field(repr=False)  # (points,): of an error in the metric, where it is a sum of errors

    @classmethod
    def of(cls, board: Leaderboard, names: Sequence[str], metric: Metric) -> Candidates:
        seen = [~np.isnan(t.actual) for t in board.truths]
        count = board.panel.count
        tables = [[o["forecast"][s] if o else np.full(int(s.sum()), np.nan)
                   for o, s in zip(board.outputs[n], seen, strict=True)] for n in names]  # fmt: skip
        forecasts = np.array([np.concatenate(t) for t in tables])
        numbers = [np.broadcast_to((k * count + t.series)[:, None], t.actual.shape)[s]
                   for k, (t, s) in enumerate(zip(board.truths, seen, strict=True))]  # fmt: skip
        size, worst = np.ones(len(board.truths) * count), np.full(len(board.truths) * count, np.nan)
        if metric.name in SCALED:
            for k, t in enumerate(board.truths):
                size[k * count + t.series] = _scales(t, POWER[metric.name])
        scored = [board.scores[n][metric.name].ravel() for n in names if metric.name in board.scores[n]]
        if scored and metric.name in POWER:
            worst = np.max([np.where(np.isnan(s), -np.inf, s) for s in scored], axis=0)
            worst = np.where(np.isinf(worst), np.nan, worst)
        there, path = ~np.isnan(forecasts), np.concatenate(numbers)
        actual = np.concatenate([t.actual[s] for t, s in zip(board.truths, seen, strict=True)])
        share = _share(metric, path, size.reshape(len(board.truths), -1), actual) if there.all() else None
        return cls(board, list(names), metric, np.where(there, forecasts, 0.0), there, actual, path, size, worst, share)

    def where(self, series: np.ndarray) -> Candidates:
        """Those of some series alone, a mask."""
        count = self.board.panel.count
        at = series[self.path % count]
        size = np.where(np.tile(series, len(self.board.truths)), self.size, np.nan)
        share = None if self.share is None else self.share[at]
        return replace(self, forecasts=self.forecasts[:, at], there=self.there[:, at], actual=self.actual[at],
                       path=self.path[at], size=size, share=share)  # fmt: skip

    def thinned(self, parts: int = 1) -> Candidates:
        """Of very many points those of series that are evenly spread, which tell as much; of each of so many parts of a
        panel so many fewer."""
        count, most = self.board.panel.count, MOST // parts
        if self.actual.size <= most:
            return self
        there = np.unique(self.path % count)
        some = evenly(len(there), max(len(there) * most // self.actual.size, 1))
        return self.where(np.isin(np.arange(count), there[some]))

    @property
    def views(self) -> tuple[Candidates, ...]:
        """The candidates as the metric sees them; and as WAPE does, where the metric is MASE: the one lets all series
        count alike, the other by their size, so that what chance decides in one of them does not decide in both."""
        if self.metric.name != "mase":
            return (self,)
        pooled, folds = find("wape"), len(self.board.truths)
        share = _share(pooled, self.path, self.size.reshape(folds, -1), self.actual) if self.there.all() else None
        return self, replace(self, metric=pooled, share=share)

    @cached_property
    def alone(self) -> np.ndarray:
        """The metric of each learner, (learners,), the less the better."""
        return np.array([self.cost(f, t.astype(np.float64)) for f, t in zip(self.forecasts, self.there, strict=True)])

    def paths(self, total: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """The score of each path, (folds, series), of the mean `total / weight`, (points,) each."""
        with np.errstate(invalid="ignore", divide="ignore"):
            error = np.abs(self.actual - total / weight)
        lost = weight == 0
        power = POWER[self.metric.name]
        error = np.where(lost, 0.0, error if power == 1 else error * error)
        paths = len(self.size)
        count = np.bincount(self.path, minlength=paths)
        missing = np.bincount(self.path, lost, paths) > 0 if lost.any() else np.zeros(paths, bool)
        with np.errstate(invalid="ignore", divide="ignore"):
            score = np.bincount(self.path, error, paths) / np.where(count > 0, count, np.nan)
            score = (score if power == 1 else np.sqrt(score)) / self.size
        score = np.where(missing, self.worst, score)
        return score.reshape(len(self.board.truths), -1)

    def cost(self, total: np.ndarray, weight: np.ndarray) -> float:
        """The metric of the mean, the less the better; infinite where it is not defined."""
        name = self.metric.name
        if self.share is not None:
            return float(self.share @ np.abs(self.actual - total / weight))
        if name not in POWER:
            return self._measured(total, weight)
        if name == "wape":
            seen = weight > 0
            fold = self.path[seen] // self.board.panel.count
            folds = len(self.board.truths)
            error = np.bincount(fold, np.abs(self.actual[seen] - total[seen] / weight[seen]), folds)
            size = np.bincount(fold, np.abs(self.actual[seen]), folds)
            cost = float(np.mean(error[size > 0] / size[size > 0])) if (size > 0).any() else np.nan
        else:
            cost = float(mean_of(mean_of(self.paths(total, weight), axis=0), axis=0))
        return np.inf if np.isnan(cost) else cost

    def _measured(self, total: np.ndarray, weight: np.ndarray) -> float:
        """The same for any metric, by its function."""
        board, metric, at, outputs = self.board, self.metric, 0, []
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(weight > 0, total / weight, np.nan)
        for truth in board.truths:
            seen = ~np.isnan(truth.actual)
            table = np.full(truth.actual.shape, np.nan)
            table[seen] = mean[at : at + int(seen.sum())]
            at += int(seen.sum())
            outputs.append({"forecast": table})
        scores, totals = measure(board.truths, {"": tuple(outputs)}, [metric], board.panel.count)
        costs = []
        for column, found in totals[""].items():
            others = {n: t[column] for n, t in board.scores.items() if column in t}
            if others and not metric.pooled:  # what the mean lacks counts as it does on the board
                table = filled({**others, "": scores[""][column]}, metric)[""]
                found = float(mean_of(mean_of(table, axis=0), axis=0))
            costs.append(found)
        cost = float(np.mean(costs)) if costs else np.nan
        return np.inf if np.isnan(cost) else -cost if metric.higher else cost

    def taken(self, picks: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """The sum of the forecasts of `picks`, and of how many there are, (points,) each."""
        counts = np.bincount(picks, minlength=len(self.names)).astype(np.float64)
        return counts @ self.forecasts, counts @ self.there


def _share(metric: Metric, path: np.ndarray, size: np.ndarray, actual: np.ndarray) -> np.ndarray | None:
    """What an absolute error at each point counts in the metric; None where that is no such sum.

    `size` is (folds, series); the metric is the mean over the folds, then over the series, of those that count.
    """
    if metric.name == "wape":
        fold = path // size.shape[1]
        whole = np.bincount(fold, np.abs(actual), len(size))
        each = np.where(whole > 0, 1 / np.where(whole > 0, whole, 1), 0.0)
        return np.asarray(each[fold] / max(int((whole > 0).sum()), 1))
    if metric.name not in ("mae", "mase"):
        return None
    count = np.bincount(path, minlength=size.size).reshape(size.shape)
    counts = (count > 0) & ~np.isnan(size)
    folds = counts.sum(axis=0)
    if not counts.any():
        return None
    each = count * np.where(counts, size, 1.0) * np.maximum(folds, 1) * (folds > 0).sum()
    return np.asarray(np.where(counts, 1 / np.where(each > 0, each, 1.0), 0.0).ravel()[path])


def _scales(truth: Truth, power: int) -> np.ndarray:
    scale = np.full(len(truth.actual), np.nan)
    for rows, train in truth.trains:
        found = seasonal_scale(train, truth.season, power)
        scale[rows] = np.where(found > 0, found, np.nan)
    return scale if power == 1 else np.sqrt(scale)


def steady(found: Candidates, size: int) -> np.ndarray:
    """Weights that sum to one, (learners,): a tenth of them those of `greedy`, the others by each one's own error.

    Weights that a few folds chose are unsteady. Those that follow the inverse of a power of each learner's error, each
    recipe once however many trials of it there are, waver less: the mean of both is the better forecast. Both are means
    over the candidates' `views`. Small weights are left out.
    Source: Bates & Granger, The combination of forecasts, Operational Research Quarterly 20, 1969; Smith & Wallis, A
    simple explanation of the forecast combination puzzle, Oxford Bulletin of Economics and Statistics 71, 2009.
    """
    found = found.thinned()
    views = found.views
    chosen = np.mean([greedy(view, size) for view in views], axis=0)
    apart = np.exp(np.mean([np.log(_over_best(view.alone)) for view in views], axis=0))
    taken: dict[str, int] = {}
    for i in np.argsort(apart, kind="stable"):
        if apart[i] <= 1 + CLOSE:
            taken.setdefault(found.board.family(found.names[i]), int(i))
    if not taken:
        return np.asarray(chosen)
    at = np.array(list(taken.values()))
    others = np.zeros(len(apart))
    others[at] = apart[at] ** -POWER_OF_ERROR
    weights = GREEDY * chosen + (1 - GREEDY) * others / others.sum()
    kept = np.where(weights < min(LEAST, weights.max() / 2), 0.0, weights)
    return np.asarray(kept / kept.sum())


def _over_best(errors: np.ndarray) -> np.ndarray:
    """Each error over the least of them; infinite where there is none."""
    best = errors.min()
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(np.isfinite(errors), 1.0 + (errors - best) / (abs(best) or 1.0), np.inf))


def greedy(found: Candidates, size: int) -> np.ndarray:
    """Weights that sum to one, (learners,).

    Begins with the best 1 to `START` learners of those within `NEAR` of the best, whichever of these does best; then
    adds, `size` times in all, the learner (again) that helps the mean most; of all means on the way the best is kept.
    """
    found = found.thinned()
    alone = found.alone
    order = np.argsort(alone, kind="stable")
    limit = alone[order[0]] + NEAR * abs(alone[order[0]])
    close = [int(i) for i in order[: min(START, size)] if alone[i] <= limit] or [int(order[0])]
    prefixes = [close[:k] for k in range(1, len(close) + 1)]
    costs = [found.cost(*found.taken(p)) for p in prefixes]
    picks = best = prefixes[int(np.argmin(costs))]
    lowest = min(costs)
    total, weight = found.taken(picks)
    while len(picks) < size:
        costs = [found.cost(total + f, weight + t) for f, t in zip(found.forecasts, found.there, strict=True)]
        at = int(np.argmin(costs))
        picks = [*picks, at]
        total, weight = total + found.forecasts[at], weight + found.there[at]
        if costs[at] < lowest:
            best, lowest = picks, costs[at]
    return np.bincount(best, minlength=len(found.names)) / len(best)


def greedy_each(found: Candidates, size: int, prior: np.ndarray) -> np.ndarray:
    """Weights of each series of the panel, (series, learners), by the mean absolute error of its own points.

    Greedy selection as above, of all series at once, which starts as if the mean with the weights `prior`, (learners,),
    had been chosen half of `size` times: a series that says little stays near them. `size` picks are added.
    """
    series = found.path % found.board.panel.count
    held = size / 2
    total, weight = held * (prior @ found.forecasts), held * (prior @ found.there)
    counts = np.tile(held * prior, (found.board.panel.count, 1))
    for _ in range(size):
        with np.errstate(invalid="ignore", divide="ignore"):
            errors = np.abs(found.actual - (total + found.forecasts) / (weight + found.there))
        errors = np.where(np.isnan(errors), 0.0, errors)
        costs = np.stack([np.bincount(series, e, found.board.panel.count) for e in errors])
        now = np.abs(found.actual - np.divide(total, weight, out=np.zeros_like(total), where=weight > 0))
        stay = np.bincount(series, now, found.board.panel.count)
        best = costs.argmin(axis=0)
        helps = costs.min(axis=0) < stay
        counts[np.arange(len(best)), best] += helps
        added = helps[series]
        rows, points = best[series], np.arange(len(series))
        total = total + np.where(added, found.forecasts[rows, points], 0.0)
        weight = weight + np.where(added, found.there[rows, points], 0.0)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))
