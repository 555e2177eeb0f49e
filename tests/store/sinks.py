"""Tables that are written, a sink that follows them, and what both then hold."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests.engines.clickhouse_server import ClickHouse
from tests.store.batches import MODEL, START
from watchkeeper.store.sinks.clickhouse import ClickHouseSink
from watchkeeper.store.sinks.clickhouse_database import Database
from watchkeeper.store.sinks.clickhouse_rows import quoted, table_name
from watchkeeper.store.sinks.clickhouse_url import address_of
from watchkeeper.store.tables import Tables

OWNER = "a folder"
STAMP = pa.timestamp("us", "UTC")

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.store.sinks", "deltalake", "pyarrow.dataset"])


def rows(ids: Sequence[str], position: int, *, time: datetime = START, **more: Any) -> pa.Table:
    """Rows of one entry of the journal, all of one time; `more` are columns of features."""
    count = len(ids)
    return pa.table(
        {
            "_id": pa.array(ids, pa.string()),
            "_time": pa.array([time] * count, STAMP),
            "_received": pa.array([START] * count, STAMP),
            "_position": pa.array([position] * count, pa.int64()),
            "_row": pa.array(range(count), pa.int64()),
            **more,
        }
    )


class Followed:
    """Tables in a folder, and a database of their own that a sink fills.

    Parameters
    ----------
    folder
        Where the tables lie.
    url
        Of the database.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.tables = Tables(folder / "tables")
        self.database = Database(address_of(url))
        self.position = 0

    def sink(self, database: Database | None = None, **options: Any) -> ClickHouseSink:
        """A sink, as a process has it that has just begun."""
        options = {"owner": OWNER, "known": self.tables.models} | options
        return ClickHouseSink(self.tables, database or Database(address_of(self.url)), **options)

    def add(self, *ids: str, model: str = MODEL, signal_: str = "predictions", **more: Any) -> None:
        """Make a commit."""
        self.position += 1
        table = rows(ids, self.position, **more)
        self.tables.append(model, signal_, table, position=self.position)

    def check(self, model: str = MODEL, signal_: str = "predictions") -> int:
        """Both hold the same rows, value by value; how many."""
        ours = [row for batch in self.tables.batches(model, signal_) for row in batch.to_pylist()]
        columns = set(self.tables.schema(model, signal_).names)
        table = table_name(model, signal_)
        assert self.database.columns(table) >= columns
        theirs = self.read(table, columns)
        assert len(theirs) == len(ours)
        for one, other in zip(_ordered(ours), _ordered(theirs), strict=True):
            assert _plain(one) == _plain(other)
        return len(theirs)

    def read(self, table: str, columns: set[str]) -> list[dict[str, Any]]:
        """All rows of a table of ClickHouse."""
        names = ", ".join(map(quoted, sorted(columns)))
        with self.database._answering() as client:
            found: pa.Table = client.query_arrow(f"SELECT {names} FROM {quoted(table)}")
        return found.to_pylist()


def _ordered(held: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(held, key=lambda row: (row["_position"], row["_row"]))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Values that compare: NaN as text, an empty list as none, moments as numbers."""
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, float) and (math.isnan(value) or value == 0):
        return repr(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()
    return None if value == [] else value


def new_database(server: ClickHouse, name: str) -> str:
    """The URL of a database that is empty."""
    held = Database(address_of(server.url()))
    held._command(f"DROP DATABASE IF EXISTS {name}")
    held._command(f"CREATE DATABASE {name}")
    held.close()
    return server.url(database=name)


# ---- processes that die ---------------------------------------------------------------------


def start(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Start a process that runs a function of this module."""
    process = _FORKS.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


def follow_and_die(folder: Path, url: str, where: str) -> None:
    """Follow the tables in a folder until a place is reached, and die there."""
    sink = Followed(folder, url).sink(_Deadly(address_of(url), where))
    sink.step()


def follow(folder: Path, url: str) -> None:
    """Follow the tables in a folder for ever."""
    sink = Followed(folder, url).sink()
    while True:
        sink.step()


class _Deadly(Database):
    """A connection whose user is killed at a place: `noted`, `inserted` or `between`."""

    def __init__(self, address: Any, where: str) -> None:
        super().__init__(address)
        self._where = where
        self._inserts = 0

    def insert(self, table: str, rows: pa.Table, token: str) -> None:
        if self._where == "noted":
            _die()
        super().insert(table, rows, token)
        self._inserts += 1
        if self._where == "between":
            _die()

    def write(self, place: Any) -> None:
        if self._where == "inserted" and self._inserts and place.version == place.until:
            _die()
        super().write(place)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
