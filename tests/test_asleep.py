"""Series that hold still for months: their bands when they wake, and folds on which nothing happens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast import defaults, stillness
from forecast.backtest import RollingOrigin
from tests.panels import daily

DAYS = pd.date_range("2021-05-01", "2022-04-05")
RECIPE = fc.Recursive(fc.LightGBM(min_child_samples=5), (fc.SeriesId(), fc.Known(("open",))))
ROLES = {"id": "shop", "time": "day", "target": "sales", "known": "open"}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Shops that are open from April to October, which is known; the sales of the first days of April are to come."""
    rng, parts = np.random.default_rng(0), []
    is_open = ((DAYS.month >= 4) & (DAYS.month <= 10)).astype(float)
    for shop, level in (("a", 100.0), ("b", 1000.0)):
        sales = level * is_open * rng.lognormal(0, 0.1, len(DAYS))
        sales[DAYS >= "2022-04-01"] = np.nan
        parts.append(pd.DataFrame({"shop": shop, "day": DAYS, "sales": sales, "open": is_open}))
    return pd.concat(parts, ignore_index=True)


def test_a_shop_that_was_closed_all_winter_has_bands_when_it_opens(table: pd.DataFrame, tmp_path: Path) -> None:
    panel = fc.Panel.read(table, **ROLES)
    model = fc.Conformal(RECIPE, fc.RollingOrigin(5, folds=2, step=170)).fit(panel)
    found = model.forecast(panel, 5).frame()
    assert (found["lo95"] < 0.9 * found["forecast"]).all()
    assert (found["hi95"] > 1.1 * found["forecast"]).all()
    closed = model.forecast(panel, 5, panel.future(5).with_columns(open=np.zeros(10))).frame()
    assert (closed["hi95"] - closed["lo95"] <= 0.1 * (found["hi95"] - found["lo95"])).all()
    fc.save(model, tmp_path / "model")
    again = fc.load(tmp_path / "model").forecast(panel, 5).frame()
    pd.testing.assert_frame_equal(again, found)
    fc.to_onnx(model, tmp_path / "model.onnx", 5)
    scored = fc.score(tmp_path / "model.onnx", table)
    for name in ("forecast", "lo95", "hi95"):
        np.testing.assert_allclose(scored[name], found[name], rtol=1e-9)


def test_folds_on_which_nothing_happens_are_spread_which_a_finding_says(table: pd.DataFrame) -> None:
    """All of them lay in the winter, where every learner is right, and no error told how wide bands are."""
    alone = {"learners": {"trees": RECIPE}, "block": "SeasonalNaive", "ensemble": False}
    found = fc.run(table, **ROLES, horizon=5, **alone, progress=False)
    assert (found.job.folds, found.job.step) == (6, 43)
    assert (found.forecasts["lo95"] > 0).all()
    (said,) = found.findings.of("still_folds")
    assert said.message == (
        "2 of 2 series hold still after the cutoffs of folds 5 rows apart, though they changed before (the first, "
        "'shop=a', last on 2021-11-01): such folds tell no learner from another. The 6 folds are 43 rows apart "
        "instead: there are changes in 2 of them."
    )


def test_folds_that_were_asked_for_stay_and_a_finding_says_what_they_cannot_tell(table: pd.DataFrame) -> None:
    job = fc.Job.of({"data": ROLES, "horizon": 5, "folds": 3, "step": 5})
    panel = fc.Panel.read(table, **ROLES)
    job = job.resolve(panel)
    on, (said,) = job.origins(panel)
    assert (on.folds, on.step) == (3, 5)
    assert "the 3 folds, 5 rows apart, though" in said.message
    assert said.message.endswith("another, nor how wide bands are. With step=109 there would be changes in 1 of them.")
    assert defaults.origins(panel, 5, 3) == RollingOrigin(5, 3, 109)
    (said,) = stillness.told(panel, RollingOrigin(5, 1))
    assert said.message.endswith("More 'folds' may.")


def test_other_folds_stay_where_they_are() -> None:
    rng = np.random.default_rng(0)
    moving = rng.normal(size=(20, 200))
    asleep, lately = moving.copy(), moving.copy()
    asleep[:, 150:] = 7.0
    asleep[0] = np.nan_to_num(moving[0])  # one in twenty goes on
    lately[:, 185:] = 7.0  # within the folds
    two, unknown, never = asleep.copy(), asleep.copy(), np.where(np.arange(20) < 11, 7.0, asleep.T).T
    two[1], unknown[:, 150:] = moving[1], np.nan
    usual = RollingOrigin(7, 3, 7)
    assert defaults.origins(daily(*asleep), 7).step > 7
    assert defaults.origins(daily(*asleep), 7, step=7) == usual
    for kept in (moving, lately, two, unknown, never, np.full((20, 200), 7.0)):
        panel = daily(*kept)
        assert defaults.origins(panel, 7) == usual
        assert stillness.told(panel, usual) == ()


def test_the_rows_of_a_gap_tell_too() -> None:
    """A level that changes between a cutoff and the rows that are scored is what learners are told apart by."""
    values = np.r_[np.sin(np.arange(100.0)), np.full(11, 3.0)]
    assert stillness.told(daily(values), RollingOrigin(5, 2, 5)) != ()
    assert stillness.told(daily(values), RollingOrigin(5, 2, 5, gap=2)) == ()
