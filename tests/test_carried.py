"""Explanations through the recursion: what moved an earlier forecast has moved the later ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.panel import Panel
from learners import carried
from learners.regressors.sampled import shapley
from tests.examples import HORIZON, TREES, continued, panel

AHEAD = 14  # from 2 July on: the holiday of the fourth is step 3


def sales(days: int = 912, series: int = 4) -> pd.DataFrame:
    """What a promotion or a holiday adds stays for a while, and comes again after a week."""
    import holidays

    rng = np.random.default_rng(0)
    day = pd.date_range("2021-01-01", periods=days + AHEAD)
    free = np.isin(day.strftime("%Y-%m-%d"), [str(d) for d in holidays.country_holidays("US", years=range(2020, 2025))])
    tables = []
    for shop in range(series):
        promo, other = rng.normal(size=days + AHEAD), rng.normal(size=days + AHEAD)
        y = list(100 + 5 * rng.normal(size=7))
        for t in range(7, len(day)):
            level = 100 + 0.45 * (y[t - 1] - 100) + 0.4 * (y[t - 7] - 100)
            y.append(level + 8 * promo[t] + 40 * free[t] + 0.5 * rng.normal())
        tables.append(pd.DataFrame({"shop": shop, "day": day, "sales": y, "promo": promo, "other": other}))
    return pd.concat(tables)


@pytest.fixture(scope="module")
def shops() -> tuple[Panel, pd.DataFrame]:
    whole = sales()
    end = whole["day"].max() - pd.Timedelta(days=AHEAD)
    past, ahead = whole[whole["day"] <= end], whole[whole["day"] > end].drop(columns="sales")
    return Panel.read(past, "shop", time="day", target="sales", known=("promo", "other")), ahead


PARTS = (fc.Lags((1, 2, 3, 7)), fc.Rolling("mean", 28), fc.Holidays("US"), fc.Calendar(), fc.Known(("promo", "other")))
MODELS: dict[str, Any] = {
    "Ridge": fc.Recursive("Ridge", PARTS),
    "LightGBM": fc.Recursive(fc.LightGBM(n_estimators=100), PARTS),
    "scaled": fc.Transformed(fc.Recursive("Ridge", PARTS), fc.Scale()),
    "differences": fc.Transformed(fc.Recursive("Ridge", PARTS), fc.Difference()),
    "logarithms": fc.Transformed(fc.Recursive("Ridge", PARTS), fc.Log1p()),
    "blend": fc.Blend((fc.Recursive("Ridge", PARTS), fc.Naive()), (0.75, 0.25)),
}


def effects(model: Any, history: Panel, ahead: pd.DataFrame, by: str = "column") -> pd.DataFrame:
    """Of the first series, a row a step; the sum is checked on the way."""
    frame: pd.DataFrame = model.explain(history, AHEAD, ahead, origins=0).frame(by)
    wanted = model.forecast(history, AHEAD, ahead).columns["forecast"]
    np.testing.assert_allclose(frame.iloc[:, 3:].sum(axis=1), wanted, rtol=0, atol=1e-9 * np.abs(wanted).max())
    return frame.iloc[:AHEAD].reset_index(drop=True)


def pulse(ahead: pd.DataFrame, column: str, size: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows ahead with nothing in a column, and with `size` of it in the first of them."""
    none = ahead.assign(**{column: 0.0})
    return none, none.assign(**{column: np.where(none["day"] == none["day"].min(), size, 0.0)})


@pytest.fixture(scope="module", params=MODELS)
def told(request: Any, shops: tuple[Panel, pd.DataFrame]) -> tuple[str, Any]:
    return request.param, MODELS[request.param].fit(shops[0])


def test_a_pulse_is_the_effect_of_its_column_in_every_later_step(
    shops: tuple[Panel, pd.DataFrame], told: tuple[str, Any]
) -> None:
    (history, ahead), (name, model) = shops, told
    none, one = (effects(model, history, rows) for rows in pulse(ahead, "promo", 2.0))
    change, found = one["forecast"] - none["forecast"], one["promo"] - none["promo"]
    assert change[0] > 8
    assert min(change[1], change[7]) > 0.2 * change[0]
    if name in ("LightGBM", "logarithms"):  # what others do beside it has a share in what they do together
        np.testing.assert_allclose(found, change, rtol=0, atol=0.15 * change[0])
    else:
        np.testing.assert_allclose(found, change, rtol=0, atol=1e-9)


def test_a_lag_that_is_a_forecast_is_named_as_engineered_and_told_by_column(
    shops: tuple[Panel, pd.DataFrame], told: tuple[str, Any]
) -> None:
    (history, ahead), (name, model) = shops, told
    rows = pulse(ahead, "promo", 2.0)
    if name in ("Ridge", "LightGBM", "scaled"):  # of which a contribution does not last by itself
        none, one = (effects(model, history, r, "feature") for r in rows)
        change, lags = one - none, [c for c in one if str(c).startswith(("lag", "mean"))]
        assert change["promo"][1:].abs().max() < 0.1 * change["promo"][0]
        assert change[lags].sum(axis=1)[1] > 0.2 * change["promo"][0]
        none, one = (effects(model, history, r) for r in rows)
        assert (one - none)[lags].abs().max().max() < 0.15 * (one - none)["promo"][0]


@pytest.mark.parametrize("name", ["Ridge", "LightGBM"])
def test_the_planted_causes_are_ranked_first_and_last_as_long_as_planted(
    shops: tuple[Panel, pd.DataFrame], name: str
) -> None:
    history, ahead = shops
    model = MODELS[name].fit(history)
    explanation = model.explain(history, AHEAD, ahead)
    assert explanation.importance()["name"][0] == "promo"
    assert set(explanation.importance()["name"][:4]) == {"promo", "lag7", "holiday US", "lag1"}
    assert explanation.importance("kind")["name"].tolist()[-1] == "calendar"
    planted = [0.0] * 7
    for step in range(AHEAD - 2):  # from the holiday on
        planted.append(40.0 * (step == 0) + 0.45 * planted[-1] + 0.4 * planted[-7])
    found = explanation.frame()["holiday US"].to_numpy()[2:AHEAD]
    np.testing.assert_allclose(found[:6], planted[7:13], atol=5)  # beside what a typical day has of it
    assert found[7] > 7  # a week later
    assert abs(explanation.frame()["holiday US"].to_numpy()[:2]).max() < 3


def test_the_base_is_one_number_and_what_moves_between_columns_is_nothing_in_sum() -> None:
    before, after = continued(panel(), HORIZON)
    made = TREES.fit(before).explain(before, HORIZON, after, origins=0).made
    assert np.ptp(made.base) == 0
    moved = [i for i, feature in enumerate(made.features) if feature.moved]
    np.testing.assert_allclose(made.values[:, :, moved].sum(axis=2), 0.0, atol=1e-9)
    assert np.abs(made.values[:, 0, moved]).max() < 1e-12  # the first step has no forecast behind it
    assert np.abs(made.values[:, 1:, moved]).max() > 0.01


def test_blocks_of_series_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = continued(panel(), HORIZON)
    model = TREES.fit(before)
    whole = model.explain(before, HORIZON, after, origins=2).frame()
    monkeypatch.setattr(carried, "NUMBERS", 1)
    pd.testing.assert_frame_equal(model.explain(before, HORIZON, after, origins=2).frame(), whole, rtol=1e-12)


def test_shares_are_shapley_values_where_two_columns_at_most_act_together() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=5), np.triu(rng.normal(size=(5, 5)), 1)

    def value(chosen: np.ndarray) -> np.ndarray:
        return np.array([one @ chosen + chosen @ two @ chosen, chosen.sum()])

    worlds = carried.Worlds(5)
    assert worlds.made_by.shape == (10, 5)
    found = worlds.shares(np.array([value(chosen) for chosen in worlds.made_by]))
    np.testing.assert_allclose(found.T, shapley(lambda chosen: value(chosen.astype(float)), 5)[1], atol=1e-12)
