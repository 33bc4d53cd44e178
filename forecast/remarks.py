"""Remarks: what a job says, as findings, of its settings and of the learners that it compared."""

from __future__ import annotations

import numpy as np

from featurizers.findings import Finding
from featurizers.panel import Panel
from forecast import featurization
from forecast.job import Job
from forecast.leaderboard import failed
from forecast.metrics import METRICS
from forecast.sweep import Outcome

BIASED = 0.25  # of what came, by which the forecasts of every fold were too high, or too low: that is worth a word
OF_MEANS = ("rmse", "nrmse", "rmsse", "r2")  # metrics that a mean serves best, others a value in the middle


def compared(job: Job, panel: Panel, outcome: Outcome) -> list[Finding]:
    """All that is to be said once the learners of a resolved job were compared on `panel`, its own findings first."""
    return [
        *panel.findings,
        *job.origins(panel)[1],
        *outcome.findings,
        *featurization.left_out(panel),
        *_left_out(job),
        *failed(outcome.board),
        *_biased(outcome),
        *_unreached(job, panel),
    ]


def _left_out(job: Job) -> list[Finding]:
    return [
        Finding("learner_left_out", "alerted", f"{name} did not take part: {why}.", column=name)
        for name, why in job.left_out.items()
    ]


def _biased(outcome: Outcome) -> list[Finding]:
    """That the winner was far off in sum, on the same side in every fold of several."""
    board, name = outcome.board, outcome.winner
    folds = zip(board.truths, board.outputs[name], strict=True)
    found = np.array([truth.total(METRICS["bias"], outputs) for truth, outputs in folds if outputs])
    if len(found) < 2 or not (np.all(found > BIASED) or np.all(found < -BIASED)):
        return []
    side, off = "more" if found[0] > 0 else "less", abs(found.mean())
    text = f"On each of {len(found)} folds {name!r} forecast {side} than came, in sum by {off:.0%} (bias)."
    if side == "less" and board.metric.name not in OF_MEANS:
        text += (f" {board.metric.name!r} asks for a value in the middle, which is not the mean where many are zero or "
                 "a few are large: where sums count, choose metric='rmsse'.")  # fmt: skip
    return [Finding("bias", "alerted", text, column=name)]


def _unreached(job: Job, panel: Panel) -> list[Finding]:
    """The lags and windows that no series is long enough for, and a season that fits into few of them twice."""
    longest, median = int(panel.lengths.max(initial=0)), float(np.median(panel.lengths))
    found = []
    if job.season is not None and 2 * job.season > median:
        found = [Finding("too_long", "alerted", f"The season of {job.season} rows is left out: the median series has "
                         f"{median:g} rows, fewer than two of them.")]  # fmt: skip
    return found + [
        Finding("too_long", "alerted", f"The {what} of {size} rows is longer than the longest series ({longest} rows): "
                "it tells nothing, or only what a shorter one does.")
        for what, sizes in (("lag", job.lags or ()), ("window", job.windows or ()))
        for size in sizes
        if size >= longest
    ]  # fmt: skip
