"""Versions: of this library, and of those that its results depend on."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

NAME = "onegraph"  # of the distribution
LIBRARIES = ("numpy", "pandas", "onnx", "onnxruntime", "scikit-learn", "lightgbm", "xgboost-cpu", "statsmodels",
             "prophet", "torch")  # fmt: skip


def own() -> str:
    """The version of this library, "unknown" where it is not installed."""
    try:
        return version(NAME)
    except PackageNotFoundError:
        return "unknown"


def versions() -> dict[str, str]:
    """The version of Python, of this library and of every other that is installed, by name."""
    found = {"python": platform.python_version(), NAME: own()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
