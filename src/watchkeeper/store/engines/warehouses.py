"""BigQuery, Snowflake, Trino and Databricks, by the drivers that Ibis uses for them."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

import ibis

from watchkeeper.core.errors import InputError, MissingExtraError
from watchkeeper.profiles.remote import RemoteRows
from watchkeeper.store.engines.base import opened, sentence
from watchkeeper.store.engines.generic import IbisEngine, rows_on
from watchkeeper.store.engines.streamed import StreamedRows
from watchkeeper.store.engines.urls import Address

PASSWORDS = {
    "snowflake": "SNOWFLAKE_PASSWORD",
    "trino": "TRINO_PASSWORD",
    "databricks": "DATABRICKS_TOKEN",
}
"""Where a password is looked for that the URL does not have."""


def open_rows(address: Address) -> RemoteRows | StreamedRows:
    """The rows that a URL names.

    They are profiled by queries where the warehouse counts a few known rows as the kernel does;
    where it does not, or has types of its own, the rows are streamed to the kernel.

    Raises
    ------
    InputError
        The warehouse cannot be reached or refuses the user.
    MissingExtraError
        Its driver is not installed.
    """
    engine = connect(address)
    return opened(engine, address, lambda table: rows_on(engine, table, address.label))


def connect(address: Address) -> IbisEngine:
    """Connect to a warehouse; errors as for `open_rows`."""
    scheme = address.scheme
    password = address.password or os.environ.get(PASSWORDS.get(scheme, ""), None)
    secrets = (*address.secrets, *filter(None, (password,)))
    given = {
        name: value
        for name, value in _GIVEN[scheme](address, password).items()
        if value not in (None, "")
    }
    try:
        backend = getattr(ibis, scheme).connect(**given)
    except ImportError as error:
        package = (error.name or scheme).partition(".")[0]
        raise MissingExtraError(package, f"reading {address.shown}", scheme) from None
    except Exception as error:  # noqa: BLE001  # every driver raises its own
        raise InputError(
            f"{address.shown} cannot be reached ({sentence(error, *secrets)}); check the address "
            "and how the driver finds its credentials"
        ) from None
    return IbisEngine(backend, address.shown, secrets)


def _parts(address: Address, what: str) -> list[str]:
    """The names in the path, at most two."""
    names = [name for name in address.path.split("/") if name]
    if len(names) > 2:
        raise InputError(f"{address.shown} has too many parts; write {what}")
    return [*names, "", ""][:2]


def _bigquery(address: Address, password: str | None) -> dict[str, Any]:
    if password is not None or address.user is not None:
        raise InputError(
            "a bigquery:// URL has no user or password; name the service account's file in "
            "GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`"
        )
    dataset, _ = _parts(address, "bigquery://project/dataset?table=name")
    return {
        "project_id": address.host,
        "dataset_id": dataset,
        "location": address.options.get("location"),
    }


def _snowflake(address: Address, password: str | None) -> dict[str, Any]:
    database, schema = _parts(address, "snowflake://user@account/database/schema?table=name")
    limit = _seconds(address)
    return {
        "user": address.user or os.environ.get("SNOWFLAKE_USER"),
        "password": password,
        "account": address.host,
        "database": "/".join(filter(None, (database, schema))),
        **{name: address.options.get(name) for name in ("warehouse", "role", "authenticator")},
        "private_key_file": address.options.get("private_key_file"),
        "session_parameters": {"STATEMENT_TIMEOUT_IN_SECONDS": limit} if limit else None,
        # Ibis would create functions in the database, which a reader may not.
        "create_object_udfs": False,
    }


def _trino(address: Address, password: str | None) -> dict[str, Any]:
    catalog, schema = _parts(address, "trino://user@host:port/catalog/schema?table=name")
    limit = _seconds(address)
    return {
        "user": address.user or os.environ.get("TRINO_USER") or "watchkeeper",
        "auth": password,
        "host": address.host,
        "port": address.port or (443 if password else 8080),
        "database": catalog,
        "schema": schema,
        "source": "watchkeeper",
        "session_properties": {"query_max_run_time": f"{limit}s"} if limit else None,
    }


def _databricks(address: Address, password: str | None) -> dict[str, Any]:
    catalog, schema = _parts(address, "databricks://host/catalog/schema?http_path=…&table=name")
    limit = _seconds(address)
    return {
        "server_hostname": address.host,
        "http_path": address.options.get("http_path"),
        "access_token": password,
        "catalog": catalog,
        "schema": schema,
        "session_configuration": {"STATEMENT_TIMEOUT": str(limit)} if limit else None,
    }


_GIVEN: dict[str, Callable[[Address, str | None], dict[str, Any]]] = {
    "bigquery": _bigquery,
    "snowflake": _snowflake,
    "trino": _trino,
    "databricks": _databricks,
}


def _seconds(address: Address) -> int | None:
    """The time limit in whole seconds, at least one."""
    return None if address.timeout is None else max(1, math.ceil(address.timeout))
