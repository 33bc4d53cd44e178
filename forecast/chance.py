"""Chance: whether scores differ by more than chance makes them."""

from __future__ import annotations

import math

import numpy as np

SURE = 2.0  # standard errors


def surely_better(ours: np.ndarray, theirs: np.ndarray, higher: bool = False, sure: float = SURE) -> bool:
    """Whether our scores, (folds, series), are on average better than theirs of the same by more than `sure`
    standard errors of the differences; `higher` where more is better. Not with fewer than two that both have."""
    apart = ((ours - theirs) if higher else (theirs - ours)).ravel()
    apart = apart[np.isfinite(apart)]
    return len(apart) > 1 and bool(apart.mean() > sure * apart.std(ddof=1) / math.sqrt(len(apart)))
