"""The tables that a leaderboard is shown as: learners, their series, their forecasts and failures; and their text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from featurizers.panel import Panel
from forecast.attempts import Attempt
from forecast.means import mean_of
from forecast.truth import Outputs, Table, Truth
from learners.rolling import apart

_FOLD = ("fold", "step", "cutoff", "actual")  # columns of a table of forecasts


def of_learners(
    totals: Mapping[str, Mapping[str, float]], metrics: Sequence[str], *, missing: Mapping[str, int],
    tries: Mapping[str, Sequence[Attempt]], seconds: bool,
) -> pd.DataFrame:  # fmt: skip
    """One row a learner, in the order of `totals`: every metric, missing forecasts, seconds, and why it failed."""
    rows = []
    for name, found in totals.items():
        row: dict[str, object] = {"learner": name}
        row |= {metric: found.get(metric, np.nan) for metric in metrics}
        row["missing"] = missing[name]
        if seconds:
            row["fit_seconds"] = sum(a.fit_seconds for a in tries[name])
            row["predict_seconds"] = sum(a.predict_seconds for a in tries[name])
        row["failure"] = next((a.failure for a in tries[name] if a.failure), "")
        rows.append(row)
    return pd.DataFrame(rows)


def of_series(panel: Panel, scores: Mapping[str, Table], metrics: Sequence[str]) -> pd.DataFrame:
    """One row a learner, in the order of `scores`, and series: the keys, and each metric as its mean over the folds."""
    parts = []
    unknown = np.full(panel.count, np.nan)
    for name, found in scores.items():
        means = {metric: mean_of(values, axis=0) for metric, values in found.items()}
        part = pd.DataFrame({metric: means.get(metric, unknown) for metric in metrics})
        ids = panel.ids.reset_index(drop=True).rename(columns=partial(apart, taken=("learner", *part)))
        parts.append(pd.concat([ids, part], axis=1).assign(learner=name))
    table = pd.concat(parts, ignore_index=True)
    return table[["learner", *table.columns[:-1]]]


def of_forecasts(panel: Panel, truths: Sequence[Truth], outputs: Sequence[Outputs]) -> pd.DataFrame:
    """The forecasts of a learner, `outputs` of each fold, beside what came: keys, fold, cutoff, time, actual, ..."""
    pairs = zip(truths, outputs, strict=True)
    parts = [_of_fold(panel, truth, found) for truth, found in pairs if found]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _of_fold(panel: Panel, truth: Truth, outputs: Outputs) -> pd.DataFrame:
    horizon = truth.actual.shape[1]
    ids = panel.ids.iloc[np.repeat(truth.series, horizon)].reset_index(drop=True)
    ids = ids.rename(columns=partial(apart, taken=_FOLD))
    values = {
        "fold": truth.number,
        "step": np.tile(np.arange(1, horizon + 1), len(truth.series)),
        "cutoff": _stamps(panel, np.repeat(truth.cutoff, horizon)),
        apart(panel.time, _FOLD): _stamps(panel, truth.times.ravel()),
        "actual": truth.actual.ravel(),
    }
    values |= {output: array.ravel() for output, array in outputs.items()}
    return pd.concat([ids, pd.DataFrame(values, index=ids.index)], axis=1)


def _stamps(panel: Panel, times: np.ndarray) -> pd.DatetimeIndex:
    stamps = pd.DatetimeIndex(times)
    return stamps if panel.zone is None else stamps.tz_localize("UTC").tz_convert(panel.zone)


def of_failures(attempts: Iterable[Attempt]) -> pd.DataFrame:
    """learner, fold (from 0), reason: one row for each fold on which a learner failed."""
    rows = [(a.name, a.fold, a.failure) for a in attempts if a.failure]
    return pd.DataFrame(rows, columns=["learner", "fold", "reason"])


def as_text(learners: pd.DataFrame, width: int | None) -> str:
    """A table of learners as text; on a terminal of `width` without the last scores, where it would be wider."""
    table = learners
    while True:
        text = table.to_string(index=False, float_format=lambda v: f"{v:.4g}")
        if width is None or len(text.partition("\n")[0]) <= width or len(table.columns) <= 5:
            break
        table = table.drop(columns=table.columns[-4])  # the last three are not scores: missing and the seconds
    hidden = len(learners.columns) - len(table.columns)
    return text + (f"\n{hidden} more columns need a wider window, a pipe or frame()." if hidden else "")


def as_html(learners: pd.DataFrame) -> str:
    """A table of learners as a notebook shows it."""
    return learners.to_html(index=False, float_format=lambda v: f"{v:.4g}")
