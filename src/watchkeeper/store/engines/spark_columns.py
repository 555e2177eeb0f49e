"""The columns of a Spark DataFrame: their Arrow types, and which of them a profile needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from watchkeeper.core.errors import InputError, RuleError
from watchkeeper.core.model import Role
from watchkeeper.profiles.layout import Layout
from watchkeeper.store.engines.spark_tasks import WINDOW, Rules, plain_type

if TYPE_CHECKING:
    from watchkeeper.profiles.tallies import Check


def arrow_schema(frame: Any, name: str) -> pa.Schema:
    """The columns of a DataFrame in the types in which they are counted.

    A type that Arrow lacks comes as text.

    Raises
    ------
    InputError
        Two columns have one name, or the rows are a stream.
    """
    if frame.isStreaming:
        raise InputError(f"{name} is a stream; give a table, or the rows of a time that is over")
    fields = frame.schema.fields
    twice = [repr(column) for column, n in Counter(f.name for f in fields).items() if n > 1]
    if twice:
        raise InputError(
            f"{name} has more than one column called {', '.join(twice)}; rename them so that each "
            "name occurs once"
        )
    return pa.schema([(f.name, _arrow_type(f.dataType) or pa.string()) for f in fields])


def _arrow_type(dtype: Any) -> pa.DataType | None:
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import to_arrow_type

    try:
        return plain_type(to_arrow_type(dtype, timezone="UTC"))
    except PySparkException:
        return None


def functions_of(frame: Any) -> Any:
    """The functions that go with a DataFrame: a process may have both kinds of session."""
    if is_connect(frame):
        from pyspark.sql.connect import functions as remote

        return remote
    from pyspark.sql import functions

    return functions


def is_connect(held: Any) -> bool:
    """Whether a DataFrame or session is one of Spark Connect."""
    return type(held).__module__.startswith("pyspark.sql.connect")


def quoted(name: str) -> str:
    """A column's name as Spark reads it whole.

    >>> quoted("a.b")
    '`a.b`'
    """
    return "`" + name.replace("`", "``") + "`"


def numbered(frame: Any, names: Iterable[str]) -> Any:
    """Some columns under names of our own, since the data's may be anything.

    Spark reads a dot in a name as a field of a struct, and tells no `A` from `a`.
    """
    sf = functions_of(frame)
    wanted = set(names)
    fields = frame.schema.fields
    renamed = frame.toDF(*(f"c{i}" for i in range(len(fields))))
    return renamed.select(
        *(
            sf.col(f"c{i}") if _arrow_type(field.dataType) else sf.col(f"c{i}").cast("string")
            for i, field in enumerate(fields)
            if field.name in wanted
        )
    )


def needed(layout: Layout, schema: pa.Schema, further: Iterable[str]) -> tuple[str, ...]:
    """The columns that a profile reads, in the order of the data; at least one.

    Parameters
    ----------
    layout
        What is counted.
    schema
        The columns that there are.
    further
        Columns that row rules name, and the timestamp.
    """
    model = layout.model
    roles = (model.id, model.label, model.prediction, model.score, model.group)
    wanted = {*further, *roles, *layout.segments, *(column for _, column in model.scores)}
    wanted |= {column.name for column in model.columns if column.role is not Role.IGNORED}
    return tuple(name for name in schema.names if name in wanted) or (schema.names[0],)


def rules_of(schema: pa.Schema, checks: Mapping[str, Check]) -> Rules | None:
    """How an executor counts the row rules, None where there are none.

    They become SQL of DuckDB, which runs inside the executors over the same batches, so that a
    rule means what it means on files.

    Raises
    ------
    RuleError
        A rule does not fit the columns.
    """
    if not checks:
        return None
    import ibis  # half a second, which a model without rules never needs
    from ibis.expr.operations import Field

    from watchkeeper.profiles.tallies import tally_query

    rows = ibis.table(
        ibis.Schema.from_pyarrow(schema.append(pa.field(WINDOW, pa.int64()))), name="rows"
    )
    query = tally_query(rows, checks, by=[WINDOW])
    named = {field.name for field in query.op().find(Field) if field.rel == rows.op()} - {WINDOW}
    alike = [name for name, n in Counter(map(str.lower, named)).items() if n > 1]
    if alike:
        raise RuleError(
            f"rules name columns that differ by case alone ({', '.join(alike)}); rename one of them"
        )
    return Rules(
        str(ibis.to_sql(query, dialect="duckdb")),
        tuple(name for name in schema.names if name in named),
        tuple(checks),
    )
