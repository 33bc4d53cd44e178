"""forecast: from a long table to validated forecasts, and the same forecasts from an ONNX file."""

from featurizers.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

__version__ = "0.1.0"
