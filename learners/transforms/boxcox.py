"""BoxCox: a power of the target that makes its swings equally wide at every level."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.panel import Panel
from learners.bands import bounds, levels
from learners.transforms.transform import Transform, refuse

NODES = 9


@dataclass(frozen=True)
class BoxCox(Transform):
    """(y^power - 1) / power, and log(y) where the power is 0; one power for the whole panel.

    "auto" takes the power from 0 to 1 by Guerrero's method: the season-long pieces of each series should have
    the same sd / mean^(1 - power). With a zero in the panel the power is at least 0.1. A transformed forecast below
    what any target has becomes 0. Negative targets are refused, and zeros where the power is 0 or less.

    What is transformed back is the median of the forecast. `bias_adjusted` gives its mean, from the width of a band,
    which the learner must have: `Transformed(AutoArima(12, levels=(80,)), BoxCox(bias_adjusted=True))`.

    Source: Guerrero (1993), Time-series analysis supported by power transformations, J. Forecasting 12, 37-48;
    Hyndman & Athanasopoulos (2021), Forecasting: principles and practice, 5.6, for the mean.
    """

    power: float | str = "auto"
    bias_adjusted: bool = False

    def resolve(self, panel: Panel) -> BoxCox:
        refuse(panel, panel.y < 0, "and BoxCox takes no negative values: use Log1p(signed=True) or Scale.")
        number = isinstance(self.power, int | float) and np.isfinite(self.power)
        if not number and self.power != "auto":
            raise ValueError(f"The power of BoxCox is a number or 'auto', not {self.power!r}.")
        power = guerrero(panel) if self.power == "auto" else float(self.power)
        if power <= 0:
            refuse(panel, panel.y == 0, f"and BoxCox(power={power:g}) takes no zeros: use a power above 0, or Log1p.")
        found = replace(self, power=power)
        if not np.isfinite(found.whole(panel)[np.isfinite(panel.y)]).all():
            raise ValueError(f"The power of BoxCox takes the targets beyond all numbers: {power!r}.")
        return found

    def whole(self, panel: Panel) -> np.ndarray:
        values: np.ndarray = self.forward(panel.y, {})
        return values

    def forward(self, past: Array, state: State) -> Array:
        xp, power = namespace(past), self._power
        past = xp.where(past > 0.0 if power <= 0 else past >= 0.0, past, xp.nan)
        return xp.log(past) if power == 0 else (xp.pow(past, power) - 1.0) / power

    def inverse(self, values: Array, past: Array, state: State) -> Array:
        xp, power = namespace(values), self._power
        if power == 0:
            return xp.exp(values)
        base = values * power + 1.0
        # Beyond the bound: below any target for a positive power; above every number for a negative one.
        return xp.pow(xp.where(base < 0.0, 0.0, base), 1.0 / power)

    def invert(self, outputs: State, past: Array, state: State) -> State:
        back = super().invert(outputs, past, state)
        if not self.bias_adjusted:
            return back
        found = levels(outputs)
        if not found:
            raise ValueError(
                "BoxCox(bias_adjusted=True) takes the variance from a band: give the learner levels=(80,)."
            )
        lower, upper = bounds(found[0])
        deviation = (outputs[upper] - outputs[lower]) / (2.0 * NormalDist().inv_cdf(0.5 + found[0] / 200))
        # The mean of a normal distribution transformed back, by the quadrature of Gauss and Hermite.
        places, weights = np.polynomial.hermite_e.hermegauss(NODES)
        mean = 0.0 * deviation
        for place, weight in zip(places.tolist(), (weights / weights.sum()).tolist(), strict=True):
            mean = mean + weight * self.inverse(outputs["forecast"] + place * deviation, past, state)
        return back | {"forecast": mean}

    @property
    def _power(self) -> float:
        if isinstance(self.power, str):
            raise ValueError("BoxCox(power='auto') has not seen a panel yet: call resolve(panel) first.")
        return self.power


def guerrero(panel: Panel) -> float:
    """The power from 0 to 1, to two digits, for which the mean over the series of the coefficient of variation of
    sd / mean^(1 - power) over pieces of one season is least; 1 where no series has two pieces."""
    width = max(panel.freq.season, 2)
    from_end = np.repeat(panel.indptr[1:], panel.lengths) - 1 - np.arange(len(panel))
    usable = (from_end // width < np.repeat(panel.lengths // width, panel.lengths)) & ~np.isnan(panel.y)
    piece = np.repeat(np.r_[0, np.cumsum(panel.lengths // width + 1)[:-1]], panel.lengths) + from_end // width
    _, inverse, count = np.unique(piece[usable], return_inverse=True, return_counts=True)
    y = panel.y[usable]
    mean = np.bincount(inverse, y) / count
    spread = np.bincount(inverse, (y - mean[inverse]) ** 2) / np.maximum(count - 1, 1)
    owner = np.zeros(len(count), np.int64)
    owner[inverse] = panel.owner[usable]
    good = (count >= 2) & (mean > 0)
    mean, sd, owner = mean[good], np.sqrt(spread[good]), owner[good]
    enough = (np.bincount(owner, minlength=panel.count) >= 2) & (np.bincount(owner, sd, panel.count) > 0)
    if not enough.any():
        return 1.0
    powers = np.arange(10 if (panel.y == 0).any() else 0, 101) / 100
    return float(powers[np.argmin([_variation(sd / mean ** (1 - p), owner, enough) for p in powers])])


def _variation(ratio: np.ndarray, owner: np.ndarray, enough: np.ndarray) -> float:
    """The mean coefficient of variation of each series' ratios, over the series with `enough` of them."""
    pieces = np.maximum(np.bincount(owner, minlength=len(enough)), 1)
    mean = np.bincount(owner, ratio, len(enough)) / pieces
    spread = np.bincount(owner, (ratio - mean[owner]) ** 2, len(enough)) / np.maximum(pieces - 1, 1)
    return float(np.mean(np.sqrt(spread[enough]) / mean[enough]))
