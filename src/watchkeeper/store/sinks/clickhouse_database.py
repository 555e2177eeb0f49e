"""What the sink says to ClickHouse: tables, columns, rows, and how far each table is."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from watchkeeper.core import envelope
from watchkeeper.core.errors import MissingExtraError, UnavailableError
from watchkeeper.store.engines.urls import Address
from watchkeeper.store.sinks.clickhouse_rows import (
    FINGERPRINT_SQL,
    REQUIRED,
    column_type,
    quoted,
    stream,
    text,
)
from watchkeeper.store.sinks.clickhouse_url import ENGINES

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

POSITIONS = "watchkeeper_positions"
"""The table that says how far the others are."""

STAGING = "watchkeeper_staging"

_KNOWN_INSERTS = 10_000
"""Inserts whose tokens a table remembers; the sink sends again what its last few hundred were."""

_KNOWN_S = 30 * 86_400

_CONNECT_S = 10
_ANSWER_S = 120

_WORDS = re.compile(r"DB::Exception: (?P<words>.*?)(?: \(version |\Z)", re.DOTALL)
_CAUSE = re.compile(r"Caused by \w+\(.*: (?P<words>[^:\"')]+)", re.DOTALL)


class AwayError(UnavailableError):
    """ClickHouse does not answer at all, for any table."""


class Place(msgspec.Struct, frozen=True):
    """How far a table is.

    Parameters
    ----------
    model, signal
        Which table; both empty for the row that says whose database it is.
    source
        The identity of the Delta table that it follows; empty: none any more.
    version
        The version of the Delta table that it holds, whole; -1: nothing.
    until
        Rows up to this version may be there, and are sent again under the same tokens.
    position
        The journal's position that it reaches.
    """

    model: str
    signal: str
    source: str
    version: int = -1
    until: int = -1
    position: int = 0


class Database:
    """One database of a ClickHouse server, for one thread.

    Parameters
    ----------
    address
        Where it is, as `clickhouse_url.address_of` gives it.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._client: Client | None = None
        self._sequence = 0
        self._engine = address.options.get("engine", ENGINES[0])

    @property
    def shown(self) -> str:
        """What to call it, without secrets."""
        return self._address.shown

    # ---- how far tables are ------------------------------------------------------------------

    def places(self) -> dict[tuple[str, str], Place]:
        """How far each table is, by model and signal; the table of these is made where missing."""
        self._command(
            f"CREATE TABLE IF NOT EXISTS {POSITIONS} (model String, signal String, source String, "
            "version Int64, until Int64, position Int64, sequence UInt64, "
            "written DateTime64(3, 'UTC') DEFAULT now64(3)) "
            f"ENGINE = {self._engine.replace('MergeTree', 'ReplacingMergeTree')}(sequence) "
            "ORDER BY (model, signal)"
        )
        columns = "model, signal, source, version, until, position, sequence"
        rows = self._rows(f"SELECT {columns} FROM {POSITIONS} FINAL")  # noqa: S608  # our names
        self._sequence = max((row[-1] for row in rows), default=0)
        found = [Place(*row[:-1]) for row in rows]
        return {(place.model, place.signal): place for place in found if place.source}

    def write(self, place: Place) -> None:
        """Note how far a table is."""
        self._sequence += 1
        held = msgspec.structs.asdict(place) | {"sequence": self._sequence}
        rows = pa.Table.from_pylist([held])
        self._insert(POSITIONS, rows, f"{place.source} {self._sequence}")

    # ---- tables ------------------------------------------------------------------------------

    def exists(self, table: str) -> bool:
        """Whether there is a table of that name."""
        return bool(self._rows(f"EXISTS TABLE {quoted(table)}")[0][0])

    def create(self, table: str, schema: pa.Schema) -> None:
        """Make a table of event rows, where it is missing, with all columns of the schema."""
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in REQUIRED.items())
        self._command(
            f"CREATE TABLE IF NOT EXISTS {quoted(table)} ({columns}, "
            f"{envelope.ID} Nullable(String)) ENGINE = {self._engine} "
            f"PARTITION BY {envelope.DAY} ORDER BY ({envelope.TIME}, {envelope.ID}) "
            f"SETTINGS allow_nullable_key = 1, {self._window()}"
        )
        self.widen(table, schema, self.columns(table))

    def columns(self, table: str) -> set[str]:
        """The columns that a table has."""
        return {row[0] for row in self._rows(f"DESCRIBE TABLE {quoted(table)}")}

    def widen(self, table: str, schema: pa.Schema, known: set[str]) -> None:
        """Add the columns of the schema that are not known."""
        added = [
            f"ADD COLUMN IF NOT EXISTS {quoted(field.name)} {column_type(field)}"
            for field in schema
            if field.name not in known
        ]
        if added:
            self._command(f"ALTER TABLE {quoted(table)} {', '.join(added)}")

    def drop(self, table: str) -> None:
        """Remove a table with its rows, where it is there."""
        self._command(f"DROP TABLE IF EXISTS {quoted(table)} SYNC", max_table_size_to_drop=0)

    # ---- rows --------------------------------------------------------------------------------

    def insert(self, table: str, rows: pa.Table, token: str) -> None:
        """Add rows, once for a token however often it is tried.

        Raises
        ------
        UnavailableError
            Nobody knows whether they are there; the same call will do later.
        """
        self._insert(table, rows, token)

    def counts(self, table: str) -> dict[date, int]:
        """Rows by day."""
        return self._by_day("count()", table)

    def fingerprints(self, table: str) -> dict[date, int]:
        """`clickhouse_rows.fingerprint` of the rows of each day."""
        return self._by_day(FINGERPRINT_SQL, table)

    def drop_day(self, table: str, day: date) -> None:
        """Remove all rows of a day."""
        self._command(
            f"ALTER TABLE {quoted(table)} DROP PARTITION {text(str(day))}",
            max_partition_size_to_drop=0,
        )

    def stage(self, table: str) -> None:
        """Make an empty table like another one, in which the rows of a day are put together."""
        self.drop(STAGING)
        self._command(f"CREATE TABLE {STAGING} AS {quoted(table)}")

    def replace_day(self, table: str, day: date) -> None:
        """Let the staged rows of a day take the place of those in a table, all at once."""
        self._command(
            f"ALTER TABLE {quoted(table)} REPLACE PARTITION {text(str(day))} FROM {STAGING}",
            max_partition_size_to_drop=0,
        )

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    # ---- inside ------------------------------------------------------------------------------

    def _by_day(self, what: str, table: str) -> dict[date, int]:
        day = envelope.DAY
        sql = f"SELECT {day}, {what} FROM {quoted(table)} GROUP BY {day}"  # noqa: S608  # quoted
        return {row[0]: row[1] for row in self._rows(sql)}

    def _window(self) -> str:
        if self._engine == ENGINES[0]:
            return f"non_replicated_deduplication_window = {_KNOWN_INSERTS}"
        return (
            f"replicated_deduplication_window = {_KNOWN_INSERTS}, "
            f"replicated_deduplication_window_seconds = {_KNOWN_S}"
        )

    def _insert(self, table: str, rows: pa.Table, token: str) -> None:
        settings = {
            "insert_deduplicate": 1,
            "insert_deduplication_token": token,
            "async_insert": 0,  # It would put inserts of several tokens into one.
            "input_format_skip_unknown_fields": 0,
            "date_time_overflow_behavior": "ignore",
        }
        with self._answering() as client:
            client.raw_insert(quoted(table), None, stream(rows), settings, "ArrowStream")

    def _command(self, sql: str, **settings: int) -> None:
        with self._answering() as client:
            client.command(sql, settings=settings or None)

    def _rows(self, sql: str) -> Sequence[Sequence[Any]]:
        with self._answering() as client:
            rows: Sequence[Sequence[Any]] = client.query(sql).result_rows
            return rows

    @contextmanager
    def _answering(self) -> Iterator[Client]:
        """The connection; what goes wrong is told in one sentence without secrets."""
        from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

        try:
            if self._client is None:
                self._client = _connect(self._address)
            yield self._client
        except (ClickHouseError, OSError) as error:
            self._client = None  # Whatever state it is in.
            away = isinstance(error, OperationalError | OSError)
            kind = AwayError if away else UnavailableError
            # `from None`: the chained error would show what is hidden here.
            raise kind(f"{self.shown}: {_said(error, self._address)}", retry_after=5) from None


def _connect(address: Address) -> Client:
    try:
        import clickhouse_connect  # an optional package
    except ImportError:
        raise MissingExtraError(
            "clickhouse-connect", f"writing to {address.shown}", "clickhouse"
        ) from None
    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)  # It is told by us.
    secure = address.scheme == "clickhouses"
    return clickhouse_connect.get_client(
        host=address.host,
        port=address.port or (8443 if secure else 8123),
        secure=secure,
        username=address.user or "default",
        password=address.password or "",
        database=address.path.strip("/"),
        connect_timeout=_CONNECT_S,
        send_receive_timeout=_ANSWER_S,
        autogenerate_session_id=False,
    )


def _said(error: Exception, address: Address) -> str:
    """The words of ClickHouse, or why it does not answer."""
    whole = str(error).strip() or type(error).__name__
    found = _WORDS.search(whole)
    cause = None if found else _CAUSE.search(whole)
    words = found["words"] if found else whole.partition("\n")[0]
    if cause is not None:
        words = f"no answer ({cause['words'].strip()})"
    for secret in address.secrets:
        words = words.replace(secret, "***")
    return " ".join(words.split())
