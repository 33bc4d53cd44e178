"""Regressors: foreign ones are trained by their library and kept as our own numbers."""

from learners.regressors.fit import fit_regressor
from learners.regressors.fitted import Fitted

__all__ = ["Fitted", "fit_regressor"]
