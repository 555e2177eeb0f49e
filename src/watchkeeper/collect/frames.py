"""Objects in memory as sources: Arrow, pandas, Polars, DuckDB relations, Ibis tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from watchkeeper.collect.engine import arrow_table, relation_batches, table_batches
from watchkeeper.collect.source import Source, batch_rows
from watchkeeper.core.errors import InputError

if TYPE_CHECKING:
    import ibis


@dataclass(frozen=True)
class ArrowSource:
    """An Arrow table in memory."""

    data: pa.Table
    name: str = "table"

    @property
    def schema(self) -> pa.Schema:
        """The columns and their types."""
        return self.data.schema

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.data.num_rows)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows, a batch at a time, without a copy."""
        table = self.data if columns is None else self.data.select(list(columns))
        if table.num_columns == 0:
            return
        yield from table.to_batches(max_chunksize=batch_rows(len(self.schema)))

    def table(self) -> ibis.Table:
        """The rows as an Ibis table over DuckDB."""
        return arrow_table(self.data)


@dataclass(frozen=True)
class RelationSource:
    """A DuckDB relation, read afresh each time."""

    relation: Any
    name: str = "relation"

    @property
    def schema(self) -> pa.Schema:
        """The columns and their types."""
        return self.relation.limit(0).to_arrow_table().schema

    @property
    def rows(self) -> None:
        """Not known before reading."""
        return

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows, a batch at a time."""
        chosen = self.relation
        if columns is not None:
            chosen = chosen.project(", ".join(quoted(name) for name in columns))
        yield from relation_batches(chosen, batch_rows(len(self.relation.columns)))

    def table(self) -> ibis.Table:
        """The rows as an Ibis table."""
        return arrow_table(self.relation.to_arrow_table())


@dataclass(frozen=True)
class IbisSource:
    """An Ibis table on any backend: its rows come as Arrow batches."""

    expression: ibis.Table
    name: str = "table"

    @property
    def schema(self) -> pa.Schema:
        """The columns and their types."""
        return self.expression.schema().to_pyarrow()

    @property
    def rows(self) -> None:
        """Not known before reading."""
        return

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows, a batch at a time."""
        chosen = self.expression if columns is None else self.expression.select(list(columns))
        yield from table_batches(chosen, batch_rows(len(self.schema)))

    def table(self) -> ibis.Table:
        """The table itself."""
        return self.expression


def open_frame(data: object, name: str) -> Source | None:
    """The source for an object in memory, None where its type is not known.

    Raises
    ------
    InputError
        Two columns of one name, or a column of mixed types.
    """
    module = type(data).__module__.split(".", 1)[0].lstrip("_")
    if module == "ibis":
        return IbisSource(cast("ibis.Table", data), name)
    if module == "duckdb":
        return RelationSource(data, name)
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    if module == "pandas":
        data = _from_pandas(data, name)
    elif module == "polars":
        data = _collected(data).to_arrow()
    elif isinstance(data, dict):
        data = _from_mapping(data, name)
    elif not isinstance(data, pa.Table) and hasattr(data, "__arrow_c_stream__"):
        data = pa.table(data)
    if not isinstance(data, pa.Table):
        return None
    refuse_duplicates(data.column_names, name)
    return ArrowSource(data, name)


def refuse_duplicates(names: Sequence[str], where: str) -> None:
    """Raise `InputError` where a column name occurs twice."""
    twice = [repr(column) for column, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(
            f"{where} has more than one column called {', '.join(twice)}; rename them so that "
            "each name occurs once"
        )


def quoted(name: str) -> str:
    """A column name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _collected(data: Any) -> Any:
    return data.collect() if hasattr(data, "collect") else data


def _from_pandas(data: Any, name: str) -> pa.Table:
    if not hasattr(data, "columns"):
        data = data.to_frame()
    refuse_duplicates([str(column) for column in data.columns], name)
    try:
        table = pa.Table.from_pandas(data, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        column = next((c for c in data.columns if _is_mixed(data[c])), None)
        where = f"column {column!r} of {name}" if column is not None else name
        raise InputError(
            f"{where} mixes types that do not go together ({error.args[0]}); convert it to one "
            "type, for example with .astype(str)"
        ) from error
    return table.replace_schema_metadata(None)


def _is_mixed(series: Any) -> bool:
    """Whether Arrow cannot take the column alone."""
    try:
        pa.Array.from_pandas(series)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return True
    return False


def _from_mapping(data: dict[str, Any], name: str) -> pa.Table:
    try:
        return pa.table(data)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InputError(f"{name} is no table of columns of equal length: {error}") from error
