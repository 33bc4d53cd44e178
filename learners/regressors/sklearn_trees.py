"""Trees of scikit-learn: single trees, forests, GradientBoosting and HistGradientBoosting."""

from __future__ import annotations

from typing import Any

import numpy as np

from learners.regressors.fitted import Fitted
from learners.regressors.planting import Tree, codes, planted


def from_tree(estimator: Any) -> Fitted:
    """DecisionTree and ExtraTree."""
    return planted([_tree(estimator.tree_)], narrow=True)


def from_forest(estimator: Any) -> Fitted:
    """RandomForest and ExtraTrees: the mean of their trees."""
    trees = [_tree(e.tree_) for e in estimator.estimators_]
    return planted(trees, scale=1 / len(trees), narrow=True)


def from_gradient_boosting(estimator: Any) -> Fitted:
    first = estimator.init_
    if isinstance(first, str) or first is None:  # "zero"
        start = 0.0
    elif hasattr(first, "constant_"):
        start = float(np.ravel(first.constant_)[0])
    else:
        raise ValueError(f"it starts from another regressor (init={type(first).__name__}).")
    trees = [_tree(e.tree_) for e in estimator.estimators_[:, 0]]
    return planted(trees, base=start, scale=float(estimator.learning_rate), narrow=True)


def _tree(tree: Any) -> Tree:
    if tree.n_outputs != 1:
        raise ValueError("it gives several outputs.")
    left = np.asarray(tree.children_left)
    missing = np.asarray(tree.missing_go_to_left, bool)
    return Tree.mixed(tree.feature, tree.threshold, left, tree.children_right, missing, tree.value[:, 0, 0],
                      cover=np.asarray(tree.weighted_n_node_samples))  # fmt: skip


def from_hist_gradient_boosting(estimator: Any) -> Fitted:
    """HistGradientBoosting compares in float64. It sorts columns of categories to the front and codes them anew."""
    encoder, mask = None, estimator.is_categorical_
    places, known = np.arange(estimator.n_features_in_), []
    if mask is not None and mask.any():
        places = np.r_[np.flatnonzero(mask), np.flatnonzero(~mask)]
        encoder = estimator._preprocessor.named_transformers_["encoder"]
        known = [np.asarray(c, np.float64) for c in encoder.categories_]
    trees = []
    for (predictor,) in estimator._predictors:
        nodes, bits = predictor.nodes, predictor.raw_left_cat_bitsets
        yes, no = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
        missing, sets = nodes["missing_go_to_left"].astype(bool), {}
        for at in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~nodes["is_leaf"].astype(bool)):
            levels = known[nodes["feature_idx"][at]]
            inside = np.isin(np.arange(len(levels)), codes(bits[nodes["bitset_idx"][at]]))
            if missing[at]:  # an unknown category follows the missing ones: ask for those that go right instead
                yes[at], no[at], inside, missing[at] = no[at], yes[at], ~inside, False
            found = levels[inside]
            sets[int(at)] = found[~np.isnan(found)]
        yes = np.where(nodes["is_leaf"].astype(bool), -1, yes)
        feature = places[nodes["feature_idx"].astype(np.int64)]
        trees.append(Tree.mixed(feature, nodes["num_threshold"], yes, no, missing, nodes["value"], sets,
                                nodes["count"].astype(np.float64)))  # fmt: skip
    link = {"poisson": "log", "gamma": "log"}.get(estimator.loss, "identity")
    return planted(trees, base=float(np.ravel(estimator._baseline_prediction)[0]), link=link)
