"""A URL or an Ibis table in, its engine out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchkeeper.core.errors import InputError
from watchkeeper.store.engines import duckdb, postgres
from watchkeeper.store.engines.base import Engine, open_wanted, parse_url

if TYPE_CHECKING:
    import ibis.expr.types as ir

SCHEMES = ("duckdb", "postgres", "postgresql")
"""What a URL may begin with."""


def is_url(text: str) -> bool:
    """Whether the text is a database URL, not a path.

    >>> is_url("postgres://localhost/db?table=t"), is_url("data.parquet")
    (True, False)
    """
    return text.split("://", 1)[0] in SCHEMES and "://" in text


def open_engine(url: str) -> tuple[Engine, ir.Table]:
    """Open the database and the table that a URL names.

    Parameters
    ----------
    url
        `duckdb://file.db?table=name` or `postgres://user@host:port/database?table=schema.name`;
        `query=SELECT …` in place of `table`.

    Returns
    -------
    tuple[Engine, ibis.Table]
        The engine, to be closed by the caller, and the rows.

    Raises
    ------
    InputError
        It cannot be opened; the message holds no secret.
    MissingExtraError
        The database's driver is not installed.
    """
    if not is_url(url):
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise InputError(f"this is no database URL that is known; one begins with {known}")
    address = parse_url(url)
    engine: Engine = (
        duckdb.connect(address) if address.scheme == "duckdb" else postgres.connect(address)
    )
    try:
        return engine, open_wanted(engine, address)
    except InputError:
        engine.close()
        raise


def engine_of(table: ir.Table) -> Engine:
    """The engine of an Ibis table that a user has made.

    Raises
    ------
    InputError
        Its backend is not among those whose queries are tested.
    """
    backend = table.get_backend()
    if backend.name == "duckdb":
        return duckdb.DuckDBEngine(backend)
    if backend.name == "postgres":
        return postgres.PostgresEngine(backend)
    raise InputError(
        f"an Ibis table on {backend.name} cannot be profiled by queries; duckdb and postgres can. "
        "Fetch its rows with .to_pyarrow() and give those"
    )
