import numpy as np

class Forest:
    def __init__(
        self,
        feature: np.ndarray,
        threshold: np.ndarray,
        set: np.ndarray,
        yes: np.ndarray,
        no: np.ndarray,
        missing: np.ndarray,
        starts: np.ndarray,
        members: np.ndarray,
        roots: np.ndarray,
        leaves: np.ndarray,
    ) -> None: ...
    def predict(self, x: np.ndarray, narrow: bool, threads: int) -> np.ndarray: ...

def nearest(points: np.ndarray, x: np.ndarray, count: int, threads: int) -> tuple[np.ndarray, np.ndarray]: ...
def fit_ets(y: np.ndarray, starts: np.ndarray, forms: np.ndarray, season: int, threads: int) -> np.ndarray: ...
def ets_likelihood(y: np.ndarray, numbers: np.ndarray, season: int) -> float: ...
def fit_theta(y: np.ndarray, starts: np.ndarray, kinds: np.ndarray, season: int, threads: int) -> np.ndarray: ...
def fit_classic_theta(
    y: np.ndarray, starts: np.ndarray, seasonal: np.ndarray, season: int, threads: int
) -> np.ndarray: ...
def arima_fit(
    y: np.ndarray, x: np.ndarray, indptr: np.ndarray, limits: np.ndarray, fixed: np.ndarray, threads: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]: ...
def arima_numbers(
    choices: np.ndarray, coefficients: np.ndarray, drifts: np.ndarray, variances: np.ndarray, season: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]: ...
def arima_filter(
    ar: np.ndarray, ma: np.ndarray, intercept: np.ndarray, variance: np.ndarray, state: np.ndarray,
    covariance: np.ndarray, y: np.ndarray, starts: np.ndarray, before: np.ndarray, steps: np.ndarray, threads: int,
) -> tuple[np.ndarray, np.ndarray]: ...  # fmt: skip
def arima_likelihood(
    w: np.ndarray, x: np.ndarray, gaps: int, orders: np.ndarray, coefficients: np.ndarray
) -> float: ...
