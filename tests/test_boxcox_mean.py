"""The mean of a Box-Cox forecast, instead of its median."""

import numpy as np
import pytest

from forecast.export import to_onnx
from learners.arima import Arima
from learners.transformed import Transformed
from learners.transforms.boxcox import BoxCox
from tests.local import AIR, monthly

INNER = Arima((0, 1, 1), (0, 1, 1, 12), levels=(80, 95))


def test_the_mean_of_a_log_normal_forecast_is_known():
    panel = monthly(AIR)
    plain, mean = (Transformed(INNER, BoxCox(0.0, adjusted)).fit(panel) for adjusted in (False, True))
    median, found = (m.forecast(panel, 12).columns for m in (plain, mean))
    z = 1.2815515655446004
    deviation = (np.log(median["hi80"]) - np.log(median["lo80"])) / (2 * z)
    np.testing.assert_allclose(found["forecast"], median["forecast"] * np.exp(deviation**2 / 2), rtol=1e-9)
    for name in ("lo80", "hi80", "lo95", "hi95"):
        np.testing.assert_array_equal(found[name], median[name])


def test_it_is_the_mean_of_simulated_values():
    transform, rng = BoxCox(0.4, bias_adjusted=True), np.random.default_rng(0)
    z = 1.2815515655446004
    outputs = {"forecast": np.array([[6.0]]), "lo80": np.array([[6 - 1.5 * z]]), "hi80": np.array([[6 + 1.5 * z]])}
    found = transform.invert(outputs, np.zeros((1, 0)), {})["forecast"][0, 0]
    simulated = transform.inverse(rng.normal(6.0, 1.5, 400_000), np.zeros(0), {}).mean()
    assert found == pytest.approx(simulated, rel=3e-3)


def test_the_graph_has_it(tmp_path):
    model = Transformed(INNER, BoxCox("auto", bias_adjusted=True)).fit(monthly(AIR, 3 * AIR[:50]))
    assert to_onnx(model, tmp_path / "model.onnx", 6)["worst_relative_difference"] < 1e-9


def test_without_a_band_it_is_refused():
    panel = monthly(AIR)
    model = Transformed(Arima(), BoxCox(bias_adjusted=True)).fit(panel)
    with pytest.raises(ValueError, match="takes the variance from a band"):
        model.forecast(panel, 3)
