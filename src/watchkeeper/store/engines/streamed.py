"""Rows that come as Arrow batches from where they are, for the kernel to profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from watchkeeper.store.engines.base import Engine

if TYPE_CHECKING:
    import ibis.expr.types as ir


class StreamedRows:
    """A table of an engine that runs in this process, where moving rows costs nothing.

    DuckDB's `histogram` takes 70 to 150 ns a value, the kernel 20 to 35 ns.
    """

    def __init__(self, engine: Engine, table: ir.Table, name: str) -> None:
        self.engine = engine
        self.expression = table
        self._name = name

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

    def close(self) -> None:
        """Close the connection."""
        self.engine.close()
