"""Slips: calls that other libraries have, answered with what is meant here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

from learners.steps import reading, rows_ahead

THEN = "is a recipe, not a model: fit it first, model = learner.fit(panel), then"
OF_RECIPES = {
    "forecast": f"{THEN} model.forecast(panel, 14).",
    "predict": f"{THEN} model.forecast(panel, 14).",
    "explain": f"{THEN} model.explain(panel, 14).",
    "save": f"{THEN} forecast.save(model, folder); the recipe itself is written by forecast.to_toml(learner).",
    "to_onnx": f"{THEN} forecast.to_onnx(model, 'model.onnx', horizon=14).",
}
OF_MODELS = {
    "fit": "is fitted: forecast.refit(model, panel) trains it again, learner.fit(panel) the recipe.",
    "save": "is saved by forecast.save(model, folder).",
    "to_onnx": "is exported by forecast.to_onnx(model, 'model.onnx', horizon=14).",
    "export": "is exported by forecast.to_onnx(model, 'model.onnx', horizon=14).",
    "update": "needs no update: model.forecast(panel, 14) goes on from the last rows of the panel that it is given.",
}
OF_RUNS = {
    "predict": "has run.forecasts; run.model.forecast(panel, 14) forecasts again.",
    "forecast": "has run.forecasts; run.model.forecast(panel, 14) forecasts again.",
    "fit": "has run.model, which is fitted; forecast.refit(run.model, panel) trains it again.",
    "explain": "has run.model.explain(panel, 14).",
    "save": "is saved where it is given an output; forecast.save(run.model, folder) saves the model.",
    "to_onnx": "has it in its folder; forecast.to_onnx(run.model, 'model.onnx', horizon=14) writes it elsewhere.",
}


class Slips:
    """Classes that inherit this answer the names in `meant`, which they lack, with a sentence."""

    meant: ClassVar[Mapping[str, str]] = {}

    if not TYPE_CHECKING:  # else every name would be there

        def __getattr__(self, name: str) -> Any:
            if name in type(self).meant:
                raise AttributeError(f"{type(self).__name__} {type(self).meant[name]}")
            return object.__getattribute__(self, name)  # which has the error of a property, where one has failed


class RecipeSlips(Slips):
    """Of recipes."""

    meant = OF_RECIPES


class ModelSlips(Slips):
    """Of models, and `predict`, which takes arrays, of a panel."""

    meant = OF_MODELS

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if "predict" in vars(cls):
            cls.predict = _of_arrays(vars(cls)["predict"])  # type: ignore[attr-defined]


def _of_arrays(predict: Callable[..., Any]) -> Callable[..., Any]:
    """`predict`, of a state and the rows ahead. TypeError for anything else."""

    @wraps(predict)
    def checked(model: Any, *given: Any, **named: Any) -> Any:
        values = [*given, *named.values()]
        both = dict(zip(("state", "future"), given, strict=False)) | named
        arrays = len(values) == 2 and all(isinstance(value, Mapping) for value in values)
        if not arrays or both.keys() != {"state", "future"}:
            horizon = next((value for value in values if isinstance(value, int)), 14)
            raise TypeError("'predict' takes arrays, a state and the rows ahead: a panel is forecast by "
                            f"model.forecast(panel, {horizon}).")  # fmt: skip
        state, future = both["state"], both["future"]
        with reading(model, state):
            return predict(model, state, rows_ahead(model, state, future))

    return checked
