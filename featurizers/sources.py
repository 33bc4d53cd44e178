"""Sources: whatever holds a table becomes one, in memory."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from featurizers.amounts import decimal_commas, grouped

_KINDS = (
    "a pandas or polars frame, a pyarrow table, the path of a CSV or Parquet file or of a folder of Parquet files, "
    "an SQL query for DuckDB, or a pair (connection, query)"
)
_TEXTS, _ARROWS = (".csv", ".tsv", ".txt"), (".feather", ".arrow")  # the endings of files
_QUERY = re.compile(r"\s*(select|with|from)\s", re.IGNORECASE)
# What a CSV file may write for a missing value; key columns know only the empty cell, as "NA" may be Namibia.
_MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None", "<NA>", "#N/A", "#NA"]


def open_table(
    source: Any, keys: Sequence[str] = (), decimal: str | None = None, encoding: str = "utf-8"
) -> nw.DataFrame[Any]:
    """The table that `source` is, or leads to; its rows are counted in this order, from 0. `decimal` and `encoding` are
    those of a CSV file.

    A text that begins with SELECT, WITH or FROM is a query for DuckDB, which reads files by their names
    ("SELECT * FROM 'sales/*.parquet'"); any other text is a path. A pair (connection, query) runs the query on a
    DuckDB connection, or on any other that pandas can read from. ValueError if there is no table to be had.
    """
    if isinstance(source, str) and _QUERY.match(source):
        return _query(None, source)
    if isinstance(source, str | Path):
        return _from_path(Path(source), keys, decimal, encoding)
    if isinstance(source, tuple) and len(source) == 2 and isinstance(source[1], str):
        return _query(source[0], source[1])
    if isinstance(source, Mapping):
        source = pd.DataFrame(dict(source))
    if isinstance(source, pd.DataFrame):
        source = _flat(source)
    try:
        frame = nw.from_native(source)
    except Exception:  # each library has its own kinds of errors
        hint = " A Series becomes a table with its stamps by .reset_index()." if isinstance(source, pd.Series) else ""
        raise ValueError(f"A table can't be read from a {type(source).__name__!r}: give {_KINDS}.{hint}") from None
    return frame.collect() if isinstance(frame, nw.LazyFrame) else frame


def leads_to_table(text: str) -> bool:
    """Whether a text is a query, the name of a file that a table can be in, or the path of something that is there."""
    return bool(_QUERY.match(text)) or named_as_table(Path(text)) or os.path.exists(text)  # Path takes no text so long


def named_as_table(path: Path) -> bool:
    """Whether a file's name says that a table is in it."""
    return _is_parquet(path) or not set(_TEXTS).isdisjoint(path.suffixes) or path.suffix in _ARROWS


def _is_parquet(path: Path) -> bool:
    return ".parquet" in path.suffixes or path.suffix == ".pq"


def _eager(table: Any) -> nw.DataFrame[Any]:
    return nw.from_native(table, eager_only=True)


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its named index as columns, and with text as column names."""
    if frame.columns.nlevels > 1:
        raise ValueError("The table's column names have several levels; give one name a column.")
    for name in frame.index.names:
        if name is not None:
            frame = frame.reset_index(level=name, drop=name in frame.columns)
    names = [str(name) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"The table has several columns called {twice[0]!r}; rename all but one.")
    return frame if names == list(frame.columns) else frame.set_axis(names, axis=1)


def _from_path(path: Path, keys: Sequence[str], decimal: str | None, encoding: str) -> nw.DataFrame[Any]:
    if not path.exists():
        raise ValueError(f"There is no file or folder {str(path)!r}.")
    if path.is_dir() or _is_parquet(path):
        return _eager(_parquet(path))
    if not set(_TEXTS).isdisjoint(path.suffixes):
        return nw.from_native(_flat(_csv(path, keys, decimal, encoding)))
    if path.suffix in _ARROWS:
        import pyarrow.feather

        try:
            return _eager(pyarrow.feather.read_table(path))
        except (OSError, ValueError) as problem:
            raise ValueError(f"{str(path)!r} can't be read as Feather: {problem}") from None
    raise ValueError(f"The ending of {path.name!r} is not known; files may end in .csv, .tsv or .parquet.")


def _parquet(path: Path) -> Any:
    import pyarrow.dataset

    if path.is_dir() and not any(path.rglob("*.parquet")):
        raise ValueError(f"The folder {str(path)!r} holds no Parquet files.")
    try:
        table = pyarrow.dataset.dataset(str(path), format="parquet", partitioning="hive").to_table()
        # pandas writes an index without a name as such a column
        return table.select([name for name in table.column_names if not name.startswith("__index_level_")])
    except (OSError, ValueError) as problem:
        raise ValueError(f"{str(path)!r} can't be read as Parquet: {problem}") from None


def _csv(path: Path, keys: Sequence[str], decimal: str | None, encoding: str) -> pd.DataFrame:
    try:
        header = pd.read_csv(path, nrows=0, sep="\x00", encoding=encoding).columns
        line = str(header[0]) if len(header) else ""
        separator = max(",;\t|", key=line.count)
        how: dict[str, Any] = {"sep": separator, "encoding": encoding, "low_memory": False, "keep_default_na": False}
        names = pd.read_csv(path, nrows=0, sep=separator, encoding=encoding).columns
        how["na_values"] = {name: [""] if name in keys else _MISSING for name in names}
        how["dtype"] = {name: str for name in names if name not in keys} if decimal == "," else None
        table = pd.read_csv(path, **how)
        if not isinstance(table.index, pd.RangeIndex) and len(names) and table[names[-1]].isna().all():
            with warnings.catch_warnings():  # a separator at the end of every row would shift the columns by one
                warnings.simplefilter("ignore", pd.errors.ParserWarning)
                table = pd.read_csv(path, **how, index_col=False)
        if decimal is None:
            unsure = [name for name in names if name not in keys and _may_be_grouped(table[name])]
            texts = pd.read_csv(path, **(how | {"dtype": str}), usecols=unsure) if unsure else table[[]]
            table = table.assign(**{n: texts[n] for n in unsure if grouped(texts[n]) is not None})
    except UnicodeDecodeError:
        raise ValueError(f"{str(path)!r} is not written in {encoding}: pass its encoding, such as encoding='cp1252' "
                         "(of Windows) or encoding='utf-16'.") from None  # fmt: skip
    except LookupError:
        raise ValueError(f"There is no encoding {encoding!r}; there are 'utf-8', 'cp1252', 'utf-16' ...") from None
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeError) as problem:
        raise ValueError(f"{str(path)!r} can't be read as CSV: {problem}") from None
    return table.assign(**{n: decimal_commas(table[n]) for n in names if n not in keys}) if decimal == "," else table


def _may_be_grouped(column: pd.Series) -> bool:
    """Whether numbers such as 995, 1.0 and 1.005 may have been 995, 1.000 and 1.005, with points between thousands."""
    if column.dtype != np.float64:
        return False
    values = np.abs(column.to_numpy())
    values = values[~np.isnan(values)]
    thousandths = values * 1000
    return bool(len(values) and (values < 1000).all() and (np.abs(thousandths - thousandths.round()) < 1e-6).all()
                and (values[values == values.round()] >= 100).any())  # fmt: skip


def _query(connection: Any, query: str) -> nw.DataFrame[Any]:
    try:
        import duckdb
    except ImportError:
        if connection is None:
            raise ValueError("Queries need DuckDB: pip install duckdb.") from None
        return _of_database(connection, query)
    if connection is not None and not isinstance(connection, duckdb.DuckDBPyConnection):
        return _of_database(connection, query)
    try:
        return _eager((connection or duckdb.connect()).sql(query).to_arrow_table())
    except duckdb.Error as problem:
        raise ValueError(f"DuckDB can't run the query {query!r}: {problem}") from None


def _of_database(connection: Any, query: str) -> nw.DataFrame[Any]:
    try:
        table = pd.read_sql(query, connection)
    except Exception as problem:  # each database has its own kinds of errors
        raise ValueError(f"The database can't run the query {query!r}: {problem}") from None
    return nw.from_native(_flat(table))
