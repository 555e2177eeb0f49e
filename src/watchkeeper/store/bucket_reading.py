"""Reads series of statistics: days and quarters where they are rolled up, hours elsewhere."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from watchkeeper.core.errors import InputError
from watchkeeper.profiles.part_codec import PartCodec
from watchkeeper.profiles.parts import merge_all
from watchkeeper.store.bucket_file import LEVELS, part_key, start_of_key
from watchkeeper.store.bucket_times import DAY_HOURS, steps, to_time

Range = tuple[int, int, int]
"""How many hours the parts are over, the first hour, and the hour after the last."""


class Question(NamedTuple):
    """What is asked of the buckets of a model: times are hours since 1970, `first <= h < end`."""

    model: str
    layout: str
    version: str | None
    segment: tuple[str, str]
    first: int
    end: int

    @property
    def last_day(self) -> int:
        """The day of the last hour."""
        return (self.end - 1) // DAY_HOURS


def slots_of(connection: sqlite3.Connection, asked: Question) -> list[int]:
    """The slots of all versions, or of the one that is asked for."""
    rows = connection.execute(
        'SELECT id FROM slots WHERE (model, layout, "column", value) = (?1, ?2, ?3, ?4) '
        "AND (?5 IS NULL OR version = ?5) ORDER BY id",
        (asked.model, asked.layout, *asked.segment, asked.version),
    )
    return [slot for (slot,) in rows]


def coarse_days(connection: sqlite3.Connection, slot: int, asked: Question) -> list[int]:
    """The days of a slot in the range of which no hours are left."""
    rows = connection.execute(
        "SELECT start FROM buckets WHERE slot = ? AND hours = 24 AND start > ? AND start < ?",
        (slot, asked.first - DAY_HOURS, asked.end),
    )
    return [start // DAY_HOURS for (start,) in rows]


def read_steps(
    connection: sqlite3.Connection,
    codec: PartCodec,
    asked: Question,
    *,
    parts: Collection[str] | None,
    hours: int | None,
) -> dict[int, dict[str, Any]]:
    """By the hour at which a step begins, the merge of each part over the step."""
    step_of = steps(hours, asked.first)
    found: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for slot in slots_of(connection, asked):
        ranges = _ranges(connection, slot, asked, hours)
        for series, part, kind in named_series(connection, slot, parts):
            bodies = _bodies(connection, series, ranges)
            # Step by step: memory that is used again is quicker than fresh memory.
            for step, group in groupby(bodies, key=lambda held: step_of(held[0])):
                merged = merge_all([codec.unpack(kind, body) for _, body in group])
                found[step][part].append(merged)
    return {
        step: {part: merge_all(held) for part, held in by_part.items()}
        for step, by_part in sorted(found.items())
    }


def named_series(
    connection: sqlite3.Connection, slot: int, parts: Collection[str] | None
) -> list[tuple[int, str, str]]:
    """The number, part and kind of the series of a slot, of some parts or of all."""
    rows = connection.execute(
        "SELECT id, part, kind FROM series WHERE slot = ? ORDER BY id", (slot,)
    )
    return [row for row in rows if parts is None or row[1] in parts]


def _bodies(
    connection: sqlite3.Connection, series: int, ranges: list[Range]
) -> Iterator[tuple[int, bytes]]:
    """The first hour of each part, in ascending order, and its bytes."""
    for level, first, end in ranges:
        rows = connection.execute(
            "SELECT key, body FROM parts WHERE key >= ? AND key < ?",
            (part_key(series, level, first), part_key(series, level, end)),
        )
        for key, body in rows:
            yield start_of_key(key), body


def _ranges(
    connection: sqlite3.Connection, slot: int, asked: Question, hours: int | None
) -> list[Range]:
    """What to read of a slot, in order of time: the coarsest parts that no step cuts.

    Raises
    ------
    InputError
        A step or an end cuts a day of which no hours are left.
    """
    coarse = set(coarse_days(connection, slot, asked))
    rows = connection.execute(
        "SELECT day FROM dirty WHERE slot = ? AND day BETWEEN ? AND ?",
        (slot, asked.first // DAY_HOURS, asked.last_day),
    )
    dirty = {day for (day,) in rows}
    step_of = steps(hours, asked.first)
    found: list[Range] = []
    for day in range(asked.first // DAY_HOURS, asked.last_day + 1):
        level = 1 if day in dirty else _level(asked, day, step_of)
        if day in coarse and level != DAY_HOURS:
            raise _too_fine(asked, max(coarse))
        first = max(day * DAY_HOURS, asked.first)
        end = min((day + 1) * DAY_HOURS, asked.end)
        if found and found[-1][0] == level:
            first = found.pop()[1]
        found.append((level, first, end))
    return found


def _level(asked: Question, day: int, step_of: Callable[[int], int]) -> int:
    """The longest parts of a day that neither a step nor an end of the window cuts."""
    first, end = day * DAY_HOURS, (day + 1) * DAY_HOURS
    if first < asked.first or end > asked.end:
        return 1
    return next(
        level
        for level in reversed(LEVELS)
        if all(step_of(at) == step_of(at + level - 1) for at in range(first, end, level))
    )


def _too_fine(asked: Question, day: int) -> InputError:
    what = "=".join(asked.segment) if any(asked.segment) else "all rows"
    return InputError(
        f"of {what} in model {asked.model!r} only whole days are left up to "
        f"{to_time(day * DAY_HOURS):%Y-%m-%d}; ask for steps of whole days (86400 s) that begin "
        "at midnight UTC, or for a later start"
    )
