"""Waves: sine and cosine to nine digits, the same on every runtime."""

from __future__ import annotations

import numpy as np

from featurizers.arrays import Array, namespace

DIGITS = 1e9  # of sines that are one apart in their last digit, which runtimes round differently, one value remains


def sine(angle: Array) -> Array:
    """sin(angle), rounded, so that trees part only what differs."""
    xp = namespace(angle)
    return xp.floor(xp.sin(angle) * DIGITS + 0.5) / DIGITS


def cosine(angle: Array) -> Array:
    """cos(angle), as a sine: a graph knows no cosine of doubles."""
    return sine(angle + np.pi / 2)
