"""Learners: recipes that are fitted to a panel, and the models that come out."""

from featurizers.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
