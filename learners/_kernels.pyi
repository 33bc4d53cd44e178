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
    def contributions(
        self, x: np.ndarray, cover: np.ndarray, narrow: bool, threads: int
    ) -> tuple[float, np.ndarray]: ...

def nearest(points: np.ndarray, x: np.ndarray, count: int, threads: int) -> tuple[np.ndarray, np.ndarray]: ...
def fit_ets(
    y: np.ndarray, starts: np.ndarray, forms: np.ndarray, season: int, threads: int,
    doubts: bool = False, searched: bool = False,
) -> np.ndarray: ...  # fmt: skip
def ets_likelihood(y: np.ndarray, numbers: np.ndarray, season: int) -> float: ...
def fit_theta(y: np.ndarray, starts: np.ndarray, kinds: np.ndarray, season: int, threads: int) -> np.ndarray: ...
def fit_classic_theta(
    y: np.ndarray, starts: np.ndarray, seasonal: np.ndarray, season: int, threads: int
) -> np.ndarray: ...

ARIMA_SEARCHED_ROWS: int  # the last rows of a long series, on which its orders are searched

def arima_fit(
    y: np.ndarray, x: np.ndarray, indptr: np.ndarray, limits: np.ndarray, fixed: np.ndarray, threads: int,
    waves: np.ndarray | None = None, before: np.ndarray | None = None, coefficients_before: np.ndarray | None = None,
    best: int = 0, several: int = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]: ...  # fmt: skip
def arima_numbers(
    y: np.ndarray, x: np.ndarray, indptr: np.ndarray, choices: np.ndarray, coefficients: np.ndarray,
    slopes: np.ndarray, levels: np.ndarray, season: int, threads: int,
) -> tuple[np.ndarray, ...]: ...  # fmt: skip
def arima_filter(
    ar: np.ndarray, intercept: np.ndarray, push: np.ndarray, state: np.ndarray, gain: np.ndarray, spread: np.ndarray,
    change: np.ndarray, gaps: np.ndarray, weights: np.ndarray, counts: np.ndarray, lever: np.ndarray, y: np.ndarray,
    x: np.ndarray, starts: np.ndarray, before: np.ndarray, steps: np.ndarray, threads: int,
) -> None: ...  # fmt: skip
def arima_likelihood(
    w: np.ndarray, x: np.ndarray, gaps: int, orders: np.ndarray, coefficients: np.ndarray
) -> float: ...
def ets_filter(
    still: np.ndarray, moving: np.ndarray, y: np.ndarray, starts: np.ndarray, before: np.ndarray, steps: np.ndarray,
    threads: int,
) -> np.ndarray: ...  # fmt: skip
def theta_filter(
    still: np.ndarray, moving: np.ndarray, y: np.ndarray, starts: np.ndarray, before: np.ndarray, steps: np.ndarray,
    threads: int,
) -> np.ndarray: ...  # fmt: skip
def auto_theta_filter(
    still: np.ndarray, moving: np.ndarray, y: np.ndarray, starts: np.ndarray, before: np.ndarray, steps: np.ndarray,
    threads: int,
) -> np.ndarray: ...  # fmt: skip
def decompose(
    y: np.ndarray, starts: np.ndarray, seasons: np.ndarray, windows: np.ndarray, settings: np.ndarray, threads: int
) -> np.ndarray: ...
def demand_filter(
    y: np.ndarray, begins: np.ndarray, ends: np.ndarray, state: np.ndarray, threads: int
) -> np.ndarray: ...
def demand_weights(y: np.ndarray, starts: np.ndarray, chance: bool, bounds: np.ndarray, threads: int) -> np.ndarray: ...
def bucket_weights(
    y: np.ndarray, starts: np.ndarray, rows: np.ndarray, low: float, high: float, threads: int
) -> np.ndarray: ...
def bucket_filter(
    y: np.ndarray, begins: np.ndarray, ends: np.ndarray, state: np.ndarray, threads: int
) -> np.ndarray: ...
def fit_counts(values: np.ndarray, starts: np.ndarray, some: np.ndarray, threads: int) -> np.ndarray: ...
def count_likelihood(values: np.ndarray, level: float, excess: float, weight: float) -> np.ndarray: ...
def count_filter(
    y: np.ndarray, begins: np.ndarray, ends: np.ndarray, numbers: np.ndarray, threads: int
) -> np.ndarray: ...
def fit_ces(y: np.ndarray, starts: np.ndarray, models: np.ndarray, season: int, threads: int) -> np.ndarray: ...
def ces_squares(y: np.ndarray, weights: np.ndarray, season: int, model: int) -> float: ...
def ces_filter(
    still: np.ndarray, moving: np.ndarray, y: np.ndarray, starts: np.ndarray, before: np.ndarray, steps: np.ndarray,
    threads: int,
) -> np.ndarray: ...  # fmt: skip
def fit_prophet(
    y: np.ndarray, clock: np.ndarray, starts: np.ndarray, days: np.ndarray, holidays: np.ndarray, columns: np.ndarray,
    trend: np.ndarray, periods: np.ndarray, orders: np.ndarray, priors: np.ndarray, multiplies: np.ndarray,
    threads: int,
) -> np.ndarray: ...  # fmt: skip
