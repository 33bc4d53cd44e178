"""Kernels: what is said where they are missing, and how many threads they take."""

from __future__ import annotations

import runpy
import sys

import pytest

import featurizers
from featurizers import kernels


def test_a_missing_build_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "featurizers._kernels", None)
    monkeypatch.delattr(featurizers, "_kernels", raising=False)
    with pytest.raises(ImportError, match=r"build it with 'pip install -e \.'"):
        runpy.run_path(kernels.__file__)


def test_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert [kernels.threads(n) for n in (0, 1000, 200_000, 10_000_000)] == [1, 1, 2, 3]
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert kernels.threads(10_000) == 1
