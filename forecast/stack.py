"""Stack: a regressor of what came on what the learners forecast of the folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from featurizers.arrays import Array, State, namespace
from featurizers.features import Features
from featurizers.featurizer import Needs
from featurizers.panel import Panel
from featurizers.whole import number, numbers
from forecast.backtest import RollingOrigin
from forecast.chance import surely_better
from forecast.elastic_net import elastic_net
from forecast.ensemble import as_decided, blended, caruana, vote, without
from forecast.leaderboard import Leaderboard, compare, failed
from forecast.metrics import Function
from forecast.truth import Outputs, Truth, measure
from forecast.widths import joint_scale, truth_scale, windows
from learners.attribution import Attribution, Feature, joined
from learners.bands import bounds, levels
from learners.blend import BlendModel, members, shared_levels, weighted
from learners.learner import Learner
from learners.regressors import Fitted, fit_regressor
from learners.together import Together, called

FEW = 8  # learners at most, the best ones, that a sweep stacks
AHEAD = 0.03  # of the error of the mean is what a stack must be better by, to be taken in a sweep
EXTREME = 0.99  # the quantile of the errors that larger ones are taken for, as squares would let them decide alone


@dataclass(frozen=True)
class Stack(Learner):
    """Compare `of` on the folds of `on`, learn from these forecasts how to put them together, and train all of `of`.

    Errors are in scales of their series. The meta-learner is an elastic net of what came, less the mean with the
    weights of `caruana`, on each learner less that mean: coefficients of nothing leave that mean. With `nonnegative`
    the weights of all lie between 0 and 1. `regressor` puts another in the place of the elastic net, such as
    "LightGBM", which sees the step too. `guard`: what is learned on the folds but the last must do better on the last
    than the mean with the weights of `caruana` does, or this is taken.

    >>> from forecast import AutoEts, SeasonalNaive
    >>> learner = Stack((AutoEts(12), SeasonalNaive(12)), on=RollingOrigin(horizon=12, folds=3))

    Source: Wolpert, Stacked generalization, 1992; Breiman, Stacked regressions, 1996 (no negative coefficients).
    """

    of: tuple[Learner, ...]
    on: RollingOrigin
    regressor: object = None
    alpha: float = 0.02  # of the penalty, in mean squares of a learner's distance from the mean
    l1_ratio: float = 0.5
    nonnegative: bool = True
    guard: bool = True
    metric: str | Function = "mase"

    def train(self, panel: Panel) -> StackModel | BlendModel:
        for name in ("alpha", "l1_ratio"):
            number(getattr(self, name), f"The {name} of Stack")
        board = compare(panel, self.of, self.on, self.metric)
        model = self._trained(board, panel)
        return replace(model, report=(*(f.message for f in failed(board)), *model.report))

    def _trained(self, board: Leaderboard, panel: Panel) -> StackModel | BlendModel:
        names = [n for n in board.recipes if all(board.outputs[n])]
        if len(names) > 1 and (not self.guard or self._wins(board, names)):
            recipes = tuple(board.recipes[n] for n in names)
            if self.regressor is None:
                return as_decided(Stacked(recipes, self.coefficients(board, names)), panel)
            models, kept, report = members(recipes, range(len(names)), panel)
            names = [names[i] for i in kept]
            return StackModel(models, mean_weights(board, names), self.fitted(board, names), panel.freq.season, report)
        return as_decided(vote(board, per="panel").recipe, panel)

    def coefficients(self, board: Leaderboard, names: Sequence[str]) -> tuple[float, ...]:
        """The weight of each learner, by the elastic net; they sum to one."""
        mean = mean_weights(board, names)
        X, y = table(board, names, mean)
        d = elastic_net(X, y, self.alpha * float(np.mean(X * X)), self.l1_ratio, self.nonnegative)
        if self.nonnegative:
            d = d / max(d.sum(), 1.0)
        return tuple((d + (1 - d.sum()) * np.array(mean)).tolist())

    def fitted(self, board: Leaderboard, names: Sequence[str]) -> Fitted:
        X, y = table(board, names, mean_weights(board, names), steps=True)
        return fit_regressor(self.regressor, X, y, Features(()))

    def _wins(self, board: Leaderboard, names: Sequence[str]) -> bool:
        """Whether, learned on the folds but the last, it does better on the last than Caruana's weights."""
        last = len(board.truths) - 1
        if last < 1:
            return False
        before = without(board, last)
        if self.regressor is None:
            mine = combined([board.outputs[n][last] for n in names], self.coefficients(before, names))
        else:
            fitted, truth = self.fitted(before, names), board.truths[last]
            outputs = [dict(board.outputs[n][last]) for n in names]
            mine = corrected(outputs, mean_weights(before, names), fitted, truth_scale(truth))
        costs = [measure((board.truths[last],), {"": (o,)}, [board.metric], board.panel.count)[1][""]
                 for o in (mine, blended(board, caruana(before))[last])]  # fmt: skip
        mean = [float(np.mean(list(c.values()))) if c else np.nan for c in costs]
        return mean[0] > mean[1] if board.metric.higher else mean[0] < mean[1]


@dataclass(frozen=True)
class Stacked(Learner):
    """The sum of the forecasts of `of` times `coefficients`, which were learned before and sum to one.

    >>> from forecast import Naive, Theta
    >>> learner = Stacked((Theta(12), Naive()), coefficients=(1.2, -0.2))
    """

    of: tuple[Learner, ...]
    coefficients: tuple[float, ...]

    def train(self, panel: Panel) -> StackModel:
        """ValueError if there are not as many coefficients as learners, or all learners fail."""
        if len(numbers(self.coefficients, "Each of the coefficients of Stacked", alone=False)) != len(self.of):
            raise ValueError(f"Stacked has {len(self.of)} learners and {len(self.coefficients)} coefficients: give one "
                             "for each.")  # fmt: skip
        used = [i for i, c in enumerate(self.coefficients) if c != 0]
        models, kept, report = members(self.of, used, panel)
        found = np.array([self.coefficients[i] for i in kept])
        found = found + (sum(self.coefficients) - found.sum()) / len(found)  # of those that failed
        return StackModel(models, tuple(found.tolist()), None, panel.freq.season, report)


@dataclass(frozen=True, eq=False)
class StackModel(Together):
    coefficients: tuple[float, ...]  # where there is a regressor: of the mean that it corrects
    regressor: Fitted | None
    season: int
    report: tuple[str, ...] = ()

    @property
    def needs(self) -> Needs:
        reach = windows(self.season)[0] if self.regressor is not None else 0
        return super().needs | Needs(lookback=reach)

    @property
    def single(self) -> bool:
        return super().single or (self.regressor is not None and self.regressor.single)

    def predict(self, state: State, future: State) -> State:
        answers = self.answers(state, future)
        if self.regressor is None:
            return combined(answers, self.coefficients)
        scale = joint_scale(state["target"], self.season, *windows(self.season))
        return corrected(answers, self.coefficients, self.regressor, scale)

    def attribute(self, state: State, future: State, typical: State) -> Attribution:
        """The members' contributions by their coefficients; what a regressor makes of their distances is a part of its
        own."""
        parts = self.attributions(state, future, typical)
        names = [called(m) for m in self.models]
        told = tuple(zip(names, self.coefficients, strict=True))
        made = joined(parts, shares([part.forecast for part in parts], self.coefficients), told)
        if self.regressor is None:
            return made
        rest = np.asarray(self.predict(state, future)["forecast"]) - made.forecast
        return made.with_part(Feature("correction", "correction", "learner"), rest)


def guarded(
    board: Leaderboard, rival: Mapping[str, float], scores: Mapping[str, np.ndarray]
) -> tuple[list[str], Stacked, tuple[Outputs, ...]] | None:
    """The best learners on the board stacked, if their forecasts with coefficients from other folds are 3 % better by
    its metric, and by more than chance, than those that had the totals `rival` and the `scores`, and by WAPE no worse:
    who takes part, the recipe, and these forecasts."""
    names = [n for n in board.names if all(board.outputs[n])][:FEW]
    theirs = rival.get(board.metric.name, np.nan)
    if len(names) < 2 or len(board.truths) < 2 or not np.isfinite(theirs):
        return None
    try:
        recipe, outputs = stacked(board, names, Stack((), board.on))
    except ValueError:  # nothing to learn from
        return None
    metric, joined = board.metric, board.joined("", recipe, outputs)
    gain = (joined.totals[""].get(metric.name, np.nan) - theirs) * (1 if metric.higher else -1)
    worse = joined.totals[""].get("wape", np.nan) > rival.get("wape", np.nan)
    sure = surely_better(joined.scores[""][metric.name], scores[metric.name], bool(metric.higher))
    taking_part = [n for n, c in zip(names, recipe.coefficients, strict=True) if c]
    return (taking_part, recipe, outputs) if gain > AHEAD * abs(theirs) and sure and not worse else None


def stacked(board: Leaderboard, names: Sequence[str], recipe: Stack) -> tuple[Stacked, tuple[Outputs, ...]]:
    """The stack of learners on the board, and its forecasts of each fold with coefficients from the other folds."""
    found = Stacked(tuple(board.recipes[n] for n in names), recipe.coefficients(board, names))
    outputs = []
    for k in range(len(board.truths)):
        rest = without(board, k) if len(board.truths) > 1 else board
        outputs.append(combined([board.outputs[n][k] for n in names], recipe.coefficients(rest, names)))
    return found, tuple(outputs)


# ---- putting forecasts together --------------------------------------------------------------------


def combined(answers: Sequence[Mapping[str, Array]], coefficients: Sequence[float]) -> State:
    """The sum of the forecasts times their coefficients; one that is missing counts as the mean of the others. Bands
    reach as far as those of the members in the mean."""
    forecasts = [a["forecast"] for a in answers]
    mean = weighted(forecasts, [abs(c) for c in coefficients])
    xp = namespace(mean)
    total = mean * sum(coefficients)
    for forecast, c in zip(forecasts, coefficients, strict=True):
        total = total + c * xp.where(xp.isnan(forecast), 0.0, forecast - mean)
    return _banded(total, answers, [abs(c) for c in coefficients])


def shares(forecasts: Sequence[np.ndarray], coefficients: Sequence[float]) -> list[np.ndarray]:
    """Of each forecast in what `combined` makes of them, (rows, steps): its coefficient, and its part of the mean that
    stands for those that are missing."""
    known = np.isfinite(np.stack(forecasts))
    own = np.array(coefficients)[:, None, None] * known
    size = np.abs(own)
    missing = sum(coefficients) - own.sum(axis=0)
    return list(own + missing * size / np.where((total := size.sum(axis=0)) > 0, total, 1.0))


def corrected(
    answers: Sequence[Mapping[str, Array]], weights: Sequence[float], regressor: Fitted, scale: Array
) -> State:
    """The weighted mean of the forecasts, corrected by what the regressor makes of their distances from it."""
    forecasts = [a["forecast"] for a in answers]
    mean = weighted(forecasts, weights)
    xp = namespace(mean, scale)
    size = xp.where(scale > 0, scale, 1.0)[:, None]
    steps = mean.shape[1]
    columns = [xp.where(xp.isnan(f), 0.0, f - mean) / size for f in forecasts]
    columns.append(columns[0] * 0.0 + np.arange(1.0, steps + 1)[None, :])
    X = xp.reshape(xp.stack(columns, axis=2), (-1, len(columns)))
    return _banded(mean + size * xp.reshape(regressor.predict(X), (-1, steps)), answers, weights)


def _banded(forecast: Array, answers: Sequence[Mapping[str, Array]], weights: Sequence[float]) -> State:
    outputs: State = {"forecast": forecast}
    banded = [(dict(a), w) for a, w in zip(answers, weights, strict=True) if levels(a) and w > 0]
    for level in shared_levels([a for a, _ in banded]):
        for name in bounds(level):
            apart = weighted([a[name] - a["forecast"] for a, _ in banded], [w for _, w in banded])
            outputs[name] = forecast + apart
    return outputs


# ---- the meta-learner ------------------------------------------------------------------------------


def mean_weights(board: Leaderboard, names: Sequence[str]) -> tuple[float, ...]:
    """The weights of `caruana`, one for each of `names`."""
    found = caruana(board.only(names))
    return tuple(found.get(n, 0.0) for n in names)


def table(
    board: Leaderboard, names: Sequence[str], mean: Sequence[float], steps: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Each learner less the mean with these weights, (rows, learners), with the step behind it if asked for, and what
    came less that mean, (rows,), in scales of the series; rows that are not known are left out."""
    parts = [_rows(truth, [board.outputs[n][k]["forecast"] for n in names], mean, steps)
             for k, truth in enumerate(board.truths)]  # fmt: skip
    X, y = np.concatenate([p for p, _ in parts]), np.concatenate([y for _, y in parts])
    if not len(y):
        raise ValueError("No forecast of the folds can be learned from: no series has a scale and a known value.")
    limit = np.quantile(np.abs(y), EXTREME)
    return X, np.clip(y, -limit, limit)


def _rows(
    truth: Truth, forecasts: list[np.ndarray], weights: Sequence[float], steps: bool
) -> tuple[np.ndarray, np.ndarray]:
    mean = weighted(forecasts, weights)
    scale = truth_scale(truth)[:, None]
    known = (scale > 0) & np.isfinite(truth.actual) & np.isfinite(mean)
    size = np.where(scale > 0, scale, 1.0)
    columns = [np.where(np.isnan(f), 0.0, f - mean) / size for f in forecasts]
    if steps:
        columns.append(np.broadcast_to(np.arange(1.0, mean.shape[1] + 1), mean.shape))
    return np.stack(columns, axis=2)[known], ((truth.actual - mean) / size)[known]
