"""Fitting Prophet: one series through the prophet package, which works quietly and without sampling."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from learners.each import reason
from learners.local import Fit, Series, interpolated, quiet
from learners.prophet_numbers import SHORTEST, constant_numbers, logistic_offsets, named, too_short, turning
from learners.prophet_terms import Terms

if TYPE_CHECKING:
    from learners.prophet import Prophet

SEED = 1  # the optimiser starts from a fixed point; this fixes what else Stan might draw
# The package takes Newton's method for short series: with many columns that may walk for hours.
ATTEMPTS: tuple[dict[str, Any], ...] = ({"algorithm": "LBFGS"}, {"algorithm": "Newton", "iter": 100})


def fit_series(recipe: Prophet, terms: Terms, series: Series) -> Fit:
    """The numbers of one series; its last value for ever, with a note, where that cannot be."""
    known, name = series.known, series.name
    if len(known) < SHORTEST:
        return Fit(constant_numbers(recipe, terms, known), too_short(name, len(known)))
    table, lost = complete(series, recipe.columns)
    try:
        with quiet(), silent():
            fitted = fitted_reference(recipe, terms, table)
            numbers = numbers_of(fitted, recipe, terms)
    except Exception as error:  # whatever a foreign fit raises must not end the job
        note = f"{name}: Prophet failed ({reason(error)}); it repeats the last value."
        return Fit(constant_numbers(recipe, terms, known), note)
    if not all(np.isfinite(v).all() for v in numbers.values()):
        note = f"{name}: Prophet found no finite numbers; it repeats the last value."
        return Fit(constant_numbers(recipe, terms, known), note)
    return Fit(numbers, f"{name}: {lost}." if lost else "")


def complete(series: Series, names: tuple[str, ...]) -> tuple[pd.DataFrame, str]:
    """The table that the package takes, and which columns had to be filled, since it takes no missing ones."""
    table = {"ds": series.clock.astype("datetime64[s]").astype("datetime64[ns]"), "y": series.values}
    filled = []
    for i, name in enumerate(names):
        values = series.columns[:, i]
        if np.isnan(values).any():
            filled.append(repr(name))
            values = np.nan_to_num(interpolated(values))
        table[f"r{i:03d}"] = values
    return pd.DataFrame(table), f"missing values of {', '.join(filled)} were interpolated for the fit" if filled else ""


def fitted_reference(recipe: Prophet, terms: Terms, table: pd.DataFrame) -> Any:
    """The package's model, fitted. RuntimeError if no method of optimisation ends."""
    for i, attempt in enumerate(ATTEMPTS):
        model = _reference(recipe, terms)
        model.stan_backend.set_options(newton_fallback=False)
        try:
            return model.fit(with_limits(recipe, terms, table), seed=SEED, **attempt)
        except RuntimeError:
            if i == len(ATTEMPTS) - 1:
                raise
    raise RuntimeError("no method is left")


def _reference(recipe: Prophet, terms: Terms) -> Any:
    """The package's recipe. Seasons, holidays and regressors have neutral names, as some names are taken there."""
    from prophet import Prophet as Reference

    model = Reference(
        growth=recipe.growth, n_changepoints=recipe.changepoints, changepoint_range=recipe.changepoint_range,
        changepoint_prior_scale=recipe.changepoint_prior, seasonality_mode=recipe.mode,
        yearly_seasonality=False, weekly_seasonality=False, daily_seasonality=False, uncertainty_samples=0,
        holidays=_holidays(terms), holidays_prior_scale=recipe.holidays_prior,
    )  # fmt: skip
    for i, s in enumerate(terms.seasonalities):
        prior = recipe.seasonality_prior if s.prior is None else s.prior
        model.add_seasonality(f"s{i:03d}", s.period, s.order, prior_scale=prior, mode=s.mode or recipe.mode)
    for i in range(len(terms.regressors)):
        model.add_regressor(f"r{i:03d}")
    return model


def with_limits(recipe: Prophet, terms: Terms, table: pd.DataFrame) -> pd.DataFrame:
    """`table` with the columns `cap` and `floor` of logistic growth."""
    if recipe.growth != "logistic":
        return table
    cap = table[f"r{len(terms.regressors):03d}"] if isinstance(recipe.cap, str) else recipe.cap
    return table.assign(cap=cap, floor=recipe.floor)


def _holidays(terms: Terms) -> pd.DataFrame | None:
    days = terms.holidays
    if not days.columns:
        return None
    offsets = [k for _, k in days.columns]
    parts = [
        pd.DataFrame({"ds": days.dates(name).astype("datetime64[ns]"), "holiday": f"h{i:03d}",
                      "lower_window": min(offsets), "upper_window": max(offsets)})
        for i, name in enumerate(days.names)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def numbers_of(fitted: Any, recipe: Prophet, terms: Terms) -> dict[str, np.ndarray]:
    """The numbers of our formula from the package's model."""
    rate, offset = (float(np.nanmean(fitted.params[name])) for name in ("k", "m"))
    deltas = np.nanmean(np.atleast_2d(fitted.params["delta"]), axis=0).ravel()
    changes = np.asarray(fitted.changepoints_t, np.float64)
    deltas = np.resize(deltas, len(changes))
    logistic = recipe.growth == "logistic"
    offsets = -deltas * changes
    if logistic:
        offsets = logistic_offsets(np.array([[rate]]), np.array([[offset]]), deltas[None], changes[None])[0]
    names = [f"r{i:03d}" for i in range(len(terms.regressors))]
    size = float(fitted.y_scale)
    numbers = {
        "start": fitted.start.timestamp(),
        "span": fitted.t_scale.total_seconds(),
        "size": size,
        "floor": recipe.floor if logistic else 0.0,
        "rate": rate,
        "offset": offset,
        "changes": changes,
        "rates": deltas,
        "offsets": offsets,
        "weights": _weights(fitted, terms),
        "middle": [fitted.extra_regressors[n]["mu"] for n in names],
        "width": [fitted.extra_regressors[n]["std"] for n in names],
        "noise": float(np.nanmean(fitted.params["sigma_obs"])),
        "unsure": np.zeros(3),
        "turning": turning(deltas[None], len(changes), recipe.growth)[0],
    }
    return named(numbers, recipe, terms)


def _weights(fitted: Any, terms: Terms) -> np.ndarray:
    """The regression's weights in the order of our columns."""
    features = fitted.make_all_seasonality_features(fitted.history)[0]
    weight = dict(zip(features.columns, np.nanmean(np.atleast_2d(fitted.params["beta"]), axis=0), strict=True))
    seasonal = [f"s{i:03d}_delim_{k + 1}" for i, s in enumerate(terms.seasonalities) for k in range(2 * s.order)]
    order = {name: i for i, name in enumerate(terms.holidays.names)}
    holidays = [f"h{order[n]:03d}_delim_{'+' if k >= 0 else '-'}{abs(k)}" for n, k in terms.holidays.columns]
    regressors = [f"r{i:03d}" for i in range(len(terms.regressors))]
    return np.array([weight[name] for name in (*seasonal, *holidays, *regressors)])


@contextmanager
def silent() -> Iterator[None]:
    """Without the log lines of prophet and cmdstanpy."""
    loggers = [logging.getLogger(name) for name in ("cmdstanpy", "prophet", "prophet.plot", "prophet.models")]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled
