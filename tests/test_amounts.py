"""Numbers as people write them: read where they are clear, refused in a sentence where they are not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from featurizers.panel import Panel

MONTHS = pd.date_range("2018-01-01", periods=60, freq="MS")
ROLES = {"time": "month", "target": "sales"}


def prices(*cells: Any) -> pd.DataFrame:
    """A table with a price of numbers and, from row 5 on, of `cells`."""
    price = np.round(np.random.default_rng(0).uniform(1, 9, 60), 2).astype(object)
    price[5 : 5 + len(cells)] = cells
    return pd.DataFrame({"month": MONTHS, "sales": np.arange(60) % 7.0, "price": price})


@pytest.mark.parametrize("role", ["known", "past"])
@pytest.mark.parametrize("cell", ["1,99", "abc", "$1.99", "1.99 €", "10.2%", "1.234,5"])
def test_one_wrong_cell_makes_no_name_of_a_number(cell: str, role: str) -> None:
    with pytest.raises(ValueError, match=f"'price' holds {cell!r} in row 5, where 59 of 60 values".replace("$", r"\$")):
        Panel.read(prices(cell), **ROLES, **{role: "price"})
    panel = Panel.read(prices(cell), **ROLES, **{role: "price"}, categorical="price")
    assert cell in panel.levels["price"]


@pytest.mark.parametrize("column", ["price", "sales"])
def test_words_for_none_are_missing(column: str) -> None:
    words = ["n/a", "NA", "null", "-", "None", " "]
    table = prices(*words) if column == "price" else prices().assign(sales=[*range(5), *words, *range(49)])
    panel = Panel.read(table, **ROLES, known="price")
    assert panel.levels == {}
    assert np.flatnonzero(np.isnan(panel.column(column))).tolist() == [5, 6, 7, 8, 9, 10]
    (told,) = panel.findings.of("missing_covariate" if column == "price" else "nan_target")
    assert (told.row, told.count) == (5, 6) or "5 more rows" in told.message


def test_names_that_look_like_numbers_now_and_then_are_names() -> None:
    table = prices().assign(price=["S", "M", "38", "NA", "10-20", "XL"] * 10)
    assert Panel.read(table, **ROLES, known="price").levels["price"] == ("10-20", "38", "M", "NA", "S", "XL")


def test_the_one_wrong_cell_among_decimal_commas_is_named(tmp_path: Path) -> None:
    for cell in (",", "+", "abc"):
        with pytest.raises(ValueError, match=f"'sales' holds {re.escape(repr(cell))} in row 3, which is no number"):
            Panel.read(written(tmp_path, ["1,5"] * 3 + [cell] + ["2,5"] * 56), **ROLES, decimal=",")


def written(folder: Path, values: list[str], separator: str = ";") -> Path:
    rows = [f"{month:%d.%m.%Y}{separator}{value}" for month, value in zip(MONTHS, values, strict=True)]
    (folder / "sales.csv").write_text("\n".join([f"month{separator}sales", *rows]), "utf-8")
    return folder / "sales.csv"


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_points_that_may_be_those_of_thousands_are_asked_about(separator: str, tmp_path: Path) -> None:
    path = written(tmp_path, [f"{980 + 5 * i:,}".replace(",", ".") for i in range(60)], separator)
    with pytest.raises(ValueError, match=r"'1.000' in row 4 beside '995'.* decimal=','"):
        Panel.read(path, **ROLES)
    np.testing.assert_array_equal(Panel.read(path, decimal=",", **ROLES).y, 980 + 5.0 * np.arange(60))
    assert Panel.read(path, decimal=".", **ROLES).y[5] == 1.005
    with pytest.raises(ValueError, match=r"'1.000' in row 4"):
        Panel.read(pd.read_csv(path, sep=separator, dtype=str), **ROLES)


@pytest.mark.parametrize("shape", ["{:.3f}", "{:.2f}", "{:g}"])
def test_points_that_are_clear_are_not_asked_about(shape: str, tmp_path: Path) -> None:
    values = [shape.format(100 + i / 8) for i in range(60)]
    read = Panel.read(written(tmp_path, values), **ROLES).y
    np.testing.assert_array_equal(read, [float(value) for value in values])


def test_decimal_commas(tmp_path: Path) -> None:
    path = written(tmp_path, [f"{1000 + i / 4:,.2f}".translate(str.maketrans(",.", ".,")) for i in range(60)])
    with pytest.raises(ValueError, match=r"'1.000,00' in row 0.*decimal=','"):
        Panel.read(path, **ROLES)
    want = 1000 + np.arange(60) / 4
    np.testing.assert_array_equal(Panel.read(path, decimal=",", **ROLES).y, want)
    table = pd.read_csv(path, sep=";", dtype=str).assign(price="1,5")
    table.to_csv(path, sep=";", index=False)
    (tmp_path / "plan.csv").write_text("month;price\n01.01.2023;2,5\n01.02.2023;3,5\n", "utf-8")
    told = {"known": "price", "known_future": tmp_path / "plan.csv", "decimal": ","}
    run = fc.run(path, **ROLES, horizon=2, learners=["SeasonalNaive"], progress=False, **told)
    assert not run.findings.of("known_future")


def test_a_file_that_is_not_utf8_is_asked_for_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    prices().rename(columns={"price": "größe"}).to_csv(path, index=False, encoding="cp1252")
    with pytest.raises(ValueError, match="is not written in utf-8: pass its encoding, such as encoding='cp1252'"):
        Panel.read(path, **ROLES)
    assert "größe" in Panel.read(path, **ROLES, known="größe", encoding="cp1252").columns
    with pytest.raises(ValueError, match="no encoding 'cp12'"):
        Panel.read(path, **ROLES, encoding="cp12")


def test_a_separator_at_the_end_of_every_row_shifts_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("month,sales\n" + "".join(f"{m:%Y-%m-%d},{i},\n" for i, m in enumerate(MONTHS)))
    np.testing.assert_array_equal(Panel.read(tmp_path / "a.csv", **ROLES).y, np.arange(60.0))
