"""A URL or a table in, its rows out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from watchkeeper.store.engines.secrets import resolve

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from watchkeeper.profiles.remote import RemoteRows
    from watchkeeper.store.engines.delta import DeltaRows
    from watchkeeper.store.engines.streamed import StreamedRows

MODULES = {
    "duckdb": "duckdb",
    "postgres": "postgres",
    "clickhouse": "clickhouse",
    "clickhouses": "clickhouse",
    "delta": "delta",
    "delta+s3": "delta",
    "delta+gs": "delta",
    "delta+abfss": "delta",
    "spark": "spark",
    "sc": "spark",
    "bigquery": "warehouses",
    "snowflake": "warehouses",
    "trino": "warehouses",
    "databricks": "warehouses",
}
"""The module of each scheme, which has `open_rows(address)`; loaded when one is asked for."""


def open_url(url: str) -> RemoteRows | StreamedRows | DeltaRows:
    """The rows that a URL names.

    Parameters
    ----------
    url
        Such as `postgres://user@host:port/database?table=schema.name`, or `query=SELECT …` in
        place of `table`. See `docs/engines` for each engine's own.

    Raises
    ------
    InputError
        It cannot be opened; the message holds no secret.
    MissingExtraError
        The driver is not installed.
    """
    address = resolve(url)
    module = import_module(f"watchkeeper.store.engines.{MODULES[address.scheme]}")
    opened: RemoteRows | StreamedRows | DeltaRows = module.open_rows(address)
    return opened


def open_object(data: Any, name: str) -> RemoteRows | StreamedRows | None:
    """The rows of an Ibis or Spark table on an engine; None where they are best read here."""
    if type(data).__module__.startswith("pyspark."):
        from watchkeeper.store.engines.spark import rows_of

        return rows_of(data, name)
    if not type(data).__module__.startswith("ibis"):
        return None
    engine = engine_of(data)
    if engine.backend.name == "duckdb":
        return None
    from watchkeeper.store.engines.generic import IbisEngine, rows_on
    from watchkeeper.store.engines.rows import TableRows

    if isinstance(engine, IbisEngine):
        return rows_on(engine, data, name, owned=False)
    return TableRows(engine, data, name, owned=False)


def engine_of(table: ir.Table) -> Any:
    """The engine of an Ibis table that a user has made: an `Engine` with its `backend`."""
    from watchkeeper.store.engines import clickhouse, duckdb, generic, postgres

    backend = table.get_backend()
    if backend.name == "duckdb":
        return duckdb.DuckDBEngine(backend)
    if backend.name == "postgres":
        return postgres.PostgresEngine(backend)
    if backend.name == "clickhouse":
        return clickhouse.engine_on(backend)
    return generic.IbisEngine(backend, backend.name)
