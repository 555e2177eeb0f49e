"""Files as sources: every format, globs and directories, and clear errors."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from watchkeeper.collect.files import open_files
from watchkeeper.collect.source import Source, sample
from watchkeeper.core.errors import InputError

TABLE = pa.table(
    {
        "number": [1.5, None, 3.0, 4.0],
        "whole": [1, 2, 3, 4],
        "text": ["a", "ä", None, "a"],
        "when": pa.array([0, 1, 2, 3], pa.timestamp("s")),
    }
)


def write(path: Path) -> Path:
    """TABLE in the format that the path's name says."""
    name = path.name
    if name.endswith(".parquet"):
        pq.write_table(TABLE, path)
    elif name.endswith((".feather", ".arrow")):
        feather.write_feather(TABLE, path)
    elif name.endswith(".csv"):
        pacsv.write_csv(TABLE, path)
    elif name.endswith(".csv.gz"):
        plain = path.with_name("plain.tmp")
        pacsv.write_csv(TABLE, plain)
        path.write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
    else:
        lines = [
            '{"number": 1.5, "whole": 1, "text": "a", "when": "1970-01-01 00:00:00"}',
            '{"number": null, "whole": 2, "text": "ä", "when": "1970-01-01 00:00:01"}',
            '{"number": 3, "whole": 3, "when": "1970-01-01 00:00:02"}',
            '{"number": 4, "whole": 4, "text": "a", "when": "1970-01-01 00:00:03"}',
        ]
        path.write_text("\n".join(lines), encoding="utf-8")
    return path


def read(source: Source) -> pa.Table:
    """All rows, text as plain strings."""
    table = pa.Table.from_batches(list(source.batches()))
    columns = [
        column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


@pytest.mark.parametrize(
    "name", ["x.parquet", "x.feather", "x.arrow", "x.csv", "x.csv.gz", "x.jsonl"]
)
def test_every_format_gives_the_same_rows_again_and_again(tmp_path: Path, name: str) -> None:
    """Values and order survive each format, and a second reading gives the same."""
    source = open_files(str(write(tmp_path / name)))
    for _ in range(2):
        table = read(source)
        assert table.column("number").to_pylist() == [1.5, None, 3.0, 4.0]
        assert table.column("whole").to_pylist() == [1, 2, 3, 4]
        assert table.column("text").to_pylist()[:2] == ["a", "ä"]
        assert pa.types.is_timestamp(table.schema.field("when").type)
    assert set(source.schema.names) == set(TABLE.column_names)
    assert source.table().count().execute() == 4


def test_glob_and_directory_mean_all_files_below(tmp_path: Path) -> None:
    """In the order of their names."""
    (tmp_path / "deep").mkdir()
    write(tmp_path / "a.parquet")
    write(tmp_path / "deep" / "b.parquet")
    assert read(open_files(str(tmp_path))).num_rows == 8
    assert read(open_files(str(tmp_path / "*.parquet"))).num_rows == 4
    assert open_files(str(tmp_path)).rows == 8


def test_columns_are_chosen_before_reading(tmp_path: Path) -> None:
    """Only what is asked for comes."""
    for name in ("x.parquet", "x.csv", "x.feather"):
        batches = list(open_files(str(write(tmp_path / name))).batches(["whole"]))
        assert batches[0].schema.names == ["whole"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.csv", None, "there is no file"),
        ("none*.csv", None, "no file matches"),
        ("data.xlsx", b"x", "of no known format"),
        ("empty.csv", b"", r"is empty \(0 bytes\)"),
        ("broken.parquet", b"PAR1 not really", "cannot be read"),
        ("broken.feather", b"ARROW1 no", "cannot be read"),
        ("latin.csv", "name,n\nJos\xe9,1\n".encode("latin1"), "is not UTF-8"),
        ("twice.csv", b"a,b,a\n1,2,3\n", "more than one column called 'a'"),
        ("broken.csv.gz", b"not gzip", "cannot be read"),
    ],
)
def test_bad_files_give_one_clear_sentence(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    """What is wrong, where, and what to do."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        list(open_files(str(path)).batches())


def test_files_of_different_columns_are_refused(tmp_path: Path) -> None:
    """A type that cannot be widened names the files."""
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"a": ["x"]}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="do not have the same column types"):
        _ = open_files(str(tmp_path)).schema


def test_directory_of_several_formats_asks_for_one(tmp_path: Path) -> None:
    """Rather than read half of it."""
    write(tmp_path / "a.parquet")
    write(tmp_path / "b.csv")
    with pytest.raises(InputError, match="several formats"):
        open_files(str(tmp_path))


def test_sample_is_the_same_for_the_same_seed_and_without_bias(tmp_path: Path) -> None:
    """Rows come from all over the file, at least as many as asked for."""
    count = 100_000
    pq.write_table(pa.table({"n": np.arange(count)}), tmp_path / "n.parquet", row_group_size=9000)
    source = open_files(str(tmp_path / "n.parquet"))
    first, again = (sample(source, np.random.default_rng(3), size=5000) for _ in range(2))
    assert first.equals(again)
    assert 5000 <= first.num_rows <= 10_000
    values = first.column("n").to_numpy()
    assert values.mean() == pytest.approx(count / 2, abs=4 * count / np.sqrt(12 * 5000))
    assert np.unique(values).size == values.size


def test_sample_of_few_rows_is_all_of_them(tmp_path: Path) -> None:
    """Nothing is left out where nothing needs to be."""
    source = open_files(str(write(tmp_path / "x.csv")))
    assert sample(source, np.random.default_rng(0)).num_rows == 4
