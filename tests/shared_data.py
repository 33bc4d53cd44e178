"""Where the real data for tests lies, if it is there."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(os.environ.get("FORECAST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def shared(name: str) -> Path | None:
    """The file `name`, for instance "seeds/beer_train.csv", or None on a machine that does not have it."""
    path = ROOT / name
    return path if path.exists() else None
