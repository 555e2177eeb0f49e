"""Keeps parts of quarters and days beside those of hours, and drops what is too old."""

from __future__ import annotations

import sqlite3
from itertools import groupby
from typing import Any, Literal, TypeAlias

from watchkeeper.profiles.part_codec import PartCodec
from watchkeeper.profiles.parts import merge_all
from watchkeeper.store.bucket_file import (
    LEVELS,
    keys_of_series,
    lowest_key,
    part_key,
    start_of_key,
)
from watchkeeper.store.bucket_minutes import drop_minutes, forget_minutes
from watchkeeper.store.bucket_times import DAY_HOURS, HOUR_MINUTES

Keep: TypeAlias = Literal["days", "nothing"]

Held: TypeAlias = tuple[int, bytes, Any]
"""The first hour of a part, its bytes, and its statistic."""


def dirty_days(connection: sqlite3.Connection, before: int, limit: int) -> list[tuple[int, int]]:
    """Slots and days whose coarser parts are not the merge of their hours, the oldest first."""
    return connection.execute(
        "SELECT slot, day FROM dirty WHERE day < ? ORDER BY day, slot LIMIT ?", (before, limit)
    ).fetchall()


def roll_up_day(connection: sqlite3.Connection, codec: PartCodec, slot: int, day: int) -> None:
    """Make the parts of quarters and of the day the merge of a slot's hours."""
    for series, kind in series_of(connection, slot):
        hours = connection.execute(
            "SELECT key, body FROM parts WHERE key BETWEEN ? AND ?", _keys(series, 1, day)
        ).fetchall()
        held = [(start_of_key(key), body, codec.unpack(kind, body)) for key, body in hours]
        for level in LEVELS[1:]:
            connection.execute(
                "DELETE FROM parts WHERE key BETWEEN ? AND ?", _keys(series, level, day)
            )
            held = _merged(held, codec, level)
            connection.executemany(
                "INSERT INTO parts VALUES (?, ?)",
                [(part_key(series, level, start), body) for start, body, _ in held],
            )
    connection.execute("DELETE FROM dirty WHERE slot = ? AND day = ?", (slot, day))


def _merged(held: list[Held], codec: PartCodec, level: int) -> list[Held]:
    """Parts of a level from those of a finer one; one that stands alone is taken as it is."""
    found: list[Held] = []
    for start, group in groupby(held, key=lambda part: part[0] // level * level):
        parts = list(group)
        if len(parts) == 1:
            found.append((start, *parts[0][1:]))
        else:
            merged = merge_all([statistic for _, _, statistic in parts])
            found.append((start, codec.pack(merged), merged))
    return found


def _keys(series: int, level: int, day: int) -> tuple[int, int]:
    """The keys between which a series' parts of a day lie on a level."""
    first = day * DAY_HOURS
    return part_key(series, level, first), part_key(series, level, first + DAY_HOURS - 1)


def series_of(connection: sqlite3.Connection, slot: int) -> list[tuple[int, str]]:
    """The series of a slot with their kinds."""
    return connection.execute(
        "SELECT id, kind FROM series WHERE slot = ? ORDER BY id", (slot,)
    ).fetchall()


def hourly_days(
    connection: sqlite3.Connection, before: int, model: str | None, *, segments: bool
) -> list[tuple[int, int]]:
    """Slots and days before a day that are held by the hour."""
    return connection.execute(
        "SELECT DISTINCT slot, start / 24 FROM buckets JOIN slots ON slots.id = slot "
        "WHERE hours = 1 AND start < ? AND (?2 IS NULL OR model = ?2) "
        "AND (?3 = 0 OR \"column\" <> '') ORDER BY slot, start",
        (before * DAY_HOURS, model, int(segments)),
    ).fetchall()


def coarsen(connection: sqlite3.Connection, codec: PartCodec, slot: int, day: int) -> None:
    """Drop the hours of a day and their minutes; its day parts stay and are all that is left."""
    dirty = connection.execute(
        "SELECT 1 FROM dirty WHERE slot = ? AND day = ?", (slot, day)
    ).fetchone()
    if dirty:
        roll_up_day(connection, codec, slot, day)
    first, last = day * DAY_HOURS, day * DAY_HOURS + DAY_HOURS - 1
    connection.executemany(
        "DELETE FROM parts WHERE key BETWEEN ? AND ?",
        [
            _keys(series, level, day)
            for series, _ in series_of(connection, slot)
            for level in LEVELS[:-1]
        ],
    )
    series = [number for number, _ in series_of(connection, slot)]
    forget_minutes(connection, series, first, last + 1)
    total = connection.execute(
        "SELECT sum(rows), sum(labelled), max(measured_at) FROM buckets "
        "WHERE slot = ? AND start BETWEEN ? AND ?",
        (slot, first, last),
    ).fetchone()
    connection.execute(
        "DELETE FROM buckets WHERE slot = ? AND start BETWEEN ? AND ?", (slot, first, last)
    )
    connection.execute(
        "INSERT INTO buckets VALUES (?, ?, ?, ?, ?, ?)", (slot, first, DAY_HOURS, *total)
    )


def forget_before(
    connection: sqlite3.Connection, before: int, model: str | None, *, segments: bool
) -> int:
    """Drop everything before a day, at both levels; the number of parts that went."""
    slots = connection.execute(
        "SELECT id FROM slots WHERE (?1 IS NULL OR model = ?1) AND (?2 = 0 OR \"column\" <> '')",
        (model, int(segments)),
    ).fetchall()
    gone = 0
    for (slot,) in slots:
        for series, _ in series_of(connection, slot):
            for level in LEVELS:
                gone += connection.execute(
                    "DELETE FROM parts WHERE key >= ? AND key < ?",
                    (lowest_key(series, level), part_key(series, level, before * DAY_HOURS)),
                ).rowcount
            drop_minutes(connection, series, before * DAY_HOURS * HOUR_MINUTES)
        connection.execute(
            "DELETE FROM buckets WHERE slot = ? AND start < ?", (slot, before * DAY_HOURS)
        )
        connection.execute("DELETE FROM dirty WHERE slot = ? AND day < ?", (slot, before))
        _drop_if_empty(connection, slot)
    if not segments:
        connection.execute(
            "DELETE FROM stale WHERE hour < ? AND (?2 IS NULL OR model = ?2)",
            (before * DAY_HOURS, model),
        )
    return gone


def remove_slots(connection: sqlite3.Connection, model: str, layout: str | None) -> None:
    """Drop all slots of a model, or of one layout of it."""
    slots = connection.execute(
        "SELECT id FROM slots WHERE model = ?1 AND (?2 IS NULL OR layout = ?2)", (model, layout)
    ).fetchall()
    for (slot,) in slots:
        for series, _ in series_of(connection, slot):
            connection.execute(
                "DELETE FROM parts WHERE key BETWEEN ? AND ?", keys_of_series(series)
            )
            connection.execute("DELETE FROM minutes WHERE series = ?", (series,))
        connection.execute("DELETE FROM buckets WHERE slot = ?", (slot,))
        connection.execute("DELETE FROM dirty WHERE slot = ?", (slot,))
        _drop_if_empty(connection, slot)


def _drop_if_empty(connection: sqlite3.Connection, slot: int) -> None:
    """Forget a slot that has no buckets, so that lists do not name it."""
    if connection.execute("SELECT 1 FROM buckets WHERE slot = ? LIMIT 1", (slot,)).fetchone():
        return
    connection.execute("DELETE FROM series WHERE slot = ?", (slot,))
    connection.execute("DELETE FROM slots WHERE id = ?", (slot,))
