"""fit_regressor: train a regressor of any library and keep what it learned as numbers."""

from __future__ import annotations

import warnings
from copy import deepcopy
from typing import Any

import numpy as np

from featurizers.featurizer import Featurizer
from learners.each import reason
from learners.regressors.converted import converted
from learners.regressors.fitted import Fitted
from learners.regressors.foreign import Foreign
from learners.regressors.linear import Linear
from learners.regressors.neighbours import Neighbours
from learners.regressors.preparing import Prepared, prepare, takes_codes, takes_missing
from learners.regressors.regressor import Regressor
from learners.regressors.stages import Filled

CHECKED = 512  # training rows on which our numbers must predict what the library predicts
DROPPED = 20  # binary digits of the 52
MOST_LEVELS = 255  # of a column of categories that HistGradientBoosting takes


def fit_regressor(regressor: object, X: np.ndarray, y: np.ndarray, features: Featurizer) -> Fitted:
    """Train on X (rows, columns) and y (rows,); NaN may stand in X, not in y.

    `regressor` is a ready name, a `Regressor`, or an object with fit(X, y) and predict(X), of which a copy is trained.
    `features` says which columns hold codes of categories. ValueError if there are no rows, or the training fails.
    """
    from threadpoolctl import threadpool_limits

    recipe = Regressor(regressor) if isinstance(regressor, str) else regressor
    ready = recipe.ready if isinstance(recipe, Regressor) else None
    name = ready or type(recipe).__name__
    if len(y) == 0 or X.shape[1] == 0:
        raise ValueError(f"Regressor {name!r} has no {'columns' if len(y) else 'rows'} to learn from.")
    estimator = recipe.make() if isinstance(recipe, Regressor) else _copied(recipe)
    if ready and (y == y[0]).all():  # nothing to learn, which several libraries take for an error
        zeros = np.zeros(X.shape[1])
        return Filled(Linear(zeros, float(y[0])), zeros)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(onverge|arly stopping the lars).*")
        asked = recipe if isinstance(recipe, Regressor) else None
        made = prepare(asked, estimator, X, y, tuple(features.categorical))
        _train(name, estimator, made)
        return made.around(_numbers(estimator, made))


def _copied(regressor: object) -> Any:
    if not (hasattr(regressor, "fit") and hasattr(regressor, "predict")) or isinstance(regressor, type):
        raise ValueError(f"{regressor!r} is not a regressor: give a ready name such as 'LightGBM', or an object with "
                         "fit(X, y) and predict(X).")  # fmt: skip
    return deepcopy(regressor)  # foreign fits mutate


def _train(name: str, estimator: Any, made: Prepared) -> None:
    """`fit`, told of the columns of categories in the way of the library."""
    coded = made.categorical and takes_codes(estimator)
    known = _codes(estimator, made.X, made.categorical) if coded else {}
    if hasattr(estimator, "n_neighbors"):
        estimator.n_neighbors = min(estimator.n_neighbors, len(made.y))
    X = settled(made.X) if _splits_doubles(estimator) else np.ascontiguousarray(made.X)
    try:
        estimator.fit(X, made.y, **known)
    except Exception as error:
        rows, columns = made.X.shape
        raise ValueError(f"Regressor {name!r} could not be trained on {rows} rows and {columns} columns: "
                         f"{error}") from error  # fmt: skip


def settled(X: np.ndarray) -> np.ndarray:
    """X (rows, columns) to 32 binary digits, some nine decimal ones.

    A mean of the same counts differs in its last digits with the order in which they were added. A tree would part such
    values, of which there are many where the target is whole numbers, and what it forecasts would hang on that order,
    which is another one in a graph. Between what is left no threshold comes near to any value.
    """
    rounded = np.array(X, np.float64, order="C")
    digits = rounded.view(np.int64)
    digits += 1 << (DROPPED - 1)
    digits &= -(1 << DROPPED)
    return rounded


def _splits_doubles(estimator: Any) -> bool:
    """Whether it is made of trees that compare in double precision."""
    names = {f"{kind.__module__.split('.')[0]}.{kind.__name__}" for kind in type(estimator).__mro__}
    return bool(names & {"lightgbm.LGBMModel", "sklearn.HistGradientBoostingRegressor"})


def _codes(estimator: Any, X: np.ndarray, categorical: tuple[int, ...]) -> dict[str, Any]:
    library = {kind.__module__.split(".")[0] for kind in type(estimator).__mro__}
    if "lightgbm" in library:
        return {"categorical_feature": list(categorical)}
    if "xgboost" in library:
        if estimator.feature_types is None:
            kinds = ["c" if i in categorical else "q" for i in range(X.shape[1])]
            estimator.set_params(enable_categorical=True, feature_types=kinds)
    elif isinstance(estimator.categorical_features, str | None):
        few = [i for i in categorical if len(np.unique(X[:, i])) <= min(MOST_LEVELS, estimator.max_bins)]
        estimator.set_params(categorical_features=few or None)
    return {}


def _numbers(estimator: Any, made: Prepared) -> Fitted:
    """Our own numbers where they predict what the library predicts, else the regressor itself."""
    try:
        numbers = converted(estimator)
    except ValueError as error:
        return _checked_foreign(estimator, made.X[:1], str(error))
    except (KeyError, AttributeError) as error:  # another version of the library
        why = f"its numbers do not lie where this version looks for them ({reason(error)})."
        return _checked_foreign(estimator, made.X[:1], why)
    rows = made.X[np.linspace(0, len(made.X) - 1, min(CHECKED, len(made.X))).astype(np.int64)]
    worst = _difference(estimator, numbers, rows)
    if takes_missing(estimator):
        worst = max(worst, _difference(estimator, numbers, _probes(rows, made.categorical)))
    tolerance = 1e-5 if "xgboost" in type(estimator).__module__ else 1e-6 if _has_points(numbers) else 1e-9
    if worst <= tolerance:
        return numbers
    return _checked_foreign(estimator, rows[:1], f"our numbers for it are off by {worst:.1e} relative.")


def _checked_foreign(estimator: Any, rows: np.ndarray, why: str) -> Foreign:
    answer = np.asarray(estimator.predict(rows))
    if answer.size != len(rows):
        raise ValueError(f"Regressor {type(estimator).__name__!r} answers one row with {answer.size} numbers; "
                         "a forecast takes one that answers with one.")  # fmt: skip
    return Foreign(estimator, why)


def _probes(rows: np.ndarray, categorical: tuple[int, ...]) -> np.ndarray:
    """Rows as they may come: with missing values, and with categories that training did not hold."""
    rng = np.random.default_rng(0)
    probes = rows.copy()
    for i in categorical:
        unseen = rng.random(len(rows)) < 0.1
        probes[unseen, i] = np.nanmax(rows[:, i], initial=0.0) + 3.0
    probes[rng.random(rows.shape) < 0.15] = np.nan
    return probes


def _difference(estimator: Any, numbers: Fitted, rows: np.ndarray) -> float:
    """The largest difference, relative to the size of the predictions; infinite where only one is a number."""
    want = np.asarray(estimator.predict(rows), np.float64)
    if want.size != len(rows):
        return np.inf
    got = np.asarray(numbers.predict(rows))
    certain = numbers.certain(rows)
    want, got = want.reshape(-1)[certain], got[certain]
    if not np.array_equal(np.isnan(want), np.isnan(got)):
        return np.inf
    size = float(np.nanmax(np.abs(want), initial=1e-300))
    return float(np.nanmax(np.abs(want - got), initial=0.0)) / size


def _has_points(numbers: Any) -> bool:
    while hasattr(numbers, "inner"):
        numbers = numbers.inner
    return isinstance(numbers, Neighbours)
