"""The minutes of the last days, beside the hours: alerts on minutes are answered from them.

A minute is the statistic of those rows of its hour that fall into it, and is written with the hour.
An hour of a series has the minutes of all its rows or none at all, so that whatever is summed over
minutes is the whole of what happened in them.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from typing import Any

from watchkeeper.core.errors import ProfileError
from watchkeeper.profiles.part_codec import PartCodec
from watchkeeper.profiles.parts import merge_all
from watchkeeper.store.bucket_file import lowest_key, part_key, start_of_key
from watchkeeper.store.bucket_reading import Question, named_series, slots_of
from watchkeeper.store.bucket_times import DAY_HOURS, HOUR_MINUTES, step_of_minute

_NEWEST = 2
"""The part in which a moment lies may begin after it; the one before is over by then."""


def merge_minutes(
    connection: sqlite3.Connection,
    codec: PartCodec,
    series: tuple[int, str],
    hour: int,
    minutes: Mapping[int, Any],
    *,
    counted: bool,
) -> None:
    """Add further rows of an hour to its minutes.

    Parameters
    ----------
    connection, codec
        Inside a transaction that merges the same rows into the hour.
    series
        Its number and its kind.
    hour
        Which hour.
    minutes
        Statistics by the minute; together they are all the rows.
    counted
        Whether the hour has rows already. Where it has no minutes of them it gets none now: they
        would be a part of it that looks like the whole.
    """
    number, kind = series
    if counted and not _has_any(connection, number, hour):
        return
    held = dict(_bodies(connection, number, min(minutes), max(minutes) + 1))
    packed = []
    for minute, statistic in minutes.items():
        if codec.kind(statistic) != kind:
            raise ProfileError(f"a minute is of kind {codec.kind(statistic)!r}, its hour {kind!r}")
        if minute in held:
            statistic = codec.unpack(kind, held[minute]) | statistic  # noqa: PLW2901
        packed.append((number, minute, codec.pack(statistic)))
    connection.executemany(
        "INSERT INTO minutes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
        packed,
    )


def forget_minutes(
    connection: sqlite3.Connection, series: Collection[int], first: int, end: int
) -> None:
    """Drop the minutes of the hours from the first on, up to the one before the end."""
    connection.executemany(
        "DELETE FROM minutes WHERE series = ? AND minute >= ? AND minute < ?",
        [(number, first * HOUR_MINUTES, end * HOUR_MINUTES) for number in series],
    )


def series_with_minutes(connection: sqlite3.Connection) -> Iterator[int]:
    """The numbers of all series that have minutes, each found by one step down the index."""
    last = -1
    while found := connection.execute(
        "SELECT series FROM minutes WHERE series > ? ORDER BY series LIMIT 1", (last,)
    ).fetchone():
        last = found[0]
        yield last


def drop_minutes(connection: sqlite3.Connection, series: int, before: int) -> int:
    """Drop the minutes of a series before a minute; how many went."""
    gone = connection.execute(
        "DELETE FROM minutes WHERE series = ? AND minute < ?", (series, before)
    )
    return gone.rowcount


def read_minutes(
    connection: sqlite3.Connection,
    codec: PartCodec,
    asked: Question,
    *,
    parts: Collection[str],
    step: int | None,
) -> dict[int, dict[str, Any]]:
    """By the minute at which a step begins, the merge of each part over the step.

    Parameters
    ----------
    connection, codec
        The file.
    asked
        Its times are minutes since 1970.
    parts
        The names of the parts.
    step
        In minutes; None for one step.
    """
    step_of = step_of_minute(step, asked.first)
    found: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for slot in slots_of(connection, asked):
        for series, part, kind in named_series(connection, slot, parts):
            bodies = _bodies(connection, series, asked.first, asked.end)
            for at, group in groupby(bodies, key=lambda held: step_of(held[0])):
                merged = merge_all([codec.unpack(kind, body) for _, body in group])
                found[at][part].append(merged)
    return {
        at: {part: merge_all(held) for part, held in by_part.items()}
        for at, by_part in sorted(found.items())
    }


def newest_parts(
    connection: sqlite3.Connection, codec: PartCodec, asked: Question, part: str
) -> list[Any]:
    """The last parts of each series that begin before a moment, as fine as they are held.

    Parameters
    ----------
    connection, codec
        The file.
    asked
        `end`, in minutes since 1970, is the first minute that does not begin before the moment.
    part
        The name of the part.
    """
    found = []
    for slot in slots_of(connection, asked):
        for series, _, kind in named_series(connection, slot, [part]):
            bodies = _newest(connection, series, asked.end)
            found += [codec.unpack(kind, body) for body in bodies]
    return found


def _newest(connection: sqlite3.Connection, series: int, end: int) -> Iterator[bytes]:
    """Minutes, then hours that have none, then days whose hours are gone: the last two of each."""
    minutes = connection.execute(
        "SELECT minute, body FROM minutes WHERE series = ? AND minute < ? "
        "ORDER BY minute DESC LIMIT ?",
        (series, end, _NEWEST),
    ).fetchall()
    yield from (body for _, body in minutes)
    covered = {minute // HOUR_MINUTES for minute, _ in minutes}
    for level in (1, DAY_HOURS):
        rows = connection.execute(
            "SELECT key, body FROM parts WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?",
            (lowest_key(series, level), part_key(series, level, -(-end // HOUR_MINUTES)), _NEWEST),
        ).fetchall()
        starts = {start_of_key(key): body for key, body in rows}
        yield from (body for start, body in starts.items() if start not in covered)
        covered = {start // DAY_HOURS * DAY_HOURS for start in {*covered, *starts}}


def _has_any(connection: sqlite3.Connection, series: int, hour: int) -> bool:
    first = hour * HOUR_MINUTES
    found = connection.execute(
        "SELECT 1 FROM minutes WHERE series = ? AND minute >= ? AND minute < ? LIMIT 1",
        (series, first, first + HOUR_MINUTES),
    )
    return found.fetchone() is not None


def _bodies(
    connection: sqlite3.Connection, series: int, first: int, end: int
) -> Iterator[tuple[int, bytes]]:
    yield from connection.execute(
        "SELECT minute, body FROM minutes WHERE series = ? AND minute >= ? AND minute < ? "
        "ORDER BY minute",
        (series, first, end),
    )
