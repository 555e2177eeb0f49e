"""Rows that come as Arrow batches from where they are, for the kernel to profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from watchkeeper.store.engines.base import Engine

if TYPE_CHECKING:
    import ibis.expr.types as ir


class StreamedRows:
    """A table of an engine in this process, where moving rows costs nothing, or of an unknown one.

    DuckDB's `histogram` takes 70 to 150 ns a value, the kernel 20 to 35 ns.

    Parameters
    ----------
    engine
        The database.
    table
        The rows.
    name
        What to call them.
    owned
        Whether `close` closes the engine.
    """

    def __init__(self, engine: Engine, table: ir.Table, name: str, *, owned: bool = True) -> None:
        self.engine = engine
        self.expression = table
        self._name = name
        self._owned = owned

    @property
    def name(self) -> str:
        """What to call them."""
        return self._name

    @property
    def schema(self) -> pa.Schema:
        """The columns and their types."""
        return self.expression.schema().to_pyarrow()

    @property
    def rows(self) -> int | None:
        """How many rows there are."""
        counted = self.engine.run(self.expression.agg(rows=self.expression.count()))
        return int(counted["rows"][0].as_py())

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows, a batch at a time; only `columns` where given."""
        chosen = self.expression if columns is None else self.expression.select(list(columns))
        yield from self.engine.batches(chosen)

    def table(self) -> ir.Table:
        """The rows as an Ibis table."""
        return self.expression

    def run(self, expr: ir.Table) -> pa.Table:
        """The result of a query over `table`, under the time limit."""
        return self.engine.run(expr)

    def close(self) -> None:
        """Close the connection, where it was opened for these rows."""
        if self._owned:
            self.engine.close()
