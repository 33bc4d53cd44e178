"""Report: one page with everything in it, nothing fetched, everything escaped."""

from __future__ import annotations

import re
import warnings
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast import charts
from forecast.report import Sheet, content, ranked, shown, source, write_report
from forecast.running import Run
from tests.panels import daily

HOSTILE = "<script>alert('x')</script> & $x_"


@pytest.fixture(scope="module")
def result() -> Run:
    rows, parts = 60, []
    for i, shop in enumerate(("north", "south", HOSTILE)):
        stamps = pd.date_range("2023-01-01", periods=rows, freq="D")
        y = 10 * (i + 1) + np.sin(np.arange(rows) * 2 * np.pi / 7) + np.random.default_rng(i).normal(0, 0.2, rows)
        parts.append(pd.DataFrame({"shop": shop, "day": stamps, "sales <b>": y}).drop(index=[20, 21]))
    table = pd.concat(parts, ignore_index=True)
    return fc.run(table, id="shop", time="day", target="sales <b>", horizon=5, folds=2, progress=False,
                  learners=["SeasonalNaive", "SeasonalAverage"])  # fmt: skip


class Page(HTMLParser):
    """Collects tags, links and the text of cells; void tags aside, each must be closed."""

    VOID = ("meta", "br", "link", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "data")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "data")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def page(result: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, result)
    return path.read_text("utf-8")


def test_the_page_is_whole_and_holds_every_part(page: str, result: Run) -> None:
    read = Page(page)
    assert read.open == []
    assert read.tags.count("svg") == 3 + 2 + 3  # a forecast of each series, steps, residuals
    for words in ("Findings", "Leaderboard", "Forecasts", "Error by steps ahead", "Residuals", "Recipe", "Versions",
                  result.winner, "gap", "shop=north", "Autocorrelation", "all folds", "80 %", "95 %"):  # fmt: skip
        assert words in read.text, words


def test_nothing_is_fetched_and_nothing_runs(page: str) -> None:
    read = Page(page)
    assert "script" not in read.tags
    assert all(source.startswith("#") for source in read.sources)
    assert not re.search(r"url\((?!#)", page)
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_what_users_write_is_escaped(page: str) -> None:
    read = Page(page)
    assert "<script" not in page
    assert "<b>" not in page
    assert HOSTILE in read.text
    assert "sales <b>" in read.text


def test_colours_follow_the_page(page: str) -> None:
    assert charts.INK not in page
    assert "currentColor" in page
    assert "prefers-color-scheme: dark" in page


def test_the_same_run_gives_the_same_page(result: Run, page: str, tmp_path: Path) -> None:
    write_report(tmp_path / "again.html", result)
    assert (tmp_path / "again.html").read_text("utf-8") == page


def test_the_recipe_can_be_pasted(result: Run) -> None:
    imports, body = source(result).rsplit("\n\n", 1)
    scope: dict[str, object] = {}
    exec(imports, scope)
    assert eval(body, scope) == result.selection.recipe


def test_cells_are_short() -> None:
    assert [shown(v) for v in (0.123456, 1234567.8, None, np.nan, 3, "a")] == ["0.1235", "1,234,568", "", "", "3", "a"]
    assert Sheet.of(pd.DataFrame({"a": range(500)})).more == 300


def test_autocorrelation_is_that_of_the_formula() -> None:
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(2, 8))
    rows[0, 3] = np.nan
    found, count = charts.autocorrelation([rows])
    centred = rows - np.nanmean(rows, axis=1, keepdims=True)
    below = np.nansum(centred**2)
    assert count == 15
    np.testing.assert_allclose(found, [np.nansum(centred[:, k:] * centred[:, :-k]) / below for k in range(1, 5)])
    assert charts.autocorrelation([np.zeros((1, 6))])[0].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("metric", ["mae", "r2"])
def test_the_best_series_stands_first_whether_more_or_less_is_better(metric: str) -> None:
    noise = np.random.default_rng(0).normal(size=40)
    panel = daily(noise, np.arange(40) % 4 + noise / 9, np.arange(40) % 4 + noise / 2)
    board = fc.compare(panel, {"season": fc.SeasonalNaive(4)}, fc.RollingOrigin(8), metric)
    assert ranked(board, "season").tolist() == [1, 2, 0]
    last = [np.r_[np.ones(9), size] for size in (5.0, 1.0)]  # no scale: mae ranks
    board = fc.compare(daily(*last), {"season": fc.Naive()}, fc.RollingOrigin(1, 1), "mase")
    assert ranked(board, "season").tolist() == [1, 0]


def test_residuals_that_are_all_alike_and_huge_are_drawn() -> None:
    assert "svg" in charts.residuals(np.arange(3), np.full(3, 1e18), np.zeros(1), 3)


def test_what_lies_in_a_time_zone_is_told_by_its_clock() -> None:
    stamps = pd.date_range("2024-07-01", periods=72, freq="h", tz="Europe/Berlin")
    table = pd.DataFrame({"time": stamps, "load": np.random.default_rng(0).random(72)})
    found = fc.run(table, time="time", target="load", horizon=4, folds=1, learners=["Average"], progress=False)
    told = content(found)
    assert dict(told["summary"])["To"] == "2024-07-03 23:00:00"
    assert "after 2024-07-03 19:00:00" in told["steps"]


def test_a_page_tells_how_many_series_were_compared_and_by_what(result: Run) -> None:
    assert content(result)["leaderboard_note"] == "Means over 2 folds and all series; the best by mase first."
    rows = [pd.DataFrame({"shop": i, "day": pd.date_range("2024-01-01", periods=20), "sales": 1.0}) for i in range(4)]
    some = fc.run(pd.concat(rows), id="shop", time="day", target="sales", horizon=2, folds=2, fold_series=3,
                  learners=["Average"], progress=False)  # fmt: skip
    told = content(some)
    assert told["leaderboard_note"] == "Means over 2 folds and 3 of 4 series; the best by mae first."
    assert "the mean over 3 of 4 series" in told["steps_note"]


def test_a_legend_of_many_long_names_has_several_lines() -> None:
    names = [f"after 2024-01-0{k} 05:06:36" for k in range(1, 7)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib's, of axes that have no room left
        drawing = charts.by_step([np.ones(900)] * 6, names, "Stack")
    assert all(name in drawing for name in names)
