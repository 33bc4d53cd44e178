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


# In a process of its own: a part must be what the stub says even after every module is there whose name an import
# binds in the package.
OFFERED = """
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from featurizers.lazy import _homes
wrong = []
for name in ("featurizers", "learners", "forecast"):
    package = import_module(name)
    homes = _homes(Path(package.__file__).with_suffix(".pyi"))
    first = {part: getattr(package, part) for part in homes}
    meant = {part: import_module(f"{name}.{part}") if home == name else getattr(import_module(home), part)
             for part, home in homes.items()}
    for module in iter_modules(package.__path__):
        if module.name in homes:
            import_module(f"{name}.{module.name}")
    wrong += [p for p in homes if not meant[p] is first[p] is getattr(package, p) or sorted(homes) != package.__all__]
print(wrong)
"""


def test_the_stub_offers_what_is_there() -> None:
    command = [sys.executable, "-c", OFFERED]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout == "[]\n", done.stderr


def test_a_part_that_is_not_there_is_answered_with_the_one_that_is_meant() -> None:
    import forecast

    with pytest.raises(AttributeError, match="Did you mean 'Rolling'"):
        _ = forecast.Roling


def test_import_is_light() -> None:
    code = "import sys, forecast; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert not HEAVY & set(ast.literal_eval(loaded))
