"""The rows of the event tables in ClickHouse as well: each commit of a Delta table, once.

Delta is the truth, and the sink follows it: for each table it remembers, in ClickHouse, up to which
version the rows are there. Before it sends what some versions added it notes which; whatever ends
it then, it sends the same again, under the same tokens, and ClickHouse passes over what it has.

What the log does not say as rows that were added (days that were dropped, rows that were deleted,
versions that are cleaned away) is found by comparing days, and a day that differs is made again
beside the table and put in its place at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace

from watchkeeper.core import envelope
from watchkeeper.core.envelope import Signal
from watchkeeper.core.errors import InputError, NotFoundError, UnavailableError, WatchkeeperError
from watchkeeper.store.sinks.clickhouse_database import STAGING, AwayError, Database, Place
from watchkeeper.store.sinks.clickhouse_rows import (
    FIRST_DAY,
    PIECE_ROWS,
    as_sent,
    digest,
    fingerprint,
    pieces,
    table_name,
)
from watchkeeper.store.sinks.following import Span, rows_of, span_after
from watchkeeper.store.table_handle import Handle
from watchkeeper.store.table_reading import Snapshot
from watchkeeper.store.tables import Tables, Wanted

ROWS_AT_ONCE = 200_000
"""Rows that are held in memory while they are sent."""

_VERSIONS_AT_ONCE = 500

_ROWS_A_STEP = 2_000_000
"""Rows of one table before the others have their turn."""

Name = tuple[str, str]
"""Model and signal."""


class ClickHouseSink:
    """Sends what the tables gain, for one thread.

    Parameters
    ----------
    tables
        What is followed.
    database
        Where it goes.
    owner
        Whose rows these are: a database is filled by one server.
    known
        The models that there are: tables of others are removed.
    stopping
        Whether it is time to end a step early.
    """

    def __init__(
        self,
        tables: Tables,
        database: Database,
        *,
        owner: str,
        known: Callable[[], Collection[str]],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._tables = tables
        self._database = database
        self._owner = owner
        self._known = known
        self._stopping = stopping
        self._places: dict[Name, Place] | None = None
        self._columns: dict[Name, set[str]] = {}
        self._sure: set[Name] = set()
        self._behind: dict[Name, int] = {}
        self.failing: dict[Name, str] = {}
        """Tables that could not be followed when last tried, with why."""

    def step(self) -> int:
        """Send what the tables gained since the last step, and follow what they lost.

        Returns
        -------
        int
            Rows that were sent.

        Raises
        ------
        UnavailableError
            ClickHouse does not answer; the same call will do later.
        InputError
            The database belongs to somebody else.
        """
        if self._places is None:
            self._begin()
        names = [(model, signal.value) for model, signal in self._tables.names()]
        self._remove_others(names)
        sent = 0
        for name in names:
            if self._stopping():
                break
            sent += self._guarded(name)
        return sent

    def behind(self) -> int:
        """Versions of all tables that are not in ClickHouse yet, as of the last step."""
        return sum(self._behind.values())

    def reached(self, model: str, signal: str) -> int:
        """The version of a table whose rows are all in ClickHouse; -1: none."""
        place = (self._places or {}).get((model, Signal(signal).value))
        return -1 if place is None else place.version

    def doubt(self) -> None:
        """Compare the days of every table in the next step, as after a start."""
        self._sure.clear()

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    # ---- one step ----------------------------------------------------------------------------

    def _begin(self) -> None:
        places = self._database.places()
        mine = Place("", "", self._owner)
        held = places.pop(("", ""), None)
        if held is None:
            self._database.write(mine)
        elif held.source != self._owner:
            raise InputError(
                f"{self._database.shown} is filled by another Watchkeeper, or by this one before "
                "its folder was restored; give each server an empty database of its own"
            )
        self._places = places
        self._sure.clear()
        self._columns.clear()

    def _remove_others(self, names: list[Name]) -> None:
        """Remove the tables of models that are not there any more."""
        absent = self._held().keys() - set(names)
        known = {*self._known(), ""} if absent else set()
        for name in [name for name in absent if name[0] not in known]:
            self._database.drop(table_name(*name))
            self._note(Place(*name, source=""))
            self._forget(name)

    def _guarded(self, name: Name) -> int:
        """Follow a table; what goes wrong there keeps no other waiting."""
        try:
            sent = self._follow(name)
        except AwayError:
            self._places = None  # Who knows what it comes back with.
            raise
        except Exception as error:  # noqa: BLE001  One table must not stop the others.
            told = isinstance(error, WatchkeeperError)
            self.failing[name] = str(error) if told else f"{type(error).__name__}: {error}"
            self._sure.discard(name)
            self._columns.pop(name, None)
            return 0
        self.failing.pop(name, None)
        return sent

    def _follow(self, name: Name) -> int:
        handle = self._tables.handle(*name)
        source, newest = _glance(handle)
        held = self._held().get(name)
        here = None if held is None else (held.source, held.version)
        if here == (source, newest) and name in self._sure:
            return 0
        snapshot = handle.snapshot()
        if snapshot is None:
            return 0
        place = self._place(name, source, snapshot)
        newest = snapshot.version
        self._behind[name] = max(newest - place.version, 0)
        if newest < max(place.version, place.until):  # Somebody went back to a backup.
            return self._equalise(name, snapshot, deep=True)
        sent, plain = 0, name in self._sure
        while place.version < newest and sent < _ROWS_A_STEP and not self._stopping():
            try:
                span, rows = self._gathered(name, place, snapshot)
            except NotFoundError:  # Versions are cleaned away that were not followed.
                return sent + self._equalise(name, snapshot, deep=True)
            plain = plain and span.whole
            if not span.whole:
                self._sure.discard(name)  # Also where this step ends before days are compared.
            place = self._sent(name, place, span.last, rows)
            sent += rows.num_rows
            self._behind[name] = newest - place.version
        if place.version == newest and not plain:
            sent += self._equalise(name, snapshot)
        return sent

    # ---- rows that were added ----------------------------------------------------------------

    def _place(self, name: Name, source: str, snapshot: Snapshot) -> Place:
        """How far a table is; it is made where it is new, or where its Delta table is another."""
        place = self._held().get(name)
        if place is not None and place.source == source:
            return place
        table = table_name(*name)
        if place is not None:
            self._database.drop(table)
        elif self._database.exists(table):
            raise InputError(
                f"{self._database.shown} has a table {table!r} that is not of the sink; rename it, "
                "or give the sink an empty database"
            )
        place = Place(*name, source=source)
        self._note(place)  # Before the table is there: after a crash it is known whose it is.
        self._forget(name, keep=True)
        self._database.create(table, snapshot.schema())
        return place

    def _gathered(self, name: Name, place: Place, snapshot: Snapshot) -> tuple[Span, pa.Table]:
        """The next versions, and what they added."""
        handle = self._tables.handle(*name)
        if place.until > place.version:  # On its way when something ended: the same once more.
            span = span_after(handle, place.version, place.until, rows=None)
        else:
            last = min(snapshot.version, place.version + _VERSIONS_AT_ONCE)
            span = span_after(handle, place.version, last, rows=ROWS_AT_ONCE)
        return span, rows_of(handle, snapshot, span)

    def _sent(self, name: Name, place: Place, until: int, rows: pa.Table) -> Place:
        """Send what some versions added: noted as on its way before, and as there when it is."""
        if rows.num_rows:
            if place.until != until:
                place = replace(place, until=until)
                self._note(place)
            rows = as_sent(rows)
            self._widen(name, rows.schema)
            span = f"{name[0]}/{name[1]}/{place.version}-{place.until}/{digest(rows)}"
            for number, piece in enumerate(pieces(rows)):
                self._database.insert(table_name(*name), piece, f"{span}/{number}")
        reached = max(_last_position(rows), place.position)
        place = replace(place, version=until, until=until, position=reached)
        self._note(place)
        return place

    def _widen(self, name: Name, schema: pa.Schema) -> None:
        known = self._columns.get(name)
        if known is None:
            table = table_name(*name)
            self._database.create(table, schema)  # A crash may have come before it was made.
            known = self._columns[name] = self._database.columns(table)
        if not known.issuperset(schema.names):
            self._database.widen(table_name(*name), schema, known)
            known.update(schema.names)

    # ---- what is not told as rows ------------------------------------------------------------

    def _equalise(self, name: Name, snapshot: Snapshot, *, deep: bool = False) -> int:
        """Make each day what it is in the Delta table; the rows that were sent for it.

        Parameters
        ----------
        name
            Which table.
        snapshot
            The version that it is to be.
        deep
            Whether to compare rows, not their number: where versions are not known one by one.
        """
        table = table_name(*name)
        self._widen(name, snapshot.schema())
        ours = _by_day(snapshot)
        theirs = self._database.counts(table)
        marks = self._database.fingerprints(table) if deep else {}
        for day in sorted(theirs.keys() - ours.keys()):
            self._database.drop_day(table, day)
        sent = 0
        for day, rows in sorted(ours.items()):
            if self._stopping():
                return sent
            differs = theirs.get(day, 0) != rows
            if differs or (deep and marks.get(day, 0) != self._mark(name, snapshot.version, day)):
                sent += self._make_again(name, snapshot.version, day, rows)
        version = snapshot.version
        position = self._tables.position(*name)
        place = self._held()[name]
        if (place.version, place.until) != (version, version):
            self._note(replace(place, version=version, until=version, position=position))
        self._behind[name] = 0
        self._sure.add(name)
        return sent

    def _mark(self, name: Name, version: int, day: date) -> int:
        wanted = _of_day(day, version, (envelope.POSITION, envelope.ROW))
        found = sum(fingerprint(batch) for batch in self._tables.batches(*name, wanted))
        return found % 2**64

    def _make_again(self, name: Name, version: int, day: date, rows: int) -> int:
        """Put the rows of a day together beside the table, and let them take its place."""
        table, attempt = table_name(*name), uuid.uuid4().hex
        self._database.stage(table)
        sent = number = 0
        wanted = _of_day(day, version, None)
        for group in _grouped(self._tables.batches(*name, wanted)):
            for piece in pieces(as_sent(group)):
                self._database.insert(STAGING, piece, f"{attempt}/{number}")
                number += 1
                sent += piece.num_rows
        held = sum(self._database.counts(STAGING).values())
        if not held == sent == rows:  # The folder may be gone, or be another one by now.
            raise UnavailableError(
                f"of {rows} rows of {day} of the {name[1]} of {name[0]!r} {sent} were read and "
                f"{held} reached {self._database.shown}; it is tried again"
            )
        self._database.replace_day(table, day)
        self._database.drop(STAGING)
        return sent

    # ---- inside ------------------------------------------------------------------------------

    def _held(self) -> dict[Name, Place]:
        if self._places is None:
            self._begin()
        assert self._places is not None  # noqa: S101  # it has begun
        return self._places

    def _note(self, place: Place) -> None:
        self._database.write(place)
        self._held()[place.model, place.signal] = place

    def _forget(self, name: Name, *, keep: bool = False) -> None:
        self._columns.pop(name, None)
        self._sure.discard(name)
        self._behind.pop(name, None)
        self.failing.pop(name, None)
        if not keep:
            self._held().pop(name, None)


def _glance(handle: Handle) -> tuple[str, int]:
    """What tells a Delta table from one made later under the same name, and its newest version."""
    with handle.lock:
        delta = handle.load()
        return ("", -1) if delta is None else (str(delta.metadata().id), delta.version())


def _by_day(snapshot: Snapshot) -> dict[date, int]:
    """Rows by day, as ClickHouse has days."""
    rows: dict[date, int] = {}
    for file in snapshot.files:
        day = max(file.day, FIRST_DAY)
        rows[day] = rows.get(day, 0) + file.rows
    return rows


def _of_day(day: date, version: int, columns: tuple[str, ...] | None) -> Wanted:
    """The rows that ClickHouse has under a day."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    first = None if day == FIRST_DAY else start
    return Wanted(first, start + timedelta(days=1), columns=columns, version=version)


def _grouped(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches put together to what is sent at once."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(map(len, held)) >= PIECE_ROWS:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _last_position(rows: pa.Table) -> int:
    found = pc.max(rows.column(envelope.POSITION)).as_py() if rows.num_rows else None
    return 0 if found is None else int(found)
