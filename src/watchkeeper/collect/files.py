"""Files as sources: Parquet and Arrow by PyArrow, CSV and JSON lines by DuckDB."""

from __future__ import annotations

import csv
import glob
import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from watchkeeper.collect.engine import arrow_table, open_duckdb, relation_batches
from watchkeeper.collect.frames import quoted, refuse_duplicates
from watchkeeper.collect.source import Source, batch_rows
from watchkeeper.core.errors import InputError

if TYPE_CHECKING:
    import ibis

FORMATS: Mapping[str, str] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "csv",
    ".tsv.gz": "csv",
    ".csv.zst": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".jsonl.gz": "json",
    ".ndjson.gz": "json",
    ".json.gz": "json",
}
"""Which suffix is read how."""


_BUFFER_BYTES = 1 << 18  # A row group may be as large as the file: it is streamed, not loaded.


@dataclass(frozen=True)
class ParquetSource:
    """Parquet files of one schema; text comes as dictionaries, which are cheap to count."""

    paths: tuple[Path, ...]
    name: str

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of the first file, in which a column of another file must have its type."""
        schemas = [_opened(path).schema_arrow for path in self.paths]
        refuse_duplicates(schemas[0].names, str(self.paths[0]))
        return _common_schema(schemas, self.paths)

    @cached_property
    def rows(self) -> int:
        """Rows of all files, from their footers."""
        return sum(_opened(path).metadata.num_rows for path in self.paths)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows, a batch at a time."""
        size = batch_rows(len(self.schema))
        for path in self.paths:
            try:
                yield from self._read(path, columns, size)
            except (pa.ArrowException, OSError) as error:
                raise _unreadable(path, error) from error

    def table(self) -> ibis.Table:
        """The files as an Ibis table over DuckDB."""
        connection = open_duckdb()
        return connection.read_parquet([str(path) for path in self.paths], union_by_name=True)

    def _read(
        self, path: Path, columns: Sequence[str] | None, size: int
    ) -> Iterator[pa.RecordBatch]:
        schema = _opened(path).schema_arrow
        texts = [
            field.name
            for field in schema
            if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
        ]
        wanted = None if columns is None else [name for name in columns if name in schema.names]
        with pq.ParquetFile(
            path, read_dictionary=texts, pre_buffer=False, buffer_size=_BUFFER_BYTES
        ) as file:
            yield from file.iter_batches(batch_size=size, columns=wanted)


@dataclass(frozen=True)
class ArrowFileSource:
    """Arrow IPC (Feather) files, memory-mapped."""

    paths: tuple[Path, ...]
    name: str

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of the first file."""
        schemas = [self._open(path).schema for path in self.paths]
        refuse_duplicates(schemas[0].names, str(self.paths[0]))
        return _common_schema(schemas, self.paths)

    @property
    def rows(self) -> None:
        """Not known before reading."""
        return

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows, a batch at a time."""
        size = batch_rows(len(self.schema))
        for path in self.paths:
            reader = self._open(path)
            for index in range(reader.num_record_batches):
                batch = reader.get_batch(index)
                if columns is not None:
                    batch = batch.select([name for name in columns if name in batch.schema.names])
                for start in range(0, batch.num_rows, size):
                    yield batch.slice(start, size)

    def table(self) -> ibis.Table:
        """The files as an Ibis table over DuckDB."""
        return arrow_table(pa.Table.from_batches(list(self.batches()), schema=self.schema))

    def _open(self, path: Path) -> pa.ipc.RecordBatchFileReader:
        try:
            return pa.ipc.open_file(pa.memory_map(str(path)))
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(path, error) from error


@dataclass(frozen=True)
class TextSource:
    """CSV or JSON-lines files, plain or compressed, read by DuckDB."""

    paths: tuple[Path, ...]
    name: str
    format: str
    as_text: tuple[str, ...] = field(default=())

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns, with the types that DuckDB infers from all rows."""
        connection = open_duckdb().con
        return self._relation(connection).limit(0).to_arrow_table().schema

    @property
    def rows(self) -> None:
        """Not known before reading."""
        return

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows, a batch at a time."""
        # Named, since DuckDB 1 closes a connection that nobody holds.
        connection = open_duckdb().con
        chosen = self._relation(connection)
        if columns is not None:
            chosen = chosen.project(", ".join(quoted(name) for name in columns))
        try:
            yield from relation_batches(chosen, batch_rows(len(self.schema)))
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise _unparsable(self.name, error) from error

    def table(self) -> ibis.Table:
        """The files as an Ibis table over DuckDB."""
        connection = open_duckdb()
        self._relation(connection.con).create_view("rows")
        return connection.table("rows")

    def _relation(self, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
        try:
            if self.format == "json":
                paths: Any = [str(path) for path in self.paths]
                return connection.read_json(paths)
            return self._csv(connection, self._types)
        except (duckdb.Error, OSError) as error:
            raise _unparsable(self.name, error) from error

    @cached_property
    def _types(self) -> dict[str, str]:
        """The type of each column of CSV files, from all rows: one word makes a column text."""
        connection = open_duckdb().con
        found = self._csv(connection, None)
        types = dict(zip(found.columns, map(str, found.types), strict=True))
        texts = [name for name, type_ in types.items() if type_ == "VARCHAR"]
        refuse_mixed(found, [name for name in texts if name not in self.as_text], self.name)
        return types | {name: "VARCHAR" for name in self.as_text if name in types}

    def _csv(
        self,
        connection: duckdb.DuckDBPyConnection,
        types: dict[str, str] | None,
    ) -> duckdb.DuckDBPyRelation:
        # Several files are allowed, which DuckDB's own type hints do not say.
        paths: Any = [str(path) for path in self.paths]
        if types:
            return connection.read_csv(paths, union_by_name=True, dtype=types)
        return connection.read_csv(paths, union_by_name=True, sample_size=-1)


MOSTLY = 0.9
"""The share of numbers among its values from which a column of text is an accident."""


def refuse_mixed(rows: duckdb.DuckDBPyRelation, columns: Sequence[str], name: str) -> None:
    """Raise `InputError` where a column of text is nearly all numbers.

    A few words among numbers (`unknown`, `#REF!`) make the whole column text, and a report would
    then compare categories where the user thinks of numbers.
    """
    if not columns:
        return
    parts = []
    for column in columns:
        held = quoted(column)
        word = f"{held} IS NOT NULL AND TRY_CAST({held} AS DOUBLE) IS NULL"
        parts.append(f"count({held}), count(*) FILTER ({word}), min({held}) FILTER ({word})")
    found = rows.aggregate(", ".join(parts)).fetchall()[0]
    for index, column in enumerate(columns):
        values, words, example = found[3 * index : 3 * index + 3]
        if words and (values - words) / values >= MOSTLY:
            raise InputError(
                f"{name}: column {column!r} mixes numbers and text ({words} of {values} values, "
                f"such as {example!r}); mend or empty those cells, or read the column as text "
                f"with --kind {column}=categorical"
            )


def open_files(pattern: str, *, as_text: Sequence[str] = ()) -> Source:
    """The source for a file, a glob or a directory.

    Parameters
    ----------
    pattern
        A path; a directory stands for all files of a known format below it.
    as_text
        Columns of CSV files to read as text, whatever they look like.

    Raises
    ------
    InputError
        Nothing there, an unknown or mixed format, or a file that cannot be read.
    """
    paths = _find(pattern)
    formats = {_format(path) for path in paths}
    if len(formats) > 1:
        raise InputError(
            f"{pattern} holds files of several formats ({', '.join(sorted(formats))}); name one, "
            f"for example {pattern.rstrip('/')}/*.parquet"
        )
    empty = [path for path in paths if path.stat().st_size == 0]
    if empty:
        raise InputError(f"{empty[0]} is empty (0 bytes); check how it was written")
    chosen = formats.pop()
    if chosen == "parquet":
        return ParquetSource(paths, pattern)
    if chosen == "arrow":
        return ArrowFileSource(paths, pattern)
    for path in paths:
        _check_text(path, chosen)
    return TextSource(paths, pattern, chosen, tuple(as_text))


def _find(pattern: str) -> tuple[Path, ...]:
    """The files that a path, glob or directory means, in the order of their names."""
    path = Path(pattern).expanduser()
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file() and _suffix(p) in FORMATS)
        if not files:
            raise InputError(
                f"directory {pattern} holds no data file; Watchkeeper reads {_known()}"
            )
        return tuple(files)
    if path.exists():
        return (path,)
    found = sorted(Path(name) for name in glob.iglob(str(path), recursive=True))  # noqa: PTH207
    found = [p for p in found if p.is_file()]
    if not found:
        what = "no file matches" if glob.has_magic(pattern) else "there is no file"
        raise InputError(f"{what} {pattern}; check the path (now in {Path.cwd().name}/)")
    return tuple(found)


def _suffix(path: Path) -> str:
    name = path.name.lower()
    return next((s for s in sorted(FORMATS, key=len, reverse=True) if name.endswith(s)), "")


def _format(path: Path) -> str:
    suffix = _suffix(path)
    if not suffix:
        raise InputError(f"{path} is of no known format; Watchkeeper reads {_known()}")
    return FORMATS[suffix]


def _known() -> str:
    return ", ".join(sorted(FORMATS))


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _common_schema(schemas: Sequence[pa.Schema], paths: Sequence[Path]) -> pa.Schema:
    """The columns of all files; types that widen are widened, others refused."""
    try:
        return pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowException as error:
        raise InputError(
            f"{paths[0]} and the files beside it do not have the same column types ({error}); "
            "write them with one schema or name fewer files"
        ) from error


def _check_text(path: Path, format_: str) -> None:
    """Refuse what DuckDB would read in a way that hides a fault: encoding, doubled names."""
    if path.name.lower().endswith(".zst"):
        return
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opener(path, "rb") as file:
            head = file.read(1 << 20)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from error
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.end < len(head) - 4 or len(head) < 1 << 20:
            raise InputError(
                f"{path} is not UTF-8 (byte {error.start}); convert it, for example with "
                f"`iconv -f latin1 -t utf-8 {path.name} > fixed.csv`"
            ) from error
        text = head[: error.start].decode("utf-8-sig")
    if format_ == "csv":
        first = text.splitlines()[:1]
        if first:
            delimiter = max(",\t;|", key=first[0].count)
            refuse_duplicates(next(csv.reader(first, delimiter=delimiter)), str(path))


def _unreadable(path: Path, error: Exception) -> InputError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return InputError(
        f"{path} cannot be read ({reason}); check that it is complete, of the format that its "
        "name says, and readable by you"
    )


def _unparsable(name: str, error: Exception) -> InputError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    message = " ".join(lines[:3])[:300]
    hint = "check the file"
    if "onver" in message:
        hint = "make the column one type, or read it as text with --kind COLUMN=categorical"
    elif "unicode" in message.lower() or "utf" in message.lower():
        hint = "it is not UTF-8; convert it, for example with `iconv -f latin1 -t utf-8`"
    return InputError(f"{name} cannot be parsed ({message}); {hint}")
