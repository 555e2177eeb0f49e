"""Rows of a database that runs queries: profiled there, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import ibis
import ibis.expr.datatypes as dt
import numpy as np

from watchkeeper.core.errors import InputError
from watchkeeper.core.progress import Progress, silent
from watchkeeper.core.windows import from_seconds
from watchkeeper.profiles.expressions import plain, plain_column
from watchkeeper.profiles.query import profile_table
from watchkeeper.profiles.remote import RemoteRows
from watchkeeper.store.engines.base import Engine, sample

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from watchkeeper.profiles.layout import Layout
    from watchkeeper.profiles.profile import Profile


@runtime_checkable
class Typed(Protocol):
    """An engine that can say of which types the columns of a table are now."""

    def column_types(self, table: ir.Table) -> object:
        """Something that is equal as long as the columns are the same, of the same types."""
        ...


class TableRows(RemoteRows):
    """A table or query of a database.

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
    types
        What `Typed.column_types` said when the table was opened; asked for where it is None.
    """

    def __init__(
        self,
        engine: Engine,
        table: ir.Table,
        name: str,
        *,
        owned: bool = True,
        types: object = None,
    ) -> None:
        self.engine = engine
        self.table = table
        self._name = name
        self._owned = owned
        self._types = self._types_now() if types is None else types

    @property
    def name(self) -> str:
        """What to call them."""
        return self._name

    @property
    def schema(self) -> pa.Schema:
        """The columns and the Arrow types that the database gives them out in."""
        return plain(self.table, self.engine).schema().to_pyarrow()

    def sample(self, rows: int, *, seed: float = 0.5) -> pa.Table:
        """About `rows` rows at random, or all where there are no more."""
        drawn = sample(self.engine, self.table, rows, seed=seed)
        self._refuse_changed()
        return drawn

    def profile(self, layout: Layout, *, progress: Progress = silent) -> Profile:
        """The profile of all rows."""
        profile = profile_table(
            self.table, layout, self.engine, progress=progress, name=f"profiling {self.name}"
        )
        self._refuse_changed()
        return profile

    def profile_windows(
        self,
        layout: Layout,
        timestamp: str,
        edges: Sequence[float],
        *,
        progress: Progress = silent,
    ) -> dict[int, Profile]:
        """A profile for each window with rows, each from queries over its own rows."""
        found: dict[int, Profile] = {}
        count = len(edges) - 1
        for index, (start, end) in enumerate(pairwise(edges)):
            progress(index / count, f"profiling {self.name}, window {index + 1} of {count}")
            profile = self.between(timestamp, start, end).profile(layout)
            if profile.whole.rows:
                found[index] = profile
        return found

    def span(self, timestamp: str) -> tuple[float, float] | None:
        """The first and last time in a column, in seconds since 1970; None where there is none."""
        timed = self.table.select(seconds=self.engine.seconds(self._timed(timestamp)))
        # A database may have times at infinity, which are in no window.
        timed = timed.filter(timed.seconds.abs() < np.inf)
        (row,) = self.engine.run(
            timed.agg(low=timed.seconds.min(), high=timed.seconds.max())
        ).to_pylist()
        return None if row["low"] is None else (row["low"], row["high"])

    def between(self, timestamp: str, start: float, end: float) -> TableRows:
        """The rows with `start <= timestamp < end`, over the same connection."""
        column = self.table[timestamp]
        low, high = (_moment(self._timed(timestamp).type(), at) for at in (start, end))
        kept = self.table.filter((column >= low) & (column < high))
        return TableRows(self.engine, kept, self.name, owned=False, types=self._types)

    def close(self) -> None:
        """Close the connection, where it was opened for these rows."""
        if self._owned:
            self.engine.close()

    def _types_now(self) -> object:
        return self.engine.column_types(self.table) if isinstance(self.engine, Typed) else None

    def _refuse_changed(self) -> None:
        """Refuse what was counted by queries that were written for other columns."""
        if self._types is not None and self._types_now() != self._types:
            raise InputError(
                f"the columns of {self.name} were changed while it was read; start again"
            )

    def _timed(self, timestamp: str) -> ir.Value:
        column = plain_column(self.table, timestamp, self.engine)
        if not (column.type().is_timestamp() or column.type().is_date()):
            raise InputError(
                f"the timestamp column {timestamp!r} of {self.name} is of type {column.type()}; "
                "give a query that casts it to a timestamp"
            )
        return column


def _moment(dtype: dt.DataType, seconds: float) -> ir.Value:
    """A time as a constant of the column's own type, so that indexes and partitions serve."""
    at = from_seconds(seconds)
    if isinstance(dtype, dt.Timestamp):
        moment = at if dtype.timezone else at.replace(tzinfo=None)
        return ibis.literal(moment, dt.Timestamp("UTC" if dtype.timezone else None, scale=6))
    # A day counts as its midnight, so the first day within begins at or after the bound.
    day = at.date() if at == at.replace(hour=0, minute=0, second=0, microsecond=0) else None
    return ibis.literal(day or at.date() + timedelta(days=1), dt.date)
