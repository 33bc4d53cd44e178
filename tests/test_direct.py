"""Direct: every step from the origin's past alone; seasons, blocks, and the rows that it learns from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import forecast as fc
from featurizers.known import Known
from featurizers.lags import Lags
from featurizers.panel import Panel
from forecast.export import to_onnx
from learners.direct import Direct, DirectModel, pairs
from learners.regressors.regressor import LightGBM, Ridge
from tests.examples import HORIZON, continued, panel

FEATURES = (Known(("promo",)), Lags((1, 2, 7)))
SMALL = LightGBM(n_estimators=20, min_child_samples=5)


class Recorder:
    """Keeps what it is trained on, and answers with a mix of the columns."""

    seen: tuple[np.ndarray, np.ndarray]

    def fit(self, X: np.ndarray, y: np.ndarray) -> None:
        Recorder.seen = X, y

    def predict(self, X: np.ndarray) -> np.ndarray:
        return X @ np.arange(1.0, X.shape[1] + 1)


@dataclass(frozen=True)
class Both:
    """The training rows by hand: one loop over series, origins and steps."""

    horizon: int
    season: int

    def rows(self, whole: Panel) -> list[list[float]]:
        promo, found = whole.column("promo"), []
        for start, end in zip(whole.indptr[:-1], whole.indptr[1:], strict=True):
            y, p = whole.y[start:end], promo[start:end]
            for origin in range(len(y)):
                for step in range(1, min(self.horizon, len(y) - 1 - origin) + 1):
                    back = origin + step - self.season
                    while back > origin:
                        back -= self.season
                    ago = [y[origin + 1 - k] if origin + 1 >= k else np.nan for k in (1, 2, 7)]
                    season = y[back] if back >= 0 else np.nan
                    found.append([*ago, p[origin + step], step, season, y[origin + step]])
        return found


def test_training_rows_are_those_of_the_loop() -> None:
    whole = panel(holes=False)
    Direct(Recorder(), FEATURES, 9, seasons=(4,)).train(whole)
    X, y = Recorder.seen
    complete = np.array([r for r in Both(9, 4).rows(whole) if not np.isnan(r).any()])
    order = np.lexsort(complete.T)
    got = np.c_[X, y]
    np.testing.assert_array_equal(got[np.lexsort(got.T)], complete[order])


def test_forecast_columns_are_those_of_training() -> None:
    whole = panel(holes=False)
    before, after = continued(whole, 9)
    model = Direct(Recorder(), FEATURES, 9, seasons=(4,)).fit(before)
    forecast = model.forecast(before, 9, after).columns["forecast"].reshape(-1, 9)
    for i, (start, end) in enumerate(zip(before.indptr[:-1], before.indptr[1:], strict=True)):
        y = before.y[start:end]
        for step in range(1, 10):
            promo = after.columns["promo"].reshape(-1, 9)[i, step - 1]
            season = y[len(y) - 1 + step - 4 * (-(-step // 4))]
            row = np.array([[y[-1], y[-2], y[-7], promo, step, season]])
            np.testing.assert_allclose(forecast[i, step - 1], Recorder().predict(row)[0], rtol=1e-12)


def test_pairs_are_spread_over_steps_and_rows() -> None:
    whole = panel()
    rows, steps = pairs(whole, 7, 10**9)
    assert len(rows) == sum((~np.isnan(whole.y) & (whole.position >= s)).sum() for s in range(1, 8))
    rows, steps = pairs(whole, 7, 350)
    assert np.bincount(steps)[1:].tolist() == [50] * 7
    assert len(np.unique(whole.owner[rows])) == whole.count
    assert (whole.position[rows] >= steps).all()
    assert not np.isnan(whole.y[rows]).any()
    again = pairs(whole, 7, 350)
    np.testing.assert_array_equal(rows, again[0])


@pytest.mark.parametrize("horizon", [3, 7, 17])
@pytest.mark.parametrize("regressor", [Ridge(), SMALL], ids=["ridge", "lightgbm"])
def test_graph_is_predict(regressor: object, horizon: int, tmp_path: Path) -> None:
    model = Direct(regressor, FEATURES, 7, seasons=(7, 3)).fit(panel())
    assert to_onnx(model, tmp_path / "model.onnx", horizon)["worst_relative_difference"] < 1e-9
    import onnx

    nodes = onnx.load(tmp_path / "model.onnx").graph.node
    if regressor is SMALL:  # one node a block, however many steps
        assert sum(n.op_type == "TreeEnsemble" for n in nodes) == -(-horizon // 7)


def test_blocks_go_on_from_their_own_forecasts() -> None:
    before, after = continued(panel(holes=False), 14)
    model = Direct(Ridge(), FEATURES, 7, seasons=(7,)).fit(before)
    assert isinstance(model, DirectModel)
    whole = model.forecast(before, 14, after).columns["forecast"].reshape(-1, 14)
    state, future = model.state(before), after.matrix(model.needs.ahead)
    halves = [{n: v[:, at] for n, v in future.items()} for at in (slice(0, 7), slice(7, 14))]
    first = model.predict(state, halves[0])["forecast"]
    for i in range(7):
        state = model.advance(state, {n: v[:, i] for n, v in halves[0].items()} | {"target": first[:, i]})
    second = model.predict(state, halves[1])["forecast"]
    np.testing.assert_allclose(whole, np.c_[first, second], rtol=1e-12)


def test_without_features_or_seasons(tmp_path: Path) -> None:
    model = Direct(Ridge(), (Known(("promo",)),), 3, seasons=()).fit(panel())
    assert model.needs.lookback == 0
    to_onnx(model, tmp_path / "model.onnx", 7)


def test_auto_season_is_that_of_the_frequency() -> None:
    model = Direct("ridge", FEATURES, 3).train(panel())
    assert isinstance(model, DirectModel)
    assert model.seasons == (7,)


def test_nothing_to_learn_from() -> None:
    whole = panel()
    for short in (whole.tail(1), whole.with_columns(sales=np.full(len(whole), np.nan))):
        with pytest.raises(ValueError, match="no row to learn from"):
            Direct("ridge", FEATURES, 3).fit(short)
    with pytest.raises(ValueError, match="from 1 on, not 0"):
        Direct("ridge", FEATURES, 0).fit(whole)


# ---- bands ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("regressor", ["LightGBM", "XGBoost", "HistGradientBoosting", "GradientBoosting"])
def test_bands_are_regressors_of_quantiles(regressor: str, tmp_path: Path) -> None:
    settings = {"max_iter": 10} if regressor == "HistGradientBoosting" else {"n_estimators": 10}
    before, after = continued(panel(), HORIZON)
    recipe = fc.Direct(fc.Regressor(regressor, settings), FEATURES, HORIZON, seasons=(7,), levels=(95, 20, 80))
    model = recipe.fit(before)
    found = model.forecast(before, HORIZON, after).columns
    names = ("lo95", "lo80", "lo20", "forecast", "hi20", "hi80", "hi95")
    assert (np.diff([found[n] for n in names], axis=0) >= 0).all()
    plain = fc.Direct(fc.Regressor(regressor, settings), FEATURES, HORIZON, seasons=(7,)).fit(before)
    np.testing.assert_array_equal(plain.forecast(before, HORIZON, after).columns["forecast"], found["forecast"])
    # Twice the horizon: the second block goes on, and its bands hold how unsure the first was.
    assert fc.to_onnx(model, tmp_path / "m.onnx", 2 * HORIZON)["worst_relative_difference"] < 1e-9
    far = model.predict(model.state(before), before.future(2 * HORIZON, None, ()).matrix(("time",)) | {
        "promo": np.zeros((before.count, 2 * HORIZON))})  # fmt: skip
    width = far["hi80"] - far["lo80"]
    assert (width[:, HORIZON:] >= width[:, HORIZON - 1 : HORIZON] / 2 - 1e-9).all()


def test_bands_are_of_the_same_columns_as_the_forecast() -> None:
    recipe = fc.LightGBM(n_estimators=5, scaling="robust", imputation="mean")
    fitted = fc.Direct(recipe, FEATURES, HORIZON, levels=(80,)).fit(continued(panel(), HORIZON)[0])
    for part in (fitted.regressor, *fitted.bounding):  # type: ignore[attr-defined]
        assert (type(part).__name__, type(part.inner).__name__) == ("Filled", "Scaled")


def test_bands_need_a_regressor_that_knows_quantiles() -> None:
    with pytest.raises(ValueError, match="know quantiles, not with 'Ridge': Conformal gives"):
        fc.Direct("ridge", FEATURES, 3, levels=(80,)).fit(panel())
