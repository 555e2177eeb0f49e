"""The tables of the benchmarks: the same every time, and as mixed as they claim."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROWS = 3_000
FILE = Path(__file__).parents[2] / "benchmarks" / "data.py"


@pytest.fixture(scope="module")
def data() -> ModuleType:
    """The generator, loaded from its file: benchmarks are no part of the distribution."""
    spec = importlib.util.spec_from_file_location("benchmark_data", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables(data: ModuleType) -> dict[str, pa.Table]:
    """Both tables."""
    return {
        name: pa.Table.from_batches(data.batches(name, ROWS, block=1_000)) for name in data.TABLES
    }


def test_same_rows_every_time(data: ModuleType, tables: dict[str, pa.Table]) -> None:
    """A second run gives the same rows; the two tables differ in every column."""
    again = pa.Table.from_batches(data.batches("reference", ROWS, block=1_000))
    assert again.equals(tables["reference"])
    for name in again.column_names:
        assert not again.column(name).equals(tables["current"].column(name))


def test_small_table_is_the_head_of_a_large_one(
    data: ModuleType, tables: dict[str, pa.Table]
) -> None:
    """So that times at two sizes are times on the same values."""
    small = pa.Table.from_batches(data.batches("current", 1_500, block=1_000))
    assert small.equals(tables["current"].slice(0, 1_500))


def test_fifty_columns_of_five_kinds(tables: dict[str, pa.Table]) -> None:
    """24 floats, 8 integers, 12 texts, 4 booleans and 2 timestamps; a third of them with nulls."""
    table = tables["reference"]
    kinds = Counter(
        "float" if pa.types.is_floating(field.type)
        else "integer" if pa.types.is_integer(field.type)
        else str(field.type)
        for field in table.schema
    )  # fmt: skip
    assert kinds == {"float": 24, "integer": 8, "string": 12, "bool": 4, "timestamp[us]": 2}
    nulls = {name for name in table.column_names if table.column(name).null_count}
    assert {name[0] for name in nulls} == set("ficbt")
    assert len(nulls) >= 16


def test_categories_from_three_to_a_thousand(data: ModuleType) -> None:
    """The small vocabularies are seen whole; the large one has close to a thousand words."""
    rows = 40_000
    table = pa.Table.from_batches(data.batches("reference", rows, block=rows))
    seen = {
        int(name[2:]): len(table.column(name).drop_null().unique())
        for name in table.column_names
        if name.startswith("c_")
    }
    assert min(seen) == 3
    assert max(seen) == 1_000
    assert all(count == size for size, count in seen.items() if size <= 150)
    assert 950 <= seen[1_000] <= 1_000


def test_drift_is_mild_and_only_where_it_is_meant(data: ModuleType) -> None:
    """Means move by a tenth of a deviation, nulls by a tenth, and one category is new."""
    rows = 60_000
    before, now = (
        pa.Table.from_batches(data.batches(name, rows, block=rows)) for name in data.TABLES
    )
    mean = {
        name: np.mean(now.column(name).to_numpy()) - np.mean(before.column(name).to_numpy())
        for name in ("f_normal", "f_normal_shifted")
    }
    error = np.sqrt(2 / rows)
    assert abs(mean["f_normal"]) < 4 * error
    assert abs(mean["f_normal_shifted"] - 0.1) < 4 * error
    gained = (
        now.column("f_more_nulls").null_count - before.column("f_more_nulls").null_count
    ) / rows
    assert abs(gained - 0.1) < 0.01
    words = [set(table.column("c_150").drop_null().unique().to_pylist()) for table in (before, now)]
    assert len(words[1] - words[0]) == 1


def test_wide_tables_repeat_shapes_with_other_values(data: ModuleType) -> None:
    """Column 51 is of the first shape, under another name, with values of its own."""
    table = pa.Table.from_batches(data.batches("reference", 500, 53, block=500))
    assert table.num_columns == 53
    assert table.column_names[50] == f"{table.column_names[0]}_1"
    assert not table.column(50).equals(table.column(0))


def test_file_has_row_groups_of_the_usual_size(
    data: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks are gathered into row groups, and a file that exists is left alone."""
    monkeypatch.setattr(data, "ROW_GROUP_ROWS", 2 * data.BLOCK_ROWS)
    rows = 3 * data.BLOCK_ROWS
    path = tmp_path / "reference.parquet"
    data.write(path, "reference", rows, 2)
    file = pq.ParquetFile(path)
    groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert groups == [2 * data.BLOCK_ROWS, data.BLOCK_ROWS]
    assert file.read().equals(pa.Table.from_batches(data.batches("reference", rows, 2)))
    stamp = path.stat().st_mtime_ns
    data.write(path, "reference", rows, 2)
    assert path.stat().st_mtime_ns == stamp
