"""from_lightgbm: the trees of a LightGBM model, read from its own text format."""

from __future__ import annotations

from typing import Any

import numpy as np

from learners.regressors.fitted import Fitted
from learners.regressors.planting import Tree, codes, planted

# Bits of a question's decision_type, see include/LightGBM/tree.h.
CATEGORICAL, LEFT, NONE, ZERO = 1, 2, 0, 1
LINKS = {"poisson": "log", "gamma": "log", "tweedie": "log", "cross_entropy": "logit"}


def from_lightgbm(booster: Any) -> Fitted:
    """ValueError for what trees alone cannot say: linear leaves, zeros that count as missing, several outputs."""
    head, *blocks = booster.model_to_string().split("\nTree=")
    settings = dict(line.partition("=")[::2] for line in head.splitlines())
    if settings.get("num_tree_per_iteration", "1") != "1":
        raise ValueError("it gives several outputs.")
    trees = [_tree(dict(line.partition("=")[::2] for line in block.splitlines())) for block in blocks]
    objective = settings.get("objective", "")
    found = [link for name, link in LINKS.items() if objective.startswith(name)] + ["identity"]
    link = "sqrt" if objective.endswith(" sqrt") else found[0]
    return planted(trees, scale=1 / len(trees) if "average_output" in settings and trees else 1.0, link=link)


def _tree(lines: dict[str, str]) -> Tree:
    def numbers(name: str, dtype: type) -> np.ndarray:
        return np.array(lines.get(name, "").split(), dtype)

    if lines.get("is_linear", "0") != "0":
        raise ValueError("it was trained with linear_tree=True, and its leaves hold linear models.")
    leaves = numbers("leaf_value", np.float64)
    if lines["num_leaves"] == "1":
        none = np.empty(0, np.int64)
        return Tree(none, np.empty(0), none, none, none, leaves)
    threshold, decision = numbers("threshold", np.float64), numbers("decision_type", np.int64)
    category, kind = decision & CATEGORICAL == CATEGORICAL, decision >> 2 & 3
    if (kind[~category] == ZERO).any():
        raise ValueError("it was trained with zero_as_missing=True.")
    # Where nothing was missing in training, NaN counts as zero.
    missing = np.where(kind == NONE, threshold >= 0, decision & LEFT > 0) & ~category
    ends, words = numbers("cat_boundaries", np.int64), numbers("cat_threshold", np.uint32)
    sets = {}
    for at in np.flatnonzero(category):
        which = int(threshold[at])
        sets[int(at)] = codes(words[ends[which] : ends[which + 1]])
    children = numbers("left_child", np.int64), numbers("right_child", np.int64)
    return Tree(numbers("split_feature", np.int64), threshold, *children, missing, leaves, sets,
                numbers("leaf_count", np.float64))  # fmt: skip
