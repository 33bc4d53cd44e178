"""Job: what a run is asked for, written in Python or in TOML."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from featurizers.findings import Finding
from featurizers.kernels import cores
from featurizers.panel import Panel
from featurizers.sources import named_as_table
from forecast import defaults, stillness
from forecast.backtest import RollingOrigin
from forecast.engine import useful
from forecast.names import numbered, of_its_own
from forecast.plan import Plan, recipe
from forecast.recipes import build
from forecast.settings import checked
from forecast.spaces import opened
from forecast.sweep import Sweep
from learners.grouped import groups
from learners.learner import Learner

# Settings that may be "auto".
OPEN = ("lags", "windows", "season", "learners", "folds", "step", "fold_series", "nonnegative")


@dataclass(frozen=True)
class Job:
    """Every setting of a run. What is left None is filled in by the rules of `forecast.defaults`, visibly: the run's
    own `job.toml` holds the values that were used.

    `data` is what `Panel.read` takes: source, id, time, target, known, past, static, freq, aggregate, its policies ...
    `horizon` rows are forecast, `gap` rows after the last one of the table. `known_future` is a table with their known
    columns. `nonnegative`: no forecast below zero (None: where no target is); `integers`: whole numbers, bands rounded
    outwards; `levels` of the bands, in percent, () for none.

    `learners` are names ("LightGBM", "DirectLightGBM", "Ets" ...) or recipes, by name; those in `block` do not take
    part; `ensemble`: a blend of them competes too. `lags` are rows back, `windows` the rows of rolling statistics (()
    for none), `season` is in rows, `holidays` are those of countries and subdivisions ("US", "DE-BY").

    They compete on `folds` rolling origins (None: 3, of few series more; fewer where these are too short), whose
    cutoffs are `step` rows apart (None: the horizon, so that no row is scored twice, or more, where nothing changes in
    any fold), of at most `fold_series` series (None: all, or as many as there is time for). The `metric` by which the
    winner is chosen is a name or a function of `actual`, `forecast` ... `by` gives each group of series its own winner
    and its own model.

    `test` keeps rows aside that nothing is chosen on: their number in each series, the stamp after which they come, or
    a second table; `test_step` rows are between the cutoffs inside them (None: the horizon).

    More than each learner once is tried if there are `trials`, in all or in each group of `by`, a `time_limit` in
    seconds for comparing and training, an `exit_score` of the metric that ends the search, or `patience`, the trials
    without a better one after which it ends. `workers` processes, of which no more are started than there are cores,
    share the folds (None: one, with a time limit one for each core); `seed` is that of networks and search; `output`
    the run's folder. `left_out` says which default learners did not take part, and why.
    """

    data: Mapping[str, Any]
    horizon: int
    gap: int = 0
    lags: tuple[int, ...] | None = None
    windows: tuple[int, ...] | None = None
    season: int | None = None
    holidays: tuple[str, ...] = ()
    learners: Mapping[str, Any] | tuple[Any, ...] | None = None
    block: tuple[str, ...] = ()
    folds: int | None = None
    step: int | None = None
    fold_series: int | None = None
    metric: Any = "mase"
    by: tuple[str, ...] = ()
    levels: tuple[int, ...] = (80, 95)
    ensemble: bool = True
    test: Any = None
    test_step: int | None = None
    nonnegative: bool | None = None
    integers: bool = False
    known_future: Any = None
    trials: int | None = None
    time_limit: float | None = None
    exit_score: float | None = None
    patience: int | None = None
    workers: int | None = None
    seed: int = 0
    output: str | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str | Path, **changed: Any) -> Job:
        """A job from a TOML file, with settings that are `changed`. Paths of tables are relative to the file."""
        path = Path(path)
        if named_as_table(path):
            raise ValueError(f"{str(path)!r} is a table, not a job: 'forecast init {path}' writes one, a TOML file "
                             "that says the horizon and, below [data], the source, time, target and id.")  # fmt: skip
        try:
            text = path.read_text("utf-8")
        except OSError as error:
            raise ValueError(f"The job {str(path)!r} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise ValueError(f"The job {str(path)!r} is not written in UTF-8, as TOML is: save it so.") from None
        try:
            given = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"The job {str(path)!r} is not valid TOML: {error}.") from None
        job = cls.of(given | changed)
        data = {**job.data, "source": _beside(path, job.data.get("source"))}
        return replace(job, data=data, test=_beside(path, job.test), known_future=_beside(path, job.known_future))

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Job:
        """A job from plain values. ValueError for a setting that is not there, with the ones that are close."""
        known = [f.name for f in fields(cls)]
        for name in given:
            if name not in known:
                close = get_close_matches(name, known, 2)
                hint = f"Did you mean {' or '.join(map(repr, close))}?" if close else f"There are {', '.join(known)}."
                raise ValueError(f"A job has no setting {name!r}. {hint}")
        data = given.get("data")
        for name in data if isinstance(data, Mapping) else ():
            if name in known:
                raise ValueError(f"{name!r} is a setting of the job, not of its table: it stands above [data].")
        for name in ("data", "horizon"):
            if name not in given:
                raise ValueError(f"The job does not say {name!r}, which has no default.")
        return cls(**{name: checked(name, value) for name, value in given.items() if not _left_open(name, value)})

    def resolve(self, panel: Panel) -> Job:
        """The same job with every open setting decided on `panel`."""
        on = self._on(panel)
        lags, windows = self.lags, self.windows
        if lags is None:
            lags = defaults.lags(panel, on, self.season)
        if windows is None:
            windows = defaults.windows(panel, on, self.season)
        names, left_out = self.learners, self.left_out
        if names is None:
            names, left_out = defaults.learners(panel, on, self._seconds(panel))
        if self.block:
            names = self._unblocked(_named(names, self._taken), panel)
        left_out = {name: why for name, why in left_out.items() if name not in _named(names, self._taken)}
        if self.by:
            groups(panel, self.by)  # an error, if they cannot be
        nonnegative = defaults.nonnegative(panel) if self.nonnegative is None else self.nonnegative
        return replace(self, folds=on.folds, lags=lags, windows=windows, nonnegative=nonnegative, learners=names,
                       left_out=left_out, step=on.step,
                       fold_series=self._fold_series(panel))  # fmt: skip

    def _unblocked(self, learners: Mapping[str, Any], panel: Panel) -> Mapping[str, Any]:
        """The learners without those of `block`, by the name that they are given or that of their kind.
        ValueError for a name that is none, or if no learner is left."""
        blocked = {name.lower() for name in self.block}
        kinds = {name: (value if isinstance(value, str) else _name(value)).lower() for name, value in learners.items()}
        known = {*map(str.lower, kinds), *kinds.values()}
        for name in self.block:
            if name.lower() not in known:
                recipe(name, self.plan(panel))  # an error, if there is none of that name
        left = {n: v for n, v in learners.items() if n.lower() not in blocked and kinds[n] not in blocked}
        if not left and "seasonalnaive" in blocked:
            raise ValueError(f"Every learner is blocked ({', '.join(learners)}): name others as 'learners'.")
        return left

    @property
    def searches(self) -> bool:
        """Whether more is tried than each learner once."""
        limits = (self.trials, self.time_limit, self.exit_score, self.patience)
        return any(limit is not None for limit in limits)

    def plan(self, panel: Panel) -> Plan:
        seasons = defaults.seasons(panel, self.season)
        log = defaults.logarithm(panel, self.season)
        difference = defaults.difference(panel, self._on(panel), self.season)
        return Plan.of(panel, horizon=self.gap + self.horizon, seasons=seasons, lags=tuple(self.lags or ()),
                       windows=tuple(self.windows or ()), holidays=self.holidays, log=log, difference=difference,
                       absolute=defaults.absolute(panel, self.metric), seed=self.seed,
                       seconds=self._seconds(panel), year=defaults.year(panel), yearly=defaults.yearly(panel),
                       history=defaults.history(panel, self.season), rows=self._rows(panel))  # fmt: skip

    def _on(self, panel: Panel) -> RollingOrigin:
        return defaults.origins(panel, self.horizon, self.folds, self.step, self.gap)

    def _seconds(self, panel: Panel) -> float | None:
        """What one training of a network may take, where time is limited."""
        limit = self._limit(panel)
        return None if limit is None else defaults.network_seconds(limit, self._on(panel).folds, self.processes)

    def _rows(self, panel: Panel) -> int | None:
        return defaults.regression_rows(panel, self._limit(panel), self.processes)

    def _fold_series(self, panel: Panel) -> int | None:
        if self.fold_series is not None:
            return self.fold_series
        return defaults.fold_series(panel, self.horizon, self._limit(panel), self.processes, self.season)

    def _limit(self, panel: Panel) -> float | None:
        """The seconds that there are for each group."""
        shares = len(groups(panel, self.by)[0]) if self.by else 1
        return None if self.time_limit is None else self.time_limit / shares

    @property
    def processes(self) -> int:
        if self.workers is not None:
            return useful(self.workers)
        return 1 if self.time_limit is None else cores()

    def sweep(self, panel: Panel) -> Sweep:
        """What a resolved job does, as a recipe."""
        return Sweep(
            self.recipes(panel), self.origins(panel)[0], self.metric, self.trials, self.time_limit, self.exit_score,
            self.patience, self.ensemble, self.levels, self.by, defaults.seasons(panel, self.season)[0],
            self.processes, self.seed, nonnegative=bool(self.nonnegative), integers=self.integers,
        )  # fmt: skip

    def origins(self, panel: Panel) -> tuple[RollingOrigin, tuple[Finding, ...]]:
        """The folds; on fewer steps than the horizon, which a finding says, where every series is too short."""
        known = ~np.isnan(panel.y)
        before_last = int(panel.position[known].max(initial=0)) if known.any() else 0
        longest = int(panel.lengths.max(initial=0))
        if longest > self.horizon + self.gap + 1 or before_last < 1:
            on = replace(self._on(panel), series=self.fold_series)
            return on, (*_sampled(panel, on, self.by), *stillness.told(panel, on))
        at, steps = int(panel.lengths.argmax()), max(longest // 2, 1)
        label = f", {panel.name(at)}," if panel.name(at) else ""
        message = (
            f"Every series is too short to be validated {self.horizon} steps ahead: the longest{label} "
            f"has {longest} rows. Learners are compared on one fold of {steps} steps."
        )
        return RollingOrigin(steps, 1), (Finding("too_short", "alerted", message, panel.name(at), count=longest),)

    @property
    def _taken(self) -> tuple[str, ...]:
        """The names that no learner can have."""
        return of_its_own(self.ensemble, self.by)

    def recipes(self, panel: Panel) -> dict[str, Learner]:
        """The learners that compete, by name; the seasonal naive forecast is among them, as the yardstick, unless it is
        blocked."""
        plan, found = self.plan(panel), {}
        named = _named(self.learners or (), self._taken)
        if "SeasonalNaive" not in named and "seasonalnaive" not in map(str.lower, self.block):
            named = {"SeasonalNaive": "SeasonalNaive", **named}
        for name, value in named.items():
            if isinstance(value, str):
                found[name] = opened(recipe(value, plan)) if self.searches else recipe(value, plan)
            else:
                found[name] = value if isinstance(value, Learner) else build(value)
                if not isinstance(found[name], Learner):
                    raise ValueError(f"The learner {name!r} is only a part of one: wrap a regressor in Recursive, with "
                                     f"its features, as [learners.{name}.Recursive] with regressor = 'ridge' and "
                                     "features = [{Lags = [1, 7]}].")  # fmt: skip
        return found


def _sampled(panel: Panel, on: RollingOrigin, by: tuple[str, ...]) -> tuple[Finding, ...]:
    """What is to be said where some of the series alone are replayed, of each group so many."""
    sizes = np.bincount(groups(panel, by)[1]) if by else np.array([panel.count])
    count = int(np.minimum(sizes, panel.count if on.series is None else on.series).sum())
    if count == panel.count:
        return ()
    message = (
        f"Learners are compared on {count:,} of {panel.count:,} series, spread evenly; all are trained on and "
        "forecast. More time, or 'fold_series', has more of them compared."
    )
    return (Finding("sampled", "alerted", message, count=count),)


def _left_open(name: str, value: Any) -> bool:
    """Whether a setting is said to be decided by the rules, as one that is not given is."""
    return name in OPEN and isinstance(value, str) and value == "auto"


def _named(learners: Mapping[str, Any] | Iterable[Any], taken: Collection[str]) -> dict[str, Any]:
    """Learners by name; of recipes that are called the same the later ones are numbered, as are those whose name is
    `taken`; one that is given twice takes part once."""
    if isinstance(learners, Mapping):
        return dict(learners)
    found: dict[str, Any] = {}
    for learner in learners:
        if learner not in found.values():
            found[numbered(_name(learner), {*found, *taken})] = learner
    return found


def _name(learner: Any) -> str:
    if isinstance(learner, str):
        return "SeasonalNaive" if learner.lower() == "seasonalnaive" else learner
    return next(iter(learner)) if isinstance(learner, Mapping) else type(learner).__name__


def _beside(path: Path, table: Any) -> Any:
    """A path as seen from the job's folder; what is no path (a query, a number, a stamp) stays as it is."""
    beside = os.path.join(path.parent, table) if isinstance(table, str) else ""
    return beside if beside and os.path.exists(beside) else table
