"""The examples in docstrings give what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from tests.test_layout import FILES, ROOT, name

SHOWN = [file for file in FILES if ">>>" in file.read_text()]


@pytest.mark.parametrize("file", SHOWN, ids=name)
def test_examples_run(file: Path) -> None:
    module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    failed, attempted = doctest.testmod(module)
    assert attempted > 0
    assert failed == 0
