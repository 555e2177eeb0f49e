"""What one transaction writes into the buckets."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from watchkeeper.core.errors import ConflictError, ProfileError
from watchkeeper.profiles.part_codec import PartCodec
from watchkeeper.store.bucket_file import part_key
from watchkeeper.store.bucket_minutes import forget_minutes, merge_minutes
from watchkeeper.store.bucket_times import (
    DAY_HOURS,
    HOUR_MINUTES,
    from_minute,
    to_hour,
    to_minute,
    to_time,
)
from watchkeeper.store.bucket_types import Slot, What

Chosen = tuple[int, int, str]
"""A slot, one of its series, and the part that the series holds."""

Minutes = Mapping[datetime, Mapping[str, Any]]
"""Statistics by the beginning of a minute and the name of the part."""


class Change:
    """Changes that become visible together, or not at all.

    Most days are held by the hour. A day whose hours were dropped is *coarse*: only the statistic
    of the whole day is left. Rows can still be added to it, but none of its hours can be taken
    out again.
    """

    def __init__(self, connection: sqlite3.Connection, codec: PartCodec, now: datetime) -> None:
        self._connection = connection
        self._codec = codec
        self._now = int(now.timestamp())

    def merge(
        self,
        hour: datetime,
        slot: Slot,
        parts: Mapping[str, Any],
        *,
        rows: int = 0,
        labelled: int = 0,
        minutes: Minutes | None = None,
    ) -> None:
        """Add the statistics of further rows to what is there.

        Parameters
        ----------
        hour
            The hour of the rows; on a coarse day they are added to the day.
        slot
            Where they belong.
        parts
            Statistics by the name of the part.
        rows, labelled
            How many rows, and labelled ones, are new.
        minutes
            The same rows by the minute, of the parts that are kept so; only in slots without a
            layout. A part that is not named here loses the minutes that the hour has: they would
            not be all of it any more. A coarse day has none.

        Raises
        ------
        ProfileError
            A part is of another kind than before, or minutes do not belong to its hour.
        """
        at = to_hour(hour)
        place = self._slot(slot)
        held = self._series(place, parts)
        coarse = self._is_coarse(place, at)
        start, hours = (at // DAY_HOURS * DAY_HOURS, DAY_HOURS) if coarse else (at, 1)
        packed = []
        counted = set()
        for name, statistic in parts.items():
            series, kind = held[name]
            key = part_key(series, hours, start)
            before = self._body(key)
            if before is not None:
                counted.add(name)
                statistic = self._codec.unpack(kind, before) | statistic  # noqa: PLW2901
            packed.append((key, self._codec.pack(statistic)))
        self._write(packed)
        by_part = _by_part(at, slot, parts, minutes or {})
        if not slot.layout:
            self._minutes(at, {name: held[name] for name in parts}, counted, by_part, coarse=coarse)
        self._connection.execute(
            "INSERT INTO buckets VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "rows = rows + excluded.rows, labelled = labelled + excluded.labelled, "
            "measured_at = excluded.measured_at",
            (place, start, hours, rows, labelled, self._now),
        )
        if not coarse:
            self._soil(place, at)

    def replace(
        self,
        hour: datetime,
        slot: Slot,
        parts: Mapping[str, Any],
        *,
        rows: int | None = None,
        labelled: int | None = None,
    ) -> None:
        """Put statistics in the place of those that are there; parts not named stay.

        The minutes of these parts in this hour are dropped.

        Parameters
        ----------
        hour, slot, parts
            As for `merge`.
        rows, labelled
            The new numbers; None leaves them.

        Raises
        ------
        ConflictError
            The day is coarse.
        """
        at = to_hour(hour)
        place = self._slot(slot)
        if self._is_coarse(place, at):
            raise _coarse(at)
        held = self._series(place, parts)
        self._write(
            (part_key(held[name][0], 1, at), self._codec.pack(statistic))
            for name, statistic in parts.items()
        )
        if not slot.layout:
            self._minutes(at, {name: held[name] for name in parts}, set(), {})
        self._connection.execute(
            "INSERT INTO buckets VALUES (?1, ?2, 1, coalesce(?3, 0), coalesce(?4, 0), ?5) "
            "ON CONFLICT DO UPDATE SET rows = coalesce(?3, rows), "
            "labelled = coalesce(?4, labelled), measured_at = ?5",
            (place, at, rows, labelled, self._now),
        )
        self._soil(place, at)

    def clear(
        self, model: str, layout: str, hour: datetime, *, parts: Collection[str] | None = None
    ) -> None:
        """Forget an hour in every version and segment, before it is profiled again.

        Parameters
        ----------
        model, layout, hour
            Which hour.
        parts
            Only these parts; None for all, with the numbers of rows.

        Raises
        ------
        ConflictError
            The day is coarse in a version or segment: only `clear_day` can help.
        """
        at = to_hour(hour)
        places = self._places(model, layout)
        if any(self._is_coarse(place, at) for place in places):
            raise _coarse(at)
        self._forget(places, at, at, parts)

    def clear_day(
        self, model: str, layout: str, day: datetime, *, parts: Collection[str] | None = None
    ) -> None:
        """Forget a day in every version and segment, coarse or not.

        Then merge its hours again. After all parts are gone the day is held by the hour again;
        after some, what is coarse stays so and takes what is merged.

        Parameters
        ----------
        model, layout, day
            Which day: any of its hours.
        parts
            Only these parts; None for all, with the numbers of rows.
        """
        first = to_hour(day) // DAY_HOURS * DAY_HOURS
        places = self._places(model, layout)
        self._connection.executemany(
            "DELETE FROM parts WHERE key = ?",
            [
                (part_key(series, DAY_HOURS, first),)
                for _, series, part in self._chosen(places)
                if parts is None or part in parts
            ],
        )
        self._forget(places, first, first + DAY_HOURS - 1, parts)

    def follow(self, model: str, signal: str, table_version: int) -> None:
        """Note that the commits of a table up to this version are folded in."""
        self._connection.execute(
            "INSERT INTO followed VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET version = excluded.version",
            (model, signal, table_version),
        )

    def stale(self, model: str, hours: Iterable[datetime], what: What) -> None:
        """Mark hours that have to be profiled again; `rows` includes `labels`.

        What is marked already keeps its place in the queue.
        """
        self._connection.executemany(
            "INSERT INTO stale VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET what = max(what, excluded.what)",
            [(model, to_hour(hour), what, self._now) for hour in hours],
        )

    def fresh(self, model: str, hours: Iterable[datetime]) -> None:
        """Take the marks of hours away, since they were profiled again."""
        self._connection.executemany(
            "DELETE FROM stale WHERE model = ? AND hour = ?",
            [(model, to_hour(hour)) for hour in hours],
        )

    def _slot(self, slot: Slot) -> int:
        """The number of a slot, given when it is first written to."""
        found = self._connection.execute(
            'SELECT id FROM slots WHERE (model, layout, version, "column", value) '
            "= (?, ?, ?, ?, ?)",
            slot,
        ).fetchone()
        if found is None:
            made = self._connection.execute(
                'INSERT INTO slots (model, layout, version, "column", value) '
                "VALUES (?, ?, ?, ?, ?)",
                slot,
            )
            return int(made.lastrowid or 0)
        return int(found[0])

    def _series(self, place: int, parts: Mapping[str, Any]) -> dict[str, tuple[int, str]]:
        """The number and kind of the series of each part, in the order of their names if new."""
        rows = self._connection.execute(
            "SELECT part, id, kind FROM series WHERE slot = ?", (place,)
        )
        held = {part: (series, kind) for part, series, kind in rows}
        for name in sorted(parts):
            kind = self._codec.kind(parts[name])
            if name not in held:
                made = self._connection.execute(
                    "INSERT INTO series (slot, part, kind) VALUES (?, ?, ?)", (place, name, kind)
                )
                held[name] = (int(made.lastrowid or 0), kind)
            elif held[name][1] != kind:
                raise ProfileError(
                    f"part {name!r} holds statistics of kind {held[name][1]!r}, not {kind!r}; "
                    "a new kind of statistic needs another layout or another name"
                )
        return held

    def _minutes(
        self,
        hour: int,
        held: Mapping[str, tuple[int, str]],
        counted: Collection[str],
        by_part: Mapping[str, Mapping[int, Any]],
        *,
        coarse: bool = False,
    ) -> None:
        """Merge the minutes of those parts that have some, and drop those of the others."""
        for name, series in held.items():
            if name in by_part and not coarse:
                merge_minutes(
                    self._connection, self._codec, series, hour, by_part[name],
                    counted=name in counted,
                )  # fmt: skip
            else:
                forget_minutes(self._connection, [series[0]], hour, hour + 1)

    def _is_coarse(self, place: int, at: int) -> bool:
        found = self._connection.execute(
            "SELECT 1 FROM buckets WHERE slot = ? AND start = ? AND hours = 24",
            (place, at // DAY_HOURS * DAY_HOURS),
        )
        return found.fetchone() is not None

    def _body(self, key: int) -> bytes | None:
        found = self._connection.execute("SELECT body FROM parts WHERE key = ?", (key,)).fetchone()
        return found[0] if found else None

    def _write(self, packed: Iterable[tuple[int, bytes]]) -> None:
        self._connection.executemany(
            "INSERT INTO parts VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
            packed,
        )

    def _soil(self, place: int, at: int) -> None:
        """The quarters and the day of this hour are no more the merge of their hours."""
        self._connection.execute(
            "INSERT INTO dirty VALUES (?, ?) ON CONFLICT DO NOTHING", (place, at // DAY_HOURS)
        )

    def _places(self, model: str, layout: str) -> list[int]:
        rows = self._connection.execute(
            "SELECT id FROM slots WHERE model = ? AND layout = ?", (model, layout)
        )
        return [place for (place,) in rows]

    def _chosen(self, places: list[int]) -> list[Chosen]:
        return [
            (place, series, part)
            for place in places
            for series, part in self._connection.execute(
                "SELECT id, part FROM series WHERE slot = ?", (place,)
            )
        ]

    def _forget(
        self, places: list[int], first: int, last: int, parts: Collection[str] | None
    ) -> None:
        """Delete hours from the first to the last, and count their days as dirty."""
        gone: set[int] = set()
        for place, series, part in self._chosen(places):
            if parts is None or part in parts:
                forget_minutes(self._connection, [series], first, last + 1)
                found = self._connection.execute(
                    "DELETE FROM parts WHERE key BETWEEN ? AND ?",
                    (part_key(series, 1, first), part_key(series, 1, last)),
                )
                if found.rowcount:
                    gone.add(place)
        for place in gone:
            self._soil(place, first)
        if parts is None:
            self._connection.executemany(
                "DELETE FROM buckets WHERE slot = ? AND start BETWEEN ? AND ?",
                [(place, first, last) for place in places],
            )


def _by_part(
    hour: int, slot: Slot, parts: Collection[str], minutes: Minutes
) -> dict[str, dict[int, Any]]:
    """Minutes by the name of the part, checked against the hour that they are of."""
    found: dict[str, dict[int, Any]] = {}
    for time, held in minutes.items():
        minute = to_minute(time)
        if slot.layout or minute // HOUR_MINUTES != hour or not set(held) <= set(parts):
            raise ProfileError(
                f"the minute {from_minute(minute):%Y-%m-%d %H:%M} of {', '.join(sorted(held))} "
                f"does not belong to what is merged into {to_time(hour):%Y-%m-%d %H:00}"
            )
        for name, statistic in held.items():
            found.setdefault(name, {})[minute] = statistic
    return found


def _coarse(at: int) -> ConflictError:
    return ConflictError(
        f"the hours of {to_time(at):%Y-%m-%d} were dropped and only the day is left; "
        "clear the whole day and profile all of its hours again"
    )
