"""Featurizers: the panel, and columns computed from it."""

from featurizers.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
