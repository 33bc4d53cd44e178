"""write_report: a run as one HTML page that needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from featurizers.rows import stamp
from forecast import charts
from forecast.explain import section
from forecast.files import write_whole
from forecast.leaderboard import Leaderboard
from forecast.means import mean_of
from forecast.metrics import METRICS, Metric
from forecast.source import to_python
from forecast.versions import versions
from learners.bands import bounds, levels

if TYPE_CHECKING:
    from forecast.running import Run

SHOWN = 6  # series with a chart
MOST = 200  # rows of a table


@dataclass(frozen=True)
class Column:
    name: str
    number: bool


@dataclass(frozen=True)
class Sheet:
    """A table as the page shows it: every cell is text."""

    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    more: int = 0

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Sheet:
        columns = tuple(Column(str(n), pd.api.types.is_numeric_dtype(frame[n])) for n in frame)
        rows = tuple(tuple(map(shown, row)) for row in frame.head(MOST).itertuples(index=False, name=None))
        return cls(columns, rows, max(len(frame) - MOST, 0))


def shown(value: Any) -> str:
    """A cell for people: four digits of a number, nothing where there is nothing."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float):  # numpy's as well
        return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:.4g}"
    return str(value)


def write_report(path: str | Path, run: Run) -> None:
    """Write the page of `run` to `path`. All text in it is escaped; charts are drawn in place."""
    from jinja2 import Environment

    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        files("forecast").joinpath("templates/report.html").read_text("utf-8")
    )
    write_whole(path, page.render(**content(run)))


def content(run: Run) -> dict[str, Any]:
    """Everything that the page shows, by its name in the template."""
    from markupsafe import Markup

    board, panel = run.leaderboard, run.panel
    seen = [f for f in run.findings if f.status != "passed"]
    passed = len(run.findings) - len(seen)
    frame = pd.DataFrame([f.__dict__ for f in seen]).drop(columns=["kind"], errors="ignore")
    counted = [row for row in run.findings.summary() if row[0] != "passed"]
    steps, residuals = errors(board, run.winner)
    replayed = len(np.unique(np.concatenate([truth.series for truth in board.truths])))
    series = "all series" if replayed == panel.count else f"{replayed:,} of {panel.count:,} series"
    return {
        "title": f"Forecast of {panel.target}",
        "subtitle": f"{panel.count:,} series, {len(panel):,} rows, every {panel.freq}; {run.job.horizon} rows ahead",
        "summary": summary(run),
        "passed": f"{passed} checks found nothing." if passed else "",
        "findings": Sheet.of(pd.DataFrame(counted, columns=["status", "kind", "series", "rows", "first"])),
        "every_finding": Sheet.of(frame),
        "leaderboard_note": f"Means over {len(board.truths)} folds and {series}; "
        f"the best by {judge(board).name} first.",
        "leaderboard": Sheet.of(board.frame(seconds=False).drop(columns="failure")),
        "failures": Sheet.of(board.failures()),
        "winner": run.winner,
        "groups": Sheet.of(pd.DataFrame(list(run.selection.groups.items()), columns=["group", "winner"])),
        "test": None if run.test is None else Sheet.of(run.test.frame(seconds=False).drop(columns="failure")),
        "test_note": "The winner, and the seasonal naive forecast, on rows that nothing was chosen on.",
        "forecasts_note": f"{min(panel.count, SHOWN)} of {panel.count:,} series, from the one that was forecast best "
        "in the folds to the one that was forecast worst.",
        "charts": [Markup(chart) for chart in history_charts(run)],
        "steps": Markup(steps),
        "steps_note": f"How far {run.winner} was off, the mean over {series}, in each fold.",
        "residuals": Markup(residuals),
        "residuals_note": f"Actual less forecast of {run.winner} in all folds.",
        "featurization": Sheet.of(listed(run.featurization)),
        **section(run, picked(run, 2)),
        "recipe": source(run),
        "versions": Sheet.of(pd.DataFrame(list(versions().items()), columns=["library", "version"])),
    }  # fmt: skip


def listed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its lists as text."""
    return table.assign(features=[", ".join(names) for names in table["features"]])


def summary(run: Run) -> list[tuple[str, str]]:
    """What stands at the head of the page, with its names."""
    board, panel = run.leaderboard, run.panel
    score = board.metric.total(board.totals[run.winner])
    clock = panel.clock()
    found = [
        ("Winner", run.winner),
        (f"{board.metric.name} in the folds", shown(score)),
        ("Series", f"{panel.count:,}"),
        ("From", moment(clock.min())),
        ("To", moment(clock.max())),
        ("Findings", str(sum(f.status != "passed" for f in run.findings))),
    ]
    if run.check:
        found.append(("ONNX agrees to", f"{run.check['worst_relative_difference']:.1e}"))
    return found


def moment(second: int) -> str:
    """A second of the wall clock, since 1970, for people."""
    return stamp(np.datetime64(int(second), "s"))


def judge(board: Leaderboard) -> Metric:
    """The metric that ranks: mae where that of the board is defined for no series."""
    return METRICS["mae"] if board.undefined(board.metric) else board.metric


def ranked(board: Leaderboard, winner: str) -> np.ndarray:
    """The series from the best forecast to the worst, by the metric over the folds that ranks the learners."""
    scores = judge(board).table(board.scores.get(winner, {}))
    if scores is None:
        return np.arange(board.panel.count)
    sign = -1 if judge(board).higher else 1
    return np.argsort(sign * mean_of(scores, axis=0), kind="stable")  # NaN comes last


def history_charts(run: Run) -> list[str]:
    """The last rows of a few series and their forecasts."""
    return [charts.drawn(history(run, i), (9.0, 2.5)) for i in picked(run, SHOWN)]


def picked(run: Run, count: int) -> list[int]:
    """Series from the one that was forecast best to the one that was forecast worst."""
    order = ranked(run.leaderboard, run.winner)
    places = np.unique(np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int))
    return [int(i) for i in order[places]]


def history(run: Run, i: int) -> charts.Draw:
    """What draws series `i`: its last rows, its forecast, and its test rows."""
    panel = run.panel
    horizon = len(run.forecasts) // max(panel.count, 1)
    names = ["forecast", *(name for level in levels(map(str, run.forecasts)) for name in bounds(level))]
    outputs = {n: run.forecasts[n].to_numpy(np.float64)[i * horizon : (i + 1) * horizon] for n in names}
    stop = int(panel.indptr[i + 1])
    rows = slice(stop - min(int(panel.lengths[i]), max(4 * horizon, 2 * run.selection.season, 30)), stop)
    later = panel.clock(panel.freq.add(panel.last[i], run.job.gap + np.arange(1, horizon + 1)))
    came = None
    if run.whole is not None:
        after = slice(int(run.whole.indptr[i] + panel.lengths[i]), int(run.whole.indptr[i + 1]))
        rows_ahead = run.job.gap + horizon
        came = (run.whole.clock()[after][:rows_ahead], run.whole.y[after][:rows_ahead])
    past = (panel.clock()[rows], panel.y[rows])
    return charts.history(past, (later, outputs.pop("forecast")), outputs, came, panel.name(i))


def errors(board: Leaderboard, winner: str) -> tuple[str, str]:
    """The charts of the error by step and of the residuals; empty where the winner has no forecast in any fold."""
    pairs = [(t, r) for t, r in board.residuals(winner) if np.isfinite(r).any()]
    if not pairs:
        return "", ""
    labels = [f"after {moment(board.panel.clock(t.cutoff).max())}" for t, _ in pairs]
    steps = charts.by_step([mean_of(np.abs(r), axis=0) for _, r in pairs], labels, winner)
    times = board.panel.clock(np.concatenate([t.times.ravel() for t, _ in pairs]))
    values = np.concatenate([r.ravel() for _, r in pairs])
    return steps, charts.residuals(times, values, *charts.autocorrelation([r for _, r in pairs]))


def source(run: Run) -> str:
    """The winner as source code, or as it prints itself where it cannot be written."""
    board = run.leaderboard
    for recipe in (run.selection.recipe, board.recipes.get(run.winner), run.selection.entered.get(run.winner)):
        try:
            return to_python(recipe) if recipe is not None else ""
        except ValueError:  # a part of it is no public one
            continue
    return repr(run.selection.recipe)
