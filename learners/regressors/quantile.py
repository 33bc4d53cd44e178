"""of_quantile: a boosted regressor that answers with a quantile instead of the mean."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

from learners.regressors.regressor import Regressor

# The settings by which each library asks for a quantile, and the name of the one that says which.
SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "LightGBM": ({"objective": "quantile"}, "alpha"),
    "XGBoost": ({"objective": "reg:quantileerror"}, "quantile_alpha"),
    "HistGradientBoosting": ({"loss": "quantile"}, "quantile"),
    "GradientBoosting": ({"loss": "quantile"}, "alpha"),
}
CLASSES = {"LGBMRegressor": "LightGBM", "XGBRegressor": "XGBoost",
           "HistGradientBoostingRegressor": "HistGradientBoosting",
           "GradientBoostingRegressor": "GradientBoosting"}  # fmt: skip


def of_quantile(regressor: object, share: float) -> object:
    """The recipe of the same regressor for the quantile `share`, between 0 and 1; the rest of its settings stays.

    ValueError if it knows no quantiles.

    >>> of_quantile("LightGBM", 0.9).settings
    {'objective': 'quantile', 'alpha': 0.9}
    """
    recipe = Regressor(regressor) if isinstance(regressor, str) else regressor
    name = recipe.ready if isinstance(recipe, Regressor) else CLASSES.get(type(recipe).__name__, "")
    if name not in SETTINGS:
        raise ValueError(f"Direct has bands (levels) with {', '.join(SETTINGS)}, which know quantiles, not with "
                         f"{name or type(recipe).__name__!r}: Conformal gives any learner bands.")  # fmt: skip
    fixed, which = SETTINGS[name]
    settings = {**fixed, which: round(share, 6)}
    if isinstance(recipe, Regressor):
        return replace(recipe, settings={**recipe.settings, **settings})
    return deepcopy(recipe).set_params(**settings)  # type: ignore[attr-defined]
