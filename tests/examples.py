"""One example of every part. `test_contracts.py` checks each against what all parts promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

import forecast as fc
from featurizers.featurizer import Featurizer
from featurizers.frequency import Frequency
from featurizers.panel import Panel
from learners.learner import Learner

LENGTHS = (64, 70, 57, 61, 90, 66)  # series of different lengths, in one panel
HORIZON = 7


def panel(seed: int = 0, holes: bool = True) -> Panel:
    """Six daily series with columns of every role and kind; some targets are missing."""
    rng = np.random.default_rng(seed)
    indptr = np.r_[0, np.cumsum(LENGTHS)]
    rows, owner = indptr[-1], np.repeat(np.arange(len(LENGTHS)), LENGTHS)
    position = np.arange(rows) - indptr[:-1][owner]
    start = np.datetime64("2023-01-30", "s")  # the end of the month and the year lie inside
    times = start + (position + 90 - np.array(LENGTHS)[owner]) * np.timedelta64(86_400, "s")
    promo = (rng.random(rows) < 0.2).astype(float)
    target = 20 + 5 * owner + 3 * np.sin(2 * np.pi * position / 7) + 4 * promo + rng.normal(size=rows)
    if holes:
        target[rng.choice(rows, 9, replace=False)] = np.nan
    columns = {
        "sales": target,
        "promo": promo,
        "kind": rng.integers(0, 3, rows),
        "visits": rng.normal(size=rows).cumsum(),
        "area": np.array([10.0, 20, 30, 40, 50, 60]),
        "region": np.array([0, 1, 0, 1, 1, 0]),
    }
    roles = {"promo": "known", "kind": "known", "visits": "past", "area": "static", "region": "static"}
    levels = {"kind": ("a", "b", "c"), "region": ("north", "south")}
    ids = pd.DataFrame({"store": [1, 1, 2, 2, 3, 3], "item": ["x", "y", "x", "y", "x", "y"]})
    made = Panel(ids, indptr, times, Frequency.parse("D"), "day", "sales", columns, roles, levels)
    for values in (made.times, *columns.values()):
        values.flags.writeable = False  # whoever writes into a panel is found out
    return made


def continued(whole: Panel, back: int) -> tuple[Panel, Panel]:
    """The panel without the last `back` rows of each series, and these rows."""
    left = np.repeat(whole.lengths, whole.lengths) - whole.position
    return whole.rows(left > back), replace(whole.rows(left <= back))


FEATURIZERS: list[Featurizer] = [
    fc.Lags((1, 7, 14)),
    fc.Lags((1, 2), season=7),
    *(fc.Rolling(stat, 7) for stat in ("mean", "std", "min", "max", "sum", "median")),
    fc.Rolling("quantile", 9, q=0.3, min_samples=1),
    fc.Rolling("mean", 3, lag=2, season=7, min_samples=1),
    *(fc.Expanding(stat) for stat in ("mean", "std", "min", "max", "sum", "count")),
    fc.Ewm((0.1, 0.5)),
    fc.Calendar(),
    fc.Calendar(cyclic=True),
    fc.Fourier((7, 365.25), order=2),
    fc.Trend(),
    fc.Holidays("US"),
    fc.Holidays(("US-NY", "KR"), custom={"2023-03-14": "pi"}, onehot=True),
    fc.Known(("promo",)),
    fc.Relative(("promo",)),
    fc.Past(("visits", "kind"), lags=(1, 3)),
    fc.Static(("area",)),
    fc.Categories(("kind", "region")),
    fc.Categories(("kind",), onehot=True),
    fc.SeriesId(),
    fc.SeriesId(onehot=True),
    fc.Stl(7),
    fc.Missing(fc.Lags((1, 2)), "mean"),
    *(fc.Missing(("promo",), how) for how in ("median", "mean", "mode", "constant", "ffill")),
    fc.Features((fc.Lags((1, 3)), fc.Expanding("mean"), fc.Calendar(("weekday",)))),
]

FEATURES = (fc.Lags((1, 2, 7)), fc.Rolling("mean", 7, min_samples=1), fc.Calendar(("weekday",)), fc.Known(("promo",)))
WIDE = (*FEATURES, fc.Relative(("promo",)), fc.Categories(("kind", "region")), fc.Static(("area",)),
        fc.Past(("visits",)), fc.Expanding("mean"))  # fmt: skip
LINEAR = fc.Recursive("ridge", FEATURES)
TREES = fc.Recursive(fc.LightGBM(n_estimators=20), WIDE)
NAIVE = fc.SeasonalNaive(7)
FOLDS = fc.RollingOrigin(HORIZON, folds=2)
SMALL = {"n_estimators": 5}
WIDTHS = fc.Widths((80,), ((1.0,),), ((2.0,),), 7, 107, 27, (0.5,), (0.25,))

LEARNERS: list[Learner] = [
    fc.Naive(),
    fc.Naive(levels=(80, 95)),
    NAIVE,
    fc.SeasonalNaive(7, levels=(80,)),
    fc.HistoricAverage(),
    fc.HistoricAverage(levels=(80,)),
    fc.WindowAverage(5),
    fc.WindowAverage(5, levels=(80,)),
    fc.SeasonalWindowAverage(7),
    fc.SeasonalWindowAverage(7, 2, levels=(80,)),
    fc.Ets(season=7),
    fc.Ets("mul", "add", "mul", True, 7),
    fc.Ets("add", None, None),
    fc.Ets(season=7, engine="statsmodels"),
    fc.AutoEts(7),
    fc.AutoEts(7, levels=(80, 95)),
    fc.Ets("mul", "add", "mul", True, 7, levels=(80,)),
    fc.Theta(7),
    fc.Theta(7, levels=(80,)),
    fc.AutoTheta(7),
    fc.AutoTheta(7, levels=(80, 95)),
    fc.Ces(7),
    fc.Ces(7, "full", levels=(80, 95)),
    fc.RandomWalkWithDrift(),
    fc.RandomWalkWithDrift(levels=(80, 95)),
    fc.Croston(),
    fc.Croston(None, levels=(80, 95)),
    fc.Sba(0.2),
    fc.Tsb(0.2, 0.3),
    fc.Tsb(None, None, levels=(80,)),
    fc.Adida(),
    fc.Adida(levels=(80,)),
    fc.Imapa(levels=(80,)),
    fc.NegativeBinomial(),
    fc.NegativeBinomial("median", levels=(80, 95)),
    fc.Arima((0, 1, 1), (0, 1, 1, 7), levels=(80,)),
    fc.Arima((1, 0, 1), (0, 1, 0, 7)),
    fc.Arimax((1, 0, 0), columns=("promo",)),
    fc.AutoArima(7),
    fc.AutoArima(7, average=3, ranked=2),
    fc.AutoArima(26, levels=(80,)),
    fc.AutoArima(max_p=1, max_q=1, columns=("promo",), engine="pmdarima"),
    fc.Prophet(changepoints=3, holidays="US", regressors=("promo",)),
    fc.Prophet(growth="logistic", cap=1e4, changepoints=3, mode="multiplicative", levels=(80, 95)),
    fc.Prophet(changepoints=3, engine="prophet"),
    fc.Prophet(growth="flat", mode="multiplicative", changepoints=3, seasonalities=(fc.Seasonality(7, 2),)),
    LINEAR,
    TREES,
    fc.Recursive(fc.Ridge(scaling="robust", reduction=fc.Pca(3), imputation=fc.Impute("mean", True)), FEATURES),
    fc.Recursive(fc.Regressor("LightGBM", SMALL, encoding=fc.TargetMean(5.0)), (*FEATURES, fc.SeriesId())),
    fc.Recursive(fc.Ridge(encoding=fc.Hashed(8), reduction=fc.TruncatedSvd(4)), (*FEATURES, fc.SeriesId())),
    *(fc.Recursive(r, FEATURES) for r in ("ElasticNet", "LassoLars", "SGD", "KNN", "DecisionTree")),
    *(fc.Recursive(fc.Regressor(r, SMALL), WIDE) for r in ("RandomForest", "ExtraTrees", "GradientBoosting")),
    fc.Recursive(fc.XGBoost(n_estimators=5), WIDE),
    fc.Recursive(fc.HistGradientBoosting(max_iter=5), WIDE),
    fc.Direct(fc.LightGBM(n_estimators=20), WIDE, HORIZON, seasons=(7,)),
    fc.Direct("ridge", FEATURES, 3),
    fc.Recursive("Ridge", FEATURES, max_rows=200),
    fc.Direct(fc.LightGBM(n_estimators=20), WIDE, HORIZON, seasons=(7,), levels=(80,)),
    fc.Bounded(LINEAR, HORIZON),
    fc.Bounded(fc.Ets(season=7), HORIZON, 7, 0.1),
    fc.Clipped(fc.SeasonalNaive(7, levels=(80,)), 25, 40),
    fc.Rounded(fc.SeasonalNaive(7, levels=(80,))),
    fc.Harmonic((7.0, 14.0), 2),
    fc.Occasions(fc.AutoEts(7, levels=(80,)), ("03-02", "02-Tue-last", "04-Mon-1")),
    fc.Occasions(LINEAR, ("02-14", "easter-2", "04-10")),
    fc.Harmonic((7.0, 30.5), learner=fc.AutoEts(levels=(80,))),
    fc.Harmonic((7.0,), None, LINEAR),
    fc.Intermittent(LINEAR, FOLDS),
    fc.Tcn(HORIZON, window=14, channels=4, layers=2, epochs=1, known=("promo",), past=("visits",), static=("area",),
           categories=("kind", "region")),
    fc.Mlp(HORIZON, window=14, hidden=8, epochs=1, known=("promo",), past=("visits",), static=("area",),
           categories=("kind", "region")),
    *(fc.Transformed(LINEAR, t) for t in (fc.Log1p(), fc.BoxCox(), fc.Difference(), fc.SeasonalDifference(7))),
    *(fc.Transformed(LINEAR, fc.Scale(how)) for how in ("standard", "robust", "mean")),
    fc.Transformed(LINEAR, fc.Scale("mean", over="window", window=14)),
    fc.Transformed(fc.Ets(season=7), fc.Log1p()),
    fc.Transformed(fc.Arima((0, 1, 1), levels=(80,)), fc.BoxCox(bias_adjusted=True)),
    fc.Mstl((7, 14)),
    fc.Mstl(7, fc.Arima((1, 0, 0), levels=(80,)), robust=True),
    fc.Mstl((7, 28), LINEAR),
    fc.Blend((NAIVE, TREES, fc.Theta(7)), (0.2, 0.5, 0.3)),
    fc.Blend((NAIVE, TREES, fc.Theta(7), LINEAR), (0.3, 0.2, 0.2, 0.3), {"store=1, item=x": (1, 1, 1, 0)}, trim=0.2),
    fc.Ensemble((NAIVE, LINEAR, fc.Average()), FOLDS, size=5),
    fc.Blend((fc.SeasonalNaive(7, levels=(80,)), LINEAR), (1, 2), {"store=1, item=x": (1, 0)}),
    fc.Median((NAIVE, LINEAR, fc.Theta(7))),
    fc.Ensemble((NAIVE, LINEAR, fc.Average()), FOLDS, per="series"),
    fc.Stack((NAIVE, LINEAR), FOLDS, guard=False),
    fc.Stack((NAIVE, LINEAR), FOLDS, fc.LightGBM(n_estimators=5), guard=False),
    fc.Stacked((NAIVE, LINEAR), (1.2, -0.2)),
    fc.Best((NAIVE, LINEAR), FOLDS),
    fc.Sweep({"naive": NAIVE, "linear": LINEAR}, FOLDS, levels=(80,)),
    fc.Sweep((NAIVE, fc.Recursive(fc.Ridge(alpha=fc.Between(0.1, 10, log=True)), FEATURES)), FOLDS, trials=4),
    fc.Conformal(LINEAR, FOLDS, levels=(50, 80)),
    fc.Conformal(NAIVE, FOLDS, levels=(50, 80), symmetric=False, decay=0.8, adapt=0.05),
    fc.Ready(fc.Naive(levels=(80,)), WIDTHS, fc.Stretch((80,), (1.3,)), 0.0),
    fc.Ready(LINEAR, WIDTHS),
    fc.Otherwise(fc.Ets(season=7), NAIVE),
    fc.Recent(fc.AutoEts(7), 40),
    fc.Recent(LINEAR, 50),
    fc.PerGroup(fc.Best((fc.Theta(7), LINEAR), FOLDS), by=("item",)),
    fc.PerGroup(TREES, by=("region",)),
    fc.PerGroup(fc.Otherwise(LINEAR, fc.Average()), by=("store", "item"), backup=NAIVE),
    fc.PerSeries(LINEAR),
]  # fmt: skip
