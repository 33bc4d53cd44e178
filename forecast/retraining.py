"""refit: the recipe that was found, trained again on newer data."""

from __future__ import annotations

from pathlib import Path

from featurizers.panel import Panel, expected
from forecast.running import Run
from forecast.saving import load
from learners.learner import Learner, Model


def refit(what: Run | Model | str | Path, panel: Panel) -> Model:
    """Train the recipe of a run, of a run's folder, of a fitted model or of its folder on `panel`.

    Nothing is compared or searched: what was decided then stays as it was, every 'auto' among it, the weights of an
    ensemble and the widths of bands that the folds gave; only a `Stack` with a regressor of its own learns again from
    folds. ValueError if the recipe is not known, as where a part of it is not ours and the model was loaded.

        found = fc.run(table, time="month", target="passengers", horizon=12, output="runs/air")
        model = fc.refit("runs/air", fc.Panel.read(longer, time="month", target="passengers"))
    """
    return recipe_of(what).fit(expected(panel, "refit"))


def recipe_of(what: Run | Model | str | Path) -> Learner:
    """The recipe that a run or a model was trained by. ValueError if it is not known."""
    if isinstance(what, Run):
        return what.selection.recipe
    model = load(what) if isinstance(what, str | Path) else what
    if not isinstance(model, Model):
        raise TypeError(f"'refit' takes a run, a model or the folder of one, not a {type(what).__name__}.")
    if model.origin is None or model.origin.recipe is None:
        raise ValueError(
            f"The recipe of this {type(model).__name__} is not known: it could not be saved, as a part of it is not "
            "ours, or an older version wrote it. Fit the recipe itself: recipe.fit(panel)."
        )
    return model.origin.recipe
