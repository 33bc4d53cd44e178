"""The command line: `forecast run job.toml`, and its kin. Parses and calls, no more."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

app = typer.Typer(help="Time-series forecasting from a long table to an ONNX file.", no_args_is_help=True,
                  add_completion=True, pretty_exceptions_enable=False)  # fmt: skip

JobFile = Annotated[Path, typer.Argument(help="The job, a TOML file.")]
Output = Annotated[Optional[Path], typer.Option("--output", "-o", help="Where to write.")]  # noqa: UP045 - typer reads it

Folder = Annotated[Path, typer.Argument(help="A run's folder.")]
Trials = Annotated[Optional[int], typer.Option(help="Trials in all; the job's own if left out.")]  # noqa: UP045
Metric = Annotated[Optional[str], typer.Option(help="Sort by this metric; the own one if left out.")]  # noqa: UP045
Seconds = Annotated[Optional[float], typer.Option(help="Seconds in all; the job's own if left out.")]  # noqa: UP045

Column = Annotated[Optional[str], typer.Option(help="A column; guessed if left out.")]  # noqa: UP045
Columns = Annotated[Optional[list[str]], typer.Option(help="A column, once each; guessed if left out.")]  # noqa: UP045


def _version(asked: bool) -> None:
    if asked:
        from forecast.versions import own

        print(own())
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which it is, and end.")]


@app.callback()
def options(version: Version = False) -> None:
    pass


@app.command()
def init(
    table: Annotated[str, typer.Argument(help="A CSV or Parquet file, a folder of them, an SQL query, dataset:NAME.")],
    time: Column = None, target: Column = None, id: Columns = None, known: Columns = None, past: Columns = None,
    static: Columns = None,
    freq: Annotated[Optional[str], typer.Option(help="What one step is, as D; as seen if left out.")] = None,  # noqa: UP045
    horizon: Annotated[Optional[int], typer.Option(help="Rows to forecast; by the frequency if left out.")] = None,  # noqa: UP045
    decimal: Annotated[Optional[str], typer.Option(help="The sign before decimals, '.' or ','.")] = None,  # noqa: UP045
    encoding: Annotated[Optional[str], typer.Option(help="Of a CSV file, as cp1252.")] = None,  # noqa: UP045
    output: Annotated[Path, typer.Option("--output", "-o", help="The job to write.")] = Path("job.toml"),
    force: Annotated[bool, typer.Option("--force", help="Write over a job that is there.")] = False,
) -> None:  # fmt: skip
    """Look at a table, guess what its columns are, and write a first job with the reasons, to look through and run."""
    from forecast.first_job import begin

    said = {"time": time, "target": target, "id": id, "known": known, "past": past, "static": static, "freq": freq,
            "decimal": decimal, "encoding": encoding}  # fmt: skip
    print(begin(table, output, {name: value for name, value in said.items() if value}, horizon, force))


@app.command()
def run(job: JobFile, output: Output = None, trials: Trials = None, time_limit: Seconds = None) -> None:
    """Validate the job's learners, forecast with the winner, export it, and write the run's folder."""
    from dataclasses import replace

    from forecast.job import Job
    from forecast.running import execute

    read = Job.read(job)
    if output is not None or read.output is None:
        read = replace(read, output=str(output or Path("runs") / job.stem))
    if trials is not None or time_limit is not None:
        limits = Job.of({"data": read.data, "horizon": read.horizon, "trials": trials, "time_limit": time_limit})
        read = replace(read, trials=limits.trials or read.trials, time_limit=limits.time_limit or read.time_limit)
    print(execute(read))


@app.command()
def resume(folder: Folder, trials: Trials = None, time_limit: Seconds = None) -> None:
    """Go on with a run that was paused or broken off; the result is that of a run that was not."""
    from forecast.running import resume

    changed: dict[str, Any] = {"trials": trials, "time_limit": time_limit}
    print(resume(folder, **{name: value for name, value in changed.items() if value is not None}))


@app.command()
def pause(folder: Folder) -> None:
    """Let a run end with what it has so far; 'forecast resume' goes on with it."""
    from forecast.folders import PAUSED, ask_to_end

    ask_to_end(folder, PAUSED)


@app.command()
def cancel(folder: Folder) -> None:
    """Let a run end with what it has so far, for good."""
    from forecast.folders import CANCELLED, ask_to_end

    ask_to_end(folder, CANCELLED)


@app.command()
def runs(folder: Annotated[Path, typer.Argument(help="Where the runs are.")] = Path("runs")) -> None:
    """List the runs: status, winner, score, trials, seconds."""
    from forecast.folders import runs

    found = runs(folder)
    print(found.to_string(index=False, na_rep="") if len(found) else f"There are no runs in {str(folder)!r}.")


@app.command()
def trials(folder: Folder, metric: Metric = None) -> None:
    """The run table: every trial with its score, seconds and settings, the best first."""
    from forecast.run_table import trials

    print(trials(folder, metric).to_string(index=False, na_rep=""))


@app.command()
def compare(job: JobFile, metric: Metric = None) -> None:
    """Validate the job's learners on rolling origins and print the findings and the leaderboard; nothing is written."""
    from featurizers.findings import Findings
    from forecast.job import Job
    from forecast.progress import progress
    from forecast.remarks import compared
    from forecast.tables import next_rows, read

    read_job = Job.read(job) if metric is None else Job.read(job, metric=metric)
    tables = read(read_job)
    next_rows(read_job, tables)  # what a run would refuse
    panel = tables.train
    resolved = read_job.resolve(panel)
    with progress("compare") as report:
        outcome = resolved.sweep(panel).select(panel, report)
    print(Findings(tuple(compared(resolved, panel, outcome))), outcome.board, sep="\n\n")


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A run's folder, or a saved model's.")],
    horizon: Annotated[Optional[int], typer.Option(help="Rows to forecast; the job's if left out.")] = None,  # noqa: UP045
    output: Output = None,
) -> None:
    """Write a saved model as an ONNX file: beside the run's own, as model_26.onnx, if the horizon is another.
    The gap is the job's."""
    from forecast.export import to_onnx
    from forecast.job import Job
    from forecast.saving import load

    model, own, gap = load(folder), None, 0
    if (folder / "job.toml").exists():
        job = Job.read(folder / "job.toml")
        own, gap = job.horizon, job.gap
    rows = own if horizon is None else horizon
    if rows is None:
        raise ValueError(f"{str(folder)!r} holds no job.toml that says the horizon: give --horizon.")
    path = output or folder / ("model.onnx" if own in (rows, None) else f"model_{rows}.onnx")
    check = to_onnx(model, path, rows, gap=gap)
    print(f"{path}: agrees with Python to {check['worst_relative_difference']:.1e} relative")


@app.command()
def score(
    model: Annotated[Path, typer.Argument(help="An ONNX file that was exported here, or the run's folder.")],
    table: Annotated[Path, typer.Argument(help="History, and known columns of the rows to forecast, as CSV.")],
    output: Output = None,
    decimal: Annotated[Optional[str], typer.Option(help="The sign before decimals, '.' or ','.")] = None,  # noqa: UP045
) -> None:
    """Forecast from an ONNX file with onnxruntime and numpy alone; CSV to a file or to standard output."""
    from forecast.scorer import main

    file = model / "model.onnx" if model.is_dir() else model
    if model.is_dir() and not file.exists():
        raise ValueError(f"The folder {str(model)!r} holds no model.onnx: give a run's folder, or an ONNX file.")
    main([str(file), str(table), *([str(output)] if output else [])], decimal)


@app.command()
def datasets(
    fetch: Annotated[Optional[str], typer.Option(help="Download this public set into the cache.")] = None,  # noqa: UP045
) -> None:
    """List the tables that come with the package and those that can be fetched."""
    from forecast import datasets as sets

    if fetch is not None:
        print(sets.fetch(fetch))
        return
    for line in sets.catalogue():
        print(line)


def main() -> None:
    """Run the command line; an error of the user's is a sentence, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a locale may not know the names of series
            stream.reconfigure(encoding="utf-8")
    try:
        app()
    except ValueError as error:
        print(f"forecast: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        where = f"{str(error.filename)!r}: " if error.filename else ""
        print(f"forecast: {where}{error.strerror or error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("forecast: stopped", file=sys.stderr)
        sys.exit(130)
