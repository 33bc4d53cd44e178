"""Log1p: the logarithm of one plus the target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.panel import Panel
from learners.transforms.transform import Transform, refuse

FARTHEST = 700.0  # a logarithm of 1e304, so that what is transformed back is finite


@dataclass(frozen=True)
class Log1p(Transform):
    """log(1 + y): growth in percent becomes growth in steps, and zero stays zero.

    Negative targets are refused unless `signed`: then sign(y) log(1 + |y|), which is symmetric.
    """

    signed: bool = False

    def resolve(self, panel: Panel) -> Log1p:
        if not self.signed:
            refuse(panel, panel.y < 0, "and Log1p takes no negative values: use Log1p(signed=True).")
        return self

    def whole(self, panel: Panel) -> np.ndarray:
        values: np.ndarray = self.forward(panel.y, {})
        return values

    def forward(self, past: Array, state: State) -> Array:
        xp = namespace(past)
        if self.signed:
            return xp.sign(past) * xp.log1p(xp.abs(past))
        return xp.log1p(xp.where(past > -1.0, past, xp.nan))

    def inverse(self, values: Array, past: Array, state: State) -> Array:
        xp = namespace(values)
        size = xp.abs(values) if self.signed else values
        back = xp.expm1(xp.where(size > FARTHEST, FARTHEST, size))
        return xp.sign(values) * back if self.signed else back
