"""Mlp: a multilayer perceptron on windows of all series, every step of the horizon at once, with quantiles."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, Literal

from featurizers.panel import Panel
from featurizers.whole import whole
from learners.learner import Learner
from learners.tcn import Tcn, TcnModel


@dataclass(frozen=True)
class Mlp(Learner):
    """The network of `Tcn` without its convolutions: the values of the window go through one layer of `hidden` units.

    Its training takes a fraction of the time, so that it is the better one of both where there are seconds, not
    minutes. Of columns that are not known ahead it reads the last row alone. Every other setting is that of `Tcn`.

    >>> learner = Mlp(horizon=14, known=("price",), static=("size",), categories=("region",), levels=(80, 95))
    """

    horizon: int
    window: int | Literal["auto"] = "auto"
    hidden: int = 128
    dropout: float = 0.2
    levels: tuple[int, ...] = (80,)
    epochs: int = 25
    patience: int = 8
    batch: int = 64
    learning_rate: float = 2e-3
    known: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    calendar: tuple[str, ...] | Literal["auto"] = "auto"
    seed: int = 0
    device: str = "auto"
    max_seconds: float | None = None
    local: bool = True
    imports: ClassVar[tuple[str, ...]] = Tcn.imports

    def train(self, panel: Panel) -> MlpModel:
        """ValueError where no series is longer than the horizon by two rows, or a setting does not fit."""
        if whole(self.hidden, "The hidden units of Mlp", 2) % 2:
            raise ValueError(f"The hidden units of Mlp must be an even number, not {self.hidden}.")
        same = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "hidden"}
        model = Tcn(**same, channels=self.hidden // 2, layers=0).train(panel)
        return MlpModel(**{f.name: getattr(model, f.name) for f in fields(model)})


@dataclass(frozen=True, eq=False)
class MlpModel(TcnModel):
    """One without layers."""
