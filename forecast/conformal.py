"""Conformal: bands from the residuals of the folds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from featurizers.whole import number
from forecast.backtest import RollingOrigin
from forecast.defaults import nonnegative as never_below_zero
from forecast.leaderboard import Leaderboard, compare
from forecast.metrics import Metric
from forecast.settings import levels as checked
from forecast.stretch import Stretch, stretch
from forecast.truth import Outputs, measure
from forecast.widths import Errors, Widths, resting, truth_rest, truth_scale, widths
from learners.around import Around, Wrapping, inside, reported
from learners.bands import bounds
from learners.bands import levels as levels_of
from learners.learner import Learner, Model

SHARES = (0.5, 1.0, 0.0)  # of a learner's own bands in those that are deployed: the usual one first
BETTER = 0.98  # of the loss of the usual share is what another needs, to be taken in its place
FEWEST, MOST = 10, 50_000_000  # learners and bounds of forecasts on a leaderboard that have bands
Scales = tuple[np.ndarray, np.ndarray]  # of the series of a fold, and where those without one hold still, (series,)


@dataclass(frozen=True)
class Conformal(Wrapping):
    """Bands `lo80`, `hi80` ... around the forecasts of `learner`, as wide as its errors on the folds of `on` were.

    Errors are divided by the scale of their series at the cutoff (its mean absolute seasonal difference), pooled over
    series, steps and folds, with a growth over the steps of their own, and their quantile times the scale is the band,
    so that series never seen have one too (`forecast.widths`). Where the learner has bands of its own at these levels,
    they are stretched to hold what the folds brought, and the band has the mean precision (inverse square of its width)
    of both; one of the two alone where that loses 2 % less on folds left out. `symmetric=False` measures either side by
    itself, which takes many errors. `decay` is the weight of a fold over that of the next, `adapt` how fast the level
    follows what folds were covered.
    With `nonnegative` no lower bound lies below zero, unless the forecast does.
    The learner is fitted once for each fold, and once more on the whole panel.

    >>> from forecast import SeasonalNaive
    >>> learner = Conformal(SeasonalNaive(12), on=RollingOrigin(horizon=12, folds=3), levels=(80, 95))

    Source: Vovk, Gammerman & Shafer, Algorithmic learning in a random world, 2005.
    """

    learner: Learner
    on: RollingOrigin
    levels: tuple[float, ...] = (80, 95)
    symmetric: bool = True
    decay: float = 1.0
    adapt: float = 0.0
    nonnegative: bool | None = None  # None: where the panel has no target below zero

    def retrain(self, panel: Panel, before: Model | None) -> ConformalModel:
        for name in ("decay", "adapt"):
            number(getattr(self, name), f"The {name} of Conformal")
        board = compare(panel, {"learner": self.learner}, self.on, "mae")
        nonnegative = never_below_zero(panel) if self.nonnegative is None else self.nonnegative
        ready = banded(board, "learner", self.levels, 0.0 if nonnegative else None,
                       symmetric=self.symmetric is not False,  # None in files of earlier versions, which chose
                       decay=self.decay, adapt=self.adapt)  # fmt: skip
        model = ready.retrain(panel, before)
        return replace(model, recipe=ready.decided(model))


@dataclass(frozen=True)
class Ready(Wrapping):
    """A learner with the widths of its bands, which were measured before: only the learner is trained.

    `stretch` mixes the learner's own bands in; no lower bound lies below `least` (None: anywhere), unless the forecast
    does.
    """

    learner: Learner
    widths: Widths
    stretch: Stretch | None = None
    least: float | None = None

    def retrain(self, panel: Panel, before: Model | None) -> ConformalModel:
        self.widths.check()
        if self.stretch is not None:
            self.stretch.check(self.widths.levels)
        if self.least is not None:
            number(self.least, "The least of Ready")
        model = self.learner.retrain(panel, inside(before))
        return ConformalModel(model, self.widths, reported(model), self.stretch, self.least)


@dataclass(frozen=True, eq=False)
class ConformalModel(Around):
    widths: Widths
    report: tuple[str, ...] = ()
    stretch: Stretch | None = None
    least: float | None = None

    @property
    def needs(self) -> Needs:
        return self.inner.needs | Needs(lookback=self.widths.window)

    def predict(self, state: State, future: State) -> State:
        outputs = self.inner.predict(state, future)
        past, found = state["target"], self.widths
        scale = found.scale(past)
        around = found.bands(outputs["forecast"], scale, rest=resting(past, found.window))
        return finished(outputs, around, scale, self.stretch, self.least)


def finished(outputs: State, around: State, scale: Array, own: Stretch | None, least: float | None) -> State:
    """The forecast, and its bands: those `around` it, mixed with the learner's own (see `Stretch.bands`), and not below
    `least`."""
    bands = around if own is None else own.bands(outputs, around, scale)
    if least is not None:
        xp, forecast = namespace(outputs["forecast"]), outputs["forecast"]
        floor = xp.minimum(forecast, forecast * 0.0 + least)
        bands = {n: xp.maximum(values, floor) if n.startswith("lo") else values for n, values in bands.items()}
    return {"forecast": outputs["forecast"], **bands}


# ---- bands of a learner on a leaderboard -----------------------------------------------------------


def banded(
    board: Leaderboard, name: str, levels: Sequence[float] = (80, 95), least: float | None = None, **how: Any
) -> Ready:
    """The recipe of a learner on the board with its bands, chosen as `Conformal` says (`how` are its settings), without
    fitting anything; no lower bound lies below `least` (None: anywhere), unless the forecast does.

    ValueError if a level is not between 0 and 100, or no residual is known.
    """
    levels = _wanted(levels)
    seen = errors(board, name, levels)
    share = SHARES[0] if seen[0].own else 0.0
    if share and len(seen) > 1:
        losses = _losses(board, seen, levels, least, how)
        best = int(np.argmin(losses))
        share = SHARES[best] if losses[best] < BETTER * losses[0] else share
    own = stretch(seen, levels, share) if share else None
    return Ready(board.recipes[name], _widths(board, seen, levels, **how), own, least)


def with_bands(board: Leaderboard, levels: Sequence[float] = (80, 95), least: float | None = None) -> Leaderboard:
    """The board with bands for every learner, not below `least`, each fold's measured on the other folds, and with the
    metrics of bands: so learners with and without bands of their own compare. Of very many forecasts those of the best
    learners have them alone."""
    levels = _wanted(levels)
    size = max(sum(t.actual.size for t in board.truths) * len(levels), 1)
    names = board.names[: max(MOST // size, FEWEST)]
    outputs = {n: tuple({"forecast": o["forecast"]} if o else o for o in board.outputs[n]) for n in board.recipes}
    scales = _scales(board)
    for name in names:
        try:
            seen = errors(board, name, levels, scales)
        except ValueError:  # no errors, no bands
            continue
        found = iter(_out_of_fold(board, seen, levels, least))
        outputs[name] = tuple(next(found) if o else o for o in board.outputs[name])
    banded_metrics = [m for m in board.measures if m.banded]
    old = {n: {m: v for m, v in t.items() if not _banded(m, banded_metrics)} for n, t in board.scores.items()}
    kept = {n: {m: v for m, v in t.items() if not _banded(m, banded_metrics)} for n, t in board.totals.items()}
    scores, totals = measure(board.truths, {n: outputs[n] for n in names}, banded_metrics, board.panel.count)
    return replace(board, outputs=outputs, scores={n: old[n] | scores.get(n, {}) for n in old},
                   totals={n: kept[n] | totals.get(n, {}) for n in kept})  # fmt: skip


def ranking(board: Leaderboard, levels: Sequence[float], least: float | None) -> Leaderboard:
    """The board as its metric can rank it: with bands for every learner, if that is a metric of bands."""
    return with_bands(board, levels, least) if board.metric.banded and levels else board


def errors(
    board: Leaderboard, name: str, levels: Sequence[float], scales: Mapping[int, Scales] | None = None
) -> list[Errors]:
    """What the learner forecast in each fold. ValueError if no residual is known."""
    scales = _scales(board) if scales is None else scales
    pairs = [(t, o) for t, o in zip(board.truths, board.outputs[name], strict=True) if o]
    own = all(set(levels) <= set(levels_of(o)) for _, o in pairs)
    kept = [n for level in levels for n in bounds(level)] if own else []
    found = [Errors(o["forecast"], t.actual, scales[t.number][0], {n: o[n] for n in kept}, scales[t.number][1])
             for t, o in pairs]  # fmt: skip
    if not any(np.isfinite(e.residual).any() for e in found):
        reasons = [a.failure for a in board.attempts if a.name == name and a.failure]
        raise ValueError(
            f"No error of {name!r} on the folds is known, so its bands have no width. "
            f"{' '.join(reasons) or 'Ask for more folds, or for no bands with levels=[].'}"
        )
    return found


def _wanted(levels: Sequence[float]) -> tuple[float, ...]:
    found = tuple(sorted(set(checked(levels))))
    if not found:
        raise ValueError("Bands need at least one level, such as 80 percent.")
    return found


def _scales(board: Leaderboard) -> dict[int, Scales]:
    return {t.number: (truth_scale(t), truth_rest(t)) for t in board.truths}


def _widths(board: Leaderboard, seen: Sequence[Errors], levels: Sequence[float], **how: Any) -> Widths:
    return widths(seen, levels, board.truths[0].season, gap=board.on.gap, **how)


def _out_of_fold(
    board: Leaderboard, seen: Sequence[Errors], levels: Sequence[float], least: float | None
) -> list[Outputs]:
    """The forecasts and the usual bands of each fold, measured on the others where there are others."""
    apart = _left_out(board, seen, levels)
    return [finished({"forecast": e.forecast, **e.own}, around, e.scale, own, least) for e, around, own in apart]


def _losses(
    board: Leaderboard, seen: Sequence[Errors], levels: Sequence[float], least: float | None, how: Mapping[str, Any]
) -> list[float]:
    """The quantile losses of each of `SHARES`, each fold's bands from the other folds; divided by the scale of each
    series, those without one by nothing."""
    losses = np.zeros(len(SHARES))
    for e, around, own in _left_out(board, seen, levels, **how):
        for i, share in enumerate(SHARES):
            mine = replace(own, share=share) if own and share else None
            outputs = {"forecast": e.forecast, **e.own}
            losses[i] += _loss(e, finished(outputs, around, e.scale, mine, least), levels)
    return losses.tolist()


def _left_out(
    board: Leaderboard, seen: Sequence[Errors], levels: Sequence[float], **how: Any
) -> Iterator[tuple[Errors, State, Stretch | None]]:
    """Each fold, with the bands around its forecast and the stretch of its own ones that the other folds ask for, where
    there are others."""
    for k, e in enumerate(seen):
        others = [o for i, o in enumerate(seen) if i != k] or seen
        around = _widths(board, others, levels, **how).bands(e.forecast, e.scale, board.on.gap, e.rest)
        yield e, around, stretch(others, levels) if e.own else None


def _loss(e: Errors, bands: State, levels: Sequence[float]) -> float:
    total, scale = 0.0, np.where(e.scale > 0, e.scale, np.nan)[:, None]
    for level in levels:
        for name, q in zip(bounds(level), (0.5 - level / 200, 0.5 + level / 200), strict=True):
            apart = (e.actual - bands[name]) / scale
            total += float(np.nanmean(np.maximum(q * apart, (q - 1) * apart))) if np.isfinite(apart).any() else 0.0
    return total


def _banded(column: str, metrics: Sequence[Metric]) -> bool:
    return any(m.owns(column) for m in metrics)
