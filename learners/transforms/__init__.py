"""Transforms of the target, each with its exact inverse, for `Transformed`."""

from learners.transforms.boxcox import BoxCox
from learners.transforms.difference import Difference, SeasonalDifference
from learners.transforms.log1p import Log1p
from learners.transforms.scale import Scale
from learners.transforms.transform import Transform

__all__ = ["BoxCox", "Difference", "Log1p", "Scale", "SeasonalDifference", "Transform"]
