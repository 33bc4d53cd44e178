"""Regressors: foreign ones are trained by their library and kept as our own numbers."""

from learners.regressors.fit import fit_regressor
from learners.regressors.fitted import Fitted
from learners.regressors.regressor import Regressor

__all__ = ["Fitted", "Regressor", "fit_regressor"]
