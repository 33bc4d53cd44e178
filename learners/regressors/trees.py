"""Trees: decision trees and sums of them, compared in double precision on numpy and in a graph."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from featurizers.arrays import Array, namespace
from featurizers.kernels import threads
from learners.regressors.fitted import SMALL, Fitted
from learners.regressors.linear import allotted, linked

if TYPE_CHECKING:
    from learners._kernels import Forest

AT_MOST, MEMBER = 0, 6  # the codes of ai.onnx.ml TreeEnsemble for <= and for "in the set"
DEPTH = 8  # steps down a typical tree, to judge how much work a prediction is


@dataclass(frozen=True, eq=False)
class Trees(Fitted):
    """`link(base + scale * sum of one leaf a tree)`.

    Node i asks whether column `feature[i]` is at most `threshold[i]` or, where `sets[i]` is not -1, whether it is
    one of the categories `members[starts[s]:starts[s + 1]]` (s = sets[i]). It leads on to `yes[i]` or `no[i]`, a node,
    or ~leaf where negative; NaN leads to `yes[i]` where `missing[i]`, else to `no[i]`.
    """

    feature: np.ndarray  # int64, (nodes,)
    threshold: np.ndarray  # float64, (nodes,)
    sets: np.ndarray  # int64, (nodes,)
    yes: np.ndarray  # int64, (nodes,)
    no: np.ndarray  # int64, (nodes,)
    missing: np.ndarray  # int64, (nodes,)
    starts: np.ndarray  # int64, (sets + 1,)
    members: np.ndarray  # float64
    roots: np.ndarray  # int64, (trees,): nodes; a tree without a question is part of `base`
    leaves: np.ndarray  # float64
    base: float = 0.0
    scale: float = 1.0
    narrow: bool = False  # the library rounds the columns to float32 before it compares
    link: str = "identity"
    cover: np.ndarray = field(default_factory=lambda: np.empty(0))  # float64, (leaves,): weight of the training rows

    def predict(self, X: Array) -> Array:
        total = self._sum(X) if len(self.roots) else namespace(X).zeros_like(X[:, 0])
        return linked(self.link, total * self.scale + self.base)

    def _sum(self, X: Array) -> Array:
        if namespace(X) is np:
            work = threads(len(X) * len(self.roots) * DEPTH, SMALL)
            return self._forest.predict(np.ascontiguousarray(X, np.float64), self.narrow, work)
        xp = namespace(X)
        if self.narrow:
            X = xp.astype(xp.astype(X, np.float32), np.float64)
        if X.graph.ml < 5:
            raise ValueError("Exact trees need the operators ai.onnx.ml 5; this graph is written with older ones.")
        attributes = self._attributes
        return X.graph.node(
            "TreeEnsemble", [X], np.float64, (X.shape[0], 1), domain="ai.onnx.ml", **attributes
        )[:, 0]  # fmt: skip

    def contributions(self, X: np.ndarray, typical: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shapley values of the columns: one that is not known is averaged over, both ways of a question by the
        training rows that went them. Source: Lundberg et al., From local explanations to global understanding with
        explainable AI for trees, 2020."""
        X = np.ascontiguousarray(X, np.float64)
        cover = self.cover if len(self.cover) else np.ones(len(self.leaves))  # older files hold no cover
        work = threads(len(X) * len(self.roots) * DEPTH * DEPTH, SMALL)
        expected, values = self._forest.contributions(X, cover, self.narrow, work)
        base = np.full(len(X), expected * self.scale + self.base)
        return allotted(self.link, base, values * self.scale)

    @property
    def _attributes(self) -> dict[str, Any]:
        """Of the node, see https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsemble.html."""
        _ = self._forest  # refuses what is no forest, which a runtime would walk
        found: dict[str, Any] = {
            "n_targets": 1,
            "aggregate_function": 1,  # the sum
            "post_transform": 0,
            "tree_roots": self.roots.tolist(),
            "nodes_featureids": self.feature.tolist(),
            "nodes_modes": np.where(self.sets >= 0, MEMBER, AT_MOST).astype(np.uint8),
            "nodes_splits": self.threshold,
            "nodes_truenodeids": np.where(self.yes < 0, ~self.yes, self.yes).tolist(),
            "nodes_trueleafs": (self.yes < 0).astype(int).tolist(),
            "nodes_falsenodeids": np.where(self.no < 0, ~self.no, self.no).tolist(),
            "nodes_falseleafs": (self.no < 0).astype(int).tolist(),
            "leaf_targetids": [0] * len(self.leaves),
            "leaf_weights": self.leaves,
        }
        if self.missing.any():
            found["nodes_missing_value_tracks_true"] = self.missing.tolist()
        if (self.sets >= 0).any():  # the members of each such node in turn, NaN after each
            sets = [np.r_[self.members[self.starts[s] : self.starts[s + 1]], np.nan] for s in self.sets if s >= 0]
            found["membership_values"] = np.concatenate(sets)
        return found

    @cached_property
    def _forest(self) -> Forest:
        from learners._kernels import Forest

        try:
            return Forest(self.feature, self.threshold, self.sets, self.yes, self.no, self.missing, self.starts,
                          self.members, self.roots, self.leaves)  # fmt: skip
        except TypeError:
            raise ValueError(
                "These are not trees: an array is of another kind than whole numbers or numbers."
            ) from None

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # what the kernel holds is made anew
