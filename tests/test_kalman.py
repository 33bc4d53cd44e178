import numpy as np
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX

from learners.kalman import companion, next_covariance, next_state, observed
from tests.local import AIR, holes


def filtered(numbers, y):
    """The log likelihood of each row, and state and covariance after the last, by our steps."""
    row = {name: np.asarray(v)[None] for name, v in numbers.items()}
    mean, covariance, likelihood = row["arima.state"], row["arima.covariance"], []
    for value in y:
        spread, error = covariance[0, 0, 0], value - mean[0, 0]
        likelihood.append(0.0 if np.isnan(value) else -0.5 * (np.log(2 * np.pi * spread) + error**2 / spread))
        mean, covariance = observed(np.array([[value]]), mean, covariance)
        mean = next_state(row["arima.ar"], mean, row["arima.intercept"])
        covariance = next_covariance(row["arima.ar"], row["arima.ma"], row["arima.variance"], covariance)
    return np.array(likelihood), mean, covariance


@pytest.mark.parametrize("missing", [(), (0, 5, 30, 31, -1)])
@pytest.mark.parametrize(
    ("order", "seasonal", "trend", "parameters"),
    [
        ((0, 1, 1), (0, 1, 1, 12), "n", [-0.4018, -0.5569, 0.00135]),  # the airline model of Box & Jenkins
        ((2, 0, 1), (1, 0, 0, 12), "c", [0.3, 0.5, 0.2, 0.4, 0.3, 0.01]),
        ((1, 1, 2), (0, 0, 0, 0), "c", [0.02, 0.4, 0.2, -0.3, 0.02]),
        ((1, 2, 1), (1, 1, 1, 4), "n", [0.4, -0.9, 0.3, -0.6, 0.02]),
    ],
)
def test_the_companion_form_is_the_model_of_statsmodels(order, seasonal, trend, parameters, missing):
    y = holes(np.log(AIR), *missing)
    y = y - np.nanmean(y)
    reference = SARIMAX(y, order=order, seasonal_order=seasonal, trend=trend).filter(parameters)
    numbers = companion(reference)
    likelihood, mean, covariance = filtered(numbers, y)
    expected = reference.get_forecast(1)
    np.testing.assert_allclose(mean[0, 0], expected.predicted_mean[0], rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(covariance[0, 0, 0], expected.var_pred_mean[0], rtol=1e-7)
    burn = reference.loglikelihood_burn
    np.testing.assert_allclose(likelihood[burn:].sum(), np.asarray(reference.llf_obs)[burn:].sum(), rtol=1e-7)
    assert len(numbers["arima.ar"]) <= 14 + 12  # the differences add no states of their own
