"""What the query half of a profile asks of a database: the seam between profile and engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from watchkeeper.profiles.base import Floats, Ints

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa


class QueryEngine(Protocol):
    """A database that runs Ibis expressions, and the few things in which databases differ.

    The law: for the same rows every engine gives the same counts, and the same sums up to the
    reordering of floating-point addition; `watchkeeper.testing.check_engine` holds it.
    """

    @property
    def traps(self) -> bool:
        """Whether a floating-point overflow or underflow is an error there, not an inf or 0."""
        ...

    def run(self, expr: ir.Table) -> pa.Table:
        """The result of a query, all at once."""
        ...

    def batches(self, expr: ir.Table) -> Iterator[pa.RecordBatch]:
        """The result of a query, piece by piece."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Inside it all queries see the same rows, whatever others write meanwhile."""
        ...

    def bucket(self, value: ir.FloatingValue, edges: Floats) -> ir.IntegerValue:
        """The number of `edges` at or below each value; the value is neither null nor NaN."""
        ...

    def histograms(
        self, table: ir.Table, key: str, edges: Mapping[str, Floats]
    ) -> dict[str, dict[int, Ints]]:
        """For each column of `edges` and each `key`: finite rows in each bin, (edges + 1,).

        A key without finite rows may be absent.
        """
        ...

    def computed(self, table: ir.Table) -> ir.Table:
        """The same rows, whose columns are computed once for each row, however often used."""
        ...

    def seconds(self, value: ir.Value) -> ir.FloatingValue:
        """A date, time or timestamp as seconds, since 1970 (UTC) where it has a date."""
        ...

    def text(self, value: ir.StringValue) -> ir.StringValue:
        """What Ibis takes for text as text that compares by its characters alone."""
        ...

    def decimal(self, value: ir.DecimalValue) -> ir.FloatingValue:
        """A decimal as the nearest float64."""
        ...

    def digest(self, text: ir.StringValue) -> ir.StringValue:
        """The MD5 of a text's UTF-8 bytes in lower-case hexadecimal."""
        ...
