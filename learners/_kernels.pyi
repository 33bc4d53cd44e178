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
