"""URLs of data in databases, lakes and clusters: taken apart, and shown without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from watchkeeper.core.errors import InputError

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
        What stands after the question mark.
    """

    scheme: str
    shown: str
    user: str | None
    password: str | None = field(repr=False)
    host: str | None
    port: int | None
    path: str
    options: Mapping[str, str] = field(repr=False)

    @property
    def label(self) -> str:
        """What a report calls the rows: the URL without secrets, and which table or query.

        >>> parse_url("postgres://ann:secret@db.example/sales?table=orders").label
        'postgres://db.example/sales?table=orders'
        """
        if "table" in self.options:
            return f"{self.shown}?table={self.options['table']}"
        return f"{self.shown} (query)" if "query" in self.options else self.shown


def is_url(text: object) -> bool:
    """Whether it is the URL of a database, a lake or a cluster, not a path.

    >>> is_url("postgres://localhost/db?table=t"), is_url("data.parquet")
    (True, False)
    """
    return isinstance(text, str) and "://" in text and text.split("://", 1)[0] in SCHEMES


def parse_url(url: str) -> Address:
    """Take a URL apart.

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
    >>> parse_url("postgres://ann:secret@db.example/sales?table=orders").shown
    'postgres://db.example/sales'
    """
    scheme = url.split("://", 1)[0]
    if not is_url(url):
        known = ", ".join(f"{each}://" for each in SCHEMES)
        raise InputError(f"this is no database URL that is known; one begins with {known}")
    if "#" in url:
        raise InputError(f"the {scheme} URL has a bare '#'; write it as %23")
    try:
        parts = urlsplit(url)
        port = parts.port
        options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    except ValueError:
        raise InputError(
            f"the {scheme} URL cannot be read; write {scheme}://user@host:port/database"
            "?table=name and percent-encode special characters in a password (%40 for @)"
        ) from None
    return Address(
        scheme="postgres" if scheme == "postgresql" else scheme,
        shown=_shown(scheme, parts),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        host=unquote(parts.hostname) if parts.hostname else None,
        port=port,
        path=unquote(parts.path),
        options=options,
    )


def _shown(scheme: str, parts: SplitResult) -> str:
    host = parts.netloc.rpartition("@")[2]
    return f"{scheme}://{host}{parts.path}"
