"""Scores of accuracy.py: MASE, WQL and coverage of quantile forecasts, the same lines for every side."""

from __future__ import annotations

import numpy as np
import pandas as pd
from accuracy_side import QUANTILES

NAMES = [f"{q:.1f}" for q in QUANTILES]


def scores(found: pd.DataFrame, train: pd.DataFrame, test: pd.DataFrame, season: int) -> dict[str, float]:
    """mase: mean over series of the absolute errors of the median over the mean seasonal difference in training;
    wql: twice the quantile losses over the sum of |y|, all series as one; sql: the quantile losses of each series over
    the scale of MASE; inside80: the share of values between the outer quantiles; missing: rows without a forecast.

    A row that a side did not forecast has the seasonal naive forecast.
    """
    joined = test[["unique_id", "ds", "y"]].merge(found, on=["unique_id", "ds"], how="left")
    joined = joined.merge(naive(train, test, season), on=["unique_id", "ds"], how="left").dropna(subset="y")
    lost = ~np.isfinite(joined[NAMES].to_numpy(float)).all(axis=1)
    forecast = np.where(lost[:, None], joined[["naive"]].to_numpy(), joined[NAMES].to_numpy(float))
    forecast = np.sort(forecast, axis=1)
    y, q = joined["y"].to_numpy()[:, None], np.array(QUANTILES)
    loss = 2 * np.maximum(q * (y - forecast), (q - 1) * (y - forecast))
    scale = joined["unique_id"].map(scales(train, season)).to_numpy()
    table = pd.DataFrame({
        "unique_id": joined["unique_id"], "mase": np.abs(y[:, 0] - forecast[:, 4]) / scale,
        "sql": loss.mean(axis=1) / scale,
    })  # fmt: skip
    each = table.groupby("unique_id").mean().replace([np.inf, -np.inf], np.nan)
    inside = (y[:, 0] >= forecast[:, 0]) & (y[:, 0] <= forecast[:, -1])
    return {"mase": float(each["mase"].mean()), "wql": float(loss.mean(axis=1).sum() / np.abs(y).sum()),
            "sql": float(each["sql"].mean()), "inside80": float(inside.mean()), "missing": int(lost.sum())}  # fmt: skip


def scales(train: pd.DataFrame, season: int) -> dict[str, float]:
    """The mean absolute seasonal difference of each series; of its neighbours where it is not longer than a season.
    NaN where it is zero: the series is left out of the means."""
    found = {}
    for name, part in train.groupby("unique_id"):
        y = part["y"].to_numpy()
        apart = np.abs(y[season:] - y[:-season])
        apart = apart if np.isfinite(apart).any() else np.abs(np.diff(y))
        scale = float(np.nanmean(apart)) if np.isfinite(apart).any() else 0.0
        found[str(name)] = scale if scale > 1e-9 * max(np.nanmax(np.abs(y)), 1e-300) else np.nan
    return found


def naive(train: pd.DataFrame, test: pd.DataFrame, season: int) -> pd.DataFrame:
    """The last season again and again."""
    last = {str(n): p["y"].ffill().bfill().to_numpy()[-season:] for n, p in train.groupby("unique_id")}
    at = test.groupby("unique_id").cumcount().to_numpy()
    values = [last[n][k % len(last[n])] for n, k in zip(test["unique_id"], at, strict=True)]
    return test[["unique_id", "ds"]].assign(naive=values)
