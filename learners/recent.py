"""Recent: a learner that learns from the last rows alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from featurizers.panel import Panel
from featurizers.whole import whole
from learners.around import Wrapping, check_learners
from learners.learner import Learner, Model


@dataclass(frozen=True)
class Recent(Wrapping):
    """`learner`, trained on the last `rows` rows of each series; what was before tells little of what comes, and takes
    time. The model is that of `learner`: it forecasts from, and filters, whatever it is given.

    >>> from learners import AutoEts
    >>> learner = Recent(AutoEts(24), rows=2000)
    """

    learner: Learner
    rows: int

    def decided(self, model: Model) -> Learner:
        learner = self.learner.decided(model)
        return self if learner is self.learner else replace(self, learner=learner)

    def retrain(self, panel: Panel, before: Model | None) -> Model:
        check_learners(self, self.learner)
        return self.learner.retrain(panel.tail(whole(self.rows, "The rows of Recent")), before)
