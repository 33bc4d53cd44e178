"""A run goes on from the job.toml in its folder, which holds all that it was asked for, but tables and own parts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.panel import Panel
from forecast import defaults
from forecast.folders import PAUSED
from tests.test_resume import digest


def paused(folder: Path) -> Path:
    """A run that is done, as if it had been paused."""
    about = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(about | {"status": PAUSED}))
    return folder


def months(rows: int = 48) -> pd.DataFrame:
    stamps = pd.date_range("2019-01-01", periods=rows, freq="MS")
    return pd.DataFrame({"at": stamps, "y": 10 + np.sin(np.arange(rows)) + np.arange(rows) % 12})


NAMES = {"time": "at", "target": "y", "horizon": 3, "folds": 2, "season": 12, "progress": False}


def test_a_mapping_of_aggregates_stands_in_the_job_of_a_run(tmp_path: Path) -> None:
    days = pd.date_range("2021-01-01", periods=400)
    pd.DataFrame({"at": days, "y": np.arange(400) % 7.0, "u": 1.0}).to_csv(tmp_path / "t.csv", index=False)
    more = {"freq": "MS", "past": "u", "aggregate": {"y": "sum", "u": "mean"}, "learners": ["Naive"]}
    first = fc.run(tmp_path / "t.csv", output=tmp_path / "run", **NAMES, **more)  # type: ignore[arg-type]
    job = fc.Job.read(tmp_path / "run" / "job.toml")
    assert job.data["aggregate"] == more["aggregate"]
    assert job.data["source"] == str(tmp_path / "t.csv")
    again = fc.resume(paused(tmp_path / "run"), progress=False)
    pd.testing.assert_frame_equal(again.forecasts, first.forecasts)


def test_a_run_gone_on_with_tells_of_learners_left_out_and_has_the_same_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(defaults, "learners", lambda *_: (("Naive", "Average"), {"Theta": "there are few rows"}))
    months().to_csv(tmp_path / "t.csv", index=False)
    first = fc.run(tmp_path / "t.csv", output=tmp_path / "run", **NAMES)  # type: ignore[arg-type]
    assert first.findings.of("learner_left_out")
    before = digest(tmp_path / "run")
    again = fc.resume(paused(tmp_path / "run"), progress=False)
    assert digest(tmp_path / "run") == before
    assert again.job.left_out == first.job.left_out == {"Theta": "there are few rows"}
    job = fc.Job.read(tmp_path / "run" / "job.toml", learners=["Theta"])
    assert not job.resolve(first.panel).left_out


def test_the_test_of_a_path_is_kept_and_frames_are_given_again(tmp_path: Path) -> None:
    table = months().assign(price=1.0)
    table[42:].to_csv(tmp_path / "test.csv", index=False)
    more = {"learners": ["Naive"], "known": "price", **NAMES}
    fc.run(table[:42], test=tmp_path / "test.csv", output=tmp_path / "path", **more)  # type: ignore[arg-type]
    assert fc.resume(paused(tmp_path / "path"), table[:42], progress=False).test is not None
    for name, frame in (("test", table[42:]), ("known_future", table[42:].drop(columns="y"))):
        fc.run(table[:42], output=tmp_path / name, **more, **{name: frame})  # type: ignore[arg-type]
        paused(tmp_path / name)
        with pytest.raises(ValueError, match=rf"give {name} again, with forecast.resume\(folder, {name}=table\)"):
            fc.resume(tmp_path / name, table[:42], progress=False)
        other = frame.assign(price=2.0)
        with pytest.raises(ValueError, match="not what it was"):
            fc.resume(tmp_path / name, table[:42], progress=False, **{name: other})
        before = digest(tmp_path / name)
        fc.resume(tmp_path / name, table[:42], progress=False, **{name: frame})
        assert digest(tmp_path / name) == before


def test_another_time_limit_or_more_workers_leave_the_folds_what_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decided(panel: Panel, horizon: int, limit: float | None, workers: int, season: int | None) -> int | None:
        return None if limit is None else int(limit) // 10 * workers

    monkeypatch.setattr(defaults, "fold_series", decided)
    table = pd.concat([months().assign(id=i) for i in range(6)])
    more = {**NAMES, "id": "id", "learners": ["Average"]}
    fc.run(table, output=tmp_path / "run", **more)  # type: ignore[arg-type]
    again = fc.resume(paused(tmp_path / "run"), table, progress=False, time_limit=20, workers=1)
    assert again.job.fold_series is None
    fc.run(table, output=tmp_path / "limited", time_limit=20, workers=1, **more)  # type: ignore[arg-type]
    for changed in ({"time_limit": 30}, {"workers": 2}):
        again = fc.resume(paused(tmp_path / "limited"), table, progress=False, **changed)
        assert again.job.fold_series == 2


def test_a_table_that_lies_elsewhere_is_the_same_table(tmp_path: Path) -> None:
    months().to_csv(tmp_path / "t.csv", index=False)
    fc.run(tmp_path / "t.csv", output=tmp_path / "run", learners=["Naive"], **NAMES)  # type: ignore[arg-type]
    (tmp_path / "t.csv").rename(tmp_path / "moved.csv")
    fc.resume(paused(tmp_path / "run"), tmp_path / "moved.csv", progress=False)
    assert fc.Job.read(tmp_path / "run" / "job.toml").data["source"] == str(tmp_path / "moved.csv")


class Slope:
    """A regressor of nobody's library."""

    def __init__(self, ridge: float = 1.0) -> None:
        self.ridge = ridge

    def fit(self, X: np.ndarray, y: np.ndarray) -> Slope:
        self.weights = np.linalg.solve(X.T @ X + self.ridge * np.eye(X.shape[1]), X.T @ y)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(X @ self.weights)


def test_a_learner_of_ones_own_is_told_by_its_settings_not_by_its_address(tmp_path: Path) -> None:
    def own(ridge: float) -> dict[str, fc.Recursive]:
        return {"mine": fc.Recursive(Slope(ridge), (fc.Lags((1, 12)),))}

    fc.run(months(), output=tmp_path / "run", learners=own(1.0), **NAMES)  # type: ignore[arg-type]
    told = fc.Job.read(tmp_path / "run" / "job.toml").learners["mine"]  # type: ignore[call-overload,index]
    assert "Slope(ridge=1.0)" in told
    assert " at 0x" not in told
    before = digest(tmp_path / "run")
    fc.resume(paused(tmp_path / "run"), months(), progress=False, learners=own(1.0))
    assert digest(tmp_path / "run") == before
    with pytest.raises(ValueError, match="not what it was"):
        fc.resume(paused(tmp_path / "run"), months(), progress=False, learners=own(2.0))
