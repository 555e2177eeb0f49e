"""A Delta table has the kernel's profile, in a folder and on object storage."""

from __future__ import annotations

import itertools
import json
import shutil
import traceback
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import watchkeeper
from tests.store.object_server import KEYS, ObjectServer, object_server, objects
from watchkeeper.app.counting import with_tallies
from watchkeeper.app.profiling import profile_source
from watchkeeper.app.sources import open_source, reading
from watchkeeper.core.errors import InputError, WatchkeeperError
from watchkeeper.core.model import Column, Constraint, Kind, Model, Rule
from watchkeeper.profiles.fit import fit_layout
from watchkeeper.profiles.kernel import profile_batch
from watchkeeper.store.engines.delta import DeltaRows
from watchkeeper.store.object_store import storage_options
from watchkeeper.testing import NASTY
from watchkeeper.testing.engines import as_batch, assert_same_profile
from watchkeeper.testing.tables import Example

__all__ = ["object_server", "objects"]

pytestmark = pytest.mark.xdist_group("objects")

NUMBERS = itertools.count()
NEAREST = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20, 0),
}
"""Delta has no unsigned numbers."""


def held(rows: pa.Table) -> pa.Table:
    """The rows in the nearest types that Delta has."""
    for index, field in enumerate(rows.schema):
        if field.type in NEAREST:
            nearest = NEAREST[field.type]
            values = [
                Decimal(value) if pa.types.is_decimal(nearest) and value is not None else value
                for value in rows.column(index).to_pylist()
            ]
            rows = rows.set_column(index, field.name, pa.array(values, nearest))
    return rows


def without(example: Example, column: str) -> Example:
    """An example less one column."""
    kept = tuple(each for each in example.model.columns if each.name != column)
    model = Model(
        example.model.name, kept, segments=example.model.segments,
        segment_limit=example.model.segment_limit,
    )  # fmt: skip
    parts = (example.reference, example.current)
    return Example(model, *(part.drop_columns([column]) for part in parts))


def url_of(folder: Path, end: str = "") -> str:
    """The URL of a table in a folder."""
    return f"delta://{quote(str(folder))}{end}"


def same_as_kernel(folder: Path, example: Example) -> None:
    """Write an example's rows as a Delta table, and compare."""
    path = folder / f"a table {next(NUMBERS)}"
    rows = example.current
    write_deltalake(path, held(rows.slice(0, len(rows) // 3)))
    write_deltalake(path, held(rows.slice(len(rows) // 3)), mode="append")
    layout = fit_layout(example.model, example.reference)
    with reading(url_of(path)) as source:
        assert_same_profile(profile_source(source, layout), profile_batch(as_batch(rows), layout))
        assert source.rows == len(rows)  # type: ignore[union-attr]  # read here


@pytest.mark.parametrize("name", [name for name in NASTY if name != "names that differ by case"])
def test_nasty_table(tmp_path: Path, name: str) -> None:
    """Every nasty table that Delta can hold counts as its rows do."""
    example = NASTY[name]
    # Delta has no times of day.
    same_as_kernel(tmp_path, without(example, "clock") if name == "times" else example)


def test_names_that_differ_by_case_are_refused_by_delta(tmp_path: Path) -> None:
    """Such a table cannot exist, so there is nothing to compare."""
    with pytest.raises(Exception, match="case-insensitive"):
        write_deltalake(tmp_path / "t", NASTY["names that differ by case"].current)


@settings(max_examples=15, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(width=64)),
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=6)),
        ),
        min_size=3,
        max_size=30,
    )
)
def test_any_rows(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, ...]]) -> None:
    """Floats, integers and texts of any kind."""
    types = (pa.float64(), pa.int64(), pa.string())
    table = pa.table(
        {
            name: pa.array([row[index] for row in rows], type_)
            for index, (name, type_) in enumerate(zip("xic", types, strict=True))
        }
    )
    columns = (
        Column("x", Kind.NUMERIC), Column("i", Kind.NUMERIC), Column("c", Kind.CATEGORICAL),
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("any")
    same_as_kernel(folder, Example(Model("m", columns, segments=("c",)), table, table))
    shutil.rmtree(folder)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of three versions; the last deletes a row."""
    path = tmp_path / "t"
    rows = pa.table({"x": [1.0, 2.0, 3.0], "c": ["a", "b", None], "day": [1, 1, 2]})
    settings_ = {"delta.enableDeletionVectors": "true"}
    write_deltalake(path, rows, partition_by=["day"], configuration=settings_)
    write_deltalake(path, rows.slice(0, 1), mode="append")
    DeltaTable(path).delete("x = 3")
    return path


def column(url: str, name: str = "x") -> list[object]:
    """One column of the rows of a URL, sorted."""
    with reading(url) as source:
        batches = source.batches([name])  # type: ignore[union-attr]  # read here
        return sorted(value for batch in batches for value in batch.column(name).to_pylist())


def said(url: str) -> str:
    """What goes wrong with a URL, in one sentence and without another error behind it."""
    with pytest.raises(WatchkeeperError) as caught, reading(url) as source:
        list(source.batches())  # type: ignore[union-attr]
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


def test_a_version_of_a_table(table: Path) -> None:
    """The newest by default, or the one that is asked for, by which the rows are called."""
    assert column(url_of(table)) == [1.0, 1.0, 2.0]
    assert column(url_of(table, "?version=1")) == [1.0, 1.0, 2.0, 3.0]
    assert column(url_of(table, "?version=0"), "day") == [1, 1, 2]
    assert open_source(url_of(table, "?version=0")).name.endswith("t (version 0)")
    assert "leave out ?version=" in said(url_of(table, "?version=9"))
    assert "write the number" in said(url_of(table, "?version=last"))


def test_rows_stay_those_of_one_version(table: Path) -> None:
    """What others write while a table is read is in all of it or in nothing."""
    with reading(url_of(table)) as source:
        write_deltalake(table, pa.table({"x": [9.0], "c": ["z"], "day": [9]}), mode="append")
        assert source.rows == 3  # type: ignore[union-attr]
        assert sum(batch.num_rows for batch in source.batches()) == 3  # type: ignore[union-attr]


@pytest.mark.newest  # Older writers cannot make such a table.
def test_deleted_rows_and_mapped_columns(table: Path, tmp_path: Path) -> None:
    """Deletion vectors and column mapping, where the files hold other rows and names."""
    features = DeltaTable(table).protocol().reader_features or []
    assert "deletionVectors" in features
    assert 3.0 not in column(url_of(table))
    mapped = tmp_path / "mapped"
    configuration = {"delta.columnMapping.mode": "name"}
    write_deltalake(mapped, pa.table({"a b": [1, 2]}), configuration=configuration)
    assert column(url_of(mapped), "a b") == [1, 2]


def test_a_feature_from_the_future(tmp_path: Path) -> None:
    """A table that its writer lets nobody read who does not know how is refused at once."""
    write_deltalake(tmp_path / "t", pa.table({"x": [1]}))
    log = tmp_path / "t" / "_delta_log" / "00000000000000000001.json"
    protocol = {
        "minReaderVersion": 3, "minWriterVersion": 7,
        "readerFeatures": ["fromTheFuture"], "writerFeatures": ["fromTheFuture"],
    }  # fmt: skip
    log.write_text(json.dumps({"protocol": protocol}))
    assert "fromTheFuture" in said(url_of(tmp_path / "t"))


def test_a_query_over_a_table(table: Path) -> None:
    """Any SELECT over `delta`; what is no SELECT does nothing."""
    assert column(url_of(table, "?query=SELECT x * 2 AS y FROM delta WHERE x > 1"), "y") == [4.0]
    assert "nope" in said(url_of(table, "?query=SELECT nope FROM delta"))
    for wrong in ("DROP TABLE delta", "COPY (SELECT 1) TO 'x.csv'", "", "DELETE FROM delta"):
        said(url_of(table, f"?query={quote(wrong)}"))
    assert column(url_of(table)) == [1.0, 1.0, 2.0]


def test_what_is_no_table(tmp_path: Path) -> None:
    """A folder that is not there or holds something else, and options that mean nothing."""
    (tmp_path / "empty").mkdir()
    assert "is no Delta table; check the path" in said(url_of(tmp_path / "empty"))
    assert "is no Delta table; check the path" in said(url_of(tmp_path / "missing"))
    assert not (tmp_path / "missing").exists()
    assert "names no folder" in said("delta://?version=1")
    assert "leave ?table= out" in said("delta://x?table=t")
    assert "option 'vers'" in said("delta://x?vers=1")


def test_files_that_vanish(table: Path) -> None:
    """A file that is cleaned away while the table is read is an error, not fewer rows."""
    with reading(url_of(table)) as source:
        for file in table.rglob("*.parquet"):
            file.unlink()
        with pytest.raises(InputError):
            list(source.batches())  # type: ignore[union-attr]


def test_a_relative_path(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`delta://Folder` is a folder from here, in the case that is written."""
    table.rename(table.parent / "Folder")
    monkeypatch.chdir(table.parent)
    assert column("delta://Folder") == [1.0, 1.0, 2.0]
    assert column("delta://./Folder?version=0") == [1.0, 2.0, 3.0]


def test_a_query_over_its_limit(table: Path) -> None:
    """A reading that takes too long is given up."""
    slow = "SELECT sum(a.value % 7) AS x FROM generate_series(1, 200000000) AS a"
    rows = DeltaRows(DeltaTable(table), "it", slow, timeout=0.01)
    with pytest.raises(InputError, match=r"it: a query took longer than 0\.01 s"):
        list(rows.batches())
    assert column(url_of(table, "?timeout=1h")) == [1.0, 1.0, 2.0]


def test_rules_count_as_on_the_rows(tmp_path: Path) -> None:
    """Row rules, patterns and lengths are those of the same rows in memory."""
    rows = pa.table(
        {"x": [1.0, -1.0, None, 5.0] * 50, "mail": ["a@b.de", "nobody", None, "é@ü.de"] * 50}
    )
    columns = (
        Column("x", Kind.NUMERIC),
        Column("mail", Kind.TEXT, constraint=Constraint(pattern="email", min_length=7)),
    )
    model = Model("m", columns, rules=(Rule("positive", "x > 0"), Rule("both", "mail != null")))
    write_deltalake(tmp_path / "t", rows)
    layout = fit_layout(model, rows)
    there, here = open_source(url_of(tmp_path / "t")), open_source(rows)
    tallies = [with_tallies(profile_source(s, layout), s).whole.tallies for s in (there, here)]
    assert tallies[0] == tallies[1]
    assert tallies[0]["rule:positive"].failed == 50


def test_python_and_reports(table: Path) -> None:
    """The public functions take the URL, and reports call it by its path."""
    report = watchkeeper.compare(url_of(table, "?version=0"), url_of(table))
    assert report.reference.name == url_of(table)
    profile = watchkeeper.profile(url_of(table))
    assert profile.whole.rows == 3
    assert replace(profile.whole, rows=3) == profile.whole


class TestObjects:
    """The same on object storage that speaks the S3 protocol."""

    @pytest.fixture
    def place(self, objects: ObjectServer) -> str:
        """The URL of a table in a new bucket, without its scheme."""
        bucket = objects.bucket()
        write_deltalake(
            f"{bucket}/some/table", pa.table({"x": [1.0, 2.0]}), storage_options=storage_options()
        )
        return f"{bucket}/some/table".removeprefix("s3://")

    def test_by_the_environment(self, place: str, objects: ObjectServer) -> None:
        """Keys and endpoint are where every client of S3 looks."""
        assert column(f"delta+s3://{place}") == [1.0, 2.0]
        assert open_source(f"delta+s3://{place}").name == f"delta+s3://{place}"
        assert objects.names(f"s3://{place}")

    def test_by_options(
        self, place: str, objects: ObjectServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Options of the URL win, and take secrets from the environment by name."""
        for name in (*KEYS, "AWS_ENDPOINT_URL"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("WK_KEY", KEYS["AWS_SECRET_ACCESS_KEY"])
        options = {
            "AWS_ENDPOINT_URL": objects.endpoint,
            "aws_access_key_id": KEYS["AWS_ACCESS_KEY_ID"],
            "AWS_SECRET_ACCESS_KEY": "${WK_KEY}",
            "AWS_REGION": KEYS["AWS_REGION"],
        }
        end = "&".join(f"{key}={value}" for key, value in options.items())
        assert column(f"delta+s3://{place}?{end}") == [1.0, 2.0]

    def test_by_a_profile(
        self, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A profile of the credentials file is found."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        file = tmp_path / "credentials"
        file.write_text(
            f"[team]\naws_access_key_id = {KEYS['AWS_ACCESS_KEY_ID']}\n"
            f"aws_secret_access_key = {KEYS['AWS_SECRET_ACCESS_KEY']}\n"
        )
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
        monkeypatch.setenv("AWS_PROFILE", "team")
        assert column(f"delta+s3://{place}") == [1.0, 2.0]

    def test_what_is_not_there(self, place: str) -> None:
        """A missing table and a missing bucket, each in a sentence."""
        bucket = place.partition("/")[0]
        assert "no Delta table" in said(f"delta+s3://{bucket}/another")
        assert "delta+s3://no-such-bucket-at-all/t " in said("delta+s3://no-such-bucket-at-all/t")

    def test_a_store_that_goes_away(self, place: str, objects: ObjectServer) -> None:
        """Before and while it is read, it is one error, without keys."""

        def told(work: Callable[[], object]) -> str:
            with pytest.raises(InputError) as caught:
                work()
            text = "".join(traceback.format_exception(caught.value))
            assert KEYS["AWS_SECRET_ACCESS_KEY"] not in text
            assert "\n" not in str(caught.value)
            return str(caught.value)

        with reading(f"delta+s3://{place}") as source:
            objects.relay.leave()
            told(lambda: list(source.batches()))  # type: ignore[union-attr]
        assert "check the address" in told(lambda: open_source(f"delta+s3://{place}"))
