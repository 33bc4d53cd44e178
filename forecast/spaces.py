"""Spaces: which settings of a learner are worth a search, and in which range; each range starts at the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from featurizers.categories import Categories
from featurizers.featurizer import Featurizer
from featurizers.series_id import SeriesId
from learners.learner import Learner
from learners.regressors.columns import Pca, TruncatedSvd
from learners.regressors.preparing import SCALED
from learners.regressors.regressor import READY, Regressor
from learners.space import Between, Choose

LEAVES = Between(1, 30, log=True, whole=True, start=2)
RATE = Between(0.01, 0.3, log=True, start=0.05)
SHARE = Between(0.3, 1.0, start=1.0)
REGRESSORS: Mapping[str, Mapping[str, Between]] = {
    "ElasticNet": {"alpha": Between(1e-5, 1.0, log=True, start=1e-3), "l1_ratio": Between(0.0, 1.0, start=0.5)},
    "LassoLars": {"alpha": Between(1e-5, 1.0, log=True, start=1e-3)},
    "Ridge": {"alpha": Between(1e-3, 1e4, log=True, start=1.0)},
    "SGD": {"alpha": Between(1e-6, 1e-1, log=True, start=1e-4)},
    "KNN": {"n_neighbors": Between(2, 60, log=True, whole=True, start=10)},
    "DecisionTree": {"min_samples_leaf": Between(2, 100, log=True, whole=True, start=10)},
    "RandomForest": {"min_samples_leaf": LEAVES, "max_features": Between(0.1, 1.0, start=0.5)},
    "ExtraTrees": {"min_samples_leaf": LEAVES, "max_features": SHARE},
    "GradientBoosting": {"learning_rate": RATE, "max_depth": Between(2, 8, whole=True, start=5)},
    "HistGradientBoosting": {
        "learning_rate": RATE,
        "max_leaf_nodes": Between(4, 127, log=True, whole=True, start=31),
        "min_samples_leaf": Between(3, 100, log=True, whole=True, start=20),
    },
    "LightGBM": {
        "learning_rate": RATE,
        "n_estimators": Between(60, 800, log=True, whole=True, start=250),
        "num_leaves": Between(4, 127, log=True, whole=True, start=31),
        "min_child_samples": Between(3, 100, log=True, whole=True, start=20),
        "colsample_bytree": SHARE,
    },
    "XGBoost": {
        "learning_rate": RATE,
        "n_estimators": Between(60, 800, log=True, whole=True, start=250),
        "max_depth": Between(2, 10, whole=True, start=6),
        "min_child_weight": Between(1.0, 50.0, log=True, start=1.0),
        "colsample_bytree": SHARE,
    },
}
COLUMNS: Mapping[str, Choose] = {
    "scaling": Choose(("auto", "robust", "minmax", "maxabs", "normalizer")),
    "reduction": Choose((None, Pca(0.99), TruncatedSvd(10))),
}
ENCODINGS = Choose(("auto", "target", "onehot"))
PARTS: Mapping[str, Mapping[str, Between | Choose]] = {
    "Tcn": {
        "channels": Choose((32, 16, 64)),
        "layers": Choose(("auto", 3, 5)),
        "kernel": Choose((3, 2, 5)),
        "dropout": Between(0.0, 0.4, start=0.2),
        "learning_rate": Between(2e-4, 5e-3, log=True, start=2e-3),
    },
    "Mlp": {
        "hidden": Choose((128, 64, 256)),
        "dropout": Between(0.0, 0.4, start=0.2),
        "learning_rate": Between(5e-4, 1e-2, log=True, start=2e-3),
    },
    "Prophet": {
        "changepoint_prior": Between(0.001, 0.5, log=True, start=0.05),
        "seasonality_prior": Between(0.01, 10.0, log=True, start=10.0),
        "mode": Choose(("additive", "multiplicative")),
    },
}


def opened(recipe: Any, coded: bool = False) -> Any:
    """The recipe with what is worth a search left open, at any depth; values that differ from the default stay.
    `coded` says that a regressor is given codes of categories."""
    if isinstance(recipe, str) and recipe in READY:
        recipe = Regressor(recipe)
    if isinstance(recipe, Regressor):
        space = REGRESSORS.get(recipe.ready, {})
        columns = {**(COLUMNS if recipe.ready in SCALED else {}), **({"encoding": ENCODINGS} if coded else {})}
        same: dict[str, Any] = {n: c for n, c in columns.items() if getattr(recipe, n) == c.first}
        return replace(recipe, settings={**space, **recipe.settings}, **same)
    if not is_dataclass(recipe) or isinstance(recipe, type):
        return recipe
    changed: dict[str, Any] = {}
    space_of = PARTS.get(type(recipe).__name__, {})
    for f in fields(recipe):
        value = getattr(recipe, f.name)
        if f.name in space_of and value == space_of[f.name].first:
            changed[f.name] = space_of[f.name]
        elif f.name == "regressor":
            changed[f.name] = opened(value, _coded(getattr(recipe, "features", ())))
        elif isinstance(value, Learner):
            changed[f.name] = opened(value)
        elif f.name == "features" and isinstance(value, tuple):
            changed[f.name] = _feature_sets(value)
    return replace(recipe, **changed)


def _coded(features: Any) -> bool:
    """Whether codes of the table's own categories are among the features."""
    parts = features if isinstance(features, tuple) else ()
    return any(isinstance(p, Categories | SeriesId) and not p.onehot for p in parts)


def _feature_sets(features: tuple[Featurizer, ...]) -> Choose | tuple[Featurizer, ...]:
    """All features, those without rolling windows, or those without the calendar."""
    sets = [features]
    for left_out in ("Rolling", "Calendar"):
        kept = tuple(part for part in features if type(part).__name__ != left_out)
        if len(kept) < len(features):
            sets.append(kept)
    return Choose(tuple(sets)) if len(sets) > 1 else features
