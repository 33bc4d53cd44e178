"""Truth: what came after a cutoff, and the scores of forecasts against it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from featurizers.panel import Panel
from forecast.backtest import Fold
from forecast.means import mean_of
from forecast.metrics import Metric
from learners.bands import bounds, levels
from learners.each import reason

Outputs = Mapping[str, np.ndarray]  # "forecast", and perhaps "lo80", "hi80" ...: (series, horizon) each
Table = dict[str, np.ndarray]  # one array for each name
ROWS = ("forecast", "lower", "upper")  # needs of metrics that are (series, horizon), beside the actual


@dataclass(frozen=True, eq=False)
class Truth:
    """One fold as metrics see it."""

    number: int
    series: np.ndarray  # positions in the whole panel, (series,)
    cutoff: np.ndarray  # the last stamp of training, (series,) datetime64[s]
    times: np.ndarray  # (series, horizon) datetime64[s]
    actual: np.ndarray  # (series, horizon)
    trains: tuple[tuple[np.ndarray, np.ndarray], ...]  # series of like lengths: rows here, their target (rows, length)
    season: int

    @classmethod
    def of(cls, fold: Fold, season: int) -> Truth:
        shape = (fold.actual.count, fold.horizon)
        return cls(
            fold.number, fold.series, fold.cutoff, fold.actual.times.reshape(shape), fold.actual.y.reshape(shape),
            tuple(_by_length(fold.train)), season,
        )  # fmt: skip

    def score(self, metric: Metric, outputs: Outputs, level: float | None = None) -> np.ndarray:
        """The metric of each series, (series,)."""
        if "train" not in metric.needs:
            return _call(metric, self._given(outputs, level))
        result = np.full(len(self.actual), np.nan)
        for rows, train in self.trains:
            given = self._given({name: values[rows] for name, values in outputs.items()}, level)
            result[rows] = _call(metric, given | {"actual": self.actual[rows], "train": train})
        return result

    def total(self, metric: Metric, outputs: Outputs, level: float | None = None) -> float:
        """The metric of all series: their mean, or, for a pooled metric, all as one; rows that lack what it needs, a
        forecast or a bound, are skipped."""
        if not metric.pooled:
            return float(mean_of(self.score(metric, outputs, level), axis=0))
        given = self._given(outputs, level)
        needed = [given[name] for name in ROWS if name in metric.needs]
        needed += given["quantiles"].values() if "quantiles" in metric.needs else []
        lost = np.any([np.isnan(values) for values in needed], axis=0)
        actual = np.where(lost, np.nan, self.actual)
        flat = {n: v.reshape(1, -1) if n in ROWS else v for n, v in given.items()}
        flat["quantiles"] = {q: v.reshape(1, -1) for q, v in given["quantiles"].items()}
        return float(_call(metric, flat | {"actual": actual.reshape(1, -1)})[0])

    def missing(self, outputs: Outputs) -> int:
        """How many series lack a forecast of a known actual."""
        return int((np.isnan(outputs["forecast"]) & ~np.isnan(self.actual)).any(axis=1).sum())

    def _given(self, outputs: Outputs, level: float | None) -> dict[str, Any]:
        given: dict[str, Any] = {"actual": self.actual, "forecast": outputs["forecast"], "season": self.season}
        given["quantiles"] = quantiles(outputs)
        if level is not None:
            lower, upper = bounds(level)
            given |= {"lower": outputs[lower], "upper": outputs[upper], "level": level}
        return given


def quantiles(outputs: Outputs) -> dict[float, np.ndarray]:
    """The outputs by the quantile that they stand for: "lo80" is 0.1, the forecast itself 0.5."""
    result = {0.5: outputs["forecast"]}
    for level in levels(outputs):
        lower, upper = bounds(level)
        result[round(0.5 - level / 200, 6)] = outputs[lower]
        result[round(0.5 + level / 200, 6)] = outputs[upper]
    return dict(sorted(result.items()))


def columns(metric: Metric, outputs: Iterable[str]) -> Iterator[tuple[str, float | None]]:
    """The names under which a metric appears, with their level: those that need a band once for each level."""
    if not metric.levelled:
        yield metric.name, None
    else:
        for level in levels(outputs):
            yield f"{metric.name}{level:g}", level


def _call(metric: Metric, given: Mapping[str, Any]) -> np.ndarray:
    if metric.whole:
        return np.asarray(metric.function(**{name: given[name] for name in metric.needs}), np.float64)
    scores = np.full(len(given["actual"]), np.nan)
    for i, actual in enumerate(given["actual"]):
        seen = ~np.isnan(actual)
        if seen.any():
            try:
                score = metric.function(**{name: _series(name, given[name], i, seen) for name in metric.needs})
                if score is None:  # it would be NaN
                    raise TypeError("it returned nothing")
                scores[i] = score
            except Exception as error:
                raise ValueError(f"Metric {metric.name!r} cannot be measured: {reason(error)}. A function of your own "
                                 f"is given one series at a time, here {int(seen.sum())} rows of actual and forecast, "
                                 "and returns one number.") from error  # fmt: skip
    return scores


def _series(name: str, value: Any, i: int, seen: np.ndarray) -> Any:
    """What a user's metric gets of series `i`: rows with a known actual, and all known values of training."""
    if isinstance(value, Mapping):
        return {key: v[i][seen] for key, v in value.items()}
    if not isinstance(value, np.ndarray):
        return value
    return value[i][~np.isnan(value[i])] if name == "train" else value[i][seen]


def _by_length(train: Panel) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Training targets padded to a rectangle, by powers of two, so that one long series does not widen them all."""
    sizes = np.ceil(np.log2(np.maximum(train.lengths, 1)))
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size)
        part = train.where(rows)
        window = part.window(part.target, int(part.lengths.max()))
        window.setflags(write=False)
        yield rows, window


def measure(
    truths: tuple[Truth, ...], outputs: Mapping[str, tuple[Outputs, ...]], metrics: Iterable[Metric], count: int
) -> tuple[dict[str, Table], dict[str, dict[str, float]]]:
    """Scores, learner -> metric -> (truths, series of the panel), and totals, learner -> metric -> number."""
    scores: dict[str, Table] = {name: {} for name in outputs}
    totals: dict[str, dict[str, float]] = {name: {} for name in outputs}
    for metric in metrics:
        pooled: dict[str, dict[str, list[float]]] = {name: {} for name in outputs}
        for name, folds in outputs.items():
            for k, (truth, found) in enumerate(zip(truths, folds, strict=True)):
                for column, level in columns(metric, found) if found else ():
                    table = scores[name].setdefault(column, np.full((len(truths), count), np.nan))
                    table[k, truth.series] = truth.score(metric, found, level)
                    if metric.pooled:
                        pooled[name].setdefault(column, []).append(truth.total(metric, found, level))
        for column in dict.fromkeys(c for name in outputs for c, _ in all_columns(metric, outputs[name])):
            mine = {name: scores[name][column] for name in outputs if column in scores[name]}
            for name, table in filled(mine, metric).items():
                values = np.array(pooled[name][column]) if metric.pooled else mean_of(table, axis=0)
                totals[name][column] = float(mean_of(values, axis=0))
    return scores, totals


def filled(tables: Table, metric: Metric) -> Table:
    """Scores where a missing forecast counts as the worst that another learner made of the same series and fold."""
    if metric.higher is None:
        return tables
    sign = -1.0 if metric.higher else 1.0
    worst = np.max([np.where(np.isnan(t), -np.inf, sign * t) for t in tables.values()], axis=0)
    worst = np.where(np.isinf(worst), np.nan, sign * worst)
    return {name: np.where(np.isnan(t), worst, t) for name, t in tables.items()}


def all_columns(metric: Metric, folds: tuple[Outputs, ...]) -> list[tuple[str, float | None]]:
    """The columns of a metric in any of the folds."""
    return list(dict.fromkeys(c for outputs in folds if outputs for c in columns(metric, outputs)))
