"""save, load: a fitted model as a folder of JSON (its structure) and plain arrays (its numbers); no code in it.

`model.json` holds the tree of `forecast/encoding.py` and says of what format it is; `arrays.npz` holds the arrays, read
without pickle.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from forecast import versions
from forecast.encoding import Reader, Writer
from forecast.files import whole_folder
from learners.learner import Model
from learners.regressors.foreign import foreign

FORMAT = 1
STRUCTURE, ARRAYS = "model.json", "arrays.npz"
# Format n -> a function that rewrites the decoded JSON of format n as format n + 1.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def save(model: Model, path: str | Path) -> Path:
    """Write `model` to the folder `path`, whole or not at all; an older saved model there is replaced.

    TypeError names the part that is not made of numbers, text and our own dataclasses; FileExistsError where `path`
    is something else than a saved model.

        fc.save(model, "models/sales")
        model = fc.load("models/sales")
    """
    if not isinstance(model, Model):
        raise TypeError(f"Only a fitted model is saved, not a {type(model).__name__}; fit the recipe first, "
                        "or keep the recipe itself with `forecast.recipes.to_toml`.")  # fmt: skip
    if (stranger := foreign(model)) is not None:
        raise TypeError(stranger.refusal("saved"))
    path = Path(path)
    if path.exists() and not (path.is_dir() and {p.name for p in path.iterdir()} <= {STRUCTURE, ARRAYS}):
        raise FileExistsError(f"{str(path)!r} is there and is not a saved model: choose another place.")
    writer = Writer()
    structure = writer.encode(model, "model", 0)
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **writer.arrays)
    numbers = stream.getvalue()
    head = {
        "format": FORMAT,
        "library": versions.own(),
        "arrays": hashlib.sha256(numbers).hexdigest(),
        "model": structure,
    }
    text = json.dumps(head, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    with whole_folder(path) as folder:
        (folder / ARRAYS).write_bytes(numbers)
        (folder / STRUCTURE).write_text(text, "utf-8")
    return path


def load(path: str | Path) -> Model:
    """The model in the folder `path`, its own or that of a run. ValueError names the file that is damaged, too new or
    not a model; FileNotFoundError the one that is missing."""
    path = Path(path)
    path = path / "model" if (path / "model" / STRUCTURE).is_file() else path
    head = _structure(path / STRUCTURE)
    numbers = _numbers(path / ARRAYS, head)
    for old in range(head["format"], FORMAT):
        head = MIGRATIONS[old](head)
    try:
        model = Reader(numbers, str(path / STRUCTURE)).decode(head.get("model"), "model", 0)
    except RecursionError:
        raise ValueError(f"{str(path / STRUCTURE)!r} is nested too deep to be a model.") from None
    if not isinstance(model, Model):
        raise ValueError(f"{str(path / STRUCTURE)!r} holds a {type(model).__name__}, not a model.")
    return model


def _structure(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise FileNotFoundError(f"There is no saved model in {str(file.parent)!r}: {file.name!r} is missing.")
    try:
        head = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        raise ValueError(f"{str(file)!r} is damaged: it is not JSON.") from None
    if not isinstance(head, dict) or type(head.get("format")) is not int or head["format"] < 1:
        raise ValueError(f"{str(file)!r} is not a saved model: it states no format.")
    if head["format"] > FORMAT:
        raise ValueError(
            f"{str(file)!r} has format {head['format']}, written by version {head.get('library')}; this version "
            f"({versions.own()}) reads up to {FORMAT}. Update the library to load it."
        )
    return head


def _numbers(file: Path, head: dict[str, Any]) -> dict[str, np.ndarray]:
    if not file.is_file():
        raise FileNotFoundError(f"There is no saved model in {str(file.parent)!r}: {file.name!r} is missing.")
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != head.get("arrays"):
        raise ValueError(f"{str(file)!r} is damaged, or does not belong to the {STRUCTURE!r} beside it.")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile):
        raise ValueError(f"{str(file)!r} is damaged, or holds something other than plain arrays.") from None
