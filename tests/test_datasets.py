"""Datasets: the tables read cleanly; fetched files are whole and the right ones."""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from featurizers import Panel
from forecast import datasets
from tests.shared_data import shared

FOLDER = Path(__file__).parents[1] / "datasets"


@pytest.mark.parametrize("name", datasets.names())
def test_every_table_reads_as_a_panel(name: str) -> None:
    frame = datasets.load(name)
    panel = Panel.read(frame, **frame.attrs["roles"])
    assert str(panel.freq).startswith(str(datasets.about(name).freq))
    assert len(panel) == len(frame)
    assert (panel.lengths > 2 * frame.attrs["horizon"]).all()
    assert {f.kind for f in panel.findings if f.status != "passed"} <= {"nan_target"}


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_generated_table_is_the_one_that_its_script_makes() -> None:
    written = (FOLDER / "generated_retail_weekly.csv").read_text().splitlines()[1:]
    assert written == [",".join(map(str, row)) for row in script("make_generated").rows()]


def test_the_real_tables_are_those_of_the_libraries() -> None:
    for name, table in script("make_real").tables().items():
        assert (FOLDER / f"{name}.csv").read_text() == table.to_csv(index=False, lineterminator="\n")


def test_all_are_small_and_described() -> None:
    readme = (FOLDER / "README.md").read_text()
    assert all(f"{name}.csv" in readme for name in datasets.names())
    assert sum(p.stat().st_size for p in FOLDER.iterdir() if p.is_file()) < 1_500_000
    assert len(datasets.catalogue()) == len(datasets.names()) + len(datasets.PUBLIC)


def test_an_unknown_name_is_answered_with_the_close_ones() -> None:
    with pytest.raises(ValueError, match="no dataset 'co2': did you mean 'co2_weekly'"):
        datasets.load("co2")


# ---- fetching -------------------------------------------------------------------------------------


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that a local server serves as the source of public sets, and an empty cache."""
    folder = tmp_path / "served"
    folder.mkdir()
    serving = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    monkeypatch.setenv("FORECAST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FORECAST_DATASETS", f"http://127.0.0.1:{serving.server_port}/")
    content = b"date,OT\n2016-07-01 00:00:00,30.5\n2016-07-01 01:00:00,27.8\n"
    (folder / "ETTh1.csv").write_bytes(content)
    known = replace(datasets.PUBLIC[0], sha256=hashlib.sha256(content).hexdigest(), past=())
    monkeypatch.setattr(datasets, "PUBLIC", (known,))
    yield folder
    serving.shutdown()
    serving.server_close()


def test_a_file_is_fetched_once(server: Path) -> None:
    path = datasets.fetch("ETTh1")
    assert path.parent == datasets.cache()
    (server / "ETTh1.csv").unlink()
    assert datasets.fetch("ETTh1") == path
    frame = datasets.load("ETTh1")
    assert frame["date"].tolist() == list(pd.date_range("2016-07-01", periods=2, freq="h"))
    assert frame.attrs["roles"] == {"time": "date", "target": "OT", "freq": "h"}


def test_another_content_is_refused_and_not_kept(server: Path) -> None:
    (server / "ETTh1.csv").write_text("something else")
    with pytest.raises(ValueError, match=r"ETTh1\.csv' is not the file .* not kept"):
        datasets.fetch("ETTh1")
    assert not (datasets.cache() / "ETTh1.csv").exists()


def test_a_damaged_copy_is_fetched_again(server: Path) -> None:
    path = datasets.fetch("ETTh1")
    path.write_text("cut")
    assert datasets.fetch("ETTh1").read_bytes().startswith(b"date,OT")
    assert [p.name for p in path.parent.iterdir()] == ["ETTh1.csv"]


def test_what_cannot_be_had_says_what_to_do(server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (server / "ETTh1.csv").unlink()
    with pytest.raises(OSError, match=r"can't be fetched: .*404.* set FORECAST_DATASETS"):
        datasets.fetch("ETTh1")
    monkeypatch.setenv("FORECAST_DATASETS", str(server))
    with pytest.raises(FileNotFoundError, match="no file"):
        datasets.fetch("ETTh1")
    with pytest.raises(ValueError, match="comes with the package"):
        datasets.fetch("co2_weekly")


def test_a_folder_takes_the_place_of_the_address(server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORECAST_DATASETS", str(server))
    assert datasets.fetch("ETTh1").read_bytes() == (server / "ETTh1.csv").read_bytes()


def test_the_checksum_is_that_of_the_public_file() -> None:
    path = shared("benchmark/ETTh1.csv")
    if path is not None:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == datasets.about("ETTh1").sha256
