"""Regressor: a regressor of a library by name and settings, as a frozen recipe."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from learners.regressors.columns import Encoding, Impute, Reduction


@dataclass(frozen=True)
class Kind:
    """Where a ready regressor comes from, and the settings that forecasts usually want."""

    home: str
    settings: Mapping[str, Any]


_FOREST = {"n_estimators": 100, "min_samples_leaf": 2, "n_jobs": 1, "random_state": 0}
_PENALISED = {"alpha": 0.001, "max_iter": 10_000}  # of columns and a target that are standardised
READY = {
    "ElasticNet": Kind("sklearn.linear_model.ElasticNet", {**_PENALISED, "l1_ratio": 0.5}),
    "LassoLars": Kind("sklearn.linear_model.LassoLars", {"alpha": 0.001, "max_iter": 1000, "random_state": 0}),
    "Ridge": Kind("sklearn.linear_model.Ridge", {"alpha": 1.0}),
    "SGD": Kind(
        "sklearn.linear_model.SGDRegressor",
        {"learning_rate": "adaptive", "eta0": 0.01, "max_iter": 2000, "random_state": 0},
    ),
    "KNN": Kind("sklearn.neighbors.KNeighborsRegressor", {"n_neighbors": 10, "weights": "distance", "n_jobs": 1}),
    "DecisionTree": Kind("sklearn.tree.DecisionTreeRegressor", {"min_samples_leaf": 10, "random_state": 0}),
    "RandomForest": Kind("sklearn.ensemble.RandomForestRegressor", {**_FOREST, "max_features": 0.5}),
    "ExtraTrees": Kind("sklearn.ensemble.ExtraTreesRegressor", _FOREST),
    "GradientBoosting": Kind(
        "sklearn.ensemble.GradientBoostingRegressor",
        {"n_estimators": 200, "learning_rate": 0.05, "max_depth": 5, "subsample": 0.8, "random_state": 0},
    ),
    "HistGradientBoosting": Kind(
        "sklearn.ensemble.HistGradientBoostingRegressor",
        {"max_iter": 250, "learning_rate": 0.05, "early_stopping": False, "random_state": 0},
    ),
    "LightGBM": Kind(
        "lightgbm.LGBMRegressor",
        {"n_estimators": 250, "learning_rate": 0.05, "num_leaves": 31, "random_state": 0, "n_jobs": 1,
         "deterministic": True, "force_row_wise": True, "verbose": -1},
    ),
    "XGBoost": Kind(
        "xgboost.XGBRegressor",
        {"n_estimators": 250, "learning_rate": 0.05, "max_depth": 6, "tree_method": "hist", "random_state": 0,
         "n_jobs": 1},
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Regressor:
    """A ready regressor by name (whatever its case), with settings in the words of its library.

    Before it sees its columns, categories are encoded, gaps filled, and all scaled and reduced, in that order.
    "auto" is what the regressor needs: categories as codes where it splits on sets of them, else, where it goes by
    distances or penalties, a column for each or, where they are many, its mean target; gaps as they are, or filled
    with medians where it takes none; standard scaling where it goes by distances or penalties.

    >>> Regressor("Ridge", {"alpha": 2.0}).make()
    Ridge(alpha=2.0)
    >>> Ridge(alpha=2.0, scaling="robust").scaling
    'robust'
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    scaling: str = "auto"  # "none", "standard", "minmax", "maxabs", "robust", or of rows: "normalizer"
    reduction: Reduction | None = None  # Pca(10), TruncatedSvd(10)
    imputation: str | float | Impute = "auto"  # "median", "mean", a number, or Impute("median", indicator=True)
    encoding: Encoding = "auto"  # "ordinal", "onehot", "hashed", "target", or Hashed(8), TargetMean(smoothing=50)

    def __hash__(self) -> int:
        prepared = self.scaling, self.reduction, self.imputation, self.encoding
        return hash((self.name.lower(), repr(sorted(self.settings.items())), prepared))

    @property
    def ready(self) -> str:
        """The name as it stands among the ready ones. ValueError for one that does not."""
        names = {name.lower(): name for name in READY}
        if self.name.lower() in names:
            return names[self.name.lower()]
        close = [names[n] for n in get_close_matches(self.name.lower(), names, 3)]
        hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
        raise ValueError(f"There is no regressor {self.name!r}: {hint}There are {', '.join(READY)}; any object with "
                         "fit(X, y) and predict(X) will do, too.")  # fmt: skip

    @property
    def imports(self) -> tuple[str, ...]:
        """The modules that its fit needs."""
        return (READY[self.ready].home.rpartition(".")[0],)

    def make(self) -> Any:
        """A new, untrained regressor of the library. ValueError names a setting that it does not have."""
        kind = READY[self.ready]
        module, _, name = kind.home.rpartition(".")
        try:
            constructor = getattr(importlib.import_module(module), name)
        except ImportError:
            raise ImportError(f"Regressor {self.ready!r} needs the package {module.split('.')[0]!r}, which is not "
                              f"installed: pip install 'onegraph[{self.ready.lower()}]'.") from None  # fmt: skip
        known = constructor().get_params()
        open_ended = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(constructor.__init__).parameters.values())
        for setting in self.settings:
            close = get_close_matches(setting, known, 3, 0.8 if open_ended else 0.6)
            # Boosters take more settings than their constructors name: refuse only what looks like a slip.
            if setting not in known and (close or not open_ended):
                hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"it has {', '.join(known)}."
                raise ValueError(f"Regressor {self.ready!r} has no setting {setting!r}: {hint}")
        return constructor(**{**kind.settings, **self.settings})


# Each takes the settings of its library's constructor, by name, and those of `Regressor`; see `READY` for defaults that
# differ from the library's.
PREPARING = ("scaling", "reduction", "imputation", "encoding")


def _ready(name: str, given: Mapping[str, Any]) -> Regressor:
    prepared = {n: v for n, v in given.items() if n in PREPARING}
    return Regressor(name, {n: v for n, v in given.items() if n not in PREPARING}, **prepared)


def ElasticNet(**settings: Any) -> Regressor:
    """scikit-learn's linear regression with both penalties, on standardised columns and target."""
    return _ready("ElasticNet", settings)


def LassoLars(**settings: Any) -> Regressor:
    """scikit-learn's lasso by least angles, on standardised columns and target."""
    return _ready("LassoLars", settings)


def Ridge(**settings: Any) -> Regressor:
    """scikit-learn's ridge regression, on standardised columns."""
    return _ready("Ridge", settings)


def SGD(**settings: Any) -> Regressor:
    """scikit-learn's linear regression by stochastic gradient descent, on standardised columns and target."""
    return _ready("SGD", settings)


def KNN(**settings: Any) -> Regressor:
    """scikit-learn's nearest neighbours, on standardised columns."""
    return _ready("KNN", settings)


def DecisionTree(**settings: Any) -> Regressor:
    """scikit-learn's regression tree."""
    return _ready("DecisionTree", settings)


def RandomForest(**settings: Any) -> Regressor:
    """scikit-learn's random forest."""
    return _ready("RandomForest", settings)


def ExtraTrees(**settings: Any) -> Regressor:
    """scikit-learn's forest of extremely random trees."""
    return _ready("ExtraTrees", settings)


def GradientBoosting(**settings: Any) -> Regressor:
    """scikit-learn's gradient boosting with exact splits."""
    return _ready("GradientBoosting", settings)


def HistGradientBoosting(**settings: Any) -> Regressor:
    """scikit-learn's gradient boosting on histograms; it splits on sets of categories."""
    return _ready("HistGradientBoosting", settings)


def LightGBM(**settings: Any) -> Regressor:
    """LightGBM's boosted trees; they split on sets of categories."""
    return _ready("LightGBM", settings)


def XGBoost(**settings: Any) -> Regressor:
    """XGBoost's boosted trees; they split on sets of categories."""
    return _ready("XGBoost", settings)
