"""Any database that Ibis reaches: by queries where they count as the kernel does, else streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa

from watchkeeper.profiles.base import Floats, Ints
from watchkeeper.profiles.expressions import plain
from watchkeeper.profiles.remote import RemoteRows
from watchkeeper.store.engines.base import BATCH_ROWS, compared, find_table, grouped_bins, readable
from watchkeeper.store.engines.rows import TableRows
from watchkeeper.store.engines.streamed import StreamedRows
from watchkeeper.store.engines.trial import counts_alike


@ibis.udf.scalar.builtin(name="unix_micros")  # type: ignore[untyped-decorator]
def _unix_micros(value: dt.Timestamp(timezone="UTC")) -> dt.int64:  # type: ignore[valid-type]
    """Microseconds since 1970 (BigQuery, Databricks)."""


@ibis.udf.scalar.builtin(name="date_part")  # type: ignore[untyped-decorator]
def _date_part(field: dt.string, value: dt.timestamp) -> dt.int64:
    """One part of a timestamp (Snowflake)."""


@ibis.udf.scalar.builtin(name="to_utf8")  # type: ignore[untyped-decorator]
def _to_utf8(text: dt.string) -> dt.binary:
    """A text's bytes (Trino)."""


@ibis.udf.scalar.builtin(name="to_hex")  # type: ignore[untyped-decorator]
def _to_hex(value: dt.binary) -> dt.string:
    """Bytes in hexadecimal (Trino, BigQuery)."""


@ibis.udf.scalar.builtin(name="md5")  # type: ignore[untyped-decorator]
def _md5_of_bytes(value: dt.binary) -> dt.binary:
    """MD5 of bytes (Trino)."""


@ibis.udf.scalar.builtin(name="md5")  # type: ignore[untyped-decorator]
def _md5_of_text(text: dt.string) -> dt.binary:
    """MD5 of a text as bytes (BigQuery)."""


@ibis.udf.scalar.builtin(name="md5")  # type: ignore[untyped-decorator]
def _md5(text: dt.string) -> dt.string:
    """MD5 of a text in hexadecimal (Snowflake, MySQL, DataFusion)."""


def _trino_digest(text: ir.StringValue) -> ir.StringValue:
    return _to_hex(_md5_of_bytes(_to_utf8(text))).lower()


def _zoned_micros(value: ir.Value) -> ir.IntegerValue:
    return _unix_micros(value.cast("timestamp('UTC')"))


def _snowflake_micros(value: ir.Value) -> ir.IntegerValue:
    return _date_part("epoch_microsecond", value.cast("timestamp"))


def _plain_micros(value: ir.Value) -> ir.IntegerValue:
    seconds = value.epoch_seconds().floor().cast("int64")
    return seconds * 1_000_000 + value.microsecond().cast("int64")


_MICROS: Mapping[str, Callable[[ir.Value], ir.IntegerValue]] = {
    "bigquery": _zoned_micros,
    "databricks": _zoned_micros,
    "snowflake": _snowflake_micros,
}
_DIGESTS: Mapping[str, Callable[[ir.StringValue], ir.StringValue]] = {
    "trino": _trino_digest,
    "bigquery": lambda text: _to_hex(_md5_of_text(text)),
}


@dataclass(frozen=True)
class IbisEngine:
    """A database over an Ibis backend, in the SQL that most have.

    Whether its answers are the kernel's is not known beforehand: `counts_alike` tries it.
    """

    backend: Any
    name: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    traps: bool = True

    def run(self, expr: ir.Table) -> pa.Table:
        """The result of a query, all at once."""
        with self._readable():
            return self.backend.to_pyarrow(expr)

    def batches(self, expr: ir.Table) -> Iterator[pa.RecordBatch]:
        """The result of a query, piece by piece."""
        with self._readable():
            yield from self.backend.to_pyarrow_batches(expr, chunk_size=BATCH_ROWS)

    def snapshot(self) -> AbstractContextManager[None]:
        """Nothing: counts that do not agree are counted again."""
        return nullcontext()

    def bucket(self, value: ir.FloatingValue, edges: Floats) -> ir.IntegerValue:
        """The number of edges at or below each value, by a balanced tree of comparisons."""
        return compared(value, edges)

    def histograms(
        self, table: ir.Table, key: str, edges: Mapping[str, Floats]
    ) -> dict[str, dict[int, Ints]]:
        """For each column of `edges` and each `key`: finite rows in each bin, a query a column."""
        return {name: grouped_bins(self, table, key, name, held) for name, held in edges.items()}

    def computed(self, table: ir.Table) -> ir.Table:
        """The table as it is."""
        return table

    def seconds(self, value: ir.Value) -> ir.FloatingValue:
        """A date, time or timestamp as seconds."""
        dtype = value.type()
        if dtype.is_time():
            whole = value.hour() * 3600 + value.minute() * 60 + value.second()
            micros = whole.cast("int64") * 1_000_000 + value.microsecond().cast("int64")
        else:
            stamp = value.cast("timestamp") if dtype.is_date() else value
            micros = _MICROS.get(self.backend.name, _plain_micros)(stamp)
        return micros.cast("float64") / 1e6

    def text(self, value: ir.StringValue) -> ir.StringValue:
        """Text as it is."""
        return value

    def decimal(self, value: ir.DecimalValue) -> ir.FloatingValue:
        """A decimal as the nearest float64."""
        return value.cast("float64")

    def digest(self, text: ir.StringValue) -> ir.StringValue:
        """The MD5 of a text in lower-case hexadecimal."""
        return _DIGESTS.get(self.backend.name, _md5)(text)

    def table(self, name: str) -> ir.Table:
        """The table or view called `name`, or `schema.name`."""
        with self._readable():
            return find_table(self.backend, name, self.name, self.backend.list_tables)

    def query(self, sql: str) -> ir.Table:
        """The result of a SELECT statement."""
        with self._readable():
            return self.backend.sql(sql)

    def seed(self, value: float) -> None:
        """Nothing: few of these databases can be seeded."""

    def close(self) -> None:
        """Close the connection."""
        self.backend.disconnect()

    def _readable(self) -> AbstractContextManager[None]:
        # Drivers raise what they like; `InputError` passes through as it is.
        return readable(self.name, (Exception,), *self.secrets)


def rows_on(
    engine: IbisEngine, table: ir.Table, name: str, *, owned: bool = True
) -> RemoteRows | StreamedRows:
    """The rows of a table: profiled there where the engine counts as the kernel does, else here.

    Parameters
    ----------
    engine
        The database.
    table
        The rows.
    name
        What to call them.
    owned
        Whether closing the rows closes the engine.
    """
    if counts_alike(engine, plain(table, engine).schema()):
        return TableRows(engine, table, name, owned=owned)
    return StreamedRows(engine, table, name, owned=owned)
