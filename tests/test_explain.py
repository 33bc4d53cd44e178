"""Explanations: they add up, agree with reference implementations, and find what was planted."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.panel import Panel
from learners.attribution import Attribution
from learners.learner import Learner
from learners.regressors.converted import converted
from learners.regressors.linear import Linear
from learners.regressors.sampled import sampled
from learners.regressors.stages import Chosen, Encoded, Projected, Rescaled
from learners.regressors.trees import Trees
from tests.examples import FEATURES, FOLDS, HORIZON, LINEAR, TREES, WIDE, continued, panel
from tests.test_contracts import later

# ---- trees --------------------------------------------------------------------------------------


def table(rows: int = 400, columns: int = 6, missing: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, columns))
    X[:, 0] = rng.integers(0, 9, rows)
    y = X[:, 1] * X[:, 2] + X[:, 3] + X[:, 0] % 3 + 0.1 * rng.normal(size=rows)
    X[rng.random(X.shape) < missing] = np.nan
    return X, y


def by_definition(trees: Trees, x: np.ndarray) -> np.ndarray:
    """Shapley values by asking about every set of columns: those outside it are averaged over by the cover."""
    covers = {}

    def cover(at: int) -> float:
        if at < 0:
            return float(trees.cover[~at])
        if at not in covers:
            covers[at] = cover(int(trees.yes[at])) + cover(int(trees.no[at]))
        return covers[at]

    def value(at: int, known: frozenset[int]) -> float:
        if at < 0:
            return float(trees.leaves[~at])
        yes, no, column = int(trees.yes[at]), int(trees.no[at]), int(trees.feature[at])
        if column not in known:
            return (cover(yes) * value(yes, known) + cover(no) * value(no, known)) / cover(at)
        inside = x[column] <= trees.threshold[at]
        if trees.sets[at] >= 0:
            s = trees.sets[at]
            inside = x[column] in trees.members[trees.starts[s] : trees.starts[s + 1]]
        return value(yes if inside or (np.isnan(x[column]) and trees.missing[at]) else no, known)

    def worth(known: frozenset[int]) -> float:
        return trees.scale * sum(value(int(root), known) for root in trees.roots)

    count, found = len(x), np.zeros(len(x))
    worths = {frozenset(s): worth(frozenset(s)) for k in range(count + 1) for s in combinations(range(count), k)}
    for j in range(count):
        for s, before in worths.items():
            if j not in s:
                weight = factorial(len(s)) * factorial(count - len(s) - 1) / factorial(count)
                found[j] += weight * (worths[s | {j}] - before)
    return found


def boosted(name: str) -> tuple[Any, np.ndarray]:
    X, y = table()
    if name == "LightGBM":
        import lightgbm

        model = lightgbm.LGBMRegressor(n_estimators=12, num_leaves=15, n_jobs=1, verbose=-1)
        return model.fit(X, y, categorical_feature=[0]), X
    if name == "XGBoost":
        import xgboost

        return xgboost.XGBRegressor(n_estimators=12, max_depth=5, n_jobs=1).fit(X, y), X
    from sklearn import ensemble

    settings = {"max_iter": 12} if name.startswith("Hist") else {"n_estimators": 12, "random_state": 0}
    X = X if name.startswith("Hist") else np.nan_to_num(X)
    return getattr(ensemble, name)(**settings).fit(X, y), X


@pytest.mark.parametrize(
    "name",
    ["LightGBM", "XGBoost", "RandomForestRegressor", "GradientBoostingRegressor", "HistGradientBoostingRegressor"],
)
def test_the_contributions_of_trees_are_shapley_values(name: str) -> None:
    model, X = boosted(name)
    trees = converted(model)
    assert isinstance(trees, Trees)
    base, values = trees.contributions(X, np.zeros(X.shape[1]))
    np.testing.assert_allclose(base + values.sum(axis=1), trees.predict(X), rtol=0, atol=1e-9)
    for i in (0, 17, 101):
        row = X[i].astype(np.float32).astype(float) if trees.narrow else X[i]
        np.testing.assert_allclose(values[i], by_definition(trees, row), rtol=0, atol=1e-9)


def test_the_contributions_of_trees_are_those_of_lightgbm() -> None:
    model, X = boosted("LightGBM")
    wanted = model.booster_.predict(X, pred_contrib=True)
    base, values = converted(model).contributions(X, np.zeros(X.shape[1]))
    np.testing.assert_allclose(values, wanted[:, :-1], rtol=0, atol=1e-9)
    np.testing.assert_allclose(base, wanted[:, -1], rtol=0, atol=1e-9)


def test_the_contributions_of_trees_are_those_of_xgboost() -> None:
    """XGBoost computes in float32."""
    import xgboost

    model, X = boosted("XGBoost")
    wanted = model.get_booster().predict(xgboost.DMatrix(X), pred_contribs=True)
    base, values = converted(model).contributions(X, np.zeros(X.shape[1]))
    np.testing.assert_allclose(values, wanted[:, :-1], rtol=0, atol=1e-5)
    np.testing.assert_allclose(base, wanted[:, -1], rtol=0, atol=1e-5)


def test_deep_trees_with_many_columns_add_up_and_threads_change_nothing() -> None:
    """More columns on a path than answers are kept for."""
    from sklearn.tree import DecisionTreeRegressor

    rng = np.random.default_rng(1)
    X = rng.normal(size=(600, 40))
    tree = converted(DecisionTreeRegressor(random_state=0, splitter="random").fit(X, X @ rng.normal(size=40)))
    assert isinstance(tree, Trees)
    base, values = tree.contributions(X, np.zeros(40))
    np.testing.assert_allclose(base + values.sum(axis=1), tree.predict(X), rtol=0, atol=1e-9)
    forest = tree._forest
    one, three = (forest.contributions(X, tree.cover, True, threads)[1] for threads in (1, 3))
    np.testing.assert_array_equal(one, three)


def test_a_link_shares_out_what_the_score_adds() -> None:
    import lightgbm

    X, y = table()
    trees = converted(lightgbm.LGBMRegressor(objective="poisson", n_estimators=5, verbose=-1).fit(X, np.exp(y / 4)))
    base, values = trees.contributions(X, np.zeros(X.shape[1]))
    np.testing.assert_allclose(base + values.sum(axis=1), trees.predict(X), rtol=1e-9)


# ---- other regressors ---------------------------------------------------------------------------


def test_linear_terms_are_exact_through_the_stages() -> None:
    X = np.random.default_rng(2).normal(size=(5, 3))
    typical = np.array([0.5, -1.0, 2.0])
    linear = Linear(np.array([2.0, -3.0]), 1.0)
    np.testing.assert_allclose(linear.contributions(X[:, :2], typical[:2])[1], (X[:, :2] - typical[:2]) * [2.0, -3.0])
    matrix = np.array([[1.0, 2], [0, 1], [3, -1]])
    for fitted, slopes in (
        (Chosen(linear, np.array([2, 0])), [-3.0, 0.0, 2.0]),
        (Projected(linear, np.ones(3), matrix), matrix @ [2.0, -3.0]),
        (Rescaled(Chosen(linear, np.array([2, 0])), 7.0, 2.0), [-6.0, 0.0, 4.0]),
    ):
        base, values = fitted.contributions(X, typical)
        np.testing.assert_allclose(values, (X - typical) * slopes, atol=1e-12)
        np.testing.assert_allclose(base + values.sum(axis=1), fitted.predict(X), atol=1e-12)


def test_the_columns_of_a_category_are_one() -> None:
    encoded = Encoded(Linear(np.array([1.0, 5, 9]), 0.0), np.array([1]), np.array([0]), (np.eye(3)[:, :2],))
    base, values = encoded.contributions(np.array([[0.0, 4], [1.0, 3]]), np.array([0.0, 3]))
    np.testing.assert_allclose(values, [[0.0, 1], [4.0, 0]])
    np.testing.assert_allclose(base, 8.0)


def test_sampled_values_are_exact_for_few_columns_and_add_up_for_many() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(4, 3))
    base, values = sampled(lambda x: x[:, 0] * x[:, 1] + x[:, 2], X, np.zeros(3))
    half = X[:, 0] * X[:, 1] / 2
    np.testing.assert_allclose(values, np.stack([half, half, X[:, 2]], axis=1), atol=1e-12)
    X = rng.normal(size=(4, 20))
    base, values = sampled(lambda x: np.cos(x.sum(axis=1)), X, np.zeros(20))
    np.testing.assert_allclose(base + values.sum(axis=1), np.cos(X.sum(axis=1)), atol=1e-12)
    np.testing.assert_array_equal(values, sampled(lambda x: np.cos(x.sum(axis=1)), X, np.zeros(20))[1])


# ---- models -------------------------------------------------------------------------------------

MODELS: list[Learner] = [
    fc.Naive(), fc.SeasonalNaive(7), fc.HistoricAverage(), fc.RandomWalkWithDrift(), fc.Theta(7), fc.AutoTheta(7),
    fc.Ets("mul", "add", "mul", True, 7), fc.AutoEts(7), fc.Mstl((7, 14)), fc.Arimax((1, 0, 0), columns=("promo",)),
    fc.Prophet(growth="flat", mode="multiplicative", changepoints=3, seasonalities=(fc.Seasonality(7, 2),)),
    fc.Prophet(changepoints=3, holidays="US", regressors=("promo",)),
    LINEAR, TREES, fc.Recursive("KNN", FEATURES), fc.Direct(fc.LightGBM(n_estimators=9), WIDE, HORIZON, seasons=(7,)),
    fc.Direct("ridge", FEATURES, 3),
    *(fc.Transformed(LINEAR, t) for t in (fc.Log1p(), fc.BoxCox(), fc.Difference(), fc.SeasonalDifference(7))),
    fc.Transformed(LINEAR, fc.Scale("mean", over="window", window=14)),
    fc.Transformed(fc.Arima((0, 1, 1), levels=(80,)), fc.Log1p()),
    fc.Blend((fc.Naive(), TREES, fc.Theta(7)), (0.2, 0.5, 0.3)), fc.Best((fc.Naive(), LINEAR), FOLDS),
    fc.Conformal(LINEAR, FOLDS, levels=(80,)), fc.Otherwise(fc.Ets(season=7), fc.Naive()),
    fc.PerGroup(LINEAR, by=("item",)), fc.PerSeries(TREES),
    fc.Tcn(HORIZON, window=14, channels=4, layers=2, epochs=1, known=("promo",), past=("visits",)),
]  # fmt: skip


def test_rails_that_hold_some_forecasts_are_a_part_of_their_own() -> None:
    from learners.bounded import Bounded

    before, after = continued(panel(), HORIZON)
    explanation = Bounded(LINEAR, HORIZON, widest=0.3).fit(before).explain(before, HORIZON, after)
    frame = explanation.frame()
    assert "Bounded" in frame
    np.testing.assert_allclose(frame.iloc[:, 4:].sum(axis=1), frame["forecast"], rtol=1e-9)


@pytest.mark.parametrize("learner", MODELS, ids=lambda learner: repr(learner)[:60])
def test_contributions_add_up_to_the_forecast(learner: Learner) -> None:
    before, after = continued(panel(), HORIZON)
    model = learner.fit(before)
    wanted = model.forecast(before, HORIZON, after).columns["forecast"]
    explanation = model.explain(before, HORIZON, after, origins=2)
    for by in ("feature", "column", "kind"):
        frame = explanation.frame(by)
        assert list(frame.columns[:5]) == ["store", "item", "day", "forecast", "base"]
        np.testing.assert_allclose(frame["forecast"], wanted, rtol=0, atol=1e-9 * np.abs(wanted).max())
        total = frame.iloc[:, 4:].sum(axis=1)
        np.testing.assert_allclose(total, wanted, rtol=0, atol=1e-9 * np.abs(wanted).max())
        assert explanation.importance(by)["importance"].is_monotonic_decreasing


def test_a_series_that_is_not_known_has_no_explanation() -> None:
    whole = panel()
    model = fc.Ets(season=7).fit(whole.where(np.array([0, 1])))
    frame = model.explain(whole.where(np.array([0, 5])), HORIZON).frame()
    assert frame["forecast"].isna().tolist() == [False] * HORIZON + [True] * HORIZON
    assert frame["level"].isna().tolist() == [False] * HORIZON + [True] * HORIZON


def test_the_weights_of_a_blend_are_told() -> None:
    model = fc.Blend((fc.Naive(), fc.Theta(7)), (0.25, 0.75)).fit(panel())
    assert model.explain(panel(), HORIZON).weights == (("SeasonalNaive", 0.25), ("Theta", 0.75))
    behind = fc.Otherwise(fc.Blend((fc.Naive(), fc.Theta(7)), (0.25, 0.75)), fc.Naive()).fit(
        panel().where(np.arange(2))
    )
    assert behind.explain(panel().where(np.array([1, 2])), HORIZON).weights == (
        ("SeasonalNaive", 0.25),
        ("Theta", 0.75),
    )


def test_members_are_called_what_is_in_their_wrappings() -> None:
    linear = fc.Bounded(fc.Transformed(LINEAR, fc.Scale()), HORIZON)
    model = fc.Blend((linear, fc.Clipped(fc.AutoEts(7)), TREES, fc.Mstl(7)), (4, 3, 2, 1)).fit(panel())
    names = [name for name, _ in model.explain(panel(), HORIZON, later(panel())).weights]
    assert names == ["Recursive Linear", "Ets", "Recursive Trees", "Mstl"]


def test_shuffling_tells_what_a_network_uses_and_is_the_same_twice() -> None:
    before, after = continued(panel(), HORIZON)
    model = fc.Tcn(HORIZON, window=14, channels=4, layers=2, epochs=1, known=("promo",), past=("visits",)).fit(before)
    first, second = (model.explain(before, HORIZON, after, origins=3) for _ in range(2))
    assert set(first.losses) == {"promo", "visits"}
    pd.testing.assert_frame_equal(first.importance(), second.importance())


def test_an_explanation_shows_itself() -> None:
    before, after = continued(panel(), HORIZON)
    explanation = LINEAR.fit(before).explain(before, HORIZON, after)
    assert "lag7" in repr(explanation)
    assert "<table" in explanation._repr_html_()
    for series in (None, 2):
        assert explanation.plot(series).axes
    with pytest.raises(ValueError, match="'feature', 'column', 'kind', not by 'rows'"):
        explanation.frame("rows")
    with pytest.raises(ValueError, match="no series 99"):
        explanation.plot(99)


def test_a_series_is_shown_by_position_or_name() -> None:
    before, after = continued(panel(), HORIZON)
    explanation = LINEAR.fit(before).explain(before, HORIZON, after)
    assert explanation.plot(before.name(2)).axes[0].get_title() == before.name(2)
    for series in ("s0", 1.5, True, -1):
        with pytest.raises(ValueError, match=r"There is no series .* they count from 0 to"):
            explanation.plot(series)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'most' of the names that are shown must be a whole number from 1 on, not 0"):
        explanation.plot(most=0)


def test_what_cannot_be_explained_is_refused_in_sentences() -> None:
    before, after = continued(panel(), HORIZON)
    model = LINEAR.fit(before)
    for name, values in {"origins": ("a", 2.5, -3), "most": (None, -1), "seed": ("x", -1)}.items():
        for value in values:
            with pytest.raises(ValueError, match=f"must be a whole number from 0 on, not {value!r}"):
                model.explain(before, HORIZON, after, **{name: value})
    with pytest.raises(ValueError, match="no series to forecast"):
        model.explain(before.where(np.array([], np.int64)), HORIZON, after)
    with pytest.raises(ValueError, match="without its target 'sales', such as a forecast"):
        model.explain(model.forecast(before, HORIZON, after), HORIZON)


def test_columns_called_like_components_are_told_apart() -> None:
    rng, days = np.random.default_rng(0), 120
    table = planted(2, days)[["shop", "day", "sales"]]
    for name in ("trend", "lag7", "history", "carried on", "month"):
        table[name] = rng.normal(size=len(table))
    last = table["day"].max()
    ahead = table[table["day"] > last - pd.Timedelta(days=7)].drop(columns="sales")
    ahead["day"] += pd.Timedelta(days=7)
    names = ("lag7", "carried on", "month")
    panel = fc.Panel.read(table, id="shop", time="day", target="sales", known=[*names, "trend", "history"])
    features = (fc.Lags((1, 7)), fc.Known(names), fc.Calendar(("month",)))
    model = fc.Recursive("Ridge", features).fit(panel)
    for by in ("feature", "column"):
        frame = model.explain(panel, 7, ahead, by=by).frame()
        assert {"lag7", "lag7 (column)", "month", "month (column)", "carried on"} <= set(frame)
        np.testing.assert_allclose(frame.iloc[:, 3:].sum(axis=1), frame["forecast"], rtol=1e-9)
    found = fc.Prophet(regressors=("trend",), seasonalities=()).fit(panel).explain(panel, 7, ahead).frame()
    assert {"trend", "trend (column)"} <= set(found)
    net = fc.Mlp(horizon=7, known=("history", "trend"), epochs=1).fit(panel).explain(panel, 7, ahead, origins=3)
    sizes = net.importance().set_index("name")["loss"]
    assert np.isfinite(sizes[["history (column)", "trend"]]).all()
    assert np.isnan(sizes["history"])


@pytest.mark.parametrize("ids", [True, False])
def test_a_key_or_time_may_be_called_base(ids: bool, tmp_path: Any) -> None:
    table = planted(2, 120).rename(columns={"shop" if ids else "day": "base"})
    run = fc.run(table, id="base" if ids else "shop", time="day" if ids else "base", target="sales", horizon=7, folds=1,
                 learners=["Ridge"], levels=(), output=str(tmp_path / "run"), progress=False)  # fmt: skip
    frame = run.model.explain(run.panel, 7).frame()
    assert frame.columns[0 if ids else 1] == "base (column)"
    assert "Not explained" not in (tmp_path / "run" / "report.html").read_text("utf-8")


def test_models_of_older_files_are_explained() -> None:
    """They hold neither what is typical nor the cover of the leaves."""
    from dataclasses import replace

    before, after = continued(panel(), HORIZON)
    model: Any = TREES.fit(before)
    trees = model.regressor
    while hasattr(trees, "inner"):
        trees = trees.inner
    assert len(trees.cover) == len(trees.leaves)
    old = replace(model, typical=np.empty(0))
    frame = old.explain(before, HORIZON, after).frame()
    np.testing.assert_allclose(frame.iloc[:, 4:].sum(axis=1), frame["forecast"], atol=1e-9)
    bare = replace(trees, cover=np.empty(0))
    X = np.zeros((1, trees.feature.max() + 1))
    base, values = bare.contributions(X, X[0])
    np.testing.assert_allclose(base + values.sum(axis=1), bare.predict(X))


def test_a_flat_difference_is_shared_out_without_dividing_by_zero() -> None:
    from learners.components import own

    one = np.ones((1, 1))
    made = Attribution.of(one, one, {own("a"): one, own("b"): -one}, "").onto(3 * one, 2 * one)
    np.testing.assert_allclose(made.base + made.values.sum(axis=2), made.forecast)


# ---- planted answers ----------------------------------------------------------------------------


def planted(series: int = 6, days: int = 3 * 365) -> pd.DataFrame:
    """Sales that hang on a price, on holidays and on what they were a week ago, and on nothing else."""
    import holidays

    rng = np.random.default_rng(0)
    day = pd.date_range("2021-01-01", periods=days + 28)
    free = np.isin(day.strftime("%Y-%m-%d"), [str(d) for d in holidays.country_holidays("US", years=range(2020, 2026))])
    tables = []
    for s in range(series):
        price, other = rng.normal(10, 2, len(day)), rng.normal(size=len(day))
        y = list(100 + 30 * rng.normal(size=7))
        for t in range(7, len(day)):
            y.append(100 + 0.7 * (y[t - 7] - 100) - 8 * (price[t] - 10) + 80 * free[t] + rng.normal())
        tables.append(pd.DataFrame({"shop": s, "day": day, "sales": y, "price": price, "other": other}))
    return pd.concat(tables)


@pytest.fixture(scope="module")
def sales() -> tuple[Panel, pd.DataFrame]:
    whole = planted()
    cut = whole["day"].max() - pd.Timedelta(days=28)
    past = whole[whole["day"] <= cut]
    read = Panel.read(past, "shop", time="day", target="sales", known=("price", "other"))
    return read, whole[whole["day"] > cut].drop(columns="sales")


@pytest.mark.parametrize("regressor", ["LightGBM", "Ridge"])
@pytest.mark.parametrize("direct", [False, True])
def test_the_planted_causes_are_ranked_first(sales: tuple[Panel, pd.DataFrame], regressor: str, direct: bool) -> None:
    history, known = sales
    features = (fc.Lags((1, 2, 3, 7, 14)), fc.Rolling("mean", 28), fc.Calendar(), fc.Holidays("US"),
                fc.Known(("price", "other")))  # fmt: skip
    # Directly, lag 7 of the row is known up to a week ahead, as the season.
    learner = fc.Direct(regressor, features, 7) if direct else fc.Recursive(regressor, features)
    explanation = learner.fit(history).explain(history, 7, known)
    week = "season7" if direct else "lag7"
    assert set(explanation.importance()["name"][:3]) == {"price", "holiday US", week}
    assert explanation.importance("kind")["name"][0] in ("history", "known")
    assert "holiday_any" in set(explanation.importance("feature")["name"])


def test_a_leaking_column_is_reported_from_end_to_end() -> None:
    whole = planted(2, 400)
    whole["sales_in_cents"] = whole["sales"] * 100
    run = fc.run(whole, id="shop", time="day", target="sales", known=("price", "sales_in_cents"), horizon=7, folds=1,
                 learners=("LightGBM",), levels=(), known_future=None, test=7)  # fmt: skip
    found = [f for f in run.findings if f.kind == "leak"]
    assert [f.column for f in found] == ["sales_in_cents"]
    assert "follows the target 'sales' exactly" in found[0].message


def test_a_random_walk_selects_naive_or_equals_it() -> None:
    rng = np.random.default_rng(0)
    day = pd.date_range("2022-01-01", periods=420)
    walks = pd.concat(
        [pd.DataFrame({"id": i, "day": day, "y": 500 + rng.normal(size=420).cumsum()}) for i in range(24)]
    )
    run = fc.run(walks, id="id", time="day", target="y", horizon=14, folds=3, test=56, test_step=14,
                 learners=("Naive", "AutoEts", "Theta", "Ridge"), levels=())  # fmt: skip
    board = run.leaderboard
    best, naive = (board.totals[name]["mase"] for name in (run.winner, "Naive"))
    assert run.winner == "Naive" or best <= naive * 1.02
    y = walks["y"].to_numpy().reshape(24, -1)
    errors = [np.abs(y[:, at : at + 14] - y[:, at - 1 : at]).mean() for at in range(420 - 56, 420, 14)]
    assert run.test.totals[run.winner]["mae"] <= 1.02 * np.mean(errors)  # type: ignore[union-attr]


def test_the_report_shows_what_matters(tmp_path: Any) -> None:
    run = fc.run(planted(3, 300), id="shop", time="day", target="sales", known=("price",), horizon=7, folds=1, test=7,
                 learners=("Ridge",), ensemble=False, levels=(), output=str(tmp_path / "run"))  # fmt: skip
    page = (run.folder / "report.html").read_text()  # type: ignore[operator]
    part = page[page.index('id="explanation"') :]
    assert "price" in part
    assert part.count("<svg") == 3
