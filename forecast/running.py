"""run: from a table to a validated forecast, a model and an ONNX file, in one call."""

from __future__ import annotations

import time as clock
import tomllib
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import pandas as pd

from featurizers.findings import Finding, Findings
from featurizers.panel import Panel
from featurizers.policy import Policy
from forecast import featurization
from forecast.backtest import RollingOrigin
from forecast.folders import JOB, check, reopened
from forecast.job import Job
from forecast.leaderboard import Leaderboard, compare
from forecast.limits import never
from forecast.metrics import METRICS
from forecast.progress import Report, progress
from forecast.remarks import compared
from forecast.settings import Settings
from forecast.sweep import Outcome
from forecast.tables import Tables, next_rows, read
from learners.around import reported
from learners.learner import Learner, Model
from learners.naive import SeasonalNaive
from learners.occasions import taken_out
from learners.place import position_of
from learners.slips import OF_RUNS, Slips
from learners.year_days import WEEKDAYS

WRITING, BULK = 6.0, 0.7  # seconds of a time limit that are kept for the report and the graph, and for a million rows
TABLES, GIVEN = ("test", "known_future"), "a table that is given again"  # what a job's file says of a frame
TABLE = ("aggregate", *(f.name for f in fields(Policy)))  # settings of `Panel.read` beyond the roles


@dataclass(frozen=True, eq=False)
class Run(Slips):
    """What a run gave. Everything is also in its folder, if it was given one."""

    meant = OF_RUNS

    job: Job  # as resolved: every setting has its value
    winner: str
    selection: Outcome = field(repr=False)
    findings: Findings = field(repr=False)
    model: Model = field(repr=False)
    panel: Panel = field(repr=False)  # what was trained on
    forecasts: pd.DataFrame = field(repr=False)  # keys, time, forecast, lo80, hi80 ...
    test: Leaderboard | None = field(default=None, repr=False)  # the winner and the yardstick on the test rows
    whole: Panel | None = field(default=None, repr=False)  # with the test rows
    check: Mapping[str, Any] = field(default_factory=dict, repr=False)  # what the ONNX file's check measured
    folder: Path | None = None

    @property
    def leaderboard(self) -> Leaderboard:
        return self.selection.board

    @property
    def report(self) -> Path | None:
        """The report, an HTML page."""
        return None if self.folder is None else self.folder / "report.html"

    @property
    def featurization(self) -> pd.DataFrame:
        """What became of each column of the table in the recipes that competed, see `forecast.summary`."""
        return featurization.summary((self.selection.recipe, *self.selection.entered.values()), self.panel)

    def __repr__(self) -> str:
        metric = self.leaderboard.metric
        score = metric.total(self.leaderboard.totals[self.winner])
        where = "" if self.folder is None else f", in {str(self.folder)!r}"
        told = f"{metric.name} {score:.4g} over {len(self.leaderboard.truths)} folds"
        return f"Run({self.winner}: {told}, {self.panel.count} series{where})"

    def plot(self, series: int | str | None = None) -> Any:
        """A matplotlib figure of one series by its position or its name, such as "shop=s0", or of four from the best
        forecast to the worst."""
        from forecast.charts import below
        from forecast.report import history, picked

        return below(
            [history(self, i) for i in (picked(self, 4) if series is None else [position_of(self.panel, series)])]
        )

    def __str__(self) -> str:
        parts = [str(self.findings), str(self.leaderboard), f"Winner: {self.winner}"]
        if self.test is not None:
            parts.append(f"On the test rows:\n{self.test}")
        if self.check:
            parts.append(
                f"model.onnx agrees with Python to {self.check['worst_relative_difference']:.1e} relative "
                f"({self.check['series']} series checked)"
            )
        if self.folder is not None:
            parts.append(f"Results: {self.folder}")
        return "\n\n".join(parts)


@dataclass(frozen=True, eq=False)
class Trained(Learner):
    """A model that is there already, in the place of a recipe."""

    model: Model

    def train(self, panel: Panel) -> Model:
        return self.model


def run(
    source: Any, *, horizon: int, time: str, target: str, id: Any = None, known: Any = (), past: Any = (),
    static: Any = (), freq: str | None = None, progress: bool = True, **settings: Unpack[Settings],
) -> Run:  # fmt: skip
    """Read a table, let learners compete on rolling origins, and forecast with the winner.

    `source`, `id`, `time`, `target`, `known`, `past`, `static`, `freq` (and the policies aggregate, duplicates, short
    ...) are those of `Panel.read`; the other settings are those of `Job`: lags, windows, season, holidays,
    learners, folds, step, metric, by, levels, ensemble, test, known_future, workers, seed, output; `help(Job)` says
    what each is. With `output` everything is written to that folder.
    ValueError, in a sentence, for what cannot be done.

    >>> from forecast import datasets
    >>> table = datasets.load("air_passengers_monthly")
    >>> found = run(table, time="month", target="passengers", horizon=12, learners=["SeasonalNaive", "Average"],
    ...             progress=False)
    >>> found.winner
    'SeasonalNaive'
    >>> list(found.forecasts.columns)
    ['month', 'forecast', 'lo80', 'hi80', 'lo95', 'hi95']
    """
    data = {"source": source, "time": time, "target": target, "id": id, "known": known, "past": past, "static": static}
    data |= {"freq": freq, **{name: value for name, value in settings.items() if name in TABLE}}
    given = {
        name: value
        for name, value in data.items()
        if value is not None and not (isinstance(value, tuple | list) and not value)
    }
    others = {name: value for name, value in settings.items() if name not in TABLE}
    return execute(Job.of({"data": given, "horizon": horizon, **others}), progress)


def resume(folder: str | Path, source: Any = None, progress: bool = True, **settings: Any) -> Run:
    """Go on with a run that was paused or broken off, from the trials that it has; the result is that of a run that
    was never broken off. With a time limit it has the seconds that were left.

    `source` gives the table again where the run was not given a path; `settings` are those of the job that are to
    change: trials, time_limit, exit_score, patience, workers; and what no file holds: a metric or learners of your
    own, and the frames of `test` and `known_future`. ValueError if there is no such run, nothing to do, or the table is
    not what it was.
    """
    file = reopened(folder) / JOB
    told = tomllib.loads(file.read_text("utf-8"))
    metric = told.get("metric")
    if metric not in METRICS and "metric" not in settings:
        raise ValueError(f"The run {str(folder)!r} is measured by a function of your own, {metric!r}: give it again, "
                         f"with forecast.resume(folder, metric={metric}).")  # fmt: skip
    for name in TABLES:
        if told.get(name) == GIVEN and settings.get(name) is None:
            raise ValueError(f"The run {str(folder)!r} was given a table as {name!r}, not a path: give {name} again, "
                             f"with forecast.resume(folder, {name}=table).")  # fmt: skip
    job = Job.read(file, **settings)
    data = job.data if source is None else {**job.data, "source": source}
    if data.get("source") is None:
        raise ValueError(f"The run {str(folder)!r} was given a table, not a path: give it again, with "
                         "forecast.resume(folder, source=table).")  # fmt: skip
    return execute(replace(job, data=data, output=str(folder)), progress, again=True)


def execute(job: Job, shown: bool = True, again: bool = False) -> Run:
    """Run a job: read, compare, fit the winner, test, forecast; with an output folder, export and write. `again`: it
    goes on with what is in the folder; ValueError if that is of another job or table."""
    started, begun, kept = clock.time(), clock.monotonic(), None
    if job.output is not None:
        check(job.output)  # before the work, not after it
    tables = read(job)
    ahead = next_rows(job, tables)  # a lack is told at once
    asked, job = job, job.resolve(tables.train)
    if again:  # another time limit, or other workers, leave the folds what they were
        job = replace(job, fold_series=asked.fold_series)
    sweep = job.sweep(tables.train)
    if job.output is not None:
        from forecast.output import keeping

        kept = keeping(job, sweep, tables, ahead[0], again)
        begun -= kept.spent
    with nullcontext() if kept is None else kept.listening():
        with progress("compare", shown) as report:
            store, halt = (None, never) if kept is None else (kept.store, kept.halt)
            after = 0.0 if kept is None else WRITING + BULK * len(tables.train) / 1e6
            outcome = sweep.select(tables.train, report, store, halt, begun, after)
        with progress("deploy", shown) as report:
            result = _deployed(job, outcome, tables, ahead, report)
            if kept is not None:
                from forecast.output import write

                result = write(result, started, kept)
            report(4, 4, "done" if job.output is None else f"written to {job.output}")
    return result


def _deployed(job: Job, outcome: Outcome, tables: Tables, known: tuple[Any, list[Finding]], report: Report) -> Run:
    """The winner trained, tested, and its forecasts with what is `known` of the next rows."""
    panel, (ahead, alerts) = tables.train, known
    model = outcome.recipe.fit(panel)
    report(1, 4, f"fitted {outcome.winner}")
    future = model.forecast(panel, job.horizon, ahead, gap=job.gap)
    report(2, 4, "made the forecasts")
    test = None if tables.whole is None else tested(job, outcome, model, tables)
    findings = [
        *compared(job, panel, outcome),
        *_reported(model),
        *_occasions(model),
        *_untested(tables, job.gap),
        *alerts,
        *future.findings,
    ]
    report(3, 4, "tested" if test is not None else "gathered the findings")
    return Run(job, outcome.winner, outcome, Findings(tuple(findings)), model, panel, future.frame(), test,
               tables.whole)  # fmt: skip


def tested(job: Job, outcome: Outcome, model: Model, tables: Tables) -> Leaderboard:
    """The winner and the seasonal naive forecast, rolled over the test rows without refitting: over as many rows as at
    least half of the series have, of all that have them. Shorter ones would be scored on rows that they trained on.
    """
    assert tables.whole is not None
    rows = _test_rows(tables.held, job.gap)
    begin = tables.whole.position < np.repeat(tables.train.lengths + rows, tables.whole.lengths)
    whole = tables.whole.rows(begin).where(tables.held >= rows)
    horizon = min(job.horizon, rows - job.gap)
    step = job.test_step or horizon
    on = RollingOrigin(horizon, folds=1 + (rows - job.gap - horizon) // step, step=step, gap=job.gap, refit=False)
    entrants: dict[str, Learner] = {outcome.winner: Trained(model)}
    entrants.setdefault("SeasonalNaive", outcome.board.recipes.get("SeasonalNaive", SeasonalNaive(outcome.season)))
    return compare(whole, entrants, on, job.metric, season=outcome.season)


def _test_rows(held: np.ndarray, gap: int) -> int:
    """How many of the rows after training are in the test, those of the gap too: as many as at least half of the series
    have, of those that have any."""
    there = np.sort(held[held > gap])[::-1]
    return int(there[(len(there) - 1) // 2])


def _untested(tables: Tables, gap: int) -> list[Finding]:
    """What of the test rows is not in the test."""
    if tables.whole is None:
        return []
    held, rows = tables.held, _test_rows(tables.held, gap)
    few, more, count = np.flatnonzero(held < rows), np.flatnonzero(held > rows), tables.train.count
    found, part = [], f"The test is of {count - len(few)} of {count} series, on the {rows} rows after training"
    for those, what in ((few, "Left out, with fewer"), (more, "Tested on no more than these")):
        if len(those):
            name = tables.train.name(int(those[0]))
            text = f"{part}, as at least half have so many. {what}: {len(those)}, as {name} with {held[those[0]]}."
            found.append(Finding("untested", "alerted", text, name, count=len(those)))
    return found


def _occasions(model: Model) -> list[Finding]:
    """The days that stand out, where the model knows of them."""
    days = taken_out(model)
    if not days:
        return []
    told = ", ".join(f"{day} ({size})" for day, size in days.items())
    if set(days) & set(WEEKDAYS):
        what = "The weekdays that months have stand out (in brackets what one more does)"
    else:
        what = "Days of the year stand out"
    text = f"{what}, and are taken out of what is learned from and put back: {told}."
    return [Finding("occasions", "alerted", text, count=len(days))]


def _reported(model: Model) -> list[Finding]:
    """What a model says of series that it could not fit as asked."""
    return [Finding("fallback", "alerted", text) for text in reported(model)]
