"""URLs of data in databases, lakes and clusters: taken apart, and shown without secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeGuard
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from watchkeeper.core.errors import InputError
from watchkeeper.core.windows import parse_every

SCHEMES = (
    "duckdb",
    "postgres",
    "postgresql",
    "clickhouse",
    "clickhouses",
    "spark",
    "sc",
    "delta",
    "delta+s3",
    "delta+gs",
    "delta+abfss",
    "bigquery",
    "snowflake",
    "trino",
    "databricks",
)
"""What a URL may begin with."""


@dataclass(frozen=True, slots=True)
class Address:
    """A URL, taken apart.

    Attributes
    ----------
    scheme
        What it begins with, one of `SCHEMES`; `postgresql` is `postgres`.
    shown
        The URL as errors show it: without user, password and options.
    options
        What stands after the question mark, but for `timeout`.
    timeout
        Seconds that a query may take, as `timeout=10m` says; None for no limit.
    secrets
        Texts that must never be seen: pass them to `readable` and `sentence`.
    label
        What a report calls the rows: the URL without secrets, and which table or query.
    """

    scheme: str
    shown: str
    user: str | None
    password: str | None = field(repr=False)
    host: str | None
    port: int | None
    path: str
    options: Mapping[str, str] = field(repr=False)
    timeout: float | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    label: str = ""


def is_url(text: object) -> bool:
    """Whether it is the URL of a database, a lake or a cluster, not a path.

    >>> is_url("postgres://localhost/db?table=t"), is_url("data.parquet")
    (True, False)
    """
    return has_scheme(text) and text.split("://", 1)[0].lower() in SCHEMES


def has_scheme(text: object) -> TypeGuard[str]:
    """Whether it looks like a URL of any kind; a drive of Windows does not.

    >>> has_scheme("mysql://localhost/db"), has_scheme("C://data")
    (True, False)
    """
    return isinstance(text, str) and re.match(r"[A-Za-z][\w+.-]+://", text) is not None


def parse_url(url: str) -> Address:
    """Take a URL apart; `${NAME}` in it stays as it is, see `secrets.resolve`.

    Parameters
    ----------
    url
        `scheme://user@host:port/database?table=schema.name`; `query=SELECT …` in place of
        `table`. Special characters are percent-encoded.

    Raises
    ------
    InputError
        It is no such URL. What it says never shows a password, even of a URL gone wrong.

    Examples
    --------
    >>> address = parse_url("postgres://ann:secret@db.example/sales?table=orders&timeout=10m")
    >>> address.shown, address.label, address.timeout
    ('postgres://db.example/sales', 'postgres://db.example/sales?table=orders', 600.0)
    """
    scheme = url.split("://", 1)[0].lower()
    if not is_url(url):
        known = ", ".join(f"{each}://" for each in SCHEMES)
        raise InputError(f"this is no database URL that is known; one begins with {known}")
    if "#" in url:
        raise InputError(f"the {scheme} URL has a bare '#'; write it as %23")
    try:
        parts = urlsplit(url)
        port = parts.port
        options = _options(parts)
    except ValueError:
        raise InputError(
            f"the {scheme} URL cannot be read; write {scheme}://user@host:port/database"
            "?table=name and percent-encode special characters in a password (%40 for @)"
        ) from None
    shown = _shown(scheme, parts)
    timeout = options.pop("timeout", None)
    return Address(
        scheme="postgres" if scheme == "postgresql" else scheme,
        shown=shown,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        host=_host(parts),
        port=port,
        path=unquote(parts.path),
        options=options,
        timeout=None if timeout is None else _seconds(timeout),
        label=_label(shown, options),
    )


def _options(parts: SplitResult) -> dict[str, str]:
    options = {
        key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()
    }
    # What stands before a bare '?' or '@' of a password must not be taken for host and port.
    if parts.port is not None and "@" in parts.path:
        raise ValueError
    if not all(re.fullmatch(r"[\w.-]+", key) for key in options):
        raise ValueError
    return options


def _seconds(text: str) -> float:
    try:
        delta = parse_every(text).delta
    except InputError:
        delta = None
    if delta is None:
        raise InputError(f"timeout={text} is no length of time; write one such as 90s, 10m or 2h")
    return delta.total_seconds()


def _host(parts: SplitResult) -> str | None:
    """The host as it is written: some are names of folders, where the case counts."""
    bare = parts.netloc.rpartition("@")[2]
    host = bare[1:].partition("]")[0] if bare.startswith("[") else bare.partition(":")[0]
    return unquote(host) or None


def _label(shown: str, options: Mapping[str, str]) -> str:
    if "table" in options:
        return f"{shown}?table={options['table']}"
    return f"{shown} (query)" if "query" in options else shown


def _shown(scheme: str, parts: SplitResult) -> str:
    host = parts.netloc.rpartition("@")[2]
    return f"{scheme}://{host}{parts.path}"
