"""The layout keeps its promises: imports point one way, files stay small, the door opens quickly."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ["featurizers", "learners", "forecast"]  # each may import itself and what stands before it
FILES = [file for folder in ORDER for file in sorted((ROOT / folder).rglob("*.py"))]
HEAVY = {"torch", "prophet", "statsmodels", "pmdarima", "onnx", "onnxruntime", "sklearn", "lightgbm", "xgboost"}


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def imports(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("file", FILES, ids=name)
def test_imports_point_left(file: Path) -> None:
    above = ORDER[ORDER.index(file.relative_to(ROOT).parts[0]) + 1 :]
    assert not [n for n in imports(file) if n.split(".")[0] in above]


@pytest.mark.parametrize("file", FILES, ids=name)
def test_files_and_functions_are_small(file: Path) -> None:
    text = file.read_text()
    assert text.count("\n") <= 300
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    assert not [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= 60]


@pytest.mark.parametrize("file", FILES, ids=name)
def test_nothing_that_runs_code_from_a_file(file: Path) -> None:
    assert not imports(file) & {"pickle", "cloudpickle", "dill", "shelve", "marshal"}
    assert not re.search(r"(?<![\w.])(eval|exec)\(|joblib\.(load|dump)|torch\.load", file.read_text())


def test_the_stub_offers_what_is_there() -> None:
    import featurizers
    import forecast
    import learners

    for package in (featurizers, learners, forecast):
        for part in package.__all__:
            assert getattr(package, part) is not None
            assert getattr(package, part) is getattr(package, part), f"{part} is a module once it was imported"
    with pytest.raises(AttributeError, match="Did you mean 'Rolling'"):
        _ = forecast.Roling


def test_import_is_light() -> None:
    code = "import sys, forecast; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert not HEAVY & set(ast.literal_eval(loaded))
