"""auto: look at a panel and write the recipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from featurizers.panel import Panel, expected
from featurizers.whole import whole
from forecast.job import Job
from forecast.metrics import Function
from forecast.sweep import Sweep

AUTO = "auto"
OF_A_RUN = ("output", "test", "test_step", "known_future", "left_out", "data")  # settings that mean nothing to a recipe


def auto(
    panel: Panel, horizon: int, lags: str | int | Iterable[int] = AUTO, windows: str | int | Iterable[int] = AUTO,
    holidays: str | Iterable[str] | None = None, learners: Any = None, block: str | Iterable[str] | None = None,
    metric: str | Function = "mase", folds: str | int = AUTO, step: str | int = AUTO, time_limit: float | None = None,
    trials: int | None = None, exit_score: float | None = None, ensemble: bool = True,
    levels: float | Iterable[float] = (80, 95), seed: int = 0, **settings: Any,
) -> Sweep:  # fmt: skip
    """The recipe that suits `panel`, for forecasts of `horizon` rows: print it, edit it, write it as TOML, fit it.

    What is "auto" is decided by the rules of `forecast.defaults` and stands in the recipe as a value: the seasons, lags
    and windows of the features, the logarithm, the folds, and the learners, with the settings that are searched if
    `trials`, `time_limit` or `exit_score` asks for a search. `learners` are names or recipes (None: by the rules),
    `block` names those that must not take part; `settings` are others of `Job`: season, by, patience, workers.
    ValueError, in a sentence, for what cannot be.

    >>> from forecast import Panel, datasets
    >>> table = datasets.load("air_passengers_monthly")
    >>> panel = Panel.read(table, **table.attrs["roles"])
    >>> sweep = auto(panel, horizon=12, learners=["SeasonalNaive", "AutoEts"])
    >>> sweep.on.folds, list(sweep.recipes)
    (6, ['SeasonalNaive', 'AutoEts'])
    """
    given: Mapping[str, Any] = {
        "lags": lags, "windows": windows, "folds": folds, "step": step, "holidays": holidays, "learners": learners,
        "block": block, "metric": metric, "time_limit": time_limit, "trials": trials, "exit_score": exit_score,
        "ensemble": ensemble, "levels": levels, "seed": seed, **settings,
    }  # fmt: skip
    asked = {name: value for name, value in given.items() if value is not None}
    for name in OF_A_RUN:
        if name in settings:
            raise ValueError(f"{name!r} is a setting of forecast.run, not of auto, which reads and writes nothing.")
    whole(horizon, "The horizon")
    roles = {"time": expected(panel, "auto").time, "target": panel.target}
    return Job.of({"data": roles, "horizon": horizon, **asked}).resolve(panel).sweep(panel)
