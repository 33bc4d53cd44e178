"""Plan: what a job asks for, resolved on its panel, and the recipes that follow from it by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial

from featurizers.featurizer import Featurizer
from featurizers.panel import Panel
from forecast import evidence
from forecast.featurization import useless
from learners.learner import Learner
from learners.month_effects import monthly
from learners.occasions import standing_out

STEADY = {
    "naive", "seasonalnaive", "average", "seasonalaverage", "historicaverage", "windowaverage", "seasonalwindowaverage",
    "croston", "crostonoptimized", "sba", "tsb", "adida", "imapa", "negativebinomial", "negativebinomialmedian",
}  # fmt: skip
NETWORKS = {"mlp", "tcn"}
OUTSIDE = {*NETWORKS, "prophet", "arimax"}  # beside regressors: they learn from known columns or holidays as well
YEARS = 6  # that Harmonic learns from
BLIND = {"autotheta", "theta", "autoarima", "arima", "ces"}  # they know one season; AutoEts stays so beside Harmonic
DIRECT_ROWS = 100_000  # origins and steps that a direct regression learns from


@dataclass(frozen=True)
class Plan:
    """Every setting that recipes are made of, none left open."""

    horizon: int
    seasons: tuple[int, ...]  # shortest first; (1,) if there is none
    lags: tuple[int, ...]
    windows: tuple[int, ...]
    holidays: tuple[str, ...] = ()  # "US", "US-CA", ...
    known: tuple[str, ...] = ()  # numeric columns of each role ...
    relative: tuple[str, ...] = ()  # known ones with another level in each series
    static: tuple[str, ...] = ()
    past: tuple[str, ...] = ()  # ... those of the role past, numeric or categorical ...
    categories: tuple[str, ...] = ()  # ... and all other categorical ones
    many: bool = False  # more than one series
    year: float = 0.0  # rows of a year, where the series hold two of them and a season is shorter; else 0
    yearly: bool = False  # rows are days or weeks, and the series have waves of a year
    span: int = 0  # days that a row stands for beyond that of its stamp: 6 for weeks
    log: bool = False  # regressors see log(1 + y), where they see levels
    absolute: bool = False  # trees forecast medians, which absolute errors ask for, not means
    difference: int = 0  # rows over which regressors see changes; 0: they see levels
    seed: int = 0
    seconds: float | None = None  # that one training of a network may take
    history: int | None = None  # the last rows that learners of each series alone learn from; None: all
    rows: int | None = None  # the most that a regression learns from; None: all
    occasions: bool = False  # days of the year, or the weekdays of months, stand out
    told: bool = False  # known columns or holidays may tell of such days

    @classmethod
    def of(cls, panel: Panel, **settings: object) -> Plan:
        """A plan whose columns are those of `panel`, by their roles, less those of no use."""
        dropped = useless(panel)

        def numeric(role: str) -> tuple[str, ...]:
            return tuple(n for n in panel.by_role(role) if n not in panel.levels and n not in dropped)

        categories = tuple(n for n in panel.levels if panel.roles.get(n) in ("known", "static") and n not in dropped)
        past = tuple(name for name in panel.by_role("past") if name not in dropped)
        roles = {"known": numeric("known"), "past": past, "static": numeric("static")}
        relative = tuple(n for n in roles["known"] if evidence.uneven(panel, n))
        span = {"W": 6, "MS": 27, "QS": 89, "YS": 364}.get(panel.freq.unit, 0)
        found = {"relative": relative, "span": span, "categories": categories, "many": panel.count > 1}
        told = bool(settings.get("holidays")) or not dropped.keys() >= set(panel.by_role("known"))
        found |= {"occasions": bool(standing_out(panel)), "told": told and not monthly(panel.freq)}
        return cls(**roles, **found, **settings)  # type: ignore[arg-type]

    @property
    def season(self) -> int:
        return self.seasons[0]


def recipe(name: str, plan: Plan) -> Learner:
    """The recipe that `name` stands for: "SeasonalNaive", "Ets", "LightGBM", "DirectLightGBM", "Tcn" ...

    A regressor's name is that regressor in `Recursive`, or in `Direct` with "Direct" before it. What could leave the
    range that a series has ever been in is held by `Bounded`; means and repeated values could not. What learns from
    each series alone learns from the last rows of a long one, Harmonic from the last years. Where days and weeks have
    waves of a year, what knows no such season learns what these leave (`Harmonic`). Days of the year that stand out are
    taken out first (`Occasions`), but where known columns or holidays tell a learner of them; so are the weekdays of
    months, of which nothing else tells.
    """
    from learners import Bounded, Occasions, Recent

    found, wanted = _plain(name, plan), name.lower()
    if wanted in STEADY:
        return found
    single = {name.lower() for name in _SIMPLE}
    if plan.history is not None and wanted in single - NETWORKS:
        found = Recent(found, _years(plan) if wanted == "harmonic" else plan.history)
    if plan.yearly and wanted in BLIND:
        found = _without_year(found, plan)
        if plan.history is not None:
            found = Recent(found, _years(plan))
    found = Bounded(found, plan.horizon, plan.season)
    alone = wanted in single - OUTSIDE
    return Occasions(found) if plan.occasions and (alone or not plan.told) else found


def _plain(name: str, plan: Plan) -> Learner:
    """The same without rails."""
    from learners.regressors.regressor import READY

    simple = {key.lower(): maker for key, maker in _SIMPLE.items()}
    regressors = {key.lower(): key for key in READY}
    wanted = name.lower()
    if wanted in simple:
        return simple[wanted](plan)
    if wanted in regressors:
        return _recursive(regressors[wanted], plan)
    if wanted.removeprefix("direct") in regressors and wanted.startswith("direct"):
        return _direct(regressors[wanted.removeprefix("direct")], plan)
    names = [*_SIMPLE, *READY, *(f"Direct{r}" for r in READY)]
    lower = {n.lower(): n for n in names}
    close = [lower[n] for n in get_close_matches(wanted, lower, 3)]
    hint = f"Did you mean {', '.join(map(repr, close))}? " if close else ""
    raise ValueError(f"There is no learner {name!r}. {hint}There are: {', '.join(names)}.")


def features(plan: Plan, linear: bool = False) -> tuple[Featurizer, ...]:
    """Lags, windows, calendar, holidays and the columns of the table; for linear regressors in forms that add up."""
    from featurizers import Calendar, Categories, Fourier, Holidays, Known, Lags, Past, Relative, Rolling, Static

    parts: list[Featurizer] = [Lags(plan.lags)] if plan.lags else []
    statistics = ("mean",) if linear else ("mean", "std", "min", "max")
    if plan.windows:
        parts += [Rolling(s, plan.windows, min_samples=2 if s == "std" else 1) for s in statistics]
    parts.append(Calendar(cyclic=linear))
    if linear and plan.seasons[-1] > 1:
        parts.append(Fourier(tuple(s for s in plan.seasons if s > 1), order=3))
    if plan.holidays:
        parts.append(Holidays(plan.holidays, onehot=linear))
    if plan.known:
        parts.append(Known(plan.known))
    if plan.relative:
        parts.append(Relative(plan.relative))
    if plan.past:
        parts.append(Past(plan.past, lags=(1,)))
    if plan.static:
        parts.append(Static(plan.static))
    if plan.categories:
        parts.append(Categories(plan.categories, onehot=linear))
    return tuple(parts)


def _recursive(regressor: str, plan: Plan) -> Learner:
    from learners import Recursive
    from learners.regressors.preparing import SCALED

    linear = regressor in SCALED
    return _scaled(Recursive(_regressor(regressor, plan), features(plan, linear), plan.rows), plan, linear)


def _direct(regressor: str, plan: Plan) -> Learner:
    from learners import Direct
    from learners.regressors.preparing import SCALED

    if 1 < plan.difference < plan.horizon / 2:  # changes from season to season add up over many, each with its error
        plan = replace(plan, difference=0)
    seasons, linear = tuple(s for s in plan.seasons if s > 1), regressor in SCALED
    rows = min(plan.rows or DIRECT_ROWS, DIRECT_ROWS)
    direct = Direct(_regressor(regressor, plan), features(plan, linear), plan.horizon, seasons, rows)
    return _scaled(direct, plan, linear)


def _regressor(name: str, plan: Plan) -> object:
    from learners import LightGBM

    return LightGBM(objective="regression_l1") if name == "LightGBM" and plan.absolute else name


def _scaled(learner: Learner, plan: Plan, linear: bool) -> Learner:
    """Series of different levels share one regressor only in units of their own: as changes in units of their spread,
    as logarithms (in units of their spread, where known columns multiply the target), or as multiples of their mean.
    Without known columns trees are better off with multiples of the mean than with logarithms."""
    from learners import Difference, Log1p, Scale, SeasonalDifference, Transformed

    if linear and plan.yearly and not plan.known:  # known columns may have the year themselves
        if plan.log and not plan.difference:
            return Transformed(_without_year(learner, plan), Log1p())
        return _without_year(_scaled(learner, replace(plan, yearly=False), linear), plan)
    if plan.difference:
        apart = Difference() if plan.difference == 1 else SeasonalDifference(plan.difference)
        return Transformed(Transformed(learner, Scale("standard")), apart)
    if plan.log and plan.known:
        return Transformed(Transformed(learner, Scale("standard")), Log1p())
    if plan.log and linear:
        return Transformed(learner, Log1p())
    return Transformed(learner, Scale("mean")) if plan.many else learner


def _network(name: str, share: float, plan: Plan) -> Learner:
    """A network that may take a `share` of the seconds that there are for one."""
    columns = {"known": plan.known, "past": plan.past, "static": plan.static, "categories": plan.categories}
    seconds = None if plan.seconds is None else round(share * plan.seconds, 2)
    return _part(name, horizon=plan.horizon, **columns, seed=plan.seed, max_seconds=seconds)


def _prophet(plan: Plan) -> Learner:
    from learners import Prophet

    return _multiplied(Prophet(holidays=plan.holidays, window=(plan.span, 0), regressors=plan.known), plan)


def _arimax(plan: Plan) -> Learner:
    from learners import Arimax, AutoArima

    if not plan.known:
        return Arimax()  # says what it lacks
    return _multiplied(AutoArima(plan.season, columns=plan.known), plan)


def _multiplied(learner: Learner, plan: Plan) -> Learner:
    """A learner of each series alone, to whose logarithms known columns add."""
    from learners import Log1p, Transformed

    return Transformed(learner, Log1p()) if plan.log and plan.known else learner


def _part(name: str, **settings: object) -> Learner:
    import learners

    return getattr(learners, name)(**settings)


def _seasonal(name: str, plan: Plan) -> Learner:
    """A learner that knows one season; where there are several, of what remains without them."""
    return _part("Mstl", seasons=plan.seasons, learner=_part(name)) if len(plan.seasons) > 1 else _one(name, plan)


def _one(name: str, plan: Plan) -> Learner:
    return _part(name, season=plan.season)


def _without_year(learner: Learner, plan: Plan) -> Learner:
    """The learner, of what remains without the waves of the year."""
    return _part("Harmonic", seasons=(plan.year,), learner=learner)


def _years(plan: Plan) -> int:
    """The last rows of a long series that waves are learned from."""
    return max(plan.history or 0, int(YEARS * plan.year))


def _harmonic(plan: Plan) -> Learner:
    """Waves of all seasons and of the year, which is too long for others; beside them a single season may change."""
    shorter = tuple(s for s in plan.seasons if s > 1 and not 0 < plan.year < 1.1 * s)  # 52 weeks are the year
    waves = (*shorter, *((plan.year,) if plan.year else ())) or (4,)
    rest = _part("AutoEts", season=shorter[0] if len(shorter) == 1 else 1)
    if plan.history is not None:
        rest = _part("Recent", learner=rest, rows=plan.history)
    return _part("Harmonic", seasons=waves, learner=rest)


_SIMPLE: dict[str, Callable[[Plan], Learner]] = {
    "Naive": lambda plan: _part("Naive"),
    "SeasonalNaive": lambda plan: _part("SeasonalNaive", season=plan.season),
    "Average": lambda plan: _part("Average"),
    "SeasonalAverage": lambda plan: _part("SeasonalAverage", season=plan.season),
    "AutoArima": lambda plan: _part("AutoArima", season=plan.season),
    "Arima": lambda plan: _part("Arima", order=(2, 1, 1)),
    "Arimax": _arimax,
    "RandomWalkWithDrift": lambda plan: _part("RandomWalkWithDrift"),
    "AutoEts": partial(_seasonal, "AutoEts"),
    "AutoTheta": partial(_seasonal, "AutoTheta"),
    "HistoricAverage": lambda plan: _part("HistoricAverage"),
    "WindowAverage": lambda plan: _part("WindowAverage", window=max(plan.season, 2)),
    "SeasonalWindowAverage": lambda plan: _part("SeasonalWindowAverage", season=plan.season),
    "Adida": lambda plan: _part("Adida"),
    "NegativeBinomial": lambda plan: _part("NegativeBinomial"),
    "NegativeBinomialMedian": lambda plan: _part("NegativeBinomial", point="median"),
    "Imapa": lambda plan: _part("Imapa"),
    "CrostonOptimized": lambda plan: _part("Croston", alpha=None),
    "Mstl": lambda plan: _part("Mstl", seasons=plan.seasons, learner=_part("AutoArima")),
    "Harmonic": _harmonic,
    "Ces": lambda plan: _part("Ces", season=plan.season),
    "Croston": lambda plan: _part("Croston"),
    "Sba": lambda plan: _part("Sba"),
    "Tsb": lambda plan: _part("Tsb"),
    "Ets": lambda plan: _part("Ets", season=plan.season, seasonal="add" if plan.season > 1 else None, damped=True),
    "Theta": lambda plan: _part("Theta", season=plan.season),
    "Prophet": _prophet,
    "Mlp": partial(_network, "Mlp", 0.5),
    "Tcn": partial(_network, "Tcn", 1.0),
}
