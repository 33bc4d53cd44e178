"""from_xgboost: the trees of an XGBoost model, read from its own JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from learners.regressors.fitted import Fitted
from learners.regressors.planting import Tree, planted

LINKS = {"count:poisson": "log", "reg:gamma": "log", "reg:tweedie": "log", "reg:logistic": "logit"}


def from_xgboost(booster: Any, rounds: int | None = None) -> Fitted:
    """The first `rounds` rounds (None: all). ValueError for what trees alone cannot say.

    XGBoost adds its leaves up in float32; these trees do so in float64, which differs by some 1e-6 of the sum.
    """
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    boosted, model = learner["gradient_booster"], learner["learner_model_param"]
    weights = boosted.get("weight_drop")
    boosted = boosted.get("gbtree", boosted)
    if "model" not in boosted or "trees" not in boosted["model"]:
        raise ValueError("its booster is not made of trees.")
    base = np.atleast_1d(np.array(json.loads(model["base_score"]), np.float64))
    if len(base) > 1 or int(model.get("num_target", 1)) > 1:
        raise ValueError("it gives several outputs (targets or quantiles).")
    trees = boosted["model"]["trees"]
    if rounds is not None:
        trees = trees[: boosted["model"]["iteration_indptr"][rounds]]
    link = LINKS.get(learner["objective"]["name"], "identity")
    mean = float(base[0])  # of the target, not of the score
    score = np.log(mean) if link == "log" else np.log(mean / (1 - mean)) if link == "logit" else mean
    weights = weights or [1.0] * len(trees)
    planted_trees = [_tree(tree, weight) for tree, weight in zip(trees, weights, strict=False)]
    return planted(planted_trees, base=float(score), narrow=True, link=link)


def _tree(tree: dict[str, Any], weight: float) -> Tree:
    left, right = np.array(tree["left_children"]), np.array(tree["right_children"])
    split, missing = np.array(tree["split_conditions"], np.float32).astype(np.float64), np.array(tree["default_left"])
    yes, no, missing = left.copy(), right.copy(), missing.astype(bool)
    sets = {}
    parts = zip(tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True)
    for at, start, size in parts:  # a category in the set goes right
        sets[at] = np.array(tree["categories"][start : start + size])
        yes[at], no[at], missing[at] = right[at], left[at], ~missing[at]
    # "less than" is "at most the number below".
    threshold = np.nextafter(split, -np.inf)
    return Tree.mixed(np.array(tree["split_indices"]), threshold, yes, no, missing, split * weight, sets,
                      np.array(tree["sum_hessian"], np.float64))  # fmt: skip
