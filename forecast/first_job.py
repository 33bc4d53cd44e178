"""The first job: a table looked at, and a short job.toml about it with a reason beside every value."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from shlex import quote
from textwrap import wrap
from typing import Any

from featurizers.clock import DAY
from featurizers.frequency import Frequency
from featurizers.panel import Panel
from featurizers.policy import listed, names_of
from featurizers.sources import named_as_table, open_table
from forecast.files import write_whole
from forecast.guessing import ROLES, Guess, guess
from forecast.job import Job
from forecast.recipes import write_toml
from forecast.settings import checked
from forecast.tables import DATASET, read

WIDEST = 116  # of a comment


def begin(source: str, path: Path, said: Mapping[str, Any], horizon: int | None = None, force: bool = False) -> str:
    """Write the first job of a table to `path`, and say what was found. `said` are settings of `Panel.read`; the others
    are guessed. ValueError where one cannot be told, the table cannot be read, or `path` is there already."""
    if named_as_table(path):
        raise ValueError(f"{str(path)!r} is the name of a table: a job is a TOML file, such as 'job.toml'.")
    if path.exists() and not force:
        raise ValueError(f"{str(path)!r} is there already: choose another name with -o, or write over it with --force.")
    horizon = checked("horizon", horizon)
    found = guess(_frame(source, said), said)
    job = Job.of({"data": {"source": source, **found.data}, "horizon": horizon or 1})
    panel = read(job).train
    write_whole(path, _text(source, path, found, panel, horizon))
    keys = listed(names_of(found.data.get("id")))
    return "\n\n".join([
        str(panel.findings),
        f"{str(path)!r} forecasts {found.data['target']!r}, {_series(panel)}{f' by {keys}' if keys else ''} with a row "
        f"every {panel.freq}. Read what it says of the columns, then:",
        f"forecast run {quote(str(path))}",
    ])  # fmt: skip


def steps(freq: Frequency) -> int:
    """The rows ahead that are mostly asked for: a year of months, two of quarters, six of years; a quarter of a year of
    weeks, two weeks of days; two days of what is shorter, and no more than 48 rows.

    >>> [steps(Frequency.parse(freq)) for freq in ("YS", "QS", "MS", "W", "D", "B", "h", "15min")]
    [6, 8, 12, 13, 14, 10, 48, 48]
    """
    if freq.months is not None:
        return 12 if freq.months == 1 else max(24 // freq.months, 6)
    if freq.seconds is None:  # days of business, halves of months
        return 10
    if freq.seconds >= 7 * DAY:
        return max(91 * DAY // freq.seconds, 4)
    return max(14 * DAY // freq.seconds, 4) if freq.seconds >= DAY else min(2 * DAY // freq.seconds, 48)


def _frame(source: str, said: Mapping[str, Any]) -> Any:
    if source.startswith(DATASET):
        from forecast.datasets import load

        return load(source.removeprefix(DATASET))
    keys, decimal = names_of(said.get("id")), said.get("decimal")
    return open_table(source, keys, decimal, said.get("encoding", "utf-8")).to_pandas()


def _text(source: str, path: Path, found: Guess, panel: Panel, horizon: int | None) -> str:
    """The job with its comments."""
    counting = {finding.column for finding in panel.findings.of("row_number")}
    used = {role: [name for name in panel.by_role(role) if name not in counting] for role in ROLES}
    data = {**found.data, **used, "freq": str(panel.freq)}
    rows, why = _ahead(panel) if horizon is None else (horizon, "")
    lines = [
        *_comment(f"Written by 'forecast init'. Correct what is not so, then: forecast run {quote(str(path))}"),
        "", *_setting("horizon", rows, f"Rows to forecast{why}."),
        *_setting("metric", "mase", "By which the winner is chosen; or 'wape', 'rmse', 'mae', 'wql' ..."),
        *_setting("output", f"runs/{_stem(source)}", "The folder of the results."),
        '# holidays = "US"  # countries, or parts of them such as "DE-BY"',
        "# time_limit = 300  # seconds; with it the settings of the learners are searched too",
        "", "[data]", *_setting("source", _beside(source, path), ""),
    ]  # fmt: skip
    for name in ("time", "target", "id", "freq", *ROLES, "decimal", "encoding"):
        if data.get(name):
            why = "As the times show." if name == "freq" else f"Guessed: {found.why.get(name)}."
            lines += _setting(name, data[name], why if name == "freq" or name in found.why else "")
    seen = {finding.column: finding.message for finding in panel.findings if finding.status != "passed"}
    given = [name for role in ROLES for name in names_of(found.data.get(role))]
    unused = {name: seen.get(name, "See the findings.") for name in given if name not in {*chain(*used.values())}}
    for name, reason in {**unused, **found.unused}.items():
        lines += _comment(f"Not used: {name!r}. {reason}")
    return "\n".join(lines) + "\n"


def _ahead(panel: Panel) -> tuple[int, str]:
    """The rows to forecast: those that the table gives after the last target, else by the frequency, and not more than
    a quarter of the longest series."""
    if panel.ahead is not None and panel.ahead.lengths.any():
        return int(panel.ahead.lengths.max()), f", as many as follow the last {panel.target!r}"
    rows, most = steps(panel.freq), max(int(panel.lengths.max()) // 4, 1)
    return (
        (rows, f", as is usual with one every {panel.freq}") if rows <= most else (most, ", a quarter of the table's")
    )


def _series(panel: Panel) -> str:
    return f"{panel.count:,} series" if panel.count > 1 else "one series"


def _setting(name: str, value: Any, comment: str) -> Iterator[str]:
    yield from _comment(comment)
    several = isinstance(value, tuple | list)
    texts = [write_toml({name: one}).strip().removeprefix(f"{name} = ") for one in (value if several else [value])]
    yield f"{name} = [{', '.join(texts)}]" if several else f"{name} = {texts[0]}"


def _comment(text: str) -> Iterator[str]:
    yield from (f"# {line}" for line in wrap(text, WIDEST - 2, break_long_words=False))


def _stem(source: str) -> str:
    """A name for the folder of results."""
    name = source.removeprefix(DATASET)
    return re.sub(r"\W+", "_", Path(name).name.split(".")[0]) or "job"


def _beside(source: str, path: Path) -> str:
    """The table as seen from the job's folder; what is no path stays as it is."""
    if source.startswith(DATASET) or not os.path.exists(source):
        return source
    try:
        return os.path.relpath(source, path.parent)
    except ValueError:  # another drive
        return os.path.abspath(source)
