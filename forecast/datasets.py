"""Datasets: small tables that come with the package, and public ones that are fetched and checked."""

from __future__ import annotations

import difflib
import hashlib
import os
import sys
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from forecast.files import write_whole

WAIT = 60  # seconds for a server to answer


@dataclass(frozen=True)
class Dataset:
    """What a table holds: `roles` are the arguments of `Panel.read`."""

    name: str
    about: str
    time: str
    target: str
    id: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    freq: str | None = None
    horizon: int = 12
    url: str = ""  # of a public set
    sha256: str = ""

    @property
    def roles(self) -> dict[str, Any]:
        given = {key: value for key, value in asdict(self).items() if value}
        return {key: given[key] for key in ("id", "time", "target", "known", "past", "static", "freq") if key in given}


EMBEDDED = (
    Dataset("air_passengers_monthly", "airline passengers, 1949-1960", "month", "passengers", freq="MS"),
    Dataset("co2_weekly", "CO2 at Mauna Loa, 1958-2001", "week", "ppm", freq="W-SAT", horizon=26),
    Dataset("demand_half_hourly", "electricity demand, England and Wales, 2000", "time", "megawatts", freq="30min",
            horizon=48),
    Dataset("elnino_monthly", "sea surface temperature, Nino 1+2, 1950-2010", "month", "celsius", freq="MS"),
    Dataset("generated_retail_weekly", "generated sales with prices and promotions", "week", "sales",
            id=("store", "product"), known=("price", "promotion"), static=("size",), freq="W-SUN", horizon=13),
    Dataset("macro_quarterly", "US national accounts, 1959-2009", "quarter", "billions", id=("series",), freq="QS",
            horizon=8),
    Dataset("sunspots_yearly", "number of sunspots, 1700-2008", "year", "sunspots", freq="YS", horizon=11),
)  # fmt: skip
PUBLIC = (
    Dataset("ETTh1", "transformer load and oil temperature, hourly, CC BY-ND 4.0", "date", "OT",
            past=("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL"), freq="h", horizon=96,
            url="https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/ETTh1.csv",
            sha256="f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066"),
)  # fmt: skip


def names() -> list[str]:
    """The tables that come with the package."""
    return [d.name for d in EMBEDDED]


def catalogue() -> list[str]:
    """A line for each table: those that are here, then those that can be fetched."""
    width = max(len(d.name) for d in EMBEDDED + PUBLIC)
    lines = [f"{d.name:{width}}  {d.about}; horizon {d.horizon}" for d in EMBEDDED]
    return lines + [f"{d.name:{width}}  {d.about}; horizon {d.horizon}; to fetch" for d in PUBLIC]


def about(name: str) -> Dataset:
    """What the table holds. ValueError, with the close names, where there is none."""
    found = {d.name: d for d in EMBEDDED + PUBLIC}
    if name not in found:
        close = difflib.get_close_matches(name, found, 3, cutoff=0.4)
        hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"there are {', '.join(found)}."
        raise ValueError(f"There is no dataset {name!r}: {hint}")
    return found[name]


def load(name: str) -> pd.DataFrame:
    """A table as a frame, its time parsed; a public one is fetched first.

    `frame.attrs["roles"]` are the arguments for `Panel.read(frame, **frame.attrs["roles"])`, and
    `frame.attrs["horizon"]` is a sensible number of rows to forecast.
    """
    dataset = about(name)
    frame = pd.read_csv(fetch(name) if dataset.url else _folder() / f"{name}.csv")
    if not pd.api.types.is_numeric_dtype(frame[dataset.time]):
        frame[dataset.time] = pd.to_datetime(frame[dataset.time])
    frame.attrs["roles"], frame.attrs["horizon"] = dataset.roles, dataset.horizon
    return frame


def _folder() -> Path:
    """Where the tables lie: in the installed package, or beside it in a working copy."""
    here = Path(__file__).resolve().parent
    for folder in (here / "_datasets", here.parent / "datasets"):
        if (folder / f"{EMBEDDED[0].name}.csv").is_file():
            return folder
    raise FileNotFoundError(f"The tables that come with the package are not beside {str(here)!r}: install it again.")


def cache() -> Path:
    """The folder for fetched files: FORECAST_CACHE, or the platform's own place for them."""
    if given := os.environ.get("FORECAST_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "onegraph" / "datasets"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "onegraph" / "datasets"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "onegraph" / "datasets"


def fetch(name: str) -> Path:
    """The file of a public set in the cache, downloaded if it is not there and checked by its SHA-256.

    FORECAST_DATASETS, a folder or the address of one on a server, takes the place of the public address.
    ValueError where the content is not the one expected; OSError where it can't be had.
    """
    dataset = about(name)
    if not dataset.url:
        raise ValueError(f"The dataset {name!r} comes with the package: load it, there is nothing to fetch.")
    file = dataset.url.rsplit("/", 1)[-1]
    kept = cache() / file
    if kept.is_file() and hashlib.sha256(kept.read_bytes()).hexdigest() == dataset.sha256:
        return kept
    base = os.environ.get("FORECAST_DATASETS", "")
    place = f"{base.rstrip('/')}/{file}" if base else dataset.url
    content = _content(place)
    digest = hashlib.sha256(content).hexdigest()
    if digest != dataset.sha256:
        raise ValueError(f"{place!r} is not the file that {name!r} was written for: its SHA-256 is {digest}, not "
                         f"{dataset.sha256}. It was not kept.")  # fmt: skip
    write_whole(kept, content)
    return kept


def _content(place: str) -> bytes:
    if not place.startswith(("http://", "https://")):
        path = Path(place)
        if not path.is_file():
            raise FileNotFoundError(f"There is no file {place!r} (FORECAST_DATASETS).")
        return path.read_bytes()
    try:
        with urllib.request.urlopen(place, timeout=WAIT) as answer:
            return answer.read()
    except OSError as error:
        raise OSError(f"{place!r} can't be fetched: {error}. Put the file into {str(cache())!r}, or set "
                      "FORECAST_DATASETS to a folder that has it.") from error  # fmt: skip
