"""A URL or a table in, its rows out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from watchkeeper.core.errors import InputError
from watchkeeper.store.engines.urls import parse_url

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from watchkeeper.profiles.remote import RemoteRows
    from watchkeeper.store.engines.base import Engine
    from watchkeeper.store.engines.streamed import StreamedRows

MODULES = {
    "duckdb": "duckdb",
    "postgres": "postgres",
}
"""The module of each scheme, which has `open_rows(address)`; loaded when one is asked for."""


def open_url(url: str) -> RemoteRows | StreamedRows:
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
    address = parse_url(url)
    module = import_module(f"watchkeeper.store.engines.{MODULES[address.scheme]}")
    opened: RemoteRows | StreamedRows = module.open_rows(address)
    return opened


def open_object(data: Any, name: str) -> RemoteRows | None:
    """The rows of an Ibis or Spark table on an engine; None where they are best read here."""
    if type(data).__module__.startswith("ibis"):
        if data.get_backend().name == "duckdb":
            return None
        from watchkeeper.store.engines.rows import TableRows

        return TableRows(engine_of(data), data, name, owned=False)
    return None


def engine_of(table: ir.Table) -> Engine:
    """The engine of an Ibis table that a user has made.

    Raises
    ------
    InputError
        Its backend is not among those whose queries are tested.
    """
    from watchkeeper.store.engines import duckdb, postgres

    backend = table.get_backend()
    if backend.name == "duckdb":
        return duckdb.DuckDBEngine(backend)
    if backend.name == "postgres":
        return postgres.PostgresEngine(backend)
    raise InputError(
        f"an Ibis table on {backend.name} cannot be profiled by queries; duckdb and postgres can. "
        "Fetch its rows with .to_pyarrow() and give those"
    )
