"""Objects in memory as sources."""

from __future__ import annotations

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from watchkeeper.app.sources import open_source
from watchkeeper.core.errors import InputError

DATA = {"a": [1, 2, 3], "b": ["x", "y", "x"]}


def objects() -> dict[str, object]:
    """The same rows as each kind of object."""
    return {
        "pandas": pd.DataFrame(DATA),
        "polars": pl.DataFrame(DATA),
        "polars lazy": pl.LazyFrame(DATA),
        "arrow": pa.table(DATA),
        "arrow batch": pa.record_batch(DATA),
        "duckdb": duckdb.sql("select * from (values (1, 'x'), (2, 'y'), (3, 'x')) t(a, b)"),
        "ibis": ibis.memtable(pa.table(DATA)),
        "dict": DATA,
    }


@pytest.mark.parametrize("name", objects())
def test_each_kind_of_object_gives_its_rows_again_and_again(name: str) -> None:
    """Every reading gives all rows in order."""
    source = open_source(objects()[name])
    for _ in range(2):
        rows = pa.Table.from_batches(list(source.batches())).to_pydict()
        assert rows == DATA
    assert source.schema.names == ["a", "b"]
    assert source.table().count().execute() == 3


def test_unknown_object_is_named() -> None:
    """The error says what was given and what is allowed."""
    with pytest.raises(InputError, match="of type int; give a path"):
        open_source(3)


def test_doubled_names_are_refused() -> None:
    """Two columns of one name cannot be told apart."""
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(InputError, match="more than one column called 'a'"):
        open_source(frame)


def test_mixed_types_name_the_column() -> None:
    """The column that mixes text and numbers is named, with the fix."""
    frame = pd.DataFrame({"fine": [1, 2], "mixed": [1, "x"]})
    with pytest.raises(InputError, match=r"column 'mixed'.*astype"):
        open_source(frame)


def test_no_columns_are_refused() -> None:
    """An object without columns is no data set."""
    with pytest.raises(InputError, match="has no columns"):
        open_source(pd.DataFrame())
