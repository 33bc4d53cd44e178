"""Planting: the trees of a library, gathered one by one into the arrays of `Trees`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from learners.regressors.trees import Trees


@dataclass(frozen=True, eq=False)
class Tree:
    """One tree. Its questions and leaves are counted from 0; `yes` and `no` are a question, or ~leaf."""

    feature: np.ndarray
    threshold: np.ndarray
    yes: np.ndarray
    no: np.ndarray
    missing: np.ndarray  # whether NaN goes to `yes`
    leaves: np.ndarray
    sets: dict[int, np.ndarray] = field(default_factory=dict)  # question -> the categories that go to `yes`
    cover: np.ndarray = field(default_factory=lambda: np.empty(0))  # (leaves,): the weight of the training rows

    @classmethod
    def mixed(
        cls,
        feature: np.ndarray,
        threshold: np.ndarray,
        yes: np.ndarray,
        no: np.ndarray,
        missing: np.ndarray,
        value: np.ndarray,
        sets: dict[int, np.ndarray] | None = None,
        cover: np.ndarray | None = None,
    ) -> Tree:
        """From arrays in which questions and leaves (whose `yes` is below 1, since 0 is the root) are mixed."""
        asks = yes >= 1
        places = np.where(asks, np.cumsum(asks) - 1, ~(np.cumsum(~asks) - 1))
        return cls(feature[asks], threshold[asks], places[yes[asks]], places[no[asks]], missing[asks], value[~asks],
                   {int(places[at]): members for at, members in (sets or {}).items()},
                   np.empty(0) if cover is None else cover[~asks])  # fmt: skip


def planted(
    trees: list[Tree], base: float = 0.0, scale: float = 1.0, narrow: bool = False, link: str = "identity"
) -> Trees:
    """`trees` as one regressor; one that is a single leaf joins `base`."""
    alone = sum(float(tree.leaves[0]) for tree in trees if len(tree.feature) == 0)
    trees = [tree for tree in trees if len(tree.feature)]
    sizes = [len(tree.feature) for tree in trees]
    roots = np.cumsum([0, *sizes])[:-1].astype(np.int64)
    leaves = np.cumsum([0, *(len(tree.leaves) for tree in trees)])[:-1]
    sets = np.full(sum(sizes), -1, np.int64)
    members: list[np.ndarray] = []
    for root, tree in zip(roots, trees, strict=True):
        for at, codes in sorted(tree.sets.items()):
            sets[root + at] = len(members)
            members.append(np.sort(np.asarray(codes, np.float64)))
    moved = [
        replace(
            tree,
            yes=np.where(tree.yes < 0, tree.yes - leaf, tree.yes + root),
            no=np.where(tree.no < 0, tree.no - leaf, tree.no + root),
        )
        for tree, root, leaf in zip(trees, roots, leaves, strict=True)
    ]

    def joined(name: str, dtype: type) -> np.ndarray:
        return np.concatenate([np.empty(0, dtype), *(np.asarray(getattr(t, name), dtype) for t in moved)])

    threshold = np.where(sets >= 0, 0.0, joined("threshold", np.float64))
    starts = np.cumsum([0, *(len(m) for m in members)]).astype(np.int64)
    return Trees(
        joined("feature", np.int64), threshold, sets, joined("yes", np.int64), joined("no", np.int64),
        joined("missing", np.int64), starts, np.concatenate([np.empty(0), *members]), roots,
        joined("leaves", np.float64), base + scale * alone, scale, narrow, link, joined("cover", np.float64),
    )  # fmt: skip


def codes(words: np.ndarray) -> np.ndarray:
    """The positions of the bits that are set in a row of 32-bit words, the lowest bit first."""
    bits = np.unpackbits(np.ascontiguousarray(words, "<u4").view(np.uint8), bitorder="little")
    return np.flatnonzero(bits)
