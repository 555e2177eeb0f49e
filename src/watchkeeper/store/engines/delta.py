"""Delta tables: in folders, and on object storage."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from watchkeeper.core.errors import InputError, MissingExtraError
from watchkeeper.store.engines.base import BATCH_ROWS, readable, sentence
from watchkeeper.store.engines.urls import Address
from watchkeeper.store.engines.watched import Watch
from watchkeeper.store.object_store import storage_options, trouble_of

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from deltalake import DeltaTable

_STORES = {"delta+s3": "s3", "delta+gs": "gs", "delta+abfss": "abfss"}
_OWN = {"table", "query", "version"}
_BATCH_BYTES = 1 << 26


class DeltaRows:
    """One version of a Delta table, or a query over it, which the kernel reads as Arrow batches.

    Parameters
    ----------
    table
        The version.
    name
        What to call the rows.
    query
        A SELECT over the table, which it calls `delta`; all rows where it is None.
    timeout
        Seconds that a reading may take.
    secrets
        Texts that no error shows.
    """

    def __init__(
        self,
        table: DeltaTable,
        name: str,
        query: str | None = None,
        *,
        timeout: float | None = None,
        secrets: Sequence[str] = (),
    ) -> None:
        self._table, self._name, self._timeout, self._secrets = table, name, timeout, secrets
        self._from = "delta" if query is None else f"({query}\n) AS asked"

    @property
    def name(self) -> str:
        """What to call them."""
        return self._name

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns and their types."""
        with self._readable():
            reader = self._run(f"SELECT * FROM {self._from} LIMIT 0")  # noqa: S608  # the user's own
            return pa.schema([field.with_type(_counted(field.type)) for field in reader.schema])

    @cached_property
    def rows(self) -> int:
        """How many rows there are."""
        with self._readable():
            counted = self._run(f"SELECT count(*) AS n FROM {self._from}")  # noqa: S608  # as above
            return int(counted.read_all()["n"][0].as_py())

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows, a batch at a time; only `columns` where given."""
        watch = Watch(self._name, None, self._timeout)
        with self._readable():
            names = self.schema.names if columns is None else list(columns)
            wanted = pa.schema([self.schema.field(name) for name in names])
            kept = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
            sql = f"SELECT {kept} FROM {self._from}"  # noqa: S608  # as above
            reader = watch(lambda: self._run(sql, wanted))
            while (batch := watch(lambda: _next(reader))) is not None:
                yield batch

    def table(self) -> ir.Table:
        """The rows as an Ibis table over DuckDB, which reads them when it is asked."""
        import ibis  # half a second, which most readings never need

        connection = ibis.duckdb.connect()
        connection.con.execute("SET TimeZone = 'UTC'")
        connection.con.register("rows", _Stream(self))
        return connection.table("rows")

    def run(self, expr: ir.Table) -> pa.Table:
        """The result of a query over `table`, under the time limit."""
        from watchkeeper.store.engines.duckdb import DuckDBEngine  # Ibis, as above

        return DuckDBEngine(expr.get_backend(), self._name, self._timeout).run(expr)

    def close(self) -> None:
        """Nothing is held open."""

    def _run(self, sql: str, schema: pa.Schema | None = None) -> pa.RecordBatchReader:
        from deltalake import QueryBuilder  # loaded already

        found = QueryBuilder().register("delta", self._table).execute(sql)
        return pa.RecordBatchReader.from_stream(found, schema=schema)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        from deltalake.exceptions import DeltaError  # loaded already

        with readable(self._name, (DeltaError, pa.ArrowException, OSError), *self._secrets):
            yield


class _Stream:
    """Rows that can be read again and again through Arrow's interface of streams."""

    def __init__(self, rows: DeltaRows) -> None:
        self._rows = rows

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        reader = pa.RecordBatchReader.from_batches(self._rows.schema, self._rows.batches())
        return reader.__arrow_c_stream__(requested_schema)


def open_rows(address: Address) -> DeltaRows:
    """The rows that a URL names: `delta://folder`, `delta+s3://bucket/path?version=3`.

    Raises
    ------
    InputError
        There is no such table or version, or it cannot be read.
    MissingExtraError
        The package that reads Delta tables is not installed.
    """
    try:
        from deltalake import DeltaTable  # an optional package
        from deltalake.exceptions import DeltaError
    except ImportError:
        raise MissingExtraError("deltalake", f"reading {address.shown}", "delta") from None
    place, options = _place(address), _options(address)
    version = _version(address)
    try:
        table = DeltaTable(place, version=version, storage_options=options)
    except (DeltaError, OSError, ValueError) as error:
        raise InputError(_refused(address, error, version)) from None
    rows = DeltaRows(
        table,
        address.label if version is None else f"{address.label} (version {version})",
        address.options.get("query"),
        timeout=address.timeout,
        secrets=address.secrets,
    )
    rows.schema  # noqa: B018  # a feature that cannot be read, or a wrong query, is told now
    return rows


def _place(address: Address) -> str:
    path = (address.host or "") + address.path
    if address.scheme in _STORES:
        container = f"{address.user}@" if address.user else ""
        return f"{_STORES[address.scheme]}://{container}{path}"
    if not path:
        raise InputError("the Delta URL names no folder; write delta://path/to/table")
    return path


def _options(address: Address) -> dict[str, str] | None:
    """What the library is told; the rest of the credentials it finds as every client does."""
    others = {key: value for key, value in address.options.items() if key not in _OWN}
    if "table" in address.options:
        raise InputError(f"{address.shown} is a table itself; leave ?table= out")
    if address.scheme == "delta":
        for key in others:
            raise InputError(
                f"{address.shown} has an option {key!r}; a folder has query, version and timeout"
            )
        return None
    if address.scheme == "delta+s3":
        named = {key.upper(): value for key, value in others.items()}
        return {**storage_options({**os.environ, **named}), **others}
    return others


def _version(address: Address) -> int | None:
    text = address.options.get("version")
    if text is not None and not text.isdecimal():
        raise InputError(f"{address.shown} has version={text}; write the number of a version")
    return None if text is None else int(text)


def _refused(address: Address, error: Exception, version: int | None) -> str:
    """Why a table cannot be opened, and what to do."""
    from deltalake.exceptions import TableNotFoundError  # loaded already

    if isinstance(error, TableNotFoundError):
        return f"{address.shown} is no Delta table; check the path"
    if address.scheme in _STORES:
        found = trouble_of(str(error))
        why, advice = sentence(ValueError(found.why), *address.secrets), found.advice
        return f"{address.shown} cannot be read: {why}; {advice if found.lasting else _CHECK}"
    why = sentence(error, *address.secrets)
    fix = "check the path" if version is None else "leave out ?version= for the newest"
    return f"{address.shown} cannot be read as a Delta table ({why}); {fix}"


_CHECK = "check the address and the credentials"


def _counted(dtype: pa.DataType) -> pa.DataType:
    """The type in which the kernel counts a column: texts as dictionaries, at a third of the cost.

    The library gives them as views, for which PyArrow has few functions.
    """
    if dtype in (pa.string_view(), pa.string()):
        return pa.dictionary(pa.int32(), pa.string())
    return pa.binary() if dtype == pa.binary_view() else dtype


def _next(reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
    """The next rows, many at once: the library gives 8,192, which cost as much as ten times that.

    None where there are no more.
    """
    held: list[pa.RecordBatch] = []
    rows = size = 0
    while rows < BATCH_ROWS and size < _BATCH_BYTES:
        batch = next(reader, None)
        if batch is None:
            break
        held.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
    if rows == 0:
        return None
    whole: pa.RecordBatch = pa.Table.from_batches(held).combine_chunks().to_batches()[0]
    return whole
