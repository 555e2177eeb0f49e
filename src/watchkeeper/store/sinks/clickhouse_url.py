"""The URL of a sink: where it is, and its password."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from watchkeeper.core.errors import InputError
from watchkeeper.store.engines.secrets import resolve
from watchkeeper.store.engines.urls import Address

PASSWORD = "CLICKHOUSE_PASSWORD"  # noqa: S105  # the name of a variable
"""The environment variable that holds the password, where the URL names no other."""

ENGINES = ("MergeTree", "ReplicatedMergeTree")

_OPTIONS = {"engine"}


def address_of(url: str, environment: Mapping[str, str] = os.environ) -> Address:
    """Where a sink is, with its password.

    Parameters
    ----------
    url
        `clickhouse://user@host:8123/database`, or `clickhouses://…` for TLS. The password is
        what `CLICKHOUSE_PASSWORD` says, or `?password_file=` names.
    environment
        The variables.

    Raises
    ------
    InputError
        It is another URL, names no database, or its secrets cannot be had.

    Examples
    --------
    >>> address = address_of("clickhouse://ann@db.example/watchkeeper", {PASSWORD: "secret"})
    >>> address.password, address.shown
    ('secret', 'clickhouse://db.example/watchkeeper')
    """
    address = resolve(url, environment)
    if address.scheme not in ("clickhouse", "clickhouses"):
        raise InputError(
            f"{address.shown} is no URL of ClickHouse; write clickhouse://user@host:8123/database"
        )
    if not address.host or not address.path.strip("/"):
        raise InputError(
            f"{address.shown} names no host and database; write "
            "clickhouse://user@host:8123/database, and make the database first"
        )
    if unknown := address.options.keys() - _OPTIONS:
        raise InputError(
            f"{address.shown} has the option {min(unknown)!r}, which a sink does not know; it "
            "knows engine and password_file"
        )
    if (engine := address.options.get("engine", ENGINES[0])) not in ENGINES:
        raise InputError(
            f"engine={engine} is none for {address.shown}; take {' or '.join(ENGINES)}"
        )
    if address.password is None and (password := environment.get(PASSWORD)):
        secrets = (*address.secrets, password)
        return replace(address, password=password, secrets=secrets)
    return address
