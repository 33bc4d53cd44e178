"""Arimax: a regression on known columns with ARIMA errors."""

from __future__ import annotations

from dataclasses import dataclass

from featurizers.panel import Panel
from learners.arima import ArimaModel, Order, Seasonal
from learners.arima_engines import fixed_arima
from learners.learner import Model, Resuming


@dataclass(frozen=True)
class Arimax(Resuming):
    """y = slopes * columns + ARIMA(order)(seasonal), all estimated at once by exact maximum likelihood.

    The columns are known ahead; one that does not vary in a series has no slope there, and the report says so.
    `levels` are coverages in percent of analytic bands. Source: Harvey (1989); Hyndman & Athanasopoulos, 10.1.
    """

    order: Order = (1, 0, 0)
    seasonal: Seasonal = (0, 0, 0, 1)
    columns: tuple[str, ...] = ()
    constant: bool | None = None
    levels: tuple[int, ...] = ()
    engine: str = "native"

    def retrain(self, panel: Panel, before: Model | None) -> ArimaModel:
        if not self.columns:
            raise ValueError("Arimax needs known columns, for instance columns=('Price',); without any use Arima.")
        return fixed_arima(self, panel, tuple(self.columns), before)
