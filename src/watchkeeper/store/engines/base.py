"""What engines share: finding tables, sampling, and errors in one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias, TypeVar

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis.common.exceptions import IbisError, TableNotFound

from watchkeeper.core.errors import InputError
from watchkeeper.profiles.base import Floats, Ints
from watchkeeper.profiles.engine import QueryEngine
from watchkeeper.profiles.expressions import plain
from watchkeeper.store.engines.urls import Address

Bins: TypeAlias = dict[int, Ints]
"""Rows in each bin, (edges + 1,), by key."""

BATCH_ROWS = 1 << 17
"""Rows that are fetched at a time."""


class Engine(QueryEngine, Protocol):
    """A database from which tables can be read, beside what a profile's queries need."""

    @property
    def name(self) -> str:
        """What to call it in an error, without secrets."""
        ...

    def table(self, name: str) -> ir.Table:
        """The table or view called `name`, or `schema.name`."""
        ...

    def query(self, sql: str) -> ir.Table:
        """The result of a SELECT statement."""
        ...

    def seed(self, value: float) -> None:
        """Seed the engine's random numbers, `value` from 0 to 1."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


def open_wanted(engine: Engine, address: Address) -> ir.Table:
    """The table or query that the URL names."""
    if "table" in address.options:
        return engine.table(address.options["table"])
    if "query" in address.options:
        return engine.query(address.options["query"])
    raise InputError(
        f"{address.shown} names a database but no table; append ?table=name or ?query=SELECT…"
    )


Opened = TypeVar("Opened")


def opened(engine: Engine, address: Address, rows: Callable[[ir.Table], Opened]) -> Opened:
    """What `rows` makes of the table or query that the URL names; the engine closed if it fails."""
    try:
        return rows(open_wanted(engine, address))
    except InputError:
        engine.close()
        raise


def compared(value: ir.FloatingValue, edges: Floats) -> ir.IntegerValue:
    """The number of edges at or below each value, by a balanced tree of comparisons."""

    def tree(low: int, high: int) -> ir.IntegerValue:
        if low == high:
            return ibis.literal(low, "int32")
        middle = (low + high) // 2
        # From text: DuckDB and others read 0.1 as a decimal, which need not become the edge.
        edge = ibis.literal(repr(float(edges[middle]))).cast("float64")
        return (value < edge).ifelse(tree(low, middle), tree(middle + 1, high))

    return tree(0, len(edges))


def grouped_bins(engine: Engine, table: ir.Table, key: str, name: str, edges: Floats) -> Bins:
    """Finite rows of one column in each bin, for each `key`, by a query grouped by `bucket`."""
    both = table.select(key=table[key], value=table[name])
    finite = both.filter(both["value"].abs() < np.inf)
    bins = finite.select("key", bin=engine.bucket(finite["value"], edges))
    found = engine.run(bins.group_by("key", "bin").agg(rows=ibis._.count()))
    keys = found["key"].to_numpy()
    counts: Bins = {}
    for code in np.unique(keys).tolist():
        here = keys == code
        counts[code] = np.zeros(len(edges) + 1, dtype=np.int64)
        counts[code][found["bin"].to_numpy()[here]] = found["rows"].to_numpy()[here]
    return counts


TABLES = """
SELECT CASE WHEN table_schema IN ('public', 'main') THEN table_name
            ELSE table_schema || '.' || table_name END AS name
FROM information_schema.tables
WHERE table_schema NOT IN ('information_schema', 'pg_catalog')
ORDER BY name
"""
"""The tables that a user may name, as every database of the SQL standard lists them."""


def find_table(backend: Any, name: str, where: str, known: Callable[[], list[str]]) -> ir.Table:
    """The table `name` or `schema.name`; a dot that belongs to a name is tried first.

    Raises
    ------
    InputError
        There is none; it names some of the tables that are `known`.
    """
    schema, _, bare = name.rpartition(".")
    tries = [(name, None), (bare, schema)] if schema else [(name, None)]
    for table, database in tries:
        try:
            found: ir.Table = backend.table(table, database=database)
        except (TableNotFound, IbisError):
            continue
        return found
    names = known()
    listed = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    hint = f"; it has {listed}" if names else ""
    raise InputError(f"{where} has no table {name!r}{hint}; check the name and its schema")


def sample(engine: Engine, table: ir.Table, rows: int, *, seed: float = 0.5) -> pa.Table:
    """About `rows` rows at random, or all of them where there are no more.

    Parameters
    ----------
    engine
        Where the table lies; its own random numbers choose the rows.
    rows
        How many rows are wanted; the number drawn varies around it by its square root.
    seed
        From 0 to 1. The same seed draws the same rows as long as the engine reads them in the
        same order (one thread on DuckDB, an unchanged table on PostgreSQL).
    """
    chosen = plain(table, engine)
    with engine.snapshot():
        total = engine.run(chosen.agg(rows=chosen.count()))["rows"][0].as_py()
        if total > rows:
            engine.seed(seed)
            chosen = chosen.filter(ibis.random() < rows / total)
        batches = list(engine.batches(chosen))
    schema = chosen.schema().to_pyarrow()
    return pa.Table.from_batches(batches) if batches else schema.empty_table()


@contextmanager
def readable(
    name: str, errors: tuple[type[Exception], ...], *secrets: str | None
) -> Iterator[None]:
    """Turn a driver's error into an `InputError` of one sentence that holds no secret.

    Parameters
    ----------
    name
        The database.
    errors
        What the driver and Ibis raise.
    secrets
        Strings that must never be seen.
    """
    try:
        yield
    except InputError:
        raise
    except errors as error:
        # `from None`: the chained error would show what is hidden here.
        raise InputError(f"{name}: {sentence(error, *secrets)}") from None


def overtime(name: str, limit: float | None) -> str:
    """What to say of a query that took longer than it may.

    >>> overtime("postgres://db.example/sales", 600.0)[:64]
    'postgres://db.example/sales: a query took longer than 600 s, its'
    """
    took = "its time limit" if limit is None else f"{limit:g} s, its time limit"
    return (
        f"{name}: a query took longer than {took}; allow more in the URL, such as timeout=1h, or "
        "ask for fewer rows or columns"
    )


def sentence(error: Exception, *secrets: str | None) -> str:
    """The first line of an error, with every secret replaced by `***`.

    >>> sentence(ValueError("no user ann:secret"), "secret")
    'no user ann:***'
    """
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else type(error).__name__
    for secret in secrets:
        if secret:
            text = re.sub(re.escape(secret), "***", text)
    return text
